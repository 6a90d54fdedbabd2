"""What a trained model puts out for every test window, kept in files that are read piece by piece."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np
import torch
from torch import nn

from lstmkit.data.windows import Windows
from lstmkit.internals.recurrent import record_final_states
from lstmkit.storage import RowWriter, whole_file

BATCH = 256
PREDICTIONS, STATES = "predictions.npz", "hidden_states.npy"


def write_outputs(folder: Path, model: nn.Module, windows: Windows) -> None:
    """Write `predictions.npz` (origin, predicted, observed) and `hidden_states.npy` (window, layer, unit).

    Args:
        folder: of the model and horizon.
        model: in evaluation mode, with an `nn.LSTM`.
        windows: to forecast, in order of time.

    Raises:
        LstmkitError: the model has no `nn.LSTM`.
    """
    with TemporaryDirectory(dir=folder, prefix=".outputs-") as name, whole_file(folder / STATES) as states:
        _run(Path(name), states, model, windows)
        np.save(Path(name, "origin.npy"), windows.origin.tz_convert("UTC").tz_localize(None).to_numpy())
        with whole_file(folder / PREDICTIONS) as draft, ZipFile(draft, "w", allowZip64=True) as archive:
            for member in ("origin", "predicted", "observed"):
                archive.write(Path(name, f"{member}.npy"), f"{member}.npy")


def _run(folder: Path, states: Path, model: nn.Module, windows: Windows) -> None:
    shape = (len(windows), windows.horizon)
    with ExitStack() as stack:
        predicted = stack.enter_context(RowWriter(folder / "predicted.npy", shape))
        observed = stack.enter_context(RowWriter(folder / "observed.npy", shape))
        final = stack.enter_context(record_final_states(model))
        stack.enter_context(torch.inference_mode())
        writer = None
        for index in torch.arange(len(windows)).split(BATCH):
            batch = windows.select(index)
            outputs = model(batch.gather(torch.arange(len(batch)))[0])
            reached = final.pop().cpu().numpy()
            writer = writer or stack.enter_context(RowWriter(states, (len(windows), *reached.shape[1:])))
            writer.add(reached)
            predicted.add(batch.to_units(outputs))
            observed.add(batch.observed())
