"""Files are there whole or not at all."""

import json
import os
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

from lstmkit.errors import LstmkitError
from lstmkit.storage.files import Rows, RowWriter, whole_file, write_csv, write_json, write_whole


@pytest.fixture
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def fail(draft):
    draft.write_text("half of")
    raise RuntimeError("out of luck")


@pytest.mark.parametrize("old", ["the old content", None])
def test_a_writer_that_raises_leaves_the_folder_as_it_was(tmp_path, old):
    path = tmp_path / "results.json"
    if old:
        path.write_text(old)
    with pytest.raises(RuntimeError, match="out of luck"):
        write_whole(path, fail)
    assert [file.name for file in tmp_path.iterdir()] == (["results.json"] if old else [])
    assert not old or path.read_text() == old


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole_file(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old"
        assert draft.parent == path.parent  # on the same disk, so that a rename suffices
        assert draft.suffix == ".txt"  # by which matplotlib and NumPy choose the format
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made(tmp_path):
    write_json(tmp_path / "a" / "b" / "c.json", [1])
    assert json.loads((tmp_path / "a" / "b" / "c.json").read_text()) == [1]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], indirect=True)
def test_permissions_follow_the_umask(tmp_path, umask):
    write_json(tmp_path / "a.json", {})
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o666 & ~umask
    assert os.umask(umask) == umask


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_json_cannot_say_is_refused_before_anything_is_written(tmp_path, value):
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "a.json", {"value": value})
    assert not list(tmp_path.iterdir())


def test_a_table_is_written_to_six_digits(tmp_path):
    frame = pd.DataFrame({"co2 (ppm)": [1 / 3, 123456.789]}, index=pd.Index(["a", "b"], name="step"))
    write_csv(tmp_path / "a.csv", frame)
    assert (tmp_path / "a.csv").read_text() == "step,co2 (ppm)\na,0.333333\nb,123457\n"


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_rows_come_piece_by_piece_and_whole(tmp_path, size):
    values = np.arange(42, dtype="float32").reshape(7, 3, 2)
    with (tmp_path / "values.npy").open("wb") as file:
        writer = RowWriter(file, values.shape)
        writer.add(values[:4])
        writer.add(values[4:])
    np.testing.assert_array_equal(np.load(tmp_path / "values.npy", allow_pickle=False), values)
    np.savez(tmp_path / "values.npz", other=np.zeros(3), values=values)
    for rows in (Rows(tmp_path / "values.npy"), Rows(tmp_path / "values.npz", "values")):
        assert (len(rows), rows.shape) == (7, (7, 3, 2))
        chunks = list(rows.chunks(size))
        assert [len(chunk) for chunk in chunks[:-1]] == [size] * (len(chunks) - 1)
        np.testing.assert_array_equal(np.concatenate(chunks), values)
        np.testing.assert_array_equal(rows.take(np.array([0, 2, 6])), values[[0, 2, 6]])


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("column", [0, 1])
def test_rows_of_a_column_come_piece_by_piece_and_whole(tmp_path, size, column):
    values = np.arange(42, dtype="float32").reshape(7, 3, 2)
    np.save(tmp_path / "values.npy", values)
    np.savez(tmp_path / "values.npz", other=np.zeros(3), values=values)
    for path, member in ((tmp_path / "values.npy", None), (tmp_path / "values.npz", "values")):
        rows = Rows(path, member, column)
        assert (len(rows), rows.shape) == (7, (7, 3))
        chunks = list(rows.chunks(size))
        assert [len(chunk) for chunk in chunks[:-1]] == [size] * (len(chunks) - 1)
        assert all(chunk.flags.c_contiguous for chunk in chunks)
        np.testing.assert_array_equal(np.concatenate(chunks), values[..., column])
        np.testing.assert_array_equal(rows.take(np.array([0, 2, 6])), values[[0, 2, 6]][..., column])


def test_rows_of_objects_are_not_read(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    with pytest.raises(ValueError, match="cannot be read in pieces"):
        list(Rows(tmp_path / "objects.npy").chunks())


@pytest.mark.parametrize("name", ["values.npy", "values.npz"])
def test_a_damaged_array_is_named_in_one_line(tmp_path, name):
    """Cut off anywhere it is refused, and whatever a flipped bit makes of it, no other error comes out."""
    values, path = np.arange(42, dtype="float32").reshape(7, 3, 2), tmp_path / name
    (np.save if name == "values.npy" else np.savez)(path, values)
    rows, whole = Rows(path, "arr_0" if name == "values.npz" else None), path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(LstmkitError, match="cannot be read") as error:
            list(rows.chunks(3))
        assert str(error.value).startswith(f"{path} ")
        assert "\n" not in str(error.value)
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x14]) + whole[position + 1 :])
        with suppress(LstmkitError):
            list(rows.chunks(3))
    path.unlink()
    with pytest.raises(LstmkitError, match="No such file or directory"):
        len(Rows(path))
