"""Time stamps: read as they are written, placed on the clocks of their zone, and refused where they are in doubt."""

import re
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from lstmkit.data.reading.epochs import YEARS, advice_on_counts, counted
from lstmkit.data.reading.tables import Cells, Table, as_text
from lstmkit.params import EPOCHS, TimeColumn
from lstmkit.wording import shown

_DATE = r"\d{4}-\d"
_DATE_ALONE = r"\d{4}-\d\d?-\d\d?"
_OFFSET = r"[T ].*(?:[Zz]|[+-]\d{2}:?(?:\d{2})?)$"
_ISO_8601 = (
    "write ISO 8601, such as 2025-06-05 18:00 or 2025-06-05T18:00+02:00, or state the `format` of the time "
    "stamps under `time` in the YAML"
)
_PARTS = r"\d{4}(?: \d{1,2}){2,5}"
_DIRECTIVES = ("%Y", "%m", "%d", "%H", "%M", "%S")
_OF_VARIABLE_WIDTH = re.compile("%[aAbBpfz]")
_WITHOUT_SEPARATOR = re.compile("%[YymdjHIMS]%[YymdjHIMSf]")
_TIME_OF_DAY = re.compile("time|hour|clock|zeit|stunde|heure|hora", re.IGNORECASE)


def time_index(table: Table, time: TimeColumn) -> pd.DatetimeIndex:
    """Read a table's time stamps.

    Args:
        table: with the columns of the time stamps.
        time: which they are, how they are written, and in which zone.

    Returns:
        One per row of the table, in UTC, strictly increasing.

    Raises:
        LstmkitError: a time stamp cannot be read, is not later than the one before, or does not say when it is.
    """
    cells = _stamp_cells(table, time)
    utc = counted(cells, time.format) if time.format in EPOCHS else _dated(cells, time)
    step = utc.diff()
    if (repeated := step == pd.Timedelta(0)).any():
        same = "is a duplicate of the time stamp in the row before"
        cells.refuse(repeated, same + _advice_on_dates(table, cells.values, time))
    cells.refuse(
        step < pd.Timedelta(0), "is earlier than the time stamp in the row before: time stamps must increase"
    )
    return pd.DatetimeIndex(utc).rename(None)


def _dated(cells: Cells, time: TimeColumn) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(cells.values):
        return _typed(cells, time)
    if not pd.api.types.is_string_dtype(cells.values):
        counts = advice_on_counts(cells.values)
        cells.refuse(pd.Series(True, cells.values.index), f"is no time stamp: {counts or _ISO_8601}")
    return _parsed(cells, time)


def _stamp_cells(table: Table, time: TimeColumn) -> Cells:
    if len(time.column) == 1:
        cells = table.cells(time.column[0])
        is_number = pd.api.types.is_numeric_dtype(cells.values) and not pd.api.types.is_bool_dtype(
            cells.values
        )
        return (
            Cells(cells.path, cells.label, as_text(cells.values), cells.first_line)
            if time.format and is_number and not time.is_counted
            else cells
        )
    parts = [as_text(table.frame[column]) for column in time.column]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + " " + part
    return Cells(table.path, f"columns {' + '.join(map(shown, time.column))}", joined, table.first_line)


def _typed(cells: Cells, time: TimeColumn) -> pd.Series:
    stamps = cells.values
    cells.refuse(stamps.isna(), "is no time stamp")
    _refuse_years(cells, stamps)
    if stamps.dt.tz is None:
        stamps = _localized(cells, time, stamps)
    return stamps.dt.tz_convert("UTC").dt.as_unit("us")


def _parsed(cells: Cells, time: TimeColumn) -> pd.Series:
    text = cells.values.str.strip()
    stamps = _formatted(cells, text, time.format) if time.format else _iso_8601(cells, text)
    _refuse_years(cells, stamps)
    is_aware = pd.Series("%z" in time.format, text.index) if time.format else text.str.contains(_OFFSET)
    naive = stamps[~is_aware].dt.tz_localize(None)
    return stamps.where(is_aware, _localized(cells, time, naive))


