"""What the statistics of gates say, in sentences."""

from functools import partial

import numpy as np
from jaxtyping import Float

from lstmkit.analysis.attribution.sufficient_history import SufficientHistory
from lstmkit.analysis.gates.by_regime import group_differences
from lstmkit.analysis.gates.part import FORGET, GATE_NAMES, SQUASHED, PartStatistics
from lstmkit.analysis.gates.settling import forget_course
from lstmkit.analysis.gates.statistics import GateStatistics
from lstmkit.analysis.gates.walked import WalkedLSTM
from lstmkit.data.calendar import Calendar
from lstmkit.findings.attribution.sufficient_history import sufficient_history_words
from lstmkit.findings.groups import grouped_by
from lstmkit.findings.lstms import layer_words
from lstmkit.internals.step_places import Place
from lstmkit.wording import count, digits, listed, percent, plural, signed

STEADY = 10  # percent, up to which a cell state that grows or shrinks is called stable


def gate_statistics_caption(gates: GateStatistics) -> str:
    """What was averaged.

    Args:
        gates: of all parts.
    """
    names = [lstm.name for lstm in gates.lstms]
    which = "the LSTM" if len(names) == 1 else listed(names)
    return f"{count(gates.n_windows, 'test window')} spread evenly over time, every layer of {which}."


def sampling_words(gates: GateStatistics) -> str:
    """Which steps the distributions are taken from, for captions.

    Args:
        gates: of all parts.
    """
    names: dict[str, list[str]] = {}
    for lstm in gates.lstms:
        names.setdefault(_sampled(lstm), []).append(lstm.name)
    if len(names) == 1:
        return next(iter(names))
    return "; ".join(f"in {listed(of)} {sampled}" for sampled, of in names.items())


def _sampled(lstm: WalkedLSTM) -> str:
    where = " of the lookback" if lstm.in_window else " ahead" if lstm.place is Place.AHEAD else ""
    if lstm.stride == 1:
        return f"every step{where}"
    last = "newest" if lstm.in_window else "last"
    return f"one of every {lstm.stride} steps{where}, the {last} among them"


def evolution_caption(gates: GateStatistics) -> str:
    """Which course is drawn, over which steps.

    Args:
        gates: of all parts.
    """
    return f"Mean gates {_over_steps(gates)}. {gate_statistics_caption(gates)}"


def cell_caption(gates: GateStatistics) -> str:
    """The same of the cell.

    Args:
        gates: of all parts.
    """
    return (
        f"Norm of the cell state {_over_steps(gates)}; the band is the standard deviation over windows. "
        f"{gate_statistics_caption(gates)}"
    )


def timescales_caption(gates: GateStatistics, untrained: GateStatistics) -> str:
    """What is drawn, in which unit, of which steps.

    Args:
        gates: of all parts.
        untrained: of the same network before training.
    """
    unknown = [lstm.name for lstm in gates.lstms if lstm.step_hours is None]
    steps = f" (of {listed(unknown)} in steps, whose length is not known)" if unknown else ""
    return (
        f"Memory timescale of each unit, in {gates.calendar.unit}s{steps}, over the same windows, "
        f"{sampling_words(gates)}. Grey: the same network before training, over {untrained.n_windows:,} windows. "
        "Dotted: the sufficient history of the next figure."
    )


def _over_steps(gates: GateStatistics) -> str:
    names: dict[str, list[str]] = {}
    for lstm in gates.lstms:
        over = "the lookback" if lstm.in_window else "the steps that it reads"
        names.setdefault("the horizon" if lstm.place is Place.AHEAD else over, []).append(lstm.name)
    if len(names) == 1:
        return f"over {next(iter(names))}"
    return ", ".join(f"of {listed(of)} over {steps}" for steps, of in names.items())


def distribution_finding(gates: GateStatistics) -> str:
    """How open the gates are.

    Args:
        gates: of all parts.
    """
    sentences = []
    for part in gates.parts:
        mean = gates.mean(part).mean(axis=(0, 2))
        open_, shut = percent(part.high[FORGET].mean()), percent(part.low[FORGET].mean())
        sentences.append(
            f"In {layer_words(part.name)} the forget gate {_average(mean, part, FORGET)}, "
            f"{open_} of its values above 0.9 and {shut} below 0.1; the input gate {_average(mean, part, 0)}, "
            f"the output gate {_average(mean, part, 3).removeprefix('averages ')}."
        )
    return " ".join(sentences)


