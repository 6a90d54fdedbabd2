"""Features, worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lstmkit.data.features import (
    CLOCK,
    build_features,
    clock_features,
    exogenous_features,
    feature_units,
)
from lstmkit.errors import LstmkitError
from tests.series import dataset_of

TEN = [
    "co2",
    "temperature",
    "humidity",
    "co2_change_1h",
    "co2_mean_1h",
    "co2_lag_24h",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
]


def climate(co2, **changed):
    n = len(co2)
    return dataset_of({"co2": co2, "temperature": np.full(n, 20.0), "humidity": np.full(n, 50.0)}, **changed)


def test_half_hourly_series_by_hand():
    k = np.arange(60)
    features = build_features(climate(400 + k**2, interval="30min"), "preproc_D")
    assert list(features) == TEN
    assert np.isnan(features["co2_change_1h"][:2]).all()
    assert features["co2_change_1h"][2:].tolist() == (4 * k[2:] - 4).tolist()  # k² − (k − 2)²
    assert np.isnan(features["co2_mean_1h"].iloc[0])
    np.testing.assert_allclose(features["co2_mean_1h"][1:], 400 + (k[1:] ** 2 + k[:-1] ** 2) / 2)
    assert np.isnan(features["co2_lag_24h"][:48]).all()
    assert features["co2_lag_24h"][48:].tolist() == (400 + k[:12] ** 2).tolist()


def test_at_an_hourly_interval_an_hour_is_one_step():
    features = build_features(climate([400, 410, 405, *[500] * 27]), "preproc_D")
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
    features = build_features(dataset, "preproc_D")
    np.testing.assert_allclose(features["co2_change_1h"].dropna(), 1)
    np.testing.assert_allclose((features["co2"] - features["co2_lag_24h"]).dropna(), 24)
    assert features["co2_lag_24h"].notna().sum() == 5


@pytest.mark.parametrize("interval", ["3h", "1D", "7D", "7min"])
def test_the_sensors_own_columns_need_no_hour(interval):
    dataset = climate(np.arange(20.0), interval=interval)
    assert build_features(dataset, "raw")["co2"].tolist() == list(range(20))


def test_a_gap_is_missing_wherever_it_is_looked_at():
    keep = np.ones(80, bool)
    keep[10:15] = False  # 2.5 h, too long to be filled
    features = build_features(climate(np.arange(80.0), interval="30min", keep=keep), "preproc_D")
    missing = {name: np.flatnonzero(features[name].isna()).tolist() for name in TEN}
    assert missing["co2"] == missing["temperature"] == [10, 11, 12, 13, 14]
    assert missing["co2_change_1h"] == [0, 1, 10, 11, 12, 13, 14, 15, 16]
    assert missing["co2_mean_1h"] == [0, 10, 11, 12, 13, 14, 15]
    assert missing["co2_lag_24h"] == [*range(48), 58, 59, 60, 61, 62]
    assert missing["hour_sin"] == missing["weekday_cos"] == []


def test_the_clock_by_hand():
    monday = pd.DatetimeIndex(["2025-06-02 00:00", "2025-06-02 06:00", "2025-06-02 18:30"], tz="UTC")
    clock = clock_features(monday)
    angle = 2 * np.pi * 18.5 / 24
    np.testing.assert_allclose(clock["hour_sin"], [0, 1, np.sin(angle)], atol=1e-15)
    np.testing.assert_allclose(clock["hour_cos"], [1, 0, np.cos(angle)], atol=1e-15)
    assert clock["weekday_sin"].tolist() == [0, 0, 0]
    assert clock["weekday_cos"].tolist() == [1, 1, 1]


def test_half_a_minute_is_half_a_minute():
    stamps = pd.DatetimeIndex(["2025-06-02 06:00:00", "2025-06-02 06:00:30"], tz="UTC")
    angle = 2 * np.pi * (6 + 0.5 / 60) / 24
    np.testing.assert_allclose(clock_features(stamps)["hour_cos"], [0, np.cos(angle)], atol=1e-15)


def test_the_clock_is_the_sites_own_where_summer_ends():
    # New York, Sunday 2 November 2025: at 06:00 UTC the clock goes back from 2:00 to 1:00
    dataset = climate(np.arange(30.0), start="2025-11-02 03:00", site_timezone="America/New_York")
    features = build_features(dataset, "preproc_D")
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
    features = build_features(dataset, "raw")
    assert list(features) == ["co2", "noise", "heat"]  # the target first
    pd.testing.assert_frame_equal(features[["noise", "co2", "heat"]], dataset.frame)


@pytest.mark.parametrize(("target", "other"), [("temperature", "humidity"), ("humidity", "temperature")])
def test_a_target_that_is_a_feature_itself_stands_once(target, other):
    dataset = replace(climate(np.arange(30.0)), target=target)
    features = build_features(dataset, "preproc_D")
    derived = [f"{target}_change_1h", f"{target}_mean_1h", f"{target}_lag_24h"]
    assert list(features) == [target, other, *derived, *CLOCK]
    assert features[target].equals(dataset.frame[target])
    assert exogenous_features(tuple(features)) == [False, True] + [False] * 7


@pytest.mark.parametrize("lacking", [("humidity",), ("temperature",), ("temperature", "humidity")])
def test_a_missing_column_is_named(lacking):
    columns = {"co2": [1, 2], "temperature": [3, 4], "humidity": [5, 6]}
    dataset = dataset_of({name: values for name, values in columns.items() if name not in lacking})
    with pytest.raises(LstmkitError, match=f"Hand lacks {', '.join(lacking)}") as error:
        build_features(dataset, "preproc_D")
    assert "variant: raw" in str(error.value)


def test_units_of_features():
    units = feature_units(climate([1.0, 2.0]), TEN)
    assert [units[name] for name in TEN] == ["ppm", "degC", "percent", "ppm", "ppm", "ppm", "", "", "", ""]
