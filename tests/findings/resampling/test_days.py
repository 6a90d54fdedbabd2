"""What captions say of estimates that rest on few days."""

from lstmkit.findings.resampling.days import too_few


def test_fewer_days_than_an_interval_needs_are_said_to_be_too_few():
    assert too_few(4) == " 4 days are too few to rely on this uncertainty."
    assert too_few(5) == ""
