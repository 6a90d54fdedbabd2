"""What training makes small."""

from torch import nn

LOSSES: dict[str, type[nn.Module]] = {"mse": nn.MSELoss, "huber": nn.SmoothL1Loss, "mae": nn.L1Loss}
