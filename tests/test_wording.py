"""How numbers and names are written."""

import pytest

from lstmkit.wording import (
    digits,
    duration,
    feature_label,
    percent,
    plain,
    sentence_case,
    signed_alike,
    signed_beside,
    signed_digits,
    whole_percent,
)


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


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.0005104, "0.000510"),
        (-0.0000196, "−1.96e−05"),
        (8.338, "8.34"),
        (-7.04, "−7.04"),
        (25.16, "25.2"),
        (45.0, "45.0"),
        (99.96, "100"),
        (999.4, "999"),
        (999.6, "1,000"),
        (-1023.9, "−1,024"),
    ],
)
def test_three_significant_digits(value, written):
    assert digits(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.0000196, "+1.96e−05"),
        (-0.0005104, "−0.000510"),
        (7.0, "+7.00"),
        (-1023.9, "−1,024"),
        (1023.9, "+1,024"),
    ],
)
def test_three_significant_digits_with_their_sign(value, written):
    assert signed_digits(value) == written


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((-0.1204, -0.3561, 0.0912), ["−0.12", "−0.36", "+0.09"]),
        ((12.3, 5.2, 19.9), ["+12", "+5", "+20"]),
        ((0.00312, 0.00101, 0.00704), ["+0.0031", "+0.0010", "+0.0070"]),
        ((-0.00000196, 0.0), ["−1.96e−06", "0"]),
        ((1234.5, 1234.5), ["+1234", "+1234"]),
        ((0.25, 0.25), ["+0.25", "+0.25"]),
        ((0.0, 0.0), ["0", "0"]),
    ],
)
def test_what_belongs_together_has_the_same_decimals(values, written):
    assert signed_alike(*values) == written


@pytest.mark.parametrize(
    ("value", "other", "written"),
    [
        (-0.0122, 74.4, "0.0"),
        (0.368, 36.5, "+0.4"),
        (-0.0122, 0.744, "−0.012"),
        (-12.2, 1234.5, "−12"),
        (0.1, 0.0, "0"),
        (8.3e-7, 5.26e-5, "+8.30e−07"),
    ],
)
def test_a_number_beside_a_larger_one_of_its_kind(value, other, written):
    assert signed_beside(value, other) == written


def test_shares_in_percent():
    shares = (0.0, 0.0004, 0.0123, 0.45, 1.0, 3.504)
    assert [percent(share) for share in shares] == [
        "0 %",
        "less than 0.1 %",
        "1.2 %",
        "45 %",
        "100 %",
        "350 %",
    ]


def test_shares_in_whole_percent():
    shares = (0.0, 0.0049, 0.005, 0.45, 0.9949, 0.9951, 0.99999, 1.0)
    assert [whole_percent(share) for share in shares] == [
        "0 %",
        "less than 1 %",
        "less than 1 %",
        "45 %",
        "99 %",
        "more than 99 %",
        "100 %",
        "100 %",
    ]


def test_a_plain_number_shows_its_sign_only_below_zero():
    assert [plain(value) for value in (0.4567, -0.4567, -0.001, 0.0)] == ["0.46", "−0.46", "0.00", "0.00"]
    assert plain(0.9987, 3) == "0.999"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("co2", "CO₂"),
        ("co2_change_1h", "CO₂ change 1 h"),
        ("load_lag_24h", "load lag 24 h"),
        ("no2_roof", "NO₂ roof"),
        ("indoor_ch4", "indoor CH₄"),
        ("taco2", "taco2"),
        ("co2eq", "co2eq"),
        ("heat_of_room_2", "heat of room 2"),
        ("load", "load"),
    ],
)
def test_names_of_features_as_people_write_them(name, label):
    assert feature_label(name) == label


@pytest.mark.parametrize(
    ("text", "written"), [("the office", "The office"), ("CO₂", "CO₂"), ("élan", "Élan"), ("", "")]
)
def test_the_beginning_of_a_sentence(text, written):
    assert sentence_case(text) == written
