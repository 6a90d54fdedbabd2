"""Names of columns and lengths of time as tables and figures show them."""

from lstmkit.wording import duration, feature_label


def column_label(name: str) -> str:
    """The name of a column as people write it.

    Args:
        name: for example `co2_lag_24h`.
    """
    return feature_label(name)


def hours_label(hours: float) -> str:
    """The name of a length of time such as a horizon, for example `24 h` or `5 min`.

    Args:
        hours: its length.
    """
    return duration(hours)
