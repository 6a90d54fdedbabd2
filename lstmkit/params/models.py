"""The `models` block: the architecture of each model."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lstmkit.params.base import Positive, Schema, Share

Units = Annotated[Positive, Field(le=4096)]
Layers = Annotated[Positive, Field(le=16)]
Width = Annotated[Positive, Field(le=1024)]  # steps


class LSTMParams(Schema):
    """A stacked LSTM with a linear head on its last hidden state."""

    has_convolutions: ClassVar[bool] = False
    kind: Literal["lstm"]
    hidden: Units = 128
    layers: Layers = 2
    dropout: Share = 0.2


class CNNLSTMParams(Schema):
    """Two convolutions, a pool, and a stacked LSTM with a fully connected head."""

    has_convolutions: ClassVar[bool] = True
    kind: Literal["cnn_lstm"]
    channels: tuple[Units, Units] = (32, 64)
    kernels: tuple[Width, Width] = (7, 5)
    pool: Width = 2
    hidden: Units = 128
    layers: Layers = 2
    head: Units = 64
    dropout: Share = 0.2


class BypassParams(Schema):
    """A CNN-LSTM without its convolutions: its LSTM reads `patch` raw steps side by side, as one."""

    has_convolutions: ClassVar[bool] = False
    kind: Literal["bypass"]
    patch: Width = 2
    hidden: Units = 128
    layers: Layers = 2
    head: Units = 64
    dropout: Share = 0.2


ModelParams = Annotated[LSTMParams | CNNLSTMParams | BypassParams, Field(discriminator="kind")]


def least_parameters(model: ModelParams, horizon: int) -> int:
    """How many parameters a model has where the series has a single feature.

    Args:
        model: its architecture.
        horizon: steps ahead.
    """
    if isinstance(model, LSTMParams):
        return _lstm(model, 1) + _linear(model.hidden, horizon)
    head = _linear(model.hidden, model.head) + _linear(model.head, horizon)
    if isinstance(model, BypassParams):
        return _lstm(model, model.patch) + head
    (first, second), (wide, narrow) = model.channels, model.kernels
    norms = 2 * (first + second)
    convolutions = _linear(wide, first) + _linear(first * narrow, second)
    return convolutions + norms + _lstm(model, second) + head


def _lstm(model: ModelParams, inputs: int) -> int:
    hidden = model.hidden
    return sum(4 * hidden * (width + hidden + 2) for width in [inputs, *[hidden] * (model.layers - 1)])


def _linear(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs
