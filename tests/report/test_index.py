"""The pages above a study's sections open with the verdict, and show its metrics with their interval."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from lstmkit.errors import LstmkitError
from lstmkit.findings.run_results import RunResults
from lstmkit.report.headlines import Subject, headlines
from lstmkit.report.index import _row, write_index
from lstmkit.storage.checksums import checksum, write_checked, write_result
from tests.hand_made import THREE, facts, metrics, network, of_seeds

SMOKE = Path(__file__).parents[2] / "params" / "smoke.yml"


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
    content = {name: {"all_steps": score} for name, score in scores.items()}
    content["skill"] = {"all_steps": {"value": value, "low": -0.01, "high": 0.02, "best_baseline": "ridge"}}
    subject = Subject("LSTM", RunResults("1 h", "h1", content, {}), "", (), None)
    assert _row(subject, with_seeds=False) == f"| LSTM | 1 h | {said} | ridge |"


def test_the_seeds_stand_in_the_table():
    content = of_seeds(
        metrics(24.0, 25.0, 0.01, 0.07), (0.05, 0.02, 0.08), (-0.01, -0.03, 0.01), together=(0.06, 0.03, 0.09)
    )
    subject = Subject("LSTM", RunResults("1 h", "h1", content, {}), "", (), "h1/index.md")
    row = _row(subject, with_seeds=True)
    assert row.startswith("| [LSTM](h1/index.md) | 1 h | 24.0 | ")
    assert row.endswith("| +4.0 [+1.0, +7.0] | −1.0 to +5.0; +6.0 | ridge |")


def landing(folder: Path, low: float | None, high: float | None) -> str:
    """The landing page of a project of which one model and horizon was executed."""
    study = project(folder)
    executed(study, "lstm", "h1", metrics(26.3, 25.0, low, high) | {"confidence": 0.9}, {})
    return landing_of(study)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.08, 0.02, "−5.2 [−8.0, +2.0]"), (None, None, "−5.2 (too few days for an interval)")],
)
def test_the_table_shows_metrics_and_interval(tmp_path, low, high, said):
    text = landing(tmp_path, low, high)
    assert (
        f"| [LSTM](studies/smoke/lstm/h1/index.md) | 1 h | 26.3 | 12.0 | 0.50 | – | {said} | ridge |" in text
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
        path.write_text(json.dumps({"cells": [{"metadata": {"lstmkit_heading": f"{page}: why?"}}]}))


def landing_of(study: Path) -> str:
    write_index(str(study), study.parent.parent / "book")
    return (study.parent.parent / "book/studies/smoke/landing.txt").read_text()


SECTIONS = (
    "h1/01_training",
    "h1/A_gates",
    "h1/B_attribution",
    "h1/C_hidden_states",
    "h1/E_predictions",
    "summary",
)
SURE = metrics(20.0, 25.0, 0.02, 0.3)
VERDICT = (
    "**better than every baseline, by 20.0 %** (95 % interval +2.0 to +30.0 %; one seed). RMSE 20.0 ppm, ridge 25.0 "
    "ppm."
)


def test_the_landing_page_opens_with_the_verdict_and_what_was_found(tmp_path):
    study = project(tmp_path)
    executed(study, "lstm", "h1", SURE, facts(0.4, 0.5, 80.0), SECTIONS)
    title, verdict, head, *rest = [line for line in landing_of(study).splitlines() if line]
    assert title.startswith("**[Smoke test")
    assert verdict == f"- [LSTM, 1 h ahead](studies/smoke/lstm/h1/index.md): {VERDICT}"
    assert head == (
        "| | looks at (gradient) | remembers | fails at |"  # no states were probed
    )
    lstm = "studies/smoke/lstm"
    assert rest[1] == (
        f"| [LSTM, 1 h]({lstm}/summary.ipynb) | [CO₂ 80 %]({lstm}/h1/B_attribution.ipynb), humidity 20 % | "
        f"[forget gates]({lstm}/h1/A_gates.ipynb): 12 min | "
        f"[High values]({lstm}/h1/E_predictions.ipynb): 80 % of the squared error in 30 % of the windows |"
    )
    assert "CNN" not in landing_of(study)  # of which nothing was executed


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("index.md", "[LSTM, 1 h ahead](lstm/h1/index.md)"),
        ("lstm/index.md", "[LSTM, 1 h ahead](../lstm/h1/index.md)"),
        ("lstm/h1/index.md", "LSTM, 1 h ahead"),
    ],
)
def test_every_page_above_the_sections_opens_with_the_verdict(tmp_path, page, name):
    study = project(tmp_path)
    executed(study, "lstm", "h1", SURE, facts(0.4, 0.5, 80.0), SECTIONS)
    write_index(str(study), tmp_path / "book")
    written = tmp_path / "book/studies/smoke" / page
    heading, verdict, *_ = [line for line in written.read_text().splitlines() if line]
    assert heading.startswith("# ")
    assert heading.endswith(" (smoke)") or page == "index.md"  # which is the study's own
    assert verdict == f"- {name}: {VERDICT}"
    targets = re.findall(r"\]\(([^)]+\.(?:md|ipynb))\)", written.read_text())
    assert targets
    assert all((written.parent / target).is_file() for target in targets)


def test_lists_of_pages_ask_what_the_notebooks_ask(tmp_path):
    study = project(tmp_path)
    executed(study, "lstm", "h1", SURE, {}, ("h1/A_gates", "E_horizons", "summary"))
    folder = tmp_path / "book/studies/smoke/lstm"
    (folder / "h1/B_mine.ipynb").write_text('{"cells": []}')  # not written by the report
    write_index(str(study), tmp_path / "book")
    pages = [(folder / name).read_text().split("{toctree}")[1] for name in ("index.md", "h1/index.md")]
    entries = [re.findall(r"^[^:`\n].*$", text, re.MULTILINE) for text in pages]
    assert entries == [
        ["summary: why? <summary>", "h1/index", "h24/index", "E_horizons: why? <E_horizons>"],
        ["h1/A_gates: why? <A_gates>", "B_mine"],
    ]


def test_a_forecast_that_is_not_surely_better_comes_with_what_to_use_instead(tmp_path):
    study = project(tmp_path)
    executed(study, "lstm", "h1", metrics(24.0, 25.0, -0.02, 0.1), {})
    assert "If the forecast is all that you need, use ridge." in landing_of(study)
    executed(study, "lstm", "h1", SURE, {})
    assert "all that you need" not in landing_of(study)


def test_before_the_sections_are_executed_only_the_verdict_is_told(tmp_path):
    study = project(tmp_path)
    executed(study, "cnn_lstm", "h24", SURE, {})
    text = landing_of(study)
    assert f"- [CNN-LSTM, 24 h ahead](studies/smoke/cnn_lstm/h24/index.md): {VERDICT}\n\n" in text
    assert not any(word in text for word in ("looks at", "remembers", "fails at", ".ipynb"))


def test_facts_of_another_model_are_not_told(tmp_path):
    study = project(tmp_path)
    executed(study, "lstm", "h1", SURE, {})
    run = tmp_path / "results/smoke/lstm_interpretability/h1"
    write_result(run / "facts/gates.json", facts(0.4, 0.5, 80.0)["gates"], "other")
    assert "remembers" not in landing_of(study)


def test_of_a_network_that_is_switched_off_no_memory_is_told(tmp_path):
    study = project(tmp_path)
    executed(study, "lstm", "h1", SURE | network(gain=0.0, spread=0.0), facts(0.4, 0.5, 80.0))
    text = landing_of(study)
    assert "Its network is switched off: the forecast is that of the last value alone." in text
    assert "| LSTM, 1 h | its network is switched off | High values: 80 %" in text
    assert "remembers" not in text


def measured(study: Path, horizon: str) -> Path:
    """What is left where each of three networks was measured."""
    run = study.parent.parent / "results/smoke/lstm_interpretability" / horizon
    for seed, claims in enumerate(THREE):
        folder = run / f"seed_{seed}" if seed else run
        card = {"request": "lstm"} | ({"seed": seed} if seed else {})
        write_checked(folder / "model.json", card)
        write_result(folder / "claims.json", claims, checksum(card))
    return run


def with_three_seeds(study: Path) -> Path:
    """The smoke test's study with three seeds."""
    content = yaml.safe_load(study.read_text()) | {"seeds": 3}
    study.write_text(yaml.safe_dump(content))
    return study


