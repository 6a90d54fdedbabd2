"""Better is said only where the interval excludes zero, and how far the seeds agree stands beside."""

import pytest

from lstmkit.findings.run_results import RunResults
from lstmkit.findings.verdict import verdict
from tests.hand_made import metrics, network, of_seeds, skill


def said(content: dict, **facts) -> str:
    return verdict("LSTM", RunResults("1 h", "h1", content, facts)).replace("\\", "")


@pytest.mark.parametrize(
    ("rmse", "low", "high", "judged"),
    [
        (
            23.5,
            0.041,
            0.08,
            "**better than every baseline, by 6.0 %** (95 % interval +4.1 to +8.0 %; one seed)",
        ),
        (
            23.5,
            -0.001,
            0.08,
            "**not surely better than ridge, +6.0 %** (95 % interval −0.1 to +8.0 %; one seed)",
        ),
        (25.25, -0.02, 0.03, "**no better than ridge, −1.0 %** (95 % interval −2.0 to +3.0 %; one seed)"),
        (26.5, -0.08, -0.041, "**worse than ridge, −6.0 %** (95 % interval −8.0 to −4.1 %; one seed)"),
        (
            23.5,
            None,
            None,
            "**not known to be better than ridge, +6.0 %** (too few test days for an interval; one seed)",
        ),
    ],
)
def test_the_judgement_follows_the_interval(rmse, low, high, judged):
    assert said(metrics(rmse, 25.0, low, high)) == f"LSTM: {judged}. RMSE {rmse:.1f} ppm, ridge 25.0 ppm."


@pytest.mark.parametrize(
    ("first", "others", "together", "told"),
    [
        (
            (23.5, 0.041, 0.08),
            [(0.05, 0.03, 0.07), (0.063, 0.04, 0.08)],
            (0.07, 0.05, 0.09),
            "3 seeds +5.0 to +6.3 %; together +7.0 %",
        ),
        (
            (23.5, 0.041, 0.08),
            [(-0.02, -0.04, -0.01), (0.003, -0.01, 0.02)],
            (0.02, 0.005, 0.04),
            "3 seeds −2.0 to +6.0 %, 1 surely better, 1 surely worse; together +2.0 %",
        ),
        (
            (23.5, 0.041, 0.08),
            [(0.01, -0.01, 0.03), (0.003, -0.01, 0.02)],
            (0.02, -0.005, 0.04),
            "3 seeds +0.3 to +6.0 %, 1 surely better; together +2.0 %, not surely better",
        ),
        (
            (24.9, -0.02, 0.03),
            [(0.0, -0.02, 0.02), (-0.01, -0.03, 0.01)],
            (0.01, 0.001, 0.02),
            "3 seeds −1.0 to +0.4 %; together +1.0 %, surely better",
        ),
        (
            (25.5, -0.03, -0.01),
            [(-0.03, -0.04, -0.02), (-0.01, -0.03, 0.01)],
            (-0.01, -0.02, 0.001),
            "3 seeds −3.0 to −1.0 %, 2 surely worse; together −1.0 %, not surely worse",
        ),
        (
            (24.0, None, None),
            [(0.05, None, None)],
            (0.06, None, None),
            "2 seeds +4.0 to +5.0 %; together +6.0 %",
        ),
    ],
)
def test_the_seeds_and_their_mean_forecast_stand_beside(first, others, together, told):
    rmse, low, high = first
    content = of_seeds(metrics(rmse, 25.0, low, high), *others, together=together)
    assert f"; {told}). RMSE {rmse:.1f} ppm, ridge 25.0 ppm." in said(content)


@pytest.mark.parametrize(
    ("last", "surely", "told"),
    [
        (skill(0.05, 0.01, 0.09), 10, " Surely better at 10 of 12 steps ahead, also at the last."),
        (skill(0.05, -0.01, 0.09), 10, " Surely better at 10 of 12 steps ahead, not at the last."),
        (skill(0.05, 0.01, 0.09), 12, " Surely better at every step ahead."),
        (skill(0.02, -0.01, 0.05), 0, " Surely better at no step ahead."),
        (
            skill(0.02, -0.01, 0.05, "persistence"),
            None,
            " At the last step not surely better than persistence (+2.0 %).",
        ),
        (skill(-0.03, -0.05, -0.01), None, " At the last step surely worse than ridge (−3.0 %)."),
        (skill(0.05, 0.01, 0.09), None, ""),
    ],
)
def test_where_the_forecast_is_not_better(last, surely, told):
    content = metrics(23.5, 25.0, 0.041, 0.08)
    content["skill"] = content["skill"] | {"last_step": last}
    text = said(content, predictions={"steps": {"steps": 12, "steps_surely_ahead": surely}})
    assert text.endswith(f"ridge 25.0 ppm.{told}")


def test_the_forecast_without_its_network_stands_beside():
    content = metrics(25.0, 26.0, 0.01, 0.08) | network()
    assert said(content).endswith("Without its network, the last value alone: RMSE 40.0 ppm, 60 % worse.")
    content = metrics(25.0, 26.0, 0.01, 0.08) | network(gain=0.0)
    assert said(content).endswith(
        "Its network is switched off: the forecast is that of the last value alone."
    )


def test_a_name_full_of_markup_is_text():
    content = metrics(25.0, 26.0, -0.01, 0.08) | network(rule="<b>*rule*</b>")
    text = verdict("LSTM", RunResults("1 h", "h1", content, {}))
    assert r"\<b\>\*rule\*\</b\> alone" in text
