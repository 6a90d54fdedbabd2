"""Which files a `data` block names: by path, by pattern, by list, and never more than are there."""

import bz2
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from lstmkit.data.catalog import load_dataset
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams, matching_files, source_files

ROWS = "timestamp,co2\n2025-06-{day:02d} 18:00,{day}00\n2025-06-{day:02d} 18:05,{day}01\n"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Files of three days, of which the second is named out of order."""
    for name, day in (("logger/a.csv", 5), ("logger/c.csv", 6), ("logger/b.csv", 7)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(ROWS.format(day=day))
    (tmp_path / "logger" / "notes.md").write_text("no data")
    return tmp_path


def block(source: str | list[str]) -> DataParams:
    return DataParams(source=source, columns={"co2": {"column": "co2", "unit": "ppm"}})


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("logger/a.csv", "a"),
        ("logger/*.csv", "abc"),
        ("logger/[ab].csv", "ab"),
        ("logger/?.csv", "abc"),
        (["logger/c.csv", "logger/a.csv"], "ca"),
        (["logger/b.csv", "logger/*.csv"], "bac"),  # each once
        ("logger/d.csv", ""),
        ("logger", ""),
        ("simulated", ""),
        ("awair", ""),
    ],
)
def test_the_files_of_a_source(folder, source, names):
    data = DataParams(source="simulated") if source == "simulated" else block(source)
    expected = [folder / "logger" / f"{name}.csv" for name in names]
    assert source_files(data, folder) == expected
    if isinstance(source, str) and source not in ("simulated", "awair"):
        assert source_files(block(str(folder / source)), Path("elsewhere")) == expected


def test_a_file_whose_name_looks_like_a_pattern(folder):
    (folder / "logger" / "[ab].csv").write_text("x")
    assert matching_files("logger/[ab].csv", folder) == [folder / "logger" / "[ab].csv"]
    (folder / "data [1]").mkdir()
    (folder / "data [1]" / "a.csv").write_text("x")
    assert matching_files("*.csv", folder / "data [1]") == [folder / "data [1]" / "a.csv"]


def test_the_users_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    for source, names in (("~/logger/c.csv", "c"), ("~/logger/*.csv", "abc")):
        assert [path.stem for path in matching_files(source, Path("elsewhere"))] == list(names)


@pytest.mark.parametrize(
    "source", ["~nobody-of-this-name/a.csv", "a" * 999, "a/" * 400, "x\0y", "", "/", "**"]
)
def test_what_can_be_no_path_names_no_file(folder, source):
    assert matching_files(source, folder) == []


@pytest.mark.parametrize(
    "source", ["~nobody-of-this-name/a.csv", "a" * 999, "logger/*.parquet", ["logger/a.csv", "d.csv"]]
)
def test_a_source_without_a_file_is_refused_by_its_name(folder, source):
    with pytest.raises(LstmkitError) as caught:
        load_dataset(block(source), folder)
    assert f"unknown data source '{source[:40] if isinstance(source, str) else 'd.csv'}" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("source", ["logger/{model}.csv", "logger/*.csv"])
def test_a_path_with_braces_is_refused_as_the_workflow_cannot_list_it(folder, source):
    (folder / "logger" / "{model}.csv").write_text(ROWS.format(day=8))
    with pytest.raises(
        LstmkitError, match=r"{model}.csv: the workflow cannot list a path with { or }: rename it"
    ):
        source_files(block(source), folder)


@pytest.mark.parametrize("source", ["logger/*.csv", ["logger/c.csv", "logger/b.csv", "logger/a.csv"]])
def test_several_files_become_one_dataset_in_the_order_of_time(folder, source):
    dataset = load_dataset(block(source), folder)
    assert dataset.name == ("a" if isinstance(source, str) else "c") + " and 2 more files"
    assert dataset.frame["co2"].dropna().tolist() == [500, 501, 600, 601, 700, 701]
    assert dataset.frame.index[0].isoformat() == "2025-06-05T18:00:00+00:00"


def test_a_dataset_is_called_by_its_file_without_suffixes(folder):
    for suffix, compress in {".txt": bytes, ".csv.xz": lzma.compress, ".dat.bz2": bz2.compress}.items():
        (folder / f"my.office{suffix}").write_bytes(compress(ROWS.format(day=5).encode()))
        assert load_dataset(block(f"my.office{suffix}"), folder).name == "my.office"


def test_listing_files_loads_no_library_of_tensors():
    script = "import sys; from lstmkit.params import source_files; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
