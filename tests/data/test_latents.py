"""Columns of a file that no model sees: read like all others, put on the same grid, and kept apart."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from lstmkit.data.catalog import load_dataset
from lstmkit.data.features import build_features
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams

LOAD = {"column": "kW", "unit": "kW"}
HEAT = {"column": "outdoor", "unit": "°F"}
STAFF = {"column": "staff", "unit": "people"}
WIDE = "when,kW,outdoor,staff\n" + "".join(
    f"2025-06-05 {half // 2:02d}:{half % 2 * 30:02d},{half // 2},{50 + half // 2},{half // 2 + half % 2}\n"
    for half in range(48)
)


def long(name: str) -> dict:
    """A column of a table with one row per value."""
    return {"column": "value", "unit": "kW", "where": {"name": name}}


def block(latents: dict, columns: dict | None = None, **changed) -> DataParams:
    return DataParams.model_validate(
        {
            "source": "meter.csv",
            "interval": "1h",
            "target": "load",
            "time": {"column": "when"},
            "columns": columns or {"load": LOAD},
            "latents": latents,
            **changed,
        }
    )


def load(folder: Path, data: DataParams, text: str = WIDE):
    (folder / "meter.csv").write_text(text)
    return load_dataset(data, folder)


def test_latents_are_on_the_grid_and_in_no_feature(tmp_path):
    alone = load(tmp_path, block({}))
    dataset = load(tmp_path, block({"people": STAFF, "heat": HEAT}))
    assert list(dataset.latents) == ["people", "heat"]
    assert dataset.latents["people"].tolist() == [hour + 0.5 for hour in range(24)]  # means of two readings
    np.testing.assert_allclose(dataset.latents["heat"], [(18 + hour) / 1.8 for hour in range(24)])
    assert dataset.units == {"load": "kW", "people": "people", "heat": "degC"}
    assert list(build_features(dataset, "raw").frame) == ["load"]
    assert dataset.fingerprint == alone.fingerprint  # a trained model is found again
    pd.testing.assert_frame_equal(dataset.frame, alone.frame)
    assert alone.latents.shape == (24, 0)


def test_what_is_missing_of_a_latent_is_no_gap_of_the_series(tmp_path):
    lines = WIDE.splitlines()
    lines[3:7] = [line.rpartition(",")[0] + "," for line in lines[3:7]]
    dataset = load(tmp_path, block({"people": STAFF}), "\n".join(lines))
    assert dataset.observed.all()
    assert dataset.gaps.missing_steps == 0
    assert dataset.latents["people"].isna().tolist() == [False, True, True, *[False] * 21]


def test_latents_of_a_long_table_may_begin_earlier_and_be_rarer(tmp_path):
    rows = [f"2025-06-05 {hour:02d}:00,load,{hour}" for hour in range(6, 24)]
    rows += [f"2025-06-05 {hour:02d}:00,staff,{hour}" for hour in range(0, 24, 3)]
    rows.sort()
    data = block({"people": long("staff")}, {"load": long("load")})
    dataset = load(tmp_path, data, "\n".join(["when,name,value", *rows]))
    assert dataset.frame["load"].tolist() == list(range(6, 24))
    assert dataset.latents["people"].dropna().tolist() == [6, 9, 12, 15, 18, 21]


def test_a_latent_of_another_time_than_the_series_is_not_known_anywhere(tmp_path):
    rows = [f"2025-06-05 {hour:02d}:00,load,{hour}" for hour in range(24)]
    rows += ["2025-07-01 00:00,staff,1", "2025-07-01 01:00,staff,2"]
    dataset = load(
        tmp_path,
        block({"people": long("staff")}, {"load": long("load")}),
        "\n".join(["when,name,value", *rows]),
    )
    assert dataset.latents["people"].isna().all()
    assert len(dataset.latents) == len(dataset.frame) == 24


def test_a_latent_is_refused_like_any_column(tmp_path):
    with pytest.raises(LstmkitError, match="there is no column 'crew'; the file has"):
        load(tmp_path, block({"people": STAFF | {"column": "crew"}}))
    with pytest.raises(
        LstmkitError, match=r"column 'staff', row 1 \(line 3 of the file\): 'x' is not a number"
    ):
        load(
            tmp_path, block({"people": STAFF}), "when,kW,staff\n2025-06-05 00:00,1,1\n2025-06-05 01:00,2,x\n"
        )


@pytest.mark.parametrize(
    ("latents", "said"),
    [
        (
            {"load": STAFF},
            "`latents` names 'load', whose name is too close to that of 'load' of `columns`: rename it",
        ),
        ({"Load": STAFF}, "`latents` names 'Load', whose name is too close to that of 'load' of `columns`"),
        (
            {"a b": STAFF, "a_b": HEAT},
            "`latents` names 'a_b', whose name is too close to that of 'a b' of `latents`",
        ),
        ({"hour of day": STAFF}, "whose name is too close to that of the concept 'hour of day'"),
        (
            {"people": LOAD},
            "`latents` has 'people' from the file's column 'kW', which models see as 'load': remove it from",
        ),
    ],
)
def test_latents_that_are_none_are_refused(latents, said):
    with pytest.raises(ValidationError) as caught:
        block(latents)
    assert said in str(caught.value)


def test_other_rows_of_a_models_column_may_be_a_latent():
    block({"people": long("staff")}, {"load": long("load")})


# What the series tells of


@pytest.mark.parametrize(
    ("stated", "name", "subject"),
    [({}, "meter", "the series"), ({"subject": "the town"}, "the town", "the town")],
)
def test_a_series_is_called_by_its_subject(tmp_path, stated, name, subject):
    dataset = load(tmp_path, block({}, **stated))
    assert (dataset.name, dataset.subject) == (name, subject)


@pytest.mark.parametrize(
    ("stated", "name", "subject"),
    [
        ({}, "Simulated office", "the simulated office"),
        ({"subject": "the test office"}, "the test office", "the test office"),
    ],
)
def test_the_simulated_office_has_a_subject_of_its_own(stated, name, subject):
    data = DataParams.model_validate({"source": "simulated", "simulator": {"days": 2}, **stated})
    dataset = load_dataset(data, Path("elsewhere"))
    assert (dataset.name, dataset.subject) == (name, subject)
    assert set(dataset.quantities) == {dataset.target}
    assert dataset.quantities[dataset.target].symbol == "CO₂"


@pytest.mark.parametrize(
    ("name", "changed", "symbol"),
    [
        ("load", {}, None),
        ("temperature", {"unit": "degC"}, "air temperature"),
        ("temperature", {"unit": "degC", "range": "none"}, None),
        ("load", {"unit": "ppm", "quantity": "co2", "range": [0, 100]}, "CO₂"),
    ],
)
def test_the_quantity_of_the_target_is_stated_or_told_by_its_name(tmp_path, name, changed, symbol):
    dataset = load(tmp_path, block({}, {name: LOAD | changed}, target=name))
    assert [each.symbol for each in dataset.quantities.values()] == ([symbol] if symbol else [])


@pytest.mark.parametrize("subject", ["", " the office", "a\nb", 3])
def test_a_subject_is_one_line_of_text(subject):
    with pytest.raises(ValidationError, match="subject"):
        block({}, subject=subject)
