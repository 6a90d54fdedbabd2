"""A module that its user trained elsewhere: built by the user's own factory, with weights in safetensors."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import safetensors.torch
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from torch import Tensor, nn

from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.outputs import named_outputs, one_output
from lstmkit.internals.running import kind_of
from lstmkit.params import ModuleParams

CONVERT = (
    'weights are read from safetensors alone, which cannot carry code. Convert them once: python -c "import torch; '
    "from safetensors.torch import save_file; save_file(torch.load('{path}', weights_only=True), '{target}')\""
)
PICKLED = (".pt", ".pth", ".pkl", ".ckpt", ".bin")


class OwnForecaster(nn.Module):
    """A user's module between the scaled features and the scaled differences that the analyses work with.

    Args:
        module: maps (batch, time, feature) to (batch, horizon) or (batch, horizon, target).
        windows: for which it forecasts; their residual baseline is the mean of the training part.
        inputs: `scaled`, or `unit` where the module reads features in their units.
        outputs: `unit`, or `scaled` where the module puts out targets that are scaled as the features are.
        output: of a module that puts out several, the one that is taken.
    """

    stages: ClassVar[dict[str, str]] = {}

    def __init__(
        self, module: nn.Module, windows: Windows, inputs: str, outputs: str, output: str | None = None
    ):
        super().__init__()
        self.own_module, self.output = module, output
        shift, stretch = _of_inputs(windows, inputs)
        self.register_buffer("input_shift", shift, persistent=False)
        self.register_buffer("input_stretch", stretch, persistent=False)
        shift, stretch = _of_outputs(windows, outputs)
        self.register_buffer("output_shift", shift, persistent=False)
        self.register_buffer("output_stretch", stretch, persistent=False)
        self.shape = windows.shape

    input_shift: Tensor
    input_stretch: Tensor
    output_shift: Tensor
    output_stretch: Tensor

    def forward(self, x: Float[Tensor, "batch time feature"]) -> Float[Tensor, "batch horizon target"]:
        """Scaled differences from the mean of the training part."""
        inputs = x * self.input_stretch + self.input_shift
        found = one_output(named_outputs(self.own_module, inputs), self.output)
        if found.shape[1:] != self.shape:
            given, expected = (tuple(each) for each in (found.shape, (len(x), *self.shape)))
            raise LstmkitError(
                f"{kind_of(self)} puts out the shape {given} for {len(x)} windows; {expected} is expected: windows, "
                f"steps ahead, targets"
            )
        return found * self.output_stretch + self.output_shift


def _of_inputs(windows: Windows, inputs: str) -> tuple[Tensor, Tensor]:
    """By what scaled features are shifted and stretched."""
    scaler = windows.scaler
    if inputs == "scaled":
        return torch.zeros(len(scaler.center)), torch.ones(len(scaler.center))
    return _tensor(scaler.center), _tensor(scaler.scale)


def _of_outputs(windows: Windows, outputs: str) -> tuple[Tensor, Tensor]:
    """By what outputs are shifted and stretched to become scaled differences from the residual baseline."""
    rule = windows.residual
    mean, size = _tensor(rule.expected[0]), _tensor(rule.scale)
    if windows.task.kind == "classes":  # logits, to which the baseline adds the logarithms of the frequencies
        return -mean.log(), torch.ones_like(mean)
    if outputs == "unit":
        return -mean / size, 1 / size
    columns = [windows.features.index(name) for name in windows.task.targets if name in windows.features]
    if len(columns) < len(windows.task):
        raise LstmkitError("`outputs: scaled` needs every target among the features; write `outputs: unit`")
    center, scale = (_tensor(each[columns]) for each in (windows.scaler.center, windows.scaler.scale))
    return (center - mean) / size, scale / size


def _tensor(values) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def build_own(
    params: ModuleParams, windows: Windows, folder: Path, *, with_weights: bool = True
) -> OwnForecaster:
    """Build a user's module, in evaluation mode.

    Args:
        params: of the module.
        windows: for which it forecasts.
        folder: the project's, in which the factory and the weights are looked for.
        with_weights: or else with those that the factory gives it.

    Raises:
        LstmkitError: the factory or its weights cannot be used.
    """
    module = _made(params, folder)
    if with_weights and params.weights is not None:
        _load_weights(module, folder / params.weights)
    return forecaster_of(module, params, windows)


def forecaster_of(module: nn.Module, params: ModuleParams, windows: Windows) -> OwnForecaster:
    """A user's module between the scales of some windows, in evaluation mode.

    Args:
        module: as its user made it.
        params: of the module.
        windows: for which it forecasts.
    """
    return OwnForecaster(module, windows, params.inputs, params.outputs, params.output).eval()


def _made(params: ModuleParams, folder: Path) -> nn.Module:
    path, _, name = params.factory.partition(":")
    with _importable(folder):
        try:
            factory: Callable[..., object] = getattr(importlib.import_module(path), name)
        except (ImportError, AttributeError) as error:
            raise LstmkitError(
                f"the factory {params.factory} cannot be imported from {folder}: {error}; it is looked for beside the "
                f"folder params/ and among the installed packages"
            ) from error
        try:
            module = factory(**params.arguments)
        except TypeError as error:
            raise LstmkitError(f"the factory {params.factory} cannot be called: {error}") from error
    if not isinstance(module, nn.Module):
        raise LstmkitError(
            f"the factory {params.factory} returns a {type(module).__name__}, not an nn.Module"
        )
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported inside the body."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _load_weights(module: nn.Module, path: Path) -> None:
    if path.suffix.lower() in PICKLED:
        raise LstmkitError(f"{path}: " + CONVERT.format(path=path, target=path.with_suffix(".safetensors")))
    try:
        weights = safetensors.torch.load_file(path)
        module.load_state_dict(weights)
    except FileNotFoundError:
        raise LstmkitError(f"there is no file {path} with the weights of {kind_of(module)}") from None
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise LstmkitError(f"{path} does not hold the weights of {kind_of(module)}: {said}") from None
    if bad := next((name for name, values in weights.items() if not torch.isfinite(values).all()), None):
        raise LstmkitError(f"{path}: {bad} holds NaN or infinity")