def _iso_8601(cells: Cells, text: pd.Series) -> pd.Series:
    dated = text.where(text.str.match(_DATE, na=False))
    stamps = pd.to_datetime(dated, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    if stamps.isna().any():
        advice = advice_on_counts(text) or _advice_on_parts(text) or _ISO_8601
        cells.refuse(stamps.isna(), f"is no readable time stamp: {advice}")
    return stamps


def _advice_on_parts(text: pd.Series) -> str:
    """What to state where year, month, day and parts of the day stand in columns of their own."""
    if not text.str.fullmatch(_PARTS).all():
        return ""
    written = " ".join(_DIRECTIVES[: len(text.iloc[0].split())])
    return f"if it is joined from year, month, day and so on, write `format: '{written}'` under `time` in the YAML"


def _formatted(cells: Cells, text: pd.Series, written: str) -> pd.Series:
    stamps = pd.to_datetime(text, format=written, utc=True, errors="coerce").dt.as_unit("us")
    unreadable = stamps.isna()
    if _WITHOUT_SEPARATOR.search(written) and not _OF_VARIABLE_WIDTH.search(written):
        # 2010111 could be the first of November or the eleventh of January
        unreadable |= text.str.len() != len(pd.Timestamp("2025-11-12 13:14:15").strftime(written))
    cells.refuse(
        unreadable, f"is not written in the `format` {shown(written)} that the YAML states under `time`"
    )
    return stamps


def _refuse_years(cells: Cells, stamps: pd.Series) -> None:
    if not stamps.size or YEARS[0] <= stamps.min().year <= stamps.max().year <= YEARS[1]:
        return
    year = stamps.dt.year
    said = f"is outside the years {YEARS[0]} to {YEARS[1]} in which times are computed"
    cells.refuse((year < YEARS[0]) | (year > YEARS[1]), said)


def _localized(cells: Cells, time: TimeColumn, naive: pd.Series) -> pd.Series:
    """Place naive stamps on the clocks of a zone, which skip an hour in spring and repeat one in autumn."""
    everywhere = np.ones(len(naive), dtype=bool)
    skipped = naive.dt.tz_localize(time.timezone, ambiguous=everywhere, nonexistent="NaT").isna()
    if skipped.any():
        advice = _advice_on_winter_time(naive[skipped.idxmax()], time.timezone)
        wrong_zone = f"does not exist in {time.timezone}, where the clocks skip it: {advice}"
        cells.refuse(skipped, wrong_zone)
    repeated = naive.dt.tz_localize(time.timezone, ambiguous="NaT").isna()
    stretch = (repeated != repeated.shift()).cumsum()
    steps_back = repeated & repeated.shift(fill_value=False) & (naive.diff() <= pd.Timedelta(0))
    undecided = repeated & (steps_back.groupby(stretch).transform("sum") != 1)
    if undecided.any():
        _refuse_undecided(cells, time.timezone, naive, stretch, undecided)
    first_pass = steps_back.groupby(stretch).cumsum() == 0
    return naive.dt.tz_localize(time.timezone, ambiguous=first_pass.to_numpy()).dt.tz_convert("UTC")


def _refuse_undecided(
    cells: Cells, timezone: str, naive: pd.Series, stretch: pd.Series, undecided: pd.Series
) -> None:
    row = undecided.idxmax()
    rows = stretch.index[stretch == stretch[row]]
    place = cells.place(int(rows[0]), int(rows[-1]))
    earlier, later = (_signed(_offset(naive[row], timezone, fold)) for fold in (0, 1))
    said = (
        f"happens twice in {timezone}, where the clocks go back, and the rows do not say which is meant: "
        f"{_advice_on_winter_time(naive[row], timezone)}; else delete {place}, or write the offset, {earlier} or "
        f"{later}, behind the time stamps there"
    )
    cells.refuse(undecided, said)


def _advice_on_winter_time(stamp: pd.Timestamp, timezone: str) -> str:
    """What to state for a logger whose clock is never changed, with the zone that has its offset."""
    winter = min(_offset(stamp, timezone, fold) for fold in (0, 1))
    hours = winter / pd.Timedelta("1h")
    if hours != int(hours) or not -12 <= hours <= 14:
        return f"if the logger keeps winter time all year, write {_signed(winter)} behind its time stamps"
    # the signs of these zones are the opposite of those in ISO 8601
    zone = f"Etc/GMT{-int(hours):+d}" if hours else "UTC"
    return f"if the logger keeps winter time all year, write `timezone: {zone}` under `time` in the YAML"


def _offset(stamp: pd.Timestamp, timezone: str, fold: int) -> pd.Timedelta:
    """The offset of a stamp from UTC where it happens twice or is skipped: before the change, or after it."""
    return pd.Timedelta(
        stamp.to_pydatetime(warn=False).replace(fold=fold, tzinfo=ZoneInfo(timezone)).utcoffset()
    )


def _signed(offset: pd.Timedelta) -> str:
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return f"{'-' if offset < pd.Timedelta(0) else '+'}{hours:02d}:{minutes:02d}"


def _advice_on_dates(table: Table, stamps: pd.Series, time: TimeColumn) -> str:
    """What to state where the stamps are dates, and their time of day stands in another column."""
    if len(time.column) > 1 or not _are_dates(stamps, time.format):
        return ""
    named = next(
        (name for name in table.names if name not in time.column and _TIME_OF_DAY.search(name)), None
    )
    place = f"column {shown(named)}" if named else "another column"
    joined = f"write `column: [{time.column[0]}, {named or '…'}]` under `time` in the YAML"
    return f"; if the time of day stands in {place}, {joined}"


def _are_dates(stamps: pd.Series, written: str | None) -> bool:
    if pd.api.types.is_datetime64_any_dtype(stamps):
        return bool((stamps == stamps.dt.normalize()).all())
    if written:
        return not {"%H", "%I"} & set(re.findall("%.", written))
    return bool(stamps.str.strip().str.fullmatch(_DATE_ALONE).all())
