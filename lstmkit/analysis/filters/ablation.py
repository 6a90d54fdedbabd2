"""What the forecast loses with a convolutional layer: layers held at zero or at their mean, or never trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lstmkit.analysis.resampling.days import ResampledDays
from lstmkit.analysis.resampling.statistics import central_interval, side_of_zero
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.internals.ablation import convolutional_stages, replaced
from lstmkit.internals.activations import record
from lstmkit.internals.running import forecast
from lstmkit.params import StudyParams

LAYERS = ("layer 1", "layer 2")
BATCH = 128
MEAN_WINDOWS = 512  # of the training part, to average maps over
AS_TRAINED, NEVER_TRAINED = "as trained", "trained without convolutions"
ALIKE = (
    0.005  # of the RMSE of the residual baseline alone: about the last of the three digits that are printed
)
FIXED = 1e-4  # relative spread of outputs over windows below which they are the same


class AblationFacts(TypedDict):
    """Errors with and without convolutions, in the target's unit."""

    ablation_rmse: dict[str, float]
    rule_rmse: float
    gain_over_no_convolutions: float
    gain_low: float
    gain_high: float
    confidence: float
    unit: str


@dataclass(frozen=True)
class LayerAblation:
    """Errors of one model as it is, with a convolutional layer held fixed, and of one that never had any.

    Attributes:
        configurations: names, the model as trained first.
        rmse: over all windows and steps ahead, in the target's unit.
        increase: of the RMSE over that of the model as trained.
        low: lower end of the increase's interval over resampled blocks of days, the same days for both.
        high: upper end.
        over_rule: difference of the RMSE to that of the residual baseline alone; negative is better.
        over_rule_low: lower end of its interval.
        over_rule_high: upper end.
        fixed: whether the network puts out the same for every window.
        rule: the residual baseline in words.
        rule_rmse: RMSE of the residual baseline alone, which is a network that puts out zero.
        unit: the target's.
        n_windows: test windows.
        n_days: days on which they start.
        confidence: of the intervals.
        calendar: of the series.
    """

    configurations: tuple[str, ...]
    rmse: Float[np.ndarray, "configuration"]
    increase: Float[np.ndarray, "configuration"]
    low: Float[np.ndarray, "configuration"]
    high: Float[np.ndarray, "configuration"]
    over_rule: Float[np.ndarray, "configuration"]
    over_rule_low: Float[np.ndarray, "configuration"]
    over_rule_high: Float[np.ndarray, "configuration"]
    fixed: Bool[np.ndarray, "configuration"]
    rule: str
    rule_rmse: float
    unit: str
    n_windows: int
    n_days: int
    confidence: float
    calendar: Calendar = HOURLY

    @property
    def held(self) -> Int[np.ndarray, "held"]:
        """Rows of the configurations with a layer held fixed."""
        return np.flatnonzero([name.startswith("layer") for name in self.configurations])

    @property
    def never_trained(self) -> int:
        """Row of the model that was trained without convolutions."""
        return self.configurations.index(NEVER_TRAINED)

    @property
    def alike(self) -> Bool[np.ndarray, "configuration"]:
        """Whether the RMSE lies within `ALIKE` of that of the residual baseline alone."""
        return np.abs(self.over_rule) < ALIKE * self.rule_rmse

    @property
    def worse(self) -> Bool[np.ndarray, "configuration"]:
        """Whether the RMSE is certainly above that of the residual baseline alone, and by more than `ALIKE`."""
        return (side_of_zero(self.over_rule_low, self.over_rule_high) > 0) & ~self.alike

    def to_frame(self) -> pd.DataFrame:
        """One row per configuration."""
        names = [
            "rmse",
            "increase",
            "low",
            "high",
            "over_rule",
            "over_rule_low",
            "over_rule_high",
            "fixed",
        ]
        index = pd.Index(self.configurations, name="configuration")
        return pd.DataFrame({name: getattr(self, name) for name in names}, index=index)

    def facts(self) -> AblationFacts:
        """RMSE of every configuration, and what the convolutions gain over a model trained without."""
        last = self.never_trained
        return {
            "ablation_rmse": dict(zip(self.configurations, self.rmse.tolist(), strict=True)),
            "rule_rmse": self.rule_rmse,
            "gain_over_no_convolutions": float(self.increase[last]),
            "gain_low": float(self.low[last]),
            "gain_high": float(self.high[last]),
            "confidence": self.confidence,
            "unit": self.unit,
        }


