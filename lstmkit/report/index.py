"""The pages above a study's sections, written from the metrics that there are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.data.calendar import Calendar
from lstmkit.findings.run_results import Facts, RunResults
from lstmkit.findings.verdict import of_several, spread
from lstmkit.params import StudyParams, find_params, load_params
from lstmkit.report.figure_files import place
from lstmkit.report.headlines import SUMMARY, Subject, headlines
from lstmkit.report.layout import (
    CLAIMS,
    METRICS,
    card_of_results,
    model_folder,
    model_label,
    network_folders,
    run_folder,
)
from lstmkit.report.pages import heading_of, title_of
from lstmkit.storage.checksums import checksum, read_card, read_facts, read_result
from lstmkit.storage.files import write_whole
from lstmkit.wording import digits, escaped, plain, signed

MADE_AGAIN = "delete it, and `make report` makes it again"
NOTHING = "Nothing of this study has been executed yet.\n"


@dataclass(frozen=True)
class _Executed:
    """What was executed of a study: its YAML, where its pages lie, and what is known by model and steps ahead."""

    source: Path
    params: StudyParams
    folder: Path
    runs: dict[tuple[str, int], RunResults] = field(default_factory=dict)

    def subjects(self, above: str, only: Iterable[tuple[str, int]], *, linked: bool = True) -> list[Subject]:
        """Models and horizons, with links from a page for which the study's own folder is `above`."""
        found = []
        for model, steps in only:
            if (run := self.runs.get((model, steps))) is not None:
                pages = (self.folder / model).rglob("*.ipynb")
                there = {page.relative_to(self.folder / model).with_suffix("").as_posix() for page in pages}
                index = f"{above}{model}/{run.folder}/index.md" if linked else None
                found.append(Subject(model_label(self.params, model), run, f"{above}{model}/", there, index))
        return found


def write_index(study: str, book: Path) -> None:
    """Write the pages above a study's sections, from the metrics that there are.

    Args:
        study: name or path of the study.
        book: the book's folder.
    """
    source = find_params(study)
    params = load_params(source)
    executed = _Executed(source, params, book / "studies" / source.stem)
    for model in params.models:
        for steps in params.horizons:
            if (run := _results(params, source, model, steps)) is not None:
                executed.runs[model, steps] = run
    _write_study(executed)
    for model in params.models:
        _write_model(executed, model)
        for steps in params.horizons:
            _write_horizon(executed, model, steps)


def _write_study(executed: _Executed) -> None:
    """The page of the study, and what the landing page shows of it."""
    source, params, folder = executed.source, executed.params, executed.folder
    first = run_folder(source, next(iter(params.models)), params.horizons[0], params.data.interval)
    figure = first / "training" / "T1_data.png"
    if figure.exists():
        place(figure, folder / "data.png")
    every = [(model, steps) for model in params.models for steps in params.horizons]
    title = escaped(params.title)

    def opening(below: str) -> str:
        picture = (
            f"![The series with its training, validation and test parts, and its week]({below}data.png)\n\n"
        )
        subjects = executed.subjects(below, every)
        return (
            f"{headlines(subjects)}\n{escaped(params.description)}\n\n{picture if figure.exists() else ''}"
            f"{_metrics_table(subjects)}"
        )

    below = f"studies/{source.stem}/"
    _write(folder / "landing.txt", f"**[{title}]({below}index.md)**\n\n{opening(below)}")
    models = "\n".join(
        [*(f"{model}/index" for model in params.models), *map(_entry, sorted(folder.glob("*.ipynb")))]
    )
    _write(folder / "index.md", f"# {title}\n\n{opening('')}\n{_toctree(models)}")


def _write_model(executed: _Executed, model: str) -> None:
    params, folder = executed.params, executed.folder / model
    calendar = Calendar(params.data.interval)
    own = executed.subjects("../", [(model, steps) for steps in params.horizons])
    comparing = sorted(folder.glob("*.ipynb"))
    pages = [
        *(_entry(page) for page in comparing if page.stem == SUMMARY),
        *(f"{calendar.folder(steps)}/index" for steps in params.horizons),
        *(_entry(page) for page in comparing if page.stem != SUMMARY),
    ]
    title = title_of(model_label(params, model), executed.source.stem)
    picture = _picture(model_folder(executed.source, model) / f"{SUMMARY}.png", folder)
    _write(
        folder / "index.md",
        f"# {escaped(title)}\n\n{headlines(own)}\n{picture}{_metrics_table(own)}\n"
        + _toctree("\n".join(pages)),
    )


def _write_horizon(executed: _Executed, model: str, steps: int) -> None:
    params, calendar = executed.params, Calendar(executed.params.data.interval)
    folder = executed.folder / model / calendar.folder(steps)
    title = escaped(title_of(model_label(params, model), executed.source.stem, [calendar.label(steps)]))
    sections = "\n".join(map(_entry, sorted(folder.glob("*.ipynb"))))
    own = executed.subjects("../../", [(model, steps)], linked=False)
    _write(
        folder / "index.md",
        f"# {title}\n\n{headlines(own)}\n{_metrics_table(own)}\n{_toctree(sections)}",
    )


