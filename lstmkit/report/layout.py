"""Where results go and what they are called."""

from pathlib import Path

import pandas as pd

from lstmkit.errors import LstmkitError
from lstmkit.params.files import RESULTS_OF_A_MODEL
from lstmkit.wording import count

MODEL_LABELS = {"lstm": "LSTM", "cnn_lstm": "CNN-LSTM"}
DEFAULT_STUDY = "co2"
METRICS, CLAIMS = "metrics.json", "claims.json"

_TRAINING, _GATES, _FILTERS = "training", "gate_dynamics", "cnn_filters"
_ATTRIBUTION, _STATES, _TEMPORAL = "gradient_attribution", "hidden_state_analysis", "temporal_patterns"
_LSTM, _CNN_LSTM, _PREDICTIONS = "lstm_specific", "cnn_lstm_specific", "predictions"
_EVERY_MODEL = {
    "data": f"{_TRAINING}/T1_data",
    "learning_curves": f"{_TRAINING}/T2_learning_curves",
    "skill": f"{_TRAINING}/T3_skill",
    "gradient_heatmap": f"{_ATTRIBUTION}/B1_gradient_heatmap",
    "feature_importance": f"{_ATTRIBUTION}/B2_feature_importance",
    "temporal_profile": f"{_ATTRIBUTION}/B3_temporal_profile",
    "overlay": f"{_PREDICTIONS}/E4_predictions_overlay",
    "scatter": f"{_PREDICTIONS}/E5_scatter",
    "residuals": f"{_PREDICTIONS}/E6_residuals",
    "error_by_regime": f"{_PREDICTIONS}/E7_error_by_regime",
    "error_by_step": f"{_PREDICTIONS}/E11_error_by_step",
    "warning": f"{_PREDICTIONS}/E17_warning",
}
_OF_KIND = {
    "lstm": {
        "gate_distributions": f"{_GATES}/A1_gate_distributions",
        "gate_statistics": f"{_GATES}/A2_gate_statistics",
        "gate_evolution": f"{_GATES}/A3_gate_evolution",
        "forget_heatmap": f"{_GATES}/A4_forget_gate_heatmap",
        "gates_by_regime": f"{_GATES}/A5_gates_by_regime",
        "cell_magnitude": f"{_GATES}/A6_cell_state_magnitude",
        "update_ratio": f"{_GATES}/A7_update_ratio",
        "saturation": f"{_GATES}/A8_saturation",
        "timescales": f"{_GATES}/A9_memory_timescales",
        "sufficient_history": f"{_GATES}/A10_sufficient_history",
        "gradient_x_input": f"{_ATTRIBUTION}/B4_gradient_x_input_heatmap",
        "smoothgrad": f"{_ATTRIBUTION}/B5_smoothgrad_vs_vanilla",
        "integrated_gradients": f"{_ATTRIBUTION}/B6_integrated_gradients_heatmap",
        "occlusion": f"{_ATTRIBUTION}/B7_occlusion_heatmap",
        "agreement": f"{_ATTRIBUTION}/B8_agreement_of_methods",
        "explained_variance": f"{_STATES}/C1_explained_variance",
        "states_by_regime": f"{_STATES}/C2_pca_by_regime",
        "states_by_hour": f"{_STATES}/C3_pca_by_hour",
        "states_by_weekday": f"{_STATES}/C4_pca_by_weekday",
        "states_3d": f"{_STATES}/C5_pca_3d",
        "clusters": f"{_STATES}/C6_clusters",
        "cluster_crosstab": f"{_STATES}/C7_clusters_by_regime",
        "cluster_centroids": f"{_STATES}/C8_cluster_centroids",
        "trajectories": f"{_STATES}/C9_trajectories",
        "layer_comparison": f"{_STATES}/C10_layer_comparison",
        "silhouette": f"{_STATES}/C11_silhouette",
        "probes": f"{_STATES}/C12_probes",
        "state_spectrum": f"{_TEMPORAL}/D1_hidden_state_spectrum",
        "state_autocorrelation": f"{_TEMPORAL}/D2_hidden_state_autocorrelation",
        "residual_spectrum": f"{_TEMPORAL}/D3_residual_spectrum",
        "rolling_rmse": f"{_TEMPORAL}/D4_rolling_rmse",
        "phase_error": f"{_TEMPORAL}/D5_phase_aligned_error",
        "input_weights": f"{_LSTM}/E1_input_weights",
        "recurrent_weights": f"{_LSTM}/E2_recurrent_weights",
        "singular_values": f"{_LSTM}/E3_singular_values",
    },
    "cnn_lstm": {
        "filter_bank": f"{_FILTERS}/A1_filter_bank",
        "filter_norms": f"{_FILTERS}/A2_filter_norms",
        "layer2_summary": f"{_FILTERS}/A3_layer2_summary",
        "layer1_activation": f"{_FILTERS}/A4_layer1_activation",
        "layer2_activation": f"{_FILTERS}/A5_layer2_activation",
        "filter_statistics": f"{_FILTERS}/A6_filter_statistics",
        "filters_by_regime": f"{_FILTERS}/A7_filters_by_regime",
        "receptive_field": f"{_FILTERS}/A8_receptive_field",
        "frequency_response": f"{_FILTERS}/A9_frequency_response",
        "gate_distributions": f"{_GATES}/A10_gate_distributions",
        "gate_statistics": f"{_GATES}/A11_gate_statistics",
        "gate_evolution": f"{_GATES}/A12_gate_evolution",
        "forget_heatmap": f"{_GATES}/A13_forget_gate_heatmap",
        "gates_by_regime": f"{_GATES}/A14_gates_by_regime",
        "cell_magnitude": f"{_GATES}/A15_cell_state_magnitude",
        "update_ratio": f"{_GATES}/A16_update_ratio",
        "saturation": f"{_GATES}/A17_saturation",
        "timescales": f"{_GATES}/A18_memory_timescales",
        "sufficient_history": f"{_GATES}/A19_sufficient_history",
        "guided_backprop": f"{_ATTRIBUTION}/B4_guided_backprop_heatmap",
        "gradient_flow": f"{_ATTRIBUTION}/B5_layerwise_gradients",
        "flow_ratio": f"{_ATTRIBUTION}/B6_gradient_flow_ratio",
        "gradient_x_input": f"{_ATTRIBUTION}/B7_gradient_x_input_heatmap",
        "smoothgrad": f"{_ATTRIBUTION}/B8_smoothgrad_vs_vanilla",
        "integrated_gradients": f"{_ATTRIBUTION}/B9_integrated_gradients_heatmap",
        "occlusion": f"{_ATTRIBUTION}/B10_occlusion_heatmap",
        "agreement": f"{_ATTRIBUTION}/B11_agreement_of_methods",
        "embedding_by_regime": f"{_STATES}/C1_cnn_embedding_by_regime",
        "embedding_by_hour": f"{_STATES}/C2_cnn_embedding_by_hour",
        "explained_variance": f"{_STATES}/C3_explained_variance",
        "states_by_regime": f"{_STATES}/C4_pca_by_regime",
        "states_by_hour": f"{_STATES}/C5_pca_by_hour",
        "clusters": f"{_STATES}/C6_clusters",
        "variance_comparison": f"{_STATES}/C7_cnn_vs_lstm_variance",
        "similarity": f"{_STATES}/C8_cca",
        "states_by_weekday": f"{_STATES}/C9_pca_by_weekday",
        "states_3d": f"{_STATES}/C10_pca_3d",
        "cluster_crosstab": f"{_STATES}/C11_clusters_by_regime",
        "cluster_centroids": f"{_STATES}/C12_cluster_centroids",
        "trajectories": f"{_STATES}/C13_trajectories",
        "layer_comparison": f"{_STATES}/C14_layer_comparison",
        "silhouette": f"{_STATES}/C15_silhouette",
        "probes": f"{_STATES}/C16_probes",
        "filter_spectra": f"{_TEMPORAL}/D1_filter_spectra",
        "state_spectrum": f"{_TEMPORAL}/D2_hidden_state_spectrum",
        "state_autocorrelation": f"{_TEMPORAL}/D3_hidden_state_autocorrelation",
        "residual_spectrum": f"{_TEMPORAL}/D4_residual_spectrum",
        "rolling_rmse": f"{_TEMPORAL}/D5_rolling_rmse",
        "phase_error": f"{_TEMPORAL}/D6_phase_aligned_error",
        "filter_correlation": f"{_CNN_LSTM}/E1_filter_output_correlation",
        "pool_selection": f"{_CNN_LSTM}/E2_maxpool_selection",
        "ablation": f"{_CNN_LSTM}/E3_layer_ablation",
        "input_weights": f"{_CNN_LSTM}/E13_input_weights",
        "recurrent_weights": f"{_CNN_LSTM}/E14_recurrent_weights",
        "singular_values": f"{_CNN_LSTM}/E15_singular_values",
    },
}
_OF_ALL_HORIZONS = {
    "metrics_summary": "comparison/E8_metrics_summary",
    "attribution_shift": "comparison/E9_attribution_shift",
    "filter_importance_shift": "comparison/E10_filter_importance_shift",
    "lag_lead_atlas": "comparison/E12_lag_lead_atlas",
    "state_shift": "comparison/E16_state_geometry_shift",
    "summary": "summary",
}


