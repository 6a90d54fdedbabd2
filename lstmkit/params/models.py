"""The `models` block: the architecture of each model."""

from typing import Annotated, Literal

from pydantic import Field

from lstmkit.params.base import Positive, Schema


class LSTMParams(Schema):
    """A stacked LSTM with a linear head on its last hidden state."""

    kind: Literal["lstm"]
    hidden: Positive = 128
    layers: Positive = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


class CNNLSTMParams(Schema):
    """Two convolutions, a pool, and a stacked LSTM with a fully connected head."""

    kind: Literal["cnn_lstm"]
    channels: tuple[Positive, Positive] = (32, 64)
    kernels: tuple[Positive, Positive] = (7, 5)
    pool: Positive = 2
    hidden: Positive = 128
    layers: Positive = 2
    head: Positive = 64
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


class BypassParams(Schema):
    """A CNN-LSTM without its convolutions: its LSTM reads `patch` raw steps side by side, as one."""

    kind: Literal["bypass"]
    patch: Positive = 2
    hidden: Positive = 128
    layers: Positive = 2
    head: Positive = 64
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


ModelParams = Annotated[LSTMParams | CNNLSTMParams | BypassParams, Field(discriminator="kind")]
