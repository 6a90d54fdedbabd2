"""Metrics and skill, worked out by hand, and the same in pieces as of the whole."""

import json
import weakref

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.skill import RANGES, Evaluation, Scored, Skill, evaluate
from lstmkit.analysis.errors.sums import score
from lstmkit.errors import LstmkitError
from lstmkit.findings.errors.skill import evaluation_finding
from lstmkit.wording import digits
from tests.analysis.drawn import windows_drawn

HOURLY = pd.date_range("2025-06-02", periods=240, freq="1h", tz="UTC")


def pieces(observed, forecasts, origin, sizes):
    """The whole in chunks of the given sizes; what is left comes last."""
    ends = [*np.cumsum(sizes), len(observed)]
    for part in (slice(first, last) for first, last in zip([0, *ends[:-1]], ends, strict=True)):
        if len(observed[part]):
            yield Compared(observed[part], {name: f[part] for name, f in forecasts.items()}, origin[part])


def evaluation_of(observed, forecasts, origin=None, sizes=(1, 50, 100), **changed):
    chosen = {"bootstrap": 200, "confidence": 0.95, "seed": 0} | changed
    origin = HOURLY[: len(observed)] if origin is None else origin
    return evaluate("LSTM", "ppm", pieces(observed, forecasts, origin, sizes), **chosen)


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    return rng.normal(600, 90, (240, 3)), rng.normal(0, 20, (240, 3))


def test_metrics_by_hand():
    observed, forecast = np.array([[1.0, 2], [4, 5]]), np.array([[2.0, 2], [2, 5]])
    metrics = score(observed, forecast)  # errors 1, 0, −2, 0; the mean is 3, the spread 4 + 1 + 1 + 4
    assert metrics == pytest.approx(
        {"rmse": np.sqrt(5 / 4), "mae": 3 / 4, "r2": 1 - 5 / 10, "mape": 100 * (1 + 0 + 2 / 4 + 0) / 4}
    )


def test_a_perfect_forecast_and_the_mean():
    observed = np.array([[1.0, 2, 3, 6]])
    assert score(observed, observed) == {"rmse": 0, "mae": 0, "r2": 1, "mape": 0}
    assert score(observed, np.full((1, 4), 3.0))["r2"] == pytest.approx(0)


@pytest.mark.parametrize("value", [500.0, 0.1, 421.3])
def test_of_a_constant_target_r2_is_not_known(value):
    observed = np.full((7, 3), value)
    evaluation = evaluation_of(observed, {"LSTM": observed + 1, "persistence": observed + 2})
    content = evaluation.to_json()
    assert content["r2"] == {"all_steps": None, "last_step": None}
    assert content["baselines"]["persistence"]["r2"] == {"all_steps": None, "last_step": None}
    assert content["rmse"]["all_steps"] == pytest.approx(1)


def test_a_series_that_a_baseline_forecasts_exactly_has_no_skill_to_speak_of():
    observed = np.full((7, 3), 400.0)
    with pytest.raises(LstmkitError, match="persistence forecasts the test part without any error"):
        evaluation_of(observed, {"LSTM": observed + 1, "persistence": observed})


def test_where_a_true_value_is_zero_mape_is_not_known():
    observed = np.array([[0.0, 1], [2, 4], [3, 5]])
    content = evaluation_of(observed, {"LSTM": observed + 1, "persistence": observed + 2}).to_json()
    assert content["mape"]["all_steps"] is None
    assert content["mape"]["last_step"] == pytest.approx(100 * (1 + 1 / 4 + 1 / 5) / 3)
    assert "NaN" not in json.dumps(content)


def test_skill_is_measured_against_the_best_baseline_of_each_range(noise):
    observed, error = noise
    early, late = error * [1, 1, 3], error * [2, 2, 1]  # RMSE² in units of the noise's: 11 / 3 and 9 / 3
    forecasts = {"early": observed + early, "LSTM": observed + error, "late": observed + late}
    evaluation = evaluation_of(observed, forecasts)
    assert list(evaluation.metrics.index) == ["LSTM", "early", "late"]
    best = {steps: skill.best_baseline for steps, skill in evaluation.skill.items()}
    rmse = {name: np.sqrt(np.mean((forecasts[name] - observed) ** 2)) for name in forecasts}
    assert best == {"all_steps": min(("early", "late"), key=rmse.get), "last_step": "late"}
    assert evaluation.skill["all_steps"].value == pytest.approx(1 - rmse["LSTM"] / rmse[best["all_steps"]])
    assert evaluation.skill["last_step"].value == pytest.approx(0, abs=1e-12)
    assert evaluation.n_windows == 240
    assert evaluation.n_days == 10


