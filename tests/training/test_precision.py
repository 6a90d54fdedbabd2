"""The automatic precision is the faster one, as measured on the model itself, and stays what it was."""

import json
import os
import signal
import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from lstmkit.params import TrainingParams
from lstmkit.training import precision as module
from lstmkit.training.fit import fit
from lstmkit.training.origins import Origins
from lstmkit.training.precision import (
    BFLOAT16,
    FLOAT32,
    NOTE,
    choose_precision,
    faster_precision,
    step_seconds,
)
from tests.analysis.tiny import make_test_windows, state_of

AUTO = TrainingParams(
    epochs=3,
    windows_per_epoch=32,
    validation_windows=16,
    batch_size=16,
    patience=3,
    level_shift=0.0,
    device="cpu",
    precision="auto",
)
WINDOWS = make_test_windows(n=40)
END = Origins(torch.tensor([WINDOWS.lookback - 1]), None)


@pytest.fixture(autouse=True)
def one_thread():
    """Whose processor time is measured, which does not depend on what else the machine does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def busy_for(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Timed(nn.Module):
    """A network with dropout and a batch norm, whose forward pass in training lasts as long as is said."""

    def __init__(self, in_float32: float = 0.0, in_bfloat16: float = 0.0):
        super().__init__()
        self.seconds = (in_float32, in_bfloat16)
        self.calls = []  # shared by copies, which append to it
        self.norm, self.drop, self.lstm = nn.BatchNorm1d(2), nn.Dropout(0.3), nn.LSTM(2, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def __deepcopy__(self, memo):
        copy = Timed(*self.seconds)
        copy.load_state_dict(self.state_dict())
        copy.calls = self.calls
        return copy

    def forward(self, x):
        in_bfloat16 = torch.is_autocast_enabled("cpu")
        if self.training:
            self.calls.append(in_bfloat16)
            busy_for(self.seconds[in_bfloat16])
        states, _ = self.lstm(self.drop(self.norm(x.transpose(1, 2)).transpose(1, 2)))
        return self.head(states[:, -1])


class Sleeping(nn.Linear):
    """Waits for a second in bfloat16, without work for the processor."""

    def __init__(self):
        super().__init__(2, 2)

    def forward(self, x):
        time.sleep(torch.is_autocast_enabled("cpu"))
        return super().forward(x[:, -1])


SLOW = 0.05  # against which this network's own milliseconds are nothing, also on a busy machine


def timed(*seconds: float) -> Timed:
    torch.manual_seed(0)
    return Timed(*seconds)


@pytest.fixture
def able(monkeypatch):
    """A processor that claims to compute in bfloat16."""
    monkeypatch.setattr(module, "computes_in_bfloat16", lambda device: device.type == "cpu")


@pytest.mark.parametrize(
    ("in_float32", "in_bfloat16", "expected"),
    [(0, SLOW, FLOAT32), (SLOW, 0, BFLOAT16), (2 * SLOW, 2 * SLOW, FLOAT32)],
    ids=["bfloat16 is slower", "bfloat16 is faster", "as fast"],
)
def test_the_faster_precision_is_chosen_whatever_the_processor_claims(
    tmp_path, able, in_float32, in_bfloat16, expected
):
    model = timed(in_float32, in_bfloat16)
    assert choose_precision(model, END, WINDOWS, AUTO, tmp_path, "one") == expected


@pytest.mark.parametrize(
    ("in_bfloat16", "expected"),
    [(0.5, BFLOAT16), (0.89, BFLOAT16), (0.91, FLOAT32), (1.0, FLOAT32), (1.3, FLOAT32)],
)
def test_bfloat16_must_save_a_tenth(in_bfloat16, expected):
    assert faster_precision({FLOAT32: 1.0, BFLOAT16: in_bfloat16}) == expected


def test_the_seconds_are_those_of_a_step_in_either_precision():
    seconds = step_seconds(timed(0.02, 0.06), END, WINDOWS, AUTO)
    assert 0.02 <= seconds[FLOAT32] < 0.06 <= seconds[BFLOAT16]


def test_with_several_threads_the_time_on_the_wall_counts():
    torch.set_num_threads(2)
    seconds = step_seconds(Sleeping(), END, WINDOWS, AUTO)
    assert seconds[FLOAT32] < 1 <= seconds[BFLOAT16]


def test_a_processor_that_does_not_claim_it_is_not_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "computes_in_bfloat16", lambda _: False)
    model = timed(SLOW, 0)
    assert choose_precision(model, END, WINDOWS, AUTO, tmp_path, "one") == FLOAT32
    assert model.calls == []


@pytest.mark.parametrize("named", [FLOAT32, BFLOAT16])
def test_a_precision_that_is_named_is_taken_unmeasured(tmp_path, able, named):
    model = timed()
    recipe = AUTO.model_copy(update={"precision": named})
    assert choose_precision(model, END, WINDOWS, recipe, tmp_path, "one") == named
    assert model.calls == []
    assert list(tmp_path.iterdir()) == []


def test_few_steps_take_turns_and_long_ones_are_fewer(monkeypatch):
    quick, slow = timed(), timed(0.3, 0.3)
    step_seconds(quick, END, WINDOWS, AUTO)
    assert quick.calls == [False, True] * 4
    monkeypatch.setattr(module, "MOST_SECONDS", 0.5)
    step_seconds(slow, END, WINDOWS, AUTO)
    assert slow.calls == [False, True] * 2


@pytest.mark.parametrize("training", [False, True])
def test_measuring_leaves_the_model_and_the_random_numbers_as_they_were(training):
    model = timed().train(training)
    before, numbers = state_of(model), torch.get_rng_state()
    step_seconds(model, END, WINDOWS, AUTO)
    assert state_of(model) == before
    assert torch.equal(torch.get_rng_state(), numbers)


def test_a_batch_has_no_more_windows_than_there_are():
    model = timed()
    few = replace(WINDOWS, starts=WINDOWS.starts[:5])
    assert min(step_seconds(model, END, few, AUTO).values()) > 0


def test_what_was_chosen_is_kept_for_the_same_training_alone(tmp_path, able):
    assert choose_precision(timed(SLOW, 0), END, WINDOWS, AUTO, tmp_path, "one") == BFLOAT16
    again = timed(0, SLOW)
    assert choose_precision(again, END, WINDOWS, AUTO, tmp_path, "one") == BFLOAT16
    assert again.calls == []
    assert choose_precision(again, END, WINDOWS, AUTO, tmp_path, "another") == FLOAT32


@pytest.mark.parametrize("content", ["", "{", "[]", '{"precision": "bf16-mixed", "request": "one"}'])
def test_a_damaged_or_foreign_note_is_measured_anew(tmp_path, able, content):
    (tmp_path / NOTE).write_text(content)
    assert choose_precision(timed(0, SLOW), END, WINDOWS, AUTO, tmp_path, "one") == FLOAT32
    assert json.loads((tmp_path / NOTE).read_text())["precision"] == FLOAT32


def trained(model, folder, recipe=AUTO):
    windows = {"train": WINDOWS, "validation": make_test_windows(n=20)}
    return fit(model, windows, recipe, 0, folder, progress=False, request="one")


@pytest.mark.parametrize(("seconds", "expected"), [((0, SLOW), FLOAT32), ((SLOW, 0), BFLOAT16)])
def test_a_training_in_the_chosen_precision_is_that_in_the_named_one(tmp_path, able, seconds, expected):
    chosen, named = timed(*seconds), timed(*seconds)
    history = trained(chosen, tmp_path / "chosen")
    expected_history = trained(named, tmp_path / "named", AUTO.model_copy(update={"precision": expected}))
    assert history.precision == expected_history.precision == expected
    assert history.epochs == expected_history.epochs
    for name, value in chosen.state_dict().items():
        assert torch.equal(value, named.state_dict()[name])


def train_until_killed(folder, batch):
    torch.set_num_threads(1)  # `one_thread` is of the other process
    module.computes_in_bfloat16 = lambda _: True
    model, seen = timed(SLOW, 0), 0

    def kill(*_):  # copies, which are measured, have no hooks
        nonlocal seen
        seen += model.training
        if model.training and seen == batch:
            os.kill(os.getpid(), signal.SIGKILL)

    model.register_forward_pre_hook(kill)
    trained(model, folder)


# An epoch has two batches of training.
@pytest.mark.parametrize("batch", [1, 4], ids=["in the first epoch", "in the second epoch"])
def test_a_training_that_goes_on_keeps_the_precision_in_which_it_began(tmp_path, able, processes, batch):
    """Although it is now slower, as on another machine."""
    process = processes.Process(target=train_until_killed, args=(tmp_path / "killed", batch))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    model, whole = timed(0, SLOW), timed(0, SLOW)
    history = trained(model, tmp_path / "killed")
    expected = trained(whole, tmp_path / "whole", AUTO.model_copy(update={"precision": BFLOAT16}))
    assert history.precision == BFLOAT16
    assert history.epochs == expected.epochs
    for name, value in model.state_dict().items():
        assert torch.equal(value, whole.state_dict()[name])
