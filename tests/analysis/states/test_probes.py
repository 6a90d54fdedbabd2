"""What states are probed for: truths of their own origins, and what cannot be probed is said."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.analysis.states.prober import Probe
from lstmkit.analysis.states.probes import Probes, concepts, group_concept, newest_inputs, probe_states
from lstmkit.analysis.states.representation import Representation, representation_of
from lstmkit.data.calendar import Calendar
from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.probes import probes_caption, probes_finding, unseen_sentence
from lstmkit.params import SplitParams, WindowParams
from tests.groups import by_edges, ranges
from tests.series import dataset_of

DAYS, LOOKBACK = 60, 12
EDGES = (-0.5, 0.5)


def office(days: int = DAYS, keep: np.ndarray | None = None) -> Dataset:
    """White noise with latents of white noise, so that a step's error in time leaves nothing."""
    random, n = np.random.default_rng(0), 24 * days
    columns = {"co2": random.normal(size=n), "temperature": random.normal(size=n)}
    dataset = dataset_of(columns, site_timezone="America/New_York", keep=keep)
    latents = pd.DataFrame(
        random.normal(size=(len(dataset.frame), 2)),
        index=dataset.frame.index,
        columns=["occupancy", "ventilation"],
    )
    return replace(
        dataset, latents=latents, units=dataset.units | {"occupancy": "people", "ventilation": "m3/h"}
    )


def windows_of(dataset: Dataset, share: float = 0.1) -> Windows:
    params = WindowParams(lookback=LOOKBACK, scaling="standard", residual="none")
    split = SplitParams(validation_blocks=1, train=share, validation=share)
    return make_windows(dataset, build_features(dataset, "raw"), 1, params, split)["test"]


def states_of(windows: Windows, values: np.ndarray, name: str = "LSTM layer 1") -> Representation:
    return representation_of(name, values, windows, by_edges(windows, EDGES))


def some_state(windows: Windows) -> Representation:
    return states_of(windows, np.random.default_rng(0).normal(size=(len(windows), 3)))


def truths(dataset: Dataset, windows: Windows) -> np.ndarray:
    """Everything that shall be read, looked up by hand: clock, weekend, target and latents at the last input row."""
    rows = windows.starts.numpy() + LOOKBACK - 1
    local = dataset.frame.index[rows].tz_convert("America/New_York")
    angle = 2 * np.pi * local.hour.to_numpy() / 24
    return np.c_[
        np.sin(angle),
        np.cos(angle),
        local.day_of_week.to_numpy() >= 5,
        dataset.frame["co2"].to_numpy()[rows],
        dataset.latents.to_numpy()[rows],
    ].astype("float64")


def test_a_state_that_knows_all_truths_of_its_origin_is_read_without_error():
    gaps = np.ones(24 * DAYS, bool)
    gaps[700:720] = False  # the rows of windows and of the series differ
    dataset = office(keep=gaps)
    windows = windows_of(dataset)
    probes = probe_states([states_of(windows, truths(dataset, windows))], windows, dataset, seed=0)
    assert probes.concepts == ("hour of day", "weekday or weekend", "CO₂", "occupancy", "ventilation")
    assert min(probe.score for probe in probes.probes) > 0.999
    assert [probe.unit for probe in probes.probes] == ["h", "%", "ppm", "people", "m³/h"]
    assert probes.omitted == ()
    baselines = {probe.concept: probe.baseline for probe in probes.probes}
    assert baselines["CO₂"] > 0.999  # the newest input itself
    assert max(abs(baselines[name]) for name in ("hour of day", "occupancy", "ventilation")) < 0.05
    finding = probes_finding(probes)
    assert "CO₂ is given by the newest inputs" in finding
    assert "more than from the newest inputs is read about hour of day (score +1.0" in finding


def test_truths_a_step_away_are_not_read():
    dataset = office()
    windows = windows_of(dataset)
    late = np.roll(truths(dataset, windows), 1, axis=0)
    scores = {
        probe.concept: probe.score
        for probe in probe_states([states_of(windows, late)], windows, dataset, seed=0).probes
    }
    assert max(abs(scores[name]) for name in ("CO₂", "occupancy", "ventilation")) < 0.05
    assert scores["hour of day"] > 0.99  # an hour later is the same circle, turned
    assert scores["weekday or weekend"] > 0.9


