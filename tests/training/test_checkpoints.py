"""Saved models: the same bits again, or a clear refusal."""

import hashlib
import json
import struct
from importlib.metadata import version
from threading import Event, Thread

import pytest
import safetensors.torch
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.storage.checksums import CARD, checksum, read_card, write_checked
from lstmkit.training.checkpoints import WEIGHTS, load_model, save_model

REQUEST = {"horizon": 3, "architecture": {"kind": "lstm"}, "seed": 0}
OUTCOME = {"best_epoch": 1, "gain": 0.5, "epochs": [{"epoch": 0, "train_loss": 0.25}]}


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
    assert load_model(folder, other, REQUEST).outcome == OUTCOME
    for name, value in model.state_dict().items():
        assert value.dtype == other.state_dict()[name].dtype
        assert torch.equal(value, other.state_dict()[name]), name
    assert not other.training


def test_weights_that_are_views_are_saved_by_value(tmp_path):
    model = nn.Linear(3, 2, bias=False)
    model.weight = nn.Parameter(torch.arange(6.0).reshape(3, 2).T)  # not contiguous
    save_model(tmp_path, model, REQUEST, OUTCOME)
    other = nn.Linear(3, 2, bias=False)
    load_model(tmp_path, other, REQUEST)
    assert other.weight.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_nothing_is_saved_yet(tmp_path):
    assert load_model(tmp_path, network(0), REQUEST) is None


@pytest.mark.parametrize(
    "changed", [{"horizon": 4}, {"architecture": {"kind": "cnn_lstm"}}, {"seed": 1}, {"new": None}]
)
def test_another_request_is_not_answered(saved, changed):
    folder, _ = saved
    other = network(1)
    before = {name: value.clone() for name, value in other.state_dict().items()}
    assert load_model(folder, other, REQUEST | changed) is None
    assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())


def test_the_card_says_what_the_weights_are(saved):
    card = json.loads((saved[0] / CARD).read_text())
    assert (card["request"], card["outcome"]) == (REQUEST, OUTCOME)
    assert card["weights_sha256"] == hashlib.sha256((saved[0] / WEIGHTS).read_bytes()).hexdigest()
    assert card["versions"] == {name: version(name) for name in ("lstmkit", "torch", "lightning")}


def test_the_weights_are_safetensors_and_nothing_else_is_written(saved):
    folder, model = saved
    assert sorted(path.name for path in folder.iterdir()) == [CARD, WEIGHTS]
    content = (folder / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])  # the format begins with the length of a JSON
    header = json.loads(content[8 : 8 + length])
    assert {name for name in header if name != "__metadata__"} == set(model.state_dict())


@pytest.mark.parametrize("damage", ["truncated", "empty", "noise", "gone", "folder", "other architecture"])
def test_damaged_weights_are_named(saved, damage):
    folder, _ = saved
    weights = folder / WEIGHTS
    content = weights.read_bytes()
    if damage in ("gone", "folder"):
        weights.unlink()
        if damage == "folder":
            weights.mkdir()
    elif damage == "other architecture":
        save_model(folder, network(0, width=5), REQUEST, OUTCOME)
    else:
        weights.write_bytes({"truncated": content[:-7], "empty": b"", "noise": b"\xff" * 400}[damage])
    with pytest.raises(LstmkitError, match="trained anew") as error:
        load_model(folder, network(1), REQUEST)
    assert str(weights) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["", '{"request": {', "\x00\x01", "\xff", '["a list"]', "null", "[" * 100_000]
)
def test_a_damaged_card_is_named(saved, text):
    folder, _ = saved
    (folder / CARD).write_bytes(text.encode("latin1"))
    with pytest.raises(LstmkitError, match=r"is damaged.*delete it, and the model is trained anew") as error:
        load_model(folder, network(1), REQUEST)
    assert str(folder / CARD) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_changed_card_is_named(saved):
    folder, _ = saved
    text = (folder / CARD).read_text()
    (folder / CARD).write_text(text.replace('"gain": 0.5', '"gain": 0.7'))
    with pytest.raises(LstmkitError, match="is damaged"):
        load_model(folder, network(1), REQUEST)


