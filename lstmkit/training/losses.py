"""What training makes small."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lstmkit.data.windows import Windows

LOSSES: dict[str, type[nn.Module]] = {"mse": nn.MSELoss, "huber": nn.SmoothL1Loss, "mae": nn.L1Loss}


def loss_of(name: str, windows: Windows) -> nn.Module:
    """The loss of a task: the one that is named, or the cross-entropy of classes.

    Args:
        name: of a regression's loss: `mse`, `huber` or `mae`.
        windows: of the task.
    """
    if windows.task.kind == "classes":
        return CrossEntropy(torch.from_numpy(windows.residual.expected[0]))
    return ForecastLoss(name)


class CrossEntropy(nn.Module):
    """Mean cross-entropy over the forecasts that count, each a mean over its steps ahead.

    Args:
        frequency: of each class, to whose logarithms the outputs are added.
    """

    frequency: Tensor

    def __init__(self, frequency: Float[Tensor, "target"]):
        super().__init__()
        self.register_buffer("frequency", frequency.float(), persistent=False)

    def forward(
        self,
        forecasts: Float[Tensor, "batch origin horizon target"],
        targets: Float[Tensor, "batch origin horizon target"],
        count: Bool[Tensor, "batch origin"],
    ) -> Float[Tensor, ""]:
        """The mean over the origins that count; zero where none does.

        Args:
            forecasts: outputs, one per class.
            targets: shares of each class, less their frequencies.
            count: whether each origin counts.
        """
        shares = torch.where(count[..., None, None], targets + self.frequency, 0.0)
        chances = (forecasts.float() + self.frequency.log()).log_softmax(dim=-1)
        losses = -(shares * chances).sum(dim=-1).mean(dim=-1) * count
        return losses.sum() / count.sum().clamp(min=1)


class ForecastLoss(nn.Module):
    """Mean loss over the forecasts that count, each a mean over its steps ahead and targets.

    Args:
        name: `mse`, `huber` or `mae`.
    """

    def __init__(self, name: str):
        super().__init__()
        self.loss = LOSSES[name](reduction="none")

    def forward(
        self,
        forecasts: Float[Tensor, "batch origin horizon target"],
        targets: Float[Tensor, "batch origin horizon target"],
        count: Bool[Tensor, "batch origin"],
    ) -> Float[Tensor, ""]:
        """The mean over the origins that count; zero where none does.

        Args:
            forecasts: in scaled units.
            targets: of the same unit.
            count: whether each origin counts.
        """
        targets = torch.where(
            count[..., None, None], targets, 0.0
        )  # or one that is missing would have a gradient
        losses = self.loss(forecasts.float(), targets).mean(dim=(-1, -2)) * count
        return losses.sum() / count.sum().clamp(min=1)