def test_layers_stand_side_by_side():
    dataset = office()
    windows = windows_of(dataset)
    known = truths(dataset, windows)
    blurred = known + 0.5 * np.random.default_rng(1).normal(size=known.shape)
    stages = [states_of(windows, known, "LSTM layer 1"), states_of(windows, blurred, "LSTM layer 2")]
    probes = probe_states(stages, windows, dataset, seed=0)
    assert probes.stages == ("LSTM layer 1", "LSTM layer 2")
    assert {probe.stage for probe in probes.of_last_stage} == {"LSTM layer 2"}
    frame = probes.to_frame()
    assert frame.loc[("occupancy", "LSTM layer 1"), "score"] > 0.999
    assert frame.loc[("occupancy", "LSTM layer 2"), "score"] == pytest.approx(0.8, abs=0.04)  # 1 / (1 + 0.5²)
    np.testing.assert_allclose(frame["selectivity"], frame["score"] - frame["control"].clip(lower=0))
    assert list(probes.summary().index) == list(frame.index)
    concept, change = probes.largest_change
    first, last = frame.xs("LSTM layer 1", level="stage"), frame.xs("LSTM layer 2", level="stage")
    assert change == (last["score"] - first["score"])[concept]
    assert abs(change) == (last["score"] - first["score"]).abs().max()
    assert "a linear probe of LSTM layer 2 reads" in probes_finding(probes)
    assert "From LSTM layer 1 to LSTM layer 2 the score changes most for" in probes_finding(probes)


def test_the_newest_inputs_are_the_scaled_features_of_the_origin():
    dataset = office()
    windows = windows_of(dataset).spread(40)
    at_origin = dataset.frame.set_axis(dataset.local_time).loc[windows.origin].to_numpy()
    expected = (at_origin - windows.scaler.center) / windows.scaler.scale
    np.testing.assert_allclose(newest_inputs(windows), expected, rtol=1e-5)  # float32


def test_a_study_may_have_no_latents():
    dataset = replace(office(), latents=pd.DataFrame())
    windows = windows_of(dataset)
    probes = probe_states([some_state(windows)], windows, dataset, seed=0)
    assert probes.concepts == ("hour of day", "weekday or weekend", "CO₂")
    said = "Not probed: what no model sees, as the study names no `latents`."
    assert probes_finding(probes).endswith(said)
    assert probes.largest_change is None
    assert "From" not in probes_finding(probes)  # one layer has no other to be compared with


def test_latents_of_a_file_are_named_as_people_write_them_and_may_have_gaps():
    dataset = office()
    latents = pd.DataFrame(
        {"outdoor_heat": dataset.latents["occupancy"].where(dataset.latents["ventilation"] > 0)}
    )
    dataset = replace(dataset, latents=latents, units=dataset.units | {"outdoor_heat": "degC"})
    windows = windows_of(dataset)
    probes = probe_states([some_state(windows)], windows, dataset, seed=0)
    assert probes.concepts[-1] == "outdoor heat"
    assert probes.of_last_stage[-1].unit == "°C"
    assert "outdoor_heat_score" in probes.facts()
    n_unknown = int((dataset.latents.reindex(windows.origin.tz_convert("UTC")).isna()).sum().iloc[0])
    assert 0 < n_unknown < len(windows)
    said = f"outdoor heat in {n_unknown:,} of {len(windows):,} windows, where it is not known."
    assert probes_finding(probes).endswith(said)


def test_what_no_model_sees_is_said_with_the_words_of_the_dataset():
    dataset = replace(office(), subject="the lab")
    assert unseen_sentence(dataset) == "No model sees occupancy and ventilation of the lab."
    one = replace(dataset, latents=dataset.latents[["occupancy"]].set_axis(["co2_roof"], axis=1))
    assert unseen_sentence(one) == "No model sees CO₂ roof of the lab."
    assert unseen_sentence(replace(dataset, latents=pd.DataFrame())) == ""


