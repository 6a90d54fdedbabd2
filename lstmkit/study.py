"""The front door: opens a study for one model and one horizon, or a module that its user trained elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from lstmkit.data.catalog import load_dataset
from lstmkit.data.dataset import GivenWindows
from lstmkit.errors import LstmkitError
from lstmkit.opened import OpenedModel, opened_model
from lstmkit.params import StudyParams, find_params, load_params
from lstmkit.report.layout import project_folder
from lstmkit.report.notebook import in_notebook, refuse_unknown_parameters
from lstmkit.run import Study
from lstmkit.runtime import configure

__all__ = ["Study", "find_study", "open_model", "open_study"]


def open_study(study: str | Path | Study = "co2", model: str = "lstm", horizon: int = 12) -> Study:
    """Open a study for one model and one horizon; the model is trained if it has not been.

    Args:
        study: a name in `params/`, the path of a YAML file, or a study that was opened before; what `open_model`
            returned has one model and one horizon, whatever else is asked for.
        model: one of the study's models.
        horizon: one of the study's horizons, in steps.

    Raises:
        LstmkitError: an unknown study, model, horizon or notebook parameter; the message names the known ones.
    """
    if isinstance(study, OpenedModel):
        return study
    refuse_unknown_parameters()
    if in_notebook():
        configure()
    opened = find_study(study, model, horizon)
    opened.model  # noqa: B018  # trains what is missing
    return opened


def open_model(
    module: nn.Module,
    x: Any,
    y: Any,
    *,
    features: Sequence[str],
    target: str | Sequence[str],
    interval: str,
    origins: Any = None,
    site_timezone: str = "UTC",
    units: dict[str, str] | None = None,
    subject: str | None = None,
    classes: Sequence[str] | None = None,
    explained: str | None = None,
    output: str | None = None,
    lstm: str | None = None,
    label: str | None = None,
    folder: str | Path | None = None,
    **settings: Any,
) -> Study:
    """Open a module that its user trained elsewhere, with the windows that it reads.

    The windows stand in order of time, those first on which the module was trained. They are split as a series is:
    by default 60 % training, 10 % validation and 30 % test windows, without those that reach over a border. Inputs and
    outputs are in the units in which the module works.

    >>> import torch
    >>> from torch import nn
    >>> from lstmkit import open_model
    >>> class Forecaster(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.lstm, self.head = nn.LSTM(2, 8, batch_first=True), nn.Linear(8, 6)
    ...     def forward(self, x):  # (batch, time, feature) to (batch, horizon)
    ...         return self.head(self.lstm(x)[0][:, -1])
    >>> series = torch.stack([torch.arange(2000.0).sin(), torch.arange(2000.0).cos()], dim=1)
    >>> windows = series.unfold(0, 24 + 6, 1).transpose(1, 2)  # (window, time, feature)
    >>> x, y = windows[:, :24], windows[:, 24:, 0]
    >>> study = open_model(Forecaster().eval(), x, y, features=["load", "heat"], target="load", interval="1h")
    >>> study.predictions.shape, study.attributor.saliency().share.shape
    ((592, 6), (2,))

    Args:
        module: in evaluation mode, from (batch, lookback, feature) to (batch, horizon) or (batch, horizon, target), or
            a tuple or dict of outputs; one value per window may also be (batch,).
        x: inputs, shape (window, lookback, feature), as NumPy or PyTorch has them.
        y: what follows, shape (window, horizon) or (window, horizon, target); of classes their numbers 0, 1, …, shape
            (window, horizon).
        features: names of the features of `x`.
        target: name of what `y` is, or the names of several targets. A feature of the same name is the target's past,
            in the same unit; where there is none, the past is known to no baseline, and groups are by the latest value.
        interval: time between steps, as in a study's YAML, for example `1h`.
        origins: time stamps of the windows' newest input steps, without a zone on the site's clock. Without them,
            windows are taken to follow each other by the steps that they share, from a Monday on; those that share
            none are laid one after another, and their clock means nothing.
        site_timezone: IANA zone of the site.
        units: unit per feature and target, for labels.
        subject: what titles and sentences call that which is measured.
        classes: what each number of `y` stands for, where the target is one of classes; the module then puts out
            logits, (batch, horizon, class). A feature called like target and class, as `load_low`, is its past.
        explained: of several targets, or of the classes, the one that the pages show and explain; the first if not
            given.
        output: of a module that puts out several, the one that is explained.
        lstm: of a module that calls several LSTMs, the path of the one whose states are shown; the first if not given.
        label: what the module is called in titles; by its class if not given.
        folder: where figures, CSVs and the module's weights go; `results` with the label below it if not given.
        **settings: other blocks of a study's YAML, such as `split={"train": 0.5}`.

    Returns:
        What `open_study` returns: the cells of every notebook work on it.

    Raises:
        LstmkitError: the arrays are no windows of one series; or the module is in training mode, calls no LSTM, puts
            out another shape than `y`, or forecasts a window otherwise beside other windows.
    """
    data = {
        "features": tuple(features),
        "target": target if isinstance(target, str) else tuple(target),
        "classes": None if classes is None else tuple(classes),
        "explained": explained,
        "units": units or {},
        "interval": interval,
        "site_timezone": site_timezone,
        "subject": subject,
    }
    own = {"output": output, "lstm": lstm, "label": label}
    opened = opened_model(module, x, y, origins, data, own, folder, settings)
    opened.model  # noqa: B018  # tries the module
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
    dataset = load_dataset(params.data, project_folder(source))
    if dataset.given is not None:
        _require_lengths(source, params, dataset.given)
    return Study(source, params, model, int(horizon), dataset)


def _require_lengths(source: Path, params: StudyParams, given: GivenWindows) -> None:
    """Refuse a study that states other windows than its arrays hold."""
    for key, stated, found in (
        ("windows.lookback", params.windows.lookback, given.lookback),
        ("horizons", list(params.horizons), [given.horizon]),
    ):
        if stated != found:
            raise LstmkitError(f"{source}: {key} is {stated}, but the arrays have {found}: write that")
