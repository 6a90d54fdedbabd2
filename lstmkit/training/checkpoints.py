"""A trained model on disk: weights in safetensors, and a JSON that says what they are. Never a pickle."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.storage.checksums import CARD, checksum, read_card, write_checked
from lstmkit.storage.files import write_whole, writing

WEIGHTS = "model.safetensors"
_BOTH = "delete both, and the model is trained anew"


@dataclass(frozen=True)
class SavedModel:
    """What a model's card says.

    Attributes:
        outcome: how training went.
        card: the checksum of the card, which what is computed from the model names.
    """

    outcome: dict[str, Any]
    card: str


def save_model(
    folder: Path, model: nn.Module, request: dict[str, Any], outcome: dict[str, Any]
) -> SavedModel:
    """Write weights and card; the card comes last, so that weights without a card count as nothing.

    Args:
        folder: where `model.safetensors` and `model.json` shall be.
        model: trained.
        request: everything that the weights depend on; by this the model is known again.
        outcome: how training went, the same for every training of this request: no wall times.

    Raises:
        LstmkitError: the weights are not finite, or the files cannot be written.
    """
    weights = weights_of(model)
    if name := _not_finite(weights):
        raise LstmkitError(
            f"training ended with NaN or infinity in {name} and is not saved: lower `training.learning_rate`"
        )
    content = safetensors.torch.save(weights)
    with writing(folder / CARD):
        (folder / CARD).unlink(missing_ok=True)
    write_whole(folder / WEIGHTS, lambda draft: draft.write_bytes(content))
    card = {
        "request": request,
        "outcome": outcome,
        "versions": {name: version(name) for name in ("lstmkit", "torch", "lightning")},
        "weights_sha256": hashlib.sha256(content).hexdigest(),
    }
    write_checked(folder / CARD, card)
    return SavedModel(outcome, checksum(card))


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """The weights as they are saved, each with memory of its own: those that modules share are saved with each.

    Args:
        model: any module.
    """
    return {
        name: value.clone(memory_format=torch.contiguous_format) for name, value in model.state_dict().items()
    }


def sha256_of(weights: dict[str, Tensor]) -> str:
    """The SHA-256 of weights as they are saved.

    Args:
        weights: from `weights_of`.
    """
    return hashlib.sha256(safetensors.torch.save(weights)).hexdigest()


def load_model(folder: Path, model: nn.Module, request: dict[str, Any]) -> SavedModel | None:
    """Load the weights into the model if they are the ones that are asked for.

    Args:
        folder: where the model was saved.
        model: of the architecture that the request describes; changed in place.
        request: everything that the weights depend on.

    Returns:
        How training went; None where nothing is saved or it was saved for another request.

    Raises:
        LstmkitError: the files are damaged.
    """
    card = read_card(folder)
    if card is None or card.get("request") != request:
        return None
    try:
        weights = _read_weights(folder, card)
        model.load_state_dict(weights)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        if read_card(folder) != card:
            return None  # another process is replacing the model
        raise LstmkitError(
            f"{folder / WEIGHTS} does not hold what {CARD} describes ({' '.join(str(error).split())}); {_BOTH}"
        ) from None
    model.eval()
    return SavedModel(card["outcome"], checksum(card))


def _read_weights(folder: Path, card: dict[str, Any]) -> dict[str, Tensor]:
    content = (folder / WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != card.get("weights_sha256"):
        raise ValueError("its SHA-256 is another")
    weights = safetensors.torch.load(content)
    if name := _not_finite(weights):
        raise ValueError(f"{name} holds NaN or infinity")
    return weights


def _not_finite(weights: dict[str, Tensor]) -> str | None:
    """The first array that holds NaN or infinity."""
    return next((name for name, value in weights.items() if not torch.isfinite(value).all()), None)
