"""Cuts the windows of a series."""

from dataclasses import replace

import numpy as np
import torch

from lstmkit.data.class_baseline import fit_class_baseline
from lstmkit.data.climatology import climatologies
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import Features
from lstmkit.data.residual import choose_baseline
from lstmkit.data.scaling import Scaler
from lstmkit.data.split import PARTS, split_rows
from lstmkit.data.starts import window_starts
from lstmkit.data.windows import Windows
from lstmkit.params import SplitParams, WindowParams


def make_windows(
    dataset: Dataset,
    features: Features,
    horizon: int,
    params: WindowParams,
    split: SplitParams,
    target: str | None = None,
) -> dict[str, Windows]:
    """Cut the windows of every part.

    The targets of a window lie within one part; its inputs may reach back into the part before, which its forecast
    would know. It contains no missing value in its inputs or targets, and starts its forecast at an observed step.
    Scaler and residual baseline know the training part alone.

    Args:
        dataset: the series on its grid.
        features: of the dataset.
        horizon: number of steps ahead.
        params: lookback, scaling and residual baseline.
        split: shares of the parts.
        target: that the pages explain; the first if not given.

    Returns:
        Windows of `train`, `validation` and `test`.

    Raises:
        LstmkitError: a part holds no window.
    """
    parts, frame = split_rows(dataset, split, horizon), features.frame
    values = dataset.frame[list(dataset.targets)].to_numpy(np.float64)
    forecast_rows, starts = window_starts(dataset, frame, values, parts, params.lookback, horizon)
    training = parts["train"]
    scaler = Scaler.fit(frame.iloc[training], params.scaling)
    usual = climatologies(dataset, training)
    origin = {name: each + params.lookback - 1 for name, each in starts.items()}
    whole = Windows(
        inputs=torch.from_numpy(scaler.transform(frame)),
        values=values,
        task=dataset.task(horizon),
        residual=fit_class_baseline(values, training, dataset.targets)
        if dataset.kind == "classes"
        else choose_baseline(params.residual, values, usual, training, origin, horizon, dataset.target_known),
        rows=np.empty(0, np.int64),
        forecast_rows=torch.zeros(len(values), dtype=torch.bool),
        time=dataset.local_time,
        starts=torch.empty(0, dtype=torch.int64),
        lookback=params.lookback,
        features=tuple(frame.columns),
        provenance=features.provenance,
        scaler=scaler,
        calendar=dataset.calendar,
        target=dataset.targets.index(target or dataset.target),
    )
    return {
        name: replace(
            whole,
            rows=parts[name],
            forecast_rows=torch.from_numpy(forecast_rows[name]),
            starts=torch.from_numpy(starts[name]),
        )
        for name in PARTS
    }
