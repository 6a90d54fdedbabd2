"""Windows that are given as arrays are put back into the series from which they were cut, or refused in one line."""

import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit.data.arrays import dataset_of_windows, load_arrays
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import ArraysParams, SplitParams, WindowParams

LOOKBACK, HORIZON = 5, 3
SPLIT = SplitParams(train=0.5, validation=0.25, validation_blocks=1)


def cut(series: np.ndarray, every: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets of the first column, and rows of the newest input steps of a series' windows."""
    first = np.arange(0, len(series) - LOOKBACK - HORIZON + 1, every)
    x = np.stack([series[k : k + LOOKBACK] for k in first])
    y = np.stack([series[k + LOOKBACK : k + LOOKBACK + HORIZON, 0] for k in first])
    return x, y, first + LOOKBACK - 1


def noise(n: int = 80, columns: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(5, 2, (n, columns))


def params_of(**changed) -> ArraysParams:
    stated = {
        "kind": "arrays",
        "file": "windows.npz",
        "features": ["load", "heat"],
        "target": ["load"],
        "interval": "1h",
    }
    return ArraysParams.model_validate(stated | changed)


def windows_of(dataset) -> dict[str, Windows]:
    features = build_features(dataset, "preproc_D")
    return make_windows(dataset, features, HORIZON, WindowParams(lookback=LOOKBACK, residual="none"), SPLIT)


def inputs_in_units(windows: Windows) -> np.ndarray:
    x, _ = windows.gather(torch.arange(len(windows)))
    return x.numpy() * windows.scaler.scale + windows.scaler.center


@pytest.mark.parametrize("every", [1, 2, 7])
@pytest.mark.parametrize("timed", [False, True])
def test_every_window_comes_back_as_it_was_given(every, timed):
    series = noise()
    x, y, newest = cut(series, every)
    hours = pd.date_range("2024-03-01", periods=len(series), freq="1h", tz="Europe/Zurich")
    parts = windows_of(dataset_of_windows(x, y, params_of(), "hand", hours[newest] if timed else None))
    test = parts["test"]
    np.testing.assert_allclose(inputs_in_units(test), x[-len(test) :], rtol=1e-5)
    np.testing.assert_allclose(test.observed()[..., 0], y[-len(test) :], rtol=1e-12)
    np.testing.assert_allclose(test.latest()[:, 0], x[-len(test) :, -1, 0], rtol=1e-12)
    if timed:
        assert (test.origin == hours[newest[-len(test) :]]).all()
    elif every < LOOKBACK:  # they share steps, which tell how far they are apart
        assert set(np.diff(test.origin) / pd.Timedelta("1h")) == {every}


def test_the_shares_are_of_the_windows_and_none_reaches_over_a_border():
    x, y, _ = cut(noise(208))
    assert len(x) == 201
    parts = windows_of(dataset_of_windows(x, y, params_of(), "hand"))
    # origins 0 to 99, 100 to 150 and 151 to 200; a window is of the part in which its three targets lie
    assert {name: len(part) for name, part in parts.items()} == {"train": 97, "validation": 49, "test": 51}
    last = parts["train"].target_time[-1]
    assert last < parts["validation"].origin[0] + pd.Timedelta("1h") <= parts["validation"].target_time[0]


def test_windows_of_several_series_are_laid_one_after_another():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, LOOKBACK, 2)), rng.normal(size=(40, HORIZON))
    dataset = dataset_of_windows(x, y, params_of(), "hand")
    assert len(dataset.frame) == 40 * (LOOKBACK + HORIZON)
    test = windows_of(dataset)["test"]
    np.testing.assert_allclose(inputs_in_units(test), x[-len(test) :], atol=1e-5)
    np.testing.assert_allclose(test.observed()[..., 0], y[-len(test) :])


def test_windows_with_gaps_between_them_have_their_own_times():
    series = noise(120)
    x, y, newest = cut(series)
    keep = np.r_[0:30, 70 : len(x)]
    hours = pd.date_range("2024-01-01", periods=len(series), freq="1h")
    dataset = dataset_of_windows(
        x[keep], y[keep], params_of(site_timezone="Asia/Tokyo"), "hand", hours[newest[keep]]
    )
    assert str(dataset.local_time[LOOKBACK - 1]) == "2024-01-01 04:00:00+09:00"
    # row 36, the last target before the gap, and row 70, the first input after it, are known; those between are not
    assert (dataset.gaps.splits, dataset.gaps.missing_steps) == (1, 70 - 37)
    assert dataset.observed.sum() == len(keep)
    assert dataset.frame["load"].to_numpy()[70:80] == pytest.approx(series[70:80, 0])


