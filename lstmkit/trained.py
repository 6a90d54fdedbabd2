"""Trains a model once: what was asked for before, and is found again, is loaded."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from filelock import FileLock
from torch import nn

from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows
from lstmkit.models import build_model
from lstmkit.params import ModelParams, StudyParams
from lstmkit.storage import write_json
from lstmkit.training.checkpoints import load_outcome, save_model


def load_or_train(
    folder: Path,
    architecture: ModelParams,
    params: StudyParams,
    dataset: Dataset,
    windows: dict[str, Windows],
) -> tuple[nn.Module, dict]:
    """The model in evaluation mode on the CPU, and how its training went.

    Args:
        folder: where the model is, or shall be.
        architecture: its kind and sizes.
        params: of the study.
        dataset: the series.
        windows: of all parts.
    """
    torch.manual_seed(params.seed)
    model = build_model(architecture, len(windows["train"].features), windows["train"].horizon)
    request = _request(architecture, params, dataset, windows["train"])
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".training.lock"):
        outcome = load_outcome(folder, model, request)
        if outcome is None:
            outcome = _train(folder, model, params, windows, request)
    return model, outcome


def _train(
    folder: Path, model: nn.Module, params: StudyParams, windows: dict[str, Windows], request: dict
) -> dict:
    from lstmkit.training.fit import fit  # Lightning takes seconds to import, which a trained model can spare

    checkpoints = folder / "checkpoints"
    _discard_unless(checkpoints, request)
    outcome = asdict(fit(model, windows, params.training, params.seed, checkpoints))
    save_model(folder, model, request, outcome)
    shutil.rmtree(checkpoints)
    return outcome


def _request(architecture: ModelParams, params: StudyParams, dataset: Dataset, train: Windows) -> dict:
    """Everything that the weights depend on, as JSON says it."""
    request = {
        "architecture": architecture.model_dump(),
        "horizon": train.horizon,
        "features": train.features,
        "site_timezone": dataset.site_timezone,
        "windows": params.windows.model_dump(),
        "split": params.split.model_dump(),
        "training": params.training.model_dump(),
        "seed": params.seed,
        "scaler": {"center": train.scaler.center.tolist(), "scale": train.scaler.scale.tolist()},
        "target_scaler": {
            "center": train.target_scaler.center.tolist(),
            "scale": train.target_scaler.scale.tolist(),
        },
        "data": dataset.fingerprint,
    }
    return json.loads(json.dumps(request))


def _discard_unless(checkpoints: Path, request: dict) -> None:
    """Keep the checkpoints of an interrupted training only if it was for the same request."""
    note = checkpoints / "request.json"
    if checkpoints.exists() and not (note.exists() and json.loads(note.read_text()) == request):
        shutil.rmtree(checkpoints)
    write_json(note, request)