def test_a_card_of_an_earlier_version_counts_as_nothing_saved(saved):
    """It names neither its own content nor its weights."""
    folder, _ = saved
    (folder / CARD).write_text(
        json.dumps({"request": REQUEST, "outcome": OUTCOME | {"seconds": 1.5}, "versions": {}})
    )
    assert load_model(folder, network(1), REQUEST) is None


def test_two_trainings_of_one_request_leave_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_model(tmp_path / name, network(0), REQUEST, OUTCOME)
    for name in (CARD, WEIGHTS):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_card_is_known_by_its_checksum(saved):
    folder, model = saved
    card = load_model(folder, network(1), REQUEST).card
    assert card == checksum(read_card(folder))
    assert save_model(folder, model, REQUEST, OUTCOME).card == card
    with torch.no_grad():
        model[0].weight.mul_(1.3)
    assert save_model(folder, model, REQUEST, OUTCOME).card != card


def replace_weights(folder, change) -> None:
    """As somebody would with other tools; the card stays as it is."""
    weights = safetensors.torch.load_file(folder / WEIGHTS)
    change(weights)
    safetensors.torch.save_file(weights, folder / WEIGHTS)


def test_weights_that_are_not_those_of_the_card_are_refused(saved):
    folder, _ = saved
    replace_weights(folder, lambda weights: weights["0.weight"].mul_(1.3))
    with pytest.raises(LstmkitError, match=r"SHA-256.*delete both, and the model is trained anew") as error:
        load_model(folder, network(1), REQUEST)
    assert str(folder / WEIGHTS) in str(error.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_also_where_the_card_names_them(saved, value):
    folder, _ = saved
    replace_weights(folder, lambda weights: weights["2.bias"].fill_(value))
    card = read_card(folder) | {"weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()}
    write_checked(folder / CARD, card)
    with pytest.raises(LstmkitError, match=r"2\.bias holds NaN or infinity.*delete both"):
        load_model(folder, network(1), REQUEST)


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_weights_that_are_not_finite_are_not_saved(tmp_path, value):
    model = network(0)
    with torch.no_grad():
        model[0].weight[1, 2] = value
    with pytest.raises(LstmkitError, match=r"0\.weight and is not saved: lower `training.learning_rate`"):
        save_model(tmp_path, model, REQUEST, OUTCOME)
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_being_replaced_is_the_old_one_or_none(tmp_path):
    """Another thread puts the models of two requests in place in turn; what is read is never a mixture."""
    models, done = {0: network(0), 3: network(3)}, Event()

    def replace() -> None:
        while not done.wait(0.002):
            for seed, model in models.items():
                save_model(tmp_path, model, REQUEST | {"seed": seed}, OUTCOME)
                done.wait(0.002)  # or hardly any time would be left in which a model is whole

    writer = Thread(target=replace)
    writer.start()
    try:
        for _ in range(20):
            model = network(1)
            while load_model(tmp_path, model, REQUEST) is None:
                assert writer.is_alive()
            assert torch.equal(model[0].weight, models[0][0].weight)
    finally:
        done.set()
        writer.join()


def test_a_crash_between_weights_and_card_leaves_nothing_saved(saved):
    """The card cannot be written (NaN is no JSON), after the weights were."""
    folder, _ = saved
    with pytest.raises(ValueError, match="JSON"):
        save_model(folder, network(2), REQUEST, OUTCOME | {"gain": float("nan")})
    assert (folder / WEIGHTS).exists()
    assert load_model(folder, network(1), REQUEST) is None


def test_weights_that_cannot_be_saved_leave_the_model_that_was_there(saved):
    folder, _ = saved
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    empty = network(0)
    empty[2].weight = nn.Parameter(torch.ones(1, 4, device="meta"))  # a tensor without data
    with pytest.raises(RuntimeError, match="meta"):
        save_model(folder, empty, REQUEST, OUTCOME)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
