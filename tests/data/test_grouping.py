"""Groups of every kind, worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from lstmkit.data.dataset import Dataset
from lstmkit.data.grid import make_dataset
from lstmkit.data.grouping import find_groups
from lstmkit.data.groups import Groups
from lstmkit.errors import LstmkitError
from lstmkit.findings.groups import groups_sentence
from lstmkit.params import DataParams, GroupParams

PARAMS = TypeAdapter(GroupParams)
FILE = "plant.csv"
COLUMNS = {"load": {"column": "load", "unit": "MW"}, "wind": {"column": "wind", "unit": "m/s"}}


def block(**data) -> DataParams:
    return DataParams.model_validate(
        {"source": FILE, "interval": "1h", "target": "load", "columns": COLUMNS} | data
    )


def plant(load, start="2024-02-28 20:00", interval="1h", zone="UTC", **columns) -> Dataset:
    """A plant of one reading per step, whose first target is its load."""
    index = pd.date_range(start, periods=len(load), freq=interval, tz="UTC")
    frame = pd.DataFrame({"load": load} | columns, index=index, dtype="float64")
    units = dict.fromkeys(frame, "MW") | {"wind": "m/s"}
    return make_dataset(
        "plant", frame, target="load", interval=interval, site_timezone=zone, units=units, subject="the plant"
    )


def found(params: dict, dataset: Dataset, training=None, folder: Path = Path(), **data) -> Groups:
    training = np.arange(len(dataset.frame)) if training is None else np.array(training)
    return find_groups(
        PARAMS.validate_python(params), dataset, dataset.target, training, block(**data), folder
    )


def named(groups: Groups) -> list[str | None]:
    return [None if code < 0 else groups.labels[code] for code in groups.codes]


def written(folder: Path, **columns) -> Dataset:
    """The plant, also as a file with more columns; one row per hour from midnight on."""
    n = len(next(iter(columns.values())))
    time = pd.date_range("2024-01-01", periods=n, freq="h")
    load, wind = np.arange(n, dtype=float), np.arange(n)[::-1]
    table = pd.DataFrame({"timestamp": time.strftime("%Y-%m-%d %H:%M"), "load": load, "wind": wind})
    table.assign(**columns).to_csv(folder / FILE, index=False)
    return plant(load, "2024-01-01", wind=wind.astype(float))


# quantiles and edges


def test_without_a_block_groups_are_thirds_of_the_training_part_alone():
    groups = found({}, plant([1, 2, 3, 4, 5, 6, 100, 200]), training=range(6))
    assert groups.labels == ("Low", "Medium", "High")
    assert groups.edges == pytest.approx((1 + 5 / 3, 1 + 10 / 3))
    assert named(groups) == ["Low"] * 2 + ["Medium"] * 2 + ["High"] * 4
    assert (groups.noun, groups.unit, groups.of_target, groups.empty) == ("regime", "MW", True, ())


def test_four_labels_are_quarters():
    groups = found({"labels": ["a", "b", "c", "d"]}, plant(np.arange(8.0)))
    assert named(groups) == ["a", "a", "b", "b", "c", "c", "d", "d"]


def test_a_value_at_an_edge_belongs_to_the_upper_range():
    groups = found({"labels": ["calm", "busy"], "edges": [5]}, plant([4.9, 5, 5.1]))
    assert named(groups) == ["calm", "busy", "busy"]


def test_ranges_without_a_value_of_the_training_part_are_said():
    groups = found({"edges": [800, 1200]}, plant([500, 600, 700, 900]), training=range(3))
    assert groups.empty == ("Medium", "High")
    assert groups_sentence(groups) == (
        "Regimes: Low below 800, Medium from 800, High from 1,200 MW on. No value of the training part is Medium or "
        "High."
    )


def test_a_step_without_a_value_of_the_target_has_no_regime():
    groups = found({}, plant([1, 2, np.nan, np.nan, np.nan, 3]))
    assert named(groups)[2:5] == [None] * 3
    with pytest.raises(LstmkitError, match="1 of 2 steps have no value and so no regime"):
        groups.at(np.array([1, 2]))


def test_a_training_part_without_a_value_has_no_groups():
    with pytest.raises(LstmkitError, match="no value in the training part"):
        found({}, plant([1, np.nan, np.nan, np.nan, 2]), training=[1, 2, 3])


# columns


def test_the_values_of_a_column_that_no_model_sees_are_groups(tmp_path):
    shifts = ["night", "night", "early", "late"]
    groups = found({"column": "Shift", "noun": "shift"}, written(tmp_path, Shift=shifts), folder=tmp_path)
    assert groups.labels == ("early", "late", "night")
    assert named(groups) == shifts
    assert (groups.noun, groups.edges, groups.of_target) == ("shift", (), False)
    assert groups_sentence(groups) == "Shifts: early, late, night."


def test_numbers_as_values_come_by_size(tmp_path):
    groups = found({"column": "Line"}, written(tmp_path, Line=[10, 9, 2, 10]), folder=tmp_path)
    assert (groups.labels, named(groups)) == (("2", "9", "10"), ["10", "9", "2", "10"])


def test_a_gap_of_an_hour_has_the_value_before_it_and_longer_ones_are_a_group_of_their_own(tmp_path):
    shifts = ["day", "", "night", "NA", "", "", "day"]
    groups = found({"column": "Shift"}, written(tmp_path, Shift=shifts), folder=tmp_path)
    assert groups.labels == ("day", "night", "unknown")
    assert named(groups) == ["day", "day", "night", "night", "unknown", "unknown", "day"]


def test_a_code_for_a_missing_value_is_no_group(tmp_path):
    dataset = written(tmp_path, Shift=["1", "-9", "2", "?", "?"])
    groups = found({"column": "Shift"}, dataset, folder=tmp_path, missing=[-9, "?"])
    assert named(groups) == ["1", "1", "2", "2", "unknown"]


def test_of_several_readings_in_a_step_the_last_one_counts(tmp_path):
    dataset = written(tmp_path, Shift=["a", "b", "b", "a", "a", "a", "b", "a"])
    coarse = plant([0.0, 1, 2, 3], "2024-01-01", "2h")
    assert len(coarse.frame) == len(dataset.frame) / 2
    assert named(found({"column": "Shift"}, coarse, folder=tmp_path)) == ["b", "a", "a", "a"]


def test_a_column_of_numbers_has_named_ranges_and_unknown_steps_come_after_them(tmp_path):
    dataset = written(tmp_path, People=[0, 1, 4, 9, "", "", 2, 2])
    params = {"column": "People", "labels": ["empty", "few", "many"], "edges": [1, 5], "noun": "crowd"}
    groups = found(params, dataset, folder=tmp_path)
    assert groups.labels == ("empty", "few", "many", "unknown")
    assert named(groups) == ["empty", "few", "few", "many", "many", "unknown", "few", "few"]
    assert (groups.n_ranges, groups.edges, groups.of_target) == (3, (1, 5), False)


def test_a_column_of_the_series_is_taken_in_its_own_unit():
    dataset = plant([1.0, 2, 3], wind=[0.0, 4, 9])
    groups = found({"column": "wind", "labels": ["calm", "windy"], "edges": [4]}, dataset)
    assert (named(groups), groups.unit) == (["calm", "windy", "windy"], "m/s")


@pytest.mark.parametrize(
    ("params", "values", "said"),
    [
        (
            {"column": "Shift"},
            ["a", "a", "a"],
            "the column 'Shift' of `groups` holds 'a' alone: groups need two",
        ),
        ({"column": "Shift"}, ["", "", ""], "holds no values"),
        ({"column": "Shift"}, list("abcdefghi"), "holds 9 different values, 8 are the most"),
        (
            {"column": "Shift"},
            ["_a", "b", "b"],
            "holds '_a', which cannot be a label: a label must not begin",
        ),
        ({"column": "Shift"}, ["x" * 101, "b", "b"], "which cannot be a label"),
        ({"column": "shift"}, ["a", "b", "b"], "there is no column 'shift'; the file has"),
        ({"column": "Shift", "labels": ["a", "b"], "edges": [1]}, ["1", "b", "2"], "'b' is not a number"),
    ],
)
def test_a_column_that_makes_no_groups_is_refused(tmp_path, params, values, said):
    with pytest.raises(LstmkitError) as error:
        found(params, written(tmp_path, Shift=values), folder=tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_columns_of_a_series_without_a_file_are_listed():
    with pytest.raises(LstmkitError, match="there is no column 'Shift'; the plant has load, wind"):
        find_groups(
            PARAMS.validate_python({"column": "Shift"}),
            plant([1.0, 2], wind=[1.0, 2]),
            "load",
            np.arange(2),
            DataParams(source="simulated"),
            Path(),
        )


# spans


def test_spans_are_days_on_the_sites_clock_and_their_ends_belong_to_them():
    dataset = plant(np.arange(10.0), "2024-02-28 19:00", zone="Europe/Zurich")  # from 20:00 on local time
    groups = found({"spans": {"leap": ["2024-02-29", "2024-02-29"]}, "noun": "season"}, dataset)
    assert groups.labels == ("leap", "other")
    assert named(groups) == ["other"] * 4 + ["leap"] * 6
    assert groups.edges == ()


def test_a_label_can_have_several_spans_and_an_open_end():
    spans = {"winter": [[None, "2024-02-02"], ["2024-02-05", None]], "week": ["2024-02-03", "2024-02-04"]}
    groups = found({"spans": spans}, plant(np.arange(7.0), "2024-01-31", "1D"))
    assert named(groups) == ["winter"] * 3 + ["week"] * 2 + ["winter"] * 2
    assert groups.labels == ("winter", "week")  # nothing lies outside


def test_a_single_span_that_holds_everything_leaves_an_empty_group_of_others():
    groups = found({"spans": {"all": ["2024-01-01", None]}}, plant(np.arange(3.0)))
    assert (groups.labels, groups.empty) == (("all", "other"), ("other",))


# which groups are compared


@pytest.mark.parametrize(
    ("groups", "counts", "compared", "typical"),
    [
        (Groups(("a", "b", "c"), np.zeros(1, int), edges=(1.0, 2.0)), [5, 9, 7], (0, 2), (1,)),
        (Groups(("a", "b", "c"), np.zeros(1, int), edges=(1.0, 2.0)), [0, 9, 7], (1, 2), (1,)),
        (Groups(("a", "b"), np.zeros(1, int), edges=(1.0,)), [5, 9], (0, 1), (0, 1)),
        (Groups(tuple("abcd"), np.zeros(1, int), edges=(1.0, 2.0, 3.0)), [5, 9, 7, 1], (0, 3), (1, 2)),
        (Groups(("a", "b", "unknown"), np.zeros(1, int), edges=(1.0,)), [5, 0, 9], None, (0, 1)),
        (Groups(("a", "b", "c"), np.zeros(1, int)), [5, 9, 7], (1, 2), (1,)),
        (Groups(("a", "b", "c"), np.zeros(1, int)), [5, 5, 5], (0, 1), (0,)),
        (Groups(("a", "b", "c"), np.zeros(1, int)), [0, 9, 0], None, (1,)),
    ],
)
def test_ranges_compare_their_ends_and_other_groups_the_two_largest(groups, counts, compared, typical):
    assert groups.compared(counts) == compared
    assert groups.typical(counts) == typical
