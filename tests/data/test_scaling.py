"""Scalers, worked out by hand."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from lstmkit.data.scaling import Scaler

IQR_OF_A_NORMAL = norm.ppf(0.75) - norm.ppf(0.25)  # 1.349 standard deviations


def test_robust_by_hand():
    scaler = Scaler.fit(pd.DataFrame({"co2": [1.0, 2, 3, 4, 100], "flipped": [5.0, 3, 1, -1, -3]}), "robust")
    np.testing.assert_allclose(scaler.center, [3, 1])
    np.testing.assert_allclose(scaler.scale, np.array([4 - 2, 3 - -1]) / IQR_OF_A_NORMAL)


def test_robust_of_a_normal_sample_is_its_standard_deviation():
    sample = norm.ppf((np.arange(10_001) + 0.5) / 10_001, loc=7, scale=3)
    scaler = Scaler.fit(pd.DataFrame({"co2": sample}), "robust")
    np.testing.assert_allclose([scaler.center[0], scaler.scale[0]], [7, 3], rtol=1e-3)


def test_standard_by_hand():
    scaler = Scaler.fit(pd.DataFrame({"co2": [1.0, 2, 3, 6]}), "standard")
    np.testing.assert_allclose([scaler.center[0], scaler.scale[0]], [3, np.sqrt((4 + 1 + 0 + 9) / 4)])


def test_missing_values_are_left_out():
    whole = pd.DataFrame({"co2": [1.0, 2, 3, 4, 100]})
    gappy = pd.DataFrame({"co2": [1, np.nan, 2, 3, np.nan, 4, 100]})
    for kind in ("robust", "standard"):
        for name in ("center", "scale"):
            expected = getattr(Scaler.fit(whole, kind), name)
            np.testing.assert_array_equal(getattr(Scaler.fit(gappy, kind), name), expected)


def test_where_half_of_a_column_is_at_one_value_the_standard_deviation_scales():
    scaler = Scaler.fit(pd.DataFrame({"rain": [0.0] * 7 + [8.0]}), "robust")
    np.testing.assert_allclose([scaler.center[0], scaler.scale[0]], [0, np.sqrt(7 / 8 * 1 + 49 / 8)])


def test_a_constant_column_is_only_centred():
    frame = pd.DataFrame({"co2": [1.0, 2, 3, 4], "dead": [0.1] * 4})
    for kind in ("robust", "standard"):
        scaler = Scaler.fit(frame, kind)
        assert scaler.scale[1] == 1
        np.testing.assert_allclose(scaler.transform(frame)[:, 1], 0, atol=1e-16)


def test_transform_is_float32_and_keeps_what_is_missing():
    scaler = Scaler(center=np.array([10.0, 0.0]), scale=np.array([2.0, 4.0]))
    scaled = scaler.transform(pd.DataFrame({"a": [10, 14, np.nan], "b": [4.0, -2, 1]}))
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.array([[0, 1], [2, -0.5], [np.nan, 0.25]], "float32"))
