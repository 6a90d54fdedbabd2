"""A trained model on disk: weights in safetensors, and a JSON that says what they are. Never a pickle."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.storage import write_json, write_whole

WEIGHTS, CARD = "model.safetensors", "model.json"


def save_model(folder: Path, model: nn.Module, request: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Write weights and card; the card comes last, so that weights without a card count as nothing.

    Args:
        folder: where `model.safetensors` and `model.json` shall be.
        model: trained.
        request: everything that the weights depend on; by this the model is known again.
        outcome: how training went.
    """
    (folder / CARD).unlink(missing_ok=True)
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    write_whole(folder / WEIGHTS, lambda draft: save_file(weights, draft))
    versions = {name: version(name) for name in ("lstmkit", "torch", "lightning")}
    write_json(folder / CARD, {"request": request, "outcome": outcome, "versions": versions})


def load_outcome(folder: Path, model: nn.Module, request: dict[str, Any]) -> dict[str, Any] | None:
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
    try:
        card = json.loads((folder / CARD).read_text())
        asked, outcome = card["request"], card["outcome"]
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise LstmkitError(
            f"{folder / CARD} is damaged ({error}); delete it and the model is trained anew"
        ) from None
    if asked != request:
        return None
    try:
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (FileNotFoundError, SafetensorError, RuntimeError) as error:
        raise LstmkitError(
            f"{folder / WEIGHTS} does not hold what {CARD} describes ({error}); "
            f"delete both and the model is trained anew"
        ) from None
    model.eval()
    return outcome
