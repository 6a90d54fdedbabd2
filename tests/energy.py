"""A study that has nothing to do with air: the hourly load of a school, as a meter's file and a YAML describe it."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.hourly import DAYS, RECIPE, red_noise

STUDY = RECIPE | {
    "title": "Load of a school",
    "description": "Electric load, outdoor temperature and the number of classes of a school that does not exist.",
    "data": {
        "source": "meter/load.csv",
        "subject": "the school",
        "site_timezone": "Europe/Copenhagen",
        "interval": "1h",
        "target": "load",
        "time": {"column": ["Date", "Hour"], "format": "%d.%m.%Y %H", "timezone": "Europe/Copenhagen"},
        "columns": {
            "load": {"column": "Load (kW)", "unit": "kW"},
            "temperature": {"column": "Outdoor", "unit": "°F"},
        },
        "latents": {"teaching": {"column": "Classes", "unit": "classes"}},
        "missing": [-200],
        "read": {"separator": ";", "decimal": ",", "encoding": "cp1252", "comment": "#"},
    },
    "variant": "raw",
    "horizons": [1, 24],
    "windows": {"lookback": 24},
    "models": {"lstm": {"kind": "lstm", "hidden": 8}},
}


def write_energy_study(folder: Path) -> Path:
    """Write `meter/load.csv` and `params/energy.yml` below a folder, the same each time; returns the YAML's path."""
    path = folder / "params" / "energy.yml"
    for each in (path.parent, folder / "meter"):
        each.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(STUDY, sort_keys=False, allow_unicode=True))
    (folder / "meter" / "load.csv").write_bytes(_text(_readings()).encode("cp1252"))
    return path


def _readings() -> pd.DataFrame:
    """A working day of classes, heating below 15 °C, noise that fades over hours, and a meter that fails twice."""
    index = pd.date_range("2024-01-08", periods=24 * DAYS, freq="h")
    rng = np.random.default_rng(11)
    hour, n = index.hour.to_numpy(), len(index)
    daily = -np.cos(2 * np.pi * (hour - 3) / 24)
    outdoor = 4 + 6 * np.sin(np.arange(n) / 300) + 3 * daily + red_noise(rng, n, 0.97, 0.6)
    open_hours = (hour >= 8) & (hour < 16) & (index.day_of_week.to_numpy() < 5)
    classes = np.where(open_hours, rng.integers(12, 19, n), 0)
    load = 18 + 3.2 * classes + 1.1 * np.clip(15 - outdoor, 0, None) + red_noise(rng, n, 0.8, 2.0)
    frame = pd.DataFrame({"load": load, "outdoor": outdoor * 1.8 + 32, "classes": classes}, index=index)
    frame.iloc[700, 0] = -200  # an hour that is interpolated
    frame.iloc[900:912, 0] = -200  # a night that splits the series
    return frame


def _text(readings: pd.DataFrame) -> str:
    rows = [
        f"{time:%d.%m.%Y};{time:%H};" + f"{load:.1f};{outdoor:.1f};{classes:.0f}".replace(".", ",")
        for time, load, outdoor, classes in readings.itertuples()
    ]
    return "# Zähler 7\n" + "\n".join(["Date;Hour;Load (kW);Outdoor;Classes", *rows]) + "\n"
