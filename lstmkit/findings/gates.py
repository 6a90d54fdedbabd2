"""What the statistics of gates say, in sentences and in numbers for a summary."""

from typing import Any

import numpy as np
from jaxtyping import Float

from lstmkit.analysis.gates.statistics import FORGET, GATE_NAMES, SQUASHED, GateStatistics, PartStatistics
from lstmkit.analysis.gates.sufficient_history import SufficientHistory
from lstmkit.wording import count, digits, duration, percent, signed

OFTEN = 0.5  # share of its values from which a unit counts as saturated
LONGER = 1.1  # times as long as before training, to count as longer
SETTLED = 0.01  # distance from the mean of the half read last, within which the transient is over


def distribution_finding(gates: GateStatistics) -> str:
    """How open the gates are."""
    sentences = []
    for part in gates.parts:
        mean = gates.mean(part).mean(axis=(0, 2))
        open_, shut = percent(part.high[FORGET].mean()), percent(part.low[FORGET].mean())
        sentences.append(
            f"In {part.name} the forget gate {_average(mean, part, FORGET)}, "
            f"{open_} of its values above 0.9 and {shut} below 0.1; the input gate {_average(mean, part, 0)}, "
            f"the output gate {_average(mean, part, 3).removeprefix('averages ')}."
        )
    return " ".join(sentences)


def _average(mean: Float[np.ndarray, "gate"], part: PartStatistics, gate: int) -> str:
    if not part.spread[gate]:
        return f"is always {mean[gate]:.2f}"
    return f"averages {mean[gate]:.2f} ± {part.spread[gate]:.2f}"


def settling_hours(gates: GateStatistics, part: PartStatistics) -> float:
    """Hours that a part reads until the mean forget gate stays near what it is in the half that is read last.

    Args:
        gates: of all parts.
        part: one of them.
    """
    course = _forget_as_read(gates, part)
    return _settled(course) / len(course) * gates.lookback_hours


def _forget_as_read(gates: GateStatistics, part: PartStatistics) -> Float[np.ndarray, "time"]:
    """Forget gate of each step, averaged over windows and units, in the order of reading."""
    return part.as_read(gates.mean(part)[:, FORGET].mean(axis=1))


def _settled(course: Float[np.ndarray, "time"]) -> int:
    """The step from which a course is settled, the first of its second half at the latest."""
    half = len(course) // 2
    apart = np.abs(course[:half] - course[half:].mean()) > SETTLED
    return int(np.flatnonzero(apart).max(initial=-1)) + 1


def evolution_finding(gates: GateStatistics) -> str:
    """How the gates change over the lookback, in the order of reading."""
    sentences = []
    for part in gates.parts:
        course = _forget_as_read(gates, part)
        settled = _settled(course)
        low, high = course[settled:].min(), course[settled:].max()
        if not settled:
            start = "shows no mark of its initial state: it stays"
        elif settled == len(course) // 2 and high - low > 2 * SETTLED:
            start = "has not settled by the middle of the lookback and then moves"
        else:
            hours = settling_hours(gates, part)
            start = f"takes {duration(hours)} to lose the mark of its initial state and then stays"
        where = (
            f"between {low:.3f} and {high:.3f}; at {_last_step(part)} it is {course[-1]:.3f}"
            if f"{low:.3f}" != f"{high:.3f}"
            else f"at {low:.3f}"
        )
        sentences.append(f"In {_reader(part)} the mean forget gate {start} {where}.")
    return " ".join(sentences)


def _reader(part: PartStatistics) -> str:
    return f"{part.name}, which reads from the newest step to the oldest," if part.backward else part.name


def _last_step(part: PartStatistics) -> str:
    return "the oldest step" if part.backward else "the newest step"


