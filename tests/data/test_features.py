"""Features, worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.calendar import Calendar
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features, clock_features
from lstmkit.data.grid import make_dataset
from lstmkit.errors import LstmkitError
from lstmkit.params import SplitParams, WindowParams
from tests.series import dataset_of

CLOCK = ["hour_sin", "hour_cos", "weekday_sin", "weekday_cos"]
TEN = ["co2", "temperature", "humidity", "co2_change_1h", "co2_mean_1h", "co2_lag_24h", *CLOCK]
HOURLY = Calendar("1h", "UTC")


def grid_of(interval, **columns):
    """Sixty steps of any length."""
    calendar = Calendar(interval, "UTC")
    first = pd.Timestamp("2001-01-02", tz="UTC")
    index = calendar.starts(first, first + 70 * calendar.step)[2:62]
    frame = pd.DataFrame({"co2": np.arange(60.0), **columns}, index=index)
    return make_dataset(
        "Hand", frame, target="co2", interval=interval, site_timezone="UTC", units={"co2": "ppm"}
    )


def climate(co2, **changed):
    n = len(co2)
    return dataset_of({"co2": co2, "temperature": np.full(n, 20.0), "humidity": np.full(n, 50.0)}, **changed)


def test_half_hourly_series_by_hand():
    k = np.arange(60)
    features = build_features(climate(400 + k**2, interval="30min"), "preproc_D").frame
    assert list(features) == TEN
    assert np.isnan(features["co2_change_1h"][:2]).all()
    assert features["co2_change_1h"][2:].tolist() == (4 * k[2:] - 4).tolist()  # k² − (k − 2)²
    assert np.isnan(features["co2_mean_1h"].iloc[0])
    np.testing.assert_allclose(features["co2_mean_1h"][1:], 400 + (k[1:] ** 2 + k[:-1] ** 2) / 2)
    assert np.isnan(features["co2_lag_24h"][:48]).all()
    assert features["co2_lag_24h"][48:].tolist() == (400 + k[:12] ** 2).tolist()


def test_at_an_hourly_interval_an_hour_is_one_step():
    features = build_features(climate([400, 410, 405, *[500] * 27]), "preproc_D").frame
    assert features["co2_change_1h"].iloc[1:4].tolist() == [10, -5, 95]
    assert features["co2_mean_1h"].equals(features["co2"])
    assert features["co2_lag_24h"].iloc[24:27].tolist() == [400, 410, 405]


@pytest.mark.parametrize("interval", ["3h", "1D", "7D", "90min", "45min", "7min", "70s"])
def test_where_an_hour_is_no_whole_number_of_steps_the_variant_is_refused(interval):
    with pytest.raises(LstmkitError) as error:
        build_features(climate(np.arange(60.0), interval=interval), "preproc_D")
    for part in ("`data.interval`", "`co2_change_1h`", "`variant: raw`", "5min or 1h"):
        assert part in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("interval", ["10s", "1min", "5min", "15min", "20min", "1h"])
def test_the_names_say_the_true_span(interval):
    n = 24 * int(pd.Timedelta("1h") / pd.Timedelta(interval)) + 5
    hours = np.arange(n) * (pd.Timedelta(interval) / pd.Timedelta("1h"))
    dataset = climate(hours, interval=interval)  # a target that counts hours
    features = build_features(dataset, "preproc_D").frame
    np.testing.assert_allclose(features["co2_change_1h"].dropna(), 1)
    np.testing.assert_allclose((features["co2"] - features["co2_lag_24h"]).dropna(), 24)
    assert features["co2_lag_24h"].notna().sum() == 5


@pytest.mark.parametrize("interval", ["3h", "1D", "7D", "7min"])
def test_the_sensors_own_columns_need_no_hour(interval):
    dataset = climate(np.arange(20.0), interval=interval)
    assert build_features(dataset, "raw").frame["co2"].tolist() == list(range(20))


def test_a_gap_is_missing_wherever_it_is_looked_at():
    keep = np.ones(80, bool)
    keep[10:15] = False  # 2.5 h, too long to be filled
    features = build_features(climate(np.arange(80.0), interval="30min", keep=keep), "preproc_D").frame
    missing = {name: np.flatnonzero(features[name].isna()).tolist() for name in TEN}
    assert missing["co2"] == missing["temperature"] == [10, 11, 12, 13, 14]
    assert missing["co2_change_1h"] == [0, 1, 10, 11, 12, 13, 14, 15, 16]
    assert missing["co2_mean_1h"] == [0, 10, 11, 12, 13, 14, 15]
    assert missing["co2_lag_24h"] == [*range(48), 58, 59, 60, 61, 62]
    assert missing["hour_sin"] == missing["weekday_cos"] == []


def test_the_clock_by_hand():
    monday = pd.DatetimeIndex(["2025-06-02 00:00", "2025-06-02 06:00", "2025-06-02 18:30"], tz="UTC")
    clock = clock_features(monday, HOURLY)
    angle = 2 * np.pi * 18.5 / 24
    np.testing.assert_allclose(clock["hour_sin"], [0, 1, np.sin(angle)], atol=1e-15)
    np.testing.assert_allclose(clock["hour_cos"], [1, 0, np.cos(angle)], atol=1e-15)
    assert clock["weekday_sin"].tolist() == [0, 0, 0]
    assert clock["weekday_cos"].tolist() == [1, 1, 1]


def test_half_a_minute_is_half_a_minute():
    stamps = pd.DatetimeIndex(["2025-06-02 06:00:00", "2025-06-02 06:00:30"], tz="UTC")
    angle = 2 * np.pi * (6 + 0.5 / 60) / 24
    np.testing.assert_allclose(clock_features(stamps, HOURLY)["hour_cos"], [0, np.cos(angle)], atol=1e-15)


def test_the_clock_is_the_sites_own_where_summer_ends():
    # New York, Sunday 2 November 2025: at 06:00 UTC the clock goes back from 2:00 to 1:00
    dataset = climate(np.arange(30.0), start="2025-11-02 03:00", site_timezone="America/New_York")
    features = build_features(dataset, "preproc_D").frame
    hours = np.array([23, 0, 1, 1, 2, 3])  # 03:00 UTC is Saturday, 23:00
    weekdays = np.array([5, 6, 6, 6, 6, 6])
    for name, turn in (("hour", hours / 24), ("weekday", weekdays / 7)):
        np.testing.assert_allclose(features[f"{name}_sin"][:6], np.sin(2 * np.pi * turn), atol=1e-12)
        np.testing.assert_allclose(features[f"{name}_cos"][:6], np.cos(2 * np.pi * turn), atol=1e-12)
    assert features.index.equals(dataset.frame.index)
    # 24 hours are 24 hours: the lag counts elapsed time, so the clock shows another hour
    assert features["co2_lag_24h"].iloc[24:].tolist() == [0, 1, 2, 3, 4, 5]


def test_raw_is_the_sensors_own_columns():
    dataset = dataset_of({"noise": [4, 5, 6], "co2": [1, 2, 3], "heat": [7, 8, 9]})
    features = build_features(dataset, "raw").frame
    assert list(features) == ["co2", "noise", "heat"]  # the target first
    pd.testing.assert_frame_equal(features[["noise", "co2", "heat"]], dataset.frame)


@pytest.mark.parametrize(("target", "other"), [("temperature", "humidity"), ("humidity", "temperature")])
def test_a_target_that_is_a_feature_itself_stands_once(target, other):
    dataset = replace(climate(np.arange(30.0)), targets=(target,))
    features = build_features(dataset, "preproc_D")
    derived = [f"{target}_change_1h", f"{target}_mean_1h", f"{target}_lag_24h"]
    assert list(features.frame) == [target, other, *derived, *CLOCK, "co2"]
    assert features.frame[target].equals(dataset.frame[target])
    assert [each.is_exogenous for each in features.provenance] == [False, True, *[False] * 7, True]


@pytest.mark.parametrize("lacking", [("humidity",), ("temperature",), ("temperature", "humidity")])
def test_a_missing_column_is_named(lacking):
    columns = {"co2": [1, 2], "temperature": [3, 4], "humidity": [5, 6]}
    dataset = dataset_of({name: values for name, values in columns.items() if name not in lacking})
    with pytest.raises(LstmkitError, match=f"Hand lacks {', '.join(lacking)}") as error:
        build_features(dataset, "preproc_D")
    assert "variant: raw" in str(error.value)


# Where features come from


def test_where_the_ten_features_come_from():
    found = build_features(climate([1.0, 2.0]), "preproc_D").provenance
    assert [each.column for each in found] == [
        "co2",
        "temperature",
        "humidity",
        "co2",
        "co2",
        "co2",
        *[None] * 4,
    ]
    assert [each.unit for each in found] == ["ppm", "degC", "percent", "ppm", "ppm", "ppm", *[""] * 4]
    assert [each.of_target for each in found] == [True, False, False, True, True, True, *[False] * 4]
    assert [each.is_exogenous for each in found] == [False, True, True, *[False] * 7]
    assert (
        [each.known_ahead for each in found]
        == [each.is_clock for each in found]
        == [*[False] * 6, *[True] * 4]
    )


@pytest.mark.parametrize("variant", ["raw", "preproc_D"])
def test_a_column_that_is_called_like_the_target_is_not_of_it(variant):
    n = 30
    columns = {name: np.full(n, 20.0) for name in ("co2_outdoor", "temperature", "humidity", "hour_of_lunch")}
    features = build_features(dataset_of({"co2": np.arange(n), **columns}), variant)
    found = dict(zip(features.frame, features.provenance, strict=True))
    assert found["co2_outdoor"].is_exogenous
    assert found["co2_outdoor"].column == "co2_outdoor"
    assert found["hour_of_lunch"].is_exogenous
    assert not found["hour_of_lunch"].is_clock
    assert not found["hour_of_lunch"].known_ahead


def test_where_features_come_from_reaches_the_windows():
    dataset = climate(np.arange(400.0))
    features = build_features(dataset, "preproc_D")
    windows = make_windows(dataset, features, 1, WindowParams(lookback=3), SplitParams())["test"]
    assert windows.features == tuple(TEN)
    assert windows.provenance == features.provenance
    assert windows.spread(5).to("cpu").provenance == features.provenance


# Further columns


def test_further_columns_follow_the_ten_features_in_the_order_of_the_study():
    n = 30
    columns = {"wind": 1, "humidity": 2, "co2": 3, "sun": 4, "temperature": 5, "co2_outdoor": 6}
    dataset = dataset_of({name: np.full(n, float(value)) for name, value in columns.items()})
    features = build_features(dataset, "preproc_D")
    assert list(features.frame) == [*TEN, "wind", "sun", "co2_outdoor"]
    assert features.frame["sun"].tolist() == [4.0] * n
    assert [each.column for each in features.provenance[10:]] == ["wind", "sun", "co2_outdoor"]
    plain = build_features(climate(np.full(n, 3.0)), "preproc_D")
    assert list(features.frame)[:10] == list(plain.frame)
    assert features.provenance[:10] == plain.provenance


@pytest.mark.parametrize(
    ("column", "variant", "clock"),
    [
        ("co2_lag_24h", "preproc_D", None),
        ("hour_sin", "preproc_D", None),
        ("weekday_cos", "raw", True),
    ],
)
def test_a_column_that_is_called_like_a_computed_feature_is_refused(column, variant, clock):
    columns = {name: np.arange(30.0) for name in ("co2", "temperature", "humidity", column)}
    with pytest.raises(
        LstmkitError, match=f"the column '{column}' is called like a feature that is computed: rename"
    ):
        build_features(dataset_of(columns), variant, clock)
    build_features(dataset_of(columns), "raw")


# The clock


@pytest.mark.parametrize(
    ("interval", "names"),
    [
        ("30min", CLOCK),
        ("3h", CLOCK),
        ("16h", CLOCK),
        ("1D", ["weekday_sin", "weekday_cos", "year_sin", "year_cos"]),
        ("business day", ["weekday_sin", "weekday_cos", "year_sin", "year_cos"]),
        ("3D", ["weekday_sin", "weekday_cos", "year_sin", "year_cos"]),
        ("7D", ["year_sin", "year_cos"]),
        ("month", ["year_sin", "year_cos"]),
        ("quarter", ["year_sin", "year_cos"]),
    ],
)
def test_raw_has_the_clock_that_its_steps_resolve_where_the_study_asks_for_it(interval, names):
    dataset = grid_of(interval, heat=np.arange(60.0))
    plain, timed = (build_features(dataset, "raw", clock) for clock in (None, True))
    assert list(plain.frame) == list(build_features(dataset, "raw", False).frame) == ["co2", "heat"]
    assert list(timed.frame) == ["co2", "heat", *names]
    assert timed.frame.index.equals(dataset.frame.index)
    assert timed.frame[names].notna().all(axis=None)
    assert (timed.frame[names].std() > 0.01).all()
    assert [each.is_clock for each in timed.provenance] == [False, False, *[True] * len(names)]


def test_steps_of_a_year_have_no_clock():
    dataset = grid_of("year")
    with pytest.raises(
        LstmkitError, match="`clock: true` adds no feature: steps of year resolve neither"
    ) as error:
        build_features(dataset, "raw", True)
    assert str(error.value).endswith("Remove it.")
    assert list(build_features(dataset, "raw").frame) == ["co2"]


def test_the_clock_can_be_left_out():
    dataset = climate(np.arange(30.0))
    assert list(build_features(dataset, "preproc_D", False).frame) == TEN[:6]
    pd.testing.assert_frame_equal(
        build_features(dataset, "preproc_D", True).frame, build_features(dataset, "preproc_D").frame
    )


def test_the_year_and_the_week_by_hand():
    days = pd.DatetimeIndex(["2025-01-01", "2025-07-02 12:00", "2024-07-02"], tz="UTC")
    clock = clock_features(days, Calendar("1D", "UTC"))
    np.testing.assert_allclose(clock["year_sin"], [0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(clock["year_cos"], [1, -1, -1], atol=1e-12)  # 2024 is a leap year
    angle = 2 * np.pi * np.array([2, 2, 1]) / 7  # Wednesday twice, and Tuesday
    np.testing.assert_allclose(clock["weekday_sin"], np.sin(angle), atol=1e-12)
