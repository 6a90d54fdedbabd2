"""What must be said before a forecast is explained: its network does nothing, or a simpler rule is as good."""

from collections.abc import Iterable
from typing import Any

from lstmkit.wording import digits

RULES = {  # what is forecast where a network puts out zero, by `windows.anchor`
    "autoregressive": "its anchor",
    "climatology": "the climatology",
    "none": "the mean of the training part",
}
NO_GAIN = 0.005  # is printed as 0.00
NO_MOVE = 1e-3  # of the RMSE: does not reach its third digit, the last that is printed


def caution_about(metrics: dict[str, Any]) -> str | None:
    """What to say before anything is explained; None where the forecast is worth it.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    unit, model = metrics["unit"], metrics["rmse"]["all_steps"]
    if network_is_off(metrics):
        return switched_off(metrics)
    name = metrics["skill"]["all_steps"]["best_baseline"]
    best = metrics["baselines"][name]["rmse"]["all_steps"]
    if best <= model:
        return (
            f"This model does not beat the best baseline ({name}: RMSE {digits(best)} {unit}, the model "
            f"{digits(model)} {unit}). What follows explains a forecast that a simpler rule makes as well."
        )
    if (anchor := anchor_as_good(metrics)) is not None:
        return (
            f"The network does not improve on its anchor (anchor alone: RMSE {digits(anchor)} {unit}, the model "
            f"{digits(model)} {unit}). What the network adds, which is explained below, makes the forecast no better."
        )
    return None


def network_is_off(metrics: dict[str, Any]) -> bool:
    """Whether what the network adds to the rule that it deviates from is nothing, or the same for every window.

    Args:
        metrics: of `Evaluation.to_json`; without `network`, nothing is known and the network counts as at work.
    """
    if "network" not in metrics:
        return False
    network, rmse = metrics["network"], metrics["rmse"]["all_steps"]
    return network["gain"] < NO_GAIN or network["spread"] <= NO_MOVE * rmse


def switched_off(metrics: dict[str, Any]) -> str:
    """Say that the network is switched off, with the figures, and what is forecast in its place.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    network, unit = metrics["network"], metrics["unit"]
    return (
        f"The network is switched off: its gain, from the validation part, is {network['gain']:.2f}, and what it adds "
        f"to {network['rule']} varies by {digits(network['spread'])} {unit} between windows, beside an RMSE of "
        f"{digits(metrics['rmse']['all_steps'])} {unit}. The forecast is that of {network['rule']} alone."
    )


def cut_short(ahead: Iterable[str]) -> str:
    """Say why a section on the network ends here.

    Args:
        ahead: the horizons at which the network is switched off, such as `1 h`.
    """
    return (
        f"The network is switched off ({', '.join(ahead)} ahead), so there is nothing here to explain, and this "
        f"section is cut short. Training and Predictions describe the forecast that is left."
    )


def anchor_as_good(metrics: dict[str, Any]) -> float | None:
    """RMSE of the anchor alone over all steps, where the network does not lower it.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    if "anchor" not in metrics:
        return None
    anchor = metrics["anchor"]["rmse"]["all_steps"]
    return anchor if anchor <= metrics["rmse"]["all_steps"] else None
