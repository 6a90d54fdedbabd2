"""Sentences about what the final states of an LSTM know."""

from dataclasses import dataclass

from lstmkit.analysis.resampling.statistics import side_of_zero
from lstmkit.analysis.states.prober import Probe
from lstmkit.analysis.states.probes import Probes
from lstmkit.data.dataset import Dataset
from lstmkit.findings.states.prober import probe_words
from lstmkit.wording import count, feature_label, listed, signed

GIVEN = 0.99  # a score of the newest inputs that leaves nothing to gain


def probes_caption(probes: Probes) -> str:
    """What was fitted and judged on which windows.

    Args:
        probes: of several stages.
    """
    lines = "too few days for intervals"
    if probes.has_intervals:
        lines = "lines are 95 % intervals over resampled blocks of days"
    return (
        f"Linear probes, fitted on {probes.n_fit:,} test windows and judged on {probes.n_held_out:,} later ones of "
        f"{count(probes.n_days, 'day')}, a lookback apart; {lines}."
    )


def unseen_sentence(dataset: Dataset) -> str:
    """What states are probed for that no model sees; empty where a study has no latents.

    Args:
        dataset: the series, with its latents and its subject.
    """
    names = [feature_label(name) for name in dataset.latents]
    return f"No model sees {listed(names)} of {dataset.subject}." if names else ""


def probes_finding(probes: Probes) -> str:
    """What the last state knows, whether that is more than its inputs, and what is left out.

    Args:
        probes: of several stages.
    """
    left_out = f" Not probed: {'; '.join(probes.omitted)}." if probes.omitted else ""
    if not probes.probes:
        return f"Nothing could be probed.{left_out}"
    last, highest = probes.of_last_stage, probes.highest_control
    read = listed([probe_words(probe) for probe in last])
    return (
        f"In {probes.n_held_out:,} held-out windows of {count(probes.n_days, 'day')} a linear probe of {last[0].stage} "
        f"reads {read}. {_against_inputs(last)}{_against_untrained(last)} With the days rearranged no score "
        f"exceeds {highest.control_highest:.2f} ({highest.concept}){_between_layers(probes)}.{left_out}"
    )


def _against_inputs(last: tuple[Probe, ...]) -> str:
    given = [probe.concept for probe in last if probe.baseline > GIVEN]
    others = [probe for probe in last if probe.baseline <= GIVEN]
    clauses = []
    if given:
        clauses.append(f"{listed(given)} {'is' if len(given) == 1 else 'are'} given by the newest inputs")
    differences = [_Difference(probe.concept, probe.gain, probe.gain_interval) for probe in others]
    return _sentence([*clauses, *_differences("the newest inputs", differences)])


def _against_untrained(last: tuple[Probe, ...]) -> str:
    """Whether training has added to what the last state knows; nothing where that was not probed."""
    probed = [
        _Difference(probe.concept, probe.learned, probe.learned_interval)
        for probe in last
        if probe.learned is not None
    ]
    if not probed:
        return ""
    clauses = _differences("the untrained network's state", probed)
    if not any(each.side == 1 for each in probed):
        clauses.append("so nothing here is shown to be learned")
    return f" {_sentence(clauses)}"


def _between_layers(probes: Probes) -> str:
    if probes.largest_change is None:
        return ""
    concept, change = probes.largest_change
    return (
        f". From {probes.stages[0]} to {probes.stages[-1]} the score changes most for {concept} "
        f"({signed(change, 2)})"
    )


@dataclass(frozen=True)
class _Difference:
    """Of a score from another one, with its 95 % interval where there is one."""

    concept: str
    value: float
    interval: tuple[float, float] | None

    @property
    def side(self) -> int | None:
        """On which side of zero the interval lies, 0 where it holds zero; None where there is none."""
        return None if self.interval is None else int(side_of_zero(*self.interval))

    @property
    def words(self) -> str:
        """The concept with the difference."""
        text = f"{self.concept} (score {signed(self.value, 2)}"
        if self.interval is None:
            return f"{text})"
        low, high = self.interval
        return f"{text}, 95 % interval {signed(low, 2)} to {signed(high, 2)})"


def _differences(other: str, differences: list[_Difference]) -> list[str]:
    """One clause per kind of difference: clear ones up and down, unclear ones, and those without an interval."""
    kinds = {
        f"more than from {other} is read about": [each for each in differences if each.side == 1],
        f"less than from {other} is read about": [each for each in differences if each.side == -1],
        f"no clear difference to {other} is seen for": [each for each in differences if each.side == 0],
        f"the days are too few for an interval of the difference to {other}, for": [
            each for each in differences if each.side is None
        ],
    }
    return [f"{clause} {listed([each.words for each in some])}" for clause, some in kinds.items() if some]


def _sentence(clauses: list[str]) -> str:
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."
