"""JSON files that carry their own checksum, and results that name the model from which they were computed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lstmkit.errors import LstmkitError
from lstmkit.storage.files import write_json

CARD = "model.json"
CHECKSUM, CARD_CHECKSUM = "content_sha256", "card_sha256"
MADE_AGAIN = "delete it, and it is made again"


def checksum(content: dict[str, Any]) -> str:
    """The SHA-256 of an object as JSON, whatever the order of its keys.

    Args:
        content: what JSON can say.
    """
    return _checksum_of(json.dumps(content))


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes.

    Args:
        path: of the file.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_checked(path: Path, content: dict[str, Any]) -> None:
    """Write JSON with the checksum of its content under `content_sha256`.

    Args:
        path: where the file shall be.
        content: what JSON can say; no NaN.

    Raises:
        LstmkitError: the file cannot be written.
    """
    write_json(path, content | {CHECKSUM: checksum(content)})


def read_checked(path: Path, remedy: str = MADE_AGAIN) -> dict[str, Any] | None:
    """Read what `write_checked` wrote.

    Args:
        path: of the file.
        remedy: what to do about a damaged file.

    Returns:
        The content; None where there is no file, or one without a checksum, which an earlier version wrote.

    Raises:
        LstmkitError: the file cannot be read, or is not as it was written.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError(f"a {type(content).__name__} where an object should be")
        if CHECKSUM not in content:
            return None
        if content.pop(CHECKSUM) != _checksum_of(text):
            raise ValueError("its content is not what its checksum says")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LstmkitError(f"{path} cannot be read: {error.strerror}; {remedy}") from None
    except (ValueError, RecursionError) as error:
        raise LstmkitError(f"{path} is damaged ({error}); {remedy}") from None
    return content


def read_card(folder: Path) -> dict[str, Any] | None:
    """The card of the model in a folder.

    Args:
        folder: where the model was saved.

    Returns:
        `request`, `outcome`, `versions` and `weights_sha256`; None where no model is saved, or one of an earlier
        version whose card holds no checksum.

    Raises:
        LstmkitError: the card is damaged.
    """
    return read_checked(folder / CARD, "delete it, and the model is trained anew")


def write_result(path: Path, content: Mapping[str, Any], card: str) -> None:
    """Write JSON that was computed from a model; the checksum of the model's card goes with it.

    Args:
        path: where the file shall be.
        content: what JSON can say; no NaN.
        card: the checksum of the model's card.

    Raises:
        LstmkitError: the file cannot be written.
    """
    write_checked(path, {CARD_CHECKSUM: card, **content})


def read_result(path: Path, card: str, remedy: str = MADE_AGAIN) -> dict[str, Any] | None:
    """Read what `write_result` wrote.

    Args:
        path: of the file.
        card: the checksum of the model's card.
        remedy: what to do about a damaged file.

    Returns:
        The content; None where there is none that was computed from this model.

    Raises:
        LstmkitError: the file cannot be read, or is not as it was written.
    """
    content = read_checked(path, remedy)
    if content is None or content.pop(CARD_CHECKSUM, None) != card:
        return None
    return content


def read_facts(folder: Path, card: str) -> dict[str, dict[str, Any] | None]:
    """What the sections kept of a model, by name; None for what was kept of another model.

    Args:
        folder: of the model and horizon.
        card: the checksum of the model's card.

    Raises:
        LstmkitError: a file cannot be read, or is not as it was written.
    """
    remedy = "delete it, and execute its section again"
    return {file.stem: read_result(file, card, remedy) for file in sorted((folder / "facts").glob("*.json"))}


def _checksum_of(text: str) -> str:
    # numbers stay as they are written: where subnormal ones count as zero, their values differ
    content = json.loads(text, parse_float=str)
    content.pop(CHECKSUM, None)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
