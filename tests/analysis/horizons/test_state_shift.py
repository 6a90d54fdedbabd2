"""The geometry of final states at several horizons: of the same windows, and what was planted in them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.horizons.state_shift import Outputs, StateShift, state_shift
from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.similarity import debiased_cka, shifted_cka
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.horizons.state_shift import state_shift_caption, state_shift_finding
from lstmkit.params import HiddenStateParams, SplitParams
from lstmkit.report.display import show_table
from tests.analysis.states.clouds import cloud
from tests.analysis.states.test_representation import Whole
from tests.groups import by_edges
from tests.series import dataset_of, raw_windows

EDGES = (-0.5, 0.5)
TURN = np.array([[0.6, -0.8], [0.8, 0.6]])


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


SERIES = dataset_of({"co2": noise(0, 60 * 24), "temperature": noise(1, 60 * 24)})


def windows_of(horizon: int) -> Windows:
    return raw_windows(SERIES, horizon, SplitParams(validation_blocks=1), lookback=24, residual="none")[
        "test"
    ]


def clock(windows: Windows) -> np.ndarray:
    angle = 2 * np.pi * windows.origin.hour.to_numpy() / 24
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def outputs_of(windows: Windows, last: np.ndarray, correction: np.ndarray | None = None) -> Outputs:
    """The last layer as given over a first one of noise; forecasts that add the correction to the residual baseline."""
    states = np.stack([noise(2, *last.shape), last], axis=1)
    correction = noise(3, len(windows)) if correction is None else correction
    return Outputs(windows, Whole(states), Whole(windows.without_network()[..., 0] + correction[:, None]))


def shift_of(*outputs: Outputs, windows: int = 4096) -> StateShift:
    groups = by_edges(outputs[0].windows, EDGES)
    return state_shift(outputs, groups, HiddenStateParams(windows=windows), seed=0)


def test_the_same_windows_at_every_horizon_the_nearest_first():
    day, hour = windows_of(24), windows_of(1)
    shift = shift_of(outputs_of(day, clock(day)), outputs_of(hour, clock(hour)), windows=50)
    assert shift.horizons == ("1 h", "24 h")
    assert shift.n_windows == 50 < len(day) < len(hour)
    near, far = (each.representation for each in shift.geometries)
    assert near.origin.equals(far.origin)
    assert (near.name, far.name) == ("1 h ahead", "24 h ahead")
    np.testing.assert_array_equal(near.values, far.values)
    assert near.origin[[0, -1]].equals(day.origin[[0, -1]])
    assert "for the same 50 test windows" in state_shift_caption(shift)


def test_from_the_clock_to_the_correction():
    hour, day = windows_of(1), windows_of(24)
    correction = noise(4, len(day))
    shift = shift_of(
        outputs_of(hour, clock(hour)), outputs_of(day, correction[:, None] * [[1.0, 2.0]], correction)
    )
    table = shift.to_frame()
    assert table.index.tolist() == ["1 h", "24 h"]
    assert table["components_90"].tolist() == [2, 1]
    assert table["effective_dimension"].tolist() == pytest.approx([2, 1], abs=1e-3)
    assert table.loc["1 h", "hour of day %"] == pytest.approx(100)
    assert table.loc["24 h", "correction %"] == pytest.approx(100)
    assert max(table.loc["1 h", "correction %"], table.loc["24 h", "hour of day %"]) < 5
    facts = shift.facts()
    assert facts["hour_of_day_percent 1 h"] == pytest.approx(100)
    assert facts["components_90 24 h"] == 1
    assert facts["windows"] == len(day)
    json.dumps(facts, allow_nan=False)


def test_what_is_turned_and_scaled_is_the_same_and_independent_noise_is_not():
    hour, day, two = windows_of(1), windows_of(24), windows_of(2)
    own = noise(5, len(hour), 3)
    states = [own[:, :2], 3 * own[: len(two), :2] @ TURN + 5, noise(6, len(day), 2)]
    shift = shift_of(*(outputs_of(w, s) for w, s in zip((hour, two, day), states, strict=True)))
    alignment = shift.to_frame()[["CKA with 1 h", "CKA with 2 h", "CKA with 24 h"]].to_numpy()
    np.testing.assert_allclose(np.diag(alignment), 1)
    assert alignment[0, 1] == pytest.approx(1)
    assert abs(alignment[0, 2]) < 0.05
    np.testing.assert_allclose(alignment, alignment.T)
    ends = own[: len(day), :2], states[2]
    assert alignment[0, 2] == pytest.approx(debiased_cka(*ends))
    assert shift.shifted == shifted_cka(*ends, seed=0)
    assert shift.facts()["alignment"] == alignment[0, 2]


def made(
    first: np.ndarray, last: np.ndarray, latest: np.ndarray | float, correction: np.ndarray
) -> StateShift:
    geometries = tuple(
        geometry(cloud(values, latest, name=f"{h} h ahead"), correction)
        for h, values in ((1, first), (24, last))
    )
    return StateShift(("1 h", "24 h"), geometries, np.array([[1.0, 0.25], [0.25, 1.0]]), 0.1)


def moment(days: int = 7) -> np.ndarray:
    hour = cloud(np.zeros((24 * days, 1))).phase
    return np.stack([np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24)], axis=1)


def test_the_finding_says_the_numbers():
    # even hours are low, odd ones high. From an hour the distances to its own twelve are 2 cot π/24 = 15.19, to the
    # others 2 / sin π/24 = 15.32, seven times each: (7 · 15.32 / 84) / (7 · 15.19 / 83) − 1 is a silhouette of −0.003
    correction = np.tile([-1.0, 1.0], 84)
    latest = np.where(correction > 0, 600.0, 400.0)
    found = state_shift_finding(made(moment(), correction[:, None] * [[1.0, 2.0]], latest, correction))
    assert found == (
        "1 h ahead 90 % of the variance lies in 2 of 2 components (2.0 effective dimensions), 24 h ahead in 1 (1.0). "
        "Regime, hour and weekend together account for 100 % of the variance 1 h ahead and 100 % 24 h ahead, the "
        "correction for 0 % and 100 %. The regimes lie within one another 1 h ahead (mean silhouette 0.00) and lie "
        "clearly apart 24 h ahead (1.00). Linear CKA of the two is 0.25 (1 is the same up to a rotation and a scale); "
        "shifted in time it stays below 0.10 in 95 % of the cases. So the two are more alike than a common rhythm "
        "makes them."
    )


def test_the_verdict_depends_on_what_a_common_rhythm_makes():
    shift = made(moment(), moment() @ TURN, 500.0, noise(0, 168))
    assert "So the two are more alike than a common rhythm makes them." in state_shift_finding(shift)
    assert "So the two are no more alike than" in state_shift_finding(replace(shift, shifted=0.25))
    assert "All windows start in one regime." in state_shift_finding(shift)
    assert "regime_silhouette 1 h" not in shift.facts()
    apart = state_shift_finding(made(moment(), moment(), np.tile([400.0, 600.0], 84), noise(0, 168)))
    assert "The regimes lie within one another at both (mean silhouette 0.00 and 0.00)." in apart


def test_states_that_never_change_are_named():
    hour, day = windows_of(1), windows_of(24)
    shift = shift_of(outputs_of(hour, clock(hour)), outputs_of(day, np.full((len(day), 2), 0.1)))
    assert state_shift_finding(shift) == (
        "24 h ahead the LSTM ends in the same state after every window: nothing to compare."
    )
    assert "alignment" not in shift.facts()
    json.dumps(shift.facts(), allow_nan=False)
    numbers = shift.to_frame().drop(columns="regime_silhouette")
    assert np.isfinite(numbers.to_numpy().astype(float)).all()


def test_a_reader_sees_whole_components_and_a_dash_where_there_is_no_silhouette(capsys):
    table = made(moment(), moment(), 500.0, noise(0, 168)).summary()
    assert list(table.columns) == ["1 h", "24 h"]
    show_table(table)
    assert table.loc["components that hold 90 % of the variance"].tolist() == [2, 2]
    assert table.loc["variance that follows hour of day (%)", "1 h"] == pytest.approx(100)
    assert list(table.index[-2:]) == ["CKA with 1 h", "CKA with 24 h"]
    shown = capsys.readouterr().out
    assert "None" not in shown
    assert "–" in shown


def test_one_horizon_has_nothing_to_be_compared_with():
    hour = windows_of(1)
    with pytest.raises(LstmkitError, match="the study has one"):
        shift_of(outputs_of(hour, clock(hour)))


def test_regimes_and_unit_are_those_of_the_study():
    hour, day = windows_of(1), windows_of(24)
    shift = shift_of(outputs_of(hour, clock(hour)), outputs_of(day, clock(day)))
    state = shift.geometries[0].representation
    latest = pd.Series(SERIES.frame["co2"].to_numpy(), SERIES.local_time)[state.origin]
    np.testing.assert_allclose(state.latest, latest, atol=1e-5)  # float32
    np.testing.assert_array_equal(state.group, np.digitize(state.latest, [-0.5, 0.5]))
    assert state.unit == "ppm"
