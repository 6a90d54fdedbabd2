"""What must be said before a forecast is explained: how it stands against simple rules, and what its network does."""

from collections.abc import Iterable

from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.findings.standing import Standing, interval, standing
from lstmkit.wording import count, digits, signed

NO_GAIN = 0.005  # is printed as 0.00
NO_MOVE = 1e-3  # of the RMSE: does not reach its third digit, the last that is printed
FEWEST_DAYS = 3  # of validation and of test


def caution_about(metrics: Metrics) -> str | None:
    """What to say before anything is explained; None where the forecast is surely better than every baseline.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    notices = [
        switched_off(metrics) if network_is_off(metrics) else "",
        _not_better(metrics),
        _few_days(metrics),
    ]
    return " ".join(filter(None, notices)) or None


def cautions_ahead(metrics: Iterable[tuple[str, Metrics]]) -> list[str]:
    """The cautions about several horizons, each with its horizon; none of those that need none.

    Args:
        metrics: each horizon for people, such as `24 h`, with its metrics.
    """
    found = ((ahead, caution_about(of_horizon)) for ahead, of_horizon in metrics)
    return [f"{ahead} ahead: {caution}" for ahead, caution in found if caution]


def _not_better(metrics: Metrics) -> str:
    skill, unit = metrics["skill"]["all_steps"], metrics["unit"]
    found, best = standing(skill), skill["best_baseline"]
    if found is Standing.BETTER:
        return ""
    if found is Standing.WORSE:
        said = f"This model forecasts worse than {best}"
    elif skill["value"] <= 0:
        said = f"This model forecasts no better than {best}"
    else:
        said = f"It is not sure that this model forecasts better than {best}"
    block = metrics.get("block", "day")
    return (
        f"{said}: RMSE {digits(metrics['rmse']['all_steps'])} {unit} over all steps, against "
        f"{digits(metrics['baselines'][best]['rmse']['all_steps'])} {unit}; skill {signed(100 * skill['value'])} % "
        f"({interval(skill, metrics['confidence'], block)}). If the forecast is all that you need, use "
        f"{use_instead(metrics)}{_together(metrics)}."
    )


def _together(metrics: Metrics) -> str:
    if not _together_is_better(metrics):
        return ""
    together, skill = metrics["ensemble"], metrics["ensemble"]["skill"]["all_steps"]
    return (
        f", which is better than every baseline (RMSE {digits(together['rmse']['all_steps'])} {metrics['unit']}, skill "
        f"{signed(100 * skill['value'])} %, {interval(skill, metrics['confidence'], metrics.get('block', 'day'))})"
    )


def _few_days(metrics: Metrics) -> str:
    days = {name: metrics.get(f"{name}_days") for name in ("validation", "test")}
    few = [
        f"the {name} part covers {count(n_days, metrics.get('block', 'day'))}"
        for name, n_days in days.items()
        if isinstance(n_days, int) and n_days < FEWEST_DAYS
    ]
    if not few:
        return ""
    said = " and ".join(few)
    return f"{said[0].upper()}{said[1:]}: what is measured on fewer than {FEWEST_DAYS} cannot be relied on."


def use_instead(metrics: Metrics) -> str:
    """What to forecast with where the model is not surely better than every baseline.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    if _together_is_better(metrics):
        return f"the mean forecast of its {len(metrics['seeds'])} seeds"
    return metrics["skill"]["all_steps"]["best_baseline"]


def _together_is_better(metrics: Metrics) -> bool:
    together = metrics.get("ensemble")
    return together is not None and standing(together["skill"]["all_steps"]) is Standing.BETTER


def network_is_off(metrics: Metrics) -> bool:
    """Whether what the network adds to the rule that it deviates from is nothing, or the same for every window.

    Args:
        metrics: of `Evaluation.to_json`; without `network`, nothing is known and the network counts as at work.
    """
    if "network" not in metrics:
        return False
    network, rmse = metrics["network"], metrics["rmse"]["all_steps"]
    return network["gain"] < NO_GAIN or network["spread"] <= NO_MOVE * rmse


def switched_off(metrics: Metrics) -> str:
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


def without_network_sentence(metrics: Metrics) -> str | None:
    """How much worse the forecast is without its network; None where that is not known, or the network is off.

    Args:
        metrics: of `Evaluation.to_json`.
    """
    network, model, unit = metrics.get("network", {}), metrics["rmse"]["all_steps"], metrics["unit"]
    if "without" not in network or network_is_off(metrics):
        return None
    alone = network["without"]["all_steps"]
    change = f"{100 * (alone / model - 1):.0f}"
    worse = f"{change} % worse"
    if change in ("0", "-0"):
        worse = "as good"
    elif alone < model:
        worse = f"{change[1:]} % better"
    return f"Without its network, {network['rule']} alone: RMSE {digits(alone)} {unit}, {worse}."


def cut_short(ahead: Iterable[str]) -> str:
    """Say why a section on the network ends here.

    Args:
        ahead: the horizons at which the network is switched off, such as `1 h`.
    """
    return (
        f"The network is switched off ({', '.join(ahead)} ahead), so there is nothing here to explain, and this "
        f"section is cut short. Training and Predictions describe the forecast that is left."
    )
