"""Components and participation ratios of clouds whose spectrum is known."""

import json

import numpy as np
import pandas as pd
import pytest

from lstmkit.analysis.states.compactness import compare_variance, participation_ratio
from lstmkit.analysis.states.representation import Representation
from lstmkit.data.calendar import Calendar
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.compactness import variance_comparison_finding
from tests.groups import ranges


def cloud(variances: list[float], n: int = 60, width: int = 8, seed: int = 0) -> np.ndarray:
    """Windows whose covariance has exactly these eigenvalues (times n), around a mean that is not zero."""
    random = np.random.default_rng(seed)
    scores = np.linalg.qr(np.c_[np.ones(n), random.normal(size=(n, len(variances)))])[0][:, 1:]
    turned = np.linalg.qr(random.normal(size=(width, width)))[0][: len(variances)]
    return 3.0 + scores * np.sqrt(variances) @ turned


def representation(values: np.ndarray, name: str) -> Representation:
    origin = pd.date_range("2025-01-01", periods=len(values), freq="h", tz="UTC")
    zeros = np.zeros(len(values))
    groups, calendar = ranges(zeros, (400.0, 800.0)), Calendar("1h")
    return Representation(name, values, origin, zeros, groups.codes, groups, "ppm", calendar)


def compared(first: np.ndarray, second: np.ndarray):
    return compare_variance(representation(first, "CNN output"), representation(second, "LSTM state"))


@pytest.mark.parametrize("width", [8, 300], ids=["narrow", "wider than there are windows"])
def test_curves_counts_and_ratios_of_a_planted_spectrum(width):
    result = compared(cloud([5, 3, 1.5, 0.5], width=width), cloud([9.1, 0.9], width=4))
    np.testing.assert_allclose(result.cumulative[0][:5], [0.5, 0.8, 0.95, 1, 1], rtol=1e-10)
    np.testing.assert_allclose(result.cumulative[1][:2], [0.91, 1], rtol=1e-10)
    assert result.components == (3, 1)
    assert result.participation == pytest.approx((100 / (25 + 9 + 2.25 + 0.25), 100 / (9.1**2 + 0.81)))
    assert [len(curve) for curve in result.cumulative] == [min(width, 59), 4]
    assert (result.n_units, result.n_windows) == ((width, 4), 60)


def test_the_ratio_of_equal_directions_is_their_number():
    result = compared(cloud([1.0] * 6), cloud([1.0]))
    assert result.participation == pytest.approx((6, 1))
    assert result.components == (6, 1)


def test_curves_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    first = np.random.default_rng(3).normal(size=(40, 70)).astype("float32") * np.linspace(3, 0.1, 70)
    second = np.random.default_rng(4).normal(size=(40, 5))
    for curve, values in zip(compared(first, second).cumulative, (first, second), strict=True):
        expected = np.cumsum(PCA().fit(values).explained_variance_ratio_)
        np.testing.assert_allclose(curve, expected[: len(curve)], rtol=1e-6)  # float32


def test_findings_name_the_more_compact():
    many, one = cloud([5, 3, 1.5, 0.5]), cloud([9.1, 0.9], width=4)
    assert variance_comparison_finding(compared(many, one)) == (
        "3 components hold nine tenths of the variance of the CNN output (8 numbers per window, participation ratio "
        "2.7), 1 component holds nine tenths of the variance of the LSTM state (4 numbers per window, participation "
        "ratio 1.2): the LSTM state is the more compact. Both are counted on the same 60 windows."
    )
    assert "the CNN output is the more compact" in variance_comparison_finding(compared(one, many))
    assert "neither is the more compact" in variance_comparison_finding(compared(one, one))
    assert [compared(*pair).more_compact for pair in ((many, one), (one, many), (one, one))] == [
        "LSTM state",
        "CNN output",
        None,
    ]


def test_a_representation_that_does_not_vary_is_told():
    result = compared(np.full((60, 3), 0.1, "float32"), cloud([1.0]))
    assert (result.components, result.participation[0]) == ((0, 1), 0.0)
    assert (
        variance_comparison_finding(result)
        == "The CNN output is the same for every window, so there is nothing to compare."
    )
    assert result.constant == ("CNN output",)
    assert result.cumulative[0].tolist() == [0, 0, 0]
    json.dumps(result.facts(), allow_nan=False)


def test_one_window_fills_no_direction():
    result = compared(np.ones((1, 3)), np.ones((1, 5)))
    assert result.components == (0, 0)
    assert "The CNN output and the LSTM state are the same for every window" in variance_comparison_finding(
        result
    )


def test_the_table_has_both_curves():
    frame = compared(cloud([5, 3, 1.5, 0.5]), cloud([9.1, 0.9], width=4)).to_frame()
    assert frame.index.tolist() == list(range(1, 9))
    assert frame["LSTM state"].notna().sum() == 4
    assert frame.loc[2, "CNN output"] == pytest.approx(0.8)


def test_representations_of_other_windows_are_refused():
    with pytest.raises(LstmkitError, match="not representations of the same windows"):
        compared(cloud([1.0]), cloud([1.0], n=40))


def test_the_participation_ratio_alone_is_that_of_the_comparison():
    values = cloud([5, 3, 1.5, 0.5])
    assert participation_ratio(values) == pytest.approx(10**2 / (25 + 9 + 2.25 + 0.25))
    assert participation_ratio(np.ones((9, 3))) == 0
