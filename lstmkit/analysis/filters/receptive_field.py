"""How much of the input one step behind the convolutions sees: by arithmetic, and by gradients."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.data.windows import Windows
from lstmkit.internals.activations import record
from lstmkit.internals.convolutions import LocalStage, dilation, find_local_stages, stride, taps

PROBES = 32  # windows whose gradients are joined: a ReLU or a pool lets each window see a part of the field


class ReceptiveFieldFacts(TypedDict):
    """Steps and minutes of the last stage's field."""

    receptive_field_steps: int
    receptive_field_minutes: float
    receptive_field_measured: int


@dataclass(frozen=True)
class Stage:
    """Receptive field of one step at one stage.

    Attributes:
        label: for a reader.
        steps: input steps that it spans, by arithmetic.
        measured: input steps that it spans, by gradients.
        stride: input steps between neighbouring steps of the stage.
        start: first step of its field, counted from the first step of the last stage's field.
    """

    label: str
    steps: int
    measured: int
    stride: int
    start: int


@dataclass(frozen=True)
class ReceptiveField:
    """Receptive fields of all stages in front of a model's memory.

    Attributes:
        stages: in the order of a forward pass.
        gradient: mean absolute gradient of a step of the last stage, in percent of its sum, by input step of its
            field, oldest first; zeros where no gradient arrives, shape (step,).
        newest: input steps that the newest step of the last stage sees, by gradients.
        after: steps of that one's field that would lie after the forecast's origin and are padding; negative where its
            field ends before the origin.
        convolutions: steps that the convolutions alone span.
        lookback: input steps.
        interval: between them.
        calendar: of the series.
    """

    stages: tuple[Stage, ...]
    gradient: Float[np.ndarray, "step"]
    newest: int
    after: int
    convolutions: int
    lookback: int
    interval: pd.Timedelta
    calendar: Calendar = HOURLY

    @property
    def agree(self) -> bool:
        """Whether arithmetic and gradients give the same at every stage."""
        return all(stage.steps == stage.measured for stage in self.stages)

    @property
    def lookback_percent(self) -> float:
        """Percent of the lookback that a step of the last stage sees."""
        return 100 * self.stages[-1].steps / self.lookback

    @property
    def added_by_pool(self) -> int:
        """Steps that the field has more than the convolutions alone span."""
        return self.stages[-1].steps - self.convolutions

    @property
    def shared(self) -> int:
        """Input steps that neighbouring steps of the last stage both see."""
        last = self.stages[-1]
        return max(0, last.steps - last.stride)

    def minutes(self, steps: int) -> float:
        """A number of steps in minutes.

        Args:
            steps: of the input.
        """
        return float(steps * (self.interval / pd.Timedelta("1min")))

    def to_frame(self) -> pd.DataFrame:
        """One row per stage."""
        frame = pd.DataFrame([vars(stage) for stage in self.stages]).set_index("label").rename_axis("stage")
        frame = frame.drop(columns="start")
        frame["minutes"] = frame["steps"] * (self.interval / pd.Timedelta("1min"))
        return frame

    def facts(self) -> ReceptiveFieldFacts:
        """Steps and minutes of the last stage's field."""
        steps = self.stages[-1].steps
        return {
            "receptive_field_steps": steps,
            "receptive_field_minutes": self.minutes(steps),
            "receptive_field_measured": self.stages[-1].measured,
        }


