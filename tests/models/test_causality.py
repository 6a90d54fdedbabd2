"""No state knows the future of its step, and each knows the step at which it ends; a bidirectional LSTM fails that."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lstmkit.internals.causality import state_ends
from lstmkit.models import KINDS
from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import state_of, stirred

FEATURES = 3
WIDTHS = st.integers(1, 9)


class Recurrent(nn.Module):
    """Any module in front of an LSTM, with the interface of the forecasters.

    Args:
        given: channels that the LSTM reads.
        in_front: from inputs (batch, time, feature) to what the LSTM reads (batch, step, channel).
        bidirectional: whether a second LSTM reads from the end.
    """

    def __init__(self, given: int = FEATURES, in_front: nn.Module | None = None, bidirectional: bool = False):
        super().__init__()
        self.in_front = in_front or nn.Identity()
        self.lstm = nn.LSTM(given, 4, batch_first=True, bidirectional=bidirectional)
        self.projection = nn.Linear(8 if bidirectional else 4, 2)

    def states(self, x):
        return self.lstm(self.in_front(x))[0]

    def head(self, states):
        return self.projection(states)

    def forward(self, x):
        return self.head(self.states(x)[:, -1])


class Convolved(nn.Sequential):
    """Modules over (batch, channel, time)."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class Centred(nn.Module):
    """Deviations from the mean of the window, its future among it."""

    def forward(self, x):
        return x - x.mean(dim=1, keepdim=True)


def expected_ends(lookback: int, pool: int) -> list[int]:
    """The last step of each whole group, counted from the newest."""
    return sorted(range(lookback - 1, -1, -pool))