def _average(mean: Float[np.ndarray, "gate"], part: PartStatistics, gate: int) -> str:
    if not part.spread[gate]:
        return f"is always {mean[gate]:.2f}"
    return f"averages {mean[gate]:.2f} ± {part.spread[gate]:.2f}"


def evolution_finding(gates: GateStatistics) -> str:
    """How the gates change over the lookback, in the order of reading.

    Args:
        gates: of all parts.
    """
    sentences = []
    for part in gates.parts:
        course = forget_course(gates, part)
        if not course.settled:
            start = "shows no mark of its initial state: it stays"
        elif course.drifts:
            start = f"has not settled by {_middle(part)} and then moves"
        else:
            taken = _length(course.hours, part, gates.calendar)
            start = f"takes {taken} to lose the mark of its initial state and then stays"
        where = (
            f"between {course.low:.3f} and {course.high:.3f}; at {_last_step(part)} it is {course.last:.3f}"
            if f"{course.low:.3f}" != f"{course.high:.3f}"
            else f"at {course.low:.3f}"
        )
        sentences.append(f"In {_reader(part)} the mean forget gate {start} {where}.")
    return " ".join([*sentences, *filter(None, map(_place_words, gates.lstms))])


def _place_words(lstm: WalkedLSTM) -> str:
    """Where steps lie that are not those of the window."""
    steps = count(lstm.n_steps, "step")
    if lstm.place is Place.AHEAD:
        return f"The LSTM {lstm.name} reads {steps}, one for each step ahead of the forecast's origin."
    if lstm.place is Place.UNKNOWN:
        return (
            f"The LSTM {lstm.name} reads {steps}, of which it is not known where in the window they lie: they are "
            "counted from the first, and its times are in steps."
        )
    return ""


def _reader(part: PartStatistics) -> str:
    order = "from the newest step to the oldest" if part.lstm.in_window else "from the last step to the first"
    return f"{layer_words(part.name)}, which reads {order}," if part.backward else layer_words(part.name)


def _last_step(part: PartStatistics) -> str:
    names = ("newest", "oldest") if part.lstm.in_window else ("last", "first")
    return f"the {names[part.backward]} step"


def _middle(part: PartStatistics) -> str:
    return "the middle of the lookback" if part.lstm.in_window else "the middle of its steps"


def _length(time: float, part: PartStatistics, calendar: Calendar) -> str:
    """A length of time, or steps where their length is not known."""
    return calendar.duration(time) if part.lstm.step_hours is not None else f"{digits(time)} steps"


def group_caption(gates: GateStatistics) -> str:
    """By what the windows are grouped.

    Args:
        gates: of all parts.
    """
    return f"Mean gates by {grouped_by(gates.groups)} at the origin. {gate_statistics_caption(gates)}"


def group_finding(gates: GateStatistics) -> str:
    """Whether the gates differ by group, and whether the difference is the same in both halves of the test part.

    Args:
        gates: of all parts.
    """
    labels, noun = gates.groups.labels, gates.groups.noun
    if missing := [label for k, label in enumerate(labels) if k not in gates.present]:
        where = f"{noun if len(missing) == 1 else plural(noun)} {listed(missing)}"
        said = [f"No window of the test part starts in the {where}."]
    else:
        said = []
    if gates.compared is None:
        return " ".join([*said, "There is nothing to compare."])
    first, second = gates.compared
    for part in gates.parts:
        means = {group: mean[:, FORGET].mean() for group, mean in gates.group_means(part).items()}
        said.append(
            f"In {layer_words(part.name)} the mean forget gate is {means[second]:.3f} in {labels[second]} and "
            f"{means[first]:.3f} in {labels[first]} ({signed(means[second] - means[first], 3)})"
            f"{_unit_by_unit(gates, part)}."
        )
    return " ".join(said)


