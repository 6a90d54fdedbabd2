"""Where results go and what they are called."""

from pathlib import Path

from lstmkit.data.calendar import Calendar
from lstmkit.errors import LstmkitError
from lstmkit.params import StudyParams
from lstmkit.params.files import RESULTS_OF_A_MODEL
from lstmkit.sections import SECTIONS

MODEL_LABELS = {"lstm": "LSTM", "cnn_lstm": "CNN-LSTM"}
DEFAULT_STUDY = "co2"
METRICS, CLAIMS = "metrics.json", "claims.json"


def figure_path(name: str, has_convolutions: bool, run: Path) -> Path:
    """Path of a figure of a model and horizon; one that compares horizons lies beside their folders.

    Args:
        name: what the figure is, the same for every model.
        has_convolutions: whether the model has any; the plans number the figures of such models differently.
        run: folder of the model and horizon.

    Raises:
        LstmkitError: such a model has no such figure.
    """
    known = []
    for section in SECTIONS:
        folder = (has_convolutions and section.folder_with_convolutions) or section.folder
        for figure in section.figures:
            if (file := figure.file_name(has_convolutions)) is None:
                continue
            if figure.name == name:
                return (run.parent if section.compares_horizons else run) / folder / f"{file}.png"
            known.append(figure.name)
    kind = "with" if has_convolutions else "without"
    raise LstmkitError(f"no figure {name!r} for a model {kind} convolutions; there are {', '.join(known)}")


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
    return model_folder(source, model) / Calendar(interval).folder(horizon)


def baselines_folder(source: Path, horizon: int, interval: str) -> Path:
    """Where the forecasts of the baselines go, which serve every model.

    Args:
        source: the study's YAML.
        horizon: steps ahead.
        interval: time between steps.
    """
    return results_folder(source) / "baselines" / Calendar(interval).folder(horizon)


def network_folders(run: Path, first_seed: int, n_seeds: int) -> list[Path]:
    """Where the results of each network of a model go: the explained one's in the run's own folder, the others' below.

    Args:
        run: folder of the model and horizon.
        first_seed: of the explained network.
        n_seeds: number of networks, whose seeds follow.
    """
    return [run, *(run / f"seed_{first_seed + number}" for number in range(1, n_seeds))]


def card_of_results(card: str, params: StudyParams) -> str:
    """By which what is computed from a model is known: its card, and the explained target where it is not the first.

    Args:
        card: the checksum of the model's card.
        params: of the study.
    """
    target = params.data.explains
    return card if target == params.data.targets[0] else f"{card} {target}"


def model_folder(source: Path, model: str) -> Path:
    """Where the results of one model go, at all its horizons.

    Args:
        source: the study's YAML.
        model: one of its models.
    """
    return results_folder(source) / f"{model}{RESULTS_OF_A_MODEL}"


def model_label(params: StudyParams, model: str) -> str:
    """A model's name for titles; its key in the YAML where it has no other.

    Args:
        params: of the study.
        model: key of the model.
    """
    return params.models[model].label or MODEL_LABELS.get(model, model)
