"""What all sections of a model found, at every horizon, in a page of sentences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lstmkit.cautions import anchor_as_good, caution_about
from lstmkit.run_results import OF_NETWORK, Room, RunResults
from lstmkit.wording import (
    VISIBLE,
    count,
    digits,
    duration,
    escaped,
    feature_label,
    plain,
    signed,
    signed_alike,
    whole_percent,
)

CERTAIN = 0.05
CONVOLUTIONS = "What do its convolutions add?"


@dataclass(frozen=True)
class Summary:
    """Answers to the questions that a study asks of a model.

    Attributes:
        model: the model's label.
        runs: one per horizon, the nearest first.
        answers: per question, sentences in Markdown, each linked to its section.
    """

    model: str
    runs: tuple[RunResults, ...]
    answers: dict[str, tuple[str, ...]]

    def banner(self) -> str:
        """The model, and before it what must be said of its forecasts before they are explained; Markdown."""
        said = ((run.ahead, caution_about(run.metrics)) for run in self.runs)
        cautions = [f"> **Caution.** {escaped(f'{ahead} ahead: {text}')}" for ahead, text in said if text]
        return "\n\n".join([*cautions, f"**{escaped(self.model)}.**"])

    def to_markdown(self) -> str:
        """The page."""
        parts = []
        for question, sentences in self.answers.items():
            said = sentences or ("*Not executed yet.*",)
            parts.append(f"**{question}**\n\n" + "\n".join(f"- {sentence}" for sentence in said))
        return "\n\n".join(parts)

    def to_json(self) -> dict[str, Any]:
        """The content of `study_results.json`, with metrics and facts of every horizon."""
        return {
            "model": self.model,
            "answers": {question: list(sentences) for question, sentences in self.answers.items()},
            "horizons": {
                run.folder: {"ahead": run.ahead, "metrics": run.metrics, "facts": run.facts}
                for run in self.runs
            },
        }


def summarise(model: str, runs: Sequence[RunResults]) -> Summary:
    """Put into sentences what the sections found; a section that was not executed is left out.

    Args:
        model: the model's label.
        runs: one per horizon, the nearest first.
    """
    questions = [question for question in QUESTIONS if question != CONVOLUTIONS or _has_convolutions(runs)]
    answers = {question: _each(runs, QUESTIONS[question]) for question in questions}
    if len(runs) > 1:
        answers["How do the horizons differ?"] = tuple(
            filter(None, (rule(runs[0], runs[-1]) for rule in DIFFERENCES))
        )
    return Summary(model, tuple(runs), answers)


def _has_convolutions(runs: Sequence[RunResults]) -> bool:
    return any(run.room("convolutions") or run.room("filters") for run in runs)


def _each(runs: Sequence[RunResults], rooms: dict[str, Callable[[Room], str]]) -> tuple[str, ...]:
    off = [run for run in runs if run.network_is_off and OF_NETWORK & {*rooms}]
    return tuple(
        f"{run.ahead}: the network is switched off; there is nothing to explain." for run in off
    ) + tuple(
        f"{run.link(name, run.ahead)}: {escaped(sentence(run.room(name)))}"
        for name, sentence in rooms.items()
        for run in runs
        if run.room(name)
    )


def _skill(metrics: Room) -> str:
    skill, unit = metrics["skill"]["all_steps"], metrics["unit"]
    name, low, high = (skill[key] for key in ("best_baseline", "low", "high"))
    best, value = metrics["baselines"][name]["rmse"]["all_steps"], signed(100 * skill["value"])
    verdict = "better than every baseline" if skill["value"] > 0 else "no better than a baseline"
    rival, interval = f"the best of them, {name},", "too few days for an interval"
    if low is not None:
        interval = f"{signed(100 * low)} to {signed(100 * high)} %"
    if low is None or low <= 0 <= high:
        if value == signed(0.0):
            verdict, rival = "no different from the best baseline", name
        elif low is not None:
            verdict += ", though not surely"
    anchor = anchor_as_good(metrics)
    alone = (
        ""
        if anchor is None
        else f" The network adds nothing: its anchor alone reaches {digits(anchor)} {unit}."
    )
    return (
        f"RMSE {digits(metrics['rmse']['all_steps'])} {unit} over all steps, {verdict}: {rival} reaches "
        f"{digits(best)} {unit} (skill {value} %, {interval}).{alone}"
    )


def _memory(gates: Room) -> str:
    layers = ", ".join(
        f"{duration(layer['timescale_hours']['median'])} in {layer['name']} "
        f"(longest {duration(layer['timescale_hours']['longest'])})"
        for layer in gates["layers"]
    )
    return f"the median cell has forgotten all but 1/e of what it holds after {layers}."


def _needed(trajectories: Room) -> str:
    needed = trajectories.get("needed_hours")
    if "settled_hours" not in trajectories:
        return "every window ends in the same state, whatever its lookback holds."
    if needed is None:
        return "no shorter history that was tried leads near to the final state of the whole lookback."
    most = f"the newest {duration(trajectories['tried_hours'])} are too few for nine windows in ten"
    if "needed_by_most" in trajectories:
        most = f"nine windows in ten need {duration(trajectories['needed_by_most'])}"
    return (
        f"in the median window the newest {duration(needed)} lead to within a quarter of the states' spread of where "
        f"the whole lookback leads; {most}."
    )


def _drivers(attribution: Room) -> str:
    first, *others = attribution["gradient"]["shares"].items()
    visible = [first, *(pair for pair in others if pair[1] > VISIBLE)][:3]
    named = ", ".join(f"{feature_label(name)} {whole_percent(share / 100)}" for name, share in visible)
    half, most = (attribution["gradient"][key] for key in ("hours_of_half", "hours_of_nine_tenths"))
    agreement = attribution["agreement"]
    verdict = "the methods could not be compared"
    if "leader" in agreement:
        verdict = (
            f"{agreement['methods_naming_it']} of {agreement['methods']} methods name "
            f"{feature_label(agreement['leader'])} first (median rank correlation of their maps "
            f"{agreement['median_correlation']:.2f})"
        )
        if "not_counted" in agreement:
            verdict += f"; {agreement['not_counted'].lower()} does not add up and is not counted"
    return (
        f"the gradient gives {named}; half of it lies in the newest {duration(half)}, nine tenths in the newest "
        f"{duration(most)}. Believable? {verdict[0].upper()}{verdict[1:]}."
    )


def _states(states: Room) -> str:
    correction = states.get("correction_percent")
    first = states.get("first_component_correction_percent")
    n_components = states["components_90"]
    text = (
        f"{count(n_components, 'component')} {'holds' if n_components == 1 else 'hold'} 90 % of the variance of "
        f"{states['units']} units (effective dimension {states['effective_dimension']:.1f})"
    )
    if first is not None:
        text += f"; what the network adds to its anchor explains {first:.0f} % of the first"
    if correction is not None and "these_three_percent" in states:
        text += f", regime, hour and weekend together {states['these_three_percent']:.0f} % of all variance"
    return f"{text}."


def _known(probes: Room) -> str:
    concepts = [key.removesuffix("_score") for key in probes if key.endswith("_score")]
    if not concepts:
        return "nothing could be probed."
    named = ", ".join(
        f"{feature_label(concept)} {plain(probes[f'{concept}_score'])} (newest inputs alone "
        f"{plain(probes[f'{concept}_baseline'])}, control {plain(probes[f'{concept}_control'])})"
        for concept in concepts
    )
    return f"a linear probe of the final state scores, out of 1 and on held-out windows: {named}."


def _filters(filters: Room) -> str:
    return (
        f"{filters['smoothing_filters']} of {filters['filters']} filters of the first layer smooth their strongest "
        f"feature and {filters['differentiating_filters']} differentiate it; a step of the LSTM sees "
        f"{filters['receptive_field_steps']} steps ({filters['receptive_field_minutes']:.0f} min)."
    )


def _convolutions(convolutions: Room) -> str:
    gain, low, high = (convolutions[key] for key in ("gain_over_no_convolutions", "gain_low", "gain_high"))
    unit, change = convolutions["unit"], "higher" if gain > 0 else "lower"
    sure = "" if low * high > 0 else ", so this test part cannot tell whether they help"
    level = f"{100 * convolutions['confidence']:.0f} %"
    difference, least, most = signed_alike(gain, low, high)
    return (
        f"without its convolutions, and trained anew, the model's RMSE is {difference.lstrip('+−')} {unit} {change} "
        f"({level} of resampled test parts: {least} to {most} {unit}){sure}."
    )


def _failures(predictions: Room) -> str:
    regimes, weeks = predictions["regimes"], predictions["weeks"]
    found = regimes["regimes"]
    worst = max(found, key=lambda name: found[name]["error_share"])
    hardest = ""
    if weeks.get("weeks", 0) > 1:
        rmse = f"{digits(weeks['highest_weekly_rmse'])} {regimes['unit']}"
        hardest = f" The hardest week begins on {weeks['hardest_week']} (RMSE {rmse})."
    return (
        f"{worst} values hold {100 * found[worst]['error_share']:.0f} % of the squared error in "
        f"{100 * found[worst]['share']:.0f} % of the windows, and windows that change their regime "
        f"{100 * regimes['changing_error_share']:.0f} % in {100 * regimes['changing_windows_share']:.0f} %.{hardest}"
    )


def _rhythms(temporal: Room) -> str:
    if "residual_peaks" not in temporal:
        return "the test part is too short to look for rhythms in the errors, or the errors never change."
    strongest = temporal.get("residual_strongest_hours")
    if strongest is None:
        daily = temporal.get("residual_daily_p")
        if daily is not None and daily < CERTAIN:
            amplitude = (
                f"amplitude {digits(temporal['residual_daily_amplitude'])} {temporal['residual_unit']}"
            )
            return f"no rhythm of the errors rises above the noise but that of the day, tested alone ({amplitude})."
        return "the errors keep no rhythm above the noise."
    n_peaks, percent = temporal["residual_peaks"], temporal["residual_rhythm_percent"]
    share = "less than 1 %" if percent < 1 else f"{percent:.0f} %"
    return (
        f"{count(n_peaks, 'rhythm')} in the errors {'rises' if n_peaks == 1 else 'rise'} above the noise, with "
        f"{share} of their variance; the strongest has a period of {duration(strongest)}."
    )


QUESTIONS: dict[str, dict[str, Callable[[Room], str]]] = {
    "Is the forecast worth explaining?": {"metrics": _skill},
    "What does it remember?": {"gates": _memory, "trajectories": _needed},
    "What does it look at?": {"attribution": _drivers, "filters": _filters},
    "What do its states know?": {"hidden_states": _states, "probes": _known},
    CONVOLUTIONS: {"convolutions": _convolutions},
    "Where does it fail?": {"predictions": _failures, "temporal": _rhythms},
}


def _error_grows(near: RunResults, far: RunResults) -> str:
    errors = [run.metrics["rmse"]["all_steps"] for run in (near, far)]
    grown = (
        f"the RMSE over all steps is {errors[1] / errors[0]:.1f} times as large at {far.ahead} as at {near.ahead} "
        f"({digits(errors[1])} and {digits(errors[0])} {near.metrics['unit']})."
    )
    return f"[Errors](E_horizons.html): {escaped(grown)}"


def _attention_shifts(near: RunResults, far: RunResults) -> str | None:
    if not (near.room("attribution") and far.room("attribution")):
        return None
    shares = [run.facts["attribution"]["gradient"]["shares"] for run in (near, far)]
    change = {name: shares[1][name] - shares[0][name] for name in shares[0]}
    rises, falls = max(change, key=change.get), min(change, key=change.get)
    half = [duration(run.facts["attribution"]["gradient"]["hours_of_half"]) for run in (near, far)]
    instead = f"not {half[0]}" if half[0] != half[1] else "at both"
    gain = (
        f"{feature_label(rises)} gains most ({signed(change[rises], 0)} points, to {shares[1][rises]:.0f} %)"
    )
    loss = f"{feature_label(falls)} loses most ({signed(change[falls], 0)} points)"
    seen = [said for said, points in ((gain, change[rises]), (loss, -change[falls])) if points > VISIBLE]
    moved = " and ".join(seen) or "no feature's share moves by half a point"
    shift = f"from {near.ahead} to {far.ahead} {moved}; half of the gradient lies in the newest {half[1]}, {instead}."
    return f"[Attention](E_horizons.html): {escaped(shift)}"


def _memory_shifts(near: RunResults, far: RunResults) -> str | None:
    if not (near.room("gates") and far.room("gates")):
        return None
    longest = [
        duration(max(layer["timescale_hours"]["longest"] for layer in run.facts["gates"]["layers"]))
        for run in (near, far)
    ]
    scale = f"{longest[1]} at {far.ahead} and {longest[0]} at {near.ahead}"
    scale = f"{longest[1]} at both" if longest[0] == longest[1] else scale
    needed = [run.room("trajectories").get("needed_hours") for run in (near, far)]
    history = ""
    if None not in needed:
        state = far.link("trajectories", "the median final state")
        instead = "at both" if needed[0] == needed[1] else f"instead of {duration(needed[0])}"
        history = f"; {state} needs {duration(needed[1])} of history {instead}"
    return f"{far.link('gates', 'Memory')}: the longest timescale of a cell is {scale}{history}."


DIFFERENCES = (_error_grows, _attention_shifts, _memory_shifts)
