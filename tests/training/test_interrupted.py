"""Checkpoints that are torn or belong to another training are not gone on with; the result is the same without them."""

import io
import shutil

import pytest
import torch

from lstmkit.errors import LstmkitError
from lstmkit.training.fit import fit
from lstmkit.training.interrupted import last_checkpoint
from tests.training.test_fit import RECIPE, assert_equal_weights, linear_windows, small_network


def train(folder, request="this", recipe=RECIPE):
    model = small_network()
    return model, fit(model, linear_windows(), recipe, 1, folder, progress=False, request=request)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The checkpoints of a training of four epochs after the second, and the training without interruption."""
    folder = tmp_path_factory.mktemp("checkpoints")

    model, batches = small_network(), []

    def stop(*_):
        batches.append(1)
        if len(batches) == 11:  # an epoch has three batches of training and two of validation
            raise RuntimeError("enough")

    model[1].register_forward_pre_hook(stop)
    with pytest.raises(RuntimeError, match="enough"):
        fit(model, linear_windows(), RECIPE, 1, folder, progress=False, request="this")
    return folder, train(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def checkpoints(interrupted, tmp_path):
    shutil.copytree(interrupted[0], tmp_path / "copy")
    return tmp_path / "copy"


def assert_same(one, other):
    assert_equal_weights(one[0], other[0])
    assert (one[1].epochs, one[1].best_epoch, one[1].gain) == (
        other[1].epochs,
        other[1].best_epoch,
        other[1].gain,
    )


def test_whole_checkpoints_are_gone_on_with(interrupted, checkpoints):
    assert last_checkpoint(checkpoints, "this") == checkpoints / "last.ckpt"
    assert torch.load(checkpoints / "last.ckpt", weights_only=True)["epoch"] == 1
    assert_same(train(checkpoints), interrupted[1])


@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt"])
def test_a_checkpoint_cut_off_anywhere_is_not_gone_on_with(checkpoints, interrupted, name):
    whole = {path.name: path.read_bytes() for path in interrupted[0].iterdir()}
    for length in range(0, len(whole[name]), len(whole[name]) // 60):
        for other, content in whole.items():
            (checkpoints / other).write_bytes(content)
        (checkpoints / name).write_bytes(whole[name][:length])
        assert last_checkpoint(checkpoints, "this") is None
        assert not list(checkpoints.iterdir())


@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt"])
def test_no_flipped_bit_changes_what_is_gone_on_with(checkpoints, interrupted, name):
    """Where the flipped bit is none that means anything, the content is the same."""
    whole = {path.name: path.read_bytes() for path in interrupted[0].iterdir()}
    expected = torch.load(io.BytesIO(whole[name]), weights_only=True)
    generator = torch.Generator().manual_seed(0)
    taken = 0
    for _ in range(60):
        for other, content in whole.items():
            (checkpoints / other).write_bytes(content)
        changed = bytearray(whole[name])
        position = int(torch.randint(len(changed), (1,), generator=generator))
        changed[position] ^= 1 << int(torch.randint(8, (1,), generator=generator))
        (checkpoints / name).write_bytes(changed)
        if last_checkpoint(checkpoints, "this") is not None:
            taken += 1
            content = torch.load(checkpoints / name, weights_only=True)
            assert str(content) == str(expected)
    assert taken < 60


@pytest.mark.parametrize(
    "instead",
    ["empty", "text", "folder", "list", "of another training", "of an earlier version", "link to nowhere"],
)
@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt"])
def test_what_is_no_checkpoint_of_this_training_is_not_gone_on_with(checkpoints, interrupted, name, instead):
    path = checkpoints / name
    content = torch.load(path, weights_only=True)
    path.unlink()
    if instead in ("empty", "text"):
        path.write_text({"empty": "", "text": "no checkpoint"}[instead])
    elif instead == "folder":
        (path / "inside").mkdir(parents=True)
    elif instead == "link to nowhere":
        path.symlink_to(checkpoints / "nowhere")
    elif instead == "list":
        torch.save([1, 2], path)
    elif instead == "of another training":
        torch.save(content | {"request": "another"}, path)
    else:
        del content["request"]
        torch.save(content, path)
    assert_same(train(checkpoints), interrupted[1])
    assert sorted(file.name for file in checkpoints.iterdir()) == ["best.ckpt", "last.ckpt"]


def test_a_file_in_place_of_their_folder_is_named(tmp_path):
    (tmp_path / "checkpoints").write_text("")
    with pytest.raises(
        LstmkitError, match=r"checkpoints cannot be written: .*; move away what is in its place"
    ):
        train(tmp_path / "checkpoints")
