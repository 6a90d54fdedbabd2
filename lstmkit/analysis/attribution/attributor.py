"""Which inputs and which past steps drive a forecast: attributions averaged over windows, in a stream."""

from dataclasses import dataclass
from functools import partial
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import nn

from lstmkit.analysis.attribution.methods import (
    Method,
    ScalarForecast,
    gradient_x_input,
    guided_backprop,
    integrated_gradients,
    occlusion,
    saliency,
    smoothgrad,
)
from lstmkit.analysis.resampling.statistics import RunningMean
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import AttributionParams

TOLERABLE_GAP = 0.05  # of the completeness of integrated gradients
ROUNDING = 1e-9  # hours; keeps whole hours whole


class MethodFacts(TypedDict):
    """What one method attributes to features and hours.

    Attributes:
        shares: percent of the whole absolute attribution, by feature.
        hours_of_half: how many of the newest hours hold half of it.
        hours_of_nine_tenths: how many hold nine tenths.
    """

    shares: dict[str, float]
    hours_of_half: float
    hours_of_nine_tenths: float


@dataclass(frozen=True)
class Attribution:
    """Attributions of one method, averaged over windows.

    In the target's unit per standard deviation of the feature (gradients) or in the target's unit (all others).

    Attributes:
        method: name for titles.
        unit: of the values.
        magnitude: mean absolute attribution, shape (time, feature).
        magnitude_error: its standard error.
        signed: mean signed attribution, shape (time, feature).
        signed_error: its standard error.
        by_feature: mean over windows of the absolute attribution summed over time, shape (feature,).
        by_feature_error: its standard error.
        by_step: mean over windows of the absolute attribution summed over features, shape (time,).
        by_step_error: its standard error.
        by_hour: the same summed over each whole hour before the origin, newest hour last, shape (hour,).
        by_hour_error: its standard error.
        features: names.
        hours_before: hours from each input step to the forecast's origin, shape (time,); zero is the newest.
        explained: what the scalar is.
        n_windows: windows that were averaged.
        completeness_error: for integrated gradients, the mean over windows of
            absolute difference between the sum of attributions and the change of the forecast from the training
            centre, relative to the mean absolute change; None for methods that promise no such sum.
    """

    method: str
    unit: str
    magnitude: Float[np.ndarray, "time feature"]
    magnitude_error: Float[np.ndarray, "time feature"]
    signed: Float[np.ndarray, "time feature"]
    signed_error: Float[np.ndarray, "time feature"]
    by_feature: Float[np.ndarray, "feature"]
    by_feature_error: Float[np.ndarray, "feature"]
    by_step: Float[np.ndarray, "time"]
    by_step_error: Float[np.ndarray, "time"]
    by_hour: Float[np.ndarray, "hour"]
    by_hour_error: Float[np.ndarray, "hour"]
    features: tuple[str, ...]
    hours_before: Float[np.ndarray, "time"]
    explained: str
    n_windows: int
    completeness_error: float | None = None

    @property
    def share(self) -> pd.Series:
        """Percent of the whole absolute attribution that each feature holds, largest first; zero where all is zero."""
        share = 100 * self.by_feature / (self.by_feature.sum() or 1.0)
        return pd.Series(share, index=list(self.features)).sort_values(ascending=False)

    @property
    def incomplete(self) -> bool:
        """Whether the attributions miss what they promise to add up to, so that nothing can be read from them."""
        return self.completeness_error is not None and self.completeness_error > TOLERABLE_GAP

    @property
    def hours(self) -> Float[np.ndarray, "hour"]:
        """Hours before the origin at which the newest step of each entry of `by_hour` can lie, oldest first."""
        return np.unique(np.floor(self.hours_before + ROUNDING))[::-1]

    def to_frame(self) -> pd.DataFrame:
        """The heatmaps in long form: one row per step and feature."""
        index = pd.MultiIndex.from_product(
            [self.hours_before, self.features], names=["hours_before", "feature"]
        )
        columns = ["magnitude", "magnitude_error", "signed", "signed_error"]
        return pd.DataFrame({name: getattr(self, name).ravel() for name in columns}, index=index)

    def features_frame(self) -> pd.DataFrame:
        """Absolute attribution per feature, its standard error, and the share in percent, largest first."""
        frame = pd.DataFrame(
            {"total": self.by_feature, "standard_error": self.by_feature_error},
            index=pd.Index(self.features, name="feature"),
        )
        frame["share_percent"] = self.share
        return frame.sort_values("total", ascending=False)

    def steps_frame(self) -> pd.DataFrame:
        """Absolute attribution per step and its standard error."""
        index = pd.Index(self.hours_before, name="hours_before")
        return pd.DataFrame({"total": self.by_step, "standard_error": self.by_step_error}, index=index)

    def facts(self) -> MethodFacts:
        """Shares in percent, and the newest hours that hold half and nine tenths, for the summary."""
        return {
            "shares": {str(name): float(share) for name, share in self.share.items()},
            "hours_of_half": self.hours_holding(0.5),
            "hours_of_nine_tenths": self.hours_holding(0.9),
        }

    def hours_holding(self, share: float) -> float:
        """How many of the newest hours hold a share of the whole absolute attribution.

        Args:
            share: between 0 and 1.
        """
        newest_first = np.cumsum(self.by_step[::-1])
        step = self.hours_before[0] / max(1, len(self.hours_before) - 1)
        enough = np.searchsorted(newest_first, share * newest_first[-1])
        return float(self.hours_before[::-1][enough] + step)


