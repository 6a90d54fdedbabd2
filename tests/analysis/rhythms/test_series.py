"""Series over the test part: bins, components and filters equal what is computed window by window."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

import lstmkit.analysis.rhythms.series as temporal
from lstmkit.analysis.rhythms.series import (
    Bins,
    Gaps,
    TimeSeries,
    component_series,
    filter_series,
)
from lstmkit.analysis.rhythms.spectra import spectra
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import SplitParams
from lstmkit.storage.files import Rows
from tests.analysis.tiny import state_of, stirred
from tests.series import dataset_of, raw_windows

SPLIT = SplitParams(validation_blocks=1, train=0.2, validation=0.1)


def windows_of(
    n_rows: int = 400,
    interval: str = "1h",
    lookback: int = 24,
    horizon: int = 2,
    missing: tuple[slice, ...] = (),
    columns: dict | None = None,
    **dataset,
) -> Windows:
    random, keep = np.random.default_rng(0), np.ones(n_rows, bool)
    for rows in missing:
        keep[rows] = False
    columns = columns or {"co2": random.normal(500, 80, n_rows), "temperature": random.normal(21, 1, n_rows)}
    made = dataset_of(columns, interval=interval, keep=keep, **dataset)
    return raw_windows(made, horizon, SPLIT, lookback=lookback, residual="none")["test"]


def rows_of(values: np.ndarray, folder) -> Rows:
    np.save(folder / "rows.npy", values.astype("<f4"))
    return Rows(folder / "rows.npy")


def origin_rows(windows: Windows) -> np.ndarray:
    return windows.starts.numpy() + windows.lookback - 1


@pytest.mark.parametrize(
    ("interval", "steps"), [("5min", 6), ("10min", 3), ("30min", 1), ("2h", 1), ("7min", 4)]
)
def test_bins_are_means_over_half_hours_from_the_first_origin(interval, steps):
    windows = windows_of(300, interval, missing=(slice(180, 199), slice(230, 232)))
    values = np.random.default_rng(1).normal(size=(len(windows), 2))
    bins = Bins(windows, 2)
    for some in np.array_split(np.arange(len(windows)), 5):
        bins.add(bins.rows[some], values[some])
    series = bins.series(("a", "b"), "ppm")
    assert series.interval == steps * pd.Timedelta(interval)
    rows = origin_rows(windows) - origin_rows(windows)[0]
    for number in range(len(series)):
        inside = values[(rows >= number * steps) & (rows < (number + 1) * steps)]
        if 2 * len(inside) >= steps:
            np.testing.assert_allclose(series.courses[:, number], inside.mean(axis=0))
        else:
            assert np.isnan(series.courses[:, number]).all()
    assert bins.time[0] == windows.origin[0]
    assert len(bins.time) == len(series)


def test_the_time_of_a_series_is_local_and_passes_evenly_when_clocks_change():
    windows = windows_of(60 * 24, start="2025-10-01", site_timezone="America/New_York")
    time = Bins(windows, 1).time
    assert (time[: len(windows)] == windows.origin).all()
    assert len(set(np.diff(time.tz_convert("UTC")))) == 1
    assert len({stamp.utcoffset() for stamp in time}) == 2


def test_days_pass_from_midnight_to_midnight():
    windows = windows_of(300, "1D", lookback=7, start="2024-12-31", site_timezone="Europe/Berlin")
    time = Bins(windows, 1).time
    assert time.tolist() == windows.origin.tolist()
    assert {stamp.hour for stamp in time} == {0}
    assert len({stamp.utcoffset() for stamp in time}) == 2


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        ([1, 2, 3], Gaps(missing=0, steps=3, number=0, longest_hours=0.0)),
        ([1, np.nan, 3], Gaps(missing=1, steps=3, number=1, longest_hours=2.0)),
        ([np.nan, 2, 3, np.nan, np.nan], Gaps(missing=3, steps=5, number=2, longest_hours=4.0)),
    ],
)
def test_gaps_are_counted(values, gaps):
    assert TimeSeries(("a",), ("",), "", np.array([values], "float64"), pd.Timedelta("2h")).gaps == gaps


@pytest.mark.parametrize("chunk", [7, 2048])
def test_components_are_those_of_all_states_projected(tmp_path, monkeypatch, chunk):
    windows = windows_of(missing=(slice(250, 262),))
    states = np.random.default_rng(2).normal(size=(len(windows), 2, 5)) * [3, 2, 1, 0.5, 0.1]
    rows = rows_of(states, tmp_path)
    read = Rows.chunks
    monkeypatch.setattr(Rows, "chunks", lambda self, size=chunk: read(self, size))
    series = component_series(rows, windows, sample=10_000)
    pca = PCA(3).fit(states[:, 1].astype("float32").astype("float64"))
    expected = np.full((3, len(series)), np.nan)
    expected[:, origin_rows(windows) - origin_rows(windows)[0]] = pca.transform(states[:, 1]).T
    np.testing.assert_allclose(np.abs(series.courses), np.abs(expected), atol=1e-4)
    assert series.names == ("PC 1", "PC 2", "PC 3")
    share = pca.explained_variance_ratio_[0]
    assert series.details[0] == f"{100 * share:.0f} % of the states' variance"
    assert np.isnan(series.courses[0]).sum() == len(series) - len(windows) > 0


def test_components_come_from_windows_spread_evenly(tmp_path):
    windows = windows_of()
    states = np.random.default_rng(2).normal(size=(len(windows), 1, 4))
    series = component_series(rows_of(states, tmp_path), windows, sample=9)
    pca = PCA(3).fit(states[spread_evenly(len(windows), 9), 0])
    np.testing.assert_allclose(np.abs(series.courses), np.abs(pca.transform(states[:, 0])).T, atol=1e-4)


def test_a_component_follows_the_signal_that_the_states_carry(tmp_path):
    windows = windows_of(60 * 24)
    hours = np.arange(len(windows))
    daily = np.outer(np.sin(2 * np.pi * hours / 24), [0.3, -0.4, 0, 0])
    weekly = np.outer(np.sin(2 * np.pi * hours / 168), [0, 0, 0.2, 0])
    noise = np.random.default_rng(0).normal(0, 0.02, (len(windows), 4))
    found = spectra(component_series(rows_of((daily + weekly + noise)[:, None], tmp_path), windows, 500))
    assert [peaks[0].hours for peaks in found.peaks[:2]] == pytest.approx([24, 168])
    assert found.peaks[0][0].amplitude == pytest.approx(0.5, rel=0.02)
    assert [peaks[0].rhythm for peaks in found.peaks[:2]] == ["day", "week"]


@pytest.mark.parametrize(("units", "n_rows", "components"), [(2, 400, 2), (5, 114, 1), (5, 115, 2)])
def test_there_are_no_more_components_than_units_or_windows(tmp_path, units, n_rows, components):
    windows = windows_of(n_rows) if n_rows == 400 else windows_of(400).select(torch.arange(n_rows - 113))
    states = np.random.default_rng(0).normal(size=(len(windows), 1, units))
    assert len(component_series(rows_of(states, tmp_path), windows, 50).names) == components


def test_states_that_never_change_have_constant_components(tmp_path):
    windows = windows_of()
    series = component_series(rows_of(np.full((len(windows), 1, 3), 0.1), tmp_path), windows, 50)
    assert series.varying()[1] == ("PC 1", "PC 2", "PC 3")
    assert series.details[0] == "0 % of the states' variance"


def test_states_of_other_windows_are_refused(tmp_path):
    with pytest.raises(LstmkitError, match="7 hidden states do not belong to"):
        component_series(rows_of(np.zeros((7, 1, 3)), tmp_path), windows_of(), 5)


def convolutional(**changed) -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 2, **({"channels": (3, 5), "hidden": 4, "head": 4} | changed)))


def newest_step(model: CNNLSTMForecaster, windows: Windows) -> np.ndarray:
    x, _ = windows.gather(torch.arange(len(windows)))
    with record(model, ["relu2"]) as outputs, torch.no_grad():
        model(x)
    return outputs["relu2"][:, :, -1].numpy()


@pytest.mark.parametrize("block", [11, 4096])
@pytest.mark.parametrize("missing", [(), (slice(200, 215), slice(300, 303))], ids=["whole", "with gaps"])
@pytest.mark.parametrize("kernels", [(7, 5), (3, 3), (4, 2), (1, 1)])
def test_filters_put_out_the_same_over_the_series_as_in_each_window(monkeypatch, block, missing, kernels):
    monkeypatch.setattr(temporal, "BLOCK", block)
    model, windows = convolutional(kernels=kernels), windows_of(missing=missing)
    series = filter_series(model, windows)
    at = origin_rows(windows) - origin_rows(windows)[0]
    np.testing.assert_allclose(series.courses[:, at], newest_step(model, windows).T, atol=1e-5)
    assert series.names == tuple(f"filter {number}" for number in range(5))


def test_filters_of_five_minutes_are_averaged_over_half_hours():
    model, windows = convolutional(), windows_of(interval="5min")
    series = filter_series(model, windows)
    whole = len(windows) // 6 * 6
    expected = newest_step(model, windows)[:whole].reshape(-1, 6, 5).mean(axis=1)
    np.testing.assert_allclose(series.courses[:, : whole // 6], expected.T, atol=1e-5)


def test_a_filter_that_is_a_derivative_shows_the_rhythm_of_the_derivative():
    hours = np.arange(80 * 24)
    windows = windows_of(columns={"co2": 500 + 60 * np.sin(2 * np.pi * hours / 24)}, n_rows=len(hours))
    model = CNNLSTMForecaster(1, 2, channels=(1, 2), kernels=(1, 3), hidden=2, head=2).eval()
    with torch.no_grad():
        model.conv1.weight.fill_(1.0)
        model.conv1.bias.fill_(10.0)  # so that the first ReLU lets everything pass
        model.conv2.weight[0] = torch.tensor([[-0.5, 0.0, 0.5]])
        model.conv2.weight[1].zero_()
        model.conv2.bias[:] = torch.tensor([0.0, -1.0])  # the second filter never fires
    found = spectra(filter_series(model, windows))
    slope = 60 / windows.scaler.scale[0] * np.sin(2 * np.pi / 24) * np.cos(2 * np.pi * np.arange(24) / 24)
    half_wave = np.abs(np.fft.rfft(np.maximum(slope, 0))) / 12  # the ReLU cuts the falling half off
    amplitudes = {round(24 / peak.hours): peak.amplitude for peak in found.peaks[0]}
    assert amplitudes.keys() == {
        1,
        2,
        4,
        6,
        8,
        10,
    }  # of a half wave, the first and the even fractions of its period
    for fraction, amplitude in amplitudes.items():
        assert amplitude == pytest.approx(half_wave[fraction], rel=1e-3)
    assert found.constant == ("filter 1",)


def test_a_model_without_convolutions_has_no_filters():
    with pytest.raises(LstmkitError, match=r"contains no nn\.Conv1d, so it has no filters"):
        filter_series(LSTMForecaster(2, 2, hidden=2), windows_of())


def test_the_model_stays_as_it_was():
    model = convolutional(dropout=0.3)
    before = state_of(model)
    filter_series(model, windows_of())
    assert state_of(model) == before


def test_a_convolution_without_a_relu_is_read_itself():
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(2, 3, 3, padding="same")

        def forward(self, x):
            return self.conv(x.transpose(1, 2)).mean(dim=2)[:, :2]

    model, windows = stirred(Plain()), windows_of()
    x, _ = windows.gather(torch.arange(len(windows)))
    with torch.no_grad():
        expected = model.conv(x.transpose(1, 2))[:, :, -2].numpy()
    np.testing.assert_allclose(filter_series(model, windows).courses, expected.T, atol=1e-5)


def test_what_is_no_number_is_refused_and_no_gap(tmp_path):
    windows = windows_of()
    states = np.random.default_rng(0).normal(size=(len(windows), 1, 3))
    states[7, 0, 1] = np.nan
    with pytest.raises(
        LstmkitError, match=re.escape(f"hidden states are NaN or infinite for the window {windows.origin[7]}")
    ):
        component_series(rows_of(states, tmp_path), windows, 5)
    bins = Bins(windows, 1)
    with pytest.raises(
        LstmkitError, match=re.escape(f"values are NaN or infinite for the window {windows.origin[3]}")
    ):
        bins.add(bins.rows[:5], np.array([[0.0], [1], [2], [np.inf], [4]]))


def test_filters_that_put_out_nan_are_refused():
    model, windows = convolutional(), windows_of()
    with torch.no_grad():
        model.conv2.bias[0] = float("nan")
    with pytest.raises(LstmkitError, match="values are NaN or infinite for the window"):
        filter_series(model, windows)
