"""What is forecast and from what, in sentences."""

from lstmkit.analysis.errors.skill import Evaluation
from lstmkit.data.windows import Windows
from lstmkit.wording import feature_label, listed

RULES = {
    "persistence": "the last value",
    "seasonal naive": "the value a {cycle} before",
    "training mean": "the mean of the training part, of classes their frequencies",
    "climatology": "the usual value at that point of the calendar",
    "damped climatology": "that and the last deviation from it, which fades",
    "autoregression": "a linear map of a few recent deviations",
    "ridge": "a linear model on all features and their lags",
    "boosted trees": "decision trees on the same",
}


def task_sentence(windows: Windows) -> str:
    """Which of several targets is explained, and that none of their past is an input; empty for one that is known.

    Args:
        windows: of a model.
    """
    return " ".join(filter(None, (_explained(windows), _unknown(windows))))


def _explained(windows: Windows) -> str:
    names = [feature_label(name) for name in windows.task.targets]
    if len(names) == 1:
        return ""
    if windows.task.kind == "classes":
        one = names[windows.target]
        return (
            f"The model forecasts the probabilities of {listed(names)}; this page is about that of {one}. Its errors "
            "are those of the probability: 1 stands for a class that came, 0 for one that did not."
        )
    return f"The model forecasts {listed(names)}; this page is about {names[windows.target]}."


def _unknown(windows: Windows) -> str:
    if windows.task.target_known:
        return ""
    names = [feature_label(name) for name in windows.task.targets]
    measured = [
        feature_label(name)
        for name, of in zip(windows.features, windows.provenance, strict=True)
        if not of.is_clock
    ]
    clock = ["the clock"] if len(measured) < len(windows.features) else []
    return (
        f"The model is a virtual sensor: it knows {listed([*measured, *clock])}, and no value of {listed(names)}. What "
        "a page calls the value at the origin is the latest that was measured; the model does not know it."
    )


def baselines_finding(evaluation: Evaluation) -> str:
    """What each baseline forecasts.

    Args:
        evaluation: of the test part.
    """
    season = evaluation.calendar.season
    cycle = "step" if season is None else season.name
    said = ", ".join(f"{RULES[name].format(cycle=cycle)} ({name})" for name in evaluation.baselines)
    return f"The baselines know what the model knows: {said}."
