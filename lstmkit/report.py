"""The pages above a study's sections, written from the metrics that there are."""

import shutil
from pathlib import Path

from lstmkit.checksums import checksum, read_card, read_facts, read_result
from lstmkit.headlines import headlines
from lstmkit.layout import horizon_folder, horizon_label, model_folder, model_label, run_folder
from lstmkit.params import StudyParams, find_params, load_params
from lstmkit.run_results import RunResults
from lstmkit.storage import write_whole
from lstmkit.wording import digits, escaped, plain, signed

SUMMARY = "summary"


def write_index(study: str, book: Path) -> None:
    """Write the pages above a study's sections, from the metrics that there are.

    Args:
        study: name or path of the study.
        book: the book's folder.
    """
    source = find_params(study)
    params, folder = load_params(source), book / "studies" / source.stem
    first = run_folder(source, next(iter(params.models)), params.horizons[0], params.data.interval)
    figure = first / "training" / "T1_data.png"
    picture = ""
    if figure.exists():
        write_whole(folder / "data.png", lambda draft: shutil.copyfile(figure, draft))
        picture = "![The series with its training, validation and test parts, and its week]({}data.png)\n\n"
    title, description = escaped(params.title), escaped(params.description)
    here, below = "", f"studies/{source.stem}/"
    landing = f"**[{title}]({below}index.md).** {description}\n\n" + picture.format(below)
    _write(
        folder / "landing.txt",
        landing + _metrics_table(params, source, link=below) + _findings(params, source, folder),
    )
    table = _metrics_table(params, source, link=here)
    picture = picture.format(here)
    models = "\n".join(f"{model}/index" for model in params.models)
    _write(
        folder / "index.md",
        f"# {title}\n\n{description}\n\n{picture}{table}\n{_toctree(models)}",
    )
    for model in params.models:
        horizons = [horizon_folder(steps, params.data.interval) for steps in params.horizons]
        label = escaped(model_label(model))
        comparing = sorted(page.stem for page in (folder / model).glob("*.ipynb"))
        pages = "\n".join(
            [
                *(name for name in comparing if name == SUMMARY),
                *(f"{name}/index" for name in horizons),
                *(name for name in comparing if name != SUMMARY),
            ]
        )
        picture = _picture(model_folder(source, model) / f"{SUMMARY}.png", folder / model)
        _write(
            folder / model / "index.md",
            f"# {label}\n\n{picture}{_metrics_table(params, source, [model])}\n{_toctree(pages)}",
        )
        for steps, name in zip(params.horizons, horizons, strict=True):
            title = f"# {label}, {horizon_label(steps, params.data.interval)} ahead"
            sections = "\n".join(sorted(page.stem for page in (folder / model / name).glob("*.ipynb")))
            table = _metrics_table(params, source, [model], [steps])
            _write(folder / model / name / "index.md", f"{title}\n\n{table}\n{_toctree(sections)}")


def _picture(figure: Path, folder: Path) -> str:
    if not figure.exists():
        return ""
    write_whole(folder / figure.name, lambda draft: shutil.copyfile(figure, draft))
    return f"![How good the model is, what it looks at, how long it remembers, where it fails]({figure.name})\n\n"


def _metrics_table(
    params: StudyParams,
    source: Path,
    models: list[str] | None = None,
    horizons: list[int] | None = None,
    link: str | None = None,
) -> str:
    rows, metrics = [], {}
    for model in models or params.models:
        for steps in horizons or params.horizons:
            folder = horizon_folder(steps, params.data.interval)
            found = _metrics(run_folder(source, model, steps, params.data.interval))
            if found is not None:
                metrics, label = found, model_label(model)
                label = label if link is None else f"[{label}]({link}{model}/{folder}/index.md)"
                rows.append(_row(label, horizon_label(steps, params.data.interval), metrics))
    if not rows:
        return "Nothing of this study has been executed yet.\n"
    unit, level = escaped(metrics["unit"]), f"{100 * metrics['confidence']:.0f} %"
    head = f"| model | ahead | RMSE ({unit}) | MAE ({unit}) | R² | MAPE (%) | skill (%) | best baseline |"
    rule = "|:--|--:|--:|--:|--:|--:|--:|:--|"
    note = (
        "Test part, all steps of the horizon. *Skill* is 1 − RMSE / RMSE of the best baseline, "
        f"with its {level} interval over resampled blocks of days; above zero the model beats every baseline."
    )
    return "\n".join([head, rule, *rows]) + f"\n\n{note}\n"


def _findings(params: StudyParams, source: Path, folder: Path) -> str:
    """Per model and horizon a few sentences on what was found; nothing where nothing was executed."""
    found = []
    for model in params.models:
        said = [_headline(params, source, folder, model, steps) for steps in params.horizons]
        if any(said):
            pages = f"studies/{source.stem}/{model}"
            summary = (
                f" ([summary]({pages}/{SUMMARY}.ipynb))"
                if (folder / model / f"{SUMMARY}.ipynb").exists()
                else ""
            )
            found.append(
                f"\n**{escaped(model_label(model))}**{summary}\n\n" + "\n".join(filter(None, said)) + "\n"
            )
    return "".join(found)


def _headline(params: StudyParams, source: Path, folder: Path, model: str, steps: int) -> str:
    interval = params.data.interval
    ahead, name = horizon_label(steps, interval), horizon_folder(steps, interval)
    run = run_folder(source, model, steps, interval)
    metrics = _metrics(run)
    if metrics is None:
        return ""
    facts = read_facts(run, checksum(read_card(run) or {}))
    known = RunResults(ahead, name, metrics, {room: kept for room, kept in facts.items() if kept is not None})
    pages = [page.stem for page in (folder / model / name).glob("*.ipynb")]
    return f"- *{ahead} ahead.* {headlines(known, f'studies/{source.stem}/{model}/{name}', pages)}"


def _metrics(run: Path) -> dict | None:
    """The metrics of the model in a folder; None where they are missing or those of another model."""
    card = read_card(run)
    if card is None:
        return None
    return read_result(run / "metrics.json", checksum(card), "delete it, and `make report` makes it again")


def _row(label: str, ahead: str, metrics: dict) -> str:
    skill = metrics["skill"]["all_steps"]
    rmse, mae, r2, mape = (metrics[name]["all_steps"] for name in ("rmse", "mae", "r2", "mape"))
    explained = "–" if r2 is None else plain(r2)
    relative = "–" if mape is None else f"{mape:.1f}"
    interval = "(too few days for an interval)"
    if skill["low"] is not None:
        interval = f"[{signed(100 * skill['low'])}, {signed(100 * skill['high'])}]"
    numbers = f"{digits(rmse)} | {digits(mae)} | {explained} | {relative} | {signed(100 * skill['value'])} {interval}"
    return f"| {label} | {ahead} | {numbers} | {escaped(skill['best_baseline'])} |"


def _toctree(entries: str) -> str:
    return "```{toctree}\n" + f":maxdepth: 1\n\n{entries}\n```\n" if entries else ""


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))
