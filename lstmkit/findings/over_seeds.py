"""What was measured of each seed's network, before and after training, for sentences that say how sure a claim is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Write = Callable[[float], str]


@dataclass(frozen=True)
class OverSeeds:
    """One measure of the networks of a model that were trained from different seeds.

    Attributes:
        trained: of each network; the first is the one that the pages explain.
        untrained: of the same networks before training; empty where it was not measured.
        tolerance: how far apart they must be to count as different, as a share of the smaller.
    """

    trained: tuple[float, ...]
    untrained: tuple[float, ...] = ()
    tolerance: float = 0.0

    @property
    def first(self) -> float:
        """Of the network that the pages explain."""
        return self.trained[0]

    @property
    def above_untrained(self) -> float:
        """From the highest of the untrained networks to the lowest trained one; its value where none was measured."""
        return min(self.trained) - max(self.untrained) if self.untrained else self.first

    def is_learned(self, write: Write) -> bool | None:
        """Whether every trained network differs from every untrained one; None where these were not measured.

        Args:
            write: how a value is printed; what is printed alike does not differ.
        """
        if not self.untrained:
            return None
        low, high = sorted((self.trained, self.untrained), key=min)
        apart = min(high) > max(low) + self.tolerance * abs(max(low))
        return apart and write(min(high)) != write(max(low))

    def is_higher(self, write: Write) -> bool | None:
        """Whether every trained network lies above every untrained one; None where these were not measured.

        Args:
            write: how a value is printed; what is printed alike does not differ.
        """
        learned = self.is_learned(write)
        return learned and self.first > self.untrained[0]

    def words(self, write: Write) -> str:
        """The first value, in brackets the range over seeds and that before training.

        Args:
            write: a value with its unit.
        """
        beside = [between(self.trained, write)] if len(self.trained) > 1 else []
        if beside == [write(self.first)]:
            beside = ["in every seed"]
        if self.untrained:
            untrained = between(self.untrained, write)
            beside.append(
                f"untrained {untrained}" if self.is_learned(write) else f"untrained similar, {untrained}"
            )
        return write(self.first) + (f" ({'; '.join(beside)})" if beside else "")

    def range(self, write: Write) -> str:
        """The range over seeds, in brackets that before training where it is another one.

        Args:
            write: a value with its unit.
        """
        if not self.untrained:
            return between(self.trained, write)
        untrained = (
            f"untrained {between(self.untrained, write)}" if self.is_learned(write) else "as untrained"
        )
        return f"{between(self.trained, write)} ({untrained})"


def between(values: Sequence[float], write: Write) -> str:
    """From the least to the greatest value, for example `5 to 8 min`, or the one that all are.

    Args:
        values: of several networks.
        write: a value with its unit.
    """
    low, high = write(min(values)), write(max(values))
    if low == high:
        return low
    number, _, unit = low.rpartition(" ")
    return f"{number if number and high.endswith(f' {unit}') else low} to {high}"


def over_seeds(
    claims: Sequence[dict[str, Any]],
    read: Callable[[dict[str, Any]], float | None],
    otherwise: OverSeeds | None = None,
    tolerance: float = 0.0,
) -> OverSeeds | None:
    """Read one measure of every network; where it is missing of one, only that of the explained network is given.

    Args:
        claims: of each network, with `trained` and `untrained`.
        read: the measure in one of these; None where it could not be measured.
        otherwise: what its section found of that one.
        tolerance: how far apart values must be to count as different, as a share of the smaller.
    """
    trained, untrained = (
        [value for claim in claims if (value := read(claim[network])) is not None]
        for network in ("trained", "untrained")
    )
    if not trained or len(trained) < len(claims):
        return otherwise
    return OverSeeds(tuple(trained), tuple(untrained) if len(untrained) == len(claims) else (), tolerance)