def receptive_field(model: nn.Module, windows: Windows) -> ReceptiveField:
    """Compute the receptive field of every stage from its kernels, and measure it by gradients.

    The arithmetic goes back through the modules (Dumoulin & Visin 2016); the measurement joins the inputs at which
    any channel of a step has a gradient, over some windows (Luo et al. 2016). The step is the one nearest to the
    middle whose field lies within the window.

    Args:
        model: in evaluation mode.
        windows: to draw some from, evenly spread.

    Raises:
        LstmkitError: the model has no convolution in front of its memory.
    """
    probes = windows.spread(PROBES)
    x, _ = probes.gather(torch.arange(len(probes)))
    stages = find_local_stages(model, x[:1])
    names = [stage.name for stage in stages]
    with record(model, names) as outputs:
        model(x.requires_grad_())
        inner = [
            _gradient(outputs[name], x, _inner(stages[:depth], outputs[name].shape[2], windows.lookback))
            for depth, name in enumerate(names, start=1)
        ]
        n_steps = outputs[names[-1]].shape[2]
        newest = _gradient(outputs[names[-1]], x, n_steps - 1)
    kernels = [stage.module for stage in stages if isinstance(stage.module, nn.Conv1d)]
    first, last = _field(stages, 0)
    return ReceptiveField(
        stages=tuple(
            Stage(label, steps, _span(gradient), moves, start)
            for label, (steps, moves, start), gradient in zip(
                _labels(stages), _arithmetic(stages), inner, strict=True
            )
        ),
        gradient=_profile(inner[-1], last - first + 1),
        newest=_span(newest),
        after=_field(stages, n_steps - 1)[1] - (windows.lookback - 1),
        convolutions=1 + sum((taps(kernel) - 1) * dilation(kernel) for kernel in kernels),
        lookback=windows.lookback,
        interval=windows.interval,
        calendar=windows.calendar,
    )


def _labels(stages: list[LocalStage]) -> list[str]:
    labels, layers = [], 0
    for stage in stages:
        layers += isinstance(stage.module, nn.Conv1d)
        labels.append(f"CNN layer {layers}" if isinstance(stage.module, nn.Conv1d) else "the pool")
    return labels


def _arithmetic(stages: list[LocalStage]) -> list[tuple[int, int, int]]:
    """Steps, stride and start of each stage's field."""
    first, _ = _field(stages, 0)
    unit, found = 0, []
    for depth in range(len(stages), 0, -1):
        low, high = _field(stages[:depth], unit)
        moves = int(np.prod([stride(stage.module) for stage in stages[:depth]]))
        found.append((high - low + 1, moves, low - first))
        unit = sum(stages[depth - 1].reads(unit, unit)) // 2  # in the middle of what this stage reads
    return found[::-1]


def _field(stages: list[LocalStage], unit: int) -> tuple[int, int]:
    """First and last input step that a step of the last stage sees; those outside the window are padding."""
    low = high = unit
    for stage in reversed(stages):
        low, high = stage.reads(low, high)
    return low, high


def _inner(stages: list[LocalStage], n_steps: int, lookback: int) -> int:
    """The step of the last stage whose field has the least padding; of several the one nearest to the middle."""

    def inside(step: int) -> int:
        low, high = _field(stages, step)
        return min(high, lookback - 1) - max(low, 0)

    return max(range(n_steps), key=lambda step: (inside(step), -abs(step - n_steps // 2)))


def _gradient(
    maps: Float[Tensor, "batch channel step"], x: Float[Tensor, "batch time feature"], step: int
) -> Float[np.ndarray, "time"]:
    """Mean absolute gradient of one step, over windows, channels and features; no channel cancels another."""
    total = torch.zeros(x.shape[1], dtype=torch.float64, device=x.device)
    for channel in range(maps.shape[1]):
        (gradient,) = torch.autograd.grad(maps[:, channel, step].sum(), x, retain_graph=True)
        total += gradient.abs().double().mean(dim=(0, 2))
    return (total / maps.shape[1]).cpu().numpy()


def _span(gradient: Float[np.ndarray, "time"]) -> int:
    reached = np.flatnonzero(gradient)
    return int(reached[-1] - reached[0] + 1) if len(reached) else 0


def _profile(gradient: Float[np.ndarray, "time"], steps: int) -> Float[np.ndarray, "step"]:
    """Percent of the gradient at each step of a field, which begins at the first one reached."""
    reached = np.flatnonzero(gradient)
    start = reached[0] if len(reached) else 0
    inside = gradient[start : start + steps]
    profile = np.zeros(steps)
    profile[: len(inside)] = 100 * inside / (inside.sum() or 1.0)
    return profile
