"""The sections of a report: one entry per notebook. Snakefile, layout, summary and tests read this table."""

from dataclasses import dataclass

from lstmkit.findings.answers import (
    Answer,
    convolutions,
    dimensions,
    drivers,
    end_of_states,
    history_needed,
    known,
    smoothing,
    timescales,
)
from lstmkit.findings.failures import failures, rhythms

LOOKS = "What does it look at?"
REMEMBERS = "How long does it remember?"
KNOWS = "What do its states know?"
ADD = "What do its convolutions add?"
FAILS = "Where does it fail?"
QUESTIONS = (LOOKS, REMEMBERS, KNOWS, ADD, FAILS)


@dataclass(frozen=True)
class Figure:
    """A figure and its number in the plan of each kind of model.

    Attributes:
        name: by which a notebook shows it.
        number: of a model without convolutions; None where it has no such figure.
        with_convolutions: of a model with convolutions, where the number differs.
        file: name of the file behind the number, where it is not the figure's name.
    """

    name: str
    number: str | None
    with_convolutions: str | None = None
    file: str | None = None

    def file_name(self, has_convolutions: bool) -> str | None:
        """The file's name without its suffix; None where such a model has no such figure.

        Args:
            has_convolutions: whether the model has any.
        """
        number = (self.with_convolutions or self.number) if has_convolutions else self.number
        return None if number is None else "_".join(filter(None, (number, self.file or self.name)))


@dataclass(frozen=True)
class Section:
    """A notebook of the report.

    Attributes:
        notebook: its name in `notebooks/`.
        folder: of its figures, below the results of a model and horizon.
        figures: that it shows.
        facts: names under which it keeps facts for the summary.
        answers: per question of the summary and facts, what writes the sentences.
        settings: keys of a study's YAML on which it depends, beside those of the training.
        needs_convolutions: whether it is for models with convolutions alone.
        compares_horizons: whether it is executed once for all horizons of a model; its figures lie beside theirs.
        takes_long: whether it is executed before the others.
        folder_with_convolutions: of the figures of a model with convolutions, where it is another one.
    """

    notebook: str
    folder: str
    figures: tuple[Figure, ...]
    facts: tuple[str, ...] = ()
    answers: tuple[tuple[str, str, Answer], ...] = ()
    settings: tuple[str, ...] = ()
    needs_convolutions: bool = False
    compares_horizons: bool = False
    takes_long: bool = False
    folder_with_convolutions: str | None = None


