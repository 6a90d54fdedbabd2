"""The curve of errors: the worst of each stretch of time, and where windows are missing."""

import numpy as np

from lstmkit.analysis.errors.curve import error_curve
from lstmkit.analysis.errors.in_time import forecast_errors
from tests.analysis.planted import rows_of, windows_of
from tests.groups import by_edges

EDGES = (550.0, 650.0)


def errors_of(folder, windows, planted):
    return forecast_errors(rows_of(folder, windows, planted), windows, by_edges(windows, EDGES))


def test_every_forecast_is_a_point_where_there_is_room(tmp_path):
    windows = windows_of(n=200)
    planted = np.random.default_rng(0).normal(size=(len(windows), 3))
    curve = error_curve(errors_of(tmp_path, windows, planted))
    np.testing.assert_allclose(curve.rmse, np.sqrt((planted**2).mean(axis=1)), rtol=1e-9)
    np.testing.assert_array_equal(curve.position, np.arange(len(windows)))
    assert curve.origin.equals(windows.origin)
    assert not curve.after_gap.any()


def test_the_worst_of_each_stretch_is_kept(tmp_path):
    windows = windows_of(n=200)
    planted = np.ones((len(windows), 3))
    planted[[5, 60, 61]] = [[2.0] * 3, [7.0] * 3, [9.0] * 3]
    curve = error_curve(errors_of(tmp_path, windows, planted), most=10)
    assert len(curve.position) == 10
    assert {5, 61} <= set(curve.position) and 60 not in curve.position
    assert curve.worst == 61
    assert curve.rmse.max() == np.float64(9.0)


def test_missing_windows_end_the_line(tmp_path):
    keep = np.ones(400, bool)
    keep[300:320] = False
    windows = windows_of(n=400, keep=keep)
    curve = error_curve(errors_of(tmp_path, windows, 1.0), most=50)
    (gap,) = np.flatnonzero(curve.after_gap)
    after = windows.time[320 + windows.lookback - 1]
    assert curve.origin[gap - 1] < windows.time[300] and curve.origin[gap] >= after
