"""A study opened for one model and one horizon, loaded or trained, and where its results go."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from warnings import warn

import pandas as pd
from torch import nn

from lstmkit.analysis.errors.by_target import evaluate_targets, metrics_of
from lstmkit.analysis.errors.class_scores import class_scores
from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.analysis.errors.side_by_side import SHARED, explained_forecasts
from lstmkit.analysis.errors.skill import Evaluation, Resampling
from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.grouping import find_groups
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError, LstmkitWarning
from lstmkit.findings.run_results import RunResults
from lstmkit.models.own import OwnForecaster, build_own
from lstmkit.params import (
    BypassParams,
    CNNLSTMParams,
    ModelParams,
    ModuleParams,
    StudyParams,
    TrainedParams,
)
from lstmkit.report.layout import (
    CLAIMS,
    METRICS,
    baselines_folder,
    card_of_results,
    model_label,
    network_folders,
    project_folder,
    run_folder,
)
from lstmkit.storage.checksums import read_facts, read_result, write_result
from lstmkit.storage.files import Rows
from lstmkit.study_page import StudyPage
from lstmkit.training.kept_baselines import baselines_request, ensure_baselines
from lstmkit.training.outputs import PREDICTIONS, STATES, ensure_outputs
from lstmkit.training.own import take_own, untrained_own
from lstmkit.training.trained import TrainedModel, load_or_train, untrained_model

if TYPE_CHECKING:
    from lstmkit.analysis.attribution.attributor import Attributor


@dataclass(frozen=True)
class Study(StudyPage):
    """A study for one model and one horizon. What is costly is computed when first asked for, and kept.

    Attributes:
        source: the study's YAML file.
        params: its content.
        model_name: key of `params.models`.
        horizon: steps ahead.
        dataset: the series on its grid.
        number: of the network among those of the model, which differ in their seed; 0 is the one that is explained.
    """

    source: Path
    params: StudyParams
    model_name: str
    horizon: int
    dataset: Dataset = field(repr=False, compare=False)
    number: int = 0

    @property
    def folder(self) -> Path:
        """Where the results of this model and horizon go; those of its other networks lie below."""
        run = run_folder(self.source, self.model_name, self.horizon, self.params.data.interval)
        return network_folders(run, self.params.seed, self.params.n_networks(self.model_name))[self.number]

    @property
    def seed(self) -> int:
        """From which the network was trained."""
        return self.params.seed + self.number

    @cached_property
    def networks(self) -> tuple["Study", ...]:
        """The same study for each of the model's networks, the one that is explained first."""
        numbers = range(self.params.n_networks(self.model_name))
        return tuple(self if each == self.number else replace(self, number=each) for each in numbers)

    @property
    def label(self) -> str:
        """Model, horizon and data for titles."""
        return f"{self.model_label}, {self.dataset.calendar.label(self.horizon)} ahead, {self.dataset.name}"

    @property
    def model_label(self) -> str:
        """The model's name for titles."""
        return model_label(self.params, self.model_name)

    @property
    def architecture(self) -> ModelParams:
        """The model's block of the YAML."""
        return self.params.models[self.model_name]

    @property
    def lstm(self) -> str | None:
        """Path of the LSTM whose states are shown; None for the one that the model calls first."""
        return self.architecture.lstm if isinstance(self.architecture, ModuleParams) else None

    @cached_property
    def windows(self) -> dict[str, Windows]:
        """Windows of the `train`, `validation` and `test` parts."""
        features = build_features(self.dataset, self.params.variant, self.params.clock)
        params = self.params.windows
        if isinstance(self.architecture, ModuleParams):  # it forecasts the target itself
            params = params.model_copy(update={"residual": "none"})
        return make_windows(self.dataset, features, self.horizon, params, self.params.split, self.target)

    @cached_property
    def groups(self) -> Groups:
        """By which pages compare windows, low, medium and high target unless the study names others."""
        params, training, folder = self.params, self.windows["train"].rows, project_folder(self.source)
        return find_groups(params.groups, self.dataset, self.target, training, params.data, folder)

    @property
    def target(self) -> str:
        """The target that the pages show and explain."""
        return self.params.data.explains

    @property
    def unit(self) -> str:
        """Of the target that the pages explain."""
        return self.windows["test"].unit

    @cached_property
    def _trained(self) -> TrainedModel:
        architecture = self.architecture
        if isinstance(architecture, ModuleParams):
            network, train = self._own(architecture), self.windows["train"]
            return take_own(self.folder, network, architecture, self.dataset, train)
        return self._load_or_train(self.folder, architecture)

    def _own(self, params: ModuleParams, *, with_weights: bool = True) -> OwnForecaster:
        """The user's module, with its weights or as it is before training."""
        train, project = self.windows["train"], project_folder(self.source)
        return build_own(params, train, project, with_weights=with_weights)

    def _load_or_train(self, folder: Path, architecture: TrainedParams) -> TrainedModel:
        return load_or_train(folder, architecture, self.params, self.dataset, self.windows, self.seed)

    @property
    def model(self) -> nn.Module:
        """The trained model, in evaluation mode on the CPU."""
        return self._trained.model

    @cached_property
    def untrained(self) -> nn.Module:
        """The same network before its training; of a user's module, as its factory makes it from the seed."""
        architecture = self.architecture
        if isinstance(architecture, ModuleParams):
            return untrained_own(partial(self._own, architecture, with_weights=False), self.seed)
        return untrained_model(architecture, self.windows["train"], self.seed)

    @property
    def training_outcome(self) -> dict:
        """How the training went, as `best_epoch`, `gain`, `precision` and `epochs`."""
        return self._trained.saved.outcome

    @property
    def training_seconds(self) -> float | None:
        """Seconds that the training took, where they are known."""
        return self._trained.seconds

    def _kept(self, name: str) -> dict[str, Any] | None:
        """What was computed from this model; None where it is missing, damaged or of another one."""
        try:
            return read_result(self.folder / name, self._card)
        except LstmkitError:
            return None

    @property
    def _card(self) -> str:
        """By which everything that is computed from the model for the explained target is known."""
        return card_of_results(self._trained.saved.card, self.params)

    @cached_property
    def bypass(self) -> nn.Module:
        """The model without convolutions, trained the same way on raw steps, as many side by side as its pool joins.

        Raises:
            LstmkitError: the model has no convolutions.
        """
        if not isinstance(self.architecture, CNNLSTMParams):
            raise LstmkitError(f"{self.model_label} has no convolutions that could be bypassed")
        shared = self.architecture.model_dump(exclude={"kind", "channels", "kernels", "pool"})
        rest = BypassParams(kind="bypass", patch=self.architecture.pool, **shared)
        return self._load_or_train(self.folder / "bypass", rest).model

    @property
    def predictions(self) -> Rows:
        """Forecasts of the explained target for the test windows, in its unit, shape (window, horizon).

        The network that is explained forecasts all of them; the others only those on which all are compared, spread
        evenly over time.
        """
        return Rows(self._outputs / PREDICTIONS, "predicted", self.windows["test"].target)

    @property
    def hidden_states(self) -> Rows:
        """Hidden states in which each layer of the LSTM ends, for the same windows, shape (window, layer, unit)."""
        return Rows(self._outputs / STATES)

    @cached_property
    def _outputs(self) -> Path:
        test = self.windows["test"] if self.number == 0 else self.windows["test"].spread(SHARED)
        ensure_outputs(self.folder, self.model, test, self._trained.saved.card, self.lstm)
        return self.folder

    @cached_property
    def claims(self) -> dict[str, Any]:
        """What the summary says of this network, `trained` and `untrained`."""
        kept = self._kept(CLAIMS)
        basis = (self.params.attribution.target_step, self.dataset.latents_fingerprint)
        if kept is None or (kept["target_step"], kept.get("latents")) != basis:
            from lstmkit.analysis.trust.claims import measure_claims  # captum is slow to import

            networks, test, params = (self.model, self.untrained), self.windows["test"], self.params
            kept = measure_claims(*networks, test, self.groups, self.dataset, params, self.lstm)
            write_result(self.folder / CLAIMS, kept, self._card)
        return kept

    @property
    def _baselines_folder(self) -> Path:
        return baselines_folder(self.source, self.horizon, self.params.data.interval)

    @cached_property
    def baselines(self) -> dict[str, Rows]:
        """Forecasts of the explained target by each baseline, in its unit, shape (window, horizon)."""
        from lstmkit.training.baselines import fit_baselines  # scikit-learn's trees are slow to import

        params, windows = self.params, self.windows
        return ensure_baselines(
            self._baselines_folder,
            baselines_request(params, self.dataset, windows["train"]),
            lambda: fit_baselines(self.dataset, windows, params.training, params.seed),
            windows["test"],
        )

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """What the sections kept about the model that there is, by name."""
        kept = read_facts(self.folder, self._card)
        if others := [name for name, facts in kept.items() if facts is None]:
            warn(
                f"{self.folder / 'facts'}: {', '.join(others)} are of another model or target and left out; "
                "execute their sections again",
                LstmkitWarning,
                stacklevel=2,
            )
        return {name: facts for name, facts in kept.items() if facts is not None}

    @property
    def evaluation(self) -> Evaluation:
        """Metrics of the model and the baselines on the test part, of the explained target."""
        return self.evaluations[self.target]

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        """The same of each target, the explained one first; also written to `metrics.json`."""
        ask = self.params.evaluation
        found = evaluate_targets(
            self.model_label,
            {network.seed: network.predictions for network in self.networks},
            self.baselines,
            self.windows["test"],
            SHARED,
            self.training_outcome["gain"],
            self.windows["validation"].origin.normalize().nunique(),
            Resampling(bootstrap=ask.bootstrap, confidence=ask.confidence, seed=self.params.seed),
        )
        write_result(self.folder / METRICS, metrics_of(found, self.class_scores), self._card)
        return found

    @cached_property
    def class_scores(self) -> pd.DataFrame | None:
        """Of the forecasts of all classes together, by forecaster; None where numbers are forecast."""
        if self.dataset.kind != "classes":
            return None
        rows = {self.model_label: self.predictions, **self.baselines}
        every = {name: replace(each, column=None) for name, each in rows.items()}
        return class_scores(every, self.windows["test"])

    def forecasts(self) -> Iterator[Compared]:
        """The test windows in order of time, some at a time, as the network and each baseline forecast them."""
        return explained_forecasts(self.model_label, self.predictions, self.baselines, self.windows["test"])

    @property
    def metrics(self) -> Metrics:
        """The content of `metrics.json`, made where it is missing, damaged or of another model."""
        kept = self._kept(METRICS)
        return metrics_of(self.evaluations, self.class_scores) if kept is None else cast(Metrics, kept)

    @property
    def siblings(self) -> tuple["Study", ...]:
        """The same model at every horizon of the study, the nearest first."""
        siblings = [replace(self, horizon=steps) for steps in self.params.horizons if steps != self.horizon]
        for sibling in siblings:
            sibling.model  # noqa: B018  # trains what is missing
        return tuple(sorted([self, *siblings], key=lambda sibling: sibling.horizon))

    @property
    def results(self) -> RunResults:
        """Metrics, what the sections kept, and what was measured of each network, of this horizon."""
        ahead = self.dataset.calendar.label(self.horizon)
        claims = tuple(network.claims for network in self.networks)
        return RunResults(ahead, self.folder.name, self.metrics, self.facts, claims, self.dataset.calendar)

    @property
    def attributor(self) -> "Attributor":
        """Attributes the forecasts of the test part."""
        # captum takes half a second to import, which most pages can spare
        from lstmkit.analysis.attribution.attributor import Attributor

        return Attributor(self.model, self.windows["test"], self.params.attribution, self.params.seed)