@pytest.mark.parametrize(("factor", "skill"), [(0.5, 0.5), (1.0, 0.0), (3.0, -2.0)])
def test_where_errors_are_proportional_the_interval_has_no_width(noise, factor, skill):
    observed, error = noise
    forecasts = {"LSTM": observed + factor * error, "ridge": observed - error}
    evaluation = evaluation_of(observed, forecasts)
    for found in evaluation.skill.values():
        assert (found.value, found.low, found.high) == pytest.approx((skill, skill, skill), abs=1e-9)


def said(rmse: float, low: float | None, high: float | None, against: float = 20.0) -> str:
    """The first sentence of a model's finding against ridge."""
    columns = pd.MultiIndex.from_product([RANGES, ["rmse"]])
    metrics = pd.DataFrame([[rmse, rmse], [against, against]], ["LSTM", "ridge"], columns)
    skill = dict.fromkeys(RANGES, Skill(1 - rmse / against, low, high, "ridge"))
    seeds = {0: Scored(metrics.loc["LSTM"], skill)}
    evaluation = Evaluation("LSTM", "ppm", metrics, skill, seeds, None, 100, 100, 10, 9, 0.95)
    return evaluation_finding(evaluation).split(" At the last")[0]


BETTER, WORSE, ALIKE, UNSURE = (
    "beats every baseline",
    "is worse than the best baseline",
    "does not differ clearly from the best baseline",
    "is compared with the best baseline on too few days for a verdict",
)


@pytest.mark.parametrize(
    ("rmse", "ends", "verdict", "skill"),
    [
        (18.0, (0.05, 0.15), BETTER, "+10.0 % (95 % interval +5.0 to +15.0 %)"),
        (22.0, (-0.15, -0.05), WORSE, "−10.0 % (95 % interval −15.0 to −5.0 %)"),
        (18.0, (-0.05, 0.2), ALIKE, "+10.0 % (95 % interval −5.0 to +20.0 %)"),
        (19.999, (-0.05, 0.05), ALIKE, "0.0 % (95 % interval −5.0 to +5.0 %)"),
        (20.001, (-0.05, 0.05), ALIKE, "0.0 % (95 % interval −5.0 to +5.0 %)"),
        (20.0, (0.0, 0.0), ALIKE, "0.0 % (95 % interval 0.0 to 0.0 %)"),
        (19.96, (0.001, 0.003), BETTER, "+0.2 % (95 % interval +0.1 to +0.3 %)"),
        (18.0, (None, None), UNSURE, "+10.0 % (no interval)"),
        (22.0, (None, None), UNSURE, "−10.0 % (no interval)"),
    ],
)
def test_the_verdict_on_a_skill(rmse, ends, verdict, skill):
    assert said(rmse, *ends) == (
        f"Over all steps the model {verdict}: RMSE {rmse:.1f} against 20.0 ppm for ridge, a skill of {skill}."
    )


@pytest.mark.parametrize(("n_days", "has_interval"), [(1, False), (4, False), (5, True)])
def test_an_interval_needs_five_days(noise, n_days, has_interval):
    observed, error = (values[: 24 * n_days] for values in noise)
    evaluation = evaluation_of(observed, {"LSTM": observed + 0.9 * error, "ridge": observed + error})
    assert evaluation.n_days == n_days
    for skill in evaluation.skill.values():
        assert (skill.low is not None, skill.high is not None) == (has_interval, has_interval)
        assert skill.value == pytest.approx(0.1)
    assert ("on too few days" in evaluation_finding(evaluation)) == (not has_interval)
    content = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert (content["skill"]["all_steps"]["low"] is None) == (not has_interval)


def test_how_much_worse_the_forecast_is_without_its_network(noise):
    """A rule with twice the model's errors at the last step, and its errors at the others."""
    observed, error = noise
    chunk = Compared(
        observed,
        {"LSTM": observed + error, "ridge": observed + 3 * error},
        HOURLY,
        observed + error * [1, 1, 2],
    )
    evaluation = evaluate(
        "LSTM", "ppm", [chunk], bootstrap=20, confidence=0.9, seed=0, rule="the last value", gain=0.9
    )
    squares = (error**2).mean(axis=0)
    without = {
        "all_steps": pytest.approx(np.sqrt(squares @ [1, 1, 4] / 3)),
        "last_step": pytest.approx(2 * np.sqrt(squares[2])),
    }
    assert evaluation.network.without == without
    assert evaluation.to_json()["network"] == {
        "rule": "the last value",
        "gain": 0.9,
        "spread": pytest.approx(np.sqrt(np.var(error[:, 2]) / 3)),
        "without": without,
    }
    more = 100 * (np.sqrt(squares @ [1, 1, 4] / squares.sum()) - 1)
    alone = (
        f"the last value alone reaches {digits(evaluation.network.without['all_steps'])} ppm over all steps"
    )
    assert evaluation_finding(evaluation).endswith(f" Without its network, {alone}, +{more:.1f} %.")


