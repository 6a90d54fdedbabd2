"""A disk that fills up: one line with the file and what to do, nothing torn, and the same result once there is room."""

import shutil
from zipfile import ZipFile

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import torch

from lstmkit import LstmkitError, open_study
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.report.display import show_figure
from lstmkit.storage.files import locked, write_csv, write_json, write_whole
from lstmkit.training.checkpoints import load_model, save_model
from lstmkit.training.outputs import ensure_outputs
from tests.analysis.tiny import make_test_windows, stirred
from tests.test_study import project_with

KB = 1024
NOISE = np.random.default_rng(0).normal(size=(256, 256))


def write_notebook(draft):
    cells = [nbformat.v4.new_markdown_cell("x" * 400 * KB)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), draft)


def write_figure(draft):
    figure = plt.figure()
    figure.figimage(NOISE)
    figure.savefig(draft, dpi=300)
    plt.close(figure)


def write_zip(draft):
    with ZipFile(draft, "w") as archive, archive.open("a.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, NOISE)


WRITERS = {
    "last.ckpt": lambda draft: torch.save({"weights": torch.from_numpy(NOISE)}, draft),
    "small.ckpt": lambda draft: torch.save({str(n): torch.zeros(9) for n in range(2000)}, draft),
    "text.md": lambda draft: draft.write_text("x" * 400 * KB),
    "page.ipynb": write_notebook,
    "figure.png": write_figure,
    "arrays.npz": lambda draft: np.savez(draft, NOISE),
    "archive.zip": write_zip,
    "table.csv": lambda draft: pd.DataFrame(NOISE).to_csv(draft),
}


def assert_refused(error, path, disk):
    said = str(error.value)
    assert said.startswith(f"{path} cannot be written: {disk.said}; "), said
    assert "\n" not in said


@pytest.mark.parametrize("free", [0, 12 * KB, 100 * KB])
@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_says_the_same_and_leaves_the_old_file(small_disk, name, free):
    path = small_disk.folder / name
    path.write_text("the old content")
    small_disk.fill(free)
    with pytest.raises(LstmkitError) as error:
        write_whole(path, WRITERS[name])
    assert_refused(error, path, small_disk)
    assert {file.name for file in small_disk.folder.iterdir()} <= {name, "ballast"}
    assert path.read_text() == "the old content"
    small_disk.empty()
    write_whole(path, WRITERS[name])
    assert path.stat().st_size > 100 * KB


@pytest.mark.parametrize("free", [0, 8 * KB])
def test_json_and_tables(small_disk, free):
    small_disk.fill(free)
    for path, write in (
        (small_disk.folder / "a.json", lambda path: write_json(path, NOISE.tolist())),
        (small_disk.folder / "a.csv", lambda path: write_csv(path, pd.DataFrame(NOISE))),
    ):
        with pytest.raises(LstmkitError) as error:
            write(path)
        assert_refused(error, path, small_disk)
        assert not path.exists()


def test_an_error_that_is_not_the_disks_stays_what_it_is(small_disk):
    with pytest.raises(RuntimeError, match="Expected 4D"):
        write_whole(small_disk.folder / "a", lambda draft: _raise(RuntimeError("Expected 4D")))


def _raise(error):
    raise error


def test_a_figure(small_disk):
    figure = plt.figure()
    figure.figimage(NOISE)
    small_disk.fill(4 * KB)
    path = small_disk.folder / "training" / "T1_data.png"
    with pytest.raises(LstmkitError) as error:
        show_figure(figure, path, "", None)
    plt.close(figure)
    assert_refused(error, path, small_disk)


@pytest.mark.parametrize("free", [0, 8 * KB, 24 * KB, 48 * KB])
def test_outputs(small_disk, free):
    model, windows = stirred(LSTMForecaster(2, 48, hidden=16)), make_test_windows(n=400, horizon=48)
    small_disk.fill(free)
    with pytest.raises(LstmkitError, match=rf"cannot be written: {small_disk.said}"):
        ensure_outputs(small_disk.folder, model, windows, "card")
    assert {path.name for path in small_disk.folder.iterdir()} <= {".outputs.lock", "ballast"}
    small_disk.empty()
    ensure_outputs(small_disk.folder, model, windows, "card")


@pytest.mark.parametrize("free", [0, 60 * KB])
def test_a_saved_model(small_disk, free):
    model = stirred(LSTMForecaster(2, 2, hidden=64))
    small_disk.fill(free)
    with pytest.raises(LstmkitError, match=rf"model\.safetensors cannot be written: {small_disk.said}"):
        save_model(small_disk.folder, model, {}, {})
    assert load_model(small_disk.folder, model, {}) is None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return computed(project_with(tmp_path_factory.mktemp("undisturbed"), evaluation={"bootstrap": 10}))


def computed(source) -> dict[str, bytes]:
    study = open_study(source, "lstm", 1)
    assert study.evaluation
    study.keep("gates", {"a": 1})
    return {
        path.name: path.read_bytes()
        for path in study.folder.rglob("*")
        if path.suffix != ".lock" and path.is_file() and path.name != "training.json"
    }


# kilobytes: too few for the first checkpoint, for later ones, for the outputs; enough
@pytest.mark.parametrize("free", [0, 4, 16, 40, 64, 90, 1000])
def test_a_study_goes_on_to_the_same_result_once_there_is_room(small_disk, undisturbed, free):
    source = project_with(small_disk.folder, evaluation={"bootstrap": 10})
    small_disk.fill(free * KB)
    said = ""
    try:
        assert computed(source) == undisturbed
    except LstmkitError as error:
        said = str(error)
        assert f" cannot be written: {small_disk.said}; " in said
        assert said.startswith(str(small_disk.folder / "results"))
        assert "\n" not in said
    assert bool(said) or free >= (1000 if small_disk.mounted else 40)  # a limit on files lets small ones pass
    assert not [path for path in small_disk.folder.rglob(".*") if path.suffix != ".lock"]
    small_disk.empty()
    assert computed(source) == undisturbed


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "facts").write_text("")
    said = r"facts/gates\.json cannot be written: file exists \(.*/facts\); move away what is in its place"
    with pytest.raises(LstmkitError, match=said):
        write_json(tmp_path / "facts" / "gates.json", {})
    with pytest.raises(LstmkitError, match=r"cannot be written: not a directory"):
        write_json(tmp_path / "facts" / "a" / "gates.json", {})
    (tmp_path / ".lock").mkdir()
    with (
        pytest.raises(LstmkitError, match=r"\.lock cannot be written: is a directory"),
        locked(tmp_path / ".lock"),
    ):
        pass


def test_a_picture_that_cannot_be_copied_is_named(tmp_path):
    with pytest.raises(
        LstmkitError, match=r"b\.png cannot be written: no such file or directory \(.*a\.png\)"
    ):
        write_whole(tmp_path / "b.png", lambda draft: shutil.copyfile(tmp_path / "c" / "a.png", draft))
