"""A convolution over time that reads no step after that of its output."""

from jaxtyping import Float
from torch import Tensor, nn


class CausalConv1d(nn.Conv1d):
    """A convolution whose output at a step depends on that step and those before it; the number of steps stays.

    Zeros are added before the oldest step, none after the newest.

    Args:
        channels: of its input.
        filters: channels of its output.
        kernel: width in steps.

    Reference:
        van den Oord et al. (2016), WaveNet: A Generative Model for Raw Audio, arXiv:1609.03499.
    """

    def __init__(self, channels: int, filters: int, kernel: int):
        super().__init__(channels, filters, kernel)

    def forward(self, maps: Float[Tensor, "batch channel time"]) -> Float[Tensor, "batch filter time"]:
        """Convolve along time.

        Args:
            maps: to be convolved.
        """
        return super().forward(nn.functional.pad(maps, (self.kernel_size[0] - 1, 0)))