def _read_last(part: PartStatistics, course: Float[np.ndarray, "time"]) -> Float[np.ndarray, "later"]:
    """The half of a course that is read last, in the order of reading."""
    return part.as_read(course)[len(course) // 2 :]


def regime_differences(gates: GateStatistics, part: PartStatistics) -> Float[np.ndarray, "half unit"] | None:
    """Mean forget gate of each unit in the highest regime that there is, less the lowest, in each half.

    Args:
        gates: of all parts.
        part: one of them.

    Returns:
        None where a half lacks one of the two regimes.
    """
    low, high = gates.present[0], gates.present[-1]
    if low == high or not gates.counts[:, [low, high]].all():
        return None
    return np.array(
        [
            (gates.regime_mean(part, high, half) - gates.regime_mean(part, low, half))[:, FORGET].mean(axis=0)
            for half in range(2)
        ]
    )


def regime_finding(gates: GateStatistics) -> str:
    """Whether the gates differ by regime, and whether the difference is the same in both halves of the test part."""
    labels = gates.regimes.labels
    if missing := [label for k, label in enumerate(labels) if k not in gates.present]:
        where = f"regime{'s' if len(missing) > 1 else ''} {' and '.join(missing)}"
        said = [f"No window of the test part starts in the {where}."]
    else:
        said = []
    if len(gates.present) < 2:
        return " ".join([*said, "There is nothing to compare."])
    low, high = gates.present[0], gates.present[-1]
    for part in gates.parts:
        means = [gates.regime_mean(part, k)[:, FORGET].mean() for k in (low, high)]
        sentence = (
            f"In {part.name} the mean forget gate is {means[1]:.3f} in {labels[high]} and {means[0]:.3f} in "
            f"{labels[low]} ({signed(means[1] - means[0], 3)})"
        )
        apart = regime_differences(gates, part)
        if apart is not None and np.ptp(apart, axis=1).all():
            again = np.corrcoef(apart)[0, 1]
            largest = int(np.abs(apart.mean(axis=0)).argmax())
            sentence += (
                f"; unit {largest} differs most ({signed(apart.mean(axis=0)[largest], 3)}). Over units, the "
                f"differences of the first and of the second half of the test part correlate by {signed(again, 2)}"
            )
        said.append(sentence + ".")
    return " ".join(said)


def cell_finding(gates: GateStatistics) -> str:
    """Whether the cell state grows, and how much of it is written anew at each step."""
    sentences = []
    for part in gates.parts:
        norm = _read_last(part, part.cell[:, 0])
        growth = 100 * (norm[-1] / norm[0] - 1) if norm[0] else 0.0
        verdict = "stable" if abs(growth) < 10 else "growing" if growth > 0 else "shrinking"
        ratio = _read_last(part, part.update[:, 0]).mean()
        sentences.append(
            f"In {_reader(part)} the cell state's norm is {norm[-1]:.2f} at {_last_step(part)}, {signed(growth)} % "
            f"against the middle of the lookback: {verdict}. Each step writes {100 * ratio:.0f} % of that norm anew."
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
        told = f"; before training {then}" if then != now else ", as before training"
        near = [percent(each.saturated) for each in (part, before)]
        sentences.append(
            f"Of the {count(part.low.shape[1], 'unit')} of {part.name}, {now} in most of the values{told}. Of the "
            f"values of its three gates {near[0]} lie within 0.1 of 0 or 1, before training {near[1]}."
        )
    return " ".join(sentences)


def _kept(part: PartStatistics) -> str:
    named = [
        f"{n} {'keeps' if n == 1 else 'keep'} the {GATE_NAMES[k]} gate {word}"
        for k in SQUASHED
        for word, share in (("open", part.high), ("shut", part.low))
        if (n := int((share[k] > OFTEN).sum()))
    ]
    return ", ".join(named) or "none keeps a gate open or shut"


def timescale_finding(gates: GateStatistics, untrained: GateStatistics, history: SufficientHistory) -> str:
    """How long the units remember by their forget gates, before training too, and what the forecast needs.

    Args:
        gates: of all parts.
        untrained: of the same network before training.
        history: that the forecast needs.
    """
    sentences = []
    for part, before in zip(gates.parts, untrained.parts, strict=True):
        low, middle, high = np.quantile(part.timescale, [0.1, 0.5, 0.9])
        longest = int(part.timescale.argmax())
        units = f"{duration(low)} to {duration(high)}" if duration(low) != duration(high) else "the same"
        sentences.append(
            f"In {part.name} the median unit has forgotten all but 1/e after {duration(middle)} (eight of ten units: "
            f"{units}), the untrained network's after {duration(np.median(before.timescale))}; the longest memory is "
            f"unit {longest}'s, {duration(part.timescale[longest])} (untrained {duration(before.timescale.max())}). In "
            f"a tenth of the steps the most retentive unit would remember "
            f"{duration(part.timescale_quantiles[-1].max())}."
        )
    longest, lookback = max(part.timescale.max() for part in gates.parts), gates.lookback_hours
    sentences.append(
        f"The lookback of {duration(lookback)} is {digits(lookback / longest)} times the longest timescale."
        if longest < lookback
        else f"The longest timescale exceeds the lookback of {duration(lookback)}."
    )
    sentences.append(
        f"{_lengthened(gates, untrained)} What the forecast needs is another matter: {history.words}."
    )
    return " ".join(sentences)


def _lengthened(gates: GateStatistics, untrained: GateStatistics) -> str:
    """In which layers training made the median timescale longer."""
    medians = [
        (part.name, *(float(np.median(each.timescale)) for each in (part, before)))
        for part, before in zip(gates.parts, untrained.parts, strict=True)
    ]
    longer = [name for name, now, then in medians if now > LONGER * then]
    if not longer:
        return "No median is more than a tenth longer than before training: by this measure, no memory was learned."
    others = " alone" if len(longer) < len(medians) else ""
    return f"Training made the median more than a tenth longer in {' and '.join(longer)}{others}."


def gate_facts(gates: GateStatistics, untrained: GateStatistics) -> dict[str, Any]:
    """Numbers for a summary.

    Args:
        gates: of all parts.
        untrained: of the same network before training.
    """
    return {
        "windows": gates.n_windows,
        "deviation_from_fused": gates.check.deviation,
        "deviation_in_double": gates.check.in_double,
        "layers": [
            {
                "name": part.name,
                "forget_mean": float(gates.mean(part)[:, FORGET].mean()),
                "forget_open_percent": float(100 * part.high[FORGET].mean()),
                "timescale_hours": {
                    "low": float(np.quantile(part.timescale, 0.1)),
                    "median": float(np.median(part.timescale)),
                    "high": float(np.quantile(part.timescale, 0.9)),
                    "longest": float(part.timescale.max()),
                    "untrained": float(np.median(before.timescale)),
                },
                "saturated_percent": 100 * part.saturated,
                "untrained_saturated_percent": 100 * before.saturated,
                "update_ratio": float(_read_last(part, part.update[:, 0]).mean()),
            }
            for part, before in zip(gates.parts, untrained.parts, strict=True)
        ],
    }
