"""What a killed process was writing is removed; what a living one is writing is not."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from lstmkit.storage.drafts import open_draft, remove_drafts
from lstmkit.storage.files import whole_file, write_whole


def write_half_and_wait(path, written):
    with whole_file(path) as draft:
        draft.write_text("half of it")
        written.put(draft)
        time.sleep(600)


@pytest.mark.parametrize(
    "name", ["model.json", "B8_smoothgrad.png", "last.ckpt", "predictions.npz", "index.md"]
)
def test_the_draft_of_a_killed_process_is_removed_and_nothing_else(tmp_path, processes, name):
    path = tmp_path / "results" / "h1" / name
    path.parent.mkdir(parents=True)
    path.write_text("the old content")
    written = processes.Queue()
    process = processes.Process(target=write_half_and_wait, args=(path, written))
    process.start()
    draft = written.get(timeout=60)
    assert remove_drafts(tmp_path) == []  # its writer lives
    assert draft.read_text() == "half of it"
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert draft.exists()
    assert remove_drafts(tmp_path) == [draft]
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() == "the old content"


def test_no_draft_has_a_name_that_is_taken_for_a_date(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "_name_sequence", iter(["88657640", "20240131", "8865764_"]))
    handle, draft = open_draft(tmp_path / "B8_smoothgrad.png")
    assert list(tmp_path.iterdir()) == [draft]
    os.close(handle)
    assert remove_drafts(tmp_path) == [draft]


def test_what_is_no_draft_is_left_alone(tmp_path):
    kept = [
        ".training.lock",
        ".notes-20240131.txt",  # eight digits, but no draft has a random part without a letter
        ".env-abcd",
        "B8_smoothgrad-abcd1234.png",
        ".hidden-abcd1234/file.txt",
        ".gitignore",
        ".outputs.lock",
    ]
    for name in kept:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".folder-abcd1234.json").mkdir()
    os.mkfifo(tmp_path / ".pipe-abcd1234.json")  # opening it would wait for ever
    (tmp_path / ".link-abcd1234.json").symlink_to(tmp_path / ".gitignore")
    before = sorted(tmp_path.rglob("*"))
    assert remove_drafts(tmp_path) == []
    assert sorted(tmp_path.rglob("*")) == before
    assert remove_drafts(tmp_path / "no such folder") == []


def test_drafts_of_earlier_versions_are_removed(tmp_path):
    (tmp_path / ".outputs-ab_12345").mkdir()
    (tmp_path / ".outputs-ab_12345" / "predicted.npy").write_bytes(bytes(9))
    (tmp_path / ".model-a1b2c3d4.json").write_text("{")
    assert {path.name for path in remove_drafts(tmp_path)} == {".outputs-ab_12345", ".model-a1b2c3d4.json"}
    assert not list(tmp_path.iterdir())


def test_folders_behind_symbolic_links_are_not_searched(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".model-a1b2c3d4.json").write_text("{")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "link").symlink_to(tmp_path / "elsewhere")
    assert remove_drafts(tmp_path / "results") == []


def write_often(folder: Path, number: int, failed):
    for n in range(400):
        try:
            write_whole(folder / f"{number}.json", lambda draft, n=n: draft.write_text(str(n)))
        except Exception as error:
            failed.put(repr(error))


def test_removing_never_disturbs_those_who_write(tmp_path, processes):
    failed = processes.Queue()
    writers = [processes.Process(target=write_often, args=(tmp_path, n, failed)) for n in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        remove_drafts(tmp_path)
    assert failed.empty()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("0.json", "1.json", "2.json"), "399"
    )
