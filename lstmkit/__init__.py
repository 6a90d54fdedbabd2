"""lstmkit trains LSTM forecasters, opens them up, and prints what it finds as a browsable report."""

from typing import Any

from lstmkit.errors import LstmkitError

__all__ = ["LstmkitError", "Study", "open_model", "open_study"]


def __getattr__(name: str) -> Any:
    """Load a study's front door, and PyTorch with it, when it is first asked for: what needs neither starts at once."""
    if name in ("Study", "open_model", "open_study"):
        from lstmkit import study

        return getattr(study, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
