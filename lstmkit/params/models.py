"""The `models` block: the architecture of each model."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from lstmkit.params.base import FilePath, Name, Number, Positive, Schema, Share, Title

FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def _factory(text: str) -> str:
    if not FACTORY.fullmatch(text):
        raise ValueError("write a module and a function of it, for example my_package.my_file:build")
    return text


Units = Annotated[Positive, Field(le=4096)]
Layers = Annotated[Positive, Field(le=16)]
Width = Annotated[Positive, Field(le=1024)]  # steps


class LSTMParams(Schema):
    """A stacked LSTM with a linear head on its last hidden state."""

    has_convolutions: ClassVar[bool] = False
    label: ClassVar[str | None] = None
    kind: Literal["lstm"]
    hidden: Units = 128
    layers: Layers = 2
    dropout: Share = 0.2


class CNNLSTMParams(Schema):
    """Two convolutions, a pool, and a stacked LSTM with a fully connected head."""

    has_convolutions: ClassVar[bool] = True
    label: ClassVar[str | None] = None
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
    label: ClassVar[str | None] = None
    kind: Literal["bypass"]
    patch: Width = 2
    hidden: Units = 128
    layers: Layers = 2
    head: Units = 64
    dropout: Share = 0.2


Argument = bool | int | Number | str | None | list[int | Number | str]


class ModuleParams(Schema):
    """A module of the user's own, trained elsewhere.

    Its `factory` is code of the user's own and is imported because this line names it: `my_package.my_file:build` is
    the function `build` of `my_package/my_file.py`, beside the folder `params/`. It is called with `arguments` and
    returns an `nn.Module` that maps (batch, time, feature) to (batch, horizon) or (batch, horizon, target), or puts out
    several of these by name.

    Attributes:
        kind: `module`.
        factory: `module:function`.
        arguments: by name, of the function.
        weights: a safetensors file with the module's weights; those that the factory gives it where there is none.
        inputs: whether it reads features that are scaled as `windows.scaling` says, or in their units.
        outputs: whether it puts out the targets in their units, or scaled as the features are; of classes it puts out
            logits.
        output: of a module that puts out several, the one that is explained.
        lstm: of a module that calls several LSTMs, the path of the one whose states are shown; the first if not given.
        label: what it is called in titles.
    """

    has_convolutions: ClassVar[bool] = False
    kind: Literal["module"]
    factory: Annotated[str, AfterValidator(_factory)]
    arguments: dict[Name, Argument] = Field(default={})
    weights: FilePath | None = None
    inputs: Literal["scaled", "unit"] = "scaled"
    outputs: Literal["scaled", "unit"] = "unit"
    output: Name | None = None
    lstm: Name | None = None
    label: Title | None = None


TrainedParams = LSTMParams | CNNLSTMParams | BypassParams
ModelParams = Annotated[TrainedParams | ModuleParams, Field(discriminator="kind")]


def least_parameters(model: TrainedParams, horizon: int) -> int:
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


def _lstm(model: TrainedParams, inputs: int) -> int:
    hidden = model.hidden
    return sum(4 * hidden * (width + hidden + 2) for width in [inputs, *[hidden] * (model.layers - 1)])


def _linear(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs
