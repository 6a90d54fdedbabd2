"""A study of months runs through its sections, and no page counts them in hours or in days."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.pages import executed

SHORT_STEPS = re.compile(r"\d (h|min)\b|\b(hours?|days?|weekdays?|daily|noon|nan)\b", re.IGNORECASE)
STUDY = {
    "title": "Demand",
    "data": {
        "source": "data.csv",
        "subject": "the region",
        "interval": "month",
        "target": "demand",
        "time": {"column": "date", "format": "%Y-%m-%d", "timezone": "UTC"},
        "columns": {"demand": {"column": "demand", "unit": "GWh"}, "price": {"column": "price", "unit": "EUR"}},
    },
    "variant": "raw",
    "clock": True,
    "seeds": 1,
    "horizons": [2],
    "split": {"train": 0.5, "validation": 0.15},
    "windows": {"lookback": 12, "residual": "none"},
    "models": {"lstm": {"kind": "lstm", "hidden": 4, "layers": 1}},
    "training": {
        "epochs": 8, "windows_per_epoch": 128, "validation_windows": 64, "batch_size": 32, "learning_rate": 0.03,
        "warmup": 2, "patience": 8, "ema_decay": 0,
    },
    "evaluation": {"bootstrap": 50},
    "attribution": {"windows": 16, "costly_windows": 4, "smooth_samples": 2, "path_steps": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Some eleven years of months: a year's wave with noise, and a price that follows it."""
    place = tmp_path_factory.mktemp("monthly")
    index = pd.date_range("2000-01-01", periods=140, freq="MS")
    rng, phase = np.random.default_rng(1), 2 * np.pi * index.day_of_year.to_numpy() / 365.25
    demand = 50 + 9 * np.cos(phase) + rng.normal(0, 2, len(index))
    frame = pd.DataFrame(
        {"demand": demand, "price": 0.5 * demand + rng.normal(0, 1, len(index))}, index=index
    )
    frame.rename_axis("date").round(2).to_csv(place / "data.csv", date_format="%Y-%m-%d")
    (place / "params").mkdir()
    (place / "params" / "demand.yml").write_text(yaml.safe_dump(STUDY))
    return place


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        (
            "01_training",
            ["The series in monthly means", " test windows of 48 months; skill with its interval."],
        ),
        ("A_gates", ["months of input give 95 %", "in the same month of another year, so that the clock"]),
        ("B_attribution", ["Half of it lies in the newest "]),
        (
            "E_predictions",
            [
                "Forecasts of the last step, 2 months ahead",
                "one point per month; below, the full year whose RMSE",
                "the errors by month and month of the year of the time",
                "By month of the year, eight in ten errors span ",
                "intervals over resampled blocks of months",
            ],
        ),
        (
            "D_temporal",
            [
                "over 4 years in steps of 1 month",
                "up to 12 months, no lag",
                " a year later",
                "of the forecasts that start within 12 months",
                "Errors 2 months ahead",
                "No month comes up in 5 years, as a profile over the year needs; the errors fall on 48 months in all.",
            ],
        ),
        ("E_horizons", ["Test months: 48 (2 months ahead)", "2 months ahead; nine tenths reach back "]),
    ],
)
def test_pages_of_monthly_studies_speak_of_months_and_years(folder, monkeypatch, notebook, said):
    monkeypatch.chdir(folder)
    page = executed(notebook, study="demand", model="lstm", horizon=2)
    assert [words for words in said if words not in page] == []
    assert [line for line in page.splitlines() if SHORT_STEPS.search(line)] == []


def test_what_does_not_apply_has_no_figure(folder, monkeypatch):
    monkeypatch.chdir(folder)
    executed("D_temporal", study="demand", model="lstm", horizon=2)
    figures = folder / "results" / "demand" / "lstm_interpretability" / "2steps" / "temporal_patterns"
    assert not list(figures.glob("*phase*"))
    assert len(list(figures.glob("*.png"))) == 4