SECTIONS = (
    Section(
        "01_training",
        "training",
        (
            Figure("data", "T1"),
            Figure("learning_curves", "T2"),
            Figure("skill", "T3"),
        ),
        facts=("metrics",),
    ),
    Section(
        "A_gates",
        "gate_dynamics",
        (
            Figure("gate_distributions", "A1", "A10"),
            Figure("gate_statistics", "A2", "A11"),
            Figure("gate_evolution", "A3", "A12"),
            Figure("forget_heatmap", "A4", "A13", file="forget_gate_heatmap"),
            Figure("gates_by_regime", "A5", "A14"),
            Figure("cell_magnitude", "A6", "A15", file="cell_state_magnitude"),
            Figure("update_ratio", "A7", "A16"),
            Figure("saturation", "A8", "A17"),
            Figure("timescales", "A9", "A18", file="memory_timescales"),
            Figure("sufficient_history", "A10", "A19"),
        ),
        facts=("gates", "history"),
        answers=((REMEMBERS, "history", history_needed), (REMEMBERS, "gates", timescales)),
        takes_long=True,
    ),
    Section(
        "B_attribution",
        "gradient_attribution",
        (
            Figure("gradient_heatmap", "B1"),
            Figure("feature_importance", "B2"),
            Figure("temporal_profile", "B3"),
            Figure("guided_backprop", None, "B4", file="guided_backprop_heatmap"),
            Figure("gradient_flow", None, "B5", file="layerwise_gradients"),
            Figure("flow_ratio", None, "B6", file="gradient_flow_ratio"),
            Figure("gradient_x_input", "B4", "B7", file="gradient_x_input_heatmap"),
            Figure("smoothgrad", "B5", "B8", file="smoothgrad_vs_vanilla"),
            Figure("integrated_gradients", "B6", "B9", file="integrated_gradients_heatmap"),
            Figure("occlusion", "B7", "B10", file="occlusion_heatmap"),
            Figure("agreement", "B8", "B11", file="agreement_of_methods"),
        ),
        facts=("attribution",),
        answers=((LOOKS, "attribution", drivers),),
        settings=("attribution",),
        takes_long=True,
    ),
    Section(
        "A_filters",
        "cnn_filters",
        (
            Figure("filter_bank", None, "A1"),
            Figure("filter_norms", None, "A2"),
            Figure("layer2_summary", None, "A3"),
            Figure("layer1_activation", None, "A4"),
            Figure("layer2_activation", None, "A5"),
            Figure("filter_statistics", None, "A6"),
            Figure("filters_by_regime", None, "A7"),
            Figure("receptive_field", None, "A8"),
            Figure("frequency_response", None, "A9"),
        ),
        facts=("filters",),
        answers=((LOOKS, "filters", smoothing),),
        settings=("convolutions",),
        needs_convolutions=True,
    ),
    Section(
        "C_hidden_states",
        "hidden_state_analysis",
        (
            Figure("embedding_by_regime", None, "C1", file="cnn_embedding_by_regime"),
            Figure("embedding_by_hour", None, "C2", file="cnn_embedding_by_hour"),
            Figure("explained_variance", "C1", "C3"),
            Figure("states_by_regime", "C2", "C4", file="pca_by_regime"),
            Figure("states_by_hour", "C3", "C5", file="pca_by_hour"),
            Figure("states_by_weekday", "C4", "C9", file="pca_by_weekday"),
            Figure("states_3d", "C5", "C10", file="pca_3d"),
            Figure("clusters", "C6"),
            Figure("cluster_crosstab", "C7", "C11", file="clusters_by_regime"),
            Figure("cluster_centroids", "C8", "C12"),
            Figure("trajectories", "C9", "C13"),
            Figure("layer_comparison", "C10", "C14"),
            Figure("silhouette", "C11", "C15"),
            Figure("probes", "C12", "C16"),
            Figure("variance_comparison", None, "C7", file="cnn_vs_lstm_variance"),
            Figure("similarity", None, "C8", file="cca"),
        ),
        facts=(
            "hidden_states",
            "layers",
            "clusters",
            "trajectories",
            "probes",
            "embedding",
            "compactness",
            "similarity",
        ),
        answers=(
            (REMEMBERS, "trajectories", end_of_states),
            (KNOWS, "probes", known),
            (KNOWS, "hidden_states", dimensions),
        ),
        settings=("hidden_states",),
    ),
    Section(
        "E_convolutions",
        "cnn_lstm_specific",
        (
            Figure("filter_correlation", None, "E1", file="filter_output_correlation"),
            Figure("pool_selection", None, "E2", file="maxpool_selection"),
            Figure("ablation", None, "E3", file="layer_ablation"),
        ),
        facts=("convolutions",),
        answers=((ADD, "convolutions", convolutions),),
        settings=("convolutions",),
        needs_convolutions=True,
        takes_long=True,
    ),
    Section(
        "E_predictions",
        "predictions",
        (
            Figure("overlay", "E4", file="predictions_overlay"),
            Figure("scatter", "E5"),
            Figure("residuals", "E6"),
            Figure("error_by_regime", "E7"),
            Figure("error_by_step", "E11"),
            Figure("warning", "E17"),
        ),
        facts=("predictions",),
        answers=((FAILS, "predictions", failures),),
    ),
    Section(
        "D_temporal",
        "temporal_patterns",
        (
            Figure("filter_spectra", None, "D1"),
            Figure("state_spectrum", "D1", "D2", file="hidden_state_spectrum"),
            Figure("state_autocorrelation", "D2", "D3", file="hidden_state_autocorrelation"),
            Figure("residual_spectrum", "D3", "D4"),
            Figure("rolling_rmse", "D4", "D5"),
            Figure("phase_error", "D5", "D6", file="phase_aligned_error"),
        ),
        facts=("temporal", "filter_rhythms"),
        answers=((FAILS, "temporal", rhythms),),
        settings=("hidden_states",),
    ),
    Section(
        "E_weights",
        "lstm_specific",
        (
            Figure("input_weights", "E1", "E13"),
            Figure("recurrent_weights", "E2", "E14"),
            Figure("singular_values", "E3", "E15"),
        ),
        facts=("weights",),
        folder_with_convolutions="cnn_lstm_specific",
    ),
    Section(
        "E_horizons",
        "comparison",
        (
            Figure("metrics_summary", "E8"),
            Figure("attribution_shift", "E9"),
            Figure("filter_importance_shift", "E10"),
            Figure("lag_lead_atlas", "E12"),
            Figure("state_shift", "E16", file="state_geometry_shift"),
        ),
        facts=("attribution_shift", "filter_shift", "state_shift", "horizons"),
        settings=("attribution", "hidden_states"),
        compares_horizons=True,
    ),
    Section("summary", "", (Figure("summary", ""),), compares_horizons=True),
)
PAGE_OF_FACTS = {facts: section.notebook for section in SECTIONS for facts in section.facts}


def sections_of(has_convolutions: bool, compares_horizons: bool = False) -> tuple[Section, ...]:
    """The sections that are executed for a model.

    Args:
        has_convolutions: whether the model has any.
        compares_horizons: those that are executed once for all its horizons, or else once for each.
    """
    return tuple(
        section
        for section in SECTIONS
        if section.compares_horizons == compares_horizons
        and (has_convolutions or not section.needs_convolutions)
    )
