"""The methods of attribution, each a small function from a scalar forecast and inputs to signed attributions.

The attributions have the inputs' shape and their scaled units; `attributor.py` averages them over windows.
"""

from collections.abc import Callable

import torch
from captum.attr import FeatureAblation, GuidedBackprop, InputXGradient, IntegratedGradients, NoiseTunnel
from captum.attr import Saliency as CaptumSaliency
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.running import forecast

Inputs = Float[Tensor, "batch time feature"]
Method = Callable[["ScalarForecast", Inputs], Inputs]


class ScalarForecast(nn.Module):
    """The one number that is explained: the mean over the horizon, or one step of it.

    Args:
        model: maps inputs to all steps ahead; it is run in evaluation mode.
        step: the step ahead, counted from 1; None for the mean.
        target: position of the target.

    Raises:
        LstmkitError: the model forecasts no such step, or puts out other than finite forecasts of every step ahead
            (raised by the first forecast).
    """

    def __init__(self, model: nn.Module, step: int | None = None, target: int = 0):
        super().__init__()
        self.model, self.step, self.target = model, step, target

    def forward(self, x: Inputs) -> Float[Tensor, "batch"]:
        """Forecast of each window, the scaled difference from the residual baseline."""
        ahead = forecast(self.model, x)[..., self.target]
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
