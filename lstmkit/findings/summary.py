"""What all sections of a model found, at every horizon, in a page of sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lstmkit.findings import answers as told
from lstmkit.findings.cautions import caution_about
from lstmkit.findings.differences import differences
from lstmkit.findings.run_results import OF_NETWORK, RunResults
from lstmkit.findings.verdict import verdict
from lstmkit.wording import escaped

VERDICT = "Is the forecast worth explaining?"
CONVOLUTIONS = "What do its convolutions add?"
QUESTIONS: dict[str, dict[str, tuple[told.Answer, ...]]] = {  # by room, of which the page is linked
    "What does it look at?": {"attribution": (told.drivers,), "filters": (told.smoothing,)},
    "How long does it remember?": {
        "history": (told.history_needed,),
        "gates": (told.timescales,),
        "trajectories": (told.end_of_states,),
    },
    "What do its states know?": {"probes": (told.known,), "hidden_states": (told.dimensions,)},
    CONVOLUTIONS: {"convolutions": (told.convolutions,)},
    "Where does it fail?": {"predictions": (told.failures,), "temporal": (told.rhythms,)},
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
        said = ((run.ahead, caution_about(run.metrics)) for run in self.runs)
        cautions = [f"> **Caution.** {escaped(f'{ahead} ahead: {text}')}" for ahead, text in said if text]
        notice = ["\n>\n".join(cautions)] if cautions else []
        verdicts = "\n".join(f"- {sentence}" for sentence in self.answers[VERDICT])
        return "\n\n".join([*notice, f"**{escaped(self.model)}.**", verdicts])

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
    answers = {VERDICT: tuple(verdict(run.link("metrics", f"{run.ahead} ahead"), run) for run in runs)}
    for question, rooms in QUESTIONS.items():
        if question != CONVOLUTIONS or _has_convolutions(runs):
            answers[question] = _each(runs, rooms)
    if len(runs) > 1:
        answers["How do the horizons differ?"] = differences(runs[0], runs[-1])
    return Summary(model, tuple(runs), answers)


def _has_convolutions(runs: Sequence[RunResults]) -> bool:
    return any(run.room("convolutions") or run.room("filters") for run in runs)


def _each(runs: Sequence[RunResults], rooms: dict[str, tuple[told.Answer, ...]]) -> tuple[str, ...]:
    off = [run for run in runs if run.network_is_off and OF_NETWORK & {*rooms}]
    nothing = [f"{run.ahead}: the network is switched off; there is nothing to explain." for run in off]
    found = [
        f"{run.link(name, run.ahead)}: {escaped(said)}"
        for name, sentences in rooms.items()
        for sentence in sentences
        for run in runs
        if (said := sentence(run))
    ]
    return (*nothing, *found)
