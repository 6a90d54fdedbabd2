"""The figure of sufficient history shows what was measured, before and after training."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from lstmkit.analysis.attribution.sufficient_history import SufficientHistory
from lstmkit.plots.attribution.sufficient_history import LOWEST, plot_sufficient_history
from tests.plots.attribution.test_maps_plots import assert_nothing_overlaps

STEPS = np.array([1, 2, 4, 8, 17, 34, 70, 142, 288])


def made(scale: float, step_hours: float = 1 / 12, steps: np.ndarray = STEPS, **other) -> SufficientHistory:
    """A history whose gain rises to 1 within about `scale` steps."""
    left = np.exp(-(steps - 1) / scale)
    left[-1] = 0.0
    gain = 1 - 0.6 * left
    known = {
        "steps": steps,
        "step_hours": step_hours,
        "rule": "the last value",
        "rmse_rule": 40.0,
        "rmse": 25 + 10 * left,
        "gain": gain,
        "gain_interval": np.stack([gain - 0.2 * left, gain + 0.1 * left]),
        "sufficient": 24,
        "sufficient_interval": np.array([12.0, 36.0]),
        "reproduced": 1 - left,
        "output": 30,
        "same_time": 1.0,
        "unit": "ppm",
        "n_windows": 384,
        "n_days": 109,
    }
    return SufficientHistory(**known | other)


NOTHING = {"gain": None, "gain_interval": None, "sufficient": None, "sufficient_interval": None}
CASES = {
    "usual": (made(20), made(4, **NOTHING)),
    "too few days": (made(20, gain_interval=None, sufficient_interval=None), made(4, **NOTHING)),
    "no gain": (made(20, **NOTHING), made(4, **NOTHING)),
    "constant": (made(20, reproduced=None, output=None, **NOTHING), made(4, reproduced=None, output=None, **NOTHING)),
    "daily": (made(3, 24.0, np.array([1, 2, 4, 7, 14])), made(2, 24.0, np.array([1, 2, 4, 7, 14]), **NOTHING)),
    "one step": (made(1, steps=np.array([1]), sufficient=1, output=1), made(1, steps=np.array([1]), **NOTHING)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_figures_are_whole_and_unknown_to_pyplot(case):
    before = plt.get_fignums()
    figure = plot_sufficient_history(*CASES[case])
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert_nothing_overlaps(figure)


def test_lines_are_the_gain_and_both_outputs_over_hours():
    trained, untrained = CASES["usual"]
    left, right = plot_sufficient_history(trained, untrained).axes
    np.testing.assert_allclose(left.lines[0].get_xdata(), STEPS / 12)
    np.testing.assert_allclose(left.lines[0].get_ydata(), trained.gain)
    assert left.lines[1].get_xdata()[0] == pytest.approx(2.0)  # 24 steps of five minutes are enough
    outputs = {line.get_label(): line.get_ydata() for line in right.lines}
    np.testing.assert_allclose(outputs["trained"], trained.reproduced)
    np.testing.assert_allclose(outputs["untrained"], untrained.reproduced)
    assert left.get_xscale() == right.get_xscale() == "log"
    assert "the last value" in left.get_title(loc="left")


def test_the_band_is_the_interval():
    trained, untrained = CASES["usual"]
    (band,) = plot_sufficient_history(trained, untrained).axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(trained.gain_interval[1].max())
    assert heights.min() == pytest.approx(trained.gain_interval[0].min())


def test_a_gain_far_below_zero_does_not_hide_the_rest():
    trained, untrained = CASES["usual"]
    harmful = replace(trained, gain=trained.gain * 300 - 299)
    assert plot_sufficient_history(harmful, untrained).axes[0].get_ylim()[0] == pytest.approx(LOWEST - 0.05)
    assert plot_sufficient_history(trained, untrained).axes[0].get_ylim()[0] == pytest.approx(-0.05)
