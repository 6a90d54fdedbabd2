"""Which rows belong to which part."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmkit.data.split import PARTS, split_rows, stretches
from lstmkit.params import SplitParams
from tests.series import dataset_of, raw_windows

shares = st.tuples(st.floats(0.3, 0.6), st.floats(0.1, 0.3))


def series(n: int, interval: str = "1h", keep: np.ndarray | None = None):
    return dataset_of({"co2": np.arange(float(n))}, interval=interval, keep=keep)


def ends(dataset, split, horizon=1):
    """First and last row of each stretch of each part."""
    parts = split_rows(dataset, split, horizon)
    return {name: [(int(r[0]), int(r[-1])) for r in stretches(rows)] for name, rows in parts.items()}


def test_parts_without_gaps_follow_the_shares():
    split = SplitParams(train=0.6, validation=0.1, validation_blocks=1)
    assert ends(series(10), split) == {"train": [(0, 5)], "validation": [(6, 6)], "test": [(7, 9)]}


def test_a_part_ends_before_a_gap_that_the_next_part_fills():
    keep = np.ones(21, bool)
    keep[10] = False
    split = SplitParams(train=0.5, validation=0.25, validation_blocks=1)
    found = ends(series(21, keep=keep), split)
    assert found == {"train": [(0, 9)], "validation": [(10, 15)], "test": [(16, 20)]}


def test_the_shares_are_of_the_observed_steps():
    keep = np.zeros(1000, bool)
    keep[[*range(10), *range(950, 960), *range(980, 1000)]] = True  # 40 of 1000
    split = SplitParams(train=0.5, validation=0.25, validation_blocks=1)
    found = ends(series(1000, keep=keep), split)
    assert found == {"train": [(0, 959)], "validation": [(960, 989)], "test": [(990, 999)]}


@given(
    flags=st.lists(st.booleans(), min_size=5, max_size=200).filter(any),
    shares=shares,
    n_blocks=st.integers(1, 4),
)
def test_every_row_belongs_to_one_part_and_stretches_end_where_something_was_measured(
    flags, shares, n_blocks
):
    dataset = series(len(flags), keep=np.array(flags))
    observed, split = dataset.observed.to_numpy(), SplitParams(
        train=shares[0], validation=shares[1], validation_blocks=n_blocks
    )  # fmt: skip
    parts, total = split_rows(dataset, split, 1), observed.sum()
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(observed)))
    first, second = (round(total * share) for share in (shares[0], shares[0] + shares[1]))
    assert observed[parts["test"]].sum() == total - second
    assert observed[parts["validation"]].sum() == n_blocks * round((second - first) / n_blocks)
    assert all((np.diff(rows) > 0).all() for rows in parts.values())
    for name, rows in parts.items():
        for stretch in stretches(rows) if len(rows) else ():
            assert observed[stretch[-1]] or stretch[-1] == len(observed) - 1, name
    if len(parts["test"]):
        assert parts["test"][0] > max(parts["train"].max(initial=-1), parts["validation"].max(initial=-1))


def test_blocks_end_equal_spans_of_what_lies_before_the_test_part():
    split = SplitParams(train=0.6, validation=0.2, validation_blocks=2)
    found = ends(series(100), split)
    assert found == {
        "train": [(0, 29), (40, 69)],
        "validation": [(30, 39), (70, 79)],
        "test": [(80, 99)],
    }


@pytest.mark.parametrize(
    ("days", "interval", "horizon", "n_blocks"),
    [
        (69, "1h", 1, 2),  # 6.9 days of validation: two blocks of 3.4 days
        (70, "1h", 1, 1),  # a week
        (69, "1h", 20, 2),  # each block of 82 steps holds four horizons
        (69, "1h", 21, 1),
        (25, "5min", 12, 2),  # 2.5 days
        (20, "5min", 12, 1),  # 2 days are two blocks of a day, too short for a day beside an hour
        (60, "1D", 1, 1),  # six daily steps are two blocks of three
    ],
)
def test_a_short_validation_part_lies_in_two_blocks(days, interval, horizon, n_blocks):
    dataset = series(int(days * pd.Timedelta("1D") / pd.Timedelta(interval)), interval)
    assert len(ends(dataset, SplitParams(), horizon)["validation"]) == n_blocks


def test_no_target_of_one_part_lies_in_another():
    """Three of the four blocks have training windows behind them, whose inputs reach into the block."""
    split = SplitParams(train=0.5, validation=0.25, validation_blocks=4)
    dataset = series(240)
    windows, rows = raw_windows(dataset, 5, split, lookback=6, residual="last"), split_rows(dataset, split, 5)
    targets = {}
    for name in PARTS:
        part = windows[name]
        targets[name] = {int(o) + k for o in part.origin_rows for k in range(1, 6)}
        assert targets[name] <= set(rows[name].tolist())
        asked = np.flatnonzero(part.forecast_rows)
        assert {int(o) + k for o in asked for k in range(1, 6)} <= set(rows[name].tolist())
    train_inputs = {int(s) + k for s in windows["train"].starts for k in range(6)}
    assert train_inputs & targets["validation"]
    assert not train_inputs & targets["test"]
