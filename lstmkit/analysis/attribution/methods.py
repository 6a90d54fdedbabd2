"""Attribution window by window: `maps` gives one map for each window, by any method, of any output of a model.

What is explained is one number per window, chosen by the name of the output, the step ahead and the target. A map has
the window's shape and says, in the model's own scaled units, what each input holds of that number (or how strongly the
number reacts to it). `attributor.py` averages maps over windows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from captum.attr import FeatureAblation, GuidedBackprop, IntegratedGradients, NoiseTunnel
from captum.attr import Saliency as CaptumSaliency
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.input_baselines import Baseline, input_baseline
from lstmkit.internals.outputs import named_outputs, select_output, select_target
from lstmkit.internals.running import refuse_infinite

Inputs = Float[Tensor, "window time feature"]


def maps(
    model: nn.Module,
    x: Tensor,
    method: str = "integrated_gradients",
    output: str | None = None,
    step: int | None = None,
    target: int = 0,
    baseline: Baseline | None = None,
    *,
    batch_size: int = 64,
    seed: int = 0,
    **settings: Any,
) -> Inputs:
    """Attribute one number per window to the inputs of the window: one map per window.

    The model is run in evaluation mode and is left as it was: its modes, its gradients and its hooks.

    Args:
        model: any module that maps (window, time, feature) to one of the forms of `internals.outputs.named_outputs`.
        x: scaled inputs, shape (window, time, feature).
        method: a name in `METHODS`.
        output: name of the output; None where the model has one alone.
        step: the step ahead, counted from 1; None for the mean over the horizon.
        target: of the output, counted from 0.
        baseline: for the methods that compare with one, see `input_baseline`; the training centre if not given.
        batch_size: windows per pass. Maps do not depend on it but for SmoothGrad's noise, which is drawn per batch.
        seed: of SmoothGrad's noise; other methods draw nothing.
        settings: of the method, the keywords of the function of its name.

    Returns:
        Shape (window, time, feature), signed: output per unit of the input (saliency, SmoothGrad, guided
        backpropagation) or parts of the output (all others).

    Raises:
        LstmkitError: an unknown method, output, step, target or baseline; a baseline for a method that has none; a
            model that returns other than finite outputs, or whose gradient is not finite.

    Example:
        A model with two targets, of which the second does not use the first feature.

        >>> import torch
        >>> from lstmkit.analysis.attribution.methods import maps
        >>> class TwoTargets(torch.nn.Module):
        ...     def forward(self, x):  # (window, time, feature) → (window, horizon, target)
        ...         first, second = x.sum(dim=(1, 2)), 10 * x[:, :, 1].sum(dim=1)
        ...         return torch.stack([first, second], dim=1)[:, None]
        >>> x = torch.tensor([[[1.0, 2.0], [3.0, 6.0]]])  # one window of two steps and two features
        >>> maps(TwoTargets(), x, "gradient_x_input", step=1, target=1).tolist()
        [[[0.0, 20.0], [0.0, 60.0]]]
        >>> maps(TwoTargets(), x, "gradient_x_input", baseline="window mean").tolist()
        [[[-1.0, -2.0], [1.0, 2.0]]]
    """
    if x.ndim != 3 or not len(x):
        raise LstmkitError(
            f"x has the shape {tuple(x.shape)}; at least one window of shape (window, time, feature) is expected"
        )
    if method == "smoothgrad":
        settings = {"sigma": noise_level(x), **settings}
    chosen, forecast = find_method(method, model, **settings), ScalarForecast(model, step, output, target)
    parts = x.split(batch_size)
    given = [None] * len(parts) if baseline is None else input_baseline(baseline, x).split(batch_size)
    with reproducible(seed):
        return torch.cat([chosen.maps(forecast, *both) for both in zip(parts, given, strict=True)])


class ScalarForecast(nn.Module):
    """The one number per window that is explained.

    Args:
        model: maps inputs to named outputs; it is run in evaluation mode.
        step: the step ahead, counted from 1; None for the mean over the horizon.
        output: name of the output; None where there is one alone.
        target: of the output, counted from 0.

    Raises:
        LstmkitError: the model has no such output, step or target, or returns other than finite forecasts of every
            step ahead (raised by the first forecast).
    """

    def __init__(self, model: nn.Module, step: int | None = None, output: str | None = None, target: int = 0):
        super().__init__()
        self.model, self.step, self.output, self.target = model, step, output, target

    def forward(self, x: Inputs) -> Float[Tensor, "window"]:
        """The number of each window; of a network, the scaled difference from the residual baseline."""
        outputs = named_outputs(self.model, x)
        refuse_infinite(self.model, select_target(outputs, self.output, self.target))
        return select_output(outputs, self.output, self.step, self.target)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Draw from a seed inside the body, and leave the global random state as it was; let LSTMs pass gradients on GPUs.

    Args:
        seed: of PyTorch's generators.
    """
    # cuDNN has no backward pass of an LSTM in evaluation mode
    with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=False):
        torch.manual_seed(seed)
        yield


