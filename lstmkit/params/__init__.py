"""The schema of a study's YAML: frozen, typed, and unknown keys are errors."""

from lstmkit.params.arrays import ArraysParams
from lstmkit.params.base import BUSINESS_DAY, MONTHS
from lstmkit.params.data import DataParams, SimulatorParams
from lstmkit.params.files import find_params, load_params
from lstmkit.params.groups import (
    ColumnGroups,
    EdgeGroups,
    GroupParams,
    QuantileGroups,
    SpanGroups,
)
from lstmkit.params.models import (
    BypassParams,
    CNNLSTMParams,
    LSTMParams,
    ModelParams,
    ModuleParams,
    TrainedParams,
)
from lstmkit.params.sources import matching_files, source_files
from lstmkit.params.study import (
    AttributionParams,
    ConvolutionParams,
    EvaluationParams,
    HiddenStateParams,
    SplitParams,
    StudyParams,
    TrainingParams,
    WindowParams,
)
from lstmkit.params.table import EPOCHS, Column, Missing, ReadParams, TimeColumn

__all__ = [
    "BUSINESS_DAY",
    "EPOCHS",
    "MONTHS",
    "ArraysParams",
    "AttributionParams",
    "BypassParams",
    "CNNLSTMParams",
    "Column",
    "ColumnGroups",
    "ConvolutionParams",
    "DataParams",
    "EdgeGroups",
    "EvaluationParams",
    "GroupParams",
    "HiddenStateParams",
    "LSTMParams",
    "Missing",
    "ModelParams",
    "ModuleParams",
    "QuantileGroups",
    "ReadParams",
    "SimulatorParams",
    "SpanGroups",
    "SplitParams",
    "StudyParams",
    "TimeColumn",
    "TrainedParams",
    "TrainingParams",
    "WindowParams",
    "find_params",
    "load_params",
    "matching_files",
    "source_files",
]