def states_after(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model.states(x)


def assert_causal(build: Callable[[], nn.Module], lookback: int, pool: int, seed: int) -> None:
    """Replaces the inputs after every step in turn, then those at every step in turn."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build().eval().double()
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(16, lookback, FEATURES, generator=generator).double()
    ends, states = expected_ends(lookback, pool), states_after(model, x)
    assert states.shape[1] == len(ends)
    for step in range(lookback):
        future = x.clone()
        future[:, step + 1 :] = 5 * torch.randn(future[:, step + 1 :].shape, generator=generator).double()
        known = [position for position, end in enumerate(ends) if end <= step]
        torch.testing.assert_close(
            states_after(model, future)[:, known], states[:, known], rtol=0, atol=1e-12
        )
        if step in ends:
            moved = x.clone()
            moved[:, step] += 5 * torch.randn(16, FEATURES, generator=generator).double()
            position = ends.index(step)
            assert (states_after(model, moved)[:, position] - states[:, position]).abs().max() > 1e-6
    found = state_ends(model, lookback, FEATURES, seed)
    assert found is not None and found.tolist() == ends


@settings(max_examples=25, deadline=None)
@given(lookback=st.integers(1, 40), layers=st.integers(1, 3), seed=st.integers(0, 100))
def test_no_state_of_the_lstm_knows_its_future(lookback, layers, seed):
    assert_causal(lambda: LSTMForecaster(FEATURES, 2, hidden=5, layers=layers), lookback, 1, seed)


@settings(max_examples=40, deadline=None)
@given(lookback=st.integers(1, 40), kernels=st.tuples(WIDTHS, WIDTHS), pool=WIDTHS, seed=st.integers(0, 100))
def test_no_state_of_the_cnn_lstm_knows_its_future(lookback, kernels, pool, seed):
    sizes = {"channels": (8, 16), "kernels": kernels, "pool": pool, "hidden": 5, "head": 3}
    assert_causal(lambda: CNNLSTMForecaster(FEATURES, 2, **sizes), lookback, pool, seed)


@settings(max_examples=25, deadline=None)
@given(lookback=st.integers(1, 40), patch=WIDTHS, seed=st.integers(0, 100))
def test_no_state_of_the_bypass_knows_its_future(lookback, patch, seed):
    assert_causal(lambda: BypassForecaster(FEATURES, 2, patch=patch, hidden=5, head=3), lookback, patch, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_models_are_causal(kind):
    pool = 1 if kind == "lstm" else 2
    ends = state_ends(KINDS[kind](10, 12), lookback=288, n_features=10, seed=0)
    assert ends is not None and ends.tolist() == expected_ends(288, pool)


SEE_THE_FUTURE = {
    "a bidirectional LSTM": lambda: Recurrent(bidirectional=True),
    "a centred convolution": lambda: Recurrent(
        in_front=Convolved(nn.Conv1d(FEATURES, FEATURES, 3, padding="same"))
    ),
    "a centred convolution and a pool": lambda: Recurrent(
        in_front=Convolved(nn.Conv1d(FEATURES, FEATURES, 3, padding=1), nn.MaxPool1d(2))
    ),
    # only the oldest states see it: they are padded with steps that come later
    "reflection at the left edge": lambda: Recurrent(
        in_front=Convolved(nn.ReflectionPad1d((2, 0)), nn.Conv1d(FEATURES, FEATURES, 3))
    ),
    "the mean of the window": lambda: Recurrent(in_front=Centred()),
}


@pytest.mark.parametrize("lookback", [12, 20])
@pytest.mark.parametrize("name", SEE_THE_FUTURE)
def test_what_sees_the_future_is_found(name, lookback):
    for seed in range(5):
        assert state_ends(stirred(SEE_THE_FUTURE[name](), seed), lookback, FEATURES, seed) is None


def test_a_state_that_sees_one_step_ahead_fails_the_property():
    centred = Convolved(nn.Conv1d(FEATURES, FEATURES, 3, padding="same"))
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        assert_causal(lambda: Recurrent(in_front=centred), 20, 1, 0)
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        assert_causal(lambda: Recurrent(bidirectional=True), 20, 1, 0)


def test_other_causal_modules_pass():
    padded = Convolved(nn.ConstantPad1d((8, 0), 0.0), nn.Conv1d(FEATURES, FEATURES, 5, dilation=2))
    assert_causal(lambda: Recurrent(in_front=padded), 20, 1, 0)
    assert_causal(lambda: Recurrent(in_front=Convolved(nn.AvgPool1d(4))), 20, 4, 0)


def test_a_model_without_states_or_head_has_no_ends():
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(FEATURES, 2, batch_first=True)

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    class Headless(Plain):
        def states(self, x):
            return self.lstm(x)[0]

    assert state_ends(Plain(), 10, FEATURES, 0) is None
    assert state_ends(Headless(), 10, FEATURES, 0) is None


def test_states_that_lag_behind_the_window_have_no_ends():
    # the last group of three is not whole, so that no state knows the two newest steps
    assert state_ends(Recurrent(in_front=Convolved(nn.AvgPool1d(3))), 11, FEATURES, 0) is None


def test_a_step_that_the_pool_drops_is_what_a_centred_convolution_sees():
    # eleven steps: the pool joins 8 and 9 and drops 10, which the middle tap at 9 has beside it
    centred = Convolved(nn.Conv1d(FEATURES, 8, 3, padding="same"), nn.AvgPool1d(2))
    ends = state_ends(stirred(Recurrent(8, centred)), 11, FEATURES, 0)
    assert ends is not None and ends.tolist() == [2, 4, 6, 8, 10]


def test_more_states_than_inputs_have_no_ends():
    upsampled = Recurrent(in_front=Convolved(nn.Upsample(scale_factor=2)))
    assert state_ends(upsampled, 10, FEATURES, 0) is None


def test_the_model_is_left_as_it_was():
    model = stirred(CNNLSTMForecaster(FEATURES, 2, channels=(3, 4), hidden=3, head=2, dropout=0.5)).train()
    model.norm1.eval()
    before, random = state_of(model), torch.get_rng_state()
    assert (
        state_ends(model, 20, FEATURES, 0) is not None
    )  # dropout and batch statistics would tell states apart
    assert state_of(model) == before
    assert torch.equal(torch.get_rng_state(), random)
    assert all(values.dtype == torch.float32 for values in model.parameters())