# --- the methods --------------------------------------------------------------------------------------------


def saliency(forecast: ScalarForecast, x: Inputs) -> Inputs:
    """Signed gradient (Simonyan et al. 2013)."""
    return CaptumSaliency(forecast).attribute(x, abs=False)


def gradient_x_input(forecast: ScalarForecast, x: Inputs, baseline: Inputs | None = None) -> Inputs:
    """Gradient times the input's distance from the baseline, by default the training centre (Shrikumar et al. 2016)."""
    gradient, x = saliency(forecast, x), x.detach()
    return (x if baseline is None else x - baseline) * gradient


def smoothgrad(
    forecast: ScalarForecast, x: Inputs, samples: int = 50, sigma: Float[Tensor, "feature"] | None = None
) -> Inputs:
    """Mean signed gradient under Gaussian noise (Smilkov et al. 2017).

    Args:
        forecast: the scalar.
        x: inputs.
        samples: noisy copies per window.
        sigma: standard deviation of the noise per feature; `noise_level(x)` if not given.
    """
    sigma = noise_level(x) if sigma is None else sigma
    in_noise_units = _Rescaled(forecast, sigma)
    gradient = NoiseTunnel(CaptumSaliency(in_noise_units)).attribute(
        x / sigma, nt_samples=samples, nt_samples_batch_size=1, stdevs=1.0, abs=False
    )
    return gradient / sigma


def noise_level(x: Inputs, share: float = 0.1) -> Float[Tensor, "feature"]:
    """Standard deviation of SmoothGrad's noise: a share of each feature's own; of one that is constant, of 1.

    Args:
        x: inputs of all windows.
        share: of each feature's standard deviation over windows and time.
    """
    spread = x.detach().std(dim=(0, 1))
    return share * torch.where(spread > 0, spread, 1.0)


class _Rescaled(nn.Module):
    """Lets one noise level of captum's NoiseTunnel serve features of different spread."""

    def __init__(self, forecast: ScalarForecast, unit: Float[Tensor, "feature"]):
        super().__init__()
        self.forecast, self.unit = forecast, unit

    def forward(self, x: Inputs) -> Float[Tensor, "window"]:
        return self.forecast(x * self.unit)


def integrated_gradients(
    forecast: ScalarForecast, x: Inputs, steps: int = 32, baseline: Inputs | None = None
) -> Inputs:
    """Gradients along the straight path from the baseline (Sundararajan et al. 2017).

    Args:
        forecast: the scalar.
        x: inputs.
        steps: points of the Gauss-Legendre rule on the path.
        baseline: where the path starts; the training centre if not given.
    """
    return IntegratedGradients(forecast).attribute(x, baseline, n_steps=steps, internal_batch_size=len(x))


