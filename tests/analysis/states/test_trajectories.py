"""Trajectories: an LSTM set by hand whose state is a running mean, so that every path is known."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.states.geometry import geometry
from lstmkit.analysis.states.representation import representation_of
from lstmkit.analysis.states.trajectories import Trajectories, trajectories
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.trajectories import trajectories_finding
from lstmkit.internals.recurrent import record_final_states
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import HiddenStateParams
from tests.analysis.tiny import make_test_windows, state_of, stirred
from tests.groups import by_edges

EDGES = (-0.5, 0.5)
OPEN, SHUT = 40.0, -40.0  # of a gate, before the sigmoid


def fading(keep: float, units: int = 2, dtype=torch.float64) -> LSTMForecaster:
    """c ← keep · c + (1 − keep) · tanh(x), h = tanh(c): one unit per feature, nothing recurrent."""
    model = LSTMForecaster(units, 2, hidden=units, layers=1).to(dtype).eval()
    lstm, odds = model.lstm, np.log(keep / (1 - keep)) if keep else SHUT
    with torch.no_grad():
        for values in lstm.parameters():
            values.zero_()
        bias = lstm.bias_ih_l0
        bias[:units], bias[units : 2 * units], bias[3 * units :] = -odds, odds, OPEN
        lstm.weight_ih_l0[2 * units : 3 * units] = torch.eye(units)
    return model


def windows_of(n: int = 40, lookback: int = 24, interval: str = "1h", double: bool = True):
    windows = make_test_windows(n=n, lookback=lookback, features=("a", "b"), interval=interval)
    return dataclasses.replace(windows, inputs=windows.inputs.double()) if double else windows


def geometry_of(model: nn.Module, windows):
    x, _ = windows.gather(torch.arange(len(windows)))
    with torch.no_grad(), record_final_states(model) as states:
        model(x)
    final = states[0][:, -1].double().numpy()
    stage = representation_of("LSTM layer 1", final, windows, by_edges(windows, EDGES))
    return geometry(stage, np.zeros(len(windows)))


def follow(model: nn.Module, windows, n_paths: int = 8) -> Trajectories:
    return trajectories(model, windows, geometry_of(model, windows), HiddenStateParams(trajectories=n_paths))


def by_hand(x: np.ndarray, keep: float) -> np.ndarray:
    cells, cell = [], np.zeros_like(x[:, 0])
    for step in range(x.shape[1]):
        cell = keep * cell + (1 - keep) * np.tanh(x[:, step])
        cells.append(cell)
    return np.tanh(np.stack(cells, axis=1))


def test_paths_and_distances_by_hand():
    model, windows = fading(0.8), windows_of()
    found = follow(model, windows)
    x, _ = windows.gather(torch.arange(40))
    states = by_hand(x.numpy(), 0.8)
    latest = windows.latest()[:, 0]
    order = np.argsort(latest)[[2, 7, 12, 17, 22, 27, 32, 37]]  # the middles of eight ranges of five
    np.testing.assert_array_equal(found.windows, order)
    cut = found.geometry
    np.testing.assert_allclose(found.paths, cut.project(states[order]), atol=1e-9)
    np.testing.assert_allclose(found.paths[:, -1], cut.scores[order], atol=1e-9)
    np.testing.assert_allclose(found.start, cut.project(np.zeros(2)), atol=1e-12)
    spread = np.sqrt(((states[:, -1] - states[:, -1].mean(axis=0)) ** 2).sum(axis=1).mean())
    to_end = np.sqrt(((states - states[:, -1:]) ** 2).sum(axis=2)) / spread
    np.testing.assert_allclose(found.to_end, np.quantile(to_end, [0.25, 0.5, 0.75], axis=0), atol=1e-9)
    settled = [next(h for h in range(23, -1, -1) if (one[23 - h :] <= 0.25).all()) for one in to_end]
    np.testing.assert_allclose(found.settled_hours, np.quantile(settled, [0.25, 0.5, 0.75]))
    moved = np.sqrt((np.diff(states, axis=1) ** 2).sum(axis=2)) / spread
    np.testing.assert_allclose(found.speed, np.quantile(moved, [0.25, 0.5, 0.75]), atol=1e-9)
    assert found.n_followed == 40
    assert found.read_hours.tolist() == [1, 2, 3, 4, 6, 8, 12, 16, 20]
    for column, hours in enumerate([1, 2, 3, 4, 6, 8, 12, 16, 20]):
        short = by_hand(x.numpy()[:, -hours:], 0.8)[:, -1]
        apart = np.sqrt(((short - states[:, -1]) ** 2).sum(axis=1)) / spread
        np.testing.assert_allclose(
            found.read_distance[:, column], np.quantile(apart, [0.25, 0.5, 0.75]), atol=1e-9
        )
        assert found.read_most[column] == pytest.approx(np.quantile(apart, 0.9), abs=1e-9)


def test_a_memory_without_duration_needs_one_step():
    found = follow(fading(0.0), windows_of(interval="5min"))
    assert found.needed_hours == pytest.approx(0.25)  # the shortest that is tried
    assert found.read_distance.max() < 1e-9
    assert (
        "Reading no more than the newest 15 min leads as near to where the whole 2 h lead"
        in trajectories_finding(found)
    )
    assert found.facts()["needed_hours"] == pytest.approx(0.25)


def test_a_memory_without_end_needs_the_whole_window():
    # h = tanh of the mean of 24 steps, nearly: what is not read is missing
    found = follow(fading(0.995), windows_of())
    assert found.needed_hours is None or found.needed_hours >= 16
    longer = follow(fading(0.995), windows_of(lookback=6))
    assert longer.needed_hours is None
    assert "No shorter history that was tried leads as near" in trajectories_finding(longer)
    assert "needed_hours" not in longer.facts()


def test_the_finding_says_when_paths_settle():
    found = dataclasses.replace(follow(fading(0.8), windows_of()), settled_hours=np.array([0.5, 2.0, 11.6]))
    assert trajectories_finding(found).startswith(
        "The median path comes within a quarter of the cloud's spread of its end 2 h before the forecast and stays "
        "there (half of the paths between 30 min and 11.6 h); it moves "
    )
    last = dataclasses.replace(found, settled_hours=np.array([0.0, 0.0, 1.0]))
    assert trajectories_finding(last).startswith(
        "The median path comes within a quarter of the cloud's spread of its end only with its last step; it moves "
    )


def test_a_short_history_that_is_near_by_chance_does_not_count():
    found = follow(fading(0.8), windows_of())
    distance = np.ones_like(found.read_distance)
    distance[:, [0, 5, 6, 7, 8]] = 0.1
    found = dataclasses.replace(found, read_distance=distance)
    assert found.needed_hours == 8


def test_what_nine_windows_in_ten_need_is_said_beside_the_median():
    found = follow(fading(0.8), windows_of())

    def near_from(first):
        return np.where(found.read_hours >= first, 0.1, 1.0)

    distance = np.stack([near_from(1), near_from(2), near_from(4)])
    found = dataclasses.replace(found, read_distance=distance, read_most=near_from(12))
    assert trajectories_finding(found).endswith(
        "Reading no more than the newest 2 h leads as near to where the whole 24 h lead, in the median of 40 windows; "
        "nine in ten need 12 h."
    )
    assert found.facts() | {"needed_hours": 2, "needed_by_most": 12, "tried_hours": 20} == found.facts()
    never = dataclasses.replace(found, read_most=near_from(30))
    assert trajectories_finding(never).endswith("nine in ten need more than the 20 h that were tried.")
    assert "needed_by_most" not in never.facts()


@pytest.mark.parametrize(
    ("lookback", "pool", "interval", "hours"),
    [
        (12, 2, "5min", np.arange(5, -1, -1) / 6),
        (13, 2, "1h", [12, 10, 8, 6, 4, 2, 0]),
        (9, 4, "1h", [8, 4, 0]),
    ],
)
def test_pooled_steps_are_longer(lookback, pool, interval, hours):
    model = stirred(CNNLSTMForecaster(2, 2, channels=(3, 4), hidden=4, head=3, pool=pool))
    windows = windows_of(lookback=lookback, interval=interval, double=False)
    found = follow(model, windows, n_paths=3)
    np.testing.assert_allclose(found.hours_before, hours)
    assert found.lookback_hours == pytest.approx(lookback * (1 if interval == "1h" else 1 / 12))
    np.testing.assert_allclose(found.paths[:, -1], found.geometry.scores[found.windows], atol=1e-6)
    x, _ = windows.gather(torch.arange(40))
    with torch.no_grad(), record_final_states(model) as states:
        model(x)
        model(x[:, -4:])
    if interval == "1h":  # the length of four hours
        whole, short = (state[:, -1].double().numpy() for state in states)
        apart = np.linalg.norm(short - whole, axis=1) / found.geometry.spread
        column = found.read_hours.tolist().index(4)
        assert found.read_distance[1, column] == pytest.approx(np.median(apart), rel=1e-4)


class Strided(nn.Module):
    """An LSTM behind a convolution of five steps that moves by two, without padding."""

    def __init__(self):
        super().__init__()
        self.convolution, self.lstm = nn.Conv1d(2, 3, 5, stride=2), nn.LSTM(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.lstm(self.convolution(x.mT).mT)[0][:, -1])


class Averaged(Strided):
    """An LSTM behind the means of three steps."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Sequential(nn.AvgPool1d(3), nn.Conv1d(2, 3, 1))


