"""The schema of a study's YAML: frozen, typed, and unknown keys are errors."""

from lstmkit.params.data import Column, DataParams, SimulatorParams, TimeColumn
from lstmkit.params.files import find_params, load_params
from lstmkit.params.models import BypassParams, CNNLSTMParams, LSTMParams, ModelParams
from lstmkit.params.study import (
    AttributionParams,
    ConvolutionParams,
    EvaluationParams,
    HiddenStateParams,
    RegimeParams,
    SplitParams,
    StudyParams,
    TrainingParams,
    WindowParams,
)

__all__ = [
    "AttributionParams",
    "BypassParams",
    "CNNLSTMParams",
    "Column",
    "ConvolutionParams",
    "DataParams",
    "EvaluationParams",
    "HiddenStateParams",
    "LSTMParams",
    "ModelParams",
    "RegimeParams",
    "SimulatorParams",
    "SplitParams",
    "StudyParams",
    "TimeColumn",
    "TrainingParams",
    "WindowParams",
    "find_params",
    "load_params",
]
