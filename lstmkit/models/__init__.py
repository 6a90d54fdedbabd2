"""The model families, and the one function that builds any of them from a study's YAML."""

from torch import nn

from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import TrainedParams

KINDS: dict[str, type[nn.Module]] = {
    "lstm": LSTMForecaster,
    "cnn_lstm": CNNLSTMForecaster,
    "bypass": BypassForecaster,
}


def build_model(params: TrainedParams, n_features: int, horizon: int, targets: int = 1) -> nn.Module:
    """Build an untrained model.

    Args:
        params: kind and architecture.
        n_features: inputs per step.
        horizon: steps ahead.
        targets: that are forecast.
    """
    return KINDS[params.kind](n_features, horizon, **params.model_dump(exclude={"kind"}), targets=targets)
