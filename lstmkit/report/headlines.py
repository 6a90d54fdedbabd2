"""The verdict on the models of a study, and in a few words what each looks at, remembers, knows, and where it fails."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lstmkit.findings.cautions import use_instead
from lstmkit.findings.measures import (
    feature_shares,
    history,
    layer_timescales,
    probe_scores,
    seeds_without_gain,
)
from lstmkit.findings.run_results import RunResults
from lstmkit.findings.standing import Standing, standing
from lstmkit.findings.verdict import verdict
from lstmkit.sections import PAGE_OF_FACTS
from lstmkit.wording import VISIBLE, count, escaped, feature_label, plain, whole_percent

NAMED = 2  # features, and concepts of the probes
SUMMARY = "summary"
OFF = "its network is switched off"
AFTER_THE_LEAD = re.compile(r" \(|[,;:] ")


@dataclass(frozen=True)
class Subject:
    """A model at one horizon, as one page links it.

    Attributes:
        label: the model's.
        run: what is known of it.
        folder: of the model's pages, as a link from that page reaches it.
        pages: those that there are, below that folder, without `.ipynb`.
        index: the page of the model and horizon, as a link reaches it; None where it is that page itself.
    """

    label: str
    run: RunResults
    folder: str
    pages: Collection[str]
    index: str | None

    def link(self, text: str, page: str) -> str:
        """A link to one of the model's pages where there is one, else the text alone; both in Markdown."""
        return f"[{text}]({self.folder}{page}.ipynb)" if page in self.pages else text


def headlines(subjects: Sequence[Subject]) -> str:
    """A verdict on each model and horizon, and what was found about them side by side; Markdown.

    Args:
        subjects: those that were executed.
    """
    verdicts = "".join(f"- {_verdict(subject)}\n" for subject in subjects)
    table = _side_by_side(subjects)
    return f"{verdicts}\n{table}\n" if table else verdicts


def _verdict(subject: Subject) -> str:
    run = subject.run
    name = escaped(f"{subject.label}, {run.ahead} ahead")
    said = verdict(f"[{name}]({subject.index})" if subject.index else name, run)
    if standing(run.metrics["skill"]["all_steps"]) is Standing.BETTER:
        return said
    return f"{said} {escaped(f'If the forecast is all that you need, use {use_instead(run.metrics)}.')}"


def _side_by_side(subjects: Sequence[Subject]) -> str:
    """A table with a row for each subject, and a column for each question that was asked of one."""
    cells = {title: [find(subject.run) for subject in subjects] for title, (_, find) in COLUMNS.items()}
    asked = [title for title, found in cells.items() if any(found)]
    if not asked:
        return ""
    rows = [
        f"| {subject.link(escaped(f'{subject.label}, {subject.run.ahead}'), SUMMARY)} | "
        + " | ".join(_cell(subject, COLUMNS[title][0], cells[title][row]) for title in asked)
        + " |"
        for row, subject in enumerate(subjects)
    ]
    head = f"| | {' | '.join(asked)} |\n|:--|{':--|' * len(asked)}\n"
    return head + "\n".join(rows) + f"\n\n{_note(subjects)}\n"


def _cell(subject: Subject, facts: str, found: str | None) -> str:
    """What was found; its words before the first bracket or comma link to the page that found it."""
    if found is None:
        return "–"
    shown = escaped(found)
    end = AFTER_THE_LEAD.search(shown)
    lead = len(shown) if end is None else end.start()
    return subject.link(shown[:lead], f"{subject.run.folder}/{PAGE_OF_FACTS[facts]}") + shown[lead:]


def _note(subjects: Sequence[Subject]) -> str:
    n_seeds = max(len(subject.run.claims) for subject in subjects)
    if not n_seeds:
        return "Of the network that the pages explain; neither other seeds nor the untrained network were measured."
    over = "" if n_seeds == 1 else f"Ranges are those of {n_seeds} seeds. "
    return (
        f"{over}In brackets, the same before training: *as untrained* was not learned. Where it fails is measured on "
        f"the network that the pages explain."
    )


def _looks_at(run: RunResults) -> str | None:
    if run.network_is_off:
        return OFF
    shares = feature_shares(run)
    if not shares:
        return None
    first, *others = shares.items()
    visible = [first, *(pair for pair in others if pair[1].first > VISIBLE)][:NAMED]
    said = [f"{feature_label(name)} {share.range(_percent)}" for name, share in visible]
    return ", ".join(said)


def _remembers(run: RunResults) -> str | None:
    enough, scales = history(run), layer_timescales(run)
    length = run.calendar.duration
    said = [] if enough is None else [f"the newest {enough.range(length)} give 95 % of its gain"]
    if scales and (without := seeds_without_gain(run)):
        where = "" if without == len(run.claims) else f" in {without} of {count(len(run.claims), 'seed')}"
        said.append(f"no sure gain{where}")
    if scales:
        said.append(f"forget gates: {', '.join(scale.range(length) for scale in scales.values())}")
    return "; ".join(said) or None


def _knows(run: RunResults) -> str | None:
    scores = probe_scores(run)
    if not scores:
        return None
    learned = [pair for pair in scores.items() if pair[1].is_higher(plain)]
    measured = any(score.untrained for score in scores.values())
    best = sorted(learned or scores.items(), key=lambda pair: -pair[1].above_untrained)[:NAMED]
    said = ", ".join(f"{feature_label(concept)} {score.range(plain)}" for concept, score in best)
    return said if learned or not measured else f"nothing that was learned: {said}"


def _fails(run: RunResults) -> str | None:
    groups = run.facts_of("predictions").get("regimes", {})
    if not (regimes := groups.get("regimes")):
        return None
    worst = max(regimes, key=lambda name: regimes[name]["error_share"])
    error, windows = (f"{100 * regimes[worst][key]:.0f} %" for key in ("error_share", "share"))
    hour = run.facts_of("temporal").get("largest_rmse_at")
    hardest = f"; the hardest time is {hour}" if hour else ""
    what = worst if "noun" in groups else f"{worst} values"
    return f"{what}: {error} of the squared error in {windows} of the windows{hardest}"


def _percent(share: float) -> str:
    return whole_percent(share / 100)


COLUMNS: dict[str, tuple[str, Callable[[RunResults], str | None]]] = {
    "looks at (gradient)": ("attribution", _looks_at),
    "remembers": ("gates", _remembers),
    "its states know (probe)": ("probes", _knows),
    "fails at": ("predictions", _fails),
}
