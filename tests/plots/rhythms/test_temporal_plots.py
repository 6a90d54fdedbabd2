"""Figures of rhythms and of errors in time: they show the Result's numbers, and nothing overlaps."""

import dataclasses

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.signal import lfilter

from lstmkit.analysis.errors.in_time import RollingError
from lstmkit.analysis.errors.phase import PhaseError
from lstmkit.analysis.rhythms.autocorrelation import autocorrelation
from lstmkit.analysis.rhythms.series import TimeSeries
from lstmkit.analysis.rhythms.spectra import Peak, spectra
from lstmkit.data.calendar import HOURLY
from lstmkit.findings.rhythms.series import span_in_words
from lstmkit.findings.rhythms.spectra import spectra_finding
from lstmkit.plots.errors.in_time import plot_phase_error, plot_rolling_error
from lstmkit.plots.rhythms.autocorrelation import plot_autocorrelation
from lstmkit.plots.rhythms.spectra import notice, plot_spectra
from tests.groups import ranges
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

WEEK = 336  # half hours


def series(
    n_series: int, n_steps: int = 15 * WEEK, interval: str = "30min", rhythms: bool = True
) -> TimeSeries:
    steps = np.arange(n_steps)
    rows = []
    for seed in range(n_series):
        row = lfilter([1], [1, -0.9], np.random.default_rng(seed).normal(size=n_steps))
        at_work = (steps % WEEK < 5 * 48) & (steps % 48 > 17 + seed) & (steps % 48 < 37)
        rows.append(row + (8.0 + seed) * at_work * rhythms)
    return TimeSeries(
        names=tuple(f"PC {number + 1}" for number in range(n_series)),
        details=tuple(f"{40 // (number + 1)} % of the states' variance" for number in range(n_series)),
        unit="",
        courses=np.array(rows).reshape(n_series, n_steps),
        interval=pd.Timedelta(interval),
    )


