"""What a trained model puts out for every test window, kept in files that are read piece by piece."""

from contextlib import ExitStack
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import torch
from torch import nn

from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.recurrent import record_final_states
from lstmkit.internals.running import forecast
from lstmkit.storage.checksums import file_sha256, read_result, write_result
from lstmkit.storage.files import RowWriter, Stream, locked, whole_file

BATCH = 64
PREDICTIONS, STATES, HASHES = "predictions.npz", "hidden_states.npy", "outputs.json"


def ensure_outputs(
    folder: Path, model: nn.Module, windows: Windows, card: str, lstm: str | None = None
) -> None:
    """Write the model's outputs unless they are there, whole and of this model.

    Args:
        folder: of the model and horizon.
        model: with an `nn.LSTM`; it is run in evaluation mode.
        windows: to forecast, in order of time.
        card: the SHA-256 of the model's card.
        lstm: name of the LSTM whose final states are kept, as in `model.named_modules()`; the one that the model calls
            first if not given.

    Raises:
        LstmkitError: the model has no `nn.LSTM` of this name or calls none, its outputs are no finite forecasts of
            every step ahead, or the files cannot be written.
    """
    if _are_there(folder, card, lstm):
        return
    with locked(folder / ".outputs.lock"):
        if not _are_there(folder, card, lstm):
            write_outputs(folder, model, windows, lstm)
            write_result(folder / HASHES, _hashes(folder, lstm), card)


def write_outputs(folder: Path, model: nn.Module, windows: Windows, lstm: str | None = None) -> None:
    """Write `predictions.npz` (origin, predicted, observed) and `hidden_states.npy` (window, layer, unit).

    Args:
        folder: of the model and horizon.
        model: with an `nn.LSTM`; it is run in evaluation mode.
        windows: to forecast, in order of time.
        lstm: name of the LSTM whose final states are written; the one that the model calls first if not given.

    Raises:
        LstmkitError: the model has no `nn.LSTM` of this name or calls none, its outputs are no finite forecasts of
            every step ahead, or the files cannot be written.
    """
    origin = windows.origin.tz_convert("UTC").tz_localize(None).to_numpy()
    with ExitStack() as stack:
        states = stack.enter_context(whole_file(folder / STATES))
        predictions = stack.enter_context(whole_file(folder / PREDICTIONS))
        archive = stack.enter_context(ZipFile(predictions, "w", allowZip64=True))
        with archive.open("origin.npy", "w") as member:
            np.lib.format.write_array(member, origin)
        with archive.open("predicted.npy", "w", force_zip64=True) as member, states.open("wb") as file:
            _run(member, file, model, windows, lstm)
        with archive.open("observed.npy", "w", force_zip64=True) as member:
            observed = RowWriter(member, (len(windows), *windows.shape))
            for index in torch.arange(len(windows)).split(BATCH):
                observed.add(windows.select(index).observed())


def _run(predictions: Stream, states: Stream, model: nn.Module, windows: Windows, lstm: str | None) -> None:
    predicted = RowWriter(predictions, (len(windows), *windows.shape))
    with record_final_states(model, lstm) as final, torch.inference_mode():
        writer = None
        for index in torch.arange(len(windows)).split(BATCH):
            batch = windows.select(index)
            x, _ = batch.gather(torch.arange(len(batch)))
            outputs = forecast(model, x, windows.shape, list(batch.origin))
            reached = final.pop().float().cpu().numpy()  # NumPy has no bfloat16
            writer = writer or RowWriter(states, (len(windows), *reached.shape[1:]))
            writer.add(reached)
            predicted.add(batch.to_units(outputs))


def _are_there(folder: Path, card: str, lstm: str | None) -> bool:
    """Whether both files are byte for byte what this model put out; foreign and damaged ones are not."""
    try:
        return read_result(folder / HASHES, card) == _hashes(folder, lstm)
    except (OSError, LstmkitError):  # whatever is wrong with them, they are made again
        return False


def _hashes(folder: Path, lstm: str | None) -> dict[str, str]:
    files = {name: file_sha256(folder / name) for name in (PREDICTIONS, STATES)}
    return files if lstm is None else files | {"lstm": lstm}
