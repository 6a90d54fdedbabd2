"""What the convolutions make of a window, drawn on a plane and measured: before any memory, what is there to see?"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict, cast

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from torch import nn

from lstmkit.analysis.states.geometry import separation
from lstmkit.analysis.states.prober import Probe, Prober
from lstmkit.analysis.states.probes import group_concept, newest_inputs, phase_concepts
from lstmkit.analysis.states.representation import Representation, representation_of
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.activations import record
from lstmkit.internals.recurrent import record_final_states
from lstmkit.params import HiddenStateParams

BATCH = 128
COMPONENTS, PERPLEXITY = 50, 30.0
FEWEST_WINDOWS = 4


class EmbeddingFacts(TypedDict):
    """What a summary needs of an embedding.

    Attributes:
        kept: share of the variance that the components hold which t-SNE and the probes read.
        overlapping: share of windows whose nearest neighbour in the plane of t-SNE shares input steps with them.
        regime_silhouette: mean silhouette of the groups, where there are two.
        regime_error_percent: of a group that its probe misjudges, where it could be probed.
        regime_chance_percent: of a group that an answer misjudges which is always the same.
        hour_error: mean absolute error of the probe for the hour, in hours, where it could be probed.
        hour_score: R² of the same.
        day_of_week_error: of the day of the week, in days, of series whose shortest cycle is the week.
        day_of_week_score: R² of the same.
        time_of_year_error: of the time of the year, in months, of series whose shortest cycle is the year.
        time_of_year_score: R² of the same.
    """

    kept: float
    overlapping: float
    regime_silhouette: NotRequired[float]
    regime_error_percent: NotRequired[float]
    regime_chance_percent: NotRequired[float]
    hour_error: NotRequired[float]
    hour_score: NotRequired[float]
    day_of_week_error: NotRequired[float]
    day_of_week_score: NotRequired[float]
    time_of_year_error: NotRequired[float]
    time_of_year_score: NotRequired[float]


@dataclass(frozen=True)
class Embedding:
    """A representation on two planes, and what a linear probe reads from it.

    Attributes:
        representation: of some windows.
        pca: coordinates along the first two principal components, shape (window, 2).
        explained: share of the variance along each of the two.
        tsne: coordinates of t-SNE, shape (window, 2).
        perplexity: of t-SNE.
        n_components: leading principal components that t-SNE and the probes read.
        kept: share of the variance that these hold.
        overlapping: share of windows whose nearest neighbour in the plane of t-SNE shares input steps with them.
        silhouette: mean silhouette of the groups among all units; None where there are not two.
        group: probe for the group at the origin; None where it could not be probed.
        phase: probe for the phase of the shortest cycle at the origin; None where it could not be probed.
        omitted: why something could not be probed; else empty.
    """

    representation: Representation
    pca: Float[np.ndarray, "window 2"]
    explained: tuple[float, float]
    tsne: Float[np.ndarray, "window 2"]
    perplexity: float
    n_components: int
    kept: float
    overlapping: float
    silhouette: float | None
    group: Probe | None
    phase: Probe | None
    omitted: str

    def to_frame(self) -> pd.DataFrame:
        """One row per window: its moment, its value, and its places on both planes."""
        states = self.representation
        columns = {
            **({} if states.clock is None else {states.clock.column: states.phase}),
            "latest": states.latest,
            "regime": np.array(states.groups.labels)[states.group],
            "PC1": self.pca[:, 0],
            "PC2": self.pca[:, 1],
            "tsne_1": self.tsne[:, 0],
            "tsne_2": self.tsne[:, 1],
        }
        return pd.DataFrame(columns, index=states.origin.rename("origin"))

    def facts(self) -> EmbeddingFacts:
        """The numbers for a summary."""
        facts: EmbeddingFacts = {"kept": self.kept, "overlapping": self.overlapping}
        if self.silhouette is not None:
            facts["regime_silhouette"] = self.silhouette
        if self.group is not None:
            facts["regime_error_percent"] = self.group.error
            facts["regime_chance_percent"] = self.group.constant_error
        if self.phase is None or (clock := self.representation.clock) is None:
            return facts
        phase = {f"{clock.column}_error": self.phase.error, f"{clock.column}_score": self.phase.score}
        return cast(EmbeddingFacts, facts | phase)


def cnn_and_lstm(
    model: nn.Module,
    windows: Windows,
    groups: Groups,
    params: HiddenStateParams,
    lstm: str | None = None,
) -> tuple[Representation, Representation]:
    """What the convolutions hand on, flattened over time, and the state in which an LSTM's last layer ends.

    Args:
        model: in evaluation mode, with `stages`: label to module name, from input to output.
        windows: from which to take an even spread.
        groups: of the steps.
        params: how many windows.
        lstm: name of the LSTM, as in `model.named_modules()`; the one that the model calls first if not given.

    Returns:
        Both for the same windows.

    Raises:
        LstmkitError: the model names no stages, or has no `nn.LSTM` of this name.
    """
    stages = list(getattr(model, "stages", {}).values())
    if not stages:
        raise LstmkitError(
            f"{type(model).__name__} has no convolutional stages, so there is nothing to embed"
        )
    chosen = windows.spread(params.embedding_windows)
    maps, states = [], []
    with (
        record(model, stages[-1:]) as outputs,
        record_final_states(model, lstm) as final,
        torch.inference_mode(),
    ):
        for x, _ in chosen.batches(BATCH):
            model(x)
            maps.append(outputs[stages[-1]].flatten(1).cpu().numpy())
            states.append(final.pop()[:, -1].cpu().numpy())
    cnn, final_states = (
        representation_of(name, np.concatenate(values), chosen, groups)
        for name, values in (("CNN output", maps), ("LSTM state", states))
    )
    return cnn, final_states


def embed(representation: Representation, windows: Windows, seed: int) -> Embedding:
    """Draw a representation on the planes of PCA and t-SNE, and probe it for the group and the clock.

    Args:
        representation: of an even spread of the windows.
        windows: all of them.
        seed: of t-SNE and of the probes.

    Raises:
        LstmkitError: the representation is of other windows.

    Reference:
        van der Maaten & Hinton (2008), JMLR 9:2579.
    """
    chosen = windows.spread(len(representation))
    if not representation.origin.equals(chosen.origin):
        raise LstmkitError("the representation is not that of the windows, spread evenly over time")
    scores, shares = _components(representation.values, np.arange(len(chosen)), seed)
    plane = np.pad(scores, ((0, 0), (0, max(0, 2 - scores.shape[1]))))[:, :2]
    perplexity = min(PERPLEXITY, (len(chosen) - 1) / 3)
    tsne = _tsne(scores, plane, perplexity, seed)
    gap = windows.lookback * windows.interval
    probes, omitted = _probes(representation, chosen, gap, seed)
    return Embedding(
        representation=representation,
        pca=plane,
        explained=tuple(np.pad(shares, (0, 2))[:2].tolist()),
        tsne=tsne,
        perplexity=perplexity,
        n_components=scores.shape[1],
        kept=float(shares.sum()),
        overlapping=_overlapping(tsne, representation.origin, gap),
        silhouette=separation(representation.values, representation.group),
        group=probes.get("group"),
        phase=probes.get("phase"),
        omitted=omitted,
    )


def _components(
    values: Float[np.ndarray, "window unit"], fit: Int[np.ndarray, "_"], seed: int
) -> tuple[Float[np.ndarray, "window component"], Float[np.ndarray, "component"]]:
    """Leading principal components of some windows, in all of them, and their shares of the variance."""
    most = min(COMPONENTS, len(fit), values.shape[1])
    with np.errstate(invalid="ignore"):  # where nothing varies there are no shares
        found = PCA(most, random_state=seed).fit(values[fit])
    return found.transform(values).astype("float64"), np.nan_to_num(found.explained_variance_ratio_)


def _tsne(
    scores: Float[np.ndarray, "window component"],
    plane: Float[np.ndarray, "window 2"],
    perplexity: float,
    seed: int,
) -> Float[np.ndarray, "window 2"]:
    """Begins at the plane of PCA, so that what lies far apart there does not change places."""
    if len(scores) < FEWEST_WINDOWS or not plane.any():
        return np.zeros_like(plane)
    start = 1e-4 * plane / plane[:, 0].std()
    return TSNE(perplexity=perplexity, init=start, random_state=seed).fit_transform(scores).astype("float64")


def _overlapping(plane: Float[np.ndarray, "window 2"], origin: pd.DatetimeIndex, gap: pd.Timedelta) -> float:
    if len(plane) < 2:
        return 0.0
    nearest = NearestNeighbors(n_neighbors=1).fit(plane).kneighbors(return_distance=False)[:, 0]
    return float(np.mean(np.abs(origin - origin[nearest]) < gap))


def _probes(
    representation: Representation, windows: Windows, gap: pd.Timedelta, seed: int
) -> tuple[dict[str, Probe], str]:
    """Probes of the components of the windows that the probes are fitted on; and why some could not be had."""
    found: dict[str, Probe] = {}
    try:
        prober = Prober(representation.origin, newest_inputs(windows), gap, seed)
        values, _ = _components(representation.values, prober.split[0], seed)
        concepts = [("phase", concept) for concept in phase_concepts(representation)]
        concepts.append(("group", group_concept(representation)))
        for name, concept in concepts:
            found[name] = prober.read(representation.name, values, concept)
    except LstmkitError as error:
        return found, str(error)
    return found, ""
