"""Windows, held against a brute-force enumeration and against what no forecaster may know."""

import re

import jaxtyping
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from scipy.signal import lfilter

from lstmkit.data.cutting import make_windows
from lstmkit.data.equal_shares import equal_shares
from lstmkit.data.features import build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.split import PARTS
from lstmkit.errors import LstmkitError
from lstmkit.params import SplitParams, WindowParams
from tests.series import dataset_of, raw_windows

few = settings(max_examples=30, deadline=None)
fractions = st.tuples(st.floats(0.3, 0.7), st.floats(0.1, 0.25))
splits = fractions.map(lambda shares: SplitParams(validation_blocks=1, train=shares[0], validation=shares[1]))


@st.composite
def gappy_columns(draw, size, names=("co2", "temperature", "humidity")):
    """Random values; single values missing here and there, and a few stretches in which nothing was measured."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = {name: rng.normal(500, 100, size) for name in names}
    lost = rng.random((size, len(names))) < draw(st.sampled_from([0.0, 0.01, 0.05]))
    for _ in range(draw(st.integers(0, 3))):
        begin, length = draw(st.integers(1, size - 2)), draw(st.integers(1, 6))
        lost[begin : begin + length] = True
    lost[[0, -1]] = False
    return {name: np.where(lost[:, n], np.nan, values) for n, (name, values) in enumerate(columns.items())}


def boundaries(observed, split):
    """Where validation and test begin, row by row: after as many observed rows as the shares say."""
    total = sum(observed)
    found = []
    for share in (split.train, split.train + split.validation):
        wanted, begin = round(total * share), 0
        while wanted:
            wanted -= bool(observed[begin])
            begin += 1
        found.append(begin)
    return found


def admissible(measured, interval, lookback, horizon, split):
    """Every admissible start of each part, from the measurements alone, one window and one row at a time.

    And the rows of its windows from which a forecast of the part may start; inside a window all targets are known.
    """
    n = len(measured)
    observed = [all(np.isfinite(row)) for row in measured]
    fillable = int(pd.Timedelta("1h") / interval)

    def known(row):
        if observed[row]:
            return True
        first = last = row
        while first > 0 and not observed[first - 1]:
            first -= 1
        while last < n - 1 and not observed[last + 1]:
            last += 1
        return first > 0 and last < n - 1 and last - first + 1 <= fillable

    second, third = boundaries(observed, split)
    limits = dict(zip(PARTS, [(0, second), (second, third), (third, n)], strict=True))
    starts = {
        part: [
            start
            for start in range(n)
            if start + lookback >= begin
            and start + lookback + horizon <= end
            and all(known(row) for row in range(start, start + lookback + horizon))
            and observed[start + lookback - 1]
        ]
        for part, (begin, end) in limits.items()
    }
    origins = {
        part: [observed[row] and begin <= row + 1 and row + horizon < end for row in range(n)]
        for part, (begin, end) in limits.items()
    }
    return starts, origins


@few
@given(
    data=st.data(),
    size=st.integers(20, 70),
    interval=st.sampled_from(["20min", "30min", "1h", "2h"]),
    lookback=st.integers(1, 6),
    horizon=st.integers(1, 5),
    split=splits,
)
def test_exactly_the_admissible_windows_are_found(data, size, interval, lookback, horizon, split):
    columns = data.draw(gappy_columns(size, ("co2", "temperature")))
    dataset = dataset_of(columns, interval=interval)
    measured = np.column_stack(list(columns.values()))
    expected, origins = admissible(measured, dataset.interval, lookback, horizon, split)
    if not all(expected.values()):
        with pytest.raises(LstmkitError, match="holds no window"):
            raw_windows(dataset, horizon, split, lookback=lookback, residual="none")
        return
    windows = raw_windows(dataset, horizon, split, lookback=lookback, residual="none")
    for part, starts in expected.items():
        assert windows[part].starts.tolist() == starts
        x, y = windows[part].gather(torch.arange(len(starts)))
        assert torch.isfinite(x).all()
        assert torch.isfinite(y).all()
        again, many, count = windows[part].gather_origins(torch.arange(len(starts)), torch.arange(lookback))
        assert torch.equal(again, x)
        assert torch.equal(many[:, -1], y)
        assert torch.isfinite(many).all()
        assert count.tolist() == [origins[part][start : start + lookback] for start in starts]
        assert count[:, -1].all()


@few
@given(
    data=st.data(),
    grid=st.sampled_from([("30min", "raw"), ("30min", "preproc_D"), ("1h", "preproc_D"), ("2h", "raw")]),
    scaling=st.sampled_from(["robust", "standard"]),
    residual=st.sampled_from(["none", "last", "climatology", "damped"]),
)
def test_nothing_after_the_training_part_reaches_training(data, grid, scaling, residual):
    interval, variant = grid
    size, split = 300, SplitParams(validation_blocks=1, train=data.draw(st.floats(0.4, 0.6)), validation=0.2)
    columns = data.draw(gappy_columns(size))
    observed = np.isfinite(np.column_stack(list(columns.values()))).all(axis=1)
    second, _ = boundaries(observed, split)
    after = np.arange(size) >= second
    changed = {name: np.where(after, 3 * values + 1000, values) for name, values in columns.items()}
    params = WindowParams(lookback=12, scaling=scaling, residual=residual)
    seen = []
    for measured in (columns, changed):
        dataset = dataset_of(measured, interval=interval, site_timezone="America/New_York")
        try:
            train = make_windows(dataset, build_features(dataset, variant), 2, params, split)["train"]
        except LstmkitError:
            reject()  # too many gaps for windows as long as this
        target = train.one(train.values)[train.rows]
        edges = equal_shares(target[~np.isnan(target)], 3)
        seen.append(
            [
                *train.gather_origins(torch.arange(len(train)), torch.arange(12)),
                *map(torch.from_numpy, (train.scaler.center, train.scaler.scale)),
                *map(torch.from_numpy, (train.residual.expected, train.residual.rate, train.residual.scale)),
                torch.tensor(edges, dtype=torch.float64),
            ]
        )
    for before, now in zip(*seen, strict=True):
        assert torch.equal(before, now)


@few
@given(
    data=st.data(), interval=st.sampled_from(["30min", "1h"]), variant=st.sampled_from(["raw", "preproc_D"])
)
def test_no_input_looks_ahead(data, interval, variant):
    size, split = 200, SplitParams(validation_blocks=1, train=0.5, validation=0.2)
    columns = data.draw(gappy_columns(size))
    t = data.draw(st.integers(size // 2, size - 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    later = np.arange(size) > t  # what is measured after the step at t has ended
    lost = later & (rng.random(size) < 0.3)
    lost[-1] = False
    changed = {
        name: np.where(later, np.where(lost, np.nan, rng.normal(900, 50, size)), values)
        for name, values in columns.items()
    }
    known, starts = [], []
    for measured in (columns, changed):
        dataset = dataset_of(measured, interval=interval, site_timezone="America/New_York")
        features = build_features(dataset, variant)
        windows = make_windows(dataset, features, 1, WindowParams(lookback=3), split)
        known.append(
            features.frame.to_numpy()
        )  # scales are constants of the training part, which ends elsewhere now
        starts.append(torch.cat([part.starts for part in windows.values()]))
    for found in starts:
        rows = found[found + 2 <= t][:, None] + torch.arange(3)
        assert len(rows)
        np.testing.assert_array_equal(known[0][rows], known[1][rows])


def test_an_interpolated_step_is_an_input_but_no_origin():
    keep = np.ones(20, bool)
    keep[4] = False  # its filled value is the mean of rows 3 and 5
    dataset = dataset_of({"co2": np.arange(20.0) ** 2}, keep=keep)
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.2)
    train = raw_windows(dataset, 1, split, lookback=2, residual="none")["train"]
    assert train.starts.tolist() == [
        0,
        1,
        2,
        4,
        5,
        6,
        7,
        8,
    ]  # but 3, which would start its forecast from row 4
    x, _ = train.gather(torch.tensor([3]))
    filled, five = x[0, :, 0].double().numpy() * train.scaler.scale[0] + train.scaler.center[0]
    assert (filled, five) == pytest.approx((17, 25), rel=1e-6)


def test_two_campaigns_years_apart_fill_all_parts():
    days = [
        pd.date_range(begin, periods=60 * 24, freq="1h", tz="UTC") for begin in ("2022-01-01", "2024-01-01")
    ]
    stamps = days[0].append(days[1])
    frame = pd.DataFrame({"co2": np.arange(float(len(stamps)))}, index=stamps)
    dataset = make_dataset(
        "Hand", frame, target="co2", interval=pd.Timedelta("1h"), site_timezone="UTC", units={"co2": "ppm"}
    )
    windows = raw_windows(
        dataset, 6, SplitParams(validation_blocks=1, train=0.6, validation=0.1), lookback=24, residual="none"
    )
    # 2880 hours: training ends with the 1728th, 288 hours into the second campaign; each stretch loses 29 starts,
    # validation and test, whose inputs reach back, only those of 5 targets
    assert {name: len(part) for name, part in windows.items()} == {
        "train": 1440 - 29 + 288 - 29,
        "validation": 288 - 5,
        "test": 864 - 5,
    }
    assert windows["test"].origin[0] == pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(
        f"{288 + 288 - 1}h"
    )


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(0)
    columns = {"co2": rng.normal(600, 90, 200), "temperature": rng.normal(21, 1, 200)}
    dataset = dataset_of(columns, interval="30min", site_timezone="America/New_York")
    return raw_windows(dataset, 4, lookback=6, residual="climatology")


def test_all_parts_share_one_storage(windows):
    parts = [*windows.values(), windows["train"].select(torch.tensor([1, 2])), windows["train"].sample(5, 0)]
    for tensor in (lambda part: part.inputs, lambda part: part.residual.deviations):
        assert len({tensor(part).data_ptr() for part in parts}) == 1
        assert len(tensor(parts[0])) == 200
    assert len({id(part.residual.expected) for part in parts}) == 1


@pytest.mark.parametrize("part", PARTS)
def test_gather_is_slicing(windows, part):
    """What is to be learnt beside the climatology are the deviations from it."""
    chosen = windows[part]
    index = torch.tensor([len(chosen) - 1, 0, 3, 3])
    x, y = chosen.gather(index)
    for row, n in enumerate(index.tolist()):
        start = chosen.starts[n].item()
        assert torch.equal(x[row], chosen.inputs[start : start + 6])
        assert torch.equal(y[row], chosen.residual.deviations[start + 6 : start + 10])


def test_targets_and_inputs_of_each_part_by_hand():
    """Twenty steps, half of them training: inputs reach back into the part before, targets do not."""
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    windows = raw_windows(dataset_of({"co2": np.arange(20.0)}), 2, split, lookback=5)
    assert {name: part.starts.tolist() for name, part in windows.items()} == {
        "train": [0, 1, 2, 3],
        "validation": [5, 6, 7, 8],  # of targets 10 to 14
        "test": [10, 11, 12, 13],
    }
    assert windows["validation"].observed().tolist() == [[[k], [k + 1]] for k in (10, 11, 12, 13)]
    np.testing.assert_array_equal(windows["validation"].past()[0], [[5], [6], [7], [8], [9]])


def test_a_forecast_of_the_part_before_does_not_count():
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.25)
    windows = raw_windows(dataset_of({"co2": np.arange(20.0)}), 2, split, lookback=5)
    _, _, count = windows["validation"].gather_origins(torch.arange(4), torch.arange(5))
    assert count.tolist() == [
        [False] * 4 + [True],  # from row 9 on; from row 8 on the first target would be the last of training
        [False] * 3 + [True] * 2,
        [False] * 2 + [True] * 3,
        [False] + [True] * 4,
    ]
    *_, count = windows["train"].gather_origins(torch.arange(4), torch.arange(5))
    assert count.all()


def test_a_forecast_from_an_interpolated_step_does_not_count():
    keep = np.ones(20, bool)
    keep[4] = False
    train = raw_windows(
        dataset_of({"co2": np.arange(20.0) ** 2}, keep=keep),
        1,
        SplitParams(validation_blocks=1, train=0.5, validation=0.2),
        lookback=3,
    )["train"]
    n = train.starts.tolist().index(3)
    _, y, count = train.gather_origins(torch.tensor([n]), torch.tensor([0, 1, 2]))
    assert count.tolist() == [[True, False, True]]
    assert torch.isfinite(y).all()


@pytest.mark.parametrize(("kind", "rate"), [("none", 0), ("last", 1)])
def test_what_is_to_be_learnt_at_many_steps_of_a_window_by_hand(kind, rate):
    co2 = np.arange(40.0) ** 2
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.2)
    train = raw_windows(dataset_of({"co2": co2}), 3, split, lookback=6, residual=kind)["train"]
    steps = torch.tensor([1, 4, 5])
    x, y, _ = train.gather_origins(torch.tensor([7, 2]), steps)
    assert torch.equal(x, train.gather(torch.tensor([7, 2]))[0])
    mean = co2[:20].mean()
    for row, start in enumerate((7, 2)):
        for column, step in enumerate((1, 4, 5)):
            origin = start + step
            forecast = mean + rate * (co2[origin] - mean)
            left = co2[origin + 1 : origin + 4] - forecast
            np.testing.assert_allclose(
                y[row, column].numpy() * train.residual.scale, left[:, None], rtol=1e-4
            )
    alone = train.without_network()[7]  # its forecast starts from row 12
    np.testing.assert_allclose(alone, np.full((3, 1), co2[12] if rate else mean), rtol=1e-6)


@pytest.mark.parametrize(
    ("stays", "cycle", "days", "kind"),
    [
        (1.0, 0, 80, "last"),
        (0.0, 100, 80, "climatology"),
        (0.9, 100, 80, "climatology"),
        (0.9, 100, 40, "damped"),  # about 570 training windows: too few to learn how deviations fade
        (0.0, 100, 40, "climatology"),
    ],
)
def test_without_a_name_the_rule_is_the_best_one_of_the_validation_windows(stays, cycle, days, kind):
    """Deviations from a daily cycle, of which a share stays from hour to hour; `damped` alone knows of both."""
    hours, noise = np.arange(days * 24), np.random.default_rng(0).normal(size=days * 24)
    deviation = lfilter([1], [1, -stays], noise) if stays else 1e-3 * noise
    co2 = 600 + cycle * np.sin(2 * np.pi * hours / 24) + 20 * deviation
    windows = raw_windows(dataset_of({"co2": co2}), 12, lookback=6, residual="auto")
    for part in windows.values():
        assert part.residual.kind == kind


@pytest.mark.parametrize("part", PARTS)
def test_batches_are_all_windows_in_order(windows, part):
    chosen = windows[part]
    batches = list(chosen.batches(7))
    assert [len(x) for x, _ in batches[:-1]] == [7] * (len(batches) - 1)
    x, y = chosen.gather(torch.arange(len(chosen)))
    assert torch.equal(torch.cat([x for x, _ in batches]), x)
    assert torch.equal(torch.cat([y for _, y in batches]), y)


@pytest.mark.parametrize("residual", ["none", "last", "climatology", "damped"])
@pytest.mark.parametrize("scaling", ["robust", "standard"])
def test_back_in_units_the_scaled_targets_are_the_raw_ones(residual, scaling):
    co2 = np.random.default_rng(1).normal(600, 90, 300)
    dataset = dataset_of({"co2": co2}, interval="1h", site_timezone="America/New_York")
    split = SplitParams(validation_blocks=1, train=0.5, validation=0.2)
    windows = raw_windows(dataset, 5, split, lookback=24, residual=residual, scaling=scaling)
    for part in windows.values():
        raw = np.stack([co2[start + 24 : start + 29, None] for start in part.starts.tolist()])
        _, scaled = part.gather(torch.arange(len(part)))
        # float32 rounds both deviations, what is left of the last one, and the difference
        largest = 3 * part.residual.deviations.abs().max().item() + scaled.abs().max().item()
        rounding = 1.01 * 2**-24 * largest * part.scale  # in ppm
        np.testing.assert_allclose(part.to_units(scaled), raw, rtol=0, atol=rounding)
        np.testing.assert_array_equal(
            part.observed(), raw
        )  # float32 would move whole numbers off a regime's edge


@pytest.mark.parametrize("residual", ["climatology", "damped"])
def test_without_a_network_a_day_that_repeats_itself_is_forecast_exactly(residual):
    co2 = 500 + 100 * np.sin(2 * np.pi * np.arange(24 * 14) / 24)
    windows = raw_windows(dataset_of({"co2": co2}), 2, lookback=3, residual=residual)["test"]
    np.testing.assert_allclose(windows.without_network(), windows.observed(), atol=1e-4)
    zeros = windows.to_units(torch.zeros(len(windows), 2, 1))
    np.testing.assert_array_equal(windows.without_network(), zeros)


def test_origin_and_hours_ahead(windows):
    train = windows["train"]
    start = pd.Timestamp("2025-06-02", tz="UTC").tz_convert("America/New_York")
    assert train.origin[0] == start + 5 * pd.Timedelta("30min")
    assert str(train.origin.tz) == "America/New_York"
    assert train.hours_ahead == 2.0


def test_a_sample_is_seeded_ordered_and_without_repetition(windows):
    train = windows["train"]
    some, again, other = train.sample(20, 3), train.sample(20, 3), train.sample(20, 4)
    assert torch.equal(some.starts, again.starts)
    assert not torch.equal(some.starts, other.starts)
    assert (some.starts.diff() > 0).all()
    assert set(some.starts.tolist()) <= set(train.starts.tolist())
    assert train.sample(len(train), 0) is train


@pytest.mark.parametrize(
    ("size", "lookback", "part"),
    [(2, 3, "train"), (20, 10, "train"), (20, 5, "validation"), (30, 4, "validation")],
)
def test_a_part_without_windows_is_named(size, lookback, part):
    dataset = dataset_of({"co2": np.arange(float(size))})
    with pytest.raises(LstmkitError, match=rf"the {part} part .* holds no window of {lookback} \+ 4 steps"):
        raw_windows(dataset, 4, lookback=lookback)


def test_the_gap_in_the_way_is_named():
    keep = np.ones(400, bool)
    keep[[*range(100, 106), *range(290, 390)]] = (
        False  # of 294 observed hours 176 are training, 29 validation
    )
    dataset = dataset_of({"co2": np.arange(400.0)}, keep=keep, site_timezone="Europe/Berlin")
    with pytest.raises(LstmkitError) as error:
        raw_windows(dataset, 40, SplitParams(validation_blocks=1, train=0.6, validation=0.1), lookback=24)
    assert str(error.value) == (
        "Hand: the validation part (30 observed steps) holds no window of 24 + 40 steps without a gap: the longest "
        "stretch with all inputs is of 30 steps; the longest gap of the series, 4 days, is from 2025-06-14 03:00 to "
        "2025-06-18 08:00. Give a longer series, a shorter lookback or horizon, or another split"
    )


def test_the_target_time_of_daily_forecasts_is_local_midnight():
    days = pd.date_range("2025-03-01", periods=60, tz="Europe/Berlin")
    frame = pd.DataFrame({"co2": np.arange(60.0)}, index=days.tz_convert("UTC"))
    dataset = make_dataset(
        "Hand",
        frame,
        target="co2",
        interval=pd.Timedelta("1D"),
        site_timezone="Europe/Berlin",
        units={"co2": "ppm"},
    )
    train = raw_windows(
        dataset, 3, SplitParams(validation_blocks=1, train=0.4, validation=0.3), lookback=5, residual="none"
    )["train"]
    assert train.target_time.tolist() == days[7 : 7 + len(train)].tolist()
    assert train.origin.tolist() == days[4 : 4 + len(train)].tolist()
    assert train.hours_ahead == 72


@pytest.mark.parametrize("index", [torch.zeros(2, 2, dtype=torch.int64), torch.zeros(2)])
def test_wrong_shapes_and_types_are_refused(windows, index):
    with pytest.raises(TypeCheckError, match="'index'"):
        windows["train"].gather(index)


def test_the_past_ends_with_the_latest_value():
    windows = raw_windows(dataset_of({"co2": np.arange(90.0) ** 1.5}), 2, lookback=5)["test"]
    past = windows.past()
    np.testing.assert_array_equal(past[:, -1], windows.latest())
    rows = windows.starts.numpy()[:, None] + np.arange(5)
    np.testing.assert_array_equal(past, np.arange(90.0)[rows, None] ** 1.5)


@pytest.mark.parametrize(
    ("n_steps", "hours"), [(None, [3, 2, 1, 0]), (4, [3, 2, 1, 0]), (2, [2, 0]), (1, [0])]
)
def test_steps_share_the_lookback_evenly(n_steps, hours):
    windows = raw_windows(dataset_of({"co2": np.arange(60.0)}), 1, lookback=4)["test"]
    assert windows.hours_before(n_steps).tolist() == hours


@pytest.fixture
def no_shape_checks():
    """As outside of tests, where shapes in signatures are not enforced."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.parametrize(
    "reshape",
    [
        lambda ahead: ahead[:, 0, 0],
        lambda ahead: ahead[:, 0],
        lambda ahead: ahead[..., 0],
        lambda ahead: ahead[..., None],
        lambda ahead: ahead[:, :1],
        lambda ahead: ahead[:1],
        lambda ahead: ahead.expand(-1, -1, 2),
    ],
    ids=["one axis", "no steps", "no targets", "a fourth axis", "one step", "one window", "two targets"],
)
def test_outputs_that_would_be_broadcast_are_refused(no_shape_checks, reshape):
    windows = raw_windows(dataset_of({"co2": np.arange(400.0)}), 2, lookback=6, residual="none")["test"]
    outputs = reshape(torch.zeros(len(windows), 2, 1))
    said = rf"^the shape {re.escape(str(tuple(outputs.shape)))} is not that of forecasts: \({len(windows)}, 2, 1\) is"
    with pytest.raises(LstmkitError, match=said):
        windows.to_units(outputs)
