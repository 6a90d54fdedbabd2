"""The recordings that lstmkit can download, and the one way from a study's `data` block to a Dataset."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pooch

from lstmkit.data.arrays import load_arrays
from lstmkit.data.calendar import Calendar
from lstmkit.data.dataset import Dataset
from lstmkit.data.grid import fingerprint_of, make_dataset
from lstmkit.data.office.simulate import simulate_office
from lstmkit.data.quantities import quantity_of
from lstmkit.data.reading.compressed import bare_name
from lstmkit.data.reading.files import read_measurements
from lstmkit.data.reading.spacing import check_spacing
from lstmkit.errors import LstmkitError
from lstmkit.params import ArraysParams, DataParams, matching_files, source_files
from lstmkit.wording import count, one_line, shown

FOLDER_VARIABLE = "LSTMKIT_DATA_DIR"


@dataclass(frozen=True)
class Recording:
    """A recording that anyone may download.

    Attributes:
        title: what the series is called in titles.
        url: where it is, pinned to one version.
        file: where it lies inside the data folder.
        sha256: the hash of its bytes.
    """

    title: str
    url: str
    file: str
    sha256: str


# awair: MIT licence, github.com/runsascoded/awair
CATALOG = {
    "awair": Recording(
        title="Awair sensor",
        url="https://raw.githubusercontent.com/runsascoded/awair/47ed56d20580bbb7cf00874d46180672267752a0"
        "/www/test-data/awair-17617.parquet",
        file="co2_awair/awair-17617.parquet",
        sha256="eeab165f331b79f8b2f2a9bb6c50450984d232f8433fbf96c6deef3044a25bfa",
    ),
}


def fetch(name: str) -> Path:
    """Find a recording in the data folder, or download it there; its hash is checked either way.

    The data folder is the one that the environment variable LSTMKIT_DATA_DIR names, else the user's cache.

    Args:
        name: a name in the catalog.

    Returns:
        The path of the file.

    Raises:
        LstmkitError: the name is unknown, the file cannot be downloaded, or its hash is wrong.
    """
    if name not in CATALOG:
        raise LstmkitError(f"unknown recording {name!r}; the catalog has {', '.join(CATALOG)}")
    recording = CATALOG[name]
    path = _data_folder() / recording.file
    if not path.is_file():
        _download(recording, path)
    if (found := pooch.file_hash(str(path), alg="sha256")) != recording.sha256:
        raise LstmkitError(
            f"{path}: corrupted: expected SHA-256 {recording.sha256}, found {found}. "
            f"Delete the file, and it is downloaded again from {recording.url}"
        )
    return path


def load_dataset(data: DataParams | ArraysParams, folder: Path) -> Dataset:
    """Load the series that a study's `data` block describes, on its grid.

    Args:
        data: the source (`simulated`, a name in the catalog, or files), its columns and the grid; or windows as arrays.
        folder: the folder against which relative paths are resolved.

    Returns:
        The dataset, called by its subject; without one "Simulated office", by the recording's title, or by the
        file's name.

    Raises:
        LstmkitError: there is no such source, its file cannot be used, or the grid is finer than the file.
    """
    if isinstance(data, ArraysParams):
        return load_arrays(data, folder)
    calendar = Calendar(data.interval, data.site_timezone)
    if data.source == "simulated":
        name, subject = "Simulated office", "the simulated office"
        measurements, latents, units = simulate_office(data.simulator, calendar.step, data.site_timezone)
    else:
        (name, files), subject = _locate(data, folder), "the series"
        measurements, units = read_measurements(files, data)
        check_spacing(measurements, calendar.step, data.time.timezone, files[0])
        latents, units = _latents(files, data, units)
    if missing := [target for target in data.targets if target not in measurements]:
        raise LstmkitError(f"there is no target {missing[0]!r}; {name} has {', '.join(measurements)}")
    dataset = make_dataset(
        data.subject or name,
        measurements,
        target=data.targets,
        interval=data.interval,
        site_timezone=data.site_timezone,
        units=units,
        latents=latents,
        subject=data.subject or subject,
        quantities={
            target: quantity
            for target in data.targets
            if (quantity := quantity_of(target, data.columns.get(target)))
        },
        target_known=data.target_known,
        kind="regression" if data.classes is None else "classes",
    )
    return replace(dataset, latents_fingerprint=fingerprint_of(dataset.latents)) if data.latents else dataset


def _latents(
    files: list[Path], data: DataParams, units: dict[str, str]
) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """The latents that a study names, and the units of all columns."""
    if not data.latents:
        return None, units
    beside = data.model_copy(update={"columns": data.latents, "latents": {}})
    latents, their_units = read_measurements(files, beside)
    return latents, units | their_units


def _data_folder() -> Path:
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named).expanduser().absolute() if named else Path(pooch.os_cache("lstmkit"))


def _download(recording: Recording, path: Path) -> None:
    advice = (
        f"Download it by hand and put it at {path}, or set {FOLDER_VARIABLE} to a folder that holds "
        f"{recording.file}"
    )
    try:
        pooch.retrieve(recording.url, f"sha256:{recording.sha256}", fname=path.name, path=path.parent)
    except (OSError, ValueError) as error:  # no network, no right to write; a wrong hash
        raise LstmkitError(f"cannot download {recording.url}: {error}. {advice}") from None


def _locate(data: DataParams, folder: Path) -> tuple[str, list[Path]]:
    if data.source in CATALOG:
        return CATALOG[data.source].title, [fetch(data.source)]
    found = {source: matching_files(source, folder) for source in data.sources}
    if missing := [source for source, files in found.items() if not files]:
        raise LstmkitError(
            f"unknown data source {shown(missing[0])}: it is neither 'simulated', nor in the catalog "
            f"({', '.join(CATALOG)}), nor a file: there is no {one_line(folder / missing[0])}"
        )
    files = source_files(data, folder)
    others = f" and {count(len(files) - 1, 'more file')}" if len(files) > 1 else ""
    return bare_name(files[0]) + others, files
