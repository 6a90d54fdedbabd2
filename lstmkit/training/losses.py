"""What training makes small."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lstmkit.data.windows import Windows

LOSSES: dict[str, type[nn.Module]] = {"mse": nn.MSELoss, "huber": nn.SmoothL1Loss, "mae": nn.L1Loss}


def loss_of(name: str, windows: Windows) -> "MeanLoss":
    """The loss of a task: the one that is named, or the cross-entropy of classes.

    Args:
        name: of a regression's loss: `mse`, `huber` or `mae`.
        windows: of the task.
    """
    return cross_entropy_of(windows) if windows.task.kind == "classes" else ForecastLoss(name)


def cross_entropy_of(windows: Windows) -> "CrossEntropy":
    """The loss of classes, by their frequencies in training.

    Args:
        windows: of classes.
    """
    return CrossEntropy(torch.from_numpy(windows.residual.expected[0]))


class MeanLoss(nn.Module, ABC):
    """Mean loss over the forecasts that count."""

    def forward(
        self,
        forecasts: Float[Tensor, "batch origin horizon target"],
        targets: Float[Tensor, "batch origin horizon target"],
        count: Bool[Tensor, "batch origin"],
    ) -> Float[Tensor, ""]:
        """The mean over the origins that count; zero where none does.

        Args:
            forecasts: in scaled units; of classes, one output per class.
            targets: of the same unit; of classes, the shares of each, less their frequencies.
            count: whether each origin counts.
        """
        # a target that is missing would have a gradient
        targets = torch.where(count[..., None, None], targets, 0.0)
        losses = self.of_each(forecasts.float(), targets) * count
        return losses.sum() / count.sum().clamp(min=1)

    @abstractmethod
    def of_each(
        self,
        forecasts: Float[Tensor, "batch origin horizon target"],
        targets: Float[Tensor, "batch origin horizon target"],
    ) -> Float[Tensor, "batch origin"]:
        """The loss of each forecast.

        Args:
            forecasts: as `forward` takes them.
            targets: without missing values.
        """


class CrossEntropy(MeanLoss):
    """Mean cross-entropy over the forecasts that count, each a mean over its steps ahead.

    Args:
        frequency: of each class, to whose logarithms the outputs are added.
    """

    frequency: Tensor

    def __init__(self, frequency: Float[Tensor, "target"]):
        super().__init__()
        self.register_buffer("frequency", frequency.float(), persistent=False)

    def of_each(
        self,
        forecasts: Float[Tensor, "batch origin horizon target"],
        targets: Float[Tensor, "batch origin horizon target"],
    ) -> Float[Tensor, "batch origin"]:
        """The cross-entropy between the shares and the probabilities of the classes."""
        chances = (forecasts + self.frequency.log()).log_softmax(dim=-1)
        return -((targets + self.frequency) * chances).sum(dim=-1).mean(dim=-1)


class ForecastLoss(MeanLoss):
    """Mean loss over the forecasts that count, each a mean over its steps ahead and targets.

    Args:
        name: `mse`, `huber` or `mae`.
    """

    def __init__(self, name: str):
        super().__init__()
        self.loss = LOSSES[name](reduction="none")

    def of_each(
        self,
        forecasts: Float[Tensor, "batch origin horizon target"],
        targets: Float[Tensor, "batch origin horizon target"],
    ) -> Float[Tensor, "batch origin"]:
        """The loss of the scaled errors."""
        return self.loss(forecasts, targets).mean(dim=(-1, -2))
