"""Forecasts of the test windows by the baselines, kept once per study and horizon in a file read piece by piece."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch

from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import StudyParams
from lstmkit.storage.checksums import file_sha256, read_checked, write_checked
from lstmkit.storage.files import Rows, RowWriter, locked, whole_file
from lstmkit.training.simple_rules import Forecaster

BATCH = 2048
FORECASTS, RECORD = "baselines.npz", "baselines.json"


def ensure_baselines(
    folder: Path, request: dict[str, Any], fit: Callable[[], dict[str, Forecaster]], windows: Windows
) -> dict[str, Rows]:
    """Forecast windows with every baseline, unless their forecasts are there, whole and for the same request.

    Args:
        folder: where `baselines.npz` and its record `baselines.json` are, or shall be; it may be read-only where they
            are there.
        request: all that the forecasts depend on, what JSON can say.
        fit: fits the baselines where they are asked for.
        windows: to forecast, in order of time.

    Returns:
        Per baseline, in their order, its forecasts of the explained target in its unit, shape (window, horizon).

    Raises:
        LstmkitError: the files cannot be written.
    """
    request = json.loads(json.dumps(request))
    names = _kept(folder, request)
    if names is None:
        with locked(folder / ".baselines.lock"):
            names = _kept(folder, request) or _write(folder, request, fit(), windows)
    return {name: Rows(folder / FORECASTS, name, windows.target) for name in names}


def baselines_request(params: StudyParams, dataset: Dataset, train: Windows) -> dict[str, Any]:
    """All that the baselines' forecasts depend on: no model, no residual baseline of the networks.

    Args:
        params: of the study.
        dataset: the series.
        train: windows of the training part.
    """
    return train.task.differing | {
        "horizon": train.horizon,
        "targets": train.task.targets,
        "features": list(train.features),
        "site_timezone": dataset.calendar.timezone,
        "lookback": train.lookback,
        "split": params.split.model_dump(),
        "validation_windows": params.training.validation_windows,
        "seed": params.seed,
        "scaler": {"center": train.scaler.center.tolist(), "scale": train.scaler.scale.tolist()},
        "data": dataset.fingerprint,
    }


def _write(
    folder: Path, request: dict[str, Any], baselines: dict[str, Forecaster], windows: Windows
) -> list[str]:
    with whole_file(folder / FORECASTS) as draft, ZipFile(draft, "w", allowZip64=True) as archive:
        for name, forecast in baselines.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                rows = RowWriter(member, (len(windows), *windows.shape))
                for index in torch.arange(len(windows)).split(BATCH):
                    rows.add(forecast(windows.select(index)))
    record = {"request": request, "baselines": list(baselines), "sha256": file_sha256(folder / FORECASTS)}
    write_checked(folder / RECORD, record)
    return list(baselines)


def _kept(folder: Path, request: dict[str, Any]) -> list[str] | None:
    """Names of the baselines, where their forecasts are byte for byte what was written for this request."""
    try:
        record = read_checked(folder / RECORD)
        if record and record["request"] == request and record["sha256"] == file_sha256(folder / FORECASTS):
            return record["baselines"]
    except (OSError, LstmkitError):  # whatever is wrong with them, they are made again
        pass
    return None