def test_a_constant_target_is_left_out():
    dataset = office(16)
    dataset = replace(dataset, frame=dataset.frame.assign(co2=500.0))
    windows = windows_of(dataset, share=0.05)
    probes = probe_states([some_state(windows)], windows, dataset, seed=0)
    assert probes.concepts == ("hour of day", "weekday or weekend", "occupancy", "ventilation")
    assert "Not probed: CO₂: it is constant" in probes_finding(probes)


def test_weekends_are_left_out_where_none_is_held_out():
    dataset = office(16)
    windows = windows_of(dataset, share=0.05)
    last_friday = int(np.flatnonzero(windows.origin.day_of_week == 4)[-1])
    working = windows.select(torch.arange(last_friday))
    assert working.origin.day_of_week.max() == 6  # there is one to fit on
    probes = probe_states([some_state(working)], working, dataset, seed=0)
    assert probes.concepts == ("hour of day", "CO₂", "occupancy", "ventilation")
    assert "weekday or weekend: a class is missing" in probes_finding(probes)


def test_too_short_a_test_part_is_said():
    dataset = office(4)
    windows = windows_of(dataset, share=0.4)
    state = states_of(windows, np.zeros((len(windows), 2)))
    probes = probe_states([state], windows, dataset, seed=0)
    assert probes.probes == ()
    assert probes_finding(probes).startswith("Nothing could be probed. Not probed: ")
    assert "are too few to hold the last 30 % back" in probes_finding(probes)
    assert probes.to_frame().empty
    assert probes.facts() == {"held_out_windows": 0, "held_out_days": 0}


def test_states_of_other_windows_are_refused():
    dataset = office()
    windows = windows_of(dataset)
    fewer = windows.select(torch.arange(200))
    with pytest.raises(LstmkitError, match="not those of the windows"):
        probe_states([states_of(fewer, np.zeros((200, 2)))], windows, dataset, seed=0)


def test_a_constant_state_knows_nothing():
    dataset = office()
    windows = windows_of(dataset)
    probes = probe_states([states_of(windows, np.full((len(windows), 4), 0.3))], windows, dataset, seed=0)
    assert max(abs(probe.score) for probe in probes.probes) < 0.05
    json.dumps(probes.facts(), allow_nan=False)


def test_the_regime_is_a_class_for_each_range():
    dataset = office()
    windows = windows_of(dataset)
    concept = group_concept(states_of(windows, np.zeros((len(windows), 1))))
    assert concept.name == "Low/Medium/High regime"
    expected = np.digitize(truths(dataset, windows)[:, 3], [-0.5, 0.5])
    np.testing.assert_array_equal(concept.truth[:, 0], expected)


def test_hours_have_their_minutes():
    origin = pd.DatetimeIndex(["2025-06-02 06:00", "2025-06-02 18:30"], tz="America/New_York")
    zeros = np.zeros(2)
    groups, calendar = ranges(zeros, EDGES), Calendar("1h")
    state = Representation("s", zeros[:, None], origin, zeros, groups.codes, groups, "ppm", calendar)
    hour = concepts(state, replace(office(), latents=pd.DataFrame()))[0]
    half = np.pi / 24
    np.testing.assert_allclose(hour.truth, [[1, 0], [-np.cos(half), np.sin(half)]], atol=1e-12)


def made(
    concept: str, stage: str, score: float, baseline: float, low: float | None, high: float | None
) -> Probe:
    return Probe(
        stage,
        concept,
        "R²",
        score,
        None if low is None else score - 0.1,
        None if high is None else score + 0.1,
        baseline,
        low,
        high,
        -0.05,
        0.1,
        0.2,
        3.21,
        9.9,
        "ppm",
    )


