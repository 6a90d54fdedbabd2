"""Where results go and what they are called."""

from pathlib import Path

import pandas as pd

from lstmkit.errors import LstmkitError

MODEL_LABELS = {"lstm": "LSTM", "cnn_lstm": "CNN-LSTM"}
DEFAULT_STUDY = "co2"

_TRAINING, _ATTRIBUTION = "training", "gradient_attribution"
_EVERY_MODEL = {
    "data": f"{_TRAINING}/T1_data",
    "learning_curves": f"{_TRAINING}/T2_learning_curves",
    "skill": f"{_TRAINING}/T3_skill",
    "gradient_heatmap": f"{_ATTRIBUTION}/B1_gradient_heatmap",
    "feature_importance": f"{_ATTRIBUTION}/B2_feature_importance",
    "temporal_profile": f"{_ATTRIBUTION}/B3_temporal_profile",
}
_OF_KIND = {
    "lstm": {
        "gradient_x_input": f"{_ATTRIBUTION}/B4_gradient_x_input_heatmap",
        "smoothgrad": f"{_ATTRIBUTION}/B5_smoothgrad_vs_vanilla",
        "integrated_gradients": f"{_ATTRIBUTION}/B6_integrated_gradients_heatmap",
        "occlusion": f"{_ATTRIBUTION}/B7_occlusion_heatmap",
        "agreement": f"{_ATTRIBUTION}/B8_agreement_of_methods",
    },
    "cnn_lstm": {
        "guided_backprop": f"{_ATTRIBUTION}/B4_guided_backprop_heatmap",
        "gradient_flow": f"{_ATTRIBUTION}/B5_layerwise_gradients",
        "flow_ratio": f"{_ATTRIBUTION}/B6_gradient_flow_ratio",
        "gradient_x_input": f"{_ATTRIBUTION}/B7_gradient_x_input_heatmap",
        "smoothgrad": f"{_ATTRIBUTION}/B8_smoothgrad_vs_vanilla",
        "integrated_gradients": f"{_ATTRIBUTION}/B9_integrated_gradients_heatmap",
        "occlusion": f"{_ATTRIBUTION}/B10_occlusion_heatmap",
        "agreement": f"{_ATTRIBUTION}/B11_agreement_of_methods",
    },
}


def figure_file(name: str, kind: str) -> Path:
    """Path of a figure inside a model's and horizon's folder.

    Args:
        name: what the figure is, the same for every model.
        kind: of the model; the plans number their figures differently.

    Raises:
        LstmkitError: there is no such figure for this kind.
    """
    files = _EVERY_MODEL | _OF_KIND.get(kind, {})
    if name not in files:
        raise LstmkitError(f"no figure {name!r} for a model of kind {kind!r}; there are {', '.join(files)}")
    return Path(f"{files[name]}.png")


def project_folder(source: Path) -> Path:
    """The folder to which a study's relative paths refer: the one that holds `params/`, or the YAML's own.

    Args:
        source: the study's YAML.
    """
    return source.parent.parent if source.parent.name == "params" else source.parent


def results_folder(source: Path) -> Path:
    """Where the results of a study go: `results`, with the study's name below it unless it is the default.

    Args:
        source: the study's YAML.
    """
    root = project_folder(source) / "results"
    return root if source.stem == DEFAULT_STUDY else root / source.stem


def run_folder(source: Path, model: str, horizon: int, interval: str) -> Path:
    """Where the results of one model and horizon go.

    Args:
        source: the study's YAML.
        model: one of its models.
        horizon: steps ahead.
        interval: time between steps.
    """
    return results_folder(source) / f"{model}_interpretability" / horizon_folder(horizon, interval)


def model_label(model: str) -> str:
    """A model's name for titles; its key in the YAML where it has no other.

    Args:
        model: key of the model.
    """
    return MODEL_LABELS.get(model, model)


def horizon_folder(horizon: int, interval: str) -> str:
    """`h1` for an hour; `12steps` where the horizon is no whole number of hours.

    Args:
        horizon: steps ahead.
        interval: time between steps.
    """
    hours = horizon * pd.Timedelta(interval) / pd.Timedelta("1h")
    return f"h{hours:.0f}" if hours.is_integer() else f"{horizon}steps"


def horizon_label(horizon: int, interval: str) -> str:
    """`1 h`, or `5 steps` where the horizon is no whole number of hours.

    Args:
        horizon: steps ahead.
        interval: time between steps.
    """
    hours = horizon * pd.Timedelta(interval) / pd.Timedelta("1h")
    return f"{hours:.0f} h" if hours.is_integer() else f"{horizon} steps"
