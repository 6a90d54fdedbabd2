"""Which inputs and which past steps drive a forecast: maps of single windows, averaged in a stream."""

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.analysis.attribution.averages import Attribution, MeansOfMaps
from lstmkit.analysis.attribution.methods import (
    METHODS,
    ScalarForecast,
    find_method,
    maps,
    noise_level,
    reproducible,
)
from lstmkit.analysis.resampling.statistics import RunningMean
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.input_baselines import CENTRE, Baseline, input_baseline
from lstmkit.params import AttributionParams
from lstmkit.wording import feature_label


class Attributor:
    """Attributes the forecasts of one model on one set of windows, by any method.

    Args:
        model: in evaluation mode.
        windows: to draw from, usually the test part.
        params: sample sizes and settings of the methods.
        seed: of the samples and of SmoothGrad's noise.
        output: name of the model's output that is explained; None where it has one alone.
        target: name of a target, or its position in the output; the one that the windows explain if not given. Where
            the windows have one target alone, an output may have others, such as quantiles of it.

    Raises:
        LstmkitError: the windows have no such step or target.
    """

    def __init__(
        self,
        model: nn.Module,
        windows: Windows,
        params: AttributionParams,
        seed: int,
        output: str | None = None,
        target: str | int | None = None,
    ):
        if params.target_step and params.target_step > windows.horizon:
            raise LstmkitError(
                f"attribution.target_step is {params.target_step}; the horizon has {windows.horizon} steps"
            )
        self.windows, self.params, self.seed = windows, params, seed
        at = windows.target if target is None else self._position(target)
        self.forecast = ScalarForecast(model, params.target_step, output, at)
        self.has_relu = any(isinstance(module, nn.ReLU) for module in model.modules())

    @property
    def explained(self) -> str:
        """What the scalar is."""
        chosen = self.forecast
        words = ["mean over the horizon" if chosen.step is None else f"step {chosen.step} ahead"]
        words += [f"output {chosen.output}"] * (chosen.output is not None)
        names = self.windows.task.targets
        if len(names) > 1 or chosen.target != self.windows.target:
            words.append(f"target {feature_label(names[chosen.target]) if len(names) > 1 else chosen.target}")
        return ", ".join(words)

    @property
    def scale(self) -> float:
        """What a scaled difference of one is worth in the unit of the target that is explained."""
        return self._of_target.scale

    @property
    def unit(self) -> str:
        """Of the output that is explained."""
        return self._of_target.output_unit

    @property
    def _of_target(self) -> Windows:
        several = len(self.windows.task) > 1
        return replace(self.windows, target=self.forecast.target) if several else self.windows

    @property
    def sizes(self) -> tuple[int, int]:
        """Windows that methods of one backward pass are averaged over, and those of many passes."""
        total = len(self.windows)
        return min(total, self.params.windows), min(total, self.params.costly_windows)

    def maps(
        self,
        method: str,
        x: Windows | Tensor | None = None,
        output: str | None = None,
        step: int | None = None,
        target: str | int | None = None,
        baseline: Baseline | None = None,
    ) -> Float[Tensor, "window time feature"]:
        """One map per window, as `attributor.maps("integrated_gradients", step=3, baseline="window mean")`.

        In the model's scaled units: `windows.scale` times a map is in the unit of the averages.

        Args:
            method: a name in `methods.METHODS`.
            x: windows, or scaled inputs of shape (window, time, feature); the sample that the method is averaged over
                if not given.
            output: name of the output; the one that the averages explain if not given.
            step: the step ahead, counted from 1; what the averages explain if not given.
            target: its name or position; the one that the averages explain if not given.
            baseline: for the methods that compare with one: "centre", the default; "window mean"; or scaled values of
                shape (time, feature) or (window, time, feature).

        Raises:
            LstmkitError: as `methods.maps`.
        """
        if x is None:
            x = self._sample(method in METHODS and METHODS[method].costly)
        usual = self.forecast
        return maps(
            usual.model,
            x if isinstance(x, Tensor) else _inputs(x),
            method,
            usual.output if output is None else output,
            usual.step if step is None else step,
            usual.target if target is None else self._position(target),
            baseline,
            batch_size=self.params.batch_size,
            seed=self.seed,
            **self._settings(method),
        )

    def saliency(self, few: bool = False) -> Attribution:
        """Gradients, signed and absolute.

        Args:
            few: on the windows of the costly methods, to be compared with them.
        """
        return self._average("saliency", few=few)

    def gradient_x_input(self, few: bool = False, baseline: Baseline = CENTRE) -> Attribution:
        """Gradient times the input's distance from the baseline.

        Args:
            few: on the windows of the costly methods, to be compared with them.
            baseline: "centre", "window mean", or scaled values of shape (time, feature).
        """
        return self._average("gradient_x_input", baseline, few)

    def guided_backprop(self) -> Attribution:
        """Guided backpropagation.

        Raises:
            LstmkitError: the model has no ReLU, so that the method would be the saliency under another name.
        """
        return self._average("guided_backprop")

    def smoothgrad(self) -> Attribution:
        """SmoothGrad, with noise of a share of each feature's standard deviation over the sample."""
        return self._average("smoothgrad")

    def integrated_gradients(self, baseline: Baseline = CENTRE) -> Attribution:
        """Integrated gradients, with their completeness error.

        Args:
            baseline: "centre", "window mean", or scaled values of shape (time, feature).
        """
        return self._average("integrated_gradients", baseline)

    def occlusion(self, baseline: Baseline = CENTRE) -> Attribution:
        """Occlusion by patches of one feature.

        Args:
            baseline: "centre", "window mean", or scaled values of shape (time, feature).
        """
        return self._average("occlusion", baseline)

    def at_step(self, step: int | None) -> "Attributor":
        """The same attributor for another step ahead.

        Args:
            step: counted from 1; None for the mean over the horizon.

        Raises:
            LstmkitError: the horizon has no such step.
        """
        params, chosen = self.params.model_copy(update={"target_step": step}), self.forecast
        return Attributor(chosen.model, self.windows, params, self.seed, chosen.output, chosen.target)

    def average(self, method: str, windows: Windows, baseline: Baseline | None = None) -> Attribution:
        """The average over given windows, which may be a single one.

        Args:
            method: a name in `methods.METHODS`.
            windows: all of which are averaged.
            baseline: for the methods that compare with one, as in `maps`, but the same for all windows.

        Raises:
            LstmkitError: as `methods.maps`.
        """
        chosen = find_method(method, self.forecast.model, **self._settings(method))
        if getattr(baseline, "ndim", 0) == 3:
            raise LstmkitError("an average is over windows that share a baseline: give it (time, feature)")
        means, gap, change = MeansOfMaps(self.windows), RunningMean(), RunningMean()
        with reproducible(self.seed):
            for x, _ in windows.batches(self.params.batch_size):
                scaled = chosen.maps(self.forecast, x, baseline)
                if chosen.complete:
                    with torch.no_grad():
                        moved = self.forecast(x) - self.forecast(input_baseline(baseline, x))
                    gap.add((scaled.sum(dim=(1, 2)) - moved).abs().cpu().numpy())
                    change.add(moved.abs().cpu().numpy())
                means.add(scaled.cpu().numpy() * self.scale)
        return Attribution(
            method=chosen.title,
            unit=f"{self.unit} per standard deviation" if chosen.per_feature_unit else self.unit,
            **means.fields(),
            features=self.windows.features,
            hours_before=self.windows.hours_before(),
            explained=self.explained,
            n_windows=len(windows),
            completeness_error=float(gap.mean / (change.mean or 1.0)) if chosen.complete else None,
            baseline=baseline if baseline is None or isinstance(baseline, str) else "given values",
            calendar=self.windows.calendar,
        )

    def _average(self, name: str, baseline: Baseline | None = None, few: bool = False) -> Attribution:
        costly = find_method(name, self.forecast.model).costly
        return self.average(name, self._sample(few or costly), baseline)

    def _position(self, target: str | int) -> int:
        """Of a target in the output, which may have targets of its own where the windows have one alone."""
        task = self.windows.task
        return target if isinstance(target, int) and len(task) == 1 else task.position(target)

    def _sample(self, costly: bool) -> Windows:
        size = self.params.costly_windows if costly else self.params.windows
        return self.windows.sample(size, self.seed)

    def _settings(self, method: str) -> dict[str, Any]:
        """What the function of a method is called with."""
        params = self.params
        if method == "smoothgrad":
            sigma = noise_level(_inputs(self._sample(costly=True)), params.smooth_sigma)
            return {"samples": params.smooth_samples, "sigma": sigma}
        if method == "integrated_gradients":
            return {"steps": params.path_steps}
        if method == "occlusion":
            return {"steps": self.windows.calendar.steps(params.occlusion)}
        return {}


def _inputs(windows: Windows) -> Float[Tensor, "window time feature"]:
    return windows.gather(torch.arange(len(windows)))[0]