def networks_of(observed, networks, **changed):
    """The evaluation of a model with several networks, in pieces."""
    ridge = observed + np.random.default_rng(9).normal(0, 20, observed.shape)
    chunks = [
        Compared(observed[rows], {"LSTM": networks[0][rows], "ridge": ridge[rows]}, HOURLY[rows], None,
                 tuple(network[rows] for network in networks))
        for rows in (slice(0, 70), slice(70, 240))
    ]  # fmt: skip
    chosen = {"bootstrap": 50, "confidence": 0.9, "seed": 0, "seeds": [5, 6, 7], "shared": chunks} | changed
    return evaluate("LSTM", "ppm", chunks, **chosen), ridge


def test_every_network_and_their_mean_are_scored_against_the_same_baseline(noise):
    observed, error = noise
    networks = [observed + 20, observed - 10 + error, observed - 10 - error]  # the mean errs by nothing
    evaluation, ridge = networks_of(observed, [*networks[:2], networks[2] + 3])  # the mean errs by 1
    of_ridge = np.sqrt(np.mean((ridge - observed) ** 2))
    assert list(evaluation.seeds) == [5, 6, 7]
    rmse = [np.sqrt(np.mean((f - observed) ** 2)) for f in (*networks[:2], networks[2] + 3)]
    for each, expected in zip(evaluation.seeds.values(), rmse, strict=True):
        assert each.metrics["all_steps", "rmse"] == pytest.approx(expected)
        assert each.skill["all_steps"].value == pytest.approx(1 - expected / of_ridge)
        assert each.skill["all_steps"].best_baseline == "ridge"
    assert evaluation.ensemble.metrics["all_steps", "rmse"] == pytest.approx(1)
    assert evaluation.ensemble.metrics["last_step", "mae"] == pytest.approx(1)
    assert evaluation.skill == evaluation.seeds[5].skill
    content = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert [seed["seed"] for seed in content["seeds"]] == [5, 6, 7]
    assert {**content["seeds"][0], "seed": None} == {
        **{key: content[key] for key in ("rmse", "mae", "r2", "mape", "skill")}, "seed": None
    }  # fmt: skip
    assert content["ensemble"]["rmse"]["all_steps"] == pytest.approx(1)
    table = evaluation.to_frame()
    assert list(table.index) == ["LSTM", "LSTM, seed 6", "LSTM, seed 7", "LSTM, 3 seeds together", "ridge"]
    assert table.loc["LSTM, 3 seeds together", ("all steps", "RMSE (ppm)")] == pytest.approx(1)
    told = ", ".join(digits(value) for value in rmse)
    found = evaluation_finding(evaluation)
    assert f"Trained from 3 seeds, it reaches {told} ppm over all steps; the mean" in found


def test_networks_are_compared_on_the_windows_that_all_of_them_forecast(noise):
    """On every other window the mean errs by nothing; on the others the networks are not asked."""
    observed, error = noise
    some = slice(None, None, 2)
    networks = tuple(observed[some] + sign * error[some] for sign in (1, -1))
    ridge = observed + np.where(np.arange(240) % 2, 9.0, 2.0)[:, None] * error
    shared = [Compared(observed[some], {"ridge": ridge[some]}, HOURLY[some], networks=networks)]
    chunks = [Compared(observed, {"LSTM": observed + error, "ridge": ridge}, HOURLY)]
    evaluation = evaluate(
        "LSTM", "ppm", chunks, bootstrap=50, confidence=0.9, seed=0, seeds=[0, 1], shared=shared
    )
    size = np.sqrt(np.mean(error[some] ** 2))
    assert evaluation.ensemble.metrics["all_steps", "rmse"] == pytest.approx(0, abs=1e-9)
    for network in evaluation.seeds.values():
        assert network.metrics["all_steps", "rmse"] == pytest.approx(size)
        assert network.skill["all_steps"].value == pytest.approx(
            0.5
        )  # of ridge there, not of ridge everywhere
    assert evaluation.metrics.loc["LSTM", ("all_steps", "rmse")] == pytest.approx(np.sqrt(np.mean(error**2)))
    assert evaluation.skill["all_steps"].value > 0.5
    assert (evaluation.to_json()["test_windows"], evaluation.to_json()["shared_windows"]) == (240, 120)
    told = evaluation_finding(evaluation)
    assert " over all steps of 120 test windows, spread evenly over time; the mean" in told


