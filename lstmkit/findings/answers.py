"""What each section found about a model at one horizon, in sentences with the spread over seeds."""

from collections.abc import Callable

from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.findings.known import known_listed
from lstmkit.findings.measures import (
    effective_dimension,
    feature_shares,
    history,
    history_of_output,
    hours_of_half,
    layer_timescales,
    longest_timescale,
    probe_scores,
    saturation,
    seeds_without_gain,
)
from lstmkit.findings.over_seeds import between
from lstmkit.findings.run_results import Facts, RunResults
from lstmkit.wording import (
    VISIBLE,
    count,
    feature_label,
    listed,
    plain,
    signed_alike,
    whole_percent,
)

NAMED = 3  # features
EVERY_TRAINED = "Every trained network scores higher than every untrained one"
TOGETHER = {
    "these_three_percent": "together explain",
    "these_two_percent": "together explain",
    "regime_percent": "explains",
}  # the most of what is known of a moment that was held against the states


def history_needed(run: RunResults) -> str:
    """How much of the newest input the forecast needs, and its output depends on.

    Args:
        run: of one model at one horizon.
    """
    if run.network_is_off:
        return ""
    enough, output = history(run), history_of_output(run)
    rule, said = run.metrics.get("network", {}).get("rule", "its residual baseline"), []
    if without := seeds_without_gain(run):
        said.append(
            f"{_no_gain(without, len(run.claims))} on {rule} in the windows that were measured, so how much history a "
            f"gain needs is not stated"
        )
    elif enough is not None:
        said.append(
            f"the newest {enough.words(run.calendar.duration)} of input give 95 % of what the network gains on {rule}"
            f"{_interval(run)}"
        )
    if output is not None:
        said.append(f"the newest {output.words(run.calendar.duration)} determine 95 % of its output")
    return f"{'; '.join(said)}." if said else ""


def _no_gain(without: int, networks: int) -> str:
    if networks == 1:
        return "the network does not surely gain"
    if without == networks:
        return f"none of {networks} seeds surely gains"
    return f"{without} of {networks} seeds {'does' if without == 1 else 'do'} not surely gain"


def _interval(run: RunResults) -> str:
    found = run.facts_of("history")
    if "low" not in found:
        return ""
    ends = between((found["low"], found["high"]), run.calendar.duration)
    return f" (95 % interval of the network that is explained: {ends})"


def timescales(run: RunResults) -> str:
    """For how long the median cell holds what it has, and whether that was learned.

    Args:
        run: of one model at one horizon.
    """
    layers, longest, saturated = layer_timescales(run), longest_timescale(run), saturation(run)
    if not layers:
        return ""
    held = ", ".join(f"{scale.words(run.calendar.duration)} in {name}" for name, scale in layers.items())
    said = f"by its forget gate, the median cell has lost all but 1/e of what it holds after {held}"
    if longest is not None:
        said += f"; the longest of all cells {longest.words(run.calendar.duration)}"
    learned = [scale.is_learned(run.calendar.duration) for scale in layers.values()]
    if None not in learned and not any(learned):
        said += ". No median is apart from the untrained ones by a tenth: the median cell learned no longer memory"
    if saturated:
        shut = ", ".join(f"{share.words(percent_of_all)} in {name}" for name, share in saturated.items())
        said += f". Of the gates' values, nearly open or shut are {shut}"
    return f"{said}."


def end_of_states(run: RunResults) -> str:
    """How much history the final state of a window needs.

    Args:
        run: of one model at one horizon.
    """
    trajectories = run.facts_of("trajectories")
    if not trajectories:
        return ""
    needed = trajectories.get("needed_hours")
    if "settled_hours" not in trajectories:
        return "every window ends in the same state, whatever its lookback holds."
    if needed is None:
        return "no shorter history that was tried leads near to the final state of the whole lookback."
    most = (
        f"the newest {run.calendar.duration(trajectories['tried_hours'])} are too few for nine windows in ten"
    )
    if "needed_by_most" in trajectories:
        most = f"nine windows in ten need {run.calendar.duration(trajectories['needed_by_most'])}"
    return (
        f"in the median window the newest {run.calendar.duration(needed)} lead to within a quarter of the states' "
        f"spread of where the whole lookback leads; {most}."
    )


def drivers(run: RunResults) -> str:
    """What the gradient gives to each feature, how old what it depends on is, and whether other methods agree.

    Args:
        run: of one model at one horizon.
    """
    shares, half = feature_shares(run), hours_of_half(run)
    if not shares:
        return ""
    first, *others = shares.items()
    visible = [first, *(pair for pair in others if pair[1].first > VISIBLE)][:NAMED]
    named = ", ".join(f"{feature_label(name)} {share.words(percent_of_all)}" for name, share in visible)
    aged = "" if half is None else f"; half of it lies in the newest {half.words(run.calendar.duration)}"
    return f"the gradient gives {named}{aged}.{_methods(run.facts_of('attribution').get('agreement', {}))}"


