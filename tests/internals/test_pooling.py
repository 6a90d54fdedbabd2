"""What a max pool selects, against ramps whose answer is known and against PyTorch's own indices."""

import pytest
import torch
from torch import nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.pooling import record_input, selected_steps
from tests.analysis.tiny import count_hooks


def maps(*rows: list[float]) -> torch.Tensor:
    return torch.tensor([rows], dtype=torch.float32)


def test_a_rising_ramp_selects_the_newest_step_and_a_falling_one_the_oldest():
    place, decided = selected_steps(maps([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]), size=2)
    assert place[0].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert decided.all()
    place, decided = selected_steps(maps([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]), size=3)
    assert place[0].tolist() == [[2, 2], [0, 0]]
    assert decided.all()


def test_ties_are_no_choice():
    _, decided = selected_steps(maps([0, 0, 3, 3, 0, 1], [5, 4, 0, 0, 2, 2]), size=2)
    assert decided[0].tolist() == [[False, False, True], [True, False, False]]


def test_a_tie_below_the_maximum_is_a_choice():
    place, decided = selected_steps(maps([1, 1, 2], [2, 2, 1], [0, 7, 0]), size=3)
    assert decided[0, :, 0].tolist() == [True, False, True]
    assert place[0, [0, 2], 0].tolist() == [2, 1]


@pytest.mark.parametrize("values", [[float("nan"), 1, 2, 3], [0, 1, 2, float("nan")]])
def test_nan_is_no_tie(values):
    with pytest.raises(LstmkitError, match="the maps that the pool reads hold NaN"):
        selected_steps(maps(values), size=2)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_same_as_the_indices_of_the_pool_itself(size):
    values = torch.randn(3, 5, 24, generator=torch.Generator().manual_seed(size))
    place, decided = selected_steps(values, size)
    _, indices = nn.functional.max_pool1d(values, size, return_indices=True)
    assert torch.equal(place, indices - size * torch.arange(24 // size))
    assert decided.all()


def test_the_input_of_each_pass_is_recorded_and_the_hook_comes_off():
    pool, x = nn.MaxPool1d(2), torch.randn(2, 3, 4)
    with record_input(pool) as read:
        pool(x)
        pool(2 * x)
    assert torch.equal(read[0], x)
    assert torch.equal(read[1], 2 * x)
    with pytest.raises(KeyError), record_input(pool):
        raise KeyError
    assert count_hooks(pool) == 0
