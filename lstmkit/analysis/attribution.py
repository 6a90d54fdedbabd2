"""Which inputs and which past steps drive a forecast: attribution by gradients, paths and occlusion.

Every method is a small function from a scalar forecast and a batch of inputs to signed attributions of the
inputs' shape; `attribute` averages any of them over windows, in a stream.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from captum.attr import FeatureAblation, GuidedBackprop, InputXGradient, IntegratedGradients, NoiseTunnel
from captum.attr import Saliency as CaptumSaliency
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.analysis.statistics import RunningMean
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import AttributionParams

Inputs = Float[Tensor, "batch time feature"]
Method = Callable[["ScalarForecast", Inputs], Inputs]
ROUNDING = 1e-9  # hours


class ScalarForecast(nn.Module):
    """The one number that is explained: the mean over the horizon, or one step of it.

    Args:
        model: maps inputs to all steps ahead.
        step: the step ahead, counted from 1; None for the mean.
        shortcut: weights of the inputs in a linear anchor that is part of the forecast, per step ahead.

    Raises:
        LstmkitError: the model forecasts no such step (raised by the first forecast).
    """

    def __init__(
        self,
        model: nn.Module,
        step: int | None = None,
        shortcut: Float[Tensor, "horizon time feature"] | None = None,
    ):
        super().__init__()
        self.model, self.step, self.shortcut = model, step, shortcut

    def forward(self, x: Inputs) -> Float[Tensor, "batch"]:
        """Forecast of each window, in scaled units."""
        ahead = self.model(x)
        if self.shortcut is not None:
            ahead = ahead + torch.einsum("btf,htf->bh", x, self.shortcut)
        if self.step is None:
            return ahead.mean(dim=1)
        if not 1 <= self.step <= ahead.shape[1]:
            raise LstmkitError(f"target_step is {self.step}, but the model forecasts {ahead.shape[1]} steps")
        return ahead[:, self.step - 1]


def saliency(forecast: ScalarForecast, x: Inputs) -> Inputs:
    """Signed gradient (Simonyan et al. 2013)."""
    return CaptumSaliency(forecast).attribute(x, abs=False)


def gradient_x_input(forecast: ScalarForecast, x: Inputs) -> Inputs:
    """Gradient times the input's distance from its training centre (Shrikumar et al. 2016)."""
    return InputXGradient(forecast).attribute(x)


def smoothgrad(forecast: ScalarForecast, x: Inputs, samples: int, sigma: Float[Tensor, "feature"]) -> Inputs:
    """Mean signed gradient under Gaussian noise (Smilkov et al. 2017).

    Args:
        forecast: the scalar.
        x: inputs.
        samples: noisy copies per window.
        sigma: standard deviation of the noise per feature.
    """
    in_noise_units = _Rescaled(forecast, sigma)
    gradient = NoiseTunnel(CaptumSaliency(in_noise_units)).attribute(
        x / sigma, nt_samples=samples, nt_samples_batch_size=1, stdevs=1.0, abs=False
    )
    return gradient / sigma


class _Rescaled(nn.Module):
    """Lets one noise level of captum's NoiseTunnel serve features of different spread."""

    def __init__(self, forecast: ScalarForecast, unit: Float[Tensor, "feature"]):
        super().__init__()
        self.forecast, self.unit = forecast, unit

    def forward(self, x: Inputs) -> Float[Tensor, "batch"]:
        return self.forecast(x * self.unit)


def integrated_gradients(forecast: ScalarForecast, x: Inputs, steps: int) -> Inputs:
    """Gradients along the straight path from the training centre (Sundararajan et al. 2017).

    Args:
        forecast: the scalar.
        x: inputs.
        steps: points of the Gauss-Legendre rule on the path.
    """
    return IntegratedGradients(forecast).attribute(x, n_steps=steps, internal_batch_size=len(x))


def guided_backprop(forecast: ScalarForecast, x: Inputs) -> Inputs:
    """Gradient that passes each ReLU only where it is positive (Springenberg et al. 2014)."""
    return GuidedBackprop(forecast).attribute(x)


def occlusion(forecast: ScalarForecast, x: Inputs, steps: int) -> Inputs:
    """Change of the forecast when a patch of one feature is set to its training centre (Zeiler & Fergus 2014).

    Args:
        forecast: the scalar.
        x: inputs.
        steps: length of the patches, which are counted from the newest step; the oldest patch holds what is left.
            Each step of a patch gets an equal part of the change.
    """
    _, time, n_features = x.shape
    patch = torch.arange(time - 1, -1, -1, device=x.device) // steps  # (time,), the newest is 0
    cells = patch[:, None] * n_features + torch.arange(n_features, device=x.device)  # (time, feature)
    change = FeatureAblation(forecast).attribute(x, feature_mask=cells[None])
    return change / torch.bincount(patch)[patch][:, None]


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
        explained: what the scalar is, for captions.
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
    def hours(self) -> Float[np.ndarray, "hour"]:
        """Hours before the origin at which the newest step of each entry of `by_hour` can lie, oldest first."""
        return np.unique(np.floor(self.hours_before + ROUNDING))[::-1]

    @property
    def caption(self) -> str:
        """What was averaged."""
        return f"{self.method} of the {self.explained}, averaged over {self.n_windows} test windows."

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

    def finding(self) -> str:
        """Which feature and which hours hold most of the attribution."""
        if not self.by_step.any():
            return "All attributions are zero: the forecast does not depend on the inputs."
        (first, most_of_it), *others = self.share.items()
        second = f" and {others[0][0]} {others[0][1]:.0f} %" if others else ""
        half, most = self.hours_holding(0.5), self.hours_holding(0.9)
        complete = ""
        if self.completeness_error is not None:
            complete = (
                f" The attributions miss the change of the forecast that they should add up to by "
                f"{100 * self.completeness_error:.2g} % on average."
            )
        return (
            f"{first} holds {most_of_it:.0f} % of the attribution{second}. "
            f"Half of it lies in the newest {_hours(half)} of the window, nine tenths in the newest {_hours(most)}."
            f"{complete}"
        )

    def hours_holding(self, share: float) -> float:
        """How many of the newest hours hold a share of the whole absolute attribution.

        Args:
            share: between 0 and 1.
        """
        newest_first = np.cumsum(self.by_step[::-1])
        step = self.hours_before[0] / max(1, len(self.hours_before) - 1)
        enough = np.searchsorted(newest_first, share * newest_first[-1])
        return float(self.hours_before[::-1][enough] + step)


