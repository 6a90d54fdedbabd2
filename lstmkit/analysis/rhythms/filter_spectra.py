"""Which filters of the last convolution follow a rhythm."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np

from lstmkit.analysis.rhythms.series import TimeSeries
from lstmkit.analysis.rhythms.spectra import Spectra, spectra

SHOWN = 6


class FilterRhythmFacts(TypedDict):
    """Counts, and the leading filter with its share and period where any filter is periodic."""

    dead_filters: int
    periodic_filters: int
    most_periodic: NotRequired[str]
    most_periodic_percent: NotRequired[float]
    most_periodic_hours: NotRequired[float]


@dataclass(frozen=True)
class FilterRhythms:
    """The filters whose peaks hold the largest shares of their variance.

    Attributes:
        shown: spectra of these filters, the most periodic first.
        n_filters: of the convolution.
        n_dead: that never fire over the whole time.
        n_still: that always put out the same, but fire.
        n_periodic: with at least one peak above the floor.
    """

    shown: Spectra
    n_filters: int
    n_dead: int
    n_still: int
    n_periodic: int

    @property
    def n_alive(self) -> int:
        """Filters that fire at some time."""
        return self.n_filters - self.n_dead

    def facts(self) -> FilterRhythmFacts:
        """Counts, and the leading filter with its share and period."""
        facts: FilterRhythmFacts = {"dead_filters": self.n_dead, "periodic_filters": self.n_periodic}
        if self.n_periodic:
            facts["most_periodic"] = self.shown.names[0]
            facts["most_periodic_percent"] = 100 * float(self.shown.share[0])
            facts["most_periodic_hours"] = self.shown.peaks[0][0].hours
        return facts


def filter_rhythms(activations: TimeSeries) -> FilterRhythms:
    """Rank the filters by the share of their variance that lies in peaks above the floor.

    Args:
        activations: of all filters.
    """
    found = spectra(activations)
    n_dead = int((np.nan_to_num(activations.courses) == 0).all(axis=1).sum())
    order = np.argsort(-found.share, kind="stable")
    return FilterRhythms(
        shown=found.select(order[:SHOWN]),
        n_filters=len(activations.names),
        n_dead=n_dead,
        n_still=len(found.constant) - n_dead,
        n_periodic=int((found.share > 0).sum()),
    )
