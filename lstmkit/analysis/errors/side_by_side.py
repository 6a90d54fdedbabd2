"""The forecasts of a model's networks and of the baselines, read side by side from their files."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from lstmkit.analysis.errors.compared import Compared
from lstmkit.analysis.errors.predictions import chunked
from lstmkit.data.windows import Windows, spread_evenly
from lstmkit.storage.files import Rows

CHUNK = 256  # windows
SHARED = 4096  # test windows on which the networks of a model are compared


def explained_forecasts(
    model: str, predictions: Rows, baselines: dict[str, Rows], test: Windows
) -> Iterator[Compared]:
    """All windows in order of time, some at a time, as the explained network and each baseline forecast them.

    Args:
        model: its label.
        predictions: of the explained network, for every window.
        baselines: forecasts of every window, by baseline.
        test: the windows.
    """
    of_network = chunked(predictions, test, CHUNK)
    of_baselines = zip(*(rows.chunks(CHUNK) for rows in baselines.values()), strict=True)
    for (some, predicted), others in zip(of_network, of_baselines, strict=True):
        rules = (rows.astype("float64") for rows in others)
        forecasts = {model: predicted, **dict(zip(baselines, rules, strict=True))}
        observed, rule = some.one(some.observed()), some.one(some.without_network())
        yield Compared(observed, forecasts, some.origin, rule, latest=some.one(some.latest()))


def shared_forecasts(
    predictions: Sequence[Rows], baselines: dict[str, Rows], test: Windows, size: int
) -> Iterator[Compared]:
    """Windows that every network of the model forecasts, some at a time, with each baseline's forecasts.

    Args:
        predictions: of each network: of the first for every window, of the others for the shared ones.
        baselines: forecasts of every window, by baseline.
        test: the windows.
        size: how many of them are shared, spread evenly over time.
    """
    chosen = spread_evenly(len(test), size)
    first, *others = predictions
    networks = [first.take(chosen), *(each.take(np.arange(len(chosen))) for each in others)]
    rules = {name: rows.take(chosen) for name, rows in baselines.items()}
    for begin in range(0, len(chosen), CHUNK):
        part = slice(begin, begin + CHUNK)
        some = test.select(torch.from_numpy(chosen[part]))
        forecasts = {name: rows[part].astype("float64") for name, rows in rules.items()}
        of_networks = tuple(each[part].astype("float64") for each in networks)
        yield Compared(some.one(some.observed()), forecasts, some.origin, networks=of_networks)
