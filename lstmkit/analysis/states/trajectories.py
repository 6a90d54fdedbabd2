"""The path of a hidden state through its space while the LSTM reads a window, and how much reading it needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lstmkit.analysis.states.geometry import Geometry
from lstmkit.data.calendar import Calendar
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.called_lstms import called_lstms
from lstmkit.internals.recurrent import LSTMCall, lstm_reader, record_final_states
from lstmkit.internals.running import evaluated
from lstmkit.internals.step_places import Place, step_places
from lstmkit.params import HiddenStateParams

FOLLOWED = 256  # windows that the distances are taken from
BATCH, FEW = 32, 8
NEAR = 0.25  # of the spread of the final states
READ_HOURS = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 36, 48, 72, 96, 120, 144)
READ_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 36, 48, 72, 96, 120, 144)  # of a day or longer
QUARTILES = (0.25, 0.5, 0.75)
MOST = 0.9  # of the windows

Reader = Callable[[Float[Tensor, "batch time feature"]], LSTMCall]
"""From inputs of a model to what one of its LSTMs reads."""


class NoPathError(LstmkitError):
    """The states of an LSTM have no path in time over the lookback."""


class TrajectoryFacts(TypedDict):
    """What a summary needs of the trajectories.

    Attributes:
        followed: windows that the quartiles are taken over.
        settled_hours: median hours before the forecast from which on a path stays near its end, where states vary.
        spreads_per_hour: median way of a state per hour, in spreads of the final states.
        needed_hours: the shortest history that was tried from which on the median state is near its place, if one is.
        tried_hours: the longest that was tried.
        needed_by_most: the shortest one for nine windows in ten, if one is.
    """

    followed: int
    settled_hours: NotRequired[float]
    spreads_per_hour: NotRequired[float]
    needed_hours: NotRequired[float]
    tried_hours: NotRequired[float]
    needed_by_most: NotRequired[float]


@dataclass(frozen=True)
class Trajectories:
    """Paths of the last layer's hidden state over the lookback.

    Distances are Euclidean, over all units, in units of the final states' spread: the root mean square of
    their distances from their mean.

    Attributes:
        geometry: of the final states, whose components the paths are seen in.
        windows: positions of the drawn windows in the geometry, by rising target at the origin.
        paths: their coordinates, shape (path, step, component).
        start: coordinates of the zero state in which every path begins.
        hours_before: hours from each step to the forecast's origin, oldest first.
        lookback_hours: length of the whole window.
        to_end: quartiles, over windows, of the distance from each step's state to the path's end,
            shape (quartile, step).
        settled_hours: quartiles of the hours before the forecast from which on a path stays NEAR its end.
        speed: quartiles of the way per hour, over windows and steps.
        read_hours: hours of a shortened window.
        read_distance: quartiles of the distance between the final states after the shortened window and after
            the whole one, shape (quartile, read_hours).
        read_most: the distance that MOST windows do not exceed, shape (read_hours,).
        n_followed: windows that the quartiles are taken over.
    """

    geometry: Geometry
    windows: Int[np.ndarray, "path"]
    paths: Float[np.ndarray, "path step component"]
    start: Float[np.ndarray, "component"]
    hours_before: Float[np.ndarray, "step"]
    lookback_hours: float
    to_end: Float[np.ndarray, "3 step"]
    settled_hours: Float[np.ndarray, "3"]
    speed: Float[np.ndarray, "3"]
    read_hours: Float[np.ndarray, "length"]
    read_distance: Float[np.ndarray, "3 length"]
    read_most: Float[np.ndarray, "length"]
    n_followed: int

    @property
    def calendar(self) -> Calendar:
        """Of the series."""
        return self.geometry.representation.calendar

    @property
    def step_hours(self) -> float:
        """Mean length of the series' steps."""
        return self.calendar.step / pd.Timedelta("1h")

    @property
    def needed_hours(self) -> float | None:
        """The shortest history from which on the median state is NEAR to where the whole window brings it."""
        return self._enough(self.read_distance[1])

    @property
    def needed_by_most(self) -> float | None:
        """The same for MOST windows."""
        return self._enough(self.read_most)

    def _enough(self, distance: Float[np.ndarray, "length"]) -> float | None:
        near = np.logical_and.accumulate(distance[::-1] <= NEAR).sum()
        return float(self.read_hours[-near]) if near else None

    def to_frame(self) -> pd.DataFrame:
        """The drawn paths in the plane of the first two components, one row per window and step."""
        origins = self.geometry.representation.origin[self.windows]
        index = pd.MultiIndex.from_product([origins, self.hours_before], names=["origin", "hours_before"])
        plane = self.paths[:, :, :2].reshape(-1, 2)
        return pd.DataFrame(plane, columns=["PC1", "PC2"], index=index)

    def facts(self) -> TrajectoryFacts:
        """The numbers that a summary needs; where every window ends in the same state, no hours."""
        facts: TrajectoryFacts = {"followed": self.n_followed}
        if not self.geometry.shares.any():
            return facts
        facts["settled_hours"] = float(self.settled_hours[1])
        facts["spreads_per_hour"] = float(self.speed[1])
        if self.needed_hours is not None:
            facts["needed_hours"] = self.needed_hours
            facts["tried_hours"] = float(self.read_hours[-1])
        if self.needed_by_most is not None:
            facts["needed_by_most"] = self.needed_by_most
        return facts


