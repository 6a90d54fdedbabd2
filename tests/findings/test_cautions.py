"""What must be said before anything is explained, and only then."""

import pytest

from lstmkit.findings.cautions import caution_about, cut_short, network_is_off, without_network_sentence


def skill_of(value: float, low: float | None, high: float | None, best: str = "boosted trees") -> dict:
    return {"all_steps": {"value": value, "low": low, "high": high, "best_baseline": best}}


def metrics_with(rmse: float, low: float | None, high: float | None, **more) -> dict:
    """Of a model beside boosted trees, the best baseline, with an RMSE of 25 ppm, and a worse one."""
    return {
        "unit": "ppm",
        "confidence": 0.95,
        "rmse": {"all_steps": rmse},
        "skill": skill_of(1 - rmse / 25.0, low, high),
        "baselines": {"ridge": {"rmse": {"all_steps": 26.7}}, "boosted trees": {"rmse": {"all_steps": 25.0}}},
        "validation_days": 30,
        "test_days": 60,
    } | more


def ensemble(rmse: float, low: float, high: float) -> dict:
    """Of three seeds' mean forecast, as two keys of the metrics."""
    together = {"rmse": {"all_steps": rmse}, "skill": skill_of(1 - rmse / 25.0, low, high)}
    return {"seeds": [{"seed": n} for n in range(3)], "ensemble": together}


@pytest.mark.parametrize(
    ("rmse", "low", "high", "said"),
    [
        (24.0, 0.01, 0.07, None),
        (24.0, 1e-9, 0.07, None),
        (
            24.0,
            -0.01,
            0.09,
            "It is not sure that this model forecasts better than boosted trees: RMSE 24.0 ppm over all steps, against "
            "25.0 ppm; skill +4.0 % (95 % interval −1.0 to +9.0 %). If the forecast is all that you need, use boosted "
            "trees.",
        ),
        (
            24.0,
            0.0,
            0.09,
            "It is not sure that this model forecasts better than boosted trees: RMSE 24.0 ppm over all steps, against "
            "25.0 ppm; skill +4.0 % (95 % interval 0.0 to +9.0 %). If the forecast is all that you need, use boosted "
            "trees.",
        ),
        (
            25.5,
            -0.06,
            0.02,
            "This model forecasts no better than boosted trees: RMSE 25.5 ppm over all steps, against 25.0 ppm; skill "
            "−2.0 % (95 % interval −6.0 to +2.0 %). If the forecast is all that you need, use boosted trees.",
        ),
        (
            26.0,
            -0.06,
            -0.01,
            "This model forecasts worse than boosted trees: RMSE 26.0 ppm over all steps, against 25.0 ppm; skill "
            "−4.0 % (95 % interval −6.0 to −1.0 %). If the forecast is all that you need, use boosted trees.",
        ),
        (
            24.0,
            None,
            None,
            "It is not sure that this model forecasts better than boosted trees: RMSE 24.0 ppm over all steps, against "
            "25.0 ppm; skill +4.0 % (too few test days for an interval). If the forecast is all that you need, use "
            "boosted trees.",
        ),
    ],
)
def test_a_notice_stands_wherever_better_is_not_sure(rmse, low, high, said):
    assert caution_about(metrics_with(rmse, low, high)) == said


def test_the_mean_of_the_seeds_is_recommended_where_it_alone_is_surely_better():
    level = metrics_with(25.5, -0.06, 0.02)
    assert caution_about(level | ensemble(24.5, 0.005, 0.035)).endswith(
        "If the forecast is all that you need, use the mean forecast of its 3 seeds, which is better than every "
        "baseline (RMSE 24.5 ppm, skill +2.0 %, 95 % interval +0.5 to +3.5 %)."
    )
    assert caution_about(level | ensemble(24.5, -0.005, 0.035)).endswith("use boosted trees.")
    assert caution_about(metrics_with(24.0, 0.01, 0.07) | ensemble(23.5, 0.03, 0.08)) is None


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"validation_days": 3, "test_days": 3}, None),
        (
            {"validation_days": 2},
            "The validation part covers 2 days: what is measured on fewer than 3 cannot be relied on.",
        ),
        (
            {"test_days": 1},
            "The test part covers 1 day: what is measured on fewer than 3 cannot be relied on.",
        ),
        (
            {"validation_days": 1, "test_days": 2},
            "The validation part covers 1 day and the test part covers 2 days: what is measured on fewer than 3 cannot "
            "be relied on.",
        ),
    ],
)
def test_a_few_days_cannot_be_relied_on(days, said):
    assert caution_about(metrics_with(24.0, 0.01, 0.07, **days)) == said


def network(gain: float, spread: float) -> dict:
    without = {"all_steps": 41.7, "last_step": 64.3}
    return {"network": {"rule": "the last value", "gain": gain, "spread": spread, "without": without}}


@pytest.mark.parametrize(
    ("gain", "spread", "off"),
    [
        (0.0, 0.0, True),
        (0.0049, 10.0, True),  # is printed as 0.00
        (0.0051, 10.0, False),
        (1.0, 0.0239, True),  # does not reach the third digit of 24.0
        (1.0, 0.0241, False),
        (1.0, 0.0, True),  # constant
        (0.6, 12.0, False),
    ],
)
def test_a_network_is_off_where_it_adds_nothing_that_could_be_printed(gain, spread, off):
    metrics = metrics_with(24.0, 0.01, 0.07, **network(gain, spread))
    assert network_is_off(metrics) == off
    assert (caution_about(metrics) is not None) == off
    assert (without_network_sentence(metrics) is None) == off


def test_what_is_not_known_of_a_network_does_not_switch_it_off():
    metrics = metrics_with(24.0, 0.01, 0.07)
    assert not network_is_off(metrics)
    assert without_network_sentence(metrics) is None


def test_several_notices_stand_together_and_the_network_that_is_off_comes_first():
    metrics = metrics_with(26.0, -0.06, -0.01, test_days=2, **network(0.001, 0.0123))
    assert caution_about(metrics) == (
        "The network is switched off: its gain, from the validation part, is 0.00, and what it adds to the last value "
        "varies by 0.0123 ppm between windows, beside an RMSE of 26.0 ppm. The forecast is that of the last value "
        "alone. This model forecasts worse than boosted trees: RMSE 26.0 ppm over all steps, against 25.0 ppm; skill "
        "−4.0 % (95 % interval −6.0 to −1.0 %). If the forecast is all that you need, use boosted trees. The test part "
        "covers 2 days: what is measured on fewer than 3 cannot be relied on."
    )
    assert cut_short(["1 h", "24 h"]).startswith(
        "The network is switched off (1 h, 24 h ahead), so there is nothing"
    )


@pytest.mark.parametrize(
    ("rmse", "said"),
    [
        (25.0, "RMSE 41.7 ppm, 67 % worse."),
        (41.0, "RMSE 41.7 ppm, 2 % worse."),
        (41.69, "RMSE 41.7 ppm, as good."),
        (41.71, "RMSE 41.7 ppm, as good."),
        (45.0, "RMSE 41.7 ppm, 7 % better."),
    ],
)
def test_the_forecast_without_its_network(rmse, said):
    metrics = metrics_with(rmse, -0.9, -0.5, **network(1.0, 12.0))
    assert without_network_sentence(metrics) == f"Without its network, the last value alone: {said}"
