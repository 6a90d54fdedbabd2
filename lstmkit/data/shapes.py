"""Refuses rows that do not belong to the windows, and forecasts that arithmetic would broadcast into wrong numbers."""

from collections.abc import Sized

from torch import Tensor

from lstmkit.errors import LstmkitError


def of_shape(forecasts: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Forecasts that have one row per window, with all steps ahead and targets, as they are.

    Args:
        forecasts: of any shape.
        shape: (window, horizon, target), as they should have.

    Raises:
        LstmkitError: they have another shape.
    """
    if tuple(forecasts.shape) != tuple(shape):
        raise LstmkitError(
            f"the shape {tuple(forecasts.shape)} is not that of forecasts: {tuple(shape)} is expected: windows, "
            f"steps ahead, targets"
        )
    return forecasts


def check_rows(rows: Sized, windows: Sized, what: str) -> None:
    """Refuse rows that do not belong to the windows.

    Args:
        rows: one per window.
        windows: in the same order.
        what: the rows are.

    Raises:
        LstmkitError: there are more or fewer rows than windows.
    """
    if len(rows) != len(windows):
        raise LstmkitError(f"{len(rows)} {what} do not belong to {len(windows)} windows")
