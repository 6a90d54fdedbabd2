"""The front door: opens a study for one model and one horizon."""

from pathlib import Path

from lstmkit.data.catalog import load_dataset
from lstmkit.errors import LstmkitError
from lstmkit.params import find_params, load_params
from lstmkit.report.layout import project_folder
from lstmkit.report.notebook import in_notebook, refuse_unknown_parameters
from lstmkit.run import Study
from lstmkit.runtime import configure

__all__ = ["Study", "find_study", "open_study"]


def open_study(study: str | Path | Study = "co2", model: str = "lstm", horizon: int = 12) -> Study:
    """Open a study for one model and one horizon; the model is trained if it has not been.

    Args:
        study: a name in `params/`, the path of a YAML file, or a study that was opened before.
        model: one of the study's models.
        horizon: one of the study's horizons, in steps.

    Raises:
        LstmkitError: an unknown study, model, horizon or notebook parameter; the message names the known ones.
    """
    refuse_unknown_parameters()
    if in_notebook():
        configure()
    opened = find_study(study, model, horizon)
    opened.model  # noqa: B018  # trains what is missing
    return opened


def find_study(study: str | Path | Study, model: str, horizon: int) -> Study:
    """A study for one model and one horizon; nothing is trained yet.

    Args:
        study: a name in `params/`, the path of a YAML file, or a study that was opened before.
        model: one of the study's models.
        horizon: one of the study's horizons, in steps.

    Raises:
        LstmkitError: an unknown study, model or horizon; the message names the known ones.
    """
    source = study.source if isinstance(study, Study) else find_params(study)
    params = load_params(source)
    if model not in params.models:
        raise LstmkitError(f"unknown model {model!r}; {source.name} has {', '.join(params.models)}")
    if horizon not in params.horizons:
        known = ", ".join(str(steps) for steps in params.horizons)
        raise LstmkitError(
            f"horizon {horizon!r} is not in {source.name}; it has {known} (steps of {params.data.interval})"
        )
    return Study(source, params, model, int(horizon), load_dataset(params.data, project_folder(source)))