def rolling(n_steps: int = 5000, scale: float = 1.0) -> RollingError:
    rmse = scale * (
        30 + 20 * np.sin(np.arange(n_steps) / 150) + np.random.default_rng(0).normal(size=n_steps)
    )
    rmse[n_steps // 4 : n_steps // 3] = np.nan
    crossing = np.where(np.isnan(rmse), np.nan, 0.5)
    time = pd.date_range("2025-09-14 12:55", periods=n_steps, freq="30min", tz="America/New_York")
    return RollingError(
        time, rmse, crossing, 31.0 * scale, 33.0 * scale, 28.0 * scale, "ppm", ranges(rmse, (25.0, 35.0))
    )


def phase(n_bins: int = 48, scale: float = 1.0) -> PhaseError:
    hours = np.arange(n_bins) * 24 / n_bins
    bias, rmse = scale * 10 * np.sin(hours / 4), scale * (30 + 15 * np.cos(hours / 4))
    bias[2] = rmse[2] = np.nan
    return PhaseError(
        begins=hours,
        width=24 / n_bins,
        bias=bias,
        bias_interval=np.stack([bias - 5 * scale, bias + 6 * scale]),
        rmse=rmse,
        rmse_interval=np.stack([rmse - 4 * scale, rmse + 7 * scale]),
        explained=0.02,
        n_days=100,
        confidence=0.95,
        hours_ahead=1.0,
        unit="ppm",
    )


def by_day(found: TimeSeries, hours: int) -> TimeSeries:
    """What is left where a sensor runs for some hours of each day."""
    hidden = np.arange(len(found)) % 48 >= 2 * hours
    return dataclasses.replace(found, courses=np.where(hidden, np.nan, found.courses))


FIGURES = {
    "spectra through gaps": lambda: plot_spectra(spectra(by_day(series(2), 10))),
    "spectra through long gaps": lambda: plot_spectra(spectra(by_day(series(1, rhythms=False), 1))),
    "spectra of a season": lambda: plot_spectra(spectra(series(3))),
    "spectra of a fortnight": lambda: plot_spectra(spectra(series(3, 2 * WEEK + 20))),
    "spectra without peaks": lambda: plot_spectra(spectra(series(1, rhythms=False))),
    "spectra of two days": lambda: plot_spectra(spectra(series(2, 96))),
    "spectra by the hour": lambda: plot_spectra(spectra(series(3, 2000, "1h"))),
    "spectra by the day": lambda: plot_spectra(spectra(series(1, 900, "1D"))),
    "spectra in two columns": lambda: plot_spectra(spectra(series(6)), columns=2),
    "spectra in two columns, one missing": lambda: plot_spectra(spectra(series(5)), columns=2),
    "no spectra": lambda: plot_spectra(spectra(series(3, 30))),
    "spectra of nothing": lambda: plot_spectra(spectra(series(0))),
    "autocorrelations": lambda: plot_autocorrelation(autocorrelation(series(3))),
    "autocorrelations of a day": lambda: plot_autocorrelation(autocorrelation(series(2, 48))),
    "autocorrelations by the day": lambda: plot_autocorrelation(autocorrelation(series(1, 400, "1D"))),
    "no autocorrelations": lambda: plot_autocorrelation(autocorrelation(series(3, 12))),
    "rolling error": lambda: plot_rolling_error(rolling()),
    "rolling error of three days": lambda: plot_rolling_error(rolling(144)),
    "rolling error, large": lambda: plot_rolling_error(rolling(scale=1000)),
    "perfect forecasts": lambda: plot_rolling_error(rolling(scale=0)),
    "phase error": lambda: plot_phase_error(phase()),
    "phase error of six hours": lambda: plot_phase_error(phase(4)),
    "phase error, small": lambda: plot_phase_error(phase(24, 1e-4)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_whole_and_unknown_to_pyplot(name):
    before = plt.get_fignums()
    with np.errstate(all="raise", under="ignore"):
        figure = FIGURES[name]()
        assert isinstance(figure, Figure)
        assert_nothing_overlaps(figure)
    assert plt.get_fignums() == before
    assert not any("nan" in text.get_text() for text in visible_texts(figure))


def lines_by_label(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def test_a_spectrum_shows_power_background_floor_and_peaks():
    result = spectra(series(2))
    figure = plot_spectra(result)
    for i, axes in enumerate(figure.axes):
        lines = lines_by_label(axes)
        for label, values in (
            ("spectrum", result.power),
            ("noise expected", result.background),
            ("floor", result.floor),
        ):
            np.testing.assert_array_equal(lines[label].get_xdata(), result.hours)
            np.testing.assert_allclose(lines[label].get_ydata(), 100 * values[i] / result.variance[i])
        dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
        assert [float(dot.get_xdata()[0]) for dot in dots] == [peak.hours for peak in result.peaks[i]]
        for dot, peak in zip(dots, result.peaks[i], strict=True):
            assert dot.get_ydata()[0] == pytest.approx(100 * peak.amplitude**2 / 2 / result.variance[i])
        low, high = axes.get_ylim()
        assert low < np.median(100 * result.background[i] / result.variance[i])
        assert high > 100
        assert axes.get_title(loc="left") == result.titles[i]
    assert figure.axes[-1].get_xlabel() == "period (hours)"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "spectrum",
        "noise expected",
        "floor",
    ]


def test_periods_fall_from_left_to_right_on_a_logarithmic_axis_with_the_known_ones_marked():
    axes = plot_spectra(spectra(series(1))).axes[0]
    left, right = axes.get_xlim()
    assert left > 1000
    assert 0.97 < right < 1
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    axes.figure.draw_without_rendering()
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert {"168", "24", "12", "8", "6", "4", "3", "2", "1"} <= set(ticks)


def test_the_strongest_peak_is_always_named():
    result = spectra(series(6))
    for columns in (1, 2):
        for axes, peaks in zip(plot_spectra(result, columns=columns).axes, result.peaks, strict=True):
            named = [text.get_text() for text in axes.texts]
            assert named[0] == span_in_words(peaks[0].hours, HOURLY)
            assert 1 <= len(named) <= (7 if columns == 1 else 3)


def test_no_name_stands_across_a_stronger_peak():
    result = spectra(series(2))
    rhythms = {24.0: 4.0, 12.0: 3.0, 10.5: 2.0, 5.0: 1.0}
    peaks = tuple(Peak(hours, amplitude, 0.1, 9.0, "other") for hours, amplitude in rhythms.items())
    result = dataclasses.replace(result, peaks=(peaks, peaks))
    for axes in plot_spectra(result, columns=2).axes:
        assert [text.get_text() for text in axes.texts] == ["24 h", "5 h"]


def test_panels_that_are_left_over_are_hidden():
    figure = plot_spectra(spectra(series(5)), columns=2)
    assert [axes.get_visible() for axes in figure.axes] == [True] * 5 + [False]


def test_a_notice_says_what_is_missing():
    text = "Nothing can be said about this. " * 6
    (axes,) = notice(text).axes
    assert axes.texts[0].get_text().replace("\n", " ") == text.strip()
    short = spectra(series(3, 30))
    assert plot_spectra(short).axes[0].texts[0].get_text().replace("\n", " ") == spectra_finding(short)


def test_an_autocorrelation_shows_bars_bounds_and_the_time_to_forget():
    result = autocorrelation(series(2))
    figure = plot_autocorrelation(result)
    for i, axes in enumerate(figure.axes):
        bars = axes.patches
        np.testing.assert_allclose([bar.get_height() for bar in bars], result.correlation[i])
        np.testing.assert_allclose(
            [bar.get_x() + bar.get_width() / 2 for bar in bars], result.hours, atol=1e-9
        )
        bounds = [line.get_ydata()[0] for line in axes.get_lines() if line.get_linestyle() == "--"]
        assert bounds == [-result.bound, result.bound]
        upright = [
            line.get_xdata()[0] for line in axes.get_lines() if line.get_xdata()[0] == line.get_xdata()[-1]
        ]
        assert upright == [result.decorrelation[i]]
        assert axes.texts[0].get_text() == f"1/e after {result.decorrelation[i]:.3g} h"
        assert axes.get_title(loc="left") == result.titles[i]
    assert figure.axes[-1].get_xlabel() == "lag (hours)"
    assert figure.axes[-1].get_xlim()[1] > 48


def test_a_rolling_error_is_drawn_on_the_local_clock_with_gaps_and_its_worst_day():
    result = rolling()
    top, bottom = plot_rolling_error(result).axes
    line, overall, dot = top.get_lines()
    clock = mdates.date2num(result.time.tz_localize(None).to_pydatetime())
    np.testing.assert_allclose(mdates.date2num(line.get_xdata()), clock)
    np.testing.assert_array_equal(line.get_ydata(), result.rmse)
    assert set(overall.get_ydata()) == {31.0}
    worst = int(np.nanargmax(result.rmse))
    assert dot.get_ydata()[0] == result.rmse[worst]
    assert mdates.date2num(dot.get_xdata()[0]) == pytest.approx(clock[worst])
    assert top.texts[0].get_text() == f"{result.rmse[worst]:#.3g} ppm"
    assert top.get_ylabel() == "RMSE (ppm)"
    assert bottom.get_ylim() == (0, 105)
    heights = np.concatenate([path.vertices[:, 1] for path in bottom.collections[0].get_paths()])
    assert set(np.round(heights)) == {0, 50}


def test_a_rolling_error_names_the_month_of_each_day():
    result = rolling()
    axes = plot_rolling_error(result).axes[1]
    axes.figure.draw_without_rendering()
    clock = result.time.tz_localize(None)
    ticks = mdates.num2date(axes.get_xticks())
    labels = [label.get_text().split("\n") for label in axes.get_xticklabels()]
    assert [label[0] for label in labels] == [f"{time.day} {time:%b}" for time in ticks]
    assert labels[0][1] == f"{clock[0]:%Y}"


def test_a_phase_error_shows_means_and_bands_in_the_middle_of_each_bin():
    result = phase()
    top, bottom = plot_phase_error(result).axes
    for axes, values, (low, high) in (
        (top, result.bias, result.bias_interval),
        (bottom, result.rmse, result.rmse_interval),
    ):
        line = axes.get_lines()[0]
        np.testing.assert_allclose(line.get_xdata(), result.begins + 0.25)
        np.testing.assert_array_equal(line.get_ydata(), values)
        vertices = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
        assert vertices[:, 1].min() == pytest.approx(np.nanmin(low))
        assert vertices[:, 1].max() == pytest.approx(np.nanmax(high))
    assert top.get_ylabel() == "forecast − observed\n(ppm)"
    assert bottom.get_xlabel() == "local hour of the target"
    assert bottom.get_xlim() == (0, 24)