@pytest.mark.parametrize(
    ("interval", "first"), [("month", "2001-01-31"), ("business day", "2001-01-05"), ("1D", "2001-01-05")]
)
def test_steps_may_be_of_any_calendar(interval, first):
    frequency = {"month": "ME", "business day": "B", "1D": "D"}[interval]
    series = noise()
    x, y, newest = cut(series)
    days = pd.date_range(first, periods=len(series), freq=frequency)
    dataset = dataset_of_windows(x, y, params_of(interval=interval), "hand", days[newest])
    assert dataset.frame["heat"].dropna().to_numpy() == pytest.approx(series[:-HORIZON, 1])
    assert len(dataset_of_windows(x, y, params_of(interval=interval), "hand").frame) == len(series)


@pytest.mark.parametrize("hour", [0, 9, 18, 23])
def test_an_origin_belongs_to_its_date_at_any_hour(hour):
    x, y, newest = cut(noise())
    dates = pd.date_range("2024-03-04", periods=80, freq="1D") + pd.Timedelta(hours=hour)
    days = dates.tz_localize("Europe/Zurich")
    dataset = dataset_of_windows(x, y, params_of(interval="1D"), "hand", days[newest])
    parts = windows_of(dataset)
    origins = pd.DatetimeIndex(
        np.concatenate([parts[name].origin for name in ("train", "validation", "test")])
    )
    assert set(origins.tz_convert("Europe/Zurich").normalize()) <= set(days[newest].normalize())
    assert parts["train"].origin[0].normalize() == days[newest][0].normalize()


def test_several_targets_of_which_one_is_no_feature():
    series = noise(columns=3)
    x, _, _ = cut(series)
    y = np.stack([series[k + LOOKBACK : k + LOOKBACK + HORIZON, [2, 0]] for k in range(len(x))])
    params = params_of(target=["price", "load"], units={"price": "EUR"})
    dataset = dataset_of_windows(torch.tensor(x[..., :2]), torch.tensor(y), params, "hand")
    assert dataset.task(HORIZON).units == ("EUR", "units")
    assert list(build_features(dataset, "raw").frame) == ["load", "heat"]
    test = windows_of(dataset)["test"]
    assert test.observed() == pytest.approx(y[-len(test) :])


def test_the_numbers_of_classes_become_one_column_for_each():
    number = np.random.default_rng(1).integers(0, 3, 80)
    series = np.column_stack([number == 2, noise()[:, 0]]).astype(float)
    x, _, _ = cut(series)
    y = np.stack([number[k + LOOKBACK : k + LOOKBACK + HORIZON] for k in range(len(x))])
    params = params_of(features=["load_high", "heat"], classes=["low", "mid", "high"], explained="high")
    assert params.explains == "load_high"
    assert not params.target_known  # the past of the other classes is no feature
    dataset = dataset_of_windows(x, y, params, "hand")
    assert dataset.task(HORIZON).kind == "classes"
    assert dataset.task(HORIZON).targets == ("load_low", "load_mid", "load_high")
    assert dataset.task(HORIZON).units == ("probability",) * 3
    np.testing.assert_array_equal(dataset.frame["load_high"], number == 2)
    np.testing.assert_array_equal(dataset.frame["load_low"].iloc[LOOKBACK:], (number == 0)[LOOKBACK:])
    given, found = y[:, :, None] == np.arange(3), windows_of(dataset)["test"].observed()
    np.testing.assert_array_equal(found, given[-len(found) :])


X, Y, NEWEST = cut(noise())
HOURS = pd.date_range("2024-01-01", periods=80, freq="1h", tz="UTC")[NEWEST]
NAN = np.where(np.arange(Y.size).reshape(Y.shape) == 7, np.nan, Y)


