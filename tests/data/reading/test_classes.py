"""Columns of classes: one column per class, and the codes of missing values."""

import numpy as np
import pytest

from lstmkit.data.reading.files import read_measurements
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams


def read(folder, cells, *, missing=None, of_column=None):
    rows = [f"2024-01-01 {hour:02d}:00,{cell}" for hour, cell in enumerate(cells)]
    (folder / "mode.csv").write_text("\n".join(["timestamp,Mode", *rows]) + "\n")
    column = {"column": "Mode", "classes": [1, 2]} | ({} if of_column is None else {"missing": of_column})
    data = DataParams(
        source="mode.csv", target="mode", interval="1h", columns={"mode": column}, missing=missing
    )
    return read_measurements(folder / "mode.csv", data)


def test_each_class_is_a_column_of_ones_and_zeros(tmp_path):
    frame, units = read(tmp_path, ["1", "2", "", "2"])
    assert list(frame) == ["mode_1", "mode_2"]
    assert set(units.values()) == {"probability"}
    np.testing.assert_array_equal(frame["mode_2"], [0, 1, np.nan, 1])
    np.testing.assert_array_equal(frame["mode_1"], [1, 0, np.nan, 0])


@pytest.mark.parametrize(
    ("missing", "of_column"), [([-200], None), (None, [-200]), ([7], [-200]), ([-200.0], None)]
)
def test_a_number_that_stands_for_a_missing_value_is_one_as_the_file_writes_it(tmp_path, missing, of_column):
    frame, _ = read(tmp_path, ["1", "-200", "2"], missing=missing, of_column=of_column)
    np.testing.assert_array_equal(frame["mode_1"], [1, np.nan, 0])


def test_a_code_that_is_not_listed_is_refused(tmp_path):
    with pytest.raises(LstmkitError, match=r"line 3 of the file.*'-200' is none of the classes of 'mode'"):
        read(tmp_path, ["1", "-200", "2"], missing=[-999])
