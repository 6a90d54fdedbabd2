"""Where results go."""

from pathlib import Path

import pytest

from lstmkit.data.calendar import Calendar
from lstmkit.errors import LstmkitError
from lstmkit.params import ModuleParams, find_params, load_params
from lstmkit.report.layout import figure_path, model_label, project_folder, results_folder


@pytest.mark.parametrize(
    ("horizon", "interval", "folder", "label"),
    [
        (12, "5min", "h1", "1 h"),
        (288, "5min", "h24", "24 h"),
        (5, "5min", "5steps", "5 steps"),
        (12, "7min", "12steps", "12 steps"),
        (1, "1h", "h1", "1 h"),
        (24, "1h", "h24", "24 h"),
        (1, "30min", "1steps", "1 step"),
        (2, "12h", "h24", "24 h"),
    ],
)
def test_the_horizon_in_hours_where_they_are_whole(horizon, interval, folder, label):
    calendar = Calendar(interval)
    assert calendar.folder(horizon) == folder
    assert calendar.label(horizon) == label


def test_a_model_is_called_by_its_label_or_by_its_key():
    params = load_params(find_params("smoke"))
    own = ModuleParams(kind="module", factory="mine:build", label="Mine, by hand")
    params = params.model_copy(
        update={"models": params.models | {"mine": own, "other": params.models["lstm"]}}
    )
    labels = [model_label(params, model) for model in params.models]
    assert labels == ["LSTM", "CNN-LSTM", "Mine, by hand", "other"]


def test_results_lie_beside_params_or_beside_the_file():
    inside, alone = Path("/project/params/mine.yml"), Path("/elsewhere/mine.yml")
    assert project_folder(inside) == Path("/project")
    assert project_folder(alone) == Path("/elsewhere")
    assert results_folder(inside) == Path("/project/results/mine")
    assert results_folder(alone) == Path("/elsewhere/results/mine")
    assert results_folder(Path("/project/params/co2.yml")) == Path("/project/results")


def test_a_figure_has_the_number_of_its_plan():
    run = Path("results/lstm_interpretability/h24")
    assert figure_path("skill", False, run) == run / "training/T3_skill.png"
    assert figure_path("occlusion", False, run).name == "B7_occlusion_heatmap.png"
    assert figure_path("occlusion", True, run).name == "B10_occlusion_heatmap.png"


def test_a_figure_of_all_horizons_lies_beside_their_folders():
    model = Path("results/lstm_interpretability")
    assert (
        figure_path("attribution_shift", False, model / "h1") == model / "comparison/E9_attribution_shift.png"
    )
    assert figure_path("summary", True, model / "h24") == model / "summary.png"


def test_an_unknown_figure_gets_a_list_of_the_known_ones():
    with pytest.raises(
        LstmkitError, match="no figure 'guided_backprop' for a model without convolutions"
    ) as error:
        figure_path("guided_backprop", False, Path("h1"))
    assert "occlusion" in str(error.value)
