"""The front door: a study opened for one model and one horizon, loaded or trained, and where its results go."""

import json
import shutil
from dataclasses import asdict, dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock
from IPython.display import Image, Markdown, display
from jaxtyping import Float
from torch import nn

from lstmkit.analysis.attribution import Attributor
from lstmkit.analysis.skill import Evaluation, evaluate
from lstmkit.data.catalog import load_dataset
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.regimes import Regimes, find_regimes
from lstmkit.data.windows import Windows, make_windows, split_rows
from lstmkit.errors import LstmkitError
from lstmkit.layout import figure_file, horizon_label, model_label, project_folder, run_folder
from lstmkit.models import build_model
from lstmkit.notebook import refuse_unknown_parameters
from lstmkit.params import StudyParams, find_params, load_params
from lstmkit.storage import write_csv, write_json, write_whole
from lstmkit.training.baselines import baseline_forecasts
from lstmkit.training.checkpoints import load_outcome, save_model
from lstmkit.training.fit import fit

PREDICTION_BATCH = 256
PRINT_DPI, SCREEN_DPI = 300, 140


@dataclass(frozen=True)
class Study:
    """A study for one model and one horizon. What is costly is computed when first asked for, and kept.

    Attributes:
        source: the study's YAML file.
        params: its content.
        model_name: key of `params.models`.
        horizon: steps ahead.
    """

    source: Path
    params: StudyParams
    model_name: str
    horizon: int

    @property
    def folder(self) -> Path:
        """Where the results of this model and horizon go."""
        return run_folder(self.source, self.model_name, self.horizon, self.params.data.interval)

    @property
    def label(self) -> str:
        """Model, horizon and data for titles."""
        ahead = horizon_label(self.horizon, self.params.data.interval)
        return f"{self.model_label}, {ahead} ahead, {self.dataset.name}"

    @property
    def model_label(self) -> str:
        """The model's name for titles."""
        return model_label(self.model_name)

    @cached_property
    def dataset(self) -> Dataset:
        """The series on its grid."""
        return load_dataset(self.params.data, project_folder(self.source))

    @cached_property
    def windows(self) -> dict[str, Windows]:
        """Windows of the `train`, `validation` and `test` parts."""
        features = build_features(self.dataset, self.params.variant)
        return make_windows(self.dataset, features, self.horizon, self.params.windows, self.params.split)

    @cached_property
    def regimes(self) -> Regimes:
        """Low, medium and high values of the target, from the training part."""
        rows = split_rows(self.dataset.observed, self.params.split)["train"]
        return find_regimes(self.dataset.frame[self.dataset.target].to_numpy()[rows], self.params.regimes)

    @property
    def unit(self) -> str:
        """The target's unit."""
        return self.dataset.units[self.dataset.target]

    @cached_property
    def _trained(self) -> tuple[nn.Module, dict]:
        return self._load_or_train()

    @property
    def model(self) -> nn.Module:
        """The trained model, in evaluation mode on the CPU."""
        return self._trained[0]

    @property
    def history(self) -> pd.DataFrame:
        """Losses and learning rate, one row per epoch of the training."""
        return pd.DataFrame(self._trained[1]["epochs"]).set_index("epoch")

    @property
    def training_outcome(self) -> dict:
        """How the training went, as `best_epoch`, `gain`, `seconds` and `epochs`."""
        return self._trained[1]

    def training_finding(self) -> str:
        """How long training went on, and what became of the loss."""
        history, best = self.history, self.training_outcome["best_epoch"]
        kept = history.loc[best]
        after = len(history) - 1 - best
        return (
            f"{len(history)} epochs of {min(self.params.training.windows_per_epoch, len(self.windows['train'])):,} "
            f"windows in {self.training_outcome['seconds']:.0f} s. Epoch {best + 1} was kept, with a validation loss "
            f"of {kept['validation_loss']:.3g} (training {kept['train_loss']:.3g})"
            + (f"; {after} more brought nothing better. " if after else ", the last one. ")
            + f"The validation part shrinks the network's deviations by a gain of {self.training_outcome['gain']:.2f}."
        )

    @cached_property
    def predictions(self) -> Float[np.ndarray, "window horizon"]:
        """Forecasts of every test window, in the target's unit."""
        test = self.windows["test"]
        with torch.inference_mode():
            outputs = torch.cat([self.model(x) for x, _ in test.batches(PREDICTION_BATCH)])
        return test.to_units(outputs)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Metrics of the model and the baselines on the test part; also written to `metrics.json`."""
        test = self.windows["test"]
        forecasts = baseline_forecasts(self.dataset, self.windows, self.params.split, self.params.seed)
        evaluation = evaluate(
            self.model_label,
            self.unit,
            test.observed(),
            {self.model_label: self.predictions, **forecasts},
            test.origin,
            bootstrap=self.params.evaluation.bootstrap,
            confidence=self.params.evaluation.confidence,
            seed=self.params.seed,
            anchor=self._anchor_forecast(),
        )
        self._write_evaluation(evaluation)
        return evaluation

    def _anchor_forecast(self) -> Float[np.ndarray, "window horizon"] | None:
        if self.params.windows.anchor != "autoregressive":
            return None
        test = self.windows["test"]
        return test.to_units(torch.zeros(len(test), test.horizon))

    @property
    def attributor(self) -> Attributor:
        """Attributes the forecasts of the test part."""
        return Attributor(
            self.model, self.windows["test"], self.params.attribution, self.params.seed, self.unit
        )

    def banner(self) -> None:
        """Say which study this is, and first of all if the model does not beat the best baseline."""
        metrics = self._saved_metrics() or self.evaluation.to_json()
        skill = metrics["skill"]["all_steps"]
        text = f"**{self.label}.**"
        if skill["value"] <= 0:
            rmse, best = (
                metrics["rmse"]["all_steps"],
                metrics["baselines"][skill["best_baseline"]]["rmse"]["all_steps"],
            )
            text = (
                f"> **This model does not beat the best baseline** ({skill['best_baseline']}: RMSE {best:.1f} "
                f"{self.unit}, the model {rmse:.1f} {self.unit}). What follows explains a forecast that a simpler "
                f"rule makes better.\n\n{text}"
            )
        display(Markdown(text))

    def show(self, figure, name: str, caption: str, table: pd.DataFrame | None = None) -> None:
        """Save a figure under its name in the plan, with its numbers beside it, and show it with its caption.

        Args:
            figure: a matplotlib figure.
            name: key of the figure in `layout.py`.
            caption: a sentence or two under the figure.
            table: the figure's numbers, for a CSV of the same name.
        """
        path = self.folder / figure_file(name, self.params.models[self.model_name].kind)
        write_whole(path, lambda draft: figure.savefig(draft, dpi=PRINT_DPI))
        if table is not None:
            write_csv(path.with_suffix(".csv"), table)
        screen = BytesIO()
        figure.savefig(screen, format="png", dpi=SCREEN_DPI)
        number = path.stem.split("_", 1)[0]
        display(Image(screen.getvalue()), Markdown(f"**Figure {number}.** {caption}"))

    def show_table(self, table: pd.DataFrame) -> None:
        """Show a table with three significant digits.

        Args:
            table: numbers and words.
        """
        display(table.map(_three_digits))

    def say(self, finding: str) -> None:
        """Show what this run found.

        Args:
            finding: sentences written from the run's numbers.
        """
        display(Markdown(f"> **This run.** {finding}"))

    def _load_or_train(self) -> tuple[nn.Module, dict]:
        torch.manual_seed(self.params.seed)
        train = self.windows["train"]
        model = build_model(self.params.models[self.model_name], len(train.features), self.horizon)
        request = self._request()
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".training.lock"):
            outcome = load_outcome(self.folder, model, request)
            if outcome is None:
                outcome = self._train(model, request)
        return model, outcome

    def _train(self, model: nn.Module, request: dict) -> dict:
        checkpoints = self.folder / "checkpoints"
        _discard_unless(checkpoints, request)
        history = fit(model, self.windows, self.params.training, self.params.seed, checkpoints)
        outcome = asdict(history)
        save_model(self.folder, model, request, outcome)
        shutil.rmtree(checkpoints)
        return outcome

    def _request(self) -> dict:
        """Everything that the weights depend on, as JSON says it."""
        train, params = self.windows["train"], self.params
        request = {
            "architecture": params.models[self.model_name].model_dump(),
            "horizon": self.horizon,
            "features": train.features,
            "site_timezone": self.dataset.site_timezone,
            "windows": params.windows.model_dump(),
            "split": params.split.model_dump(),
            "training": params.training.model_dump(),
            "seed": params.seed,
            "scaler": {"center": train.scaler.center.tolist(), "scale": train.scaler.scale.tolist()},
            "target_scaler": {
                "center": train.target_scaler.center.tolist(),
                "scale": train.target_scaler.scale.tolist(),
            },
            "data": self.dataset.fingerprint,
        }
        return json.loads(json.dumps(request))

    def _write_evaluation(self, evaluation: Evaluation) -> None:
        test = self.windows["test"]
        content = {
            "origin": test.origin.tz_convert("UTC").tz_localize(None).to_numpy(),
            "predicted": self.predictions.astype("float32"),
            "observed": test.observed().astype("float32"),
        }
        write_whole(self.folder / "predictions.npz", lambda draft: np.savez(draft, **content))
        write_json(self.folder / "metrics.json", evaluation.to_json())

    def _saved_metrics(self) -> dict | None:
        card, metrics = self.folder / "model.json", self.folder / "metrics.json"
        if not metrics.exists() or metrics.stat().st_mtime < card.stat().st_mtime:
            return None
        return json.loads(metrics.read_text())


def open_study(study: str | Path | Study = "co2", model: str = "lstm", horizon: int = 12) -> Study:
    """Open a study for one model and one horizon; the model is trained if it has not been.

    Args:
        study: a name in `params/`, the path of a YAML file, or a study that was opened before.
        model: one of the study's models.
        horizon: one of the study's horizons, in steps.

    Raises:
        LstmkitError: an unknown study, model, horizon or notebook parameter; the message names the known ones.
    """
    refuse_unknown_parameters()
    source = study.source if isinstance(study, Study) else find_params(study)
    params = load_params(source)
    if model not in params.models:
        raise LstmkitError(f"unknown model {model!r}; {source.name} has {', '.join(params.models)}")
    if horizon not in params.horizons:
        known = ", ".join(str(steps) for steps in params.horizons)
        raise LstmkitError(
            f"horizon {horizon!r} is not in {source.name}; it has {known} (steps of {params.data.interval})"
        )
    opened = Study(source, params, model, int(horizon))
    opened.model  # noqa: B018  # trains what is missing
    return opened


def _discard_unless(checkpoints: Path, request: dict) -> None:
    """Keep the checkpoints of an interrupted training only if it was for the same request."""
    note = checkpoints / "request.json"
    if checkpoints.exists() and not (note.exists() and json.loads(note.read_text()) == request):
        shutil.rmtree(checkpoints)
    write_json(note, request)


def _three_digits(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    if not np.isfinite(value):
        return "–"
    decimals = 2 if value == 0 else max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{decimals}f}"