def _picture(figure: Path, folder: Path) -> str:
    if not figure.exists():
        return ""
    place(figure, folder / figure.name)
    return f"![How good the model is, what it looks at, how long it remembers, where it fails]({figure.name})\n\n"


def _results(params: StudyParams, source: Path, model: str, steps: int) -> RunResults | None:
    """What is known of a model at one horizon; None where its metrics are missing or those of another model."""
    calendar = Calendar(params.data.interval)
    run = run_folder(source, model, steps, params.data.interval)
    metrics = cast(Metrics | None, _read(run, METRICS, params))
    if metrics is None:
        return None
    facts = read_facts(run, card_of_results(checksum(read_card(run) or {}), params))
    networks = network_folders(run, params.seed, params.n_networks(model))
    claims = [_read(network, CLAIMS, params) for network in networks]
    known = [claim for claim in claims if claim is not None]
    return RunResults(
        ahead=calendar.label(steps),
        folder=run.name,
        metrics=metrics,
        facts={name: kept for name, kept in facts.items() if kept is not None},
        claims=tuple(known) if len(known) == len(claims) else (),
        calendar=calendar,
    )


def _read(run: Path, name: str, params: StudyParams) -> Facts | None:
    """What was computed from the model in a folder; None where it is missing or of another model or target."""
    card = read_card(run)
    if card is None:
        return None
    return read_result(run / name, card_of_results(checksum(card), params), MADE_AGAIN)


def _metrics_table(subjects: list[Subject]) -> str:
    if not subjects:
        return NOTHING
    metrics = subjects[0].run.metrics
    unit, level = escaped(metrics["unit"]), f"{100 * metrics['confidence']:.0f} %"
    n_seeds = max(len(subject.run.metrics.get("seeds", ())) for subject in subjects)
    seeds, more, also = "", "", ""
    if n_seeds > 1:
        seeds, more = f" {n_seeds} seeds; together (%) |", "--:|"
        also = f" Beside it, from the least to the greatest skill of {n_seeds} seeds, and that of their mean forecast."
    head = (
        f"| model | ahead | RMSE ({unit}) | MAE ({unit}) | R² | MAPE (%) | skill (%) |{seeds} best baseline |"
    )
    rule = f"|:--|--:|--:|--:|--:|--:|--:|{more}:--|"
    measured = (
        "Test part, all steps of the horizon.",
        escaped(of_several(metrics)),
        "*Skill* is 1 − RMSE / RMSE of the best baseline, "
        f"with its {level} interval over resampled blocks of {subjects[0].run.calendar.block}s; better than every "
        f"baseline where all of the interval lies above zero.{also}",
    )
    note = " ".join(filter(None, measured))
    rows = [_row(subject, n_seeds > 1) for subject in subjects]
    return "\n".join([head, rule, *rows]) + f"\n\n{note}\n"


def _row(subject: Subject, with_seeds: bool) -> str:
    metrics, label = subject.run.metrics, escaped(subject.label)
    label = f"[{label}]({subject.index})" if subject.index else label
    skill = metrics["skill"]["all_steps"]
    rmse, mae = metrics["rmse"]["all_steps"], metrics["mae"]["all_steps"]
    r2, mape = metrics["r2"]["all_steps"], metrics["mape"]["all_steps"]
    explained = "–" if r2 is None else plain(r2)
    relative = "–" if mape is None else f"{mape:.1f}"
    interval = f"(too few {subject.run.calendar.block}s for an interval)"
    if (low := skill["low"]) is not None and (high := skill["high"]) is not None:
        interval = f"[{signed(100 * low)}, {signed(100 * high)}]"
    numbers = f"{digits(rmse)} | {digits(mae)} | {explained} | {relative} | {signed(100 * skill['value'])} {interval}"
    seeds = f" | {_seeds(metrics)}" if with_seeds else ""
    return f"| {label} | {subject.run.ahead} | {numbers}{seeds} | {escaped(skill['best_baseline'])} |"


def _seeds(metrics: Metrics) -> str:
    if "ensemble" not in metrics:
        return "–"
    skills = [seed["skill"]["all_steps"]["value"] for seed in metrics["seeds"]]
    together = signed(100 * metrics["ensemble"]["skill"]["all_steps"]["value"])
    return f"{spread(skills).removesuffix(' %')}; {together}"


def _entry(page: Path) -> str:
    """A page in a list of pages of one model and horizon, by its notebook's own heading."""
    heading = heading_of(page)
    return f"{heading} <{page.stem}>" if heading else page.stem


def _toctree(entries: str) -> str:
    return "```{toctree}\n" + f":maxdepth: 1\n\n{entries}\n```\n" if entries else ""


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))