def test_the_interval_of_the_mean_is_that_of_such_a_model(noise):
    observed, error = noise
    networks = [observed + 0.5 * error, observed + 0.7 * error[::-1], observed - 0.3 * error]
    together = np.mean(networks, axis=0)
    alone, _ = networks_of(observed, [together], seeds=[0])
    assert networks_of(observed, networks)[0].ensemble.skill == alone.skill
    assert alone.ensemble is None
    assert "ensemble" not in alone.to_json()
    assert "seeds" not in evaluation_finding(alone)


def test_small_errors_have_three_digits(noise):
    observed, error = noise
    size = np.sqrt(np.mean(error**2))
    observed, error = 5e-4 + 1e-5 * observed, 1.96e-5 * error / size
    forecasts = {"LSTM": observed + error, "ridge": observed + 2 * error}
    evaluation = evaluation_of(observed, forecasts)
    found = evaluation_finding(evaluation)
    assert "RMSE 1.96e−05 against 3.92e−05 ppm for ridge" in found


def test_the_sign_of_the_skill_decides(noise):
    observed, error = noise
    better = evaluation_of(observed, {"LSTM": observed + 0.9 * error, "ridge": observed + error})
    worse = evaluation_of(observed, {"LSTM": observed + 1.1 * error, "ridge": observed + error})
    assert "beats every baseline" in evaluation_finding(better)
    assert "is worse than the best baseline" in evaluation_finding(worse)


def test_an_interval_with_zero_inside_is_said_to_tell_nothing(noise):
    observed, error = noise
    other = np.random.default_rng(1).permutation(error)
    evaluation = evaluation_of(observed, {"LSTM": observed + error, "ridge": observed + other})
    skill = evaluation.skill["all_steps"]
    assert skill.low < 0 < skill.high
    assert "does not differ clearly from the best baseline" in evaluation_finding(evaluation)


def test_whole_days_are_resampled():
    """Nine windows a day that err alike are one piece of evidence: the interval is that of one a day."""
    model, baseline = np.exp(np.random.default_rng(0).normal(0, 0.2, (2, 400, 1)))
    skills = []
    for alike in (1, 9):
        origin = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(np.repeat(np.arange(400), alike), "D")
        forecasts = {"LSTM": np.repeat(model, alike, axis=0), "ridge": np.repeat(baseline, alike, axis=0)}
        skills.append(evaluation_of(np.zeros((400 * alike, 1)), forecasts, origin).skill["all_steps"])
    assert (skills[1].low, skills[1].high) == pytest.approx((skills[0].low, skills[0].high))


@pytest.mark.parametrize("rho", [0.0, 0.35, 0.6])
def test_days_in_succession_whose_losses_correlate_widen_the_interval(rho):
    """AR(1) losses vary as a mean by (1 + ρ) / (1 − ρ) times what the same days do in disorder."""
    rng, n_days = np.random.default_rng(0), 3000
    origin = pd.date_range("2015-01-01", periods=n_days, freq="1D", tz="UTC")
    courses = lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.normal(size=(2, n_days)))
    errors, widths = np.exp(0.1 * courses)[..., None], []
    for order in (np.arange(n_days), rng.permutation(n_days)):
        forecasts = dict(zip(("LSTM", "ridge"), errors[:, order], strict=True))
        skill = evaluation_of(np.zeros((n_days, 1)), forecasts, origin, bootstrap=2000).skill["all_steps"]
        widths.append(skill.high - skill.low)
    assert widths[0] / widths[1] == pytest.approx(np.sqrt((1 + rho) / (1 - rho)), rel=0.15)


def test_days_begin_at_the_sites_midnight(noise):
    observed, error = noise
    local = HOURLY.tz_convert("America/New_York")
    evaluation = evaluation_of(observed, {"LSTM": observed + error, "ridge": observed + 1}, local)
    assert evaluation.n_days == 11  # ten days of UTC, cut four hours off midnight


