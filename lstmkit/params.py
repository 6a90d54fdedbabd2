"""The schema of a study's YAML: frozen, typed, and unknown keys are errors."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

import pandas as pd
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from lstmkit.errors import LstmkitError

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone; write for example 'UTC' or 'Europe/Zurich'")
    return name


def _positive_interval(text: str) -> str:
    try:
        interval = pd.Timedelta(text)
    except ValueError:
        raise ValueError(f"{text!r} is no duration; write for example '5min' or '1h'") from None
    if not interval > pd.Timedelta(0):
        raise ValueError(f"the duration must be positive, not {text!r}")
    return text


def _some_horizon(horizons: tuple[int, ...]) -> tuple[int, ...]:
    if not horizons:
        raise ValueError("name at least one number of steps ahead, for example [12]")
    return horizons


def _some_model(models: dict[str, BaseModel]) -> dict[str, BaseModel]:
    if not models:
        raise ValueError("name at least one model, for example `lstm: {kind: lstm}`")
    return models


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(labels)) < len(labels):
        raise ValueError("the three labels must differ, as [Low, Medium, High] do")
    return labels


TimeZone = Annotated[str, AfterValidator(_known_timezone)]
Duration = Annotated[str, AfterValidator(_positive_interval)]


class Schema(BaseModel):
    """Base of every block: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Schema):
    """Where one column of the dataset comes from, and the unit in which the file states it."""

    column: str
    unit: str


class TimeColumn(Schema):
    """The file's time stamps: their column, and the zone in which naive ones are written."""

    column: str = "timestamp"
    timezone: TimeZone = "UTC"


class SimulatorParams(Schema):
    """The simulated office: its seed and its span; its physics is in `data/simulate.py`."""

    seed: int = 7
    start: str = "2023-01-01"
    days: Positive = 365


class DataParams(Schema):
    """Where the series comes from and the grid on which it is put.

    `source` is `simulated`, a name in the catalog (`awair`), or the path of a CSV, CSV.gz or Parquet file.
    """

    source: str
    site_timezone: TimeZone = "UTC"
    interval: Duration = "5min"
    target: str = "co2"
    time: TimeColumn = TimeColumn()
    columns: dict[str, Column] = {}
    simulator: SimulatorParams = SimulatorParams()

    @model_validator(mode="after")
    def _columns_belong_to_files(self) -> "DataParams":
        if self.source == "simulated" and self.columns:
            raise ValueError("`columns` describes a file; the simulated office needs none")
        if self.source != "simulated" and self.target not in self.columns:
            named = ", ".join(self.columns) or "none"
            raise ValueError(f"the target {self.target!r} must be one of `columns` (named: {named})")
        return self


class SplitParams(Schema):
    """Chronological shares of the series; what remains is the test part."""

    train: Fraction = 0.6
    validation: Fraction = 0.1

    @model_validator(mode="after")
    def _leaves_a_test_part(self) -> "SplitParams":
        if self.train + self.validation >= 1:
            raise ValueError("train + validation must be below 1: the rest is the test part")
        return self


class WindowParams(Schema):
    """How windows are cut and scaled, and from which simple rule the network learns to deviate (`data/anchor.py`)."""

    lookback: Positive = 288
    scaling: Literal["robust", "standard"] = "robust"
    anchor: Literal["none", "climatology", "autoregressive"] = "autoregressive"


class RegimeParams(Schema):
    """The target's regimes: terciles of the training part, or fixed edges in the target's unit."""

    labels: Annotated[tuple[str, str, str], AfterValidator(_distinct)] = ("Low", "Medium", "High")
    edges: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _edges_rise(self) -> "RegimeParams":
        if self.edges and not self.edges[0] < self.edges[1]:
            raise ValueError(f"the lower edge comes first, not {list(self.edges)}")
        return self


class LSTMParams(Schema):
    """A stacked LSTM with a linear head on its last hidden state."""

    kind: Literal["lstm"]
    hidden: Positive = 128
    layers: Positive = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


class CNNLSTMParams(Schema):
    """Two convolutions, a pool, and a stacked LSTM with a fully connected head."""

    kind: Literal["cnn_lstm"]
    channels: tuple[Positive, Positive] = (32, 64)
    kernels: tuple[Positive, Positive] = (7, 5)
    pool: Positive = 2
    hidden: Positive = 128
    layers: Positive = 2
    head: Positive = 64
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


class BypassParams(Schema):
    """A CNN-LSTM without its convolutions: its LSTM reads `patch` raw steps side by side, as one."""

    kind: Literal["bypass"]
    patch: Positive = 2
    hidden: Positive = 128
    layers: Positive = 2
    head: Positive = 64
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


