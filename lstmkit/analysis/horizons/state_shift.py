"""How the shape of a model's memory changes with the horizon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from lstmkit.analysis.horizons.metrics import shared_positions
from lstmkit.analysis.states.geometry import Geometry, geometry, percent_key
from lstmkit.analysis.states.layers import side_by_side
from lstmkit.analysis.states.representation import corrections, final_states
from lstmkit.analysis.states.similarity import debiased_cka, shifted_cka
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import HiddenStateParams
from lstmkit.storage.files import Rows
from lstmkit.wording import plural

StateShiftFacts = dict[str, float | int]  # most of its keys end with the label of a horizon


@dataclass(frozen=True)
class Outputs:
    """What a model of one horizon made of its windows.

    Attributes:
        windows: all of them, in order of time.
        states: final hidden states, shape (window, layer, unit).
        predictions: in the target's unit, shape (window, horizon).
    """

    windows: Windows
    states: Rows
    predictions: Rows


@dataclass(frozen=True)
class StateShift:
    """The geometry of the last layer's final states at each horizon, on the same windows.

    Attributes:
        horizons: labels, the nearest first.
        geometries: one per horizon.
        alignment: debiased linear centred kernel alignment of each pair of horizons.
        shifted: what that of the first and the last stays below in 95 % of the cases when one is shifted in time.
    """

    horizons: tuple[str, ...]
    geometries: tuple[Geometry, ...]
    alignment: Float[np.ndarray, "horizon horizon"]
    shifted: float

    @property
    def n_windows(self) -> int:
        """How many windows all horizons share here."""
        return len(self.geometries[0].representation)

    @property
    def ends(self) -> tuple[Geometry, Geometry]:
        """The geometries at the first and the last horizon."""
        return self.geometries[0], self.geometries[-1]

    @property
    def groups(self) -> Groups:
        """By which the windows are compared."""
        return self.geometries[0].representation.groups

    @property
    def still(self) -> tuple[str, ...]:
        """Labels of the horizons at which the LSTM ends in the same state after every window."""
        pairs = zip(self.horizons, self.geometries, strict=True)
        return tuple(horizon for horizon, each in pairs if not each.shares.any())

    @property
    def ends_alignment(self) -> float:
        """Alignment of the first horizon with the last."""
        return float(self.alignment[0, -1])

    @property
    def ends_are_alike(self) -> bool:
        """Whether the two are more alike than a common rhythm makes them."""
        return self.ends_alignment > self.shifted

    def to_frame(self) -> pd.DataFrame:
        """One row per horizon: dimensions, separation, what is followed (percent), and the alignment with each."""
        alignment = {f"CKA with {self.horizons[k]}": column for k, column in enumerate(self.alignment.T)}
        table = side_by_side(self.geometries).set_axis(self.horizons)
        return table.assign(**alignment).rename_axis("horizon")

    def summary(self) -> pd.DataFrame:
        """The table that a reader sees: one column per horizon."""
        names = {
            "components_90": "components that hold 90 % of the variance",
            "effective_dimension": "effective dimensions",
            "regime_silhouette": f"mean silhouette of the {plural(self.groups.noun)}",
        }
        followed = {
            f"{name} %": f"variance that follows {self.ends[0].called(name)} (%)"
            for name in self.ends[0].explained.index
        }
        return self.to_frame().rename(columns=names | followed).astype(object).T

    def facts(self) -> StateShiftFacts:
        """The numbers for a summary, of the first and of the last horizon."""
        facts: StateShiftFacts = {"windows": self.n_windows}
        for horizon, each in zip((self.horizons[0], self.horizons[-1]), self.ends, strict=True):
            facts[f"components_90 {horizon}"] = each.dimensions_holding(0.9)
            facts[f"effective_dimension {horizon}"] = each.effective_dimension
            for name in each.explained.index:
                facts[f"{percent_key(name)} {horizon}"] = float(each.explained.loc[name, "all"])
            if each.silhouette is not None:
                facts[f"regime_silhouette {horizon}"] = each.silhouette
        if all(each.shares.any() for each in self.ends):
            facts |= {"alignment": self.ends_alignment, "alignment_shifted": self.shifted}
        return facts


def state_shift(
    outputs: Sequence[Outputs], groups: Groups, params: HiddenStateParams, seed: int
) -> StateShift:
    """Compare the final states of one model at several horizons, on windows that all of them have.

    Args:
        outputs: of each horizon, at least two.
        groups: of the windows.
        params: how many windows.
        seed: of the shifts in time.

    Raises:
        LstmkitError: there is one horizon alone, or fewer than four windows serve all.
    """
    if len(outputs) < 2:
        raise LstmkitError("a shift between horizons needs two of them; the study has one")
    outputs = sorted(outputs, key=lambda each: each.windows.horizon)
    chosen = shared_positions([each.windows for each in outputs], params.windows)
    geometries = tuple(
        _geometry(each, positions, groups) for each, positions in zip(outputs, chosen, strict=True)
    )
    values = [each.representation.values for each in geometries]
    return StateShift(
        horizons=tuple(each.windows.calendar.duration(each.windows.hours_ahead) for each in outputs),
        geometries=geometries,
        alignment=np.array([[debiased_cka(x, y) for y in values] for x in values]),
        shifted=shifted_cka(values[0], values[-1], seed),
    )


def _geometry(outputs: Outputs, chosen: Int[np.ndarray, "window"], groups: Groups) -> Geometry:
    windows = outputs.windows
    last = final_states(outputs.states, windows, groups, chosen)[-1]
    named = replace(last, name=f"{windows.calendar.duration(windows.hours_ahead)} ahead")
    return geometry(named, corrections(outputs.predictions, windows, chosen))
