"""A whole study: every block of its YAML beside `data` and `models`."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    Discriminator,
    Field,
    Strict,
    StrictBool,
    Tag,
    model_validator,
)

from lstmkit.params.arrays import ArraysParams
from lstmkit.params.base import (
    Description,
    Draws,
    Duration,
    FolderName,
    Fraction,
    Number,
    Positive,
    Schema,
    Seed,
    Share,
    Steps,
    Title,
    Windows,
    twice,
)
from lstmkit.params.data import DataParams
from lstmkit.params.groups import GroupsBlock, QuantileGroups
from lstmkit.params.models import ModelParams, ModuleParams, least_parameters

MOST_PARAMETERS = 100_000_000
NEED_PAST = ("last", "damped")  # of the residual baselines
SERIES, ARRAYS = "[series]", "[arrays]"  # in brackets, which messages leave out
MOST_STATES = 10_000_000_000  # of one layer for one batch: 40 GB, of which training keeps several

Samples = Annotated[Positive, Field(le=10_000)]
Epochs = Annotated[Positive, Field(le=10_000)]
Blocks = Annotated[Positive, Field(le=100)]
Batch = Annotated[Positive, Field(le=65_536)]
Rate = Annotated[Number, Field(ge=0, le=100)]
PositiveRate = Annotated[Rate, Field(gt=0)]


def _some_horizon(horizons: tuple[int, ...]) -> tuple[int, ...]:
    if not horizons:
        raise ValueError("name at least one number of steps ahead, for example [12]")
    if repeated := twice(horizons):
        raise ValueError(f"{repeated} is there twice: delete one")
    return horizons


def _some_model(models: dict[str, BaseModel]) -> dict[str, BaseModel]:
    if not models:
        raise ValueError("name at least one model, for example `lstm: {kind: lstm}`")
    if repeated := twice(key.lower() for key in models):
        raise ValueError(f"two keys differ from {repeated!r} in upper and lower case alone: rename one")
    return models


def _kind_of_data(given: Any) -> str:
    kind = given.get("kind") if isinstance(given, dict) else getattr(given, "kind", None)
    return SERIES if kind is None else ARRAYS


Data = Annotated[
    Annotated[DataParams, Tag(SERIES)] | Annotated[ArraysParams, Tag(ARRAYS)], Discriminator(_kind_of_data)
]


class SplitParams(Schema):
    """Shares of the series; what remains is the test part, which comes last.

    The validation part lies in `validation_blocks` stretches of equal length: one at the end of the training part, or
    several spread evenly over it. `auto` takes two where the validation part is shorter than a week and each of two
    is a day longer than the horizon and four times as long, else one.
    """

    train: Fraction = 0.6
    validation: Fraction = 0.1
    validation_blocks: Blocks | Literal["auto"] = "auto"

    @model_validator(mode="after")
    def _leaves_a_test_part(self) -> "SplitParams":
        if self.train + self.validation >= 1:
            raise ValueError("train + validation must be below 1: the rest is the test part")
        return self


class WindowParams(Schema):
    """How windows are cut and scaled, and from which simple rule the network forecasts the difference.

    `residual`: `none`, the mean of the training part; `last`, the last value; `climatology`, the usual value at the
    target's time of the week; `damped`, that plus the last deviation from it, which fades; `auto`, whichever of `last`
    and `climatology` alone forecasts the validation windows better, of `damped` too with fewer than 1,000 training
    windows; of `none` and `climatology` where `data.target_known` is false.
    """

    lookback: Steps = 288
    scaling: Literal["robust", "standard"] = "robust"
    residual: Literal["auto", "none", "last", "climatology", "damped"] = "auto"


class TrainingParams(Schema):
    """How a model is trained; every run with the same values on the same machine gives the same weights.

    `origins` is the number of steps of each window from which a model that reads causally is asked for its forecast.
    `warmup` is the number of optimiser steps over which the learning rate rises.
    `level_shift` is the standard deviation, in scaled units, of random shifts of the exogenous features' level.
    The precision `auto` is bfloat16 where a few steps of the training show it to be faster, else float32.
    """

    epochs: Epochs = 12
    windows_per_epoch: Windows = 1024
    validation_windows: Windows = 2048
    origins: Positive = 60
    batch_size: Batch = 16
    learning_rate: PositiveRate = 4e-3
    weight_decay: Rate = 5e-2
    warmup: Annotated[int, Strict(), Field(ge=0, le=1_000_000)] = 50
    gradient_clip: Annotated[Number, Field(gt=0)] = 1.0
    patience: Epochs = 3
    loss: Literal["mse", "huber", "mae"] = "mse"
    ema_decay: Share = 0.995
    level_shift: Rate = 2.0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["32-true", "bf16-mixed", "auto"] = "32-true"


class EvaluationParams(Schema):
    """The uncertainty of the skill, from resamplings of blocks of days, and the level of the target that alarms.

    `threshold` is of the target that is explained, in its unit; without one it is what is usual for its quantity, such
    as 1,000 ppm of CO2, else the 90 % quantile of the training part.
    """

    bootstrap: Draws = 1000
    confidence: Fraction = 0.95
    threshold: Number | None = None


class AttributionParams(Schema):
    """How many test windows each method sees, and the settings that the methods share.

    `windows` is for the methods of one backward pass; `costly_windows` for those of many.
    `target_step` is the step ahead that is explained (1 is the first); none means the mean over the horizon.
    """

    windows: Windows = 512
    costly_windows: Windows = 64
    target_step: Positive | None = None
    smooth_samples: Samples = 50
    smooth_sigma: PositiveRate = 0.1
    path_steps: Samples = 32
    occlusion: Duration = "1h"
    batch_size: Batch = 64


class HiddenStateParams(Schema):
    """How many test windows, spread evenly over time, the geometry of the hidden states is taken from.

    `embedding_windows` is for the convolutions' flattened maps and for t-SNE; `clusters` is the plan's K.
    """

    windows: Windows = 4096
    embedding_windows: Windows = 1024
    clusters: Annotated[Positive, Field(ge=2, le=100)] = 4
    trajectories: Annotated[Positive, Field(le=100)] = 8


class ConvolutionParams(Schema):
    """How many test windows the convolutions are examined on, and how many random ablations they are held against."""

    windows: Windows = 1024
    random_ablations: Samples = 20


class StudyParams(Schema):
    """A whole study: one file of `params/`.

    `seeds` networks are trained per model and horizon, from `seed` on; the pages explain the first.
    `clock` says whether the features hold the clock: the hour and the weekday for steps within days, the weekday for
    days, the phase of the year for steps of a day or longer; if it is not stated, they do in `preproc_D` alone.
    """

    title: Title
    description: Description = ""
    seed: Seed = 0
    seeds: Annotated[Positive, Field(le=20)] = 3
    data: Data
    variant: Literal["preproc_D", "raw"] = "preproc_D"
    clock: StrictBool | None = None
    split: SplitParams = SplitParams()
    windows: WindowParams = WindowParams()
    groups: GroupsBlock = QuantileGroups()
    horizons: Annotated[tuple[Steps, ...], Field(max_length=20), AfterValidator(_some_horizon)]
    models: Annotated[dict[FolderName, ModelParams], Field(max_length=50), AfterValidator(_some_model)]
    training: TrainingParams = TrainingParams()
    evaluation: EvaluationParams = EvaluationParams()
    attribution: AttributionParams = AttributionParams()
    hidden_states: HiddenStateParams = HiddenStateParams()
    convolutions: ConvolutionParams = ConvolutionParams()

    @model_validator(mode="before")
    @classmethod
    def _regimes_are_groups(cls, given: Any) -> Any:
        if isinstance(given, dict) and "regimes" in given:
            raise ValueError(
                "`regimes` is called `groups`: rename the key, for example "
                "`groups: {labels: [Low, Medium, High], edges: [600, 1000]}`"
            )
        return given

    def n_networks(self, model: str) -> int:
        """How many networks of a model there are: one for each seed, and of a module that was trained elsewhere itself.

        Args:
            model: key of the model.
        """
        return 1 if isinstance(self.models[model], ModuleParams) else self.seeds

    @model_validator(mode="after")
    def _fits(self) -> "StudyParams":
        if fault := next(self._faults(), None):
            raise ValueError(fault)
        return self

    def _faults(self) -> Iterator[str]:
        step, shortest, longest = self.attribution.target_step, min(self.horizons), max(self.horizons)
        if step is not None and step > shortest:
            yield f"attribution.target_step is {step}, beyond the shortest horizon: write 1 to {shortest}"
        if isinstance(self.data, ArraysParams):
            yield from self._faults_of_arrays()
        if self.windows.residual in NEED_PAST and not self.data.target_known:
            yield (
                f"windows.residual: {self.windows.residual} starts from the target's last value, which is no input as "
                "`data.target_known` is false: write none, climatology or auto"
            )
        if self.data.classes is not None:
            yield from self._faults_of_classes()
        for key, model in self.models.items():
            if isinstance(model, ModuleParams):
                continue
            if (size := least_parameters(model, longest)) > MOST_PARAMETERS:
                yield (
                    f"models.{key}: {size:,} parameters do not fit, {MOST_PARAMETERS:,} are the most: lower hidden, "
                    "layers, channels, kernels or the horizon"
                )
            batch, lookback = self.training.batch_size, self.windows.lookback
            if (states := batch * lookback * model.hidden) > MOST_STATES:
                yield (
                    f"models.{key}: training.batch_size × windows.lookback × hidden is {states:,}, "
                    f"{MOST_STATES:,} is the most: lower one"
                )

    def _faults_of_classes(self) -> Iterator[str]:
        if self.windows.residual not in ("auto", "none"):
            yield f"windows.residual: {self.windows.residual} is of numbers; of classes write none, or remove it"
        if "loss" in self.training.model_fields_set:
            yield f"training.loss: {self.training.loss} is of numbers; that of classes is the cross-entropy: remove it"

    def _faults_of_arrays(self) -> Iterator[str]:
        if unused := [key for key in ("variant", "clock") if key in self.model_fields_set]:
            yield f"`{unused[0]}` is not used, as `data.features` names the features of `x`: remove it"
        if len(self.horizons) > 1:
            yield f"horizons are {list(self.horizons)}, but `y` has one: write that alone"
        if trained := [key for key, model in self.models.items() if not isinstance(model, ModuleParams)]:
            yield f"models.{trained[0]}: arrays are for modules that were trained elsewhere: write `kind: module`"
