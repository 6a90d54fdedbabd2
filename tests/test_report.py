"""The pages above a study's sections show its metrics, with the interval that these state."""

import shutil
from pathlib import Path

import pytest

from lstmkit.checksums import checksum, write_checked, write_result
from lstmkit.errors import LstmkitError
from lstmkit.headlines import headlines
from lstmkit.report import _row, write_index
from lstmkit.run_results import RunResults
from tests.analysis.test_summary import facts, metrics

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
    assert "with its 90 % interval over resampled blocks of days" in text


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


def project(folder: Path) -> Path:
    """The smoke test's study, of which nothing was executed."""
    (folder / "params").mkdir()
    shutil.copy(SMOKE, folder / "params")
    return folder / "params" / "smoke.yml"


def executed(
    study: Path, model: str, horizon: str, metrics: dict, kept: dict, pages: tuple[str, ...] = ()
) -> None:
    """What is left where a model was trained, some of its sections kept facts, and some pages were made."""
    run, card = (
        study.parent.parent / "results/smoke" / f"{model}_interpretability" / horizon,
        {"request": model},
    )
    write_checked(run / "model.json", card)
    write_result(run / "metrics.json", metrics, checksum(card))
    for room, content in kept.items():
        write_result(run / "facts" / f"{room}.json", content, checksum(card))
    for page in pages:
        path = study.parent.parent / "book/studies/smoke" / model / f"{page}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def complete(**changed) -> dict:
    scores = {"mae": 12.0, "r2": 0.5, "mape": None}
    return metrics(20.0, 25.0, 0.02, 0.3) | {"confidence": 0.95} | {
        name: {"all_steps": value} for name, value in scores.items()
    } | changed  # fmt: skip


def landing_of(study: Path) -> str:
    write_index(str(study), study.parent.parent / "book")
    return (study.parent.parent / "book/studies/smoke/landing.txt").read_text()


def test_the_landing_page_says_what_was_found(tmp_path):
    study = project(tmp_path)
    pages = (
        "h1/01_training",
        "h1/A_gates",
        "h1/B_attribution",
        "h1/C_hidden_states",
        "h1/E_predictions",
        "summary",
    )
    executed(study, "lstm", "h1", complete(), facts(0.4, 0.5, 80.0), pages)
    h1 = "studies/smoke/lstm/h1"
    said = [
        f"[Skill]({h1}/01_training.ipynb): RMSE 20.0 ppm, better than every baseline (ridge; skill +20.0 %, interval "
        f"+2.0 to +30.0 %).",
        f"[Memory]({h1}/A_gates.ipynb): the median timescale of a cell is 12 min in layer 1; the longest is 24 min.",
        f"[History]({h1}/C_hidden_states.ipynb): the newest 30 min give the final state of the median window.",
        f"[Drivers]({h1}/B_attribution.ipynb): the gradient gives CO₂ 80 %, humidity 20 %, half of it in the newest 30 "
        f"min.",
        f"[Errors]({h1}/E_predictions.ipynb): High values hold 80 % of the squared error in 30 % of the windows.",
    ]
    text = landing_of(study)
    assert (
        "**LSTM** ([summary](studies/smoke/lstm/summary.ipynb))\n\n- *1 h ahead.* " + " ".join(said) in text
    )
    assert "CNN" not in landing_of(study)  # of which nothing was executed


def test_before_the_sections_are_executed_only_the_skill_is_told_and_nothing_is_linked(tmp_path):
    study = project(tmp_path)
    executed(study, "cnn_lstm", "h24", complete(), {})
    text = landing_of(study)
    assert "**CNN-LSTM**\n\n- *24 h ahead.* Skill: RMSE 20" in text
    assert not any(word in text for word in ("Memory", "Drivers", "Errors", ".ipynb"))


def test_facts_of_another_model_are_not_told(tmp_path):
    study = project(tmp_path)
    executed(study, "lstm", "h1", complete(), {})
    write_result(
        tmp_path / "results/smoke/lstm_interpretability/h1/facts/gates.json",
        facts(0.4, 0.5, 80.0)["gates"],
        "other",
    )
    assert "Memory" not in landing_of(study)


def test_of_a_network_that_is_switched_off_no_memory_is_told(tmp_path):
    study = project(tmp_path)
    off = {"network": {"rule": "its anchor", "gain": 0.0, "spread": 0.0}}
    executed(study, "lstm", "h1", complete(**off), facts(0.4, 0.5, 80.0))
    text = landing_of(study)
    assert "The network is switched off" in text
    assert "Errors" in text
    assert not any(word in text for word in ("Memory", "Drivers", "History"))


def test_where_nothing_was_executed_nothing_is_said_to_be_found(tmp_path):
    text = landing_of(project(tmp_path))
    assert text.endswith("Nothing of this study has been executed yet.\n")


@pytest.mark.parametrize(
    ("rmse", "low", "high", "said"),
    [
        (20.0, 0.02, 0.3, "better than every baseline"),
        (20.0, -0.02, 0.3, "not told apart from the best baseline"),
        (30.0, -0.4, -0.1, "worse than the best baseline"),
        (30.0, None, None, "no better than the best baseline (ridge; skill −20.0 %)."),
        (20.0, None, None, "better than every baseline (ridge; skill +20.0 %)."),
    ],
)
def test_the_verdict_on_the_landing_page(rmse, low, high, said):
    run = RunResults("1 h", "h1", metrics(rmse, 25.0, low, high), {})
    assert said in headlines(run, "h1", ()).replace("\\", "")


def test_a_name_full_of_markup_is_text_on_the_landing_page(tmp_path):
    kept = facts(0.4, 0.5, 80.0)
    kept["attribution"]["gradient"]["shares"] = {"<img src=x>": 90.0, "[a](b)": 10.0}
    run = RunResults("1 h", "h1", metrics(20.0, 25.0), kept)
    text = headlines(run, "h1", ())
    assert r"\<img src=x\> 90 %, \[a\](b) 10 %" in text
