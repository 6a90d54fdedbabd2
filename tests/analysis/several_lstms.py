"""Models that call several LSTMs, and what their LSTMs do, written out in NumPy."""

import numpy as np
import torch
from scipy.special import expit
from torch import nn


class EncoderDecoder(nn.Module):
    """An encoder, registered last, from whose state a decoder goes on, which is called once per step ahead."""

    def __init__(self, ahead: int = 3, layers: int = 2):
        super().__init__()
        self.decoder = nn.LSTM(1, 4, num_layers=layers, batch_first=True)
        self.unused = nn.LSTM(2, 4, batch_first=True)
        self.encoder = nn.LSTM(2, 4, num_layers=layers, batch_first=True)
        self.head, self.ahead = nn.Linear(4, 1), ahead

    def forward(self, x):
        _, state = self.encoder(x)
        last, forecast = x[:, -1:, :1], []
        for _ in range(self.ahead):
            output, state = self.decoder(last, state)
            last = self.head(output)
            forecast.append(last[:, 0, 0])
        return torch.stack(forecast, dim=1)


class Mixed(nn.Module):
    """A bidirectional LSTM, a projected one that reads it and wants the time first, and one on the newest steps."""

    def __init__(self, horizon: int = 2, newest: int = 5):
        super().__init__()
        self.recent = nn.LSTM(2, 3, batch_first=True)
        self.second = nn.LSTM(8, 5, proj_size=3)
        self.first = nn.LSTM(2, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.head, self.newest = nn.Linear(6, horizon), newest

    def forward(self, x):
        states, _ = self.first(x)
        second, _ = self.second(states.transpose(0, 1))
        recent, _ = self.recent(x[:, -self.newest :])
        return self.head(torch.cat([second[-1], recent[:, -1]], dim=1))


class BothWays(nn.Module):
    """Two LSTMs, of which one reads the window from its end."""

    def __init__(self, horizon: int = 2):
        super().__init__()
        self.forwards, self.backwards = (nn.LSTM(2, 3, batch_first=True) for _ in range(2))
        self.head = nn.Linear(6, horizon)

    def forward(self, x):
        ends = [lstm(values)[0][:, -1] for lstm, values in ((self.forwards, x), (self.backwards, x.flip(1)))]
        return self.head(torch.cat(ends, dim=1))


class Stepwise(nn.Module):
    """An LSTM that is called once per step of the window."""

    def __init__(self, horizon: int = 2):
        super().__init__()
        self.memory, self.head = nn.LSTM(2, 3, batch_first=True), nn.Linear(3, horizon)

    def forward(self, x):
        state = None
        for step in range(x.shape[1]):
            output, state = self.memory(x[:, step : step + 1], state)
        return self.head(output[:, -1])


def by_hand(
    lstm: nn.LSTM, x: np.ndarray, state: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[list[np.ndarray], np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The recurrence of an LSTM in float64, the batch first.

    Returns:
        Gates of each layer and direction, (window, step, gate, unit); outputs; the states in which it ends.
    """
    values = {name: weight.detach().double().numpy() for name, weight in lstm.state_dict().items()}
    gates, ends = [], []
    for layer in range(lstm.num_layers):
        outputs = []
        for way in ("", "_reverse")[: 2 if lstm.bidirectional else 1]:
            start = None if state is None else [each[len(gates)] for each in state]
            suffix = f"_l{layer}{way}"
            weights = {name.removesuffix(suffix): w for name, w in values.items() if name.endswith(suffix)}
            found, output, end = _one_way(weights, x[:, ::-1] if way else x, start)
            gates.append(found[:, ::-1] if way else found)
            outputs.append(output[:, ::-1] if way else output)
            ends.append(end)
        x = np.concatenate(outputs, axis=2)
    h, c = (np.stack(each) for each in zip(*ends, strict=True))
    return gates, x, (h, c)


def _one_way(weights, x, start):
    units = weights["weight_hh"].shape[0] // 4
    h, c = start or (np.zeros((len(x), weights["weight_hh"].shape[1])), np.zeros((len(x), units)))
    gates, states = [], []
    for step in range(x.shape[1]):
        raw = x[:, step] @ weights["weight_ih"].T + h @ weights["weight_hh"].T
        raw = raw + weights["bias_ih"] + weights["bias_hh"]
        i, f, g, o = np.split(raw, 4, axis=1)
        i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        if "weight_hr" in weights:
            h = h @ weights["weight_hr"].T
        gates.append(np.stack([i, f, g, o], axis=1))
        states.append(h)
    return np.stack(gates, axis=1), np.stack(states, axis=1), (h, c)


def gates_by_hand(model: nn.Module, x: np.ndarray) -> dict[str, np.ndarray]:
    """Gates of every part that a model calls, (window, step, gate, unit), by its name, in the order of the calls."""
    if isinstance(model, EncoderDecoder):
        encoder, _, state = by_hand(model.encoder, x)
        weight, bias = (values.detach().double().numpy() for values in model.head.parameters())
        last, steps = x[:, -1:, :1], []
        for _ in range(model.ahead):
            gates, output, state = by_hand(model.decoder, last, state)
            steps.append(gates)
            last = output @ weight.T + bias
        decoder = [np.concatenate(part, axis=1) for part in zip(*steps, strict=True)]
        return _named("encoder", encoder) | _named("decoder", decoder)
    assert isinstance(model, Mixed)
    first, states, _ = by_hand(model.first, x)
    second, _, _ = by_hand(model.second, states)
    recent, _, _ = by_hand(model.recent, x[:, -model.newest :])
    ways = [f"layer {layer} {way}" for layer in (1, 2) for way in ("forward", "backward")]
    of_first = {f"first, {way}": gates for way, gates in zip(ways, first, strict=True)}
    return of_first | _named("second", second) | _named("recent", recent)


def _named(lstm: str, gates: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{lstm}, layer {k}": each for k, each in enumerate(gates, 1)}
