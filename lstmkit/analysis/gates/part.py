"""Statistics of the gates and the cell of one layer and direction of an LSTM."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lstmkit.analysis.gates.walked import WalkedLSTM

GATE_NAMES = ("input", "forget", "candidate", "output")
FORGET = GATE_NAMES.index("forget")
SQUASHED = [0, 1, 3]  # the gates between 0 and 1
OFTEN = 0.5  # share of its values from which a unit counts as saturated


@dataclass(frozen=True)
class PartStatistics:
    """Gates and cell of one layer and direction over all windows.

    Attributes:
        name: for example `layer 1`, or `encoder, layer 1` where the model calls several LSTMs.
        lstm: to which it belongs.
        backward: whether it reads from the newest step to the oldest, or from the last to the first.
        mean: mean gate over the windows of each half of the test part and group; zero where there are none.
        spread: standard deviation per gate over windows, steps and units.
        least: smallest value per gate.
        most: largest value per gate.
        near_zero: share of values within 0.1 of zero, per gate.
        low: share of values below 0.1 (of the candidate, below -0.9), per gate and unit.
        high: share of values above 0.9, per gate and unit.
        histogram: share of values per bin of `BIN_EDGES` (of the candidate, stretched from -1 to 1), per gate.
        timescale: hours after which a unit has forgotten all but 1/e, from its mean log forget gate; steps of the
            LSTM where their length is not known.
        timescale_quantiles: 10 %, 50 % and 90 % quantiles over windows and steps of the same at one step.
        cell: mean over windows of the cell state's norm at each step, and its standard deviation.
        update: the same of the ratio of what is written, i · g, to the cell state, both as norms.
    """

    name: str
    lstm: WalkedLSTM
    backward: bool
    mean: Float[np.ndarray, "half group time gate unit"]
    spread: Float[np.ndarray, "gate"]
    least: Float[np.ndarray, "gate"]
    most: Float[np.ndarray, "gate"]
    near_zero: Float[np.ndarray, "gate"]
    low: Float[np.ndarray, "gate unit"]
    high: Float[np.ndarray, "gate unit"]
    histogram: Float[np.ndarray, "gate bin"]
    timescale: Float[np.ndarray, "unit"]
    timescale_quantiles: Float[np.ndarray, "quantile unit"]
    cell: Float[np.ndarray, "time moment"]
    update: Float[np.ndarray, "time moment"]

    @property
    def layer(self) -> str:
        """Its name without that of its LSTM."""
        return self.name.removeprefix(f"{self.lstm.name}, ")

    @property
    def saturated(self) -> float:
        """Share of the values of the three gates between 0 and 1 that lie within 0.1 of either end."""
        return float((self.low + self.high)[SQUASHED].mean())

    @property
    def often_open(self) -> Int[np.ndarray, "gate"]:
        """Units with more than half of the values above 0.9, per gate."""
        return (self.high > OFTEN).sum(axis=1)

    @property
    def often_shut(self) -> Int[np.ndarray, "gate"]:
        """Units with more than half of the values below 0.1 (of the candidate, below -0.9), per gate."""
        return (self.low > OFTEN).sum(axis=1)

    @property
    def median_timescale(self) -> float:
        """The timescale of the median unit, in hours or steps."""
        return float(np.median(self.timescale))

    @property
    def timescale_range(self) -> tuple[float, float]:
        """The ends of the timescales of eight of ten units, in hours or steps."""
        return float(np.quantile(self.timescale, 0.1)), float(np.quantile(self.timescale, 0.9))

    @property
    def longest_unit(self) -> int:
        """The unit with the longest timescale."""
        return int(self.timescale.argmax())

    @property
    def longest_timescale(self) -> float:
        """The timescale of that unit, in hours or steps."""
        return float(self.timescale.max())

    @property
    def longest_at_a_step(self) -> float:
        """Hours, or steps, that the most retentive unit would remember in a tenth of the steps, or longer."""
        return float(self.timescale_quantiles[-1].max())

    @property
    def last_cell(self) -> float:
        """Mean norm of the cell state at the step that is read last."""
        return float(self.as_read(self.cell[:, 0])[-1])

    @property
    def cell_growth(self) -> float:
        """By how much that norm exceeds the one at the middle of the steps, in percent; zero from an empty cell."""
        norm = self.read_last(self.cell[:, 0])
        return float(100 * (norm[-1] / norm[0] - 1)) if norm[0] else 0.0

    @property
    def update_ratio(self) -> float:
        """Mean ratio of what a step writes to the cell state, both as norms, in the half that is read last."""
        return float(self.read_last(self.update[:, 0]).mean())

    def as_read(self, course: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
        """Values of the steps in the order in which this part reads them.

        Args:
            course: from the oldest step to the newest, or from the first to the last.
        """
        return course[::-1] if self.backward else course

    def read_last(self, course: Float[np.ndarray, "time"]) -> Float[np.ndarray, "later"]:
        """Values of the half of the steps that is read last, in the order of reading.

        Args:
            course: from the oldest step to the newest, or from the first to the last.
        """
        return self.as_read(course)[len(course) // 2 :]
