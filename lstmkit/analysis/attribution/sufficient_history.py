"""How much of the newest input a forecast needs, when everything older is replaced by another window's past."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.analysis.resampling.statistics import FEWEST_DAYS, central_interval, local_days, side_of_zero
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.clock import place_in, time_of_day
from lstmkit.data.windows import Windows
from lstmkit.internals.running import forecast

ENOUGH = 0.95  # of the gain, or of the output
WINDOWS, LENGTHS, BATCH = 256, 10, 64
UNTRAINED_WINDOWS = 96  # enough for what determines an output, the only thing that is asked before training
RESAMPLINGS, CONFIDENCE = 400, 0.95
ROUNDING = 1e-9  # of a mean squared error; of a number of steps


class HistoryFacts(TypedDict):
    """How much history the forecast needs; what could not be measured is left out.

    Attributes:
        rmse: with the whole lookback, in the target's unit.
        rmse_rule: of the residual baseline alone.
        hours: the sufficient history.
        low: lower end of its 95 % interval, in hours.
        high: upper end.
        output_hours: hours of the newest input that determine the output.
    """

    rmse: float
    rmse_rule: float
    hours: NotRequired[float]
    low: NotRequired[float]
    high: NotRequired[float]
    output_hours: NotRequired[float]


@dataclass(frozen=True)
class SufficientHistory:
    """What is left of a network's gain and of its output when only its newest inputs are a window's own.

    The gain of a length is (MSE of the residual baseline alone − MSE with that length) / (MSE of the residual baseline
    alone − MSE with the whole lookback), over all steps ahead: 1 with the whole lookback, 0 where the network adds
    nothing, negative where it does harm.

    Attributes:
        steps: lengths of the history that is kept, rising to the whole lookback.
        step_hours: hours between input steps.
        rule: the residual baseline in words.
        rmse_rule: RMSE of the residual baseline alone, in the target's unit.
        rmse: RMSE with each length.
        gain: of each length; None where the network is not surely better than the residual baseline alone.
        gain_interval: its 95 % interval over resampled blocks of days, lower end first; None where there are too few
            days or there is no gain.
        sufficient: steps of the newest input from which on at least 95 % of the gain are left; None without a gain.
        sufficient_interval: its 95 % interval in steps; None as for the gain.
        reproduced: share of the output's variation that is there with each length: 1 less the mean squared change of
            the output, relative to that when the whole window is another's; None where the output never changes.
        output: steps of the newest input from which on at least 95 % of the output are reproduced; None as well.
        same_time: share of the windows whose older part comes from the same point of the calendar's cycles, such as the
            same time of another week.
        unit: of the target.
        n_windows: that were forecast.
        n_days: on which they start, or steps that are longer.
        calendar: of the series.
    """

    steps: Int[np.ndarray, "length"]
    step_hours: float
    rule: str
    rmse_rule: float
    rmse: Float[np.ndarray, "length"]
    gain: Float[np.ndarray, "length"] | None
    gain_interval: Float[np.ndarray, "2 length"] | None
    sufficient: int | None
    sufficient_interval: Float[np.ndarray, "2"] | None
    reproduced: Float[np.ndarray, "length"] | None
    output: int | None
    same_time: float
    unit: str
    n_windows: int
    n_days: int
    calendar: Calendar = HOURLY

    @property
    def hours(self) -> float | None:
        """The sufficient history in hours; None where the network gains nothing."""
        return None if self.sufficient is None else self.sufficient * self.step_hours

    @property
    def output_hours(self) -> float | None:
        """Hours of the newest input that determine the output; None where it never changes."""
        return None if self.output is None else self.output * self.step_hours

    @property
    def interval_hours(self) -> tuple[float, float] | None:
        """The 95 % interval of the sufficient history in hours; None where there is none."""
        if self.sufficient_interval is None:
            return None
        low, high = self.sufficient_interval
        return float(low * self.step_hours), float(high * self.step_hours)

    @property
    def lookback_hours(self) -> float:
        """Length of the lookback."""
        return float(self.steps[-1] * self.step_hours)

    def to_frame(self) -> pd.DataFrame:
        """One row per length: RMSE, gain with its interval, and the share of the output that is reproduced."""
        nothing = np.full(len(self.steps), np.nan)
        low, high = (nothing, nothing) if self.gain_interval is None else self.gain_interval
        columns = {
            "rmse": self.rmse,
            "gain": nothing if self.gain is None else self.gain,
            "gain_low": low,
            "gain_high": high,
            "reproduced": nothing if self.reproduced is None else self.reproduced,
        }
        lengths = self.steps * self.step_hours / self.calendar.unit_hours
        return pd.DataFrame(columns, index=pd.Index(lengths, name=f"{self.calendar.unit_key}s"))

    def facts(self) -> HistoryFacts:
        """The numbers for a summary; what could not be measured is left out."""
        facts: HistoryFacts = {"rmse": float(self.rmse[-1]), "rmse_rule": self.rmse_rule}
        if self.hours is not None:
            facts["hours"] = self.hours
        if self.interval_hours is not None:
            facts["low"], facts["high"] = self.interval_hours
        if self.output_hours is not None:
            facts["output_hours"] = self.output_hours
        return facts


def sufficient_history(
    model: nn.Module, windows: Windows, seed: int, size: int = WINDOWS, lengths: int = LENGTHS
) -> SufficientHistory:
    """Replace all but the newest inputs of windows by another window's past, and see what the forecast loses.

    Where the clock is among the inputs, the other window starts its forecast at the same time of another week, or on
    the same weekday or in the same month where steps are longer, if there is one, so that what changes is the past and
    not the clock: an hour that contradicts itself would harm the forecast for another reason than the
    missing past. Where it is not, a network may read the time of day from the past, and the other window starts at any
    time. Either is at least a lookback away, so that no input is shared. Where the two pasts meet there is a step that
    no real series has; what it costs makes the sufficient history longer. Features that look back themselves, such as
    lags, belong to the step at which they are read.

    Args:
        model: in evaluation mode.
        windows: usually the test part.
        seed: of the windows that are drawn, of their donors, and of the resamplings.
        size: how many windows are forecast.
        lengths: of the history that is kept, at most; spaced evenly on a logarithmic scale.

    Raises:
        LstmkitError: the model puts out other than finite forecasts of every step ahead.
    """
    chosen = _draw(len(windows), size, seed)
    donors, same_time = _donors(windows, chosen, seed)
    some = windows.select(torch.from_numpy(chosen))
    steps = np.unique(np.geomspace(1, windows.lookback, lengths).round().astype(np.int64))
    outputs = _outputs(model, windows, chosen, donors, [0, *steps.tolist()])
    squares = np.stack(
        [some.one((some.to_units(each) - some.observed()) ** 2).mean(axis=1) for each in outputs[1:]], axis=1
    )
    alone = some.one((some.without_network() - some.observed()) ** 2).mean(axis=1)
    gain, gain_interval, interval = _gains(some, alone, squares, steps, seed)
    reproduced = _reproduced([some.one(each) for each in outputs])
    return SufficientHistory(
        steps=steps,
        step_hours=windows.interval / pd.Timedelta("1h"),
        rule=windows.residual.rule,
        rmse_rule=float(np.sqrt(alone.mean())),
        rmse=np.sqrt(squares.mean(axis=0)),
        gain=gain,
        gain_interval=gain_interval,
        sufficient=None if gain is None else enough(steps, gain),
        sufficient_interval=interval,
        reproduced=reproduced,
        output=None if reproduced is None else enough(steps, reproduced),
        same_time=same_time,
        unit=windows.unit,
        n_windows=len(some),
        n_days=len(local_days(some.origin)[1]),
        calendar=windows.calendar,
    )


def enough(steps: Int[np.ndarray, "length"], share: Float[np.ndarray, "length"]) -> int:
    """Fewest steps from which on a share stays at 95 % or more, between two lengths by a line over their logarithm.

    Args:
        steps: rising.
        share: at each of them; at least 95 % at the last.
    """
    below = np.flatnonzero(share < ENOUGH)
    if not len(below):
        return int(steps[0])
    last = int(below[-1])
    (a, b), (low, high) = np.log(steps[last : last + 2]), share[last : last + 2]
    return int(np.ceil(np.exp(a + (b - a) * (ENOUGH - low) / (high - low)) * (1 - ROUNDING)))


def _draw(population: int, size: int, seed: int) -> Int[np.ndarray, "chosen"]:
    """A random sample in order of time: evenly spread windows could all start at the same few times of day."""
    return np.sort(np.random.default_rng(seed).permutation(population)[:size])


def _donors(
    windows: Windows, chosen: Int[np.ndarray, "chosen"], seed: int
) -> tuple[Int[np.ndarray, "chosen"], float]:
    """For each chosen window another one, and the share of those that start at the same point of all cycles."""
    rows = windows.starts.cpu().numpy()
    keys = [np.zeros(len(rows))]
    if any(each.is_clock for each in windows.provenance):
        keys = [*_points(windows), *keys]
    generator, found, same_time = np.random.default_rng(seed), [], 0
    for window in chosen:
        apart = np.abs(rows - rows[window]) >= windows.lookback
        candidates = [np.flatnonzero(apart & (key == key[window])) for key in keys]
        level = next((k for k, some in enumerate(candidates) if len(some)), None)
        if level is None:  # a part shorter than two lookbacks: the window that shares least
            found.append(int(np.abs(rows - rows[window]).argmax()))
            continue
        found.append(int(generator.choice(candidates[level])))
        same_time += len(keys) > 1 and level == 0
    return np.array(found), same_time / len(chosen)


def _points(windows: Windows) -> list[np.ndarray]:
    """Where in the calendar's cycles each window's forecast starts, most exactly first."""
    clock, calendar = windows.origin, windows.calendar
    if calendar.is_within_days:
        time = time_of_day(clock)
        in_week = (time + pd.to_timedelta(clock.day_of_week, unit="D")) // windows.interval
        return [in_week.to_numpy(), (time // windows.interval).to_numpy()]
    if calendar.resolves("week"):
        weekday = place_in("weekday", clock)
        return [12 * weekday + place_in("month", clock), weekday]
    return [place_in(calendar.position_kind, clock)] if calendar.resolves("year") else []


@torch.inference_mode()
def _outputs(
    model: nn.Module,
    windows: Windows,
    chosen: Int[np.ndarray, "chosen"],
    donors: Int[np.ndarray, "chosen"],
    kept: list[int],
) -> list[Float[Tensor, "chosen horizon target"]]:
    """What the model puts out with each number of steps kept, in the scaled unit."""
    found: list[list[Tensor]] = [[] for _ in kept]
    pairs = zip(torch.from_numpy(chosen).split(BATCH), torch.from_numpy(donors).split(BATCH), strict=True)
    for own, other in pairs:
        (x, _), (past, _) = windows.gather(own), windows.gather(other)
        for outputs, steps in zip(found, kept, strict=True):
            mixed = torch.cat([past[:, : windows.lookback - steps], x[:, windows.lookback - steps :]], dim=1)
            outputs.append(forecast(model, mixed, windows.shape, list(windows.origin[own.numpy()])))
    return [torch.cat(outputs) for outputs in found]


def _reproduced(outputs: list[Float[Tensor, "chosen horizon"]]) -> Float[np.ndarray, "length"] | None:
    """Of the outputs with a whole window of another's first, and with a whole one of their own last."""
    whole = outputs[-1].double()
    changes = np.array([float((each.double() - whole).square().mean()) for each in outputs])
    if changes[0] <= ROUNDING * float(whole.square().mean()):
        return None
    return 1 - changes[1:] / changes[0]


def _gains(
    windows: Windows,
    rule: Float[np.ndarray, "window"],
    squares: Float[np.ndarray, "window length"],
    steps: Int[np.ndarray, "length"],
    seed: int,
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """The gain of each length, its interval, and that of the sufficient history; None where nothing is gained."""
    gained = rule.mean() - squares.mean(axis=0)
    if gained[-1] <= ROUNDING * rule.mean():
        return None, None, None
    gain = gained / gained[-1]
    if len(local_days(windows.origin)[1]) < FEWEST_DAYS:
        return gain, None, None
    improvements = rule[:, None] - squares
    draws = ResampledDays(windows.origin, improvements, RESAMPLINGS, seed).sums(improvements)
    if side_of_zero(*central_interval(draws[:, -1], CONFIDENCE)) < 1:
        return None, None, None
    shares = draws[draws[:, -1] > 0]
    shares = shares / shares[:, -1:]
    ends = np.array([enough(steps, share) for share in shares], dtype=float)
    return gain, central_interval(shares, CONFIDENCE), central_interval(ends, CONFIDENCE)