def test_the_interval_covers_a_known_skill_as_often_as_it_says():
    """Errors of independent days; the true skill is 1 − 0.8. Of 200 intervals of 80 %, some 160 hold it."""
    rng = np.random.default_rng(0)
    origin = pd.date_range("2025-01-01", periods=100, freq="1D", tz="UTC")
    observed, held = np.zeros((100, 1)), 0
    for seed in range(200):
        forecasts = {"LSTM": 0.8 * rng.normal(size=(100, 1)), "ridge": rng.normal(size=(100, 1))}
        skill = evaluation_of(observed, forecasts, origin, confidence=0.8, seed=seed).skill["all_steps"]
        held += skill.low <= 0.2 <= skill.high
    assert abs(held - 160) < 4 * np.sqrt(200 * 0.8 * 0.2)


def test_the_resampling_is_seeded(noise):
    observed, error = noise
    forecasts = {"LSTM": observed + error, "ridge": observed + error[::-1]}
    first, again, other = (evaluation_of(observed, forecasts, seed=seed).skill for seed in (1, 1, 2))
    assert first == again != other


def test_the_table_names_units(noise):
    observed, error = noise
    table = evaluation_of(observed, {"LSTM": observed + error, "ridge": observed + 1}).to_frame()
    assert list(table.columns) == [
        (steps, metric)
        for steps in ("all steps", "last step")
        for metric in ("RMSE (ppm)", "MAE (ppm)", "R²", "MAPE (%)")
    ]
    assert table.loc["LSTM", ("all steps", "RMSE (ppm)")] == pytest.approx(np.sqrt(np.mean(error**2)))


def metrics_of_the_whole(observed, forecast):
    error = forecast - observed
    return [
        np.sqrt(np.mean(error**2)),
        np.mean(np.abs(error)),
        1 - np.sum(error**2) / np.sum((observed - np.mean(observed)) ** 2),
        100 * np.mean(np.abs(error) / np.abs(observed)),
    ]


def skill_of_the_whole(model, baseline, observed, origin, times, confidence, seed):
    """Days are drawn one by one, and the windows of each laid side by side."""
    own, best = (((f - observed) ** 2).mean(axis=1) for f in (model, baseline))
    skills = [
        1 - np.sqrt(own[windows].mean() / best[windows].mean())
        for windows in windows_drawn(
            origin.strftime("%F").to_numpy(), own / own.sum() - best / best.sum(), times, seed
        )
    ]
    tail = (1 - confidence) / 2
    return np.quantile(skills, [tail, 1 - tail])


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), max_size=9),
    horizon=st.integers(1, 4),
    level=st.sampled_from([-1e3, 5.0, 1e6]),
    seed=st.integers(0, 2**32 - 1),
)
@example(sizes=[1, 8, 27], horizon=2, level=1e6, seed=152062)
def test_in_pieces_everything_is_as_of_the_whole(sizes, horizon, level, seed):
    rng = np.random.default_rng(seed)
    origin = HOURLY[:150].tz_convert("America/New_York")
    observed = level + rng.normal(size=(150, horizon))
    forecasts = {name: observed + rng.normal(0.3, 1, observed.shape) for name in ("a", "LSTM", "b")}
    found = evaluation_of(observed, forecasts, origin, sizes, bootstrap=50, confidence=0.9, seed=7)
    assert (found.n_windows, found.n_days, found.confidence) == (150, 8, 0.9)
    for steps, part in (("all steps", slice(None)), ("last step", slice(-1, None))):
        whole = {name: metrics_of_the_whole(observed[:, part], f[:, part]) for name, f in forecasts.items()}
        table = found.to_frame()[steps]
        for name in ("LSTM", "a", "b"):
            # R² near zero is a difference of sums: rounding is relative to one, and to how finely such numbers are kept
            rounding = 1e-11 + np.spacing(abs(level))
            np.testing.assert_allclose(table.loc[name], whole[name], rtol=1e-9, atol=rounding)
        best = min("ab", key=lambda name: whole[name][0])
        skill = found.skill[steps.replace(" ", "_")]
        assert skill.best_baseline == best
        assert skill.value == pytest.approx(1 - whole["LSTM"][0] / whole[best][0], rel=1e-9, abs=1e-12)
        model, baseline, true = (values[:, part] for values in (forecasts["LSTM"], forecasts[best], observed))
        interval = skill_of_the_whole(model, baseline, true, origin, 50, 0.9, seed=7)
        np.testing.assert_allclose([skill.low, skill.high], interval, rtol=1e-9, atol=1e-12)


