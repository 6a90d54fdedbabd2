"""Lengths of time and gaps in words."""

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.rhythms.series import TimeSeries
from lstmkit.data.calendar import HOURLY
from lstmkit.findings.rhythms.series import gaps_in_words, span_in_words


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1, 2, 3], "nothing missing"),
        ([1, np.nan, 3], "1 of 3 missing in 1 gap, the longest 1 h"),
        ([np.nan, 2, 3, np.nan, np.nan], "3 of 5 missing in 2 gaps, the longest 2 h"),
    ],
)
def test_gaps_in_words(values, told):
    series = TimeSeries(("a",), ("",), "", np.array([values], "float64"), pd.Timedelta("1h"))
    assert gaps_in_words(series.gaps, HOURLY) == told


def test_durations_in_words():
    assert [span_in_words(hours, HOURLY) for hours in (0.5, 1.0, 33.6, 168.0, 336.0, 1260.0)] == [
        "30 min",
        "1 h",
        "33.6 h",
        "168 h",
        "14 days",
        "52.5 days",
    ]
