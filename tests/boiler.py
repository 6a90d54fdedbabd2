"""A boiler that does not exist: studies of two targets, of one that is no input, and of one of classes."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.hourly import DAYS, RECIPE, red_noise

BOILER = RECIPE | {
    "variant": "raw",
    "horizons": [1, 6],
    "models": {
        "lstm": {"kind": "lstm", "hidden": 8},
        "cnn_lstm": {"kind": "cnn_lstm", "channels": [4, 6], "hidden": 8, "head": 8},
    },
    "convolutions": {"random_ablations": 2},
}
COLUMNS = {
    "load": {"column": "load", "unit": "kW"},
    "flue_temperature": {"column": "flue", "unit": "degC"},
    "oxygen": {"column": "o2", "unit": "percent"},
    "nox": {"column": "nox", "unit": "mg/m3"},
    "mode": {"column": "mode", "classes": ["low", "normal", "limit"]},
}


def write_boiler_study(
    folder: Path, name: str, columns: tuple[str, ...], residual: str = "auto", **data
) -> Path:
    """Write `boiler.csv` and a study of it below a folder, the same each time; returns the YAML's path.

    Args:
        folder: of the project.
        name: of the study.
        columns: of `COLUMNS`, that the study has.
        residual: the residual baseline.
        **data: further keys of its block `data`.
    """
    path = folder / "params" / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    block = {
        "source": "boiler.csv",
        "subject": "the boiler",
        "site_timezone": "Europe/Zurich",
        "interval": "1h",
        "columns": {column: COLUMNS[column] for column in columns},
    }
    windows = {"lookback": 24, "residual": residual}
    study = {"title": f"A boiler: {name}", "data": block | data, "windows": windows, **BOILER}
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    readings().to_csv(folder / "boiler.csv")
    return path


def two_targets_study(folder: Path) -> Path:
    """Load and flue temperature are forecast, and the second is explained."""
    columns = ("load", "flue_temperature", "oxygen")
    targets = {"target": ["load", "flue_temperature"], "explained": "flue_temperature"}
    return write_boiler_study(folder, "two", columns, residual="climatology", **targets)


def sensor_study(folder: Path) -> Path:
    """Nitrogen oxides from all else; they are measured from Monday to Friday."""
    columns = ("load", "flue_temperature", "oxygen", "nox")
    return write_boiler_study(folder, "sensor", columns, target="nox", target_known=False)


def classes_study(folder: Path) -> Path:
    """Whether the load is low, normal or at its limit, from that and all else; the limit is explained."""
    columns = ("mode", "load", "oxygen")
    return write_boiler_study(folder, "classes", columns, target="mode", explained="limit")


def readings() -> pd.DataFrame:
    """Load by the hour with noise that fades, what follows from it, and nitrogen oxides on working days alone."""
    index = pd.date_range("2024-01-08", periods=24 * DAYS, freq="h", name="timestamp")
    rng, n = np.random.default_rng(5), 24 * DAYS
    hour = index.hour.to_numpy()
    load = 40 + 15 * np.sin(2 * np.pi * (hour - 8) / 24) + red_noise(rng, n, 0.9, 3.0)
    flue = 120 + 1.5 * load + red_noise(rng, n, 0.8, 2.0)
    oxygen = 6 - 0.04 * load + red_noise(rng, n, 0.5, 0.3)
    nox = 80 + 0.6 * flue - 12 * oxygen + rng.normal(0, 3, n)
    nox[index.day_of_week >= 5] = np.nan
    mode = np.array(["low", "normal", "limit"])[np.digitize(load, [30, 50])]
    return pd.DataFrame({"load": load, "flue": flue, "o2": oxygen, "nox": nox, "mode": mode}, index=index)
