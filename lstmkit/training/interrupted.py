"""The checkpoints of an unfinished training: written whole, and read only if they are whole and its own."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from lstmkit.storage.files import remove, write_whole, writing


class WholeCheckpoints(TorchCheckpointIO):
    """Writes checkpoints whole or not at all; Lightning's own way is a copy where /tmp is another disk."""

    def save_checkpoint(self, checkpoint: dict, path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint beside its place, and put it there.

        Args:
            checkpoint: what to write.
            path: its place.
            storage_options: Lightning's, not used.
        """
        write_whole(Path(path), lambda draft: torch.save(checkpoint, draft))


def last_checkpoint(folder: Path, request: str) -> Path | None:
    """The checkpoint from which an interrupted training goes on.

    Args:
        folder: is made where it is missing; checkpoints are removed unless both are whole and of this training.
        request: names the training.

    Returns:
        Its path; None where the training begins anew.

    Raises:
        LstmkitError: the folder cannot be written.
    """
    both = [folder / "best.ckpt", folder / "last.ckpt"]
    if all(_is_whole(path, request) for path in both):
        return both[1]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for path in both:
            remove(path)
    return None


def _is_whole(checkpoint: Path, request: str) -> bool:
    try:
        with ZipFile(checkpoint) as archive:
            damaged = archive.testzip()  # PyTorch does not check the sums of its archives
        content = torch.load(checkpoint, weights_only=True, map_location="cpu")
        return damaged is None and content["request"] == request
    except Exception:  # damaged bytes raise nearly anything, in `zipfile` and in PyTorch
        return False
