"""The pages above a study's sections show its metrics, with the interval that these state."""

import shutil
from pathlib import Path

import pytest

from lstmkit.checksums import checksum, write_checked, write_result
from lstmkit.errors import LstmkitError
from lstmkit.report import _row, write_index

SMOKE = Path(__file__).parent.parent / "params" / "smoke.yml"


@pytest.mark.parametrize(
    ("r2", "value", "said"),
    [
        (-0.004, 0.0002, "1.96e−05 | 0.000196 | 0.00 | 3.2 | 0.0 [−1.0, +2.0]"),
        (None, -0.0002, "1.96e−05 | 0.000196 | – | 3.2 | 0.0 [−1.0, +2.0]"),
        (0.956, 0.101, "1.96e−05 | 0.000196 | 0.96 | 3.2 | +10.1 [−1.0, +2.0]"),
    ],
)
def test_small_errors_have_three_digits_and_zero_has_no_sign(r2, value, said):
    scores = {"rmse": 0.0000196, "mae": 0.000196, "r2": r2, "mape": 3.2}
    metrics = {name: {"all_steps": score} for name, score in scores.items()}
    metrics["skill"] = {"all_steps": {"value": value, "low": -0.01, "high": 0.02, "best_baseline": "ridge"}}
    assert _row("LSTM", "1 h", metrics) == f"| LSTM | 1 h | {said} | ridge |"


def landing(folder: Path, low: float | None, high: float | None) -> str:
    """The landing page of a project of which one model and horizon was executed."""
    (folder / "params").mkdir()
    shutil.copy(SMOKE, folder / "params")
    scores = {"rmse": 20.04, "mae": 12.0, "r2": -0.5, "mape": None}
    content = {name: {"all_steps": value} for name, value in scores.items()} | {
        "skill": {"all_steps": {"value": -0.051, "low": low, "high": high, "best_baseline": "ridge"}},
        "unit": "ppm",
        "confidence": 0.9,
    }
    run, card = folder / "results" / "smoke" / "lstm_interpretability" / "h1", {"request": "lstm"}
    write_checked(run / "model.json", card)
    write_result(run / "metrics.json", content, checksum(card))
    write_index(str(folder / "params" / "smoke.yml"), folder / "book")
    return (folder / "book" / "studies" / "smoke" / "landing.txt").read_text()


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.08, 0.02, "−5.1 [−8.0, +2.0]"), (None, None, "−5.1 (too few days for an interval)")],
)
def test_the_table_shows_metrics_and_interval(tmp_path, low, high, said):
    text = landing(tmp_path, low, high)
    assert (
        f"| [LSTM](studies/smoke/lstm/h1/index.md) | 1 h | 20.0 | 12.0 | −0.50 | – | {said} | ridge |" in text
    )
    assert "| model | ahead | RMSE (ppm) | MAE (ppm) |" in text
    assert "with its 90 % interval over resampled days" in text


def test_without_metrics_the_table_says_so(tmp_path):
    (tmp_path / "params").mkdir()
    shutil.copy(SMOKE, tmp_path / "params")
    write_index(str(tmp_path / "params" / "smoke.yml"), tmp_path / "book")
    assert (
        "Nothing of this study has been executed yet."
        in (tmp_path / "book" / "studies" / "smoke" / "landing.txt").read_text()
    )


def test_metrics_of_another_model_are_not_shown(tmp_path):
    landing(tmp_path, -0.08, 0.02)
    run = tmp_path / "results" / "smoke" / "lstm_interpretability" / "h1"
    write_checked(run / "model.json", {"request": "another"})
    write_index(str(tmp_path / "params" / "smoke.yml"), tmp_path / "book")
    text = (tmp_path / "book" / "studies" / "smoke" / "landing.txt").read_text()
    assert "Nothing of this study has been executed yet." in text


def test_damaged_metrics_are_named_with_what_to_do(tmp_path):
    landing(tmp_path, -0.08, 0.02)
    metrics = tmp_path / "results" / "smoke" / "lstm_interpretability" / "h1" / "metrics.json"
    metrics.write_text(metrics.read_text()[:100])
    said = r"h1/metrics\.json is damaged .*; delete it, and `make report` makes it again$"
    with pytest.raises(LstmkitError, match=said):
        write_index(str(tmp_path / "params" / "smoke.yml"), tmp_path / "book")
