"""Which past step each step ahead reacts to: an atlas of lags and leads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from torch import nn

from lstmkit.analysis.attribution.lead_gradients import lead_gradients
from lstmkit.analysis.resampling.statistics import resample_blocks
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.clock import HOUR
from lstmkit.data.windows import Windows
from lstmkit.wording import feature_label

WINDOWS = 24  # each costs as many passes back through time as the LSTM has units
DRAWS = 200
BESIDE, NEAREST, NEAR = (
    1 / 8,
    1 / 6,
    1 / 48,
)  # of the shortest cycle: beside, nearest to the origin, still at its time
ROUNDING = 1e-6  # hours
CLEAR = 2  # standard errors
FAINT = 0.05  # a ridge that is no higher is none, however certain
VISIBLE = 1  # percent of the gradient; where the day before holds less there is nothing to call a ridge


@dataclass(frozen=True)
class Map:
    """Mean absolute gradients, in the target's unit per standard deviation of a feature.

    Attributes:
        values: of each lead, summed over features.
        hourly: the same, summed over the lags of each past hour and averaged over the leads of each hour ahead.
        hourly_error: its standard error over windows.
        newest: percent of the gradient on the newest hour, for the nearest and the farthest hour ahead.
        newest_error: its standard error over windows.
        ridge: gradient at the same time of the day before, or one of another shortest cycle, as a multiple of what lies
            up to three hours, or an eighth of the cycle, beside it; None where the lookback does not reach that, or
            where there is nothing beside it.
        ridge_error: its standard error over windows.
        cycle_before: percent of the gradient within half an hour, or a 48th of the cycle, of that time; None like it.
    """

    values: Float[np.ndarray, "lead lag"]
    hourly: Float[np.ndarray, "lead_hour lag_hour"]
    hourly_error: Float[np.ndarray, "lead_hour lag_hour"]
    newest: Float[np.ndarray, "2"]
    newest_error: Float[np.ndarray, "2"]
    ridge: float | None
    ridge_error: float | None
    cycle_before: float | None

    @property
    def has_ridge(self) -> bool:
        """Whether the cycle before stands out clearly from what lies beside it, and holds enough to be seen."""
        if self.ridge is None or self.ridge_error is None or self.is_faint:
            return False
        return self.ridge - 1 > max(FAINT, CLEAR * self.ridge_error)

    @property
    def is_faint(self) -> bool:
        """Whether the time one cycle before holds too little of the gradient to be called a ridge."""
        return self.cycle_before is not None and self.cycle_before < VISIBLE

    def hours_holding(self, lead_hour: int, share: float) -> int:
        """How many of the newest hours hold a share of the gradient of one hour ahead.

        Args:
            lead_hour: position of the hour ahead.
            share: between 0 and 1.
        """
        held = np.cumsum(self.hourly[lead_hour])
        return int(np.searchsorted(held, share * held[-1] * (1 - ROUNDING)) + 1)


@dataclass(frozen=True)
class Atlas:
    """How strongly what a network forecasts for each step ahead reacts to each past step, averaged over windows.

    Attributes:
        summed: over all features.
        own_past: of the target's own past alone; None where that is no feature.
        target: the target's label.
        hours_ahead: of each lead.
        hours_before: of each lag, zero the newest, falling.
        lead_hours: end of each hour ahead that `hourly` has.
        lag_hours: start of each past hour that `hourly` has, the newest first.
        unit: of the values.
        n_windows: windows that were averaged.
        calendar: of the series.
    """

    summed: Map
    own_past: Map | None
    target: str
    hours_ahead: Float[np.ndarray, "lead"]
    hours_before: Float[np.ndarray, "lag"]
    lead_hours: Float[np.ndarray, "lead_hour"]
    lag_hours: Float[np.ndarray, "lag_hour"]
    unit: str
    n_windows: int
    calendar: Calendar = HOURLY

    @property
    def beside_hours(self) -> float:
        """How far beside the time one cycle before the gradient is compared with it."""
        step = float(self.hours_ahead[0])
        return step * _reach(self.calendar, step)

    @property
    def maps(self) -> dict[str, Map]:
        """The maps by what they show, for titles and tables."""
        own = {} if self.own_past is None else {f"{self.target} alone": self.own_past}
        return {"all features": self.summed, **own}

    def to_frame(self) -> pd.DataFrame:
        """Hourly gradients and their standard errors, one row per map, hour ahead and past hour, or longer step."""
        unit, key = self.calendar.unit_hours, self.calendar.unit_key
        leads, lags = self.lead_hours, self.lag_hours
        if not self.calendar.is_within_days:
            leads, lags = self.hours_ahead / unit, self.hours_before[::-1] / unit
        index = pd.MultiIndex.from_product(
            [self.maps, leads, lags], names=["map", f"{key}s_ahead", f"{key}s_before"]
        )
        columns = {
            "gradient": np.ravel([each.hourly for each in self.maps.values()]),
            "standard_error": np.ravel([each.hourly_error for each in self.maps.values()]),
        }
        return pd.DataFrame(columns, index)

    def facts(self) -> dict[str, float]:
        """How much of the gradient of the nearest and of the farthest hour ahead lies on the newest hour."""
        return {
            f"newest_hour_percent {end}": float(self.summed.newest[k])
            for k, end in enumerate(("nearest", "farthest"))
        }


def lag_lead_atlas(model: nn.Module, windows: Windows, seed: int) -> Atlas:
    """Measure how what a network forecasts for every step ahead reacts to every past step.

    Args:
        model: in evaluation mode.
        windows: to draw from, usually the test part.
        seed: of the resamplings.
    """
    sample = windows.spread(WINDOWS)
    ahead = np.arange(1, windows.horizon + 1) * (windows.interval / pd.Timedelta("1h"))
    before = windows.hours_before()
    summed, own_past = (_Collected(ahead, before, windows.calendar) for _ in range(2))
    target = windows.task.targets[windows.target]
    own = np.array([name == target for name in windows.features])
    for x, _ in sample.batches(1):
        size = windows.scale * lead_gradients(model, x[0], target=windows.target).abs().double().cpu().numpy()
        summed.add(size.sum(axis=2))
        own_past.add(size[..., own].sum(axis=2))
    return Atlas(
        summed=summed.summarised(seed),
        own_past=own_past.summarised(seed) if own.any() else None,
        target=feature_label(target),
        hours_ahead=ahead,
        hours_before=before,
        lead_hours=np.unique(_end_of_hour(ahead)),
        lag_hours=np.unique(_start_of_hour(before)),
        unit=f"{windows.output_unit} per standard deviation",
        n_windows=len(sample),
        calendar=windows.calendar,
    )


class _Collected:
    """Takes in the absolute gradients of one window after the other and keeps what the results need of each."""

    def __init__(
        self, ahead: Float[np.ndarray, "lead"], before: Float[np.ndarray, "lag"], calendar: Calendar
    ):
        lead_hour, lag_hour = _end_of_hour(ahead), _start_of_hour(before)
        of_lead = (np.unique(lead_hour)[:, None] == lead_hour).astype(float)
        self._mean_of_leads = of_lead / of_lead.sum(axis=1, keepdims=True)  # (lead hour, lead)
        self._sum_of_lags = (lag_hour[:, None] == np.unique(lag_hour)).astype(float)  # (lag, lag hour)
        self._around = _around_the_cycle_before(len(ahead), len(before), float(ahead[0]), calendar)
        self._is_near = _is_near(calendar, float(ahead[0]))
        self._sum = np.zeros((len(ahead), len(before)))
        self._hourly: list[np.ndarray] = []
        self._ridge: list[np.ndarray] = []

    def add(self, values: Float[np.ndarray, "lead lag"]) -> None:
        self._sum = self._sum + values
        self._hourly.append(self._mean_of_leads @ values @ self._sum_of_lags)
        if self._around is not None:
            self._ridge.append(values[self._around])

    def summarised(self, seed: int) -> Map:
        hourly = np.stack(self._hourly)  # (window, lead hour, lag hour)
        times = resample_blocks(hourly, DRAWS, seed)
        drawn = np.tensordot(times, hourly, axes=1)
        ridge = ridge_error = cycle_before = None
        values = self._sum / len(hourly)
        if self._around is not None:
            each = np.stack(self._ridge)  # (window, lead, offset)
            known = (each.mean(axis=0) > 0).all(axis=1)
            if known.any():
                ridge = float(_ratio(each[:, known].mean(axis=0, keepdims=True), self._is_near)[0])
                ridge_error = float(_ratio(np.tensordot(times, each[:, known], axes=1), self._is_near).std())
                leads, lags = (positions[known] for positions in self._around)
                cycle_before = _percent_near(values, leads, lags, self._is_near)
        return Map(
            values=values,
            hourly=hourly.mean(axis=0),
            hourly_error=(drawn / len(hourly)).std(axis=0),
            newest=_newest_percent(hourly.sum(axis=0)),
            newest_error=_newest_percent(drawn).std(axis=0),
            ridge=ridge,
            ridge_error=ridge_error,
            cycle_before=cycle_before,
        )


def _reach(calendar: Calendar, step: float) -> int:
    """Steps beside the time one cycle before that are compared with it; steps of a day or more have at least one."""
    if calendar.season is None:
        return 0
    reach = int(BESIDE * (calendar.season.length / HOUR) / step + ROUNDING)
    return reach if calendar.is_within_days else max(1, reach)


def _is_near(calendar: Calendar, step: float) -> Bool[np.ndarray, "offset"]:
    """Which of the steps around the time one cycle before lie within half an hour, or a 48th of the cycle, of it."""
    reach = _reach(calendar, step)
    near = 0.0 if calendar.season is None else NEAR * (calendar.season.length / HOUR)
    return np.abs(np.arange(-reach, reach + 1)) * step <= near


def _around_the_cycle_before(
    n_leads: int, n_lags: int, step: float, calendar: Calendar
) -> tuple[Int[np.ndarray, "chosen_lead 1"], Int[np.ndarray, "chosen_lead offset"]] | None:
    """Positions of the cells from `_reach` steps before to as many after the time one cycle before, lead by lead.

    Leads are left out where some of these lie outside the lookback or near the origin.
    """
    reach, season = _reach(calendar, step), calendar.season
    if not reach or season is None:
        return None
    length, steps = season.length / HOUR, round(season.steps)
    if calendar.is_within_days and abs(steps * step - length) > ROUNDING:
        return None
    leads = np.arange(n_leads)
    lag = steps - 1 - leads  # steps before the origin
    chosen = (lag * step >= NEAREST * length) & (lag + reach < n_lags)
    if not chosen.any():
        return None
    return leads[chosen, None], n_lags - 1 - lag[chosen, None] + np.arange(-reach, reach + 1)


def _ratio(
    gradient: Float[np.ndarray, "draw lead offset"], is_near: Bool[np.ndarray, "offset"]
) -> Float[np.ndarray, "draw"]:
    """The middle over the geometric mean of what lies beside it and not near: one for a steady decay."""
    logs = np.log(np.maximum(gradient, np.finfo(float).tiny))
    middle = gradient.shape[-1] // 2
    return np.exp((logs[..., middle] - logs[..., ~is_near].mean(axis=-1)).mean(axis=-1))


def _percent_near(
    values: Float[np.ndarray, "lead lag"],
    leads: Int[np.ndarray, "chosen_lead 1"],
    lags: Int[np.ndarray, "chosen_lead offset"],
    is_near: Bool[np.ndarray, "offset"],
) -> float:
    return float(100 * values[leads, lags[:, is_near]].sum() / values[leads[:, 0]].sum())


def _newest_percent(hourly: Float[np.ndarray, "*draw lead_hour lag_hour"]) -> Float[np.ndarray, "*draw 2"]:
    ends = hourly[..., [0, -1], :]
    total = ends.sum(axis=-1)
    return 100 * ends[..., 0] / np.where(total > 0, total, 1.0)


def _end_of_hour(ahead: Float[np.ndarray, "lead"]) -> Float[np.ndarray, "lead"]:
    return np.ceil(ahead - ROUNDING)


def _start_of_hour(before: Float[np.ndarray, "lag"]) -> Float[np.ndarray, "lag"]:
    return np.floor(before + ROUNDING)
