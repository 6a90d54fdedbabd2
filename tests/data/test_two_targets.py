"""Two targets: what there is of each is what there is of it alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from lstmkit.data.climatology import climatologies, climatology
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import build_features
from lstmkit.data.residual import FEW, ResidualBaseline, best_baseline, fit_residual_baseline
from lstmkit.data.split import PARTS
from lstmkit.data.task import Task
from lstmkit.errors import LstmkitError
from lstmkit.params import WindowParams
from tests.two_targets import HALF, TARGETS, alone, two_targets, windows_with

KINDS = ("none", "last", "climatology", "damped")
HORIZON = 3


@pytest.fixture(scope="module")
def dataset():
    return two_targets()


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def both(dataset, kind):
    """Windows of both targets."""
    return windows_with(dataset, dataset, HORIZON, residual=kind)


@pytest.fixture(scope="module", params=TARGETS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def single(dataset, kind, name):
    """Windows of one of the targets, with the same features."""
    return windows_with(dataset, alone(dataset, name), HORIZON, residual=kind)


def assert_the_same_rule(found: ResidualBaseline, expected: ResidualBaseline) -> None:
    assert (found.kind, found.rule) == (expected.kind, expected.rule)
    for of in ("expected", "rate", "scale"):
        np.testing.assert_array_equal(getattr(found, of), getattr(expected, of), err_msg=of)
    assert torch.equal(found.deviations, expected.deviations)


def test_the_unit_is_that_of_the_explained_target(dataset):
    train = windows_with(dataset, dataset, HORIZON)["train"]
    assert (train.unit, train.output_unit) == ("ppm", "ppm")
    second = replace(train, target=1)
    assert (second.unit, second.output_unit) == ("°C", "°C")
    assert train.only("temperature").unit == "°C"
    classes = replace(second, task=replace(second.task, kind="classes"))
    assert (classes.unit, classes.output_unit) == ("°C", "logit")


def test_the_targets_are_unlike(both):
    """Or it would not be seen that one is taken for the other."""
    rule = both["train"].residual
    assert rule.scale[0] > 50 * rule.scale[1]
    assert abs(rule.rate[0] - rule.rate[1]) > 0.1 or rule.kind != "damped"
    assert rule.expected[:, 0].min() > 10 * rule.expected[:, 1].max()


@pytest.mark.parametrize("part", PARTS)
def test_the_windows_of_each_target_are_those_of_it_alone(both, single, name, part):
    one, expected = both[part].only(name), single[part]
    assert both[part].shape == (HORIZON, 2)
    assert both[part].task == Task(TARGETS, ("ppm", "degC"), HORIZON)
    assert (one.task, one.shape, one.horizon) == (expected.task, (HORIZON, 1), HORIZON)
    assert (one.features, one.provenance[2:]) == (expected.features, expected.provenance[2:])
    assert torch.equal(one.starts, expected.starts)
    assert torch.equal(one.forecast_rows, expected.forecast_rows)
    assert torch.equal(one.inputs, expected.inputs)
    np.testing.assert_array_equal(one.rows, expected.rows)
    np.testing.assert_array_equal(one.values, expected.values)
    assert_the_same_rule(one.residual, expected.residual)
    index, steps = torch.arange(len(expected)), torch.tensor([3, 17, 29])
    for found, known in zip(one.gather(index), expected.gather(index), strict=True):
        assert torch.equal(found, known)
    for found, known in zip(
        one.gather_origins(index, steps), expected.gather_origins(index, steps), strict=True
    ):
        assert torch.equal(found, known)


@pytest.mark.parametrize("part", PARTS)
def test_the_arrays_of_each_target_are_those_of_it_alone(both, single, name, part):
    whole, expected, at = both[part], single[part], TARGETS.index(name)
    n = len(expected)
    shapes = {
        "observed": (n, HORIZON, 2),
        "past": (n, 30, 2),
        "latest": (n, 2),
        "without_network": (n, HORIZON, 2),
    }
    for of, shape in shapes.items():
        found, known = getattr(whole, of)(), getattr(expected, of)()
        assert found.shape == shape, of
        np.testing.assert_array_equal(found[..., [at]], known, err_msg=of)
        np.testing.assert_array_equal(getattr(whole.only(at), of)(), known, err_msg=of)
        np.testing.assert_array_equal(replace(whole, target=at).one(found), expected.one(known), err_msg=of)
    index, steps = torch.arange(n), torch.tensor([3, 17, 29])
    x, y = whole.gather(index)
    assert torch.equal(x, expected.gather(index)[0])
    assert torch.equal(y[..., [at]], expected.gather(index)[1])
    _, many, count = whole.gather_origins(index, steps)
    _, known, known_count = expected.gather_origins(index, steps)
    assert many.shape == (n, 3, HORIZON, 2)
    assert torch.equal(many[..., [at]], known)
    assert torch.equal(count, known_count)


@pytest.mark.parametrize("part", PARTS)
def test_outputs_in_the_units_of_each_target_are_those_of_it_alone(both, single, name, part):
    whole, expected, at = both[part], single[part], TARGETS.index(name)
    outputs = torch.randn(len(whole), HORIZON, 2, generator=torch.Generator().manual_seed(3))
    found, known = whole.to_units(outputs), expected.to_units(outputs[..., [at]])
    assert found.shape == (len(whole), HORIZON, 2)
    np.testing.assert_array_equal(found[..., [at]], known)
    assert replace(whole, target=at).scale == expected.scale == whole.residual.scale[at]
    _, scaled = whole.gather(torch.arange(len(whole)))
    back = whole.to_units(scaled)
    for target, size in enumerate(whole.residual.scale):  # float32 rounds the differences
        largest = 4 * whole.residual.deviations[:, target].abs().max().item()
        np.testing.assert_allclose(
            back[..., target], whole.observed()[..., target], rtol=0, atol=2**-24 * largest * size + 1e-9
        )


def test_the_rule_fitted_to_both_is_that_of_each_alone(dataset, both, kind, name):
    at, training = TARGETS.index(name), both["train"].rows
    values, usual = dataset.frame[list(TARGETS)].to_numpy(), climatologies(dataset, training)
    origin = both["train"].origin_rows.numpy()
    together = fit_residual_baseline(kind, values, usual, training, origin, HORIZON)
    by_itself = fit_residual_baseline(kind, values[:, [at]], usual[:, [at]], training, origin, HORIZON)
    assert_the_same_rule(together.only(at), by_itself)
    assert torch.equal(together.fading(HORIZON)[:, [at]], by_itself.fading(HORIZON))


def test_the_climatology_of_each_target_is_that_of_it_alone(dataset, name):
    training = np.arange(400)
    usual = climatologies(dataset, training)
    assert usual.shape == (900, 2)
    expected = climatology(dataset.frame[name], dataset.local_time, training, dataset.calendar)
    np.testing.assert_array_equal(usual[:, TARGETS.index(name)], expected)
    np.testing.assert_array_equal(climatologies(alone(dataset, name), training)[:, 0], expected)


def test_no_target_is_exogenous(dataset):
    """Or its level would be shifted at random in training."""
    for variant in ("raw", "preproc_D"):
        features = build_features(dataset, variant)
        found = dict(zip(features.frame, features.provenance, strict=True))
        assert {name: found[name].is_exogenous for name in (*TARGETS, "humidity")} == {
            "co2": False,
            "temperature": False,
            "humidity": True,
        }
        assert found["temperature"].of_target
        assert found["temperature"].column == "temperature"


@pytest.mark.parametrize("target", ["humidity", 2, -1])
def test_windows_of_a_target_that_there_is_not_are_refused(dataset, target):
    train = windows_with(dataset, dataset, residual="none")["train"]
    with pytest.raises(LstmkitError, match=f"^there is no target {target!r}; there are co2, temperature$"):
        train.only(target)


GAP = slice(200, 205)


def with_a_gap(column: str):
    """Windows of both targets, and of the first alone, whose features are the columns without a gap."""
    dataset = two_targets()
    frame, observed = dataset.frame.copy(), dataset.observed.copy()
    frame.iloc[GAP, frame.columns.get_loc(column)] = np.nan
    observed.iloc[GAP] = False  # in all columns
    dataset = replace(dataset, frame=frame, observed=observed)
    features = build_features(dataset, "raw")
    left = [at for at, name in enumerate(features.frame) if name != column]
    features = replace(
        features,
        frame=features.frame.iloc[:, left],
        provenance=tuple(features.provenance[at] for at in left),
    )
    params = WindowParams(lookback=30, residual="damped")
    return dataset, *(
        make_windows(each, features, HORIZON, params, HALF) for each in (dataset, alone(dataset, "co2"))
    )


def test_a_gap_of_the_second_target_alone_removes_the_windows_that_need_it():
    dataset, both, first = with_a_gap("temperature")
    missing = np.isnan(dataset.frame["temperature"].to_numpy())
    assert np.flatnonzero(missing).tolist() == list(range(200, 205))
    assert not np.isnan(dataset.frame["co2"]).any()
    needed = {
        part: [missing[start + 30 : start + 30 + HORIZON].any() for start in first[part].starts.tolist()]
        for part in PARTS
    }
    # ahead of the origins 197, 198 and 199; from those inside the gap nothing is forecast, they were not measured
    assert {part: sum(each) for part, each in needed.items()} == {"train": 3, "validation": 0, "test": 0}
    for part in PARTS:
        kept = [
            start for start, gone in zip(first[part].starts.tolist(), needed[part], strict=True) if not gone
        ]
        assert both[part].starts.tolist() == kept
        _, y = both[part].gather(torch.arange(len(kept)))
        assert torch.isfinite(y).all()
        assert np.isfinite(both[part].without_network()).all()
        assert np.isfinite(both[part].observed()).all()
    starts = both["train"].starts.numpy()
    behind = [missing[start : start + 30].any() for start in starts]
    assert sum(behind) > 20  # what was missing before the origin is no target
    rows = np.arange(len(missing))
    can_start = both["train"].forecast_rows.numpy()
    alone_can = first["train"].forecast_rows.numpy()
    ahead = np.array([missing[row + 1 : row + 1 + HORIZON].any() for row in rows])
    np.testing.assert_array_equal(can_start, alone_can & ~ahead)


def test_a_gap_of_another_column_removes_no_more_than_with_one_target():
    _, both, first = with_a_gap("humidity")
    for part in PARTS:
        assert torch.equal(both[part].starts, first[part].starts)


# Which rule is the best of both


def rules_of(values, usual, horizon=2):
    n = len(values)
    training, origin = np.arange(n), np.arange(n - horizon)
    return [
        fit_residual_baseline(each, values, usual, training, origin, horizon)
        for each in ("last", "climatology")
    ]


def test_each_target_counts_in_its_own_scale_when_the_best_rule_is_chosen():
    """The first target hardly prefers the last value, the second by far the climatology; so do both together."""
    random = np.random.default_rng(0)
    walk = lfilter([1], [1, -0.7], random.normal(size=2000))
    usual = np.zeros((2000, 2))
    values = np.stack([walk, 0.05 * random.normal(size=2000)], axis=1)
    origin = np.arange(1998)
    each = [best_baseline(rules_of(values[:, [at]], usual[:, [at]]), origin, 2).kind for at in (0, 1)]
    assert each == ["last", "climatology"]
    for units in ([1, 1], [1e4, 1], [1, 1e4], [1e-4, 1]):
        scaled = values * np.array(units)
        assert best_baseline(rules_of(scaled, usual), origin, 2).kind == "climatology", units


def test_without_a_name_one_rule_is_chosen_for_both(dataset):
    windows = windows_with(dataset, dataset, HORIZON, residual="auto")
    assert len(windows["train"]) < FEW
    named = {kind: windows_with(dataset, dataset, HORIZON, residual=kind) for kind in KINDS[1:]}
    last = named["last"]["validation"].residual.scale
    held_out = {kind: some["validation"] for kind, some in named.items()}
    errors = {
        kind: np.mean(((some.without_network() - some.observed()) / last) ** 2)
        for kind, some in held_out.items()
    }
    assert windows["train"].residual.kind == min(errors, key=errors.get)
    assert_the_same_rule(windows["test"].residual, named[min(errors, key=errors.get)]["test"].residual)