def test_what_was_found_is_told_over_the_seeds_and_beside_the_untrained_network(tmp_path):
    study = with_three_seeds(project(tmp_path))
    executed(study, "lstm", "h1", SURE, facts(0.4, 0.5, 80.0))
    run = measured(study, "h1")
    text = landing_of(study)
    assert (
        "| LSTM, 1 h | CO₂ 76 to 82 % (untrained 40 to 50 %), humidity 18 to 24 % (untrained 50 to 60 %) | the newest "
        "4 to 8 h give 95 % of its gain; forget gates: 12 to 13 min (as untrained) | nothing that was learned: "
        "occupancy 0.91 to 0.93 (as untrained) | High values: 80 %"
    ) in text
    assert (
        "Ranges are those of 3 seeds. In brackets, the same before training: *as untrained* was not learned."
        in text
    )
    write_checked(run / "seed_2/model.json", {"request": "another"})  # trained anew, but not measured yet
    text = landing_of(study)
    assert "| LSTM, 1 h | CO₂ 80 %, humidity 20 % | forget gates: 12 min | High values: 80 %" in text
    assert "neither other seeds nor the untrained network were measured" in text


def test_a_seed_that_gains_nothing_is_counted(tmp_path):
    found = THREE[1]["trained"] | {"sufficient_history": {}}
    run = RunResults("1 h", "h1", SURE, {}, (THREE[0], THREE[1] | {"trained": found}, THREE[2]))
    text = headlines([Subject("LSTM", run, "", (), None)])
    assert "| no sure gain in 1 of 3 seeds; forget gates: 12 to 13 min (as untrained) |" in text


def test_where_nothing_was_executed_nothing_is_said_to_be_found(tmp_path):
    text = landing_of(project(tmp_path))
    assert text.endswith("Nothing of this study has been executed yet.\n")


def test_a_name_full_of_markup_is_text_on_the_landing_page(tmp_path):
    kept = facts(0.4, 0.5, 80.0)
    kept["attribution"]["gradient"]["shares"] = {"<img src=x>": 90.0, "[a](b)|": 10.0}
    run = RunResults("1 h", "h1", SURE, kept)
    text = headlines([Subject("LSTM", run, "", ("h1/B_attribution",), None)])
    assert r"| [\<img src=x\> 90 %](h1/B_attribution.ipynb), \[a\](b)\| 10 % |" in text
