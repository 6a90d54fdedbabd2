"""A study of a module in memory, with windows that were given as arrays."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lstmkit.data.arrays import dataset_of_windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.running import kind_of, uncompiled
from lstmkit.models.own import OwnForecaster, forecaster_of
from lstmkit.params import ArraysParams, ModuleParams, StudyParams
from lstmkit.params.base import near_folder_name
from lstmkit.params.files import checked
from lstmkit.run import Study

MODEL = "module"  # its key among the models of the study


@dataclass(frozen=True)
class OpenedModel(Study):
    """A study of a module in memory.

    Attributes:
        module: of the user's own, in evaluation mode; it is left as it is.
    """

    module: nn.Module = field(kw_only=True, repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.source / self.dataset.calendar.folder(self.horizon)

    @property
    def _baselines_folder(self) -> Path:
        return self.folder / "baselines"

    @property
    def siblings(self) -> tuple[Study, ...]:
        """This study, which has one horizon."""
        return (self,)

    def _own(self, params: ModuleParams, *, with_weights: bool = True) -> OwnForecaster:
        """The module, or a copy whose layers drew their weights anew."""
        module = self.module if with_weights else drawn_anew(self.module)
        return forecaster_of(module, params, self.windows["train"])


def opened_model(
    module: nn.Module,
    x: Any,
    y: Any,
    origins: Any,
    data: Mapping[str, Any],
    own: Mapping[str, Any],
    folder: str | Path | None,
    settings: Mapping[str, Any],
) -> OpenedModel:
    """A study of a module and its windows; nothing is computed yet.

    Args:
        module: in evaluation mode, on the CPU.
        x: inputs of the windows.
        y: their targets.
        origins: time stamps of their newest input steps; None where they are not known.
        data: what the arrays are, as in a study's `data` block.
        own: of the module, as in a study's `models` block.
        folder: where results go; below `results` if not given.
        settings: other blocks of a study.

    Raises:
        LstmkitError: the module, the arrays or the settings cannot be used.
    """
    require_usable(module)
    arrays = checked(ArraysParams, {"kind": "arrays", "file": "in memory", **data})
    dataset = dataset_of_windows(x, y, arrays, "given windows", origins)
    assert dataset.given is not None
    label = own.get("label") or kind_of(module)
    block = {"kind": "module", "factory": _class_of(module), "inputs": "unit", **own, "label": label}
    windows = {**settings.get("windows", {}), "lookback": dataset.given.lookback}
    horizon = dataset.given.horizon
    of_study = {"title": label, "data": arrays, "horizons": [horizon], "models": {MODEL: block}}
    params = checked(StudyParams, {**settings, **of_study, "windows": windows})
    place = Path("results") / near_folder_name(label) if folder is None else Path(folder)
    return OpenedModel(place.absolute(), params, MODEL, horizon, dataset, module=module)


def require_usable(module: nn.Module) -> None:
    """Refuse a module that would have to be changed before it is opened.

    Args:
        module: of the user's own.

    Raises:
        LstmkitError: it is in training mode, not on the CPU, or not in single precision.
    """
    if training := [name for name, part in module.named_modules() if part.training]:
        part = f" (its {training[0]})" if training[0] else ""
        raise LstmkitError(
            f"{kind_of(module)} is in training mode{part}, in which dropout and batch norms work otherwise: call "
            "module.eval()"
        )
    if elsewhere := {str(each.device) for each in module.parameters() if each.device.type != "cpu"}:
        raise LstmkitError(f"{kind_of(module)} is on {elsewhere.pop()}: call module.cpu()")
    if doubles := [name for name, each in module.named_parameters() if each.dtype != torch.float32]:
        raise LstmkitError(
            f"{kind_of(module)} does not compute in float32 ({doubles[0]}): call module.float()"
        )


def drawn_anew(module: nn.Module) -> nn.Module:
    """A copy whose layers drew their weights anew from PyTorch's random numbers.

    Args:
        module: of which every layer with `reset_parameters` draws; what has no such method is as it was.
    """
    copy = deepcopy(uncompiled(module))
    for part in copy.modules():
        if callable(reset := getattr(part, "reset_parameters", None)):
            reset()
    return copy


def _class_of(module: nn.Module) -> str:
    kind = type(uncompiled(module))
    return f"{kind.__module__}:{kind.__name__}"