class Ablator:
    """Forecasts of one model with parts of its convolutions held fixed.

    Args:
        model: in evaluation mode, with two convolutional layers and a pool.
        windows: of the `train` part, which gives the mean maps, and of the `test` part.
        params: of the study: how many windows and random ablations, the resampling, and the seed.

    Raises:
        LstmkitError: the model has no convolutions.
    """

    def __init__(self, model: nn.Module, windows: dict[str, Windows], params: StudyParams):
        first, _, read_by_lstm = convolutional_stages(model)
        self.model, self.params = model, params
        self.windows = windows["test"].spread(params.convolutions.windows)
        self.modules = dict(zip(LAYERS, (first, read_by_lstm), strict=True))
        self.means = mean_maps(model, self.modules, windows["train"].spread(MEAN_WINDOWS))

    @contextmanager
    def removed(
        self, layer: str, filters: Bool[Tensor, "filter"] | None = None, at_zero: bool = False
    ) -> Iterator[None]:
        """Hold filters of a layer at their mean map, or at zero, inside the body.

        Args:
            layer: one of `LAYERS`; the second is held behind the pool, where the LSTM reads it.
            filters: which; all if not given.
            at_zero: and not at the mean.
        """
        maps = torch.zeros_like(self.means[layer]) if at_zero else self.means[layer]
        with replaced(self.model, self.modules[layer], maps, filters):
            yield

    def n_filters(self, layer: str) -> int:
        """How many filters a layer has."""
        return len(self.means[layer])

    @property
    def scale(self) -> float:
        """The target's unit per scaled unit."""
        return self.windows.scale

    def layers(self, without: nn.Module) -> LayerAblation:
        """Hold each whole layer fixed, and compare with a model without convolutions.

        Args:
            without: trained on neighbouring raw steps side by side.
        """
        outputs = {AS_TRAINED: network_outputs(self.model, self.windows)}
        for layer in LAYERS:
            for at_zero in (True, False):
                with self.removed(layer, at_zero=at_zero):
                    name = f"{layer} {'set to zero' if at_zero else 'held at its mean'}"
                    outputs[name] = network_outputs(self.model, self.windows)
        outputs[NEVER_TRAINED] = network_outputs(without, self.windows)
        return self._compared(outputs)

    def _compared(self, outputs: dict[str, Tensor]) -> LayerAblation:
        aims, confidence = scaled_targets(self.windows), self.params.evaluation.confidence
        squares = [squared_errors(o, aims, self.scale) for o in [*outputs.values(), torch.zeros_like(aims)]]
        errors = np.stack(squares, axis=1)  # (window, configuration and rule)
        rmse, evaluation = np.sqrt(errors.mean(axis=0)), self.params.evaluation
        effect = errors / np.where(rmse > 0, rmse, 1.0)  # a window's, on an RMSE, up to a factor
        differences = np.stack([effect[:, :-1] - effect[:, :1], effect[:, :-1] - effect[:, -1:]], axis=1)
        days = ResampledDays(self.windows.origin, differences, evaluation.bootstrap, self.params.seed)
        drawn = np.sqrt(days.means(errors))
        low, high = central_interval(drawn[:, :-1] - drawn[:, :1], confidence)
        rule_low, rule_high = central_interval(drawn[:, :-1] - drawn[:, -1:], confidence)
        spread = np.array([float(values.std(dim=0).max()) for values in outputs.values()])
        return LayerAblation(
            configurations=tuple(outputs),
            rmse=rmse[:-1],
            increase=rmse[:-1] - rmse[0],
            low=low,
            high=high,
            over_rule=rmse[:-1] - rmse[-1],
            over_rule_low=rule_low,
            over_rule_high=rule_high,
            fixed=spread <= FIXED * spread[0],
            rule=self.windows.residual.rule,
            rule_rmse=float(rmse[-1]),
            unit=self.windows.unit,
            n_windows=len(self.windows),
            n_days=days.n_days,
            confidence=confidence,
            calendar=self.windows.calendar,
        )


def mean_maps(
    model: nn.Module, modules: dict[str, str], windows: Windows
) -> dict[str, Float[Tensor, "filter time"]]:
    """Mean map of each filter, step by step, over windows.

    Args:
        model: in evaluation mode.
        modules: label to name of the module.
        windows: to average over.
    """
    totals: dict[str, Tensor] = {}
    with record(model, list(modules.values())) as maps, torch.no_grad():
        for x, _ in windows.batches(BATCH):
            model(x)
            for label, name in modules.items():
                totals[label] = totals.get(label, 0) + maps[name].double().sum(dim=0)
    return {label: (total / len(windows)).float() for label, total in totals.items()}


def network_outputs(model: nn.Module, windows: Windows) -> Float[Tensor, "window horizon"]:
    """What a network adds to the residual baseline's forecast of the explained target, scaled.

    Args:
        model: in evaluation mode.
        windows: all of which fit into memory.
    """
    with torch.no_grad():
        outputs = [forecast(model, x, windows.shape) for x, _ in windows.batches(BATCH)]
    return windows.one(windows.residual.added(torch.cat(outputs)))


def scaled_targets(windows: Windows) -> Float[Tensor, "window horizon"]:
    """What a perfect network would put out.

    Args:
        windows: all of which fit into memory.
    """
    return windows.one(torch.cat([aim for _, aim in windows.batches(BATCH)]))


def squared_errors(
    outputs: Float[Tensor, "window horizon"], aims: Float[Tensor, "window horizon"], scale: float
) -> Float[np.ndarray, "window"]:
    """Mean squared error of each window's forecast, in the square of the target's unit.

    Args:
        outputs: of a network.
        aims: what they should be, or other outputs to compare with.
        scale: unit per scaled unit.
    """
    return ((outputs.double() - aims.double()) ** 2).mean(dim=1).numpy() * scale**2