class Attributor:
    """Attributes the forecasts of one model on one set of windows, by any method.

    Args:
        model: in evaluation mode.
        windows: to draw from, usually the test part.
        params: sample sizes and settings of the methods.
        seed: of the samples and of SmoothGrad's noise.
        unit: of the target.
    """

    def __init__(self, model: nn.Module, windows: Windows, params: AttributionParams, seed: int, unit: str):
        if params.target_step and params.target_step > windows.horizon:
            raise LstmkitError(
                f"attribution.target_step is {params.target_step}; the horizon has {windows.horizon} steps"
            )
        self.forecast = ScalarForecast(model, params.target_step, windows.target)
        self.windows, self.params, self.seed, self.unit = windows, params, seed, unit
        self.has_relu = any(isinstance(module, nn.ReLU) for module in model.modules())

    @property
    def explained(self) -> str:
        """What the scalar is."""
        step = self.params.target_step
        return "mean over the horizon" if step is None else f"step {step} ahead"

    @property
    def sizes(self) -> tuple[int, int]:
        """Windows that methods of one backward pass are averaged over, and those of many passes."""
        total = len(self.windows)
        return min(total, self.params.windows), min(total, self.params.costly_windows)

    def saliency(self, few: bool = False) -> Attribution:
        """Gradients, signed and absolute.

        Args:
            few: on the windows of the costly methods, to be compared with them.
        """
        return self._average("Saliency", saliency, per_feature_unit=True, costly=few)

    def gradient_x_input(self, few: bool = False) -> Attribution:
        """Gradient times input.

        Args:
            few: on the windows of the costly methods, to be compared with them.
        """
        return self._average("Gradient × input", gradient_x_input, costly=few)

    def guided_backprop(self) -> Attribution:
        """Guided backpropagation.

        Raises:
            LstmkitError: the model has no ReLU, so that the method would be the saliency under another name.
        """
        if not self.has_relu:
            raise LstmkitError(
                "guided backpropagation without a ReLU is exactly the saliency: look at that instead"
            )
        return self._average("Guided backpropagation", guided_backprop, per_feature_unit=True)

    def smoothgrad(self) -> Attribution:
        """SmoothGrad, with noise of a share of each feature's standard deviation over the sample."""
        sample = self._sample(costly=True)
        x, _ = sample.gather(torch.arange(len(sample)))
        spread = x.std(dim=(0, 1))
        sigma = self.params.smooth_sigma * torch.where(spread > 0, spread, 1.0)
        method = partial(smoothgrad, samples=self.params.smooth_samples, sigma=sigma)
        return self._average("SmoothGrad", method, per_feature_unit=True, costly=True)

    def integrated_gradients(self) -> Attribution:
        """Integrated gradients, with their completeness error."""
        method = partial(integrated_gradients, steps=self.params.path_steps)
        return self._average("Integrated gradients", method, costly=True, complete=True)

    def occlusion(self) -> Attribution:
        """Occlusion by patches of one feature."""
        steps = max(1, round(pd.Timedelta(self.params.occlusion) / self.windows.interval))
        return self._average("Occlusion", partial(occlusion, steps=steps), costly=True)

    def _sample(self, costly: bool) -> Windows:
        size = self.params.costly_windows if costly else self.params.windows
        return self.windows.sample(size, self.seed)

    def _average(
        self,
        name: str,
        method: Method,
        *,
        per_feature_unit: bool = False,
        costly: bool = False,
        complete: bool = False,
    ) -> Attribution:
        sample = self._sample(costly)
        magnitude, signed, by_feature, by_step, by_hour = (RunningMean() for _ in range(5))
        hour_starts = _hour_starts(self.windows)
        gap, change = RunningMean(), RunningMean()
        with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=False):
            torch.manual_seed(self.seed)
            for x, _ in sample.batches(self.params.batch_size):
                scaled = method(self.forecast, x.requires_grad_()).detach()
                if complete:
                    with torch.no_grad():
                        moved = self.forecast(x) - self.forecast(torch.zeros_like(x))
                    gap.add((scaled.sum(dim=(1, 2)) - moved).abs().cpu().numpy())
                    change.add(moved.abs().cpu().numpy())
                values = _finite(scaled.cpu().numpy(), name) * self.windows.scale
                magnitude.add(np.abs(values))
                signed.add(values)
                by_feature.add(np.abs(values).sum(axis=1))
                steps = np.abs(values).sum(axis=2)
                by_step.add(steps)
                by_hour.add(np.add.reduceat(steps, hour_starts, axis=1))
        return Attribution(
            method=name,
            unit=f"{self.unit} per standard deviation" if per_feature_unit else self.unit,
            magnitude=magnitude.mean,
            magnitude_error=magnitude.standard_error,
            signed=signed.mean,
            signed_error=signed.standard_error,
            by_feature=by_feature.mean,
            by_feature_error=by_feature.standard_error,
            by_step=by_step.mean,
            by_step_error=by_step.standard_error,
            by_hour=by_hour.mean,
            by_hour_error=by_hour.standard_error,
            features=self.windows.features,
            hours_before=self.windows.hours_before(),
            explained=self.explained,
            n_windows=len(sample),
            completeness_error=float(gap.mean / (change.mean or 1.0)) if complete else None,
        )


def _finite(values: np.ndarray, method: str) -> np.ndarray:
    if not np.isfinite(values).all():
        raise LstmkitError(
            f"{method} attributes NaN or infinity to an input: the model's gradient is not finite"
        )
    return values


def _hour_starts(windows: Windows) -> np.ndarray:
    hour = np.floor(windows.hours_before() + ROUNDING)
    return np.flatnonzero(np.diff(hour, prepend=np.inf))
