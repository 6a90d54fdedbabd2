"""What all sections of a model found, at every horizon, in a page of sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lstmkit.findings.cautions import cautions_ahead
from lstmkit.findings.differences import error_grows, gradient_shifts, memory_shifts
from lstmkit.findings.run_results import OF_FORECAST, RunResults
from lstmkit.findings.verdict import of_several, verdict
from lstmkit.sections import ADD, PAGE_OF_FACTS, QUESTIONS, SECTIONS
from lstmkit.wording import escaped

VERDICT = "Is the forecast worth explaining?"
DIFFER = "How do the horizons differ?"
FOUND = {
    question: [
        (facts, write) for section in SECTIONS for asked, facts, write in section.answers if asked == question
    ]
    for question in QUESTIONS
}


@dataclass(frozen=True)
class Summary:
    """Answers to the questions that a study asks of a model.

    Attributes:
        model: the model's label.
        runs: one per horizon, the nearest first.
        answers: per question, sentences in Markdown, each linked to its section; the verdict first.
    """

    model: str
    runs: tuple[RunResults, ...]
    answers: dict[str, tuple[str, ...]]

    def banner(self) -> str:
        """What must be said of the forecasts before they are explained, the model, and the verdict; Markdown."""
        said = cautions_ahead((run.ahead, run.metrics) for run in self.runs)
        cautions = [f"> **Caution.** {escaped(caution)}" for caution in said]
        notice = ["\n>\n".join(cautions)] if cautions else []
        verdicts = "\n".join(f"- {sentence}" for sentence in self.answers[VERDICT])
        about = [f"**{escaped(self.model)}.**", escaped(of_several(self.runs[0].metrics))]
        return "\n\n".join([*notice, " ".join(filter(None, about)), verdicts])

    def to_markdown(self) -> str:
        """The page below its verdict."""
        parts = []
        for question, sentences in self.answers.items():
            if question != VERDICT:
                said = sentences or ("*Not executed yet.*",)
                parts.append(f"**{question}**\n\n" + "\n".join(f"- {sentence}" for sentence in said))
        return "\n\n".join(parts)

    def to_json(self) -> dict[str, Any]:
        """The content of `study_results.json`, with metrics, facts and claims of every horizon."""
        return {
            "model": self.model,
            "answers": {question: list(sentences) for question, sentences in self.answers.items()},
            "horizons": {
                run.folder: {
                    "ahead": run.ahead,
                    "metrics": run.metrics,
                    "facts": run.facts,
                    "claims": list(run.claims),
                }
                for run in self.runs
            },
        }


def summarise(model: str, runs: Sequence[RunResults]) -> Summary:
    """Put into sentences what the sections found; a section that was not executed is left out.

    Args:
        model: the model's label.
        runs: one per horizon, the nearest first.
    """
    answers = {VERDICT: tuple(verdict(_link(run, "metrics", f"{run.ahead} ahead"), run) for run in runs)}
    for question in QUESTIONS:
        if question != ADD or _has_convolutions(runs):
            answers[question] = _each(runs, question)
    if len(runs) > 1:
        answers[DIFFER] = _differences(runs[0], runs[-1])
    return Summary(model, tuple(runs), answers)


def _link(run: RunResults, facts: str, text: str) -> str:
    """Markdown link to the section that found something."""
    return f"[{text}]({run.folder}/{PAGE_OF_FACTS[facts]}.html)"


def _has_convolutions(runs: Sequence[RunResults]) -> bool:
    return any(run.facts_of("convolutions") or run.facts_of("filters") for run in runs)


def _each(runs: Sequence[RunResults], question: str) -> tuple[str, ...]:
    of_network = any(facts not in OF_FORECAST for facts, _ in FOUND[question])
    off = [run for run in runs if run.network_is_off and of_network]
    nothing = [f"{run.ahead}: the network is switched off; there is nothing to explain." for run in off]
    found = [
        f"{_link(run, facts, run.ahead)}: {escaped(said)}"
        for facts, write in FOUND[question]
        for run in runs
        if (said := write(run))
    ]
    return (*nothing, *found)


def _differences(near: RunResults, far: RunResults) -> tuple[str, ...]:
    page = "E_horizons.html"
    sentences = (
        (f"[Errors]({page})", error_grows(near, far)),
        (f"[Gradient]({page})", gradient_shifts(near, far)),
        (_link(far, "trajectories", "Memory"), memory_shifts(near, far)),
    )
    return tuple(f"{link}: {escaped(said)}" for link, said in sentences if said)
