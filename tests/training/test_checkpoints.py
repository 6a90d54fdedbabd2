"""Saved models: the same bits again, or a clear refusal."""

import json
import struct
from importlib.metadata import version

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.training.checkpoints import CARD, WEIGHTS, load_outcome, save_model

REQUEST = {"horizon": 3, "architecture": {"kind": "lstm"}, "seed": 0}
OUTCOME = {"best_epoch": 1, "seconds": 0.5, "epochs": [{"epoch": 0, "train_loss": 0.25}]}


def network(seed: int, width: int = 4) -> nn.Module:
    """With a buffer that is no float: the count of batches in the normalisation."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1))


@pytest.fixture
def saved(tmp_path):
    model = network(0)
    model(torch.randn(5, 3))  # moves the buffers
    save_model(tmp_path, model, REQUEST, OUTCOME)
    return tmp_path, model


def test_a_round_trip_keeps_every_bit(saved):
    folder, model = saved
    other = network(1)
    assert load_outcome(folder, other, REQUEST) == OUTCOME
    for name, value in model.state_dict().items():
        assert value.dtype == other.state_dict()[name].dtype
        assert torch.equal(value, other.state_dict()[name]), name
    assert not other.training


def test_weights_that_are_views_are_saved_by_value(tmp_path):
    model = nn.Linear(3, 2, bias=False)
    model.weight = nn.Parameter(torch.arange(6.0).reshape(3, 2).T)  # not contiguous
    save_model(tmp_path, model, REQUEST, OUTCOME)
    other = nn.Linear(3, 2, bias=False)
    load_outcome(tmp_path, other, REQUEST)
    assert other.weight.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_nothing_is_saved_yet(tmp_path):
    assert load_outcome(tmp_path, network(0), REQUEST) is None


@pytest.mark.parametrize(
    "changed", [{"horizon": 4}, {"architecture": {"kind": "cnn_lstm"}}, {"seed": 1}, {"new": None}]
)
def test_another_request_is_not_answered(saved, changed):
    folder, _ = saved
    other = network(1)
    before = {name: value.clone() for name, value in other.state_dict().items()}
    assert load_outcome(folder, other, REQUEST | changed) is None
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())


def test_the_card_says_what_the_weights_are(saved):
    card = json.loads((saved[0] / CARD).read_text())
    assert (card["request"], card["outcome"]) == (REQUEST, OUTCOME)
    assert card["versions"] == {name: version(name) for name in ("lstmkit", "torch", "lightning")}


def test_the_weights_are_safetensors_and_nothing_else_is_written(saved):
    folder, model = saved
    assert sorted(path.name for path in folder.iterdir()) == [CARD, WEIGHTS]
    content = (folder / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])  # the format begins with the length of a JSON
    header = json.loads(content[8 : 8 + length])
    assert {name for name in header if name != "__metadata__"} == set(model.state_dict())


@pytest.mark.parametrize("damage", ["truncated", "empty", "noise", "gone", "other architecture"])
def test_damaged_weights_are_named(saved, damage):
    folder, _ = saved
    weights = folder / WEIGHTS
    content = weights.read_bytes()
    if damage == "gone":
        weights.unlink()
    elif damage == "other architecture":
        save_model(folder, network(0, width=5), REQUEST, OUTCOME)
    else:
        weights.write_bytes({"truncated": content[:-7], "empty": b"", "noise": b"\xff" * 400}[damage])
    with pytest.raises(LstmkitError, match="trained anew") as error:
        load_outcome(folder, network(1), REQUEST)
    assert str(weights) in str(error.value)


@pytest.mark.parametrize("text", ["", '{"request": {', "\x00\x01", '["a list"]', '{"outcome": {}}', "null"])
def test_a_damaged_card_is_named(saved, text):
    folder, _ = saved
    (folder / CARD).write_text(text)
    with pytest.raises(LstmkitError, match="is damaged") as error:
        load_outcome(folder, network(1), REQUEST)
    assert str(folder / CARD) in str(error.value)


def test_a_crash_between_weights_and_card_leaves_nothing_saved(saved):
    """The card cannot be written (NaN is no JSON), after the weights were."""
    folder, _ = saved
    with pytest.raises(ValueError, match="JSON"):
        save_model(folder, network(2), REQUEST, OUTCOME | {"seconds": float("nan")})
    assert (folder / WEIGHTS).exists()
    assert load_outcome(folder, network(1), REQUEST) is None


def test_weights_that_cannot_be_written_leave_nothing_half_done(saved, monkeypatch):
    folder, _ = saved
    shared = network(0)
    shared[2].weight = nn.Parameter(torch.ones(1, 4))
    shared.twin = shared[2]  # safetensors refuses to write one tensor under two names
    with pytest.raises(RuntimeError, match="share memory"):
        save_model(folder, shared, REQUEST, OUTCOME)
    assert load_outcome(folder, network(1), REQUEST) is None
    assert [path.name for path in folder.iterdir()] == [WEIGHTS]