def trajectories(
    model: nn.Module,
    windows: Windows,
    geometry: Geometry,
    params: HiddenStateParams,
    lstm: str | None = None,
) -> Trajectories:
    """Follow the hidden state of the last layer of one of a model's LSTMs over the lookback.

    Args:
        model: in evaluation mode, with an `nn.LSTM`.
        windows: from which the geometry's final states come.
        geometry: of the last layer's final states.
        params: how many windows the geometry has, and how many paths are drawn.
        lstm: name of the LSTM, as in `model.named_modules()`; the one that the model calls first if not given.

    Raises:
        NoPathError: the LSTM also reads backwards, or its steps do not lie in the window.
        LstmkitError: the model calls no LSTM of this name.
    """
    x, _ = next(windows.batches(FEW))
    name = called_lstms(model, x).first if lstm is None else lstm
    read = path_reader(model, x, name, windows.horizon)
    windows = windows.spread(params.windows)
    drawn = _across(geometry.representation.latest, params.trajectories)
    followed = windows.spread(FOLLOWED)
    spread, hours = geometry.spread or 1.0, windows.interval / pd.Timedelta("1h")
    whole = state_paths(model, read, windows.select(torch.from_numpy(drawn)))
    paths = geometry.project(np.concatenate(list(whole)))
    step, n_steps = input_steps(read, x), paths.shape[1]
    walked = [
        (_norm(path - path[:, -1:]), _norm(np.diff(path, axis=1)))
        for path in state_paths(model, read, followed)
    ]
    to_end, moved = (np.concatenate(distances) / spread for distances in zip(*walked, strict=True))
    shortest = windows.lookback - (n_steps - 1) * step  # what the LSTM's first step takes
    tried = [round(h / hours) for h in READ_HOURS] if windows.calendar.is_within_days else READ_STEPS
    lengths = [steps for steps in dict.fromkeys(tried) if shortest <= steps < windows.lookback]
    hours_before = np.arange(n_steps - 1, -1, -1) * step * hours
    apart = _after_reading(model, name, followed, lengths) / spread
    return Trajectories(
        geometry=geometry,
        windows=drawn,
        paths=paths,
        start=geometry.project(np.zeros(geometry.representation.values.shape[1])),
        hours_before=hours_before,
        lookback_hours=windows.lookback_hours,
        to_end=np.quantile(to_end, QUARTILES, axis=0),
        settled_hours=np.quantile(_settled(to_end, hours_before), QUARTILES),
        speed=np.quantile(moved, QUARTILES) / (step * hours) if moved.size else np.zeros(3),
        read_hours=np.array(lengths) * hours,
        read_distance=np.quantile(apart, QUARTILES, axis=0),
        read_most=np.quantile(apart, MOST, axis=0),
        n_followed=len(followed),
    )


