"""The residual baseline of classes: how often each occurs, and what a network's outputs make of it."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lstmkit.data.residual import ResidualBaseline
from lstmkit.data.split import PartRows
from lstmkit.errors import LstmkitError


@dataclass(frozen=True)
class ClassBaseline(ResidualBaseline):
    """The frequencies of the classes in the training part; a network's outputs are added to their logarithms.

    The softmax of the sums are the probabilities of the classes, so that outputs of zero forecast the frequencies.
    """

    @property
    def rule(self) -> str:
        """What is forecast without a network, in words."""
        return "the frequency of each class"

    def only(self, target: int) -> ResidualBaseline:
        """The frequency of one class; without the others there is no softmax.

        Args:
            target: its position.
        """
        return ResidualBaseline(self.kind, self.expected, self.rate, self.scale, self.deviations).only(target)

    def added(self, outputs: Float[Tensor, "*any target"]) -> Float[Tensor, "*any target"]:
        """What outputs add to the frequencies: the probabilities of the classes less those.

        Args:
            outputs: of a network, one per class.
        """
        frequency = torch.from_numpy(self.expected[0]).to(outputs)
        return (outputs + frequency.log()).softmax(dim=-1) - frequency


def fit_class_baseline(
    shares: Float[np.ndarray, "time target"], training: PartRows, names: tuple[str, ...]
) -> ClassBaseline:
    """Count the classes of the training part.

    Args:
        shares: of each step that are of each class, NaN where that is not known.
        training: rows of the training part.
        names: of the classes' columns.

    Raises:
        LstmkitError: a class does not occur there.
    """
    frequency = np.nanmean(shares[training], axis=0)
    if (never := np.flatnonzero(frequency <= 0)).size:
        raise LstmkitError(
            f"the training part holds no {names[never[0]]}: remove this class, or choose another split"
        )
    n_classes = len(names)
    deviations = torch.from_numpy((shares - frequency).astype("float32"))
    expected = np.broadcast_to(frequency, shares.shape).copy()
    return ClassBaseline("none", expected, np.zeros(n_classes), np.ones(n_classes), deviations)
