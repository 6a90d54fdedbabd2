"""Loggers whose clocks are not those of their zone: refused with advice, and the advice works."""

import re
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from lstmkit.data.reading.files import read_measurements
from lstmkit.params import DataParams
from tests.data.recordings import data_block, refusal, write


def in_zone(zone: str) -> DataParams:
    return data_block(time={"column": "when", "timezone": zone})


def file_of(folder, stamps) -> object:
    rows = [f"{stamp:%Y-%m-%d %H:%M},{5 + row % 7}" for row, stamp in enumerate(stamps)]
    return write(folder, "\n".join(["when,wind", *rows]) + "\n")


@pytest.mark.parametrize(
    ("zone", "skipped", "fixed", "offset"),
    [
        ("Europe/Berlin", "2025-03-30 02:00", "Etc/GMT-1", 1),
        ("America/New_York", "2025-03-09 02:00", "Etc/GMT+5", -5),
        ("Europe/London", "2025-03-30 01:00", "UTC", 0),
        ("Europe/Dublin", "2025-03-30 01:00", "UTC", 0),  # whose zone calls winter time the exception
        ("Australia/Sydney", "2025-10-05 02:00", "Etc/GMT-10", 10),
        ("Pacific/Auckland", "2025-09-28 02:00", "Etc/GMT-12", 12),
    ],
)
@pytest.mark.parametrize("season", ["spring", "autumn"])
def test_a_logger_that_keeps_winter_time_is_told_its_zone(tmp_path, zone, skipped, fixed, offset, season):
    half_year = pd.date_range(pd.Timestamp(skipped) - pd.Timedelta("1D"), periods=24 * 30, freq="h")
    autumn = autumn_of(zone)
    stamps = (
        half_year if season == "spring" else pd.date_range(autumn - pd.Timedelta("1D"), periods=72, freq="h")
    )
    path = file_of(tmp_path, stamps)
    message = refusal(path, in_zone(zone))
    row = stamps.get_loc(pd.Timestamp(skipped) if season == "spring" else autumn)
    assert f"row {row} (line {row + 2} of the file)" in message
    assert "if the logger keeps winter time all year" in message
    assert f"write `timezone: {fixed}` under `time`" in message
    index = read_measurements(path, in_zone(fixed))[0].index
    expected = stamps - pd.Timedelta(hours=offset)
    assert list(index) == list(expected.tz_localize("UTC"))


def autumn_of(zone: str) -> pd.Timestamp:
    """The hour in 2025 that happens twice, by asking the zone hour by hour."""
    hours = pd.date_range("2025-01-01", "2025-12-31", freq="h")
    offsets = [
        [hour.to_pydatetime().replace(tzinfo=ZoneInfo(zone), fold=f).utcoffset() for f in (0, 1)]
        for hour in hours
    ]
    return next(hour for hour, (first, second) in zip(hours, offsets, strict=True) if first > second)


@pytest.mark.parametrize(
    ("times", "rows", "place"),
    [
        (["01:00", "02:00", "03:00"], [1], "row 1 (line 3 of the file)"),
        (["01:30", "02:00", "02:15", "02:30", "03:00"], [1, 2, 3], "rows 1 to 3 (lines 3 to 5 of the file)"),
    ],
)
def test_one_ambiguous_hour_in_autumn_is_refused_with_the_rows_to_delete(tmp_path, times, rows, place):
    lines = [f"2025-10-26 {time},{5 + row}" for row, time in enumerate(times)]
    message = refusal(write(tmp_path, "\n".join(["when,wind", *lines])), in_zone("Europe/Berlin"))
    assert (
        "column 'when', row 1 (line 3 of the file): '2025-10-26 02:00' happens twice in Europe/Berlin"
        in message
    )
    assert "`timezone: Etc/GMT-1`" in message
    assert f"else delete {place}" in message
    kept = [line for row, line in enumerate(lines) if row not in rows]
    frame, _ = read_measurements(write(tmp_path, "\n".join(["when,wind", *kept])), in_zone("Europe/Berlin"))
    assert len(frame) == len(kept)


def test_the_offsets_that_the_message_names_decide_the_hour(tmp_path):
    lines = ["when,wind", "2025-10-26 01:00,5", "2025-10-26 02:00,6", "2025-10-26 03:00,7"]
    path = write(tmp_path, "\n".join(lines))
    named = re.search(r"write the offset, (\S+) or (\S+), behind", refusal(path, in_zone("Europe/Berlin")))
    for offset, utc in zip(named.groups(), ("00:00", "01:00"), strict=True):
        lines[2] = f"2025-10-26 02:00{offset},6"
        index = read_measurements(write(tmp_path, "\n".join(lines)), in_zone("Europe/Berlin"))[0].index
        assert f"{index[1]:%H:%M}" == utc


@pytest.mark.parametrize(
    ("zone", "stamp", "winter"),
    [
        ("Australia/Adelaide", "2025-10-05 02:30", "+09:30"),
        ("America/St_Johns", "2025-03-09 02:30", "-03:30"),
    ],
)
def test_where_no_zone_has_the_offset_it_is_to_stand_behind_each_stamp(tmp_path, zone, stamp, winter):
    day = stamp.split()[0]
    path = write(tmp_path, f"when,wind\n{day} 01:30,5\n{stamp},6\n")
    assert f"write {winter} behind its time stamps" in refusal(path, in_zone(zone))
    read_measurements(
        write(tmp_path, f"when,wind\n{day} 01:30{winter},5\n{stamp}{winter},6\n"), in_zone(zone)
    )


@pytest.mark.parametrize(
    "stamp", ["0001-01-01 00:00", "1677-12-31 23:59", "2262-01-01 00:00", "9999-12-31 23:59"]
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_years_that_cannot_be_counted_are_refused(tmp_path, stamp, zone):
    message = refusal(write(tmp_path, f"when,wind\n{stamp},5\n"), in_zone(zone))
    assert f"row 0 (line 2 of the file): '{stamp}' is outside the years 1678 to 2261" in message
