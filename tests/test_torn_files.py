"""Files that are torn, foreign or old, a copy without its times, and a folder that cannot be written."""

import json
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from lstmkit import LstmkitError, open_study
from lstmkit.errors import LstmkitWarning
from lstmkit.storage.checksums import read_card, write_checked
from lstmkit.storage.drafts import remove_drafts
from lstmkit.storage.files import write_json
from lstmkit.training.checkpoints import save_model
from tests.faults import give_up_privileges, make_read_only
from tests.test_study import all_rows, equal_weights, project_with
from tests.training.test_fit import kill_at_rename

FACTS = {"rmse": 2.5, "layers": [{"hours": 12.0}]}
COMPUTED = ("metrics.json", "outputs.json", "predictions.npz", "hidden_states.npy")
QUICK = {"training": {"epochs": 1}, "evaluation": {"bootstrap": 10}}


def computed(folder, **changed):
    return computed_at(project_with(folder, **QUICK, **changed))


def computed_at(source):
    """A study with everything that is computed from its model."""
    study = open_study(source, "lstm", 1)
    assert study.evaluation
    study.keep("gates", FACTS)
    return study


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study that was computed; tests leave it as it is."""
    return computed(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """The same with another seed."""
    return computed(tmp_path_factory.mktemp("foreign"), seed=1)


@pytest.fixture
def copied(trained, tmp_path):
    """The same study in a copy of its project, nothing of it loaded."""
    shutil.copytree(trained.source.parent.parent, tmp_path / "copy")
    return replace(trained, source=tmp_path / "copy" / "params" / "smoke.yml")


def content(study) -> dict[str, bytes]:
    return {
        str(path.relative_to(study.folder)): path.read_bytes()
        for path in study.folder.rglob("*")
        if path.is_file()
        and path != study.folder / "seed_1" / "training.json"  # of the other network's wall time
    }


def times(study) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in study.folder.rglob("*")}


def look_at(study) -> tuple[dict, np.ndarray, np.ndarray, dict]:
    return study.metrics, all_rows(study.predictions), all_rows(study.hidden_states), study.facts


def assert_the_same(study, other):
    for one, two in zip(look_at(study), look_at(other), strict=True):
        np.testing.assert_equal(one, two)


@pytest.mark.parametrize("newest", ["model.json", "model.safetensors", "metrics.json", "gates.json"])
def test_a_copy_without_its_times_is_as_fresh_as_the_original(trained, copied, newest):
    for path in copied.folder.rglob("*"):
        os.utime(path, (2e9, 2e9) if path.name == newest else (1e9, 1e9))
    before = times(copied)
    assert_the_same(copied, trained)
    assert copied.facts == {"gates": FACTS}
    assert times(copied) == before


def test_two_trainings_of_a_request_leave_the_same_bytes(trained, tmp_path):
    study = computed(tmp_path)
    ours, theirs = content(study), content(trained)
    assert ours.pop("training.json") != theirs.pop("training.json")  # of the wall time
    assert ours == theirs
    assert "seconds" not in ours["model.json"].decode()


def test_everything_names_the_card_of_its_model(trained):
    for name in ("metrics.json", "outputs.json", "training.json", "facts/gates.json"):
        named = json.loads((trained.folder / name).read_text())["card_sha256"]
        assert named == json.loads((trained.folder / "model.json").read_text())["content_sha256"], name


def test_what_another_model_computed_is_computed_again(trained, copied):
    """The weights are changed, and the card says so: everything that there is belongs to the model before."""
    card, changed = read_card(copied.folder), copied.model
    with torch.no_grad():
        changed.projection.weight.mul_(1.3)
    save_model(copied.folder, changed, card["request"], card["outcome"])
    study = replace(copied)
    assert equal_weights(study, copied)
    assert study.metrics["rmse"] != trained.metrics["rmse"]
    test = study.windows["test"]
    with torch.inference_mode():
        expected = test.to_units(changed(test.gather(torch.arange(len(test)))[0]))
    np.testing.assert_allclose(all_rows(study.predictions), expected[..., 0], rtol=1e-6)
    with pytest.warns(
        LstmkitWarning, match=r"facts: gates are of another model or target and left out; execute"
    ):
        assert study.facts == {}
    assert study.training_seconds is None
    assert "1 epoch of 512 windows. Epoch 1 was kept" in study.training_finding()


@pytest.mark.parametrize("name", COMPUTED)
@pytest.mark.parametrize("damage", ["cut off", "empty", "gone", "changed", "another study's", "a list"])
def test_what_is_torn_or_foreign_is_made_again(trained, foreign, copied, name, damage):
    path = copied.folder / name
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 4
    instead = {"cut off": whole[:-40], "empty": b"", "changed": bytes(changed), "a list": b"[1, 2]"}
    if damage == "gone":
        path.unlink()
    elif damage == "another study's":
        shutil.copy(foreign.folder / name, path)
    else:
        path.write_bytes(instead[damage])
    assert_the_same(copied, trained)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "text", ["", '{"rmse": 2.', "[]", "null", '{"card_sha256": "", "content_sha256": ""}']
)
def test_torn_facts_are_named_with_what_to_do(copied, text):
    (copied.folder / "facts" / "gates.json").write_text(text)
    said = r"facts/gates\.json is damaged \(.*\); delete it, and execute its section again$"
    with pytest.raises(LstmkitError, match=said):
        copied.facts  # noqa: B018


def test_results_of_an_earlier_version_are_made_again(trained, copied):
    """Cards held the seconds and no hash, results did not name them, and times said what was fresh."""
    card = json.loads((copied.folder / "model.json").read_text())
    outcome = card["outcome"] | {"seconds": 12.5}
    old = {"request": card["request"], "outcome": outcome, "versions": card["versions"]}
    write_json(copied.folder / "model.json", old)
    write_json(copied.folder / "metrics.json", trained.metrics | {"unit": "of old"})
    write_json(copied.folder / "facts" / "gates.json", FACTS)
    for name in ("outputs.json", "training.json"):
        (copied.folder / name).unlink()
    study = open_study(copied.source, "lstm", 1)
    assert study.training_seconds != 12.5
    assert study.metrics == trained.metrics
    with pytest.warns(LstmkitWarning, match="gates are of another model"):
        assert study.facts == {}
    study.keep("gates", FACTS)
    assert_the_same(study, trained)
    ours, theirs = content(study), content(trained)
    assert ours.pop("training.json") != theirs.pop("training.json")
    assert ours == theirs


@pytest.mark.parametrize("text", ["", '{"seconds": ', "[1]", '{"seconds": "long"}'])
def test_the_time_of_training_is_left_out_where_its_file_is_damaged(trained, copied, text):
    (copied.folder / "training.json").write_text(text)
    assert copied.training_seconds is None
    assert equal_weights(copied, trained)


def test_weights_that_somebody_changed_are_refused(copied):
    weights = copied.folder / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-3] ^= 1
    weights.write_bytes(changed)
    with pytest.raises(LstmkitError, match=r"model\.safetensors .*SHA-256.*; delete both, and the model is"):
        open_study(copied.source, "lstm", 1)
    weights.unlink()
    (copied.folder / "model.json").unlink()
    assert equal_weights(open_study(copied.source, "lstm", 1), replace(copied))


@pytest.mark.parametrize("note", ["", '{"training": ', "[]", None, "a folder"])
def test_checkpoints_of_nobody_knows_which_training_are_discarded(trained, copied, note):
    shutil.rmtree(copied.folder)
    checkpoints = copied.folder / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "last.ckpt").write_text("not to be read")
    if note == "a folder":
        (checkpoints / "request.json").mkdir()
    elif note is not None:
        (checkpoints / "request.json").write_text(note)
    assert equal_weights(open_study(copied.source, "lstm", 1), trained)
    assert not checkpoints.exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_lies_in_place_of_the_checkpoints_is_replaced(trained, copied, tmp_path, kind):
    shutil.rmtree(copied.folder)
    copied.folder.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("")
    if kind == "file":
        (copied.folder / "checkpoints").write_text("")
    else:
        (copied.folder / "checkpoints").symlink_to(elsewhere)
    assert equal_weights(open_study(copied.source, "lstm", 1), trained)
    assert not (copied.folder / "checkpoints").exists()
    assert (elsewhere / "kept").exists()


def test_checkpoints_left_behind_are_removed_only_if_they_are_of_no_more_use(trained, copied):
    """A process was killed after it had saved the model; those of another request may still be gone on with."""
    checkpoints = copied.folder / "checkpoints"
    write_checked(checkpoints / "request.json", {"another": "request"})
    assert equal_weights(open_study(copied.source, "lstm", 1), trained)
    assert checkpoints.exists()
    write_checked(checkpoints / "request.json", read_card(copied.folder)["request"])
    assert equal_weights(open_study(copied.source, "lstm", 1), trained)
    assert not checkpoints.exists()


def try_to_look_and_write(study, told):
    """In a process that the modes of files bind."""
    give_up_privileges()
    told.put([study.metrics, all_rows(study.predictions), all_rows(study.hidden_states), study.facts])
    attempts = {
        "keep": lambda: study.keep("gates", FACTS),
        "results": lambda: study.write_results({}),
        "evaluation": lambda: study.evaluation,
        "another model": lambda: open_study(study, "cnn_lstm", 1),
        "another horizon": lambda: open_study(study, "lstm", 24),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
            told.put((name, "nothing was refused"))
        except LstmkitError as error:
            told.put((name, str(error)))


def test_a_trained_model_in_a_read_only_folder_can_be_looked_at(trained, copied, processes):
    make_read_only(copied.source.parent.parent)
    before = times(copied)
    told = processes.Queue()
    process = processes.Process(target=try_to_look_and_write, args=(copied, told))
    process.start()
    for found, expected in zip(told.get(timeout=300), look_at(trained), strict=True):
        np.testing.assert_equal(found, expected)
    refused = dict(told.get(timeout=300) for _ in range(5))
    process.join()
    folder = copied.folder
    advice = "make the folder writable, or copy the project to one that is"
    for name, path in {
        "keep": folder / "facts" / "gates.json",
        "results": folder.parent / "study_results.json",
        "evaluation": folder / "metrics.json",
        "another model": folder.parent.parent / "cnn_lstm_interpretability" / "h1" / ".training.lock",
        "another horizon": folder.parent / "h24" / ".training.lock",
    }.items():
        assert refused[name].startswith(f"{path} cannot be written: permission denied"), name
        assert refused[name].endswith(advice)
        assert "\n" not in refused[name]
    assert times(copied) == before


@pytest.mark.parametrize("damaged", ["outputs.json", "predictions.npz"])
def test_damaged_outputs_in_a_read_only_folder_are_refused(copied, processes, damaged):
    (copied.folder / damaged).write_bytes(b"")
    make_read_only(copied.folder)
    told = processes.Queue()
    process = processes.Process(target=look_in_vain, args=(copied, told))
    process.start()
    said = told.get(timeout=300)
    process.join()
    assert said.startswith(f"{copied.folder / '.outputs.lock'} cannot be written: permission denied")


def look_in_vain(study, told):
    give_up_privileges()
    try:
        told.put(repr(study.predictions))
    except LstmkitError as error:
        told.put(str(error))


def compute_until_killed(source, number):
    kill_at_rename(number)
    computed_at(source)


# A file is put in place by its rename: request.json, two checkpoints, weights, card, training.json, hidden states,
# predictions, outputs.json, metrics.json and facts.
@pytest.mark.parametrize("number", [3, 5, 8])
def test_killed_before_any_file_is_in_place_the_end_is_the_same(trained, tmp_path, processes, number):
    source = project_with(tmp_path, **QUICK)
    process = processes.Process(target=compute_until_killed, args=(source, number))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    remove_drafts(tmp_path)
    ours, theirs = content(computed_at(source)), content(trained)
    for files in (ours, theirs):
        files.pop("training.json", None)  # of the wall time
    assert ours == theirs
