"""One forecast beside the truth that was planted."""

import numpy as np
import pytest

from lstmkit.analysis.errors.one_forecast import one_forecast
from lstmkit.findings.errors.one_forecast import one_forecast_caption
from tests.analysis.planted import rows_of, windows_of


def test_its_course_and_its_errors(tmp_path):
    windows = windows_of(n=300)
    error = np.zeros((len(windows), 3))
    error[40] = [3.0, -4.0, 12.0]
    (tmp_path / "baseline").mkdir()
    baseline = rows_of(tmp_path / "baseline", windows, 5.0)
    found = one_forecast(rows_of(tmp_path, windows, error), baseline, windows, 40, "persistence")
    assert found.origin == windows.origin[40]
    assert found.ahead.index[-1] == windows.target_time[40]
    np.testing.assert_array_equal(found.past, windows.past()[40, :, 0])
    np.testing.assert_array_equal(found.ahead["observed"], windows.observed()[40, :, 0])
    np.testing.assert_allclose(found.ahead["forecast"] - found.ahead["observed"], error[40])
    assert found.rmse == pytest.approx(13 / np.sqrt(3))
    assert found.baseline_rmse == pytest.approx(5)
    last = windows.observed()[40, -1, 0]
    assert one_forecast_caption(found, "3 h") == (
        "Over the 3 h ahead the RMSE of the forecast is 7.51 ppm, that of persistence, the best baseline of the test "
        f"part, 5.00 ppm. At the last step {last + 12:.0f} ppm were forecast and {last:.0f} ppm observed."
    )
