"""The numbers with which a summary makes claims about a network, measured on a moderate sample of windows."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.sufficient_history import (
    UNTRAINED_WINDOWS,
    WINDOWS,
    SufficientHistory,
    sufficient_history,
)
from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.analysis.states.compactness import participation_ratio
from lstmkit.analysis.states.last_state import last_state
from lstmkit.analysis.states.prober import Prober
from lstmkit.analysis.states.probes import concept_key, concepts, newest_inputs
from lstmkit.analysis.states.representation import Representation
from lstmkit.data.dataset import Dataset
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import AttributionParams, StudyParams

GATE_WINDOWS, GRADIENT_WINDOWS, STATE_WINDOWS = 128, 256, 1024


@dataclass(frozen=True)
class Claims:
    """What is claimed of one network.

    Attributes:
        shares: percent of the absolute gradient on each feature.
        hours_of_half: newest hours that hold half of it.
        timescale_hours: per LSTM layer whose steps have a known length, hours after which the median unit has
            forgotten all but 1/e.
        longest_hours: the same of the unit with the longest timescale.
        saturated_percent: per LSTM layer, values of the three gates that lie within 0.1 of 0 or 1.
        probes: held-out score of a linear probe of the final state, per concept; empty where the windows are too few.
        effective_dimension: participation ratio of the final states of the last layer.
        sufficient_history: `hours` of the newest input that give 95 % of the gain, if there is one, and `output_hours`
            that determine 95 % of the output.
    """

    shares: dict[str, float]
    hours_of_half: float
    timescale_hours: dict[str, float]
    longest_hours: dict[str, float]
    saturated_percent: dict[str, float]
    probes: dict[str, float]
    effective_dimension: float
    sufficient_history: dict[str, float]


def measure_claims(
    model: nn.Module,
    untrained: nn.Module,
    windows: Windows,
    groups: Groups,
    dataset: Dataset,
    params: StudyParams,
    lstm: str | None = None,
) -> dict[str, Any]:
    """Measure what is claimed of a network, and the same of the network before training.

    All networks of a study are measured on the same windows, whatever their own seed.

    Args:
        model: trained, in evaluation mode, with an `nn.LSTM`.
        untrained: the same network before training.
        windows: the test part.
        groups: of the windows.
        dataset: from which the windows were cut.
        params: of the study.
        lstm: name of the LSTM whose states are probed; the one that the model calls first if not given.

    Returns:
        Claims under `trained` and `untrained`, the `target_step` that they explain, and the fingerprint of `latents`
        where they have one, as JSON can say them.

    Raises:
        LstmkitError: the model cannot be looked into, or puts out other than finite forecasts.
    """
    sample = windows.spread(STATE_WINDOWS)
    try:
        prober = Prober(
            sample.origin, newest_inputs(sample), windows.lookback * windows.interval, params.seed
        )
    except LstmkitError:  # too few windows to hold some back
        prober = None
    whole = replace(
        groups, codes=np.zeros_like(groups.codes)
    )  # all windows in one group, and so in few batches
    step, target = params.attribution.target_step, windows.task.targets[windows.target]
    measured: dict[str, Any] = {"target_step": step}
    for name, network, size in (("trained", model, WINDOWS), ("untrained", untrained, UNTRAINED_WINDOWS)):
        gradient = Attributor(
            network,
            windows,
            AttributionParams(windows=GRADIENT_WINDOWS, target_step=step),
            params.seed,
        ).saliency()
        gates = gate_statistics(network, windows.spread(GATE_WINDOWS), whole)
        state = last_state(network, sample, groups, lstm=lstm)
        timed = [part for part in gates.parts if part.lstm.step_hours is not None]
        claims = Claims(
            shares={feature: float(share) for feature, share in gradient.share.items()},
            hours_of_half=gradient.hours_holding(0.5),
            timescale_hours={part.name: float(np.median(part.timescale)) for part in timed},
            longest_hours={part.name: float(part.timescale.max()) for part in timed},
            saturated_percent={part.name: 100 * part.saturated for part in gates.parts},
            probes={} if prober is None else _scores(prober, state, dataset, target),
            effective_dimension=participation_ratio(state.values),
            sufficient_history=_hours(sufficient_history(network, windows, params.seed, size)),
        )
        measured[name] = asdict(claims)
    if dataset.latents_fingerprint is not None:
        measured["latents"] = dataset.latents_fingerprint
    return measured


def _scores(prober: Prober, state: Representation, dataset: Dataset, target: str) -> dict[str, float]:
    scores = {}
    for concept in concepts(state, dataset, target):
        try:
            scores[concept_key(concept.name)] = prober.score(state.values, concept)
        except LstmkitError:  # it does not vary, or is hardly known
            continue
    return scores


def _hours(history: SufficientHistory) -> dict[str, float]:
    measured = {"hours": history.hours, "output_hours": history.output_hours}
    return {name: hours for name, hours in measured.items() if hours is not None}