def test_chunks_are_let_go(noise):
    observed, error = noise
    alive = []

    def chunks():
        for first in range(0, 240, 24):
            assert sum(reference() is not None for reference in alive) <= 1  # the one just seen
            part = observed[first : first + 24].copy()
            alive.append(weakref.ref(part))
            forecasts = {"LSTM": part + error[:24], "ridge": part + 1}
            yield Compared(part, forecasts, HOURLY[first : first + 24])

    assert evaluate("LSTM", "ppm", chunks(), bootstrap=9, confidence=0.9, seed=0).n_windows == 240
    assert len(alive) == 10


def test_a_zero_or_a_change_in_any_piece_counts_for_the_whole():
    observed = np.array([[1.0], [1], [0], [3]])
    content = evaluation_of(observed, {"LSTM": observed + 1, "ridge": observed + 2}, sizes=(2, 1)).to_json()
    assert content["mape"] == {"all_steps": None, "last_step": None}
    assert content["r2"]["all_steps"] == pytest.approx(1 - 4 / 4.75)  # mean 5/4; 2/16 + 25/16 + 49/16 = 4.75


def test_draws_of_days_that_a_baseline_forecasts_exactly_are_left_out():
    origin = pd.date_range("2025-06-02", periods=5, freq="1D", tz="UTC")
    forecasts = {"LSTM": np.ones((5, 1)), "ridge": np.array([[0.0], [0], [0], [0], [2]])}
    skill = evaluation_of(np.zeros((5, 1)), forecasts, origin, bootstrap=4000).skill["all_steps"]
    # ridge errs on the fifth day alone: of four days drawn k times, 1 − √(4 / 4k). Where it is drawn at all, it is so
    # once in 69 % of the draws, twice in 26 %, three times in 4.3 % and four times in 0.3 %
    assert (skill.value, skill.low, skill.high) == pytest.approx(
        (1 - np.sqrt(5 / 4), 1 - np.sqrt(4 / 4), 1 - np.sqrt(4 / 12))
    )


def test_days_begin_where_the_clock_jumps_over_midnight():
    origin = pd.date_range("2024-04-24", periods=72, freq="1h", tz="UTC").tz_convert("Africa/Cairo")
    observed = np.random.default_rng(0).normal(size=(72, 2))
    evaluation = evaluation_of(observed, {"LSTM": observed + 1, "ridge": observed + 2}, origin)
    assert evaluation.n_days == 4  # from the 24th, 2:00 to the 27th, 2:00; the 26th begins at 1:00


def test_what_the_network_adds_is_measured_between_windows(noise):
    observed, error = noise
    rule = observed + error
    added = np.random.default_rng(1).normal(size=observed.shape) * [1.0, 2.0, 3.0] + [50.0, -20.0, 0.0]
    parts = [slice(0, 7), slice(7, 100), slice(100, 240)]
    chunks = [
        Compared(
            observed[part],
            {"LSTM": (rule + added)[part], "ridge": observed[part] + 1},
            HOURLY[part],
            rule[part],
        )
        for part in parts
    ]
    chosen = {"bootstrap": 9, "confidence": 0.9, "seed": 0}
    evaluation = evaluate("LSTM", "ppm", chunks, **chosen, rule="the climatology", gain=0.4)
    spread = np.sqrt(added.var(axis=0).mean())  # the same for every window counts for nothing
    assert vars(evaluation.network) == {
        "rule": "the climatology",
        "gain": 0.4,
        "spread": pytest.approx(spread),
        "without": {
            "all_steps": pytest.approx(np.sqrt(np.mean((rule - observed) ** 2))),
            "last_step": pytest.approx(np.sqrt(np.mean((rule - observed)[:, -1] ** 2))),
        },
    }
    assert evaluation.to_json()["network"] == vars(evaluation.network)
    assert "network" not in evaluation_of(observed, {"LSTM": rule, "ridge": observed + 1}).to_json()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["LSTM", "ridge"])
def test_forecasts_that_are_no_numbers_are_refused(noise, name, wrong):
    """NaN would lose every comparison: the best baseline, whether the model is better, the hardest week."""
    observed, error = noise
    forecasts = dict.fromkeys(("LSTM", "ridge"), observed + error)
    forecasts[name] = forecasts[name].copy()
    forecasts[name][77, 1] = wrong
    with pytest.raises(
        LstmkitError, match=f"^the forecasts of {name} are NaN or infinite for the window 2025-06-05 05:00"
    ):
        evaluation_of(observed, forecasts)