class SevenMeans(Strided):
    """An LSTM behind seven means, however many steps there are."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Sequential(nn.AdaptiveAvgPool1d(7), nn.Conv1d(2, 3, 1))


class PooledBeside(LSTMForecaster):
    """An LSTM on every step, with a pool that is not in its way."""

    def __init__(self):
        super().__init__(2, 2, hidden=4)
        self.pool = nn.MaxPool1d(2)


@pytest.mark.parametrize(
    ("model", "hours", "shortest"),
    [
        (Strided, np.arange(0, 45, 2)[::-1], 6),  # (49 − 5) / 2 + 1 = 23 steps; the first takes 5 h
        (Averaged, np.arange(0, 46, 3)[::-1], 4),  # 16 steps, and one left over
        (SevenMeans, np.arange(0, 43, 7)[::-1], 8),
        (PooledBeside, np.arange(48, -1, -1), 1),
    ],
)
def test_a_step_of_the_lstm_is_as_long_as_what_lies_before_it_makes_it(model, hours, shortest):
    model, windows = stirred(model()), windows_of(lookback=49, double=False)
    found = follow(model, windows, n_paths=3)
    np.testing.assert_allclose(found.hours_before, hours)
    assert found.read_hours[0] == shortest


class TimeFirst(LSTMForecaster):
    """Reads time along the first axis."""

    def __init__(self):
        super().__init__(2, 2, hidden=4, layers=2)
        self.lstm.batch_first = False

    def forward(self, x):
        return self.projection(self.lstm(x.transpose(0, 1))[0][-1])


def test_a_path_is_the_same_where_time_comes_first():
    model, other = stirred(LSTMForecaster(2, 2, hidden=4, layers=2)), TimeFirst()
    other.load_state_dict(model.state_dict())
    windows = windows_of(lookback=7, double=False)
    one, again = (follow(each.eval(), windows, n_paths=3) for each in (model, other))
    np.testing.assert_allclose(again.paths, one.paths, atol=1e-5)
    np.testing.assert_allclose(again.to_end, one.to_end, atol=1e-5)
    np.testing.assert_array_equal(again.hours_before, one.hours_before)


def test_the_last_layer_is_followed():
    model, windows = stirred(LSTMForecaster(2, 2, hidden=4, layers=2)), windows_of(double=False)
    found = follow(model, windows)
    np.testing.assert_allclose(found.paths[:, -1], found.geometry.scores[found.windows], atol=1e-6)
    assert found.to_end[:, -1].max() == 0


def test_as_many_windows_as_the_geometry_has():
    model, windows = fading(0.8), windows_of(n=200)
    params = HiddenStateParams(windows=50, trajectories=4)
    chosen = windows.spread(50)
    found = trajectories(model, windows, geometry_of(model, chosen), params)
    np.testing.assert_allclose(found.paths[:, -1], found.geometry.scores[found.windows], atol=1e-9)
    assert found.n_followed == 50


def test_no_more_paths_than_windows():
    found = follow(fading(0.8), windows_of(n=3), n_paths=8)
    assert sorted(found.windows.tolist()) == [0, 1, 2]
    assert np.isfinite(found.to_frame().to_numpy()).all()


def test_a_window_of_one_step():
    found = follow(fading(0.8), windows_of(lookback=1))
    assert found.hours_before.tolist() == [0]
    assert found.read_hours.size == 0
    assert found.needed_hours is None
    assert found.speed.tolist() == [0, 0, 0]
    assert "nan" not in trajectories_finding(found)


def test_states_that_never_change_are_said_to_be_one():
    model = fading(0.8)
    with torch.no_grad():
        model.lstm.weight_ih_l0.zero_()
    found = follow(model, windows_of())
    assert trajectories_finding(found) == "Every window ends in the same state: all paths lead to one point."
    assert found.facts() == {"followed": 40}
    assert np.isfinite(found.to_end).all()
    assert np.isfinite(found.read_distance).all()


def test_what_has_no_path_is_refused():
    windows = windows_of()
    cut = geometry_of(fading(0.8), windows)
    both = nn.LSTM(2, 2, batch_first=True, bidirectional=True).double()
    with pytest.raises(LstmkitError, match="reads backwards"):
        trajectories(both, windows, cut, HiddenStateParams())
    with pytest.raises(LstmkitError, match=r"no nn\.LSTM"):
        trajectories(nn.Linear(2, 2), windows, cut, HiddenStateParams())


def test_the_model_stays_as_it_was():
    model, windows = fading(0.8), windows_of()
    before = state_of(model)
    follow(model, windows)
    assert state_of(model) == before


def test_frame_and_facts():
    found = follow(fading(0.8), windows_of(), n_paths=3)
    frame = found.to_frame()
    assert len(frame) == 3 * 24
    origin = found.geometry.representation.origin[found.windows[1]]
    np.testing.assert_array_equal(frame.loc[origin, "PC2"], found.paths[1, :, 1])
    assert frame.loc[origin].index.tolist() == list(range(23, -1, -1))
    assert {type(value) for value in found.facts().values()} == {int, float}
