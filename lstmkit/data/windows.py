"""Windows of one scaled tensor: what goes into a model and what should come out of it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from lstmkit.data.calendar import Calendar
from lstmkit.data.features import Provenance
from lstmkit.data.labels import unit_label
from lstmkit.data.residual import ResidualBaseline, windows_of
from lstmkit.data.scaling import Scaler
from lstmkit.data.shapes import of_shape
from lstmkit.data.split import PartRows
from lstmkit.data.starts import newest
from lstmkit.data.task import Task


@dataclass(frozen=True)
class Windows:
    """Windows of one part of a series; all parts share one tensor, and nothing is copied until `gather`.

    Attributes:
        inputs: scaled features of the whole series.
        values: the targets of the whole series as measured, in their units.
        task: what is forecast.
        residual: the rule from whose forecast the network forecasts the difference.
        rows: of the part.
        forecast_rows: whether a forecast of the part may start at each row: the row is a measurement, and all targets
            are known and lie inside the part.
        time: time stamps of the rows on the site's clock.
        starts: first row of each window; of validation and test windows it may lie in the part before.
        lookback: number of input steps.
        features: names of the inputs.
        provenance: of each input.
        scaler: of the features.
        calendar: of the series.
        target: position of the target that the pages explain.
    """

    inputs: Float[Tensor, "time feature"]
    values: Float[np.ndarray, "time target"]
    task: Task
    residual: ResidualBaseline
    rows: PartRows
    forecast_rows: Bool[Tensor, "time"]
    time: pd.DatetimeIndex
    starts: Int[Tensor, "window"]
    lookback: int
    features: tuple[str, ...]
    provenance: tuple[Provenance, ...]
    scaler: Scaler
    calendar: Calendar
    target: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def horizon(self) -> int:
        """Number of steps ahead."""
        return self.task.horizon

    @property
    def shape(self) -> tuple[int, int]:
        """Steps ahead and targets of each forecast."""
        return self.horizon, len(self.task)

    @property
    def device(self) -> torch.device:
        """Where the tensors live."""
        return self.inputs.device

    @property
    def interval(self) -> pd.Timedelta:
        """The mean time between rows."""
        return self.calendar.step

    @property
    def origin_rows(self) -> Int[Tensor, "window"]:
        """Row of each window's newest input step, from which the forecast starts."""
        return self.starts + self.lookback - 1

    @property
    def origin(self) -> pd.DatetimeIndex:
        """Local time of each window's newest input step."""
        return self.time[self.origin_rows.cpu().numpy()]

    @property
    def target_time(self) -> pd.DatetimeIndex:
        """Local time of each window's last step ahead."""
        return self.time[self.starts.cpu().numpy() + self.lookback + self.horizon - 1]

    @property
    def lookback_hours(self) -> float:
        """The lookback in hours."""
        return self.lookback * (self.interval / pd.Timedelta("1h"))

    @property
    def hours_ahead(self) -> float:
        """The horizon in hours."""
        return self.horizon * self.interval / pd.Timedelta("1h")

    def to(self, device: torch.device | str) -> "Windows":
        """The same windows with their tensors on a device."""
        return replace(
            self,
            inputs=self.inputs.to(device),
            residual=self.residual.to(device),
            forecast_rows=self.forecast_rows.to(device),
            starts=self.starts.to(device),
        )

    def one(self, values: Any) -> Any:
        """The part of an array of all targets that is the explained target's.

        Args:
            values: whose last axis is that of the targets.
        """
        return values[..., self.target]

    @property
    def unit(self) -> str:
        """Of the explained target, as people write it."""
        return unit_label(self.task.units[self.target])

    @property
    def output_unit(self) -> str:
        """Of what a network puts out for the explained target, which is the target's, or the logit of a class."""
        return self.unit if self.task.kind == "regression" else "logit"

    @property
    def scale(self) -> float:
        """What a scaled difference of one is worth in the explained target's unit."""
        return float(self.residual.scale[self.target])

    def only(self, target: str | int) -> "Windows":
        """The same windows for one of the targets.

        Args:
            target: its name or its position.
        """
        at = self.task.position(target)
        return replace(
            self,
            values=self.values[:, at : at + 1],
            task=self.task.only(at),
            residual=self.residual.only(at),
            target=0,
        )

    def select(self, index: Int[Tensor, "chosen"]) -> "Windows":
        """Some of the windows, on the same tensors.

        Args:
            index: positions among these windows.
        """
        return replace(self, starts=self.starts[index.to(self.starts.device)])

    def sample(self, size: int, seed: int) -> "Windows":
        """A seeded random sample without repetition, in order of time; all windows where there are no more.

        Args:
            size: number of windows.
            seed: of the draw.
        """
        if size >= len(self):
            return self
        chosen = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))[:size]
        return self.select(chosen.sort().values)

    def gather(
        self, index: Int[Tensor, "batch"]
    ) -> tuple[Float[Tensor, "batch lookback feature"], Float[Tensor, "batch horizon target"]]:
        """Inputs and scaled targets of a batch of windows, gathered on the tensors' device.

        Args:
            index: positions among these windows.
        """
        rows = self.starts[index.to(self.device)]
        return self._inputs_of(rows), self.residual.residuals(rows + self.lookback - 1, self.horizon)

    def gather_origins(
        self, index: Int[Tensor, "batch"], steps: Int[Tensor, "origin"]
    ) -> tuple[
        Float[Tensor, "batch lookback feature"],
        Float[Tensor, "batch origin horizon target"],
        Bool[Tensor, "batch origin"],
    ]:
        """Inputs of a batch of windows, and scaled targets of forecasts that start at several steps of each.

        Args:
            index: positions among these windows.
            steps: of the window, from which forecasts start; the newest is `lookback - 1`.

        Returns:
            Inputs, scaled targets, and whether a forecast of the part may start at each step.
        """
        rows = self.starts[index.to(self.device)]
        origin = rows[:, None] + steps.to(self.device)
        return (
            self._inputs_of(rows),
            self.residual.residuals(origin, self.horizon),
            self.forecast_rows[origin],
        )

    def _inputs_of(self, rows: Int[Tensor, "batch"]) -> Float[Tensor, "batch lookback feature"]:
        return self.inputs.unfold(0, self.lookback, 1)[rows].transpose(1, 2)

    def batches(self, size: int):
        """All windows in order of time, as pairs of inputs and scaled targets.

        Args:
            size: windows per batch.
        """
        for index in torch.arange(len(self)).split(size):
            yield self.gather(index)

    def to_units(
        self, outputs: Float[Tensor, "window horizon target"]
    ) -> Float[np.ndarray, "window horizon target"]:
        """Turn a network's outputs for these windows into forecasts in the targets' units.

        Args:
            outputs: scaled differences from the residual baseline, one row per window.
        """
        outputs = of_shape(outputs, torch.Size([len(self), *self.shape]))
        return self.residual.to_units(outputs.to(self.device), self.origin_rows)

    def without_network(self) -> Float[np.ndarray, "window horizon target"]:
        """What the residual baseline alone forecasts for these windows, in the targets' units."""
        return self.to_units(torch.zeros(len(self), *self.shape))

    def observed(self) -> Float[np.ndarray, "window horizon target"]:
        """The true values of these windows, in the targets' units."""
        rows = self.starts.cpu().numpy() + self.lookback
        return windows_of(self.values, self.horizon)[rows]

    def latest(self) -> Float[np.ndarray, "window target"]:
        """The targets' values at each window's origin, in their units.

        Where the targets' past is no input, they are the latest measured there or before.
        """
        values = self.values if self.task.target_known else newest(self.values)
        return values[self.starts.cpu().numpy() + self.lookback - 1]

    def past(self) -> Float[np.ndarray, "window lookback target"]:
        """The targets' values in the lookback of each window, in their units; NaN where one is missing."""
        rows = self.starts.cpu().numpy()
        return windows_of(self.values, self.lookback)[rows]

    def hours_before(self, n_steps: int | None = None) -> Float[np.ndarray, "step"]:
        """Hours to the origin from each of some steps that share the lookback evenly, oldest first.

        Args:
            n_steps: how many; as many as there are inputs if not given.
        """
        n_steps = n_steps or self.lookback
        step = (self.interval / pd.Timedelta("1h")) * (self.lookback / n_steps)
        return np.arange(n_steps - 1, -1, -1) * step

    def spread(self, size: int) -> "Windows":
        """Windows spread evenly over time; all of them where there are no more.

        Args:
            size: number of windows.
        """
        return self.select(torch.from_numpy(spread_evenly(len(self), size)))


def spread_evenly(population: int, size: int) -> Int[np.ndarray, "chosen"]:
    """Positions spread evenly over a population, from its first to its last; all where there are no more.

    Args:
        population: how many there are.
        size: how many to choose.
    """
    return np.unique(np.linspace(0, population - 1, min(size, population)).round().astype(np.int64))