def guided_backprop(forecast: ScalarForecast, x: Inputs) -> Inputs:
    """Gradient that passes each ReLU only where it is positive (Springenberg et al. 2014)."""
    return GuidedBackprop(forecast).attribute(x)


def occlusion(forecast: ScalarForecast, x: Inputs, steps: int = 1, baseline: Inputs | None = None) -> Inputs:
    """Change of the forecast when a patch of one feature is set to its baseline (Zeiler & Fergus 2014).

    Args:
        forecast: the scalar.
        x: inputs.
        steps: length of the patches, which are counted from the newest step; the oldest patch holds what is left.
            Each step of a patch gets an equal part of the change.
        baseline: what a patch is set to; the training centre if not given.
    """
    _, time, n_features = x.shape
    patch = torch.arange(time - 1, -1, -1, device=x.device) // steps  # (time,), the newest is 0
    cells = patch[:, None] * n_features + torch.arange(n_features, device=x.device)  # (time, feature)
    change = FeatureAblation(forecast).attribute(x, baseline, feature_mask=cells[None])
    return change / torch.bincount(patch)[patch][:, None]


@dataclass(frozen=True)
class Method:
    """A method of attribution with its settings.

    Attributes:
        title: for titles and messages.
        attribute: from the scalar, inputs and, where the method compares, a baseline to one map per window.
        per_feature_unit: whether the maps are per unit of the input, as gradients are.
        compares: whether the maps explain the change of the scalar from a baseline.
        complete: whether each map adds up to that change.
        costly: whether it takes many passes.
    """

    title: str
    attribute: Callable[..., Inputs]
    per_feature_unit: bool = False
    compares: bool = False
    complete: bool = False
    costly: bool = False

    def maps(self, forecast: ScalarForecast, x: Inputs, baseline: Baseline | None = None) -> Inputs:
        """One map per window of a batch, in one pass; inside `reproducible`.

        Args:
            forecast: the scalar.
            x: scaled inputs.
            baseline: see `input_baseline`; the training centre if not given.

        Raises:
            LstmkitError: a baseline that does not fit or that the method does not use, or an attribution that is not
                finite.
        """
        if baseline is not None and not self.compares:
            raise LstmkitError(f"{self.title} compares with no baseline: leave it out")
        compared = {"baseline": input_baseline(baseline, x)} if self.compares else {}
        found = self.attribute(forecast, x.detach().requires_grad_(), **compared).detach()
        if not found.isfinite().all():
            raise LstmkitError(
                f"{self.title} attributes NaN or infinity to an input: the model's gradient is not finite"
            )
        return found


METHODS = {
    "saliency": Method("Saliency", saliency, per_feature_unit=True),
    "gradient_x_input": Method("Gradient × input", gradient_x_input, compares=True),
    "smoothgrad": Method("SmoothGrad", smoothgrad, per_feature_unit=True, costly=True),
    "guided_backprop": Method("Guided backpropagation", guided_backprop, per_feature_unit=True),
    "integrated_gradients": Method(
        "Integrated gradients", integrated_gradients, compares=True, complete=True, costly=True
    ),
    "occlusion": Method("Occlusion", occlusion, compares=True, costly=True),
}


def find_method(name: str, model: nn.Module, **settings: Any) -> Method:
    """A method by its name, with settings.

    Args:
        name: a key of `METHODS`.
        model: that it is to explain.
        settings: keywords of the function of that name.

    Raises:
        LstmkitError: there is no such method, or it is guided backpropagation and the model has no ReLU, so that it
            would be the saliency under another name.
    """
    if name not in METHODS:
        raise LstmkitError(f"unknown method {name!r}; there are {', '.join(METHODS)}")
    if name == "guided_backprop" and not any(isinstance(module, nn.ReLU) for module in model.modules()):
        raise LstmkitError(
            "guided backpropagation without a ReLU is exactly the saliency: look at that instead"
        )
    method = METHODS[name]
    return replace(method, attribute=partial(method.attribute, **settings)) if settings else method
