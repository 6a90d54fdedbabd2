"""How gradients travel back through the stages of a convolutional model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import nn

from lstmkit.analysis.attribution.methods import ScalarForecast
from lstmkit.analysis.resampling.statistics import RunningMean
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.params import AttributionParams

SILENT = 1e-8  # mean absolute gradient below which a channel carries none


@dataclass(frozen=True)
class GradientFlow:
    """Gradients of the scalar forecast at the stages of a model, averaged over windows.

    Attributes:
        stages: names, from the input to the stage nearest the forecast.
        magnitude: per stage but the input, mean absolute gradient, shape (channel, time of the stage).
        hours_before: per stage but the input, hours from each of its steps to the origin.
        norm: per stage, mean over windows of the gradient's Euclidean norm, shape (stage,).
        norm_error: its standard error.
        ratio_error: standard error of each entry of `ratio`.
        n_windows: windows that were averaged.
        calendar: of the series.
    """

    stages: tuple[str, ...]
    magnitude: tuple[Float[np.ndarray, "_ _"], ...]
    hours_before: tuple[Float[np.ndarray, "_"], ...]
    norm: Float[np.ndarray, "stage"]
    norm_error: Float[np.ndarray, "stage"]
    ratio_error: Float[np.ndarray, "pair"]
    n_windows: int
    calendar: Calendar = HOURLY

    @property
    def ratio(self) -> Float[np.ndarray, "pair"]:
        """Mean norm at each stage over that at the next towards the forecast; zero where none reaches the next."""
        return _ratio_of_neighbours(self.norm)

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names of the neighbours that `ratio` compares."""
        return tuple(f"{a} / {b}" for a, b in zip(self.stages[:-1], self.stages[1:], strict=True))

    @property
    def silent_channels(self) -> tuple[int, ...]:
        """How many channels of each stage but the input carry no gradient at any of its steps."""
        return tuple(int((channels.max(axis=1) < SILENT).sum()) for channels in self.magnitude)

    @property
    def arriving_percent(self) -> float:
        """Mean norm at the input, in percent of that at the stage nearest the forecast."""
        return float(100 * self.norm[0] / self.norm[-1])

    def to_frame(self) -> pd.DataFrame:
        """Mean norm per stage, and its ratio to the next stage towards the forecast (none for the last)."""
        return pd.DataFrame(
            {
                "norm": self.norm,
                "norm_error": self.norm_error,
                "ratio_to_next": [*self.ratio, np.nan],
                "ratio_error": [*self.ratio_error, np.nan],
            },
            index=pd.Index(self.stages, name="stage"),
        )


def gradient_flow(
    model: nn.Module,
    windows: Windows,
    params: AttributionParams,
    seed: int,
    output: str | None = None,
    target: int | None = None,
) -> GradientFlow:
    """Measure the gradient at the input and at each stage that the model names in `stages`.

    Args:
        model: in evaluation mode, with `stages`: label to module name, from input to output.
        windows: to draw the sample from.
        params: sample size, batch size and the scalar.
        seed: of the sample.
        output: name of the output whose gradient is measured; None where the model has one alone.
        target: of the output, counted from 0; the one that the windows explain if not given.

    Raises:
        LstmkitError: the model names no stages.
    """
    stages = getattr(model, "stages", None)
    if not stages:
        raise LstmkitError(
            f"{type(model).__name__} has no convolutional stages, so there is no flow to measure"
        )
    sample = windows.sample(params.windows, seed)
    at = windows.target if target is None else target
    forecast = ScalarForecast(model, params.target_step, output, at)
    names = list(stages.values())
    magnitude = [RunningMean() for _ in names]
    norms = []
    with record(model, names) as outputs, torch.backends.cudnn.flags(enabled=False):
        for x, _ in sample.batches(params.batch_size):
            total = forecast(x.requires_grad_()).sum()
            gradients = torch.autograd.grad(total, [x, *[outputs[name] for name in names]])
            norms.append(torch.stack([g.flatten(1).norm(dim=1) for g in gradients], dim=1).cpu().numpy())
            for mean, gradient in zip(magnitude, gradients[1:], strict=True):
                mean.add(gradient.abs().cpu().numpy())
    norm, ratio_error = _averaged(np.concatenate(norms))
    return GradientFlow(
        stages=("input", *stages),
        magnitude=tuple(mean.mean for mean in magnitude),
        hours_before=tuple(
            np.arange(mean.mean.shape[1] - 1, -1, -1) * hours
            for mean, hours in zip(magnitude, _hours_per_step(model, names, windows), strict=True)
        ),
        norm=norm.mean,
        norm_error=norm.standard_error,
        ratio_error=ratio_error,
        n_windows=len(sample),
        calendar=windows.calendar,
    )


def _averaged(norms: Float[np.ndarray, "window stage"]) -> tuple[RunningMean, Float[np.ndarray, "pair"]]:
    """Mean norm per stage, and the standard error of the ratio of neighbouring means, to first order."""
    norm, residual = RunningMean(), RunningMean()
    norm.add(norms)
    later = norm.mean[1:]
    residual.add(norms[:, :-1] - _ratio_of_neighbours(norm.mean) * norms[:, 1:])
    return norm, np.divide(residual.standard_error, later, out=np.zeros_like(later), where=later > 0)


def _ratio_of_neighbours(norm: Float[np.ndarray, "stage"]) -> Float[np.ndarray, "pair"]:
    return np.divide(norm[:-1], norm[1:], out=np.zeros_like(norm[1:]), where=norm[1:] > 0)


def _hours_per_step(model: nn.Module, names: list[str], windows: Windows) -> Float[np.ndarray, "stage"]:
    """Hours from step to step at each stage: a pool makes its own and all later steps as long as it is wide."""
    modules = [model.get_submodule(name) for name in names]
    joined = np.cumprod([module.stride if isinstance(module, nn.MaxPool1d) else 1 for module in modules])
    return joined * (windows.interval / pd.Timedelta("1h"))