def _methods(agreement: Facts) -> str:
    if "leader" not in agreement:
        return ""
    text = (
        f" {agreement['methods_naming_it']} of {agreement['methods']} methods name "
        f"{feature_label(agreement['leader'])} first (median rank correlation of their maps, on the cells that matter, "
        f"{plain(agreement['median_correlation'])}{_by_chance(agreement)})"
    )
    if "not_counted" in agreement:
        text += f"; {agreement['not_counted'].lower()} does not add up and is not counted"
    return f"{text}."


def _by_chance(agreement: Facts) -> str:
    chance = agreement.get("chance_correlation")
    return "" if chance is None else f"; by chance {plain(chance)}"


def percent_of_all(share: float) -> str:
    """A share in whole percent.

    Args:
        share: 100 is the whole.
    """
    return whole_percent(share / 100)


def dimensions(run: RunResults) -> str:
    """Among how many directions the states vary.

    Args:
        run: of one model at one horizon.
    """
    states, effective = run.facts_of("hidden_states"), effective_dimension(run)
    said = []
    if effective is not None:
        said.append(
            f"the states of the last layer vary in an effective dimension of {effective.words(lambda n: f'{n:.1f}')}"
        )
    if "components_90" in states:
        n_components = states["components_90"]
        said.append(
            f"{count(n_components, 'component')} {'holds' if n_components == 1 else 'hold'} 90 % of the variance of "
            f"{count(states['units'], 'unit')}"
        )
    known = known_listed(states.get("explained_by", ("regime", "hour of day", "weekend")))
    for key, verb in TOGETHER.items():
        if key in states:
            said.append(f"{known} {verb} {states[key]:.0f} % of it")
            break
    return f"{'; '.join(said)}." if said else ""


def known(run: RunResults) -> str:
    """What can be read from the final states, beside the newest inputs, a control and the untrained network.

    Args:
        run: of one model at one horizon.
    """
    scores, kept = probe_scores(run), run.facts_of("probes")
    if not scores:
        return "nothing could be probed." if kept else ""
    named = []
    for concept, score in scores.items():
        beside = [
            f"{name} {plain(kept[f'{concept}_{key}'])}"
            for key, name in (("baseline", "newest inputs alone"), ("control", "control"))
            if f"{concept}_{key}" in kept
        ]
        named.append(f"{feature_label(concept)} {', '.join([score.words(plain), *beside])}")
    text = f"a linear probe of the final state scores, out of 1 and on held-out windows: {'; '.join(named)}."
    higher = {concept: score.is_higher(plain) for concept, score in scores.items()}
    if None in higher.values():
        return text
    learned = [feature_label(concept) for concept, learned in higher.items() if learned]
    if len(learned) == len(higher):
        return f"{text} {EVERY_TRAINED} on {'it' if len(learned) == 1 else 'each'}."
    if not learned:
        return f"{text} On none of these does every trained network score higher than every untrained one."
    return f"{text} {EVERY_TRAINED} on {listed(learned)}, not on the others."


def smoothing(run: RunResults) -> str:
    """What the filters of the first layer do, and how far back a step of the LSTM sees.

    Args:
        run: of one model at one horizon.
    """
    filters = run.facts_of("filters")
    if not filters:
        return ""
    return (
        f"{filters['smoothing_filters']} of {filters['filters']} filters of the first layer smooth their strongest "
        f"feature and {filters['differentiating_filters']} differentiate it; a step of the LSTM sees "
        f"{filters['receptive_field_steps']} steps ({_field(run, filters['receptive_field_minutes'])})."
    )


def _field(run: RunResults, minutes: float) -> str:
    return f"{minutes:.0f} min" if run.calendar.is_within_days else run.calendar.duration(minutes / 60)


def convolutions(run: RunResults) -> str:
    """What the model loses without its convolutions.

    Args:
        run: of one model at one horizon.
    """
    found = run.facts_of("convolutions")
    if not found:
        return ""
    gain, low, high = (found[key] for key in ("gain_over_no_convolutions", "gain_low", "gain_high"))
    unit, change = found["unit"], "higher" if gain > 0 else "lower"
    sure = "" if side_of_zero(low, high) else ", so this test part cannot tell whether they help"
    level = f"{100 * found['confidence']:.0f} %"
    difference, least, most = signed_alike(gain, low, high)
    return (
        f"without its convolutions, and trained anew, the model's RMSE is {difference.lstrip('+−')} {unit} {change} "
        f"({level} of resampled test parts: {least} to {most} {unit}){sure}."
    )


Answer = Callable[[RunResults], str]
