"""Warnings of a crossing: counted by hand, by a second implementation, and where crossings are too few."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.warning_level import WarningLevel, warning_levels
from lstmkit.analysis.errors.warning_rates import OWN
from lstmkit.analysis.errors.warning_skill import warning_skill
from lstmkit.data.calendar import Calendar
from lstmkit.data.catalog import load_dataset
from lstmkit.data.grid import make_dataset
from lstmkit.data.quantities import QUANTITIES, quantity_of
from lstmkit.findings.errors.warning_skill import warning_caption, warning_finding, warning_table
from lstmkit.params import EvaluationParams, StudyParams
from tests.analysis.drawn import windows_drawn
from tests.series import dataset_of, raw_windows

TRIED = np.arange(161) / 12
LEVEL = WarningLevel(10.0, "which the study states", TRIED)
PARAMS = EvaluationParams(bootstrap=200, confidence=0.9)
ONSETS, ALL = "onsets", "all windows"


def warn(series, forecasts, horizon=2, interval="1h", size=100, levels=(LEVEL,), start="2025-10-27"):
    """The skill of forecasts of a series, one per value that is followed by whole targets; persistence is added."""
    time = pd.date_range(start, periods=len(series), freq=interval, tz="America/New_York")
    n = len(series) - horizon
    observed = np.lib.stride_tricks.sliding_window_view(np.asarray(series, "float64")[1:], horizon)
    everyone = {
        **forecasts(observed),
        "persistence": np.repeat(np.asarray(series, "float64")[:n, None], horizon, 1),
    }
    parts = [slice(first, min(first + size, n)) for first in range(0, n, size)]
    now = np.asarray(series, "float64")[:n]
    chunks = (
        Compared(
            observed[part],
            {name: of[part] for name, of in everyone.items()},
            time[:n][part],
            latest=now[part],
        )
        for part in parts
    )
    return warning_skill(
        "LSTM", "ppm", chunks, levels, Calendar(interval, "America/New_York"), PARAMS, seed=0
    )


def rates(skill, name, windows=ONSETS, reached="within"):
    warner = skill.cases[windows, reached].warners[name]
    return warner.precision.value, warner.recall.value


def test_precision_and_recall_by_hand():
    series = [5, 6, 12, 13, 5, 5, 5, 11, 9, 4, 4, 4]  # ten windows; the level is 10
    own = np.array([[3, 10], [3, 3], [20, 20], [3, 3], [3, 3], [3, 12], [11, 3], [3, 3], [3, 11], [3, 3]])
    skill = warn(series, lambda observed: {"LSTM": own.astype(float)})
    onsets, everywhere = skill.cases[ONSETS, "within"], skill.cases[ALL, "within"]
    # below now: windows 0, 1, 4, 5, 6, 8, 9; of them 0, 1, 5 and 6 reach the level
    assert (onsets.windows, onsets.events) == (7, 4)
    assert onsets.warners["LSTM"].warnings == 4  # windows 0, 5, 6 and 8
    assert rates(skill, "LSTM") == (3 / 4, 3 / 4)
    assert rates(skill, "persistence") == (None, 0.0)
    # all: 0, 1, 2, 5 and 6 reach it
    assert (everywhere.windows, everywhere.events) == (10, 5)
    assert rates(skill, "LSTM", ALL) == (4 / 5, 4 / 5)
    assert rates(skill, "persistence", ALL) == (1 / 3, 1 / 5)  # 12, 13 and 11
    # at the last step: 0, 1 and 5 of those below; persistence at 12, 13 and 11 is wrong each time
    assert skill.cases[ONSETS, "after"].events == 3
    assert rates(skill, "LSTM", ONSETS, "after") == (2 / 3, 2 / 3)
    assert rates(skill, "persistence", ALL, "after") == (0.0, 0.0)
    assert (skill.crossings, skill.crossing_days, skill.n_days, skill.highest) == (2, 1, 1, 13.0)
    assert not skill.has_enough_crossings


def test_a_dip_of_less_than_an_hour_is_no_new_crossing():
    series = np.full(120, 5.0)
    series[40:60] = 12
    series[[45, 50]] = 9.0  # two dips of five minutes
    series[59:68] = 9.0
    series[68:72] = 12  # again after 45 minutes
    series[90:95] = 12  # and after more than an hour
    skill = warn(series, lambda observed: {"LSTM": observed}, horizon=12, interval="5min")
    assert skill.crossings == 2
    # from the last value at the level on, an hour is not counted: 40 origins before, then from 71 + 12 on
    assert skill.cases[ONSETS, "within"].windows == 40 + (90 - 83) + (108 - 106)
    assert skill.cases[ONSETS, "within"].events == 12 + 7
    assert rates(skill, "LSTM") == (1.0, 1.0)


def test_a_value_at_the_level_has_reached_it():
    skill = warn([5, 5, 10, 5], lambda observed: {"LSTM": np.full_like(observed, 10.0)}, horizon=1)
    assert rates(skill, "LSTM", ONSETS) == (1 / 2, 1.0)
    assert rates(skill, "persistence", ALL) == (0.0, 0.0)


@pytest.mark.parametrize("value", [0.3, 0.7])  # single precision rounds one up and one down
def test_a_level_is_reached_also_by_forecasts_that_were_kept_in_single_precision(value):
    series = np.zeros(200)
    series[20::20] = value
    kept = series.astype("float32").astype("float64")
    time = pd.date_range("2025-06-02", periods=199, freq="1h", tz="UTC")
    forecasts = {"LSTM": kept[1:, None], "persistence": kept[:-1, None]}
    chunk = Compared(series[1:, None], forecasts, time, latest=series[:-1])
    level = WarningLevel(value, "which the study states", TRIED - 10 + value)
    skill = warning_skill("LSTM", "ppm", [chunk], (level,), Calendar("1h"), PARAMS, seed=0)
    assert rates(skill, "LSTM") == rates(skill, "LSTM", ALL) == (1.0, 1.0)
    assert skill.cases[ONSETS, "within"].windows == 199 - 9


def noisy(n=24 * 40, seed=0, horizon=3):
    """A daily rhythm with noise that crosses the level on most days, and two forecasters of different noise."""
    rng = np.random.default_rng(seed)
    series = 6 + 5 * np.sin(2 * np.pi * np.arange(n) / 24) + rng.normal(0, 1.5, n)

    def forecasts(observed):
        errors = np.random.default_rng(seed + 1)
        own, other = (observed + sd * errors.normal(size=observed.shape) for sd in (1.0, 2.0))
        return {"ridge": other, "LSTM": own}

    return series, forecasts


def second(series, own, level, horizon, windows, reached, score_level=None):
    """Hits, warnings and events, one window at a time."""
    found = []
    for origin in range(len(series) - horizon):
        ahead = series[origin + 1 : origin + 1 + horizon]
        truth, said = (
            (ahead.max(), own[origin].max()) if reached == "within" else (ahead[-1], own[origin, -1])
        )
        inside = windows == ALL or series[origin] < level
        event, warned = (
            inside and truth >= level,
            inside and said >= (level if score_level is None else score_level),
        )
        found.append((event and warned, warned, event, inside))
    return np.array(found, "float64")


@pytest.mark.parametrize("size", [1, 17, 10_000])
def test_rates_curves_and_intervals_of_a_second_implementation(size):
    series, forecasts = noisy()
    made = {}

    def kept(observed):
        made.update(forecasts(observed))
        return made

    skill = warn(series, kept, horizon=3, size=size)
    time = pd.date_range("2025-10-27", periods=len(series), freq="1h", tz="America/New_York")[
        : len(series) - 3
    ]
    day = time.strftime("%F").to_numpy()
    assert list(skill.cases[ONSETS, "within"].warners) == ["LSTM", "ridge", "persistence"]
    drawn_by = []
    for case in skill.cases:
        of = second(series, made["LSTM"], 10.0, 3, *case)
        hits, warned, events, inside = of.T
        drawn_by.append(
            np.stack(
                [
                    events - inside * events.sum() / inside.sum(),
                    hits - warned * hits.sum() / warned.sum(),
                    hits - events * hits.sum() / events.sum(),
                ]
            )
        )
    values = np.concatenate([np.stack([of[k] for of in drawn_by]) for k in range(3)]).T
    draws = list(windows_drawn(day, values, 200, seed=0))
    for case, found in skill.cases.items():
        for name in ("LSTM", "ridge"):
            hits, warned, events, _ = second(series, made[name], 10.0, 3, *case).T
            warner = found.warners[name]
            assert warner.precision.value == pytest.approx(hits.sum() / warned.sum())
            assert warner.recall.value == pytest.approx(hits.sum() / events.sum())
            for rate, of in ((warner.precision, warned), (warner.recall, events)):
                ends = np.quantile([hits[some].sum() / of[some].sum() for some in draws], [0.05, 0.95])
                np.testing.assert_allclose([rate.low, rate.high], ends)
            for position in (30, 100, OWN, 130):
                hits, warned, events, _ = second(series, made[name], 10.0, 3, *case, TRIED[position]).T
                expected = [hits.sum() / warned.sum(), hits.sum() / events.sum()]
                np.testing.assert_allclose(warner.curve[:, position], expected)


def test_the_precision_at_a_share_of_the_events_by_hand():
    # ten crossings with now at 1 or 5, and quiet hours at 0, 2 or 6 between them
    nows, quiet = [1.0] * 5 + [5.0] * 5, [6.0, 0.0, 0.0, 2.0]
    series = [0.0]
    for now in nows:
        series += [*quiet, now, 12.0]
    skill = warn([*series, 0.0], lambda observed: {"LSTM": observed}, horizon=1)
    persistence = skill.cases[ONSETS, "within"].warners["persistence"]
    # eight of ten: the five at 5, and three of the five at 1; warned are also ten at 6, and those at 2
    np.testing.assert_allclose(persistence.curve[:, 60], [5 / 15, 5 / 10])  # at 5
    np.testing.assert_allclose(persistence.curve[:, 12], [10 / 30, 10 / 10])  # at 1: with ten at 2
    # between the levels 1 and 1 1/12 five hits and five warnings are gained, of which three are needed
    assert persistence.tuned.value == pytest.approx(8 / 28)
    assert persistence.tuned_level == pytest.approx(1 + (1 - 3 / 5) / 12)
    own = skill.cases[ONSETS, "within"].warners["LSTM"]
    assert (own.tuned.value, own.ahead) == (1.0, None)
    assert persistence.ahead.value == pytest.approx(1 - 8 / 28)
    assert persistence.ahead.low is None  # on three days


def test_a_bias_moves_the_level_of_a_forecast_and_nothing_else():
    series, forecasts = noisy()
    right = warn(series, forecasts)
    low = warn(
        series, lambda observed: {name: of - 2.5 for name, of in forecasts(observed).items()}
    )  # 30 levels
    for name in ("LSTM", "ridge"):
        one, other = (of.cases[ONSETS, "within"].warners[name] for of in (right, low))
        assert other.warnings < one.warnings
        np.testing.assert_allclose(other.curve[:, :91], one.curve[:, 30:121])
        assert other.tuned.value == pytest.approx(one.tuned.value)
        assert other.tuned_level == pytest.approx(one.tuned_level - 2.5)


def test_the_finding_by_hand():
    series, _ = noisy()
    skill = warn(series, lambda observed: {"LSTM": observed, "ridge": observed - 1.0})
    onsets = skill.cases[ONSETS, "within"]
    share = f"{100 * onsets.events / onsets.windows:.0f} %"
    ridge, persistence = (onsets.warners[name] for name in ("ridge", "persistence"))
    assert persistence.ahead.is_sure
    told = warning_finding(skill)
    assert told.startswith(
        f"The level is 10.0 ppm, which the study states. The target reaches it from below, after an hour or more, "
        f"{skill.crossings} times on {skill.crossing_days} of 40 days. Of {onsets.windows} windows that start below "
        f"it, {onsets.events} ({share}) reach it within 2 h; in {958 - onsets.windows} others there is nothing to warn "
        f"of, for it is reached already or was within the hour before. The model's forecast reaches the level in 100 % "
        f"(90 % interval 100 to 100 %) of these {onsets.events} (recall), and 100 % (100 to 100 %) of its warnings are "
        f"right (precision); persistence cannot warn of a crossing, for it stays below. With a level of its own for "
        "each forecaster, at which it warns of 80 % of the crossings, 100 % (100 to 100 %) of the model's warnings are "
        "right "
    )
    low, high = (f"+{100 * end:.0f}" for end in (persistence.ahead.low, persistence.ahead.high))
    assert (
        f"now; +{100 * persistence.ahead.value:.0f} points for the model, {low} to {high}) and 100 % of those of "
        "ridge, the best baseline (level "
    ) in told
    assert "ppm; 0 points for the model, 0 to 0, which leaves open who is better)." in told
    assert ridge.ahead.value == 0
    assert told.endswith(
        f"Over all windows, also those that start at or above it, the model has recall 100 % and precision 100 %, "
        f"persistence recall {100 * rates(skill, 'persistence', ALL)[1]:.0f} % and precision "
        f"{100 * rates(skill, 'persistence', ALL)[0]:.0f} %."
    )


def test_a_model_that_never_warns_is_told_as_such():
    series, _ = noisy()
    skill = warn(series, lambda observed: {"LSTM": np.full_like(observed, 3.0)})
    own = skill.cases[ONSETS, "within"].warners["LSTM"]
    assert (own.precision.value, own.recall.value, own.warnings) == (None, 0.0, 0)
    told = warning_finding(skill)
    assert (
        "The model's forecast reaches the level in none of the windows that start below, and warns of nothing;"
        in told
    )
    assert "the model has recall 0 % and precision undefined, as it gives no warning, persistence" in told
    # at the level 3 it warns of everything, and is right as often as anyone is by chance
    assert own.tuned.value == pytest.approx(
        skill.cases[ONSETS, "within"].events / skill.cases[ONSETS, "within"].windows
    )
    table = warning_table(skill)
    assert table.loc["LSTM", (ONSETS, "within 2 h", "precision")] == "no warning"
    assert table.loc["LSTM", (ONSETS, "within 2 h", "recall")] == "0 %"
    lower = warn(series, lambda observed: {"LSTM": np.full_like(observed, -3.0)})
    assert lower.cases[ONSETS, "within"].warners["LSTM"].tuned_level is None
    assert "No level that was tried lets the model warn of 80 % of the crossings." in warning_finding(lower)


def test_few_crossings_tell_nothing():
    series = np.full(24 * 20, 5.0)
    series[12 : 24 * 9 : 24] = 15.0  # on nine days
    skill = warn(series, lambda observed: {"LSTM": observed})
    assert warning_finding(skill) == (
        "The level is 10.0 ppm, which the study states. The target reaches it from below 9 times in the test part, on "
        "9 days: too few to tell how well anyone warns of it."
    )
    assert warning_caption(skill).endswith("no intervals, for there are too few crossings.")
    assert skill.cases[ONSETS, "within"].warners["LSTM"].recall.low is None
    series[24 * 9 + 12] = 15.0
    assert warn(series, lambda observed: {"LSTM": observed}).has_enough_crossings


def test_ten_crossings_on_four_days_tell_nothing():
    series = np.full(24 * 20, 5.0)
    series[: 24 * 4 : 6] = 15.0
    skill = warn(series, lambda observed: {"LSTM": observed})
    assert (skill.crossings, skill.crossing_days, skill.has_enough_crossings) == (15, 4, False)


def test_a_level_that_is_never_reached_leaves_nothing_to_warn_of():
    skill = warn(np.full(200, 5.0), lambda observed: {"LSTM": observed + 6})
    assert warning_finding(skill) == (
        "The level is 10.0 ppm, which the study states. The target never reaches it from below in the test part, whose "
        "highest value is 5.00 ppm: there is nothing to warn of."
    )
    warner = skill.cases[ONSETS, "within"].warners["LSTM"]
    assert (warner.precision.value, warner.recall.value, warner.tuned.value) == (0.0, None, None)
    assert skill.best_rival() is None
    assert warning_table(skill).loc["LSTM", (ONSETS, "within 2 h", "recall")] == "no event"
    json.dumps(skill.facts(), allow_nan=False)


def test_a_target_that_is_always_above_leaves_nothing_to_warn_of():
    skill = warn(np.full(200, 15.0), lambda observed: {"LSTM": observed})
    assert skill.cases[ONSETS, "within"].windows == 0
    assert rates(skill, "persistence", ALL) == (1.0, 1.0)
    assert "never reaches it from below" in warning_finding(skill)


def test_a_level_that_is_crossed_too_seldom_is_passed_over():
    series, forecasts = noisy()
    first = WarningLevel(14.0, "the default for CO₂", TRIED + 4)
    series[series >= 14] = 13.9
    series[100] = 14.5
    skill = warn(series, forecasts, levels=(first, LEVEL))
    assert skill.level is LEVEL
    assert warning_finding(skill).startswith(
        "14.0 ppm, the default for CO₂, is crossed once in the test part, whose highest value is 14.5 ppm: too few to "
        "tell how well anyone warns of it. The level instead is 10.0 ppm, which the study states. "
    )
    alone = warn(series, forecasts)
    assert skill.facts() == alone.facts()


def test_of_levels_that_are_all_crossed_too_seldom_the_one_that_is_crossed_most_often_is_taken():
    series = np.full(200, 5.0)
    series[[20, 90, 150]] = 15.0
    seldom, often = (WarningLevel(value, "a level", TRIED + value - 10) for value in (20.0, 12.0))
    skill = warn(series, lambda observed: {"LSTM": observed}, levels=(seldom, often))
    assert (skill.level, skill.crossings, skill.has_enough_crossings) == (often, 3, False)
    assert warning_finding(skill).startswith(
        "20.0 ppm, a level, is never crossed in the test part, whose highest value is 15.0 ppm. The level instead is "
        "12.0 ppm, a level. The target reaches it from below 3 times in the test part, on 3 days: too few to tell"
    )
    assert warn(series, lambda observed: {"LSTM": observed}, levels=(often, often)).passed_over == ()


def test_frame_and_facts_hold_the_rates():
    series, forecasts = noisy()
    skill = warn(series, forecasts)
    frame, warner = skill.to_frame(), skill.cases[ALL, "after"].warners["ridge"]
    row = frame.loc[(ALL, "after", "ridge")]
    assert row["precision"] == warner.precision.value
    assert row["precision_at_0.8_high"] == warner.tuned.high
    assert row["level_at_0.8"] == warner.tuned_level
    assert len(frame) == 4 * 3
    facts = json.loads(json.dumps(skill.facts(), allow_nan=False))
    own, now = (skill.cases[ONSETS, "within"].warners[name] for name in ("LSTM", "persistence"))
    assert facts["onsets"]["model"]["recall"] == vars(own.recall)
    assert facts["onsets"]["persistence"]["precision"] == {"value": None, "low": None, "high": None}
    assert facts["ahead_of"]["persistence"]["value"] == own.tuned.value - now.tuned.value
    assert (facts["has_enough_crossings"], facts["level"], facts["best_rival"]) == (True, 10.0, "ridge")


def study(data=None, **evaluation):
    return StudyParams(
        title="Test",
        data=data or {"source": "simulated", "interval": "1h", "simulator": {"days": 30}},
        horizons=[1],
        models={"lstm": {"kind": "lstm"}},
        split={"train": 0.5, "validation": 0.25, "validation_blocks": 1},
        evaluation=evaluation,
    )


def test_the_levels_of_simulated_co2():
    params = study()
    dataset = load_dataset(params.data, Path())
    train = raw_windows(dataset, 1, params.split, lookback=2)["train"]
    first, second = warning_levels(dataset, train, params)
    assert (first.value, first.origin) == (1000.0, "the default for CO₂")
    training = dataset.frame["co2"][
        : np.flatnonzero(dataset.observed)[round(dataset.observed.sum() / 2)]
    ].dropna()
    assert (second.value, second.origin) == (
        np.quantile(training, 0.9),
        "the 90 % quantile of the training part",
    )
    assert first.tried[OWN] == 1000.0
    assert (np.diff(first.tried) > 0).all()
    assert first.tried[0] == pytest.approx(
        min(training.min(), 1000 - np.ptp(np.quantile(training, [0.05, 0.95])))
    )
    (stated,) = warning_levels(dataset, train, study(threshold=800.0))
    assert (stated.value, stated.origin) == (800.0, "which the study states")


@pytest.mark.parametrize(
    ("name", "quantity", "unit", "levels"),
    [
        ("co2", None, "ppm", 2),
        ("indoor", "co2", "ppm", 2),
        ("indoor", None, "ppm", 1),
        ("co2", None, "mg/m3", 1),
        ("co2", "relative_humidity", "percent", 1),
    ],
)
def test_a_target_that_is_co2_in_ppm_has_the_default(name, quantity, unit, levels):
    column = {"column": "x", "unit": unit} | ({"quantity": quantity} if quantity else {})
    params = study({"source": "x.csv", "interval": "1h", "target": name, "columns": {name: column}})
    index = pd.date_range("2025-01-01", periods=100, freq="1h", tz="UTC")
    frame = pd.DataFrame({name: np.arange(100.0)}, index=index)
    dataset = make_dataset(
        "x",
        frame,
        target=name,
        interval=pd.Timedelta("1h"),
        site_timezone="UTC",
        units={name: unit},
        quantities={name: found} if (found := quantity_of(name, params.data.columns[name])) else {},
    )
    train = raw_windows(dataset, 1, params.split, lookback=2, residual="none")["train"]
    assert len(warning_levels(dataset, train, params)) == levels


@pytest.mark.parametrize(("target", "levels"), [(0, ["the 90 %"]), (1, ["the default for CO₂", "the 90 %"])])
def test_the_levels_are_those_of_the_target_that_is_explained(target, levels):
    values = np.random.default_rng(0).normal(size=(2, 200)) * [[1.0], [300.0]] + [[20.0], [900.0]]
    dataset = dataset_of({"temperature": values[0], "co2": values[1]})
    dataset = replace(dataset, targets=("temperature", "co2"), quantities={"co2": QUANTITIES["co2"]})
    params = study()
    train = replace(raw_windows(dataset, 1, params.split, lookback=2)["train"], target=target)
    found = warning_levels(dataset, train, params)
    assert [level.origin[: len(said)] for level, said in zip(found, levels, strict=True)] == levels
    assert found[-1].value == np.quantile(train.values[train.rows, target], 0.9)


def test_a_crossing_that_several_daily_forecasts_see_is_one_also_where_a_day_has_25_hours():
    series = np.zeros(40)
    series[[5, 6, 20, 30]] = 12.0  # 1 November, in which clocks go back on the 2nd, is day 5
    skill = warn(series, lambda observed: {"LSTM": observed}, horizon=3, interval="1D")
    assert skill.crossings == skill.crossing_days == 3
    finding, caption = warning_finding(skill), warning_caption(skill)
    assert "on 3 days: too few to tell" in finding
    assert "within 3 days; left in windows that start below it, right in all windows" in caption
    assert "hour" not in finding + caption


def test_a_crossing_of_monthly_forecasts_is_one_whatever_the_months_lengths():
    time = pd.date_range("2020-01-01", periods=60, freq="MS", tz="UTC")
    series = np.where(np.arange(60) % 5 == 4, 12.0, 0.0)
    observed = np.lib.stride_tricks.sliding_window_view(series[1:], 6)
    everyone = {"LSTM": observed, "persistence": np.repeat(series[:54, None], 6, 1)}
    chunks = [Compared(observed, everyone, time[:54], latest=series[:54])]
    skill = warning_skill("LSTM", "ppm", chunks, (LEVEL,), Calendar("month"), PARAMS, seed=0)
    reached = {
        at + 1 + ahead for at in range(54) if series[at] < 10 for ahead in [int(observed[at].argmax())]
    }
    assert skill.crossings == len(reached)
    assert f"{len(reached)} times in {len(reached)} of 54 months" in warning_finding(skill)
