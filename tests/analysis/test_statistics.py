"""A stream's mean and standard error are those of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.analysis.statistics import RunningMean


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=8),
    shape=st.sampled_from([(), (3,), (2, 4)]),
    level=st.floats(-1e6, 1e6, allow_subnormal=False),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_split_into_batches_gives_the_same(sizes, shape, level, dtype, seed):
    rng = np.random.default_rng(seed)
    batches = [(level + rng.normal(size=(size, *shape))).astype(dtype) for size in sizes]
    mean = RunningMean()
    for batch in batches:
        mean.add(batch)
    whole = np.concatenate(batches).astype("float64")
    assert mean.count == len(whole)
    scale = max(1, abs(level))
    np.testing.assert_allclose(mean.mean, whole.mean(axis=0), rtol=0, atol=1e-14 * scale * len(whole))
    if len(whole) > 1:
        expected = whole.std(axis=0, ddof=1) / np.sqrt(len(whole))
        np.testing.assert_allclose(mean.standard_error, expected, rtol=1e-6, atol=1e-9 * scale)
    else:
        assert np.isnan(mean.standard_error).all()


def test_by_hand():
    mean = RunningMean()
    mean.add(np.array([[1.0, 10.0]]))
    mean.add(np.array([[2.0, 10.0], [6.0, 10.0]]))
    assert mean.mean.tolist() == [3, 10]
    assert mean.standard_error == pytest.approx([np.sqrt((4 + 1 + 9) / 2 / 3), 0])