@dataclass(frozen=True)
class Agreement:
    """How alike the maps of several methods are.

    Attributes:
        correlation: Spearman rank correlation of the magnitudes of all cells, method by method.
        shares: percent of the whole magnitude per feature (rows) and method (columns).
    """

    correlation: pd.DataFrame
    shares: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The correlations."""
        return self.correlation

    def finding(self) -> str:
        """Which methods agree least, and whether they name the same feature."""
        shares = self.shares.loc[:, self.shares.any()]  # without maps of zeros
        if len(shares.columns) < 2:
            return "Fewer than two methods attribute anything to the inputs, so there is nothing to compare."
        pairs = {(a, b): self.correlation.loc[a, b] for a, b in combinations(shares, 2)}
        least, leaders = min(pairs, key=pairs.get), shares.idxmax()
        leader = leaders.mode()[0]
        others = [f"{method} ({feature})" for method, feature in leaders.items() if feature != leader]
        every = "Both" if len(leaders) == 2 else f"All {len(leaders)}"
        named = f"{every} methods rank {leader} first"
        if others:
            share = f"{len(leaders) - len(others)} of {len(leaders)}"
            named = f"{share} methods rank {leader} first; not so {', '.join(others)}"
        if len(pairs) == 1:
            return f"{named}. The rank correlation of their maps is {pairs[least]:.2f}."
        return (
            f"{named}. The rank correlation of whole maps is {np.median(list(pairs.values())):.2f} in the median over "
            f"pairs of methods, lowest between {least[0]} and {least[1]} ({pairs[least]:.2f})."
        )


def agreement(attributions: list[Attribution]) -> Agreement:
    """Compare the maps of several methods.

    Args:
        attributions: at least two, of the same windows' shape and features.
    """
    maps = pd.DataFrame({a.method: a.magnitude.ravel() for a in attributions})
    shares = pd.DataFrame({a.method: a.share for a in attributions})
    return Agreement(maps.corr(method="spearman"), shares)


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
        self.forecast = ScalarForecast(model, params.target_step, windows.shortcut())
        self.windows, self.params, self.seed, self.unit = windows, params, seed, unit
        self.has_relu = any(isinstance(module, nn.ReLU) for module in model.modules())

    @property
    def explained(self) -> str:
        """What the scalar is."""
        step = self.params.target_step
        return "mean over the horizon" if step is None else f"step {step} ahead"

    def finding(self) -> str:
        """What is explained, on which windows."""
        total, params = len(self.windows), self.params
        return (
            f"Explained is the forecast's {self.explained}, as its deviation from the climatology, which depends on "
            f"the clock alone. Methods of one backward pass see {min(total, params.windows)} of the {total:,} test "
            f"windows, those of many passes {min(total, params.costly_windows)}, drawn with seed {self.seed}. Standard "
            f"errors take the windows as independent; windows that overlap in time are not quite."
        )

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
        x, _ = self._sample(costly=True).gather(torch.arange(len(self._sample(costly=True))))
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
                values = method(self.forecast, x.requires_grad_()).detach()
                if complete:
                    with torch.no_grad():
                        moved = self.forecast(x) - self.forecast(torch.zeros_like(x))
                    gap.add((values.sum(dim=(1, 2)) - moved).abs().cpu().numpy())
                    change.add(moved.abs().cpu().numpy())
                values = values.cpu().numpy() * self.windows.target_scaler.scale[0]
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
            hours_before=hours_before(self.windows),
            explained=self.explained,
            n_windows=len(sample),
            completeness_error=float(gap.mean / (change.mean or 1.0)) if complete else None,
        )


def _hours(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.0f} min"


def _hour_starts(windows: Windows) -> np.ndarray:
    hour = np.floor(hours_before(windows) + ROUNDING)
    return np.flatnonzero(np.diff(hour, prepend=np.inf))


def hours_before(windows: Windows) -> Float[np.ndarray, "time"]:
    """Hours from each input step to the origin of the forecast, oldest first."""
    return np.arange(windows.lookback - 1, -1, -1) * (windows.interval / pd.Timedelta("1h"))