@pytest.mark.parametrize(
    ("given", "changed", "told"),
    [
        ({"x": X[0]}, {}, r"x has the shape \(5, 2\); \(window, lookback, feature\) is expected"),
        ({"y": Y[..., None, None]}, {}, r"y has the shape \(73, 3, 1, 1\); \(window, horizon\) or"),
        ({"x": [["a"]]}, {}, "x is no array of numbers"),
        ({"x": X[:0], "y": Y[:0]}, {}, r"x has the shape \(0, 5, 2\)"),
        ({"y": Y[:-1]}, {}, "x has 73 windows and y has 72: give as many of each"),
        ({"y": NAN}, {}, r"y holds NaN or infinity, first at \[2, 1\]"),
        ({}, {"features": ["load"]}, "x has 2 features, but 1 name is given: load"),
        ({}, {"target": ["load", "heat"]}, "y has 1 target, but 2 names are given: load, heat"),
        ({}, {"classes": ["low", "high"]}, "y: of classes, .* each is a number from 0 to 1, for low, high"),
        ({"y": np.full((73, 3), 2)}, {"classes": ["low", "high"]}, "y: of classes, .* from 0 to 1"),
        ({"y": np.zeros((73, 3, 2))}, {"classes": ["low", "high"]}, r"y: of classes, shape \(window, horizon\)"),
        ({"y": 2 * Y}, {}, "'load' is .* in x and .* in y at 2001-01-01 .* give both in one unit"),
        ({"origins": HOURS[:-1]}, {}, "one time stamp for each of 73 windows is expected"),
        ({"origins": ["noon"] * len(X)}, {}, "origins are no time stamps"),
        ({"origins": HOURS[::-1]}, {}, r"origins: that of window 1 .* is not later than that of window 0"),
        ({"origins": HOURS}, {"interval": "1D"}, "window 1 .* is in the same step of 1D as that of window 0"),
        ({"x": X - X.mean(axis=1, keepdims=True), "origins": HOURS}, {}, "x: windows that overlap differ: 'load' at"),
    ],
)  # fmt: skip
def test_what_cannot_be_windows_is_refused_in_one_line(given, changed, told):
    arrays = {"x": X, "y": Y, "origins": None} | given
    with pytest.raises(LstmkitError, match=told) as error:
        dataset_of_windows(arrays["x"], arrays["y"], params_of(**changed), "hand", arrays["origins"])
    assert "\n" not in str(error.value)


def test_a_file_holds_the_same(tmp_path):
    x, y, newest = cut(noise())
    hours = pd.date_range("2024-01-01", periods=80, freq="1h").to_numpy()[newest]
    np.savez(tmp_path / "windows.npz", x=x.astype("float32"), y=y.astype("float32"), origins=hours)
    dataset = load_arrays(params_of(), tmp_path)
    again = dataset_of_windows(x.astype("float32"), y.astype("float32"), params_of(), "windows", hours)
    assert dataset.fingerprint == again.fingerprint
    assert dataset.name == "windows"


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: None, "there is no file .*windows.npz with the arrays x and y"),
        (lambda path: path.write_text("x,y"), "windows.npz: cannot be read as the .npz file of numpy.savez"),
        (lambda path: np.savez(path, x=X), "windows.npz: there is no array 'y'; the file holds x"),
        (
            lambda path: np.savez(path, x=X, y=np.array([{}])),
            "windows.npz: cannot be read .* allow_pickle=False",
        ),
        (lambda path: np.savez(path, x=X, y=Y[1:]), "windows.npz: x has 73 windows and y has 72"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, write, told):
    write(tmp_path / "windows.npz")
    with pytest.raises(LstmkitError, match=told) as error:
        load_arrays(params_of(), tmp_path)
    assert "\n" not in str(error.value)


def test_a_target_that_is_no_feature_is_unknown_to_forecasts_and_groups_are_by_its_latest_value():
    series = noise(columns=3)
    x, _, _ = cut(series)
    y = np.stack([series[k + LOOKBACK : k + LOOKBACK + HORIZON, 2] for k in range(len(x))])
    known = dataset_of_windows(x[..., [0, 1]], y, params_of(target="price"), "hand")
    assert not known.target_known
    # each window but the first follows one whose first target is its newest step
    assert windows_of(known)["test"].latest()[:, 0] == pytest.approx(
        series[-HORIZON - 1 - len(windows_of(known)["test"]) + 1 : -HORIZON, 2]
    )
    apart = dataset_of_windows(x[::9, :, [0, 1]], y[::9], params_of(target="price"), "hand")
    test = windows_of(apart)["test"]
    assert test.latest()[1:, 0] == pytest.approx(test.observed()[:-1, -1, 0])
