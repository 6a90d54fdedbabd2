"""What a study shows on a page, and what it keeps of it for the summary."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.data.dataset import Dataset
from lstmkit.data.windows import Windows
from lstmkit.findings.cautions import (
    caution_about,
    cautions_ahead,
    cut_short,
    network_is_off,
    without_network_sentence,
)
from lstmkit.findings.task import task_sentence
from lstmkit.findings.training import not_converged_sentence, training_finding
from lstmkit.params import ModelParams, StudyParams
from lstmkit.report.display import show_banner, show_figure, show_finding, show_table, show_text
from lstmkit.report.layout import figure_path
from lstmkit.report.notebook import end_page
from lstmkit.storage.checksums import write_result
from lstmkit.storage.files import write_json


class StudyPage:
    """The part of a `Study` that writes: figures, findings and facts."""

    if TYPE_CHECKING:  # what the study itself has

        @property
        def params(self) -> StudyParams: ...  # noqa: D102

        @property
        def architecture(self) -> ModelParams: ...  # noqa: D102

        @property
        def horizon(self) -> int: ...  # noqa: D102

        @property
        def folder(self) -> Path: ...  # noqa: D102

        @property
        def label(self) -> str: ...  # noqa: D102

        @property
        def metrics(self) -> Metrics: ...  # noqa: D102

        @property
        def dataset(self) -> Dataset: ...  # noqa: D102

        @property
        def windows(self) -> dict[str, Windows]: ...  # noqa: D102

        @property
        def training_outcome(self) -> dict[str, Any]: ...  # noqa: D102

        @property
        def training_seconds(self) -> float | None: ...  # noqa: D102

        @property
        def _card(self) -> str: ...

    def write_results(self, content: dict[str, Any]) -> None:
        """Write `study_results.json` beside the folders of the horizons.

        Args:
            content: of all horizons, what JSON can say.
        """
        write_json(self.folder.parent / "study_results.json", content)

    def banner(self, *siblings: "StudyPage") -> None:
        """Say which study this is, what its network is worth, and first of all if a simpler rule forecasts as well.

        Args:
            siblings: all horizons that the page compares; this one alone if not given.
        """
        said = (
            task_sentence(self.windows["test"]),
            without_network_sentence(self.metrics),
            not_converged_sentence(self.training_outcome),
        )
        show_banner(self._caution(*siblings), self.label, " ".join(filter(None, said)))

    def _caution(self, *siblings: "StudyPage") -> str | None:
        if len(siblings) < 2:
            return caution_about(self.metrics)
        ahead = self.dataset.calendar.label
        return " ".join(cautions_ahead((ahead(each.horizon), each.metrics) for each in siblings)) or None

    def training_finding(self) -> str:
        """How long training went on, what became of the loss, and what the validation part leaves of the network."""
        windows = min(self.params.training.windows_per_epoch, len(self.windows["train"]))
        return training_finding(self.training_outcome, windows, self.training_seconds, self.metrics)

    @property
    def was_trained_here(self) -> bool:
        """Whether lstmkit trained the model; a user's module was trained elsewhere."""
        return bool(self.training_outcome["epochs"])

    @property
    def history(self) -> pd.DataFrame:
        """Losses and learning rate, one row per epoch of the training."""
        return pd.DataFrame(self.training_outcome["epochs"]).set_index("epoch")

    @property
    def network_is_off(self) -> bool:
        """Whether the network adds nothing to the rule from which it deviates, or the same to every forecast."""
        return network_is_off(self.metrics)

    def require_network(self, *siblings: "StudyPage") -> None:
        """End the page here where the network is switched off: what follows would explain nothing.

        Args:
            siblings: other horizons that the page compares with this one.
        """
        off = [study.horizon for study in siblings or (self,) if study.network_is_off]
        if off:
            self.say(cut_short(map(self.windows["test"].calendar.label, off)))
            end_page()

    def show(self, figure, name: str, caption: str, table: pd.DataFrame | None = None) -> None:
        """Save a figure under its name in the plan, with its numbers beside it, and show it with its caption.

        Args:
            figure: a matplotlib figure.
            name: key of the figure in `layout.py`.
            caption: a sentence or two under the figure, as plain text.
            table: the figure's numbers, for a CSV of the same name.
        """
        has_convolutions = self.architecture.has_convolutions
        show_figure(figure, figure_path(name, has_convolutions, self.folder), caption, table)

    def show_table(self, table: pd.DataFrame) -> None:
        """Show a table with three significant digits.

        Args:
            table: numbers and words.
        """
        show_table(table)

    def show_text(self, markdown: str) -> None:
        """Show Markdown, in which names and units were escaped.

        Args:
            markdown: of any length.
        """
        show_text(markdown)

    def say(self, finding: str) -> None:
        """Show what this run found.

        Args:
            finding: sentences written from the run's numbers, as plain text.
        """
        show_finding(finding)

    def keep(self, name: str, facts: Mapping[str, object]) -> None:
        """Keep the numbers of a section for the summary, as `facts/<name>.json`.

        Args:
            name: of the facts, as in `sections.py`.
            facts: what JSON can say; no NaN.
        """
        write_result(self.folder / "facts" / f"{name}.json", facts, self._card)
