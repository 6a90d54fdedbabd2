"""What the final states of an LSTM know: of the clock, of the target, and of what the model never sees."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped

from lstmkit.analysis.states.concept import Concept
from lstmkit.analysis.states.prober import Probe, Prober
from lstmkit.analysis.states.representation import Representation
from lstmkit.data.dataset import Dataset
from lstmkit.data.labels import unit_label
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params.data import key_of
from lstmkit.wording import feature_label

ProbeFacts = dict[str, float | int]  # of windows and days, and per concept, whose names the data give


@dataclass(frozen=True)
class Probes:
    """Linear probes of several stages for several concepts.

    Attributes:
        probes: one per concept and stage; stages from the input to the forecast.
        omitted: what could not be probed, and why.
        n_fit: windows that the probes are fitted on.
        n_held_out: later windows that they are judged on.
        n_days: days on which these start.
    """

    probes: tuple[Probe, ...]
    omitted: tuple[str, ...]
    n_fit: int
    n_held_out: int
    n_days: int

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages."""
        return tuple(dict.fromkeys(probe.stage for probe in self.probes))

    @property
    def concepts(self) -> tuple[str, ...]:
        """Names of the concepts."""
        return tuple(dict.fromkeys(probe.concept for probe in self.probes))

    @property
    def of_last_stage(self) -> tuple[Probe, ...]:
        """The probes of the state that the head reads."""
        return tuple(probe for probe in self.probes if probe.stage == self.stages[-1])

    @property
    def has_intervals(self) -> bool:
        """Whether enough days were held out for an interval of a score."""
        return any(probe.low is not None for probe in self.probes)

    @property
    def highest_control(self) -> Probe:
        """The probe of the last stage that came furthest where the days are rearranged."""
        return max(self.of_last_stage, key=lambda probe: probe.control_highest)

    @property
    def largest_change(self) -> tuple[str, float] | None:
        """The concept whose score changes most from the first stage to the last, and by how much; None of one stage."""
        if len(self.stages) < 2:
            return None
        first = {probe.concept: probe.score for probe in self.probes if probe.stage == self.stages[0]}
        changes = {probe.concept: probe.score - first[probe.concept] for probe in self.of_last_stage}
        concept = max(changes, key=lambda name: abs(changes[name]))
        return concept, changes[concept]

    def to_frame(self) -> pd.DataFrame:
        """One row per concept and stage, with all scores."""
        rows = [asdict(probe) | {"selectivity": probe.selectivity} for probe in self.probes]
        columns = [*Probe.__dataclass_fields__, "selectivity"]
        return pd.DataFrame(rows, columns=columns).set_index(["concept", "stage"])

    def summary(self) -> pd.DataFrame:
        """The columns that a reader needs beside the figure."""
        columns = ["score", "untrained", "baseline", "control", "selectivity", "memorised", "error", "unit"]
        table = self.to_frame()[columns]
        return table.rename(columns={"baseline": "newest inputs", "memorised": "control where fitted"})

    def facts(self) -> ProbeFacts:
        """The numbers for a summary: scores of the last state, of the newest inputs and of the control."""
        facts: ProbeFacts = {"held_out_windows": self.n_held_out, "held_out_days": self.n_days}
        for probe in self.of_last_stage if self.probes else ():
            key = concept_key(probe.concept)
            facts |= {
                f"{key}_{name}": getattr(probe, name) for name in ("score", "baseline", "control", "error")
            }
            if probe.untrained is not None:
                facts[f"{key}_untrained"] = probe.untrained
        return facts


def concept_key(concept: str) -> str:
    """A concept's name as a key of JSON.

    Args:
        concept: its name for tables.
    """
    return key_of(concept)


