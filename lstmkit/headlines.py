"""What was found about a model at one horizon, in a few sentences for the landing page."""

from collections.abc import Callable, Collection

from lstmkit.cautions import network_is_off, switched_off
from lstmkit.run_results import PAGES, Room, RunResults
from lstmkit.wording import VISIBLE, digits, duration, escaped, feature_label, signed, whole_percent

NAMED = 3  # features


def headlines(run: RunResults, folder: str, pages: Collection[str]) -> str:
    """Sentences in Markdown from what is known, each led by a link to the page that found it.

    Args:
        run: metrics, and what was kept of each section; what is missing is left out.
        folder: of the run's pages, as a link from the landing page reaches it.
        pages: notebooks that are pages there; what has no page is told without a link.
    """
    said = []
    for name, (title, sentence) in HEADLINES.items():
        text = sentence(run.room(name)) if run.room(name) else ""
        if text:
            page = PAGES[name]
            said.append(f"{_link(title, f'{folder}/{page}.ipynb', page in pages)}: {escaped(text)}")
    return " ".join(said)


def _link(text: str, target: str, exists: bool) -> str:
    return f"[{text}]({target})" if exists else text


def _skill(metrics: Room) -> str:
    skill, unit = metrics["skill"]["all_steps"], metrics["unit"]
    low, high, value = skill["low"], skill["high"], signed(100 * skill["value"])
    verdict = "better than every baseline" if skill["value"] > 0 else "no better than the best baseline"
    interval = ""
    if low is not None:
        interval = f", interval {signed(100 * low)} to {signed(100 * high)} %"
        if low <= 0 <= high:
            verdict = "not told apart from the best baseline"
        elif high < 0:
            verdict = "worse than the best baseline"
    off = f" {switched_off(metrics)}" if network_is_off(metrics) else ""
    return (
        f"RMSE {digits(metrics['rmse']['all_steps'])} {unit}, {verdict} ({skill['best_baseline']}; skill {value} %"
        f"{interval}).{off}"
    )


def _memory(gates: Room) -> str:
    layers = [(layer["name"], layer["timescale_hours"]) for layer in gates["layers"]]
    medians = ", ".join(f"{duration(scale['median'])} in {name}" for name, scale in layers)
    longest = duration(max(scale["longest"] for _, scale in layers))
    return f"the median timescale of a cell is {medians}; the longest is {longest}."


def _history(trajectories: Room) -> str:
    needed = trajectories.get("needed_hours")
    return (
        "" if needed is None else f"the newest {duration(needed)} give the final state of the median window."
    )


def _drivers(attribution: Room) -> str:
    gradient = attribution["gradient"]
    first, *others = gradient["shares"].items()
    named = [first, *(pair for pair in others if pair[1] > VISIBLE)][:NAMED]
    shares = ", ".join(f"{feature_label(name)} {whole_percent(share / 100)}" for name, share in named)
    return f"the gradient gives {shares}, half of it in the newest {duration(gradient['hours_of_half'])}."


def _failures(predictions: Room) -> str:
    found = predictions["regimes"]["regimes"]
    worst = max(found, key=lambda name: found[name]["error_share"])
    return (
        f"{worst} values hold {100 * found[worst]['error_share']:.0f} % of the squared error in "
        f"{100 * found[worst]['share']:.0f} % of the windows."
    )


HEADLINES: dict[str, tuple[str, Callable[[Room], str]]] = {
    "metrics": ("Skill", _skill),
    "gates": ("Memory", _memory),
    "trajectories": ("History", _history),
    "attribution": ("Drivers", _drivers),
    "predictions": ("Errors", _failures),
}
