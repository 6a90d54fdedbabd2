"""Which filters of the last convolution follow a rhythm."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lstmkit.analysis.rhythms.series import TimeSeries, days_or_hours
from lstmkit.analysis.rhythms.spectra import Spectra, not_told_apart, spectra
from lstmkit.wording import count, percent

SHOWN = 6


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
    def caption(self) -> str:
        """What is shown."""
        return f"The {count(len(self.shown.names), 'most periodic filter')}. {self.shown.caption}"

    def finding(self) -> str:
        """How many filters are periodic, and with which periods the leading ones."""
        alive = self.n_filters - self.n_dead
        dead = f", {self.n_dead} never" if self.n_dead else ""
        dead += f", {self.n_still} always alike" if self.n_still else ""
        head = f"{alive} of {count(self.n_filters, 'filter')} {'fires' if alive == 1 else 'fire'} at some time{dead}"
        if not len(self.shown.hours):
            return f"{head}. {self.shown.too_short}"
        if not self.n_periodic:
            return f"{head}; none has a peak above the floor."
        leading = [
            f"{name} ({percent(float(share))} of its variance, strongest at {days_or_hours(peaks[0].hours)})"
            for name, share, peaks in zip(self.shown.names, self.shown.share, self.shown.peaks, strict=True)
            if peaks
        ]
        have = "has a peak" if self.n_periodic == 1 else "have peaks"
        apart = not_told_apart(tuple(peaks[0] for peaks in self.shown.peaks if peaks))
        return (
            f"{head}; {self.n_periodic} {have} above the floor. Most periodic: {', '.join(leading)}.{apart}"
        )

    def facts(self) -> dict[str, Any]:
        """Counts, and the leading filter with its share and period."""
        facts: dict[str, Any] = {"dead_filters": self.n_dead, "periodic_filters": self.n_periodic}
        if self.n_periodic:
            facts |= {
                "most_periodic": self.shown.names[0],
                "most_periodic_percent": 100 * float(self.shown.share[0]),
                "most_periodic_hours": self.shown.peaks[0][0].hours,
            }
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
