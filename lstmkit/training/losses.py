"""What training makes small."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

LOSSES: dict[str, type[nn.Module]] = {"mse": nn.MSELoss, "huber": nn.SmoothL1Loss, "mae": nn.L1Loss}


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
