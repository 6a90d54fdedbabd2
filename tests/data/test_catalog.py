"""The catalog: downloads from a server of our own, folders of our own; and the real recording where it can be had."""

import gzip
import hashlib
import http.server
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lstmkit.data import catalog
from lstmkit.data.catalog import CATALOG, Recording, fetch, load_dataset
from lstmkit.data.office.simulate import simulate_office
from lstmkit.errors import LstmkitError
from lstmkit.params import DataParams, SimulatorParams, load_params

PROJECT = Path(__file__).parents[2]
CONTENT = b"timestamp,co2\n" + b"".join(b"2025-06-05 18:%02d,%d\n" % (5 * n, 500 + n) for n in range(12))
FILE = "co2_awair/awair.csv"
NOWHERE = "http://127.0.0.1:9/awair.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty data folder, and a catalog whose one recording is `CONTENT` at an unreachable address."""
    monkeypatch.setenv("LSTMKIT_DATA_DIR", str(tmp_path / "cache"))
    list_at(NOWHERE, monkeypatch)
    return tmp_path / "cache"


def list_at(url: str, monkeypatch) -> None:
    recording = Recording("Awair sensor", url, FILE, hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setitem(CATALOG, "awair", recording)


def place(folder: Path, content: bytes) -> Path:
    path = folder / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The address of a server on this computer, and the folder that it serves."""
    served = tmp_path / "served"
    served.mkdir()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", served
        running.shutdown()


# fetch


def test_a_file_that_is_there_is_used_and_the_folder_left_alone(folder, monkeypatch):
    path = place(folder, CONTENT)
    monkeypatch.setattr(catalog.pooch, "retrieve", lambda *_, **__: pytest.fail("a download was tried"))
    before = {entry: entry.stat().st_mtime_ns for entry in [folder, *folder.rglob("*")]}
    assert fetch("awair") == path
    assert {entry: entry.stat().st_mtime_ns for entry in [folder, *folder.rglob("*")]} == before


def test_without_the_variable_the_users_cache_is_used(folder, monkeypatch):
    path = place(folder, CONTENT)
    monkeypatch.delenv("LSTMKIT_DATA_DIR")
    monkeypatch.setattr(
        catalog.pooch, "os_cache", lambda project: folder.parent / "cache" if project == "lstmkit" else 1
    )
    assert fetch("awair") == path


def test_a_file_that_is_not_there_is_downloaded_once(folder, server, monkeypatch):
    address, served = server
    (served / "awair.csv").write_bytes(CONTENT)
    list_at(f"{address}/awair.csv", monkeypatch)
    assert fetch("awair") == folder / FILE
    assert (folder / FILE).read_bytes() == CONTENT
    (served / "awair.csv").unlink()
    assert fetch("awair") == folder / FILE


def test_a_corrupted_file_is_refused_with_both_hashes_and_kept(folder):
    path = place(folder, b"wrong")
    with pytest.raises(LstmkitError) as caught:
        fetch("awair")
    for part in (
        str(path),
        hashlib.sha256(CONTENT).hexdigest(),
        hashlib.sha256(b"wrong").hexdigest(),
        "corrupted",
    ):
        assert part in str(caught.value)
    assert path.read_bytes() == b"wrong"


def test_a_corrupted_download_is_refused_with_both_hashes_and_not_kept(folder, server, monkeypatch):
    address, served = server
    (served / "awair.csv").write_bytes(b"wrong")
    list_at(f"{address}/awair.csv", monkeypatch)
    with pytest.raises(LstmkitError) as caught:
        fetch("awair")
    for part in (hashlib.sha256(CONTENT).hexdigest(), hashlib.sha256(b"wrong").hexdigest()):
        assert part in str(caught.value)
    assert not [entry for entry in folder.rglob("*") if entry.is_file()]


def test_without_a_network_the_error_says_what_to_do(folder):
    with pytest.raises(LstmkitError) as caught:
        fetch("awair")
    for part in (
        f"cannot download {NOWHERE}",
        f"put it at {folder / FILE}",
        f"set LSTMKIT_DATA_DIR to a folder that holds {FILE}",
    ):
        assert part in str(caught.value)


def test_a_file_that_the_server_lacks_is_an_error_with_advice(folder, server, monkeypatch):
    list_at(f"{server[0]}/gone.csv", monkeypatch)
    with pytest.raises(LstmkitError, match=r"404.*put it at"):
        fetch("awair")


def test_an_unknown_recording_lists_the_catalog():
    with pytest.raises(LstmkitError, match=r"'awiar'.*awair"):
        fetch("awiar")


# load_dataset


def data_params(source: str, **changed) -> DataParams:
    columns = {"co2": {"column": "co2", "unit": "ppm"}}
    return DataParams.model_validate({"source": source, "columns": columns, **changed})


def test_a_name_in_the_catalog(folder):
    place(folder, CONTENT)
    dataset = load_dataset(data_params("awair", site_timezone="Europe/Zurich"), Path("elsewhere"))
    assert dataset.name == "Awair sensor"
    assert dataset.frame["co2"].tolist() == list(range(500, 512))
    assert dataset.units == {"co2": "ppm"}
    assert dataset.interval == pd.Timedelta("5min")
    assert dataset.local_time[0].isoformat() == "2025-06-05T20:00:00+02:00"


@pytest.mark.parametrize("name", ["office.csv", "deep/office.csv"])
def test_a_relative_path_starts_at_the_folder(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(CONTENT)
    for source in (name, str(tmp_path / name)):
        dataset = load_dataset(data_params(source), tmp_path if source == name else Path("elsewhere"))
        assert dataset.name == "office"
        assert len(dataset.frame) == 12


def test_a_compressed_file_is_called_by_its_name_without_suffixes(tmp_path):
    (tmp_path / "my.office.csv.gz").write_bytes(gzip.compress(CONTENT))
    assert load_dataset(data_params("my.office.csv.gz"), tmp_path).name == "my.office"


def test_a_coarser_interval_averages(tmp_path):
    (tmp_path / "office.csv").write_bytes(CONTENT)
    dataset = load_dataset(data_params("office.csv", interval="30min"), tmp_path)
    assert dataset.frame["co2"].tolist() == [502.5, 508.5]  # means of 500…505 and 506…511


def test_a_finer_interval_is_refused(tmp_path):
    (tmp_path / "office.csv").write_bytes(CONTENT)
    with pytest.raises(
        LstmkitError, match=r"office.csv: 'co2' is measured every 5min.*1min.*`interval: 5min`"
    ):
        load_dataset(data_params("office.csv", interval="1min"), tmp_path)


def test_a_column_that_is_measured_more_rarely_than_the_others_counts(tmp_path):
    rows = [
        f"2025-06-05 18:{minute:02d},{20 + minute / 10},{500 if minute % 10 == 0 else ''}"
        for minute in range(60)
    ]
    (tmp_path / "office.csv").write_text("\n".join(["timestamp,temp,co2", *rows]))
    columns = {"temperature": {"column": "temp", "unit": "degC"}, "co2": {"column": "co2", "unit": "ppm"}}
    with pytest.raises(LstmkitError, match="'co2' is measured every 10min"):
        load_dataset(data_params("office.csv", columns=columns, interval="1min"), tmp_path)


def test_a_clock_that_runs_slightly_slow_is_no_finer_grid(tmp_path):
    stamps = pd.date_range("2025-06-05", periods=200, freq="60.26s")
    pd.DataFrame({"timestamp": stamps, "co2": 500.0}).to_parquet(tmp_path / "office.parquet")
    dataset = load_dataset(data_params("office.parquet", interval="1min"), tmp_path)
    assert len(dataset.frame) == 200
    assert dataset.observed.mean() > 0.99


def csv_of(folder: Path, stamps: pd.DatetimeIndex, pattern: str = "%Y-%m-%d %H:%M:%S") -> Path:
    """A file of readings that are counted from 500 on."""
    rows = [f"{stamp:{pattern}},{500 + n}" for n, stamp in enumerate(stamps)]
    (folder / "office.csv").write_text("\n".join(["timestamp,co2", *rows]))
    return folder


def test_daily_values_of_the_local_clock(tmp_path):
    days = pd.date_range("2024-01-01", periods=366)
    berlin = {"site_timezone": "Europe/Berlin", "time": {"timezone": "Europe/Berlin"}, "interval": "1D"}
    dataset = load_dataset(data_params("office.csv", **berlin), csv_of(tmp_path, days))
    assert dataset.local_time.tz_localize(None).tolist() == days.tolist()
    assert dataset.frame["co2"].tolist() == list(range(500, 866))
    assert dataset.observed.all()


def test_a_clock_that_is_a_second_early(tmp_path):
    stamps = pd.Timestamp("2025-06-05") + pd.to_timedelta([0, 59, 120, 179, 240], unit="s")
    dataset = load_dataset(data_params("office.csv", interval="1min"), csv_of(tmp_path, stamps))
    assert dataset.frame["co2"].tolist() == [500, 501, 502, 503, 504]
    assert dataset.observed.all()


def test_a_row_of_a_clock_that_was_not_set_is_named(tmp_path):
    stamps = pd.DatetimeIndex(["1970-01-01"]).append(pd.date_range("2024-01-01", periods=2000, freq="5min"))
    with pytest.raises(
        LstmkitError, match=r"office.csv: row 1 .*2024-01-01 00:00:00, comes 19,723 days after"
    ):
        load_dataset(data_params("office.csv"), csv_of(tmp_path, stamps))


def test_two_campaigns_make_one_series(tmp_path):
    days = [pd.date_range(begin, periods=480, freq="1h") for begin in ("2022-01-01", "2024-01-01")]
    dataset = load_dataset(
        data_params("office.csv", interval="1h"), csv_of(tmp_path, days[0].append(days[1]))
    )
    assert dataset.observed.sum() == 960
    assert dataset.gaps.splits == 1
    assert dataset.gaps.longest == pd.Timedelta("710D")


@pytest.mark.parametrize("source", ["awiar", "office.csv"])
def test_an_unknown_source_lists_the_catalog(tmp_path, source):
    with pytest.raises(LstmkitError) as caught:
        load_dataset(data_params(source), tmp_path)
    for part in (repr(source), "'simulated'", "awair", str(tmp_path / source)):
        assert part in str(caught.value)


def test_the_simulated_office():
    simulator = SimulatorParams(seed=3, days=2)
    data = DataParams(source="simulated", site_timezone="America/New_York", simulator=simulator)
    dataset = load_dataset(data, Path("elsewhere"))
    measured, latents, units = simulate_office(simulator, pd.Timedelta("5min"), "America/New_York")
    assert dataset.name == "Simulated office"
    assert dataset.units == units
    assert list(dataset.latents) == list(latents)
    assert dataset.calendar.timezone == "America/New_York"
    complete = measured.notna().all(axis=1)
    np.testing.assert_array_equal(dataset.frame.loc[measured.index][complete], measured[complete])


def test_a_target_that_the_office_does_not_have():
    data = DataParams(source="simulated", target="radon", simulator=SimulatorParams(days=2))
    with pytest.raises(LstmkitError, match=r"'radon'.*co2"):
        load_dataset(data, Path("elsewhere"))


# The studies of this project


@pytest.mark.parametrize(("study", "source"), [("co2", "simulated"), ("awair", "awair")])
def test_the_two_studies_agree_on_all_but_the_data(study, source):
    params = load_params(PROJECT / "params" / f"{study}.yml")
    assert params.data.source == source
    assert params.data.site_timezone == "America/New_York"
    assert params.data.interval == "5min"
    assert params.horizons == (12, 288)
    assert {name: model.kind for name, model in params.models.items()} == {
        "lstm": "lstm",
        "cnn_lstm": "cnn_lstm",
    }


def test_the_real_recording():
    try:
        fetch("awair")
    except LstmkitError as error:
        if "cannot download" not in str(error):
            raise
        pytest.skip(str(error))
    dataset = load_dataset(load_params(PROJECT / "params" / "awair.yml").data, PROJECT)
    co2 = dataset.frame.loc[dataset.observed, "co2"]
    assert len(dataset.frame) == 50_972
    assert (~dataset.observed).sum() == 324
    assert co2.mean() == pytest.approx(516, abs=1)
    assert co2.std() == pytest.approx(115, abs=1)
    assert dataset.gaps.interpolated_steps + dataset.gaps.missing_steps == 324
    assert dataset.gaps.longest == pd.Timedelta("19h")
    assert dataset.units == {"co2": "ppm", "temperature": "degC", "humidity": "percent"}
    assert dataset.frame["temperature"].between(15, 25).sum() == dataset.frame["temperature"].notna().sum()
    assert dataset.local_time[0].isoformat() == "2025-06-05T14:00:00-04:00"
