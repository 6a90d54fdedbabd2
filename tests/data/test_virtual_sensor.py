"""Targets whose past is no input: what is on the grid, which features and windows there are, and what a rule needs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.residual import fit_residual_baseline
from lstmkit.data.split import split_rows
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import SplitParams, WindowParams

HALF = SplitParams(train=0.5, validation=0.25, validation_blocks=1)
ROWS = 96


def sensor(measured=slice(None), hours=ROWS, **columns) -> Dataset:
    """Hourly: `co2` is 10 times the hour where it is measured; the inputs count up and down."""
    hour = np.arange(hours, dtype=float)
    frame = pd.DataFrame({"co2": np.nan, "temperature": hour, "humidity": -hour, **columns})
    frame.loc[np.isin(np.arange(hours), np.arange(hours)[measured]), "co2"] = 10 * hour[measured]
    frame.index = pd.date_range("2025-06-02", periods=hours, freq="1h", tz="UTC")
    settings = {"interval": "1h", "site_timezone": "UTC", "units": {"co2": "ppm"}, "target_known": False}
    return make_dataset("Sensor", frame, target="co2", **settings)


def cut(dataset: Dataset, horizon=1, lookback=4, split=HALF, variant="raw", **params) -> dict[str, Windows]:
    features = build_features(dataset, variant)
    return make_windows(dataset, features, horizon, WindowParams(lookback=lookback, **params), split)


def test_the_inputs_are_whole_where_the_target_is_not_measured():
    dataset = sensor(slice(1, None, 2))
    assert dataset.observed.all()
    assert dataset.gaps.interpolated == dataset.gaps.missing_steps == 0
    np.testing.assert_array_equal(dataset.frame["temperature"], np.arange(ROWS))
    expected = np.where(np.arange(ROWS) % 2, 10.0 * np.arange(ROWS), np.nan)
    np.testing.assert_array_equal(dataset.frame["co2"], expected)  # no gap of an hour is interpolated
    assert list(dataset.frame) == ["co2", "temperature", "humidity"]
    assert dataset.task(1).target_known is False


@pytest.mark.parametrize(
    ("variant", "names"),
    [
        ("raw", ["temperature", "humidity"]),
        ("preproc_D", ["temperature", "humidity", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos"]),
    ],
)
def test_no_feature_is_the_target_or_derives_from_it(variant, names):
    features = build_features(sensor(), variant)
    assert list(features.frame) == names
    assert not any(each.of_target for each in features.provenance)


def test_of_two_targets_preproc_d_derives_from_each():
    dataset = replace(sensor(), targets=("co2", "humidity"), target_known=True)
    names = list(build_features(dataset, "preproc_D", clock=False).frame)
    derived = [
        f"{name}_{kind}" for name in ("co2", "humidity") for kind in ("change_1h", "mean_1h", "lag_24h")
    ]
    assert names == ["co2", "temperature", "humidity", *derived]


def test_without_another_column_there_is_no_input():
    frame = sensor().frame[["co2"]]
    said = "`target_known: false` leaves no input: beside co2 the series has no column"
    with pytest.raises(LstmkitError, match=said):
        make_dataset(
            "Sensor", frame, target="co2", interval="1h", site_timezone="UTC", units={}, target_known=False
        )


def test_shares_are_of_the_steps_with_a_target():
    """It is measured in hours 40 to 79: 20 of 40 steps are the training part, 10 and 10 the others."""
    dataset = sensor(slice(40, 80))
    parts = split_rows(dataset, HALF, 1)
    labelled = {name: [row for row in rows if 40 <= row < 80] for name, rows in parts.items()}
    assert labelled["train"] == list(range(40, 60))
    assert labelled["validation"] == list(range(60, 70))
    assert labelled["test"] == list(range(70, 80))


@pytest.mark.parametrize("horizon", [1, 2])
def test_windows_start_where_the_targets_ahead_are_measured(horizon):
    """Of every six hours the target is measured in the second to the fourth."""
    measured = np.flatnonzero(np.isin(np.arange(ROWS) % 6, (1, 2, 3)))
    windows = cut(sensor(measured), horizon, lookback=2)
    for part in windows.values():
        origin = part.origin_rows.numpy()
        assert set(origin % 6) == {0, 1, 2} if horizon == 1 else {0, 1}
        np.testing.assert_array_equal(part.observed()[:, 0, 0], 10.0 * (origin + 1))
        latest = np.where(
            origin % 6 == 0, origin - 3, origin
        )  # at 0 the latest is that of three hours before
        np.testing.assert_array_equal(part.latest()[:, 0], 10.0 * latest)
        assert np.isnan(part.past()).any()


def test_before_anything_was_measured_the_first_value_stands_for_the_latest():
    windows = cut(sensor(slice(5, None)), lookback=2)["train"]
    assert windows.origin_rows[:2].tolist() == [4, 5]
    np.testing.assert_array_equal(windows.latest()[:2], [[50.0], [50.0]])


def test_a_horizon_that_is_longer_than_any_measured_stretch_is_named():
    with pytest.raises(LstmkitError, match=r"holds no window of 4 \+ 2 steps.* with all targets of 1 step"):
        cut(sensor(slice(1, None, 2)), horizon=2)


@pytest.mark.parametrize("kind", ["none", "climatology"])
def test_rules_that_need_no_past_forecast_where_the_target_is_missing(kind):
    windows = cut(sensor(slice(1, None, 2)), residual=kind)
    train = windows["train"]
    assert np.isnan(train.values[train.origin_rows.numpy()]).all()  # at every origin
    alone = train.without_network()
    assert np.isfinite(alone).all()
    known = train.rows[train.rows % 2 == 1]
    if kind == "none":
        np.testing.assert_allclose(alone, 10 * known.mean())
    x, y = train.gather(torch.arange(len(train)))
    assert x.isfinite().all() and y.isfinite().all()
    np.testing.assert_allclose(train.to_units(y), train.observed(), rtol=1e-6)
    np.testing.assert_allclose(
        train.residual.scale, np.sqrt(np.mean((alone - train.observed()) ** 2)), rtol=1e-6
    )


def test_auto_takes_the_better_rule_of_those_that_need_no_past():
    hour = np.arange(24 * 40)
    daily = sensor(hours=24 * 40, co2=np.sin(2 * np.pi * hour / 24))
    daily.frame["co2"] = np.sin(2 * np.pi * hour / 24)
    assert cut(daily)["train"].residual.kind == "climatology"
    noise = sensor(hours=24 * 40)
    noise.frame["co2"] = np.random.default_rng(0).normal(size=24 * 40)
    assert cut(noise)["train"].residual.kind == "none"


def test_the_inputs_do_not_change_with_the_target():
    """Of all that a model reads, nothing moves where the target's values do."""
    dataset = sensor()
    other = replace(dataset, frame=dataset.frame.assign(co2=np.random.default_rng(0).normal(size=ROWS)))
    for variant in ("raw", "preproc_D"):
        one, two = (cut(each, variant=variant)["test"] for each in (dataset, other))
        torch.testing.assert_close(one.inputs, two.inputs, rtol=0, atol=0)


def test_a_scale_of_known_values_alone():
    """Targets 0, 10, 0, 10 … in odd rows, of mean 5: the differences from the mean are 5 everywhere."""
    values = np.full((40, 1), np.nan)
    values[1::4], values[3::4] = 0.0, 10.0
    origin = np.arange(0, 38, 2)
    rule = fit_residual_baseline("none", values, np.zeros((40, 1)), np.arange(40), origin, 1)
    assert rule.scale == pytest.approx([5.0])
    assert rule.needs_no_past
