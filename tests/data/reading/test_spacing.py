"""Files that a grid cannot hold: rows years away, gaps that would fill the memory, readings that come too rarely."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.reading.spacing import check_spacing
from lstmkit.errors import LstmkitError

MINUTE, HOUR, DAY = (pd.Timedelta(text) for text in ("1min", "1h", "1D"))
FILE = Path("office.csv")


def readings(*stretches: tuple[str, int], spacing: pd.Timedelta = HOUR) -> pd.DataFrame:
    """Regular readings from each begin (UTC) on, so many days long; zero days are one reading."""
    parts = [
        pd.date_range(begin, periods=max(1, int(days * DAY / spacing)), freq=spacing, tz="UTC")
        for begin, days in stretches
    ]
    index = parts[0].append(parts[1:])
    return pd.DataFrame({"co2": np.arange(float(len(index)))}, index=index)


def complaint(measurements: pd.DataFrame, interval: pd.Timedelta = HOUR, timezone: str = "UTC") -> str:
    with pytest.raises(LstmkitError) as error:
        check_spacing(measurements, interval, timezone, FILE)
    assert "\n" not in str(error.value)
    return str(error.value)


def accept(measurements: pd.DataFrame, interval: pd.Timedelta = HOUR) -> None:
    check_spacing(measurements, interval, "UTC", FILE)


def test_a_row_of_a_clock_that_was_not_set():
    assert complaint(readings(("1970-01-01", 0), ("2024-01-01", 60))) == (
        "office.csv: row 1 (counted from 0), 2024-01-01 00:00:00, comes 19,723 days after the row before, "
        "1970-01-01 00:00:00, and before there is only 1 row of 1,441: was the sensor's clock not set? "
        "Correct or delete it"
    )


def test_rows_of_the_future():
    found = complaint(readings(("2024-01-01", 60), ("2036-02-07", 0.5)))
    assert "row 1440 (counted from 0), 2036-02-07 00:00:00, comes" in found
    assert "from it on there are only 12 rows of 1,452" in found


def test_the_stamps_are_those_of_the_file():
    found = complaint(readings(("1969-12-31 23:00", 0), ("2023-12-31 23:00", 60)), timezone="Europe/Berlin")
    assert "2024-01-01 00:00:00, comes" in found
    assert "1970-01-01 00:00:00" in found


def test_a_single_row_among_few_daily_ones():
    assert "row 1 " in complaint(readings(("1970-01-01", 0), ("2024-01-01", 60), spacing=DAY), DAY)


def test_rows_without_values_are_counted_but_do_not_fill_a_gap():
    measurements = readings(("2019-01-01", 0), ("2020-01-01", 1), ("2024-01-01", 60))
    measurements.iloc[1:25] = np.nan
    found = complaint(measurements)
    assert "row 25 (counted from 0), 2024-01-01 00:00:00, comes 1,826 days after" in found


@pytest.mark.parametrize(
    "stretches",
    [
        [("2022-01-01", 60), ("2024-01-01", 60)],
        [("2022-01-01", 3), ("2024-01-01", 3)],
        [("2024-01-01", 60), ("2024-05-08", 60)],  # 68 days
        [("2024-01-01", 0), ("2024-03-09", 60)],
        [("2010-01-01", 0), ("2012-01-01", 4000)],  # a short absence beside what is measured
    ],
)
def test_campaigns_far_apart_are_no_mistake(stretches):
    accept(readings(*stretches))


def test_a_grid_of_millions_of_empty_steps_is_refused_before_it_is_made():
    measurements = readings(("1970-01-01", 2), ("2024-01-01", 60), spacing=MINUTE)
    tracemalloc.start()
    found = complaint(measurements, MINUTE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.startswith(
        "office.csv: row 2880 (counted from 0), 2024-01-01 00:00:00, comes 19,721 days after "
    )
    assert "a grid of 1min would have 28,398,240 empty steps" in found
    assert peak < 20e6
    accept(measurements, pd.Timedelta("30min"))


@pytest.mark.parametrize(
    ("spacing", "grid", "measured", "advised"),
    [
        ("5min", "1min", "5min", "5min"),
        ("10.4s", "5s", "10.4s", "10s"),  # as slow as a clock may run
        ("11.5s", "5s", "11.5s", "15s"),
        ("50s", "20s", "50s", "1min"),
        ("1h", "5min", "1h", "1h"),
        ("1D", "1h", "1D", "1D"),
        ("36h", "1h", "36h", "7D"),
        ("30D", "1D", "30D", "30D"),
        ("100ms", "10ms", "100ms", "1s"),
    ],
)
def test_readings_that_come_too_rarely(spacing, grid, measured, advised):
    measurements = readings(("2024-01-01", 100), spacing=max(pd.Timedelta(spacing), HOUR))
    measurements.index = pd.date_range("2024-01-01", periods=len(measurements), freq=spacing, tz="UTC")
    assert complaint(measurements, pd.Timedelta(grid)) == (
        f"office.csv: 'co2' is measured every {measured}, so a grid of {grid} would be mostly gaps: write "
        f"`interval: {advised}` or more"
    )
    accept(measurements, pd.Timedelta(advised))
