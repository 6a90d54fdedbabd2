"""Trains a model once: what was asked for before, and is found again, is loaded."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.models import build_model
from lstmkit.params import StudyParams, TrainedParams
from lstmkit.storage.checksums import checksum, read_checked, read_result, write_checked, write_result
from lstmkit.storage.files import locked, remove, writing
from lstmkit.training.checkpoints import SavedModel, load_model, save_model

CHECKPOINTS, TIMES = "checkpoints", "training.json"


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, and what is known of its training.

    Attributes:
        model: in evaluation mode on the CPU.
        saved: how its training went, and the checksum of its card.
        seconds: that the training took, where that is known.
    """

    model: nn.Module
    saved: SavedModel
    seconds: float | None


def load_or_train(
    folder: Path,
    architecture: TrainedParams,
    params: StudyParams,
    dataset: Dataset,
    windows: dict[str, Windows],
    seed: int,
) -> TrainedModel:
    """Load a model, or train it where it is not there.

    Args:
        folder: where the model is, or shall be; it may be read-only where the model is there.
        architecture: its kind and sizes.
        params: of the study.
        dataset: the series.
        windows: of all parts.
        seed: of the weights before training, the draws and the dropout.

    Raises:
        LstmkitError: the model's files are damaged, or cannot be written.
    """
    model = untrained_model(architecture, windows["train"], seed)
    request = _request(architecture, params, dataset, windows["train"], seed)
    saved = load_model(folder, model, request)
    if saved is None:
        with locked(folder / ".training.lock"):
            saved = load_model(folder, model, request) or _train(
                folder, model, params, windows, request, seed
            )
    if _are_of(folder / CHECKPOINTS, request):  # they are of no more use
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return TrainedModel(model, saved, _seconds(folder, saved.card))


def untrained_model(architecture: TrainedParams, windows: Windows, seed: int) -> nn.Module:
    """A model as it is before training, in evaluation mode; PyTorch's random numbers are left as they are.

    Args:
        architecture: its kind and sizes.
        windows: whose features and horizon it has.
        seed: of its weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_model(architecture, len(windows.features), windows.horizon, len(windows.task)).eval()


def _train(
    folder: Path, model: nn.Module, params: StudyParams, windows: dict[str, Windows], request: dict, seed: int
) -> SavedModel:
    from lstmkit.training.fit import fit  # Lightning takes seconds to import, which a trained model can spare

    checkpoints = folder / CHECKPOINTS
    if not _are_of(checkpoints, request):
        with writing(checkpoints):
            remove(checkpoints)
        write_checked(checkpoints / "request.json", request)
    history = fit(model, windows, params.training, seed, checkpoints, request=checksum(request))
    outcome = asdict(history)
    seconds = outcome.pop("seconds")
    saved = save_model(folder, model, request, outcome)
    write_result(folder / TIMES, {"seconds": seconds}, saved.card)
    return saved


def _request(
    architecture: TrainedParams, params: StudyParams, dataset: Dataset, train: Windows, seed: int
) -> dict:
    """Everything that the weights depend on, as JSON says it."""
    request = train.task.differing | {
        "architecture": architecture.model_dump(),
        "horizon": train.horizon,
        "targets": train.task.targets,
        "features": train.features,
        "site_timezone": dataset.calendar.timezone,
        "windows": params.windows.model_dump(),
        "split": params.split.model_dump(),
        "training": params.training.model_dump(),
        "seed": seed,
        "scaler": {"center": train.scaler.center.tolist(), "scale": train.scaler.scale.tolist()},
        "residual": {
            "kind": train.residual.kind,
            "rate": train.residual.rate.tolist(),
            "scale": train.residual.scale.tolist(),
        },
        "data": dataset.fingerprint,
    }
    return json.loads(json.dumps(request))


def _are_of(checkpoints: Path, request: dict[str, Any]) -> bool:
    """Whether a folder holds the checkpoints of a training for this request."""
    try:
        return read_checked(checkpoints / "request.json") == request
    except LstmkitError:
        return False


def _seconds(folder: Path, card: str) -> float | None:
    try:
        times = read_result(folder / TIMES, card)
    except LstmkitError:  # nothing depends on it
        return None
    return None if times is None else times["seconds"]
