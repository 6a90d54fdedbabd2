"""Parts of a model held fixed: exactly those, only inside the body."""

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.ablation import convolutional_stages, replaced
from lstmkit.models.bypass import BypassForecaster
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.tiny import state_of, stirred


def small() -> CNNLSTMForecaster:
    return stirred(CNNLSTMForecaster(2, 3, channels=(4, 5), hidden=4, head=6))


X = torch.randn(3, 8, 2, generator=torch.Generator().manual_seed(1))


def by_hand(model, x, second=None, pooled=None):
    """The forward pass written out, with the second layer's maps or the pooled ones changed by a function."""
    maps = model.relu1(model.norm1(model.conv1(x.transpose(1, 2))))
    maps = model.relu2(model.norm2(model.conv2(maps)))
    maps = second(maps) if second else maps
    maps = model.pool(maps)
    maps = pooled(maps) if pooled else maps
    states, _ = model.lstm(maps.transpose(1, 2))
    return model.fc2(model.relu3(model.fc1(states[:, -1])))[..., None]


def test_zeros_behind_the_pool_are_zeros_given_to_the_lstm():
    model = small()
    with torch.no_grad():
        with replaced(model, "pool", torch.zeros(5, 4)):
            got = model(X)
        states, _ = model.lstm(torch.zeros(3, 4, 5))
        expected = model.fc2(model.relu3(model.fc1(states[:, -1])))[..., None]
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


def test_only_the_named_channels_are_held():
    model, maps = small(), torch.randn(5, 8, generator=torch.Generator().manual_seed(2))
    chosen = torch.tensor([True, False, False, True, False])

    def change(own):
        return torch.stack([maps[c].expand(3, 8) if chosen[c] else own[:, c] for c in range(5)], dim=1)

    with torch.no_grad():
        with replaced(model, "relu2", maps, chosen):
            got = model(X)
        torch.testing.assert_close(got, by_hand(model, X, second=change), rtol=0, atol=0)
        assert not torch.equal(got, model(X))


def test_no_channel_chosen_changes_nothing():
    model = small()
    with torch.no_grad():
        with replaced(model, "pool", torch.full((5, 4), 9.0), torch.zeros(5, dtype=torch.bool)):
            got = model(X)
        torch.testing.assert_close(got, model(X), rtol=0, atol=0)


def test_a_channel_that_nothing_reads_changes_nothing():
    model, chosen = small(), torch.tensor([False, True, False, False, False])
    with torch.no_grad():
        model.lstm.weight_ih_l0[:, 1] = 0
        before = model(X)
        with replaced(model, "pool", torch.full((5, 4), 7.0), chosen):
            torch.testing.assert_close(model(X), before, rtol=0, atol=0)
        with replaced(model, "pool", torch.full((5, 4), 7.0), ~chosen):
            assert not torch.equal(model(X), before)


def test_the_hook_comes_off_also_when_the_body_raises():
    model = small()
    before, output = state_of(model), model(X)
    with pytest.raises(KeyError, match="boom"), replaced(model, "relu1", torch.zeros(4, 8)):
        raise KeyError("boom")
    assert state_of(model) == before
    assert torch.equal(model(X), output)


def test_layers_can_be_held_together():
    model = small()
    with (
        torch.no_grad(),
        replaced(model, "relu1", torch.zeros(4, 8)),
        replaced(model, "pool", torch.ones(5, 4)),
    ):
        both = model(X)
        torch.testing.assert_close(both, by_hand(model, X, pooled=torch.ones_like), rtol=0, atol=0)
    assert state_of(model)[-1] == 0


def test_an_unknown_module_is_refused():
    with (
        pytest.raises(LstmkitError, match=r"has no module relu9; it has conv1, norm1, relu1"),
        replaced(small(), "relu9", torch.zeros(5, 8)),
    ):
        pass


def test_the_stages_of_a_cnn_lstm():
    assert convolutional_stages(small()) == ("relu1", "relu2", "pool")


@pytest.mark.parametrize(
    "model", [LSTMForecaster(2, 3, hidden=2), BypassForecaster(2, 3, hidden=2), nn.Linear(2, 3)]
)
def test_a_model_without_convolutions_is_refused(model):
    with pytest.raises(
        LstmkitError, match=f"{type(model).__name__} has 0 convolutional stages; two layers and a pool"
    ):
        convolutional_stages(model)


def test_a_model_of_a_single_convolution_is_refused():
    model = small()
    model.stages = {"CNN layer 1": "relu1", "LSTM input": "pool"}
    with pytest.raises(
        LstmkitError, match="CNNLSTMForecaster has 2 convolutional stages; two layers and a pool"
    ):
        convolutional_stages(model)
