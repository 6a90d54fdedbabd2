"""A convolutional model whose forecast is planted by hand, and what it is examined on."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from lstmkit.data.windows import Windows
from lstmkit.params import CNNLSTMParams, ConvolutionParams, DataParams, EvaluationParams, StudyParams
from tests.analysis.drawn import windows_drawn
from tests.series import dataset_of, raw_windows

LIFT = 100.0  # so high that the first ReLU is open for every input


class PlantedFilters(nn.Module):
    """Filters that add up features at single steps; the forecast is any function of the pooled maps.

    Args:
        weights: of the second layer, one row per filter, one column per feature.
        biases: of the second layer.
        forecast: of the pooled maps (batch, filter, pooled) to (batch,).
        horizon: the same is forecast for every step ahead.
        pool: steps that it joins.
        kernel: odd; taps beside the middle one are zero.
    """

    stages: ClassVar[dict[str, str]] = {"first": "relu1", "second": "relu2", "pooled": "pool"}

    def __init__(
        self,
        weights: list[list[float]],
        biases: list[float],
        forecast: Callable[[Tensor], Tensor],
        horizon: int = 2,
        pool: int = 2,
        kernel: int = 1,
    ):
        super().__init__()
        filters, features = len(weights), len(weights[0])
        self.conv1 = nn.Conv1d(features, features, kernel, padding="same")
        self.conv2 = nn.Conv1d(features, filters, kernel, padding="same")
        with torch.no_grad():
            for conv, rows, shifts in (
                (self.conv1, torch.eye(features), [LIFT] * features),
                (self.conv2, torch.tensor(weights), biases),
            ):
                conv.weight.zero_()
                conv.weight[:, :, kernel // 2] = rows
                conv.bias.copy_(torch.tensor(shifts))
        self.relu1, self.relu2, self.pool = nn.ReLU(), nn.ReLU(), nn.MaxPool1d(pool)
        self.forecast, self.horizon = forecast, horizon
        self.eval()

    def forward(self, x):
        maps = self.relu2(self.conv2(self.relu1(self.conv1(x.transpose(1, 2)))))
        missing = -maps.shape[-1] % self.pool.kernel_size
        maps = nn.functional.pad(maps, (missing, 0), mode="replicate") if missing else maps
        return self.forecast(self.pool(maps))[:, None].expand(-1, self.horizon)


def study_params(windows: int = 4096, draws: int = 40, random_ablations: int = 5) -> StudyParams:
    """Parameters of a study that has nothing but what the convolutions need."""
    return StudyParams(
        title="planted",
        data=DataParams(source="simulated"),
        horizons=(2,),
        models={"cnn_lstm": CNNLSTMParams(kind="cnn_lstm")},
        seed=3,
        evaluation=EvaluationParams(bootstrap=draws),
        convolutions=ConvolutionParams(windows=windows, random_ablations=random_ablations),
    )


def noise_windows(
    rows: int = 1500, lookback: int = 6, horizon: int = 2, features: int = 2, residual: str = "none"
) -> dict[str, Windows]:
    """Windows of hourly white noise in several features, the first of which is the target."""
    names = ("co2", "temperature", "humidity")[:features]
    noise = np.random.default_rng(11).normal(size=(rows, features))
    dataset = dataset_of({name: 20 + noise[:, k] for k, name in enumerate(names)})
    return raw_windows(dataset, horizon, lookback=lookback, scaling="standard", residual=residual)


def days_drawn(windows: Windows, values: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """For each resampling of days the positions of its windows, written out one by one."""
    return windows_drawn(np.array([str(stamp.date()) for stamp in windows.origin]), values, draws, seed)