def probe_states(
    states: Sequence[Representation],
    windows: Windows,
    dataset: Dataset,
    seed: int,
    untrained: Representation | None = None,
) -> Probes:
    """Probe the final states for the clock, the weekend, the target at the origin, and the dataset's latents.

    Args:
        states: of the same windows, from the input to the forecast.
        windows: those of which the states are an even spread.
        dataset: from which the windows were cut.
        seed: of the rearranged days and of the resamplings.
        untrained: the last of the states, of the same network before training.

    Raises:
        LstmkitError: the states are not those of the windows.

    Reference:
        Alain & Bengio (2016), arXiv:1610.01644, for linear probes; Hewitt & Liang (2019), arXiv:1909.03368, for the
        control.
    """
    chosen = windows.spread(len(states[0]))
    beside = [*[None] * (len(states) - 1), untrained]
    if any(not state.origin.equals(chosen.origin) for state in filter(None, (*states, untrained))):
        raise LstmkitError("the states are not those of the windows, spread evenly over time")
    try:
        prober = Prober(chosen.origin, newest_inputs(chosen), windows.lookback * windows.interval, seed)
    except LstmkitError as error:
        return Probes((), (str(error),), 0, 0, 0)
    probes, omitted = [], []
    if dataset.latents.empty:
        omitted.append("what no model sees, as the study names no `latents`")
    for concept in concepts(states[0], dataset, windows.task.targets[windows.target]):
        try:
            probes += [
                prober.read(state.name, state.values, concept, None if other is None else other.values)
                for state, other in zip(states, beside, strict=True)
            ]
            if n_unknown := int((~concept.known).sum()):
                omitted.append(
                    f"{concept.name} in {n_unknown:,} of {len(chosen):,} windows, where it is not known"
                )
        except LstmkitError as error:
            omitted.append(str(error))
    n_fit, n_held_out = (len(part) for part in prober.split)
    return Probes(tuple(probes), tuple(omitted), n_fit, n_held_out, prober.n_days)


def concepts(state: Representation, dataset: Dataset, target: str | None = None) -> list[Concept]:
    """What is true at the origin of each window.

    Args:
        state: whose windows.
        dataset: from which they were cut.
        target: name of the target that is explained; the first if not given.
    """
    latents = dataset.latents.reindex(state.origin.tz_convert("UTC"))
    hidden = [
        Concept(feature_label(name), _column(latents[name].to_numpy()), unit_label(dataset.units[name]))
        for name in latents
    ]
    return [
        *phase_concepts(state),
        *weekend_concepts(state),
        Concept(feature_label(target or dataset.target), _column(state.latest), state.unit),
        *hidden,
    ]


def phase_concepts(state: Representation) -> list[Concept]:
    """The phase of the shortest cycle at the origin, as a point on a circle; none where the series has no cycle.

    Args:
        state: whose windows.
    """
    if (clock := state.clock) is None:
        return []
    angle = 2 * np.pi * state.phase / clock.period
    circle = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return [Concept(clock.name, circle, clock.unit, period=clock.period)]


def weekend_concepts(state: Representation) -> list[Concept]:
    """Whether the origin lies on a weekend; none where the series does not resolve weekends.

    Args:
        state: whose windows.
    """
    if not state.has_weekends:
        return []
    return [Concept("weekday or weekend", _column(state.is_weekend), "%", is_class=True)]


def group_concept(state: Representation) -> Concept:
    """The group at the origin, one class for each that occurs.

    Args:
        state: whose windows.
    """
    name = f"{'/'.join(state.groups.labels)} {state.groups.noun}"
    return Concept(name, _column(state.group), "%", is_class=True)


def newest_inputs(windows: Windows) -> Float[np.ndarray, "window feature"]:
    """The scaled inputs at the origin of each window.

    Args:
        windows: whose.
    """
    return windows.inputs[windows.starts + windows.lookback - 1].double().cpu().numpy()


def _column(values: Shaped[np.ndarray, "window"]) -> Float[np.ndarray, "window 1"]:
    return values.astype("float64")[:, None]