def _unit_by_unit(gates: GateStatistics, part: PartStatistics) -> str:
    apart = group_differences(gates, part)
    if apart is None or apart.correlation is None:
        return ""
    return (
        f"; unit {apart.largest_unit} differs most ({signed(apart.mean[apart.largest_unit], 3)}). Over units, the "
        f"differences of the first and of the second half of the test part correlate by {signed(apart.correlation, 2)}"
    )


def cell_finding(gates: GateStatistics) -> str:
    """Whether the cell state grows, and how much of it is written anew at each step.

    Args:
        gates: of all parts.
    """
    sentences = []
    for part in gates.parts:
        growth = part.cell_growth
        verdict = "stable" if abs(growth) < STEADY else "growing" if growth > 0 else "shrinking"
        sentences.append(
            f"In {_reader(part)} the cell state's norm is {part.last_cell:.2f} at {_last_step(part)}, "
            f"{signed(growth)} % against {_middle(part)}: {verdict}. Each step writes "
            f"{100 * part.update_ratio:.0f} % of that norm anew."
        )
    return " ".join(sentences)


def saturation_finding(gates: GateStatistics, untrained: GateStatistics) -> str:
    """How many units keep a gate open or shut most of the time, and how many did before training.

    Args:
        gates: of all parts.
        untrained: of the same network before training.
    """
    sentences = []
    for part, before in zip(gates.parts, untrained.parts, strict=True):
        now, then = _kept(part), _kept(before)
        change = f"; before training {then}" if then != now else ", as before training"
        near = [percent(each.saturated) for each in (part, before)]
        sentences.append(
            f"Of the {count(part.low.shape[1], 'unit')} of {layer_words(part.name)}, {now} in most of the values"
            f"{change}. Of the values of its three gates {near[0]} lie within 0.1 of 0 or 1, before training {near[1]}."
        )
    return " ".join(sentences)


def _kept(part: PartStatistics) -> str:
    named = [
        f"{n} {'keeps' if n == 1 else 'keep'} the {GATE_NAMES[k]} gate {word}"
        for k in SQUASHED
        for word, units in (("open", part.often_open), ("shut", part.often_shut))
        if (n := int(units[k]))
    ]
    return ", ".join(named) or "none keeps a gate open or shut"


def timescale_finding(gates: GateStatistics, untrained: GateStatistics, history: SufficientHistory) -> str:
    """How long the units remember by their forget gates, before training too, and what the forecast needs.

    Args:
        gates: of all parts.
        untrained: of the same network before training.
        history: that the forecast needs.
    """
    pairs = zip(gates.parts, untrained.parts, strict=True)
    sentences = [_timescales(part, before, gates.calendar) for part, before in pairs]
    longest, lookback = gates.longest_timescale, gates.lookback_hours
    if longest is not None:
        length = gates.calendar.duration(lookback)
        sentences.append(
            f"The lookback of {length} is {digits(lookback / longest)} times the longest timescale."
            if longest < lookback
            else f"The longest timescale exceeds the lookback of {length}."
        )
    needed = sufficient_history_words(history)
    sentences.append(f"{_lengthened(gates, untrained)} What the forecast needs is another matter: {needed}.")
    return " ".join(sentences)


def _timescales(part: PartStatistics, before: PartStatistics, calendar: Calendar) -> str:
    length = partial(_length, part=part, calendar=calendar)
    low, high = (length(time) for time in part.timescale_range)
    units = f"{low} to {high}" if low != high else "the same"
    return (
        f"In {layer_words(part.name)} the median unit has forgotten all but 1/e after "
        f"{length(part.median_timescale)} (eight of ten units: {units}), the untrained network's after "
        f"{length(before.median_timescale)}; the longest memory is unit {part.longest_unit}'s, "
        f"{length(part.longest_timescale)} (untrained {length(before.longest_timescale)}). In a tenth of "
        f"the steps the most retentive unit would remember {length(part.longest_at_a_step)}."
    )


def _lengthened(gates: GateStatistics, untrained: GateStatistics) -> str:
    """In which layers training made the median timescale longer."""
    longer = gates.lengthened(untrained)
    if not longer:
        return "No median is more than a tenth longer than before training: the median unit learned no longer memory."
    others = " alone" if len(longer) < len(gates.parts) else ""
    return f"Training made the median more than a tenth longer in {' and '.join(map(layer_words, longer))}{others}."
