"""Forecasts of the baselines are kept once, and made again unless they are what was written for the request."""

import json

import numpy as np
import pytest

from lstmkit.errors import LstmkitError
from lstmkit.params import SplitParams, find_params, load_params
from lstmkit.storage.checksums import checksum
from lstmkit.training.kept_baselines import FORECASTS, RECORD, baselines_request, ensure_baselines
from lstmkit.training.simple_rules import persistence, seasonal_naive
from tests.series import dataset_of, raw_windows

FILES = (FORECASTS, RECORD)
REQUEST = {"horizon": 3, "features": ("co2",), "share": 0.1}


@pytest.fixture(scope="module")
def windows():
    return raw_windows(dataset_of({"co2": np.random.default_rng(0).normal(600, 9, 9000)}), 3, lookback=25)[
        "test"
    ]


class Fit:
    """Counts how often the baselines were fitted."""

    times = 0

    def __call__(self):
        self.times += 1
        return {"persistence": persistence, "seasonal naive": seasonal_naive}


def test_they_are_kept_and_read_piece_by_piece(tmp_path, windows):
    rows = ensure_baselines(tmp_path, REQUEST, Fit(), windows)
    assert list(rows) == ["persistence", "seasonal naive"]
    assert len(windows) > 2048
    for name, rule in Fit()().items():
        assert rows[name].shape == (len(windows), 3)
        kept = np.concatenate(list(rows[name].chunks(100)))
        assert kept.dtype == np.float32
        np.testing.assert_array_equal(kept, rule(windows)[..., 0].astype("f4"))
    with np.load(tmp_path / FORECASTS, allow_pickle=False) as stored:
        assert list(stored) == list(rows)
        assert {values.shape for values in stored.values()} == {(len(windows), 3, 1)}


def test_they_are_made_once_for_a_request(tmp_path, windows):
    fit = Fit()
    for request in (REQUEST, REQUEST, json.loads(json.dumps(REQUEST))):
        rows = ensure_baselines(tmp_path, request, fit, windows)
    assert fit.times == 1
    assert list(rows) == ["persistence", "seasonal naive"]
    ensure_baselines(tmp_path, REQUEST | {"share": 0.2}, fit, windows)
    assert fit.times == 2
    ensure_baselines(tmp_path, REQUEST, fit, windows)
    assert fit.times == 3


@pytest.mark.parametrize("name", FILES)
def test_damaged_and_missing_files_are_made_again(tmp_path, windows, name):
    ensure_baselines(tmp_path, REQUEST, Fit(), windows)
    content = {file: (tmp_path / file).read_bytes() for file in FILES}
    middle = len(content[name]) // 2
    torn = (b"", content[name][:middle], content[name][:middle] + b"?" + content[name][middle + 1 :], None)
    for damaged in torn:
        (tmp_path / name).unlink()
        if damaged is not None:
            (tmp_path / name).write_bytes(damaged)
        fit = Fit()
        ensure_baselines(tmp_path, REQUEST, fit, windows)
        assert fit.times == 1
        assert {file: (tmp_path / file).read_bytes() for file in FILES} == content


def test_a_fit_that_fails_leaves_nothing(tmp_path, windows):
    def fails(_):
        raise LstmkitError("no forecast")

    with pytest.raises(LstmkitError, match="no forecast"):
        ensure_baselines(tmp_path, REQUEST, lambda: {"persistence": persistence, "other": fails}, windows)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_kept_ones_are_found_in_a_folder_that_cannot_be_written(tmp_path, windows):
    ensure_baselines(tmp_path, REQUEST, Fit(), windows)
    (tmp_path / ".baselines.lock").unlink(missing_ok=True)
    tmp_path.chmod(0o555)
    fit = Fit()
    try:
        ensure_baselines(tmp_path, REQUEST, fit, windows)
    finally:
        tmp_path.chmod(0o755)
    assert fit.times == 0
    assert not (tmp_path / ".baselines.lock").exists()


def _ensure(folder, started):
    windows = raw_windows(dataset_of({"co2": np.random.default_rng(0).normal(600, 9, 900)}), 3, lookback=25)
    started.wait()

    def fit():
        with (folder / "fitted").open("a") as file:
            file.write("x")
        return Fit()()

    ensure_baselines(folder, REQUEST, fit, windows["test"])


def test_processes_that_want_the_same_fit_them_once(tmp_path, processes):
    started = processes.Barrier(3)
    workers = [processes.Process(target=_ensure, args=(tmp_path, started)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert (tmp_path / "fitted").read_text() == "x"


def test_the_request_names_what_the_forecasts_depend_on_and_no_residual_baseline_of_a_network():
    # the study's data block is read by nobody here: the dataset is made by hand
    params = load_params(find_params("smoke"))
    values = np.random.default_rng(0).normal(600, 9, 900)

    def request(changed=params, values=values, horizon=3, **kept):
        dataset = dataset_of({"co2": values})
        train = raw_windows(dataset, horizon, **{"lookback": 25, **kept})["train"]
        return checksum(baselines_request(changed, dataset, train))

    first = request()
    assert request(residual="climatology") == first
    assert request(changed=params.model_copy(update={"seed": params.seed + 1})) != first
    few = params.training.model_copy(update={"validation_windows": 7})
    assert request(changed=params.model_copy(update={"training": few})) != first
    assert (
        request(changed=params.model_copy(update={"split": SplitParams(validation_blocks=1, train=0.3)}))
        != first
    )
    assert request(horizon=4) != first
    assert request(lookback=26) != first
    assert request(scaling="standard") != first
    assert request(values=values + 1) != first
