"""A whole study: every block of its YAML beside `data` and `models`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from lstmkit.params.base import Duration, Fraction, Positive, Schema
from lstmkit.params.data import DataParams
from lstmkit.params.models import ModelParams


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
