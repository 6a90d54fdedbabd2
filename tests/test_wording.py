"""How numbers and names are written."""

import pytest

from lstmkit.wording import duration, percent


@pytest.mark.parametrize(
    ("hours", "written"),
    [
        (24.0, "24 h"),
        (1.0, "1 h"),
        (1.5, "1.5 h"),
        (5 / 60, "5 min"),
        (0.47, "28 min"),
        (0.0983, "5.9 min"),
        (1234.5, "1230 h"),
        (0.0, "0 min"),
    ],
)
def test_a_length_of_time(hours, written):
    assert duration(hours) == written


def test_shares_in_percent():
    shares = (0.0, 0.0004, 0.0123, 0.45, 1.0, 3.504)
    assert [percent(share) for share in shares] == [
        "0.0 %",
        "less than 0.1 %",
        "1.2 %",
        "45 %",
        "100 %",
        "350 %",
    ]