ModelParams = Annotated[LSTMParams | CNNLSTMParams | BypassParams, Field(discriminator="kind")]


class TrainingParams(Schema):
    """How a model is trained; every run with the same values on the same machine gives the same weights.

    `level_shift` is the standard deviation, in scaled units, of random shifts of the exogenous features' level.
    The precision `auto` is bfloat16 where the device computes in it, else float32.
    """

    epochs: Positive = 14
    windows_per_epoch: Positive = 4096
    validation_windows: Positive = 2048
    batch_size: Positive = 64
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    gradient_clip: Annotated[float, Field(gt=0)] = 1.0
    patience: Positive = 4
    loss: Literal["mse", "huber", "mae"] = "mse"
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    level_shift: Annotated[float, Field(ge=0)] = 1.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["32-true", "bf16-mixed", "auto"] = "32-true"


class EvaluationParams(Schema):
    """The uncertainty of the skill: resamplings of whole days."""

    bootstrap: Positive = 1000
    confidence: Fraction = 0.95


class AttributionParams(Schema):
    """How many test windows each method sees, and the settings that the methods share.

    `windows` is for the methods of one backward pass; `costly_windows` for those of many.
    `target_step` is the step ahead that is explained (1 is the first); none means the mean over the horizon.
    """

    windows: Positive = 512
    costly_windows: Positive = 96
    target_step: Positive | None = None
    smooth_samples: Positive = 50
    smooth_sigma: Annotated[float, Field(gt=0)] = 0.1
    path_steps: Positive = 32
    occlusion: Duration = "1h"
    batch_size: Positive = 64


class HiddenStateParams(Schema):
    """How many test windows, spread evenly over time, the geometry of the hidden states is taken from.

    `embedding_windows` is for the convolutions' flattened maps and for t-SNE; `clusters` is the plan's K.
    """

    windows: Positive = 4096
    embedding_windows: Positive = 1024
    clusters: Annotated[int, Field(ge=2)] = 4
    trajectories: Positive = 8


class ConvolutionParams(Schema):
    """How many test windows the convolutions are examined on, and how many random ablations they are held against."""

    windows: Positive = 2048
    random_ablations: Positive = 20


class StudyParams(Schema):
    """A whole study: one file of `params/`."""

    title: str
    description: str = ""
    seed: int = 0
    data: DataParams
    variant: Literal["preproc_D", "raw"] = "preproc_D"
    split: SplitParams = SplitParams()
    windows: WindowParams = WindowParams()
    regimes: RegimeParams = RegimeParams()
    horizons: Annotated[tuple[Positive, ...], AfterValidator(_some_horizon)]
    models: Annotated[dict[str, ModelParams], AfterValidator(_some_model)]
    training: TrainingParams = TrainingParams()
    evaluation: EvaluationParams = EvaluationParams()
    attribution: AttributionParams = AttributionParams()
    hidden_states: HiddenStateParams = HiddenStateParams()
    convolutions: ConvolutionParams = ConvolutionParams()


def find_params(study: str | Path) -> Path:
    """Find the YAML of a study by its name or its path.

    A name is looked for in `params/` of the working directory and of each directory above it.

    Args:
        study: a name such as `co2`, or the path of a YAML file.

    Raises:
        LstmkitError: there is none; the message lists the studies that there are.
    """
    path = Path(study)
    if path.suffix in {".yml", ".yaml"}:
        if not path.is_file():
            raise LstmkitError(f"there is no study file {path.absolute()}")
        return path.absolute()
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if (found := folder / "params" / f"{study}.yml").is_file():
            return found
    known = sorted(
        {p.stem for folder in [Path.cwd(), *Path.cwd().parents] for p in folder.glob("params/*.yml")}
    )
    raise LstmkitError(
        f"unknown study {str(study)!r}; known here: {', '.join(known) or 'none'}. "
        "Give one of these names, or the path of a .yml file."
    )


def load_params(study: str | Path) -> StudyParams:
    """Read and check the YAML of a study.

    Args:
        study: a name such as `co2`, or the path of a YAML file.

    Raises:
        LstmkitError: the file is missing, is no YAML, or says something that the schema does not know.
    """
    path = find_params(study)
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise LstmkitError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(content, dict):
        raise LstmkitError(
            f"{path}: expected keys such as `title` and `data`, found {type(content).__name__}"
        )
    try:
        return StudyParams.model_validate(content)
    except ValidationError as error:
        raise LstmkitError(f"{path}: {_readable(error)}") from None


def _readable(error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"]) or "the file"
        said = "this key is not known" if item["type"] == "extra_forbidden" else item["msg"]
        lines.append(f"{where}: {said}" + (f" (given: {item['input']!r})" if item["loc"] else ""))
    return "\n  ".join(lines)
