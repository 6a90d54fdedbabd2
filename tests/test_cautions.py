"""What must be said before anything is explained, and only then."""

import pytest

from lstmkit.cautions import caution_about, cut_short, network_is_off


@pytest.mark.parametrize(
    ("baseline", "anchor", "said"),
    [
        (52.0, 51.5, None),
        (52.0, None, None),
        (
            51.0,
            50.9,
            "This model does not beat the best baseline (ridge: RMSE 51.0 ppm, the model 51.2 ppm). What follows "
            "explains a forecast that a simpler rule makes as well.",
        ),
        (
            54.3,
            50.96,
            "The network does not improve on its anchor (anchor alone: RMSE 51.0 ppm, the model 51.2 ppm). "
            "What the network adds, which is explained below, makes the forecast no better.",
        ),
    ],
)
def test_what_must_be_said_before_anything_is_explained(baseline, anchor, said):
    metrics = {
        "unit": "ppm",
        "rmse": {"all_steps": 51.2},
        "skill": {"all_steps": {"best_baseline": "ridge"}},
        "baselines": {"ridge": {"rmse": {"all_steps": baseline}}},
    }
    if anchor is not None:
        metrics["anchor"] = {"rmse": {"all_steps": anchor}}
    assert caution_about(metrics) == said


def metrics_with(gain: float, spread: float) -> dict:
    """Of a model that is better than its best baseline."""
    return {
        "unit": "ppm",
        "rmse": {"all_steps": 51.2},
        "skill": {"all_steps": {"best_baseline": "ridge"}},
        "baselines": {"ridge": {"rmse": {"all_steps": 60.0}}},
        "network": {"rule": "its anchor", "gain": gain, "spread": spread},
    }


@pytest.mark.parametrize(
    ("gain", "spread", "off"),
    [
        (0.0, 0.0, True),
        (0.0049, 10.0, True),  # is printed as 0.00
        (0.0051, 10.0, False),
        (1.0, 0.0511, True),  # does not reach the third digit of 51.2
        (1.0, 0.0513, False),
        (1.0, 0.0, True),  # constant
        (0.6, 12.0, False),
    ],
)
def test_a_network_is_off_where_it_adds_nothing_that_could_be_printed(gain, spread, off):
    metrics = metrics_with(gain, spread)
    assert network_is_off(metrics) == off
    assert (caution_about(metrics) is not None) == off


def test_what_is_not_known_of_a_network_does_not_switch_it_off():
    metrics = metrics_with(0.0, 0.0)
    del metrics["network"]
    assert not network_is_off(metrics)


def test_that_the_network_is_off_is_said_before_all_else():
    metrics = metrics_with(0.001, 0.0123)
    metrics["baselines"]["ridge"]["rmse"]["all_steps"] = 1.0
    assert caution_about(metrics) == (
        "The network is switched off: its gain, from the validation part, is 0.00, and what it adds to its anchor "
        "varies by 0.0123 ppm between windows, beside an RMSE of 51.2 ppm. The forecast is that of its anchor alone."
    )
    assert cut_short(["1 h", "24 h"]).startswith(
        "The network is switched off (1 h, 24 h ahead), so there is nothing"
    )
