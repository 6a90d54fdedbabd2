"""What the pool selects: ramps, ties and repeated steps have known answers, and errors are computed a second way."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lstmkit.analysis.filters.pool_selection import PoolSelection, pool_selection
from lstmkit.errors import LstmkitError
from lstmkit.findings.filters.pool_selection import pool_caption, pool_finding
from lstmkit.internals.activations import record
from lstmkit.models.cnn_lstm import CNNLSTMForecaster
from lstmkit.models.lstm import LSTMForecaster
from tests.analysis.planted_filters import LIFT, PlantedFilters, days_drawn, noise_windows, study_params
from tests.analysis.tiny import state_of, stirred
from tests.series import dataset_of, raw_windows


def ramp(lookback: int = 6):
    return raw_windows(dataset_of({"co2": np.arange(400.0)}), 2, lookback=lookback, residual="none")["test"]


def up_and_down(pool: int = 2, kernel: int = 1) -> PlantedFilters:
    """One filter that rises with the target, one that falls, and one that is dead."""
    return PlantedFilters(
        [[1.0], [-1.0], [0.0]],
        [20.0, LIFT + 20, -1.0],
        lambda maps: maps.sum(dim=(1, 2)),
        pool=pool,
        kernel=kernel,
    )


def small(**changed) -> CNNLSTMForecaster:
    return stirred(
        CNNLSTMForecaster(2, 2, **({"channels": (4, 5), "hidden": 4, "head": 6} | changed)), seed=1
    )


def test_a_model_left_in_training_mode_is_read_in_evaluation_mode():
    windows, model = noise_windows(800)["test"], small()
    expected = pool_selection(model, windows, study_params()).by_filter
    before = state_of(model.train())
    np.testing.assert_array_equal(pool_selection(model, windows, study_params()).by_filter, expected)
    assert state_of(model) == before


@pytest.mark.parametrize("pool", [2, 3])
def test_a_rise_selects_the_newest_and_a_fall_the_oldest(pool):
    selection = pool_selection(up_and_down(pool), ramp(), study_params())
    assert selection.by_filter.tolist() == [1, 0, pytest.approx(1 / pool)]
    np.testing.assert_allclose(selection.by_filter_error, 0, atol=1e-12)
    assert selection.tied.tolist() == [0, 0, 1]
    assert selection.choosing.tolist() == [1, 0]
    expected = np.zeros((6 // pool, pool))
    expected[:, [0, -1]] = 1 / 3  # one filter of three each; the dead one selects nothing
    np.testing.assert_allclose(selection.frequency, expected)
    np.testing.assert_allclose(selection.newest, 0.5)
    assert selection.overall == 0.5
    assert selection.chance == pytest.approx(1 / pool)
    assert "1 filter never had a choice and is left out" in pool_finding(selection)


def test_an_odd_lookback_leaves_out_the_group_with_the_repeated_step():
    selection = pool_selection(up_and_down(), ramp(lookback=7), study_params())
    np.testing.assert_allclose(selection.hours_before, [[5, 4], [3, 2], [1, 0]])
    assert selection.tied.tolist() == [0, 0, 1]  # the repeated step would tie with itself
    even = pool_selection(up_and_down(), ramp(lookback=6), study_params())
    np.testing.assert_allclose(selection.frequency, even.frequency)
    three = pool_selection(up_and_down(pool=3), ramp(lookback=7), study_params())
    np.testing.assert_allclose(three.hours_before, [[5, 4, 3], [2, 1, 0]])
    assert three.by_filter[:2].tolist() == [1, 0]


def test_groups_that_see_the_padding_are_marked():
    assert not pool_selection(
        up_and_down(), ramp(12), study_params()
    ).padded.any()  # kernels of one step see none
    # two kernels of three steps reach two steps beyond, that is one group of two at either end
    padded = pool_selection(up_and_down(kernel=3), ramp(12), study_params()).padded
    assert padded.tolist() == [True, False, False, False, False, True]
    # causal filters of 7 and 5 taps reach back ten steps, five groups of two, and no step ahead
    wide = small(kernels=(7, 5))
    padded = pool_selection(wide, noise_windows(800, lookback=18)["test"], study_params()).padded
    assert padded.tolist() == [True] * 5 + [False] * 4
    # with an odd lookback the group of the repeated step is gone, and with it one step that the padding reaches
    padded = pool_selection(wide, noise_windows(800, lookback=19)["test"], study_params()).padded
    assert padded.tolist() == [True] * 5 + [False] * 4
    padded = pool_selection(wide, noise_windows(800, lookback=20)["test"], study_params()).padded
    assert padded.tolist() == [True] * 5 + [False] * 5


def test_a_group_is_marked_where_zeros_in_place_of_the_steps_before_would_be_told_from_others():
    # an independent count: a group whose field lies within the window does not change with what lies before it
    model, lookback = small(kernels=(6, 4), pool=3), 25
    padded = pool_selection(model, noise_windows(800, lookback=lookback)["test"], study_params()).padded
    longer = torch.randn(16, lookback + 30, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), record(model, ["relu2"]) as outputs:
        model(longer)
        whole = outputs["relu2"][:, :, -24:]
        model(longer[:, -lookback:])
        cut = outputs["relu2"][:, :, -24:]
    differs = ((whole - cut).abs() > 1e-6).any(dim=1).any(dim=0).unflatten(0, (-1, 3)).any(dim=1)
    assert padded.tolist() == differs.tolist()


@pytest.mark.parametrize("pool", [2, 3])
def test_counts_and_errors_equal_those_of_pytorchs_own_indices(pool):
    windows, params = noise_windows(1000, lookback=12)["test"], study_params(draws=30)
    model = small(pool=pool)
    selection = pool_selection(model, windows, params)
    x, _ = windows.gather(torch.arange(len(windows)))
    with torch.no_grad():
        maps = model.relu2(model.norm2(model.conv2(model.relu1(model.norm1(model.conv1(x.transpose(1, 2)))))))
    _, indices = nn.functional.max_pool1d(maps, pool, return_indices=True)
    place = (indices % pool).numpy()
    groups = maps.unflatten(2, (-1, pool)).sort(dim=3).values
    decided = (groups[..., -1] > groups[..., -2]).numpy()
    newest = decided & (place == pool - 1)
    for step in range(pool):
        expected = (decided & (place == step)).mean(axis=(0, 1))
        np.testing.assert_allclose(selection.frequency[:, step], expected)
    np.testing.assert_allclose(selection.tied, 1 - decided.mean(axis=(0, 2)), atol=1e-12)
    beyond = (newest - decided * newest.sum() / decided.sum()).sum(
        axis=(1, 2)
    )  # of each window, around the share
    for axes, value, error in (
        ((0, 1), selection.newest, selection.newest_error),
        ((0, 2), selection.by_filter, selection.by_filter_error),
        ((0, 1, 2), selection.overall, selection.overall_error),
    ):
        np.testing.assert_allclose(value, newest.sum(axis=axes) / decided.sum(axis=axes))
        drawn = [
            newest[days].sum(axis=axes) / decided[days].sum(axis=axes)
            for days in days_drawn(windows, beyond, 30, params.seed)
        ]
        np.testing.assert_allclose(error, np.std(drawn, axis=0), atol=1e-12)
    np.testing.assert_allclose(selection.decided, decided.mean(axis=(0, 1)))
    assert selection.n_windows == len(windows)


def test_noise_has_no_preference():
    model = PlantedFilters([[1.0, 0.0], [0.0, 1.0]], [10 - LIFT] * 2, lambda maps: maps.sum(dim=(1, 2)))
    selection = pool_selection(model, noise_windows(3000)["test"], study_params(draws=200))
    assert abs(selection.overall - 0.5) < 3 * selection.overall_error
    assert 0 < selection.overall_error < 0.02
    assert (selection.tied == 0).all()


def test_dead_filters_alone_are_said_to_be():
    model = PlantedFilters([[0.0]], [-1.0], lambda maps: maps.sum(dim=(1, 2)))
    selection = pool_selection(model, ramp(), study_params())
    assert (
        pool_finding(selection)
        == "Every group is a tie: no filter distinguishes the steps that the pool joins."
    )
    assert selection.overall == selection.chance == 0.5
    assert np.isfinite(selection.newest_error).all()
    assert not selection.choosing.size


def test_a_pool_of_one_step_has_no_choice():
    selection = pool_selection(up_and_down(pool=1), ramp(), study_params())
    assert pool_finding(selection) == "The pool joins single steps, so it has nothing to select from."
    assert selection.overall == selection.chance == 1


def test_what_cannot_be_examined_is_refused():
    with pytest.raises(
        LstmkitError, match="a lookback of 3 steps holds no whole group of the 4 that the pool joins"
    ):
        pool_selection(up_and_down(pool=4), ramp(lookback=3), study_params())
    with pytest.raises(LstmkitError, match="LSTMForecaster has 0 convolutional stages"):
        pool_selection(LSTMForecaster(1, 2, hidden=2), ramp(), study_params())
    averaging = up_and_down()
    averaging.pool = nn.AvgPool1d(2)
    with pytest.raises(
        LstmkitError, match=r"pool is of the kind AvgPool1d: nn\.MaxPool1d alone selects steps"
    ):
        pool_selection(averaging, ramp(), study_params())


def test_the_model_stays_as_it_was():
    model = small()
    before = state_of(model)
    pool_selection(model, noise_windows()["test"], study_params(windows=50))
    assert state_of(model) == before


SELECTION = PoolSelection(
    frequency=np.array([[0.1, 0.3], [0.2, 0.2], [0.3, 0.1]]),
    newest=np.array([0.75, 0.5, 0.25]),
    newest_error=np.array([0.02, 0.02, 0.02]),
    by_filter=np.array([0.4, 0.58]),
    by_filter_error=np.array([0.01, 0.05]),
    overall=0.49,
    overall_error=0.004,
    chance=0.5,
    tied=np.array([0.5, 0.7]),
    padded=np.array([True, False, True]),
    hours_before=np.array([[5.0, 4.0], [3.0, 2.0], [1.0, 0.0]]),
    n_windows=2048,
    n_days=100,
)


def test_finding_frame_and_facts():
    assert pool_finding(SELECTION) == (
        "60 % of the groups are ties. In the others the newest of the 2 steps is selected in 49.00 ± 0.40 % "
        "of the cases, less often than by chance (50 %). Along the lookback its share lies between 50.0 and "
        "50.0 % in the 1 group whose field lies within the window; between 25 and 75 % in the 2 groups at the"
        " ends, whose field reaches into the padding (25 % in the newest of all). Filters range from 40.0 ± "
        "1.0 % (filter 0) to 58.0 ± 5.0 % (filter 1); 1 of 2 differ from chance by more than two standard "
        "errors."
    )
    assert "no more and no less than by chance (50 %)" in pool_finding(replace(SELECTION, overall=0.495))
    assert "too few" not in pool_caption(SELECTION)
    assert pool_caption(replace(SELECTION, n_days=4)).endswith(
        " 4 days are too few to rely on this uncertainty."
    )
    frame = SELECTION.to_frame()
    steps, filters = frame.loc["hours_before"], frame.loc["filter"]
    assert steps.index.tolist() == [5, 4, 3, 2, 1, 0]
    assert steps["selected_share"].tolist() == [0.1, 0.3, 0.2, 0.2, 0.3, 0.1]
    assert steps["newest_share"].tolist() == [0.75, 0.75, 0.5, 0.5, 0.25, 0.25]
    assert steps["padded"].tolist() == [True, True, False, False, True, True]
    assert filters["tied_share"].tolist() == [0.5, 0.7]
    assert filters["newest_share"].tolist() == [0.4, 0.58]
    assert SELECTION.facts()["pool_newest_share"] == 0.49


def test_padding_at_one_end_is_said_to_be_there():
    first = pool_finding(replace(SELECTION, padded=np.array([True, False, False])))
    assert (
        "; between 75 and 75 % in the 1 group at the beginning, whose field reaches into the padding. Filters range"
    ) in first
    last = pool_finding(replace(SELECTION, padded=np.array([False, False, True])))
    assert (
        "; between 25 and 25 % in the 1 group at the end, whose field reaches into the padding (25 % in the newest of "
        "all). Filters range"
    ) in last


def test_newest_groups_that_are_always_ties_are_not_told_as_measured():
    tied = replace(SELECTION, frequency=np.array([[0.1, 0.3], [0.2, 0.2], [0.0, 0.0]]))
    assert (
        "between 75 and 75 % in the 1 group at the ends, whose field reaches into the padding (no choice in the "
        "newest of all)."
    ) in pool_finding(tied)


def test_where_every_group_touches_the_padding_the_sentence_is_whole():
    finding = pool_finding(replace(SELECTION, padded=np.ones(3, dtype=bool)))
    assert (
        ". Along the lookback its share lies between 25 and 75 % in the 3 groups at the ends, whose field reaches into "
        "the padding (25 % in the newest of all). Filters range"
    ) in finding


def test_where_no_group_at_the_ends_decides_nothing_is_said_of_them():
    inner = replace(SELECTION, frequency=np.array([[0.0, 0.0], [0.2, 0.2], [0.0, 0.0]]))
    assert "in the 1 group whose field lies within the window. Filters range" in pool_finding(inner)
