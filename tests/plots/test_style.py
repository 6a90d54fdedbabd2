"""Dates, powers and names are written as readers need them, and colours differ for all of them."""

from itertools import combinations, pairwise

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import SymLogNorm, to_rgb
from matplotlib.ticker import LogFormatterSciNotation

from lstmkit.plots.groups import colors_of
from lstmkit.plots.style import SEQUENCE, axes_grid, canvas, date_axis, power_ticks
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps, visible_texts

LABELS = {
    ("2025-10-08 06:00", "2025-11-29"): [
        "13 Oct\n2025", "20 Oct", "27 Oct", "3 Nov", "10 Nov", "17 Nov", "24 Nov",
    ],
    ("2023-12-28 06:00", "2024-01-03 18:00"): [
        "29 Dec\n2023", "30 Dec", "31 Dec", "1 Jan\n2024", "2 Jan", "3 Jan",
    ],
    ("2023-11-20", "2024-06-15"): ["Dec\n2023", "Jan\n2024", "Feb", "Mar", "Apr", "May", "Jun"],
    ("2025-01-31 20:00", "2025-02-01 02:00"): [
        "20:00\n31 Jan\n2025", "21:00", "22:00", "23:00", "00:00\n1 Feb", "01:00", "02:00",
    ],
    ("2001-05-01", "2009-05-01"): ["2002", "2003", "2004", "2005", "2006", "2007", "2008", "2009"],
}  # fmt: skip


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(("first", "last"), LABELS)
def test_each_tick_says_its_month_and_the_first_its_year(first, last, zone):
    figure, axes = canvas(height=2.0)
    date_axis(axes, pd.Timestamp(first, tz=zone), pd.Timestamp(last, tz=zone))
    figure.draw_without_rendering()
    assert [label.get_text() for label in axes.get_xticklabels()] == LABELS[first, last]


@pytest.mark.parametrize("zone", ["America/New_York", "America/Havana"])
@pytest.mark.parametrize("end", ["2025-03-12", "2025-11-05"])
def test_ticks_stand_at_local_midnight_when_the_clock_changes(zone, end):
    last = pd.Timestamp(end, tz=zone)
    figure, axes = canvas(height=2.0)
    date_axis(axes, last - pd.Timedelta(days=8), last)
    figure.draw_without_rendering()
    days = pd.DatetimeIndex(mdates.num2date(axes.get_xticks())).tz_convert(zone)
    assert (days == days.tz_localize(None).normalize().tz_localize(zone, True, "shift_forward")).all()
    assert len(days) >= 8


@pytest.mark.parametrize("most_ticks", [6, 12])
@pytest.mark.parametrize(
    "hours", [0.5, 5, 30, 49, 90, 300, 500, 1000, 1600, 3000, 9000, 20_000, 90_000, 300_000]
)
def test_labels_of_any_span_have_room(hours, most_ticks):
    figure, panels = axes_grid(1, 12 // most_ticks, height=2.0, squeeze=False)
    first = pd.Timestamp("2023-10-20 10:00")
    for axes in panels[0]:
        date_axis(axes, first, first + pd.Timedelta(hours=hours), most_ticks)
        axes.set_ylabel("RMSE (ppm)")
    assert_nothing_overlaps(figure)
    assert len(visible_texts(figure)) > 2


@pytest.mark.parametrize("name", ["$x_1$", "$", "a$b", r"$\frac{1}$", r"\$", "CO$_2$ and NO$_x$", "^_{}"])
def test_a_name_is_shown_as_it_is_and_never_as_a_formula(name):
    figure, axes = canvas(height=2.0)
    title = axes.set_title(name)
    axes.set_ylabel(name)
    axes.plot([0, 1], label=name)
    axes.set_xticks([0, 1], [name, name])
    axes.legend()
    figure.draw_without_rendering()  # a formula that cannot be parsed raises here
    texts = [title, axes.yaxis.label, *axes.get_legend().get_texts(), *axes.get_xticklabels()]
    assert [(text.get_text(), text.get_parse_math()) for text in texts] == [(name, False)] * len(texts)


POWERS = {
    (1e-6, 2e-1): ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"],
    (1, 1e12): ["10⁰", "10²", "10⁴", "10⁶", "10⁸", "10¹⁰", "10¹²"],
    (2e-3, 8e-3): ["2×10⁻³", "3×10⁻³", "4×10⁻³", "6×10⁻³"],
}


@pytest.mark.parametrize("limits", POWERS)
def test_powers_of_ten_stand_where_matplotlib_puts_them(limits):
    figure, axes = canvas(height=4.0)
    axes.set_yscale("log")
    axes.set_ylim(*limits)
    power_ticks(axes.yaxis)
    figure.draw_without_rendering()
    assert [t.get_text() for t in axes.get_yticklabels(which="both") if within(t, limits)] == POWERS[limits]


def within(tick, limits: tuple[float, float]) -> bool:
    return bool(tick.get_text()) and limits[0] <= tick.get_position()[1] <= limits[1]


def test_powers_of_ten_around_zero_have_a_true_minus():
    figure, axes = canvas(height=4.0)
    image = axes.imshow(np.zeros((2, 2)), norm=SymLogNorm(0.01, linscale=0.5, vmin=-1, vmax=1))
    bar = figure.colorbar(image)
    power_ticks(bar.long_axis)
    figure.draw_without_rendering()
    shown = [text.get_text() for text in bar.ax.get_yticklabels()]
    assert {"−10⁰", "−10⁻¹", "−10⁻²", "0", "10⁻²", "10⁻¹", "10⁰"} <= set(shown)
    assert not any("$" in text for text in shown)


def test_other_formatters_stay():
    _, axes = canvas(height=2.0)
    before = axes.yaxis.get_major_formatter()
    power_ticks(axes.yaxis)
    assert axes.yaxis.get_major_formatter() is before
    assert not isinstance(before, LogFormatterSciNotation)


READERS = {  # of linear RGB; Machado, Oliveira & Fernandes (2009), severity 1
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(color: str) -> np.ndarray:
    values = np.array(to_rgb(color))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(color: str, reader: str) -> np.ndarray:
    """A colour in CIELAB, as a reader sees it."""
    xyz = TO_XYZ @ np.clip(READERS[reader] @ linear(color), 0, 1) / WHITE
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_are_converted_as_published():
    np.testing.assert_allclose(lab("#ffffff", "all cones"), [100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab("#ff0000", "all cones"), [53.24, 80.09, 67.20], atol=0.02)
    assert np.abs(lab("#ff0000", "deuteranopia")[1]) < 20 < lab("#ff0000", "all cones")[1]


@pytest.mark.parametrize(("n", "least"), [(2, 30), (3, 15), (4, 10), (5, 7), (8, 3.5)])
@pytest.mark.parametrize("reader", READERS)
def test_a_higher_range_is_darker_for_every_reader(reader, n, least):
    lightness = [lab(color, reader)[0] for color in colors_of(n, n)]
    assert all(lower - higher >= least for lower, higher in pairwise(lightness))


@pytest.mark.parametrize("reader", READERS)
def test_the_colours_of_other_groups_are_apart_for_every_reader(reader):
    seen = [lab(color, reader) for color in SEQUENCE]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) >= 18


@pytest.mark.parametrize("color", [*colors_of(8, 8), *SEQUENCE])
def test_lines_stand_out_from_white(color):
    luminance = TO_XYZ[1] @ linear(color)
    assert 1.05 / (luminance + 0.05) >= 3  # WCAG 2, for graphics