def figure_path(name: str, kind: str, run: Path) -> Path:
    """Path of a figure of a model and horizon; one that compares horizons lies beside their folders.

    Args:
        name: what the figure is, the same for every model.
        kind: of the model; the plans number their figures differently.
        run: folder of the model and horizon.

    Raises:
        LstmkitError: there is no such figure for this kind.
    """
    if name in _OF_ALL_HORIZONS:
        return run.parent / f"{_OF_ALL_HORIZONS[name]}.png"
    files = _EVERY_MODEL | _OF_KIND.get(kind, _OF_KIND["lstm"])
    if name not in files:
        known = ", ".join([*files, *_OF_ALL_HORIZONS])
        raise LstmkitError(f"no figure {name!r} for a model of kind {kind!r}; there are {known}")
    return run / f"{files[name]}.png"


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
    return model_folder(source, model) / horizon_folder(horizon, interval)


def baselines_folder(source: Path, horizon: int, interval: str) -> Path:
    """Where the forecasts of the baselines go, which serve every model.

    Args:
        source: the study's YAML.
        horizon: steps ahead.
        interval: time between steps.
    """
    return results_folder(source) / "baselines" / horizon_folder(horizon, interval)


def network_folders(run: Path, first_seed: int, n_seeds: int) -> list[Path]:
    """Where the results of each network of a model go: the explained one's in the run's own folder, the others' below.

    Args:
        run: folder of the model and horizon.
        first_seed: of the explained network.
        n_seeds: number of networks, whose seeds follow.
    """
    return [run, *(run / f"seed_{first_seed + number}" for number in range(1, n_seeds))]


def model_folder(source: Path, model: str) -> Path:
    """Where the results of one model go, at all its horizons.

    Args:
        source: the study's YAML.
        model: one of its models.
    """
    return results_folder(source) / f"{model}{RESULTS_OF_A_MODEL}"


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
    return f"{hours:.0f} h" if hours.is_integer() else count(horizon, "step")