def _across(values: Float[np.ndarray, "window"], size: int) -> Int[np.ndarray, "chosen"]:
    """Positions of the values in the middle of each of `size` equally frequent ranges, by rising value."""
    middles = (np.arange(size) + 0.5) / size * len(values)
    return np.argsort(values, kind="stable")[np.unique(middles.astype(int))]


def path_reader(model: nn.Module, x: Float[Tensor, "window time feature"], name: str, horizon: int) -> Reader:
    """Returns what an LSTM reads, in its last call, which ends in the final state.

    Args:
        model: in evaluation mode.
        x: some inputs of the model.
        name: of the LSTM, as in `model.named_modules()`.
        horizon: steps ahead.

    Raises:
        NoPathError: the LSTM also reads backwards, or its steps do not lie in the window.
    """
    read = lstm_reader(model, x, name)
    call, places = read(x)[-1], step_places(model, x, horizon)
    if call.lstm.bidirectional:
        raise NoPathError("half of a bidirectional LSTM reads backwards: its states have no path in time")
    if places[call.name] is not Place.WINDOW:
        others = [other for other, place in places.items() if place is Place.WINDOW]
        instead = f"; {', '.join(others)} can be followed" if others else ""
        raise NoPathError(
            f"the steps of the LSTM {call.name} lie {places[call.name].value}: its states have no path over the "
            f"lookback{instead}"
        )
    return lambda x: read(x)[-1]


def state_paths(
    model: nn.Module, read: Reader, windows: Windows
) -> Iterator[Float[np.ndarray, "batch step unit"]]:
    """Hidden states of an LSTM's last layer at every step, some windows at a time.

    Args:
        model: in evaluation mode.
        read: of the LSTM.
        windows: all of which are read.
    """
    for x, _ in windows.batches(BATCH):
        with torch.inference_mode(), evaluated(model):
            call = read(x)
            first = call.lstm.batch_first
            states, _ = call.lstm(call.x if first else call.x.transpose(0, 1), call.state)
        yield (states if first else states.transpose(0, 1)).double().cpu().numpy()


def _after_reading(
    model: nn.Module, name: str, windows: Windows, lengths: list[int]
) -> Float[np.ndarray, "window length"]:
    """Distance of the last layer's final state after the newest steps from the one after all of them."""
    found = []
    for x, _ in windows.batches(BATCH):
        with torch.inference_mode(), record_final_states(model, name) as states:
            for steps in (*lengths, windows.lookback):
                model(x[:, -steps:])
        *short, whole = (state[:, -1].double().cpu().numpy() for state in states)
        found.append(
            np.stack([_norm(state - whole) for state in short], axis=1) if short else np.zeros((len(x), 0))
        )
    return np.concatenate(found)


def _norm(states: Float[np.ndarray, "*state unit"]) -> Float[np.ndarray, "*state"]:
    return np.linalg.norm(states, axis=-1)


def _settled(
    to_end: Float[np.ndarray, "window step"], hours_before: Float[np.ndarray, "step"]
) -> Float[np.ndarray, "window"]:
    """Hours before the forecast of the first step from which on the distance stays small."""
    stays = np.logical_and.accumulate(to_end[:, ::-1] <= NEAR, axis=1)
    return hours_before[::-1][stays.sum(axis=1) - 1]


def input_steps(read: Reader, x: Float[Tensor, "window time feature"]) -> float:
    """Input steps per step of an LSTM: how many must go from a window until it makes one step less, and one more.

    Args:
        read: of the LSTM.
        x: some inputs of the model.
    """
    steps = (read(x[:, gone:]).x.shape[1] for gone in range(x.shape[1]))
    losses = (gone for gone, (before, after) in enumerate(pairwise(steps)) if after < before)
    found = list(islice(losses, 2))
    if len(found) == 2:
        return float(found[1] - found[0])
    return x.shape[1] / read(x).x.shape[1]