def test_findings_tell_more_from_less_and_both_from_no_difference():
    rows = [
        made("clock", "second", 0.8, 0.995, -0.3, -0.1),
        made("gained", "second", 0.8, 0.5, 0.2, 0.4),
        made("lost", "second", 0.3, 0.5, -0.3, -0.1),
        made("open", "second", 0.5, 0.5, -0.1, 0.1),
    ]
    finding = probes_finding(Probes(tuple(rows), (), 100, 1040, 30))
    assert finding == (
        "In 1,040 held-out windows of 30 days a linear probe of second reads clock to within 3.2 ppm (R² 0.80), gained "
        "to within 3.2 ppm (R² 0.80), lost to within 3.2 ppm (R² 0.30) and open to within 3.2 ppm (R² 0.50). Clock is "
        "given by the newest inputs; more than from the newest inputs is read about gained (score +0.30, 95 % interval "
        "+0.20 to +0.40); less than from the newest inputs is read about lost (score −0.20, 95 % interval −0.30 to "
        "−0.10); no clear difference to the newest inputs is seen for open (score 0.00, 95 % interval −0.10 to +0.10). "
        "With the days rearranged no score exceeds 0.10 (clock)."
    )


def test_findings_tell_what_was_learned_from_what_the_untrained_network_knows_as_well():
    rows = [
        replace(
            made("clock", "second", 0.8, 0.995, -0.3, -0.1),
            untrained=0.7,
            learned_low=0.05,
            learned_high=0.15,
        ),
        replace(
            made("air", "second", 0.8, 0.995, -0.3, -0.1),
            untrained=0.81,
            learned_low=-0.03,
            learned_high=0.01,
        ),
        replace(
            made("lost", "second", 0.8, 0.995, -0.3, -0.1),
            untrained=0.9,
            learned_low=-0.2,
            learned_high=-0.05,
        ),
    ]
    probes = Probes(tuple(rows), (), 100, 1040, 30)
    assert (
        " More than from the untrained network's state is read about clock (score +0.10, 95 % interval +0.05 to "
        "+0.15); less than from the untrained network's state is read about lost (score −0.10, 95 % interval −0.20 to "
        "−0.05); no clear difference to the untrained network's state is seen for air (score −0.01, 95 % interval "
        "−0.03 to +0.01)."
        " With the days" in probes_finding(probes)
    )
    assert "so nothing here is shown to be learned. With" in probes_finding(
        replace(probes, probes=tuple(rows[1:]))
    )
    assert probes.facts()["air_untrained"] == 0.81
    assert probes.summary()["untrained"].tolist() == [0.7, 0.81, 0.9]


def test_the_untrained_state_is_probed_beside_the_last_one():
    dataset = office()
    windows = windows_of(dataset)
    knows, blind = truths(dataset, windows), np.random.default_rng(0).normal(size=(len(windows), 6))
    first, last = states_of(windows, blind), replace(states_of(windows, knows), name="second")
    probes = probe_states([first, last], windows, dataset, seed=0, untrained=states_of(windows, blind))
    assert all(probe.untrained is None for probe in probes.probes if probe.stage == first.name)
    assert max(probe.untrained for probe in probes.of_last_stage) < 0.1
    assert min(probe.learned_low for probe in probes.of_last_stage) > 0.8
    assert (
        "more than from the untrained network's state is read about hour of day"
        in probes_finding(probes).lower()
    )
    with pytest.raises(LstmkitError, match="not those of the windows"):
        other = windows.select(torch.arange(len(windows) - 9))
        probe_states([last], windows, dataset, seed=0, untrained=states_of(other, blind[:-9]))


def test_of_few_days_no_difference_is_said_to_be_clear_or_unclear():
    rows = [
        made("clock", "first", 0.8, 0.995, None, None),
        made("gained", "first", 0.8, 0.5, None, None),
        made("lost", "first", 0.3, 0.5, None, None),
    ]
    probes = Probes(tuple(rows), (), 100, 90, 4)
    assert (
        " Clock is given by the newest inputs; the days are too few for an interval of the difference to the newest "
        "inputs, for gained (score +0.30) and lost (score −0.20). With" in probes_finding(probes)
    )
    assert probes_caption(probes) == (
        "Linear probes, fitted on 100 test windows and judged on 90 later ones of 4 days, a lookback apart; too few "
        "days for intervals."
    )
    json.dumps(probes.facts(), allow_nan=False)
