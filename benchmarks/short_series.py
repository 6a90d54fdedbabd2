"""How networks and rules do on weeks instead of months, with one and with two blocks of validation.

Of each series only its first weeks are kept. See README.md beside this file.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from defaults import SERIES, errors, network_errors

from lstmkit.data.catalog import load_dataset
from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.params import StudyParams, find_params, load_params
from lstmkit.report.layout import project_folder
from lstmkit.training.baselines import fit_baselines

CASES = [
    ("co2", 28, 12),
    ("awair", 28, 12),
    (f"{SERIES}/office.yml", 30, 12),
    (f"{SERIES}/load.yml", 56, 24),
    (f"{SERIES}/transformer.yml", 56, 24),
    (f"{SERIES}/transformer_2.yml", 56, 24),
]  # study, days, steps ahead
BLOCKS = (1, 2)


def beginning(dataset: Dataset, days: int) -> Dataset:
    """The first days of a series, from its first observed step."""
    first = int(dataset.observed.to_numpy().argmax())
    kept = slice(first, first + pd.Timedelta(days=days) // dataset.interval)
    parts = {name: getattr(dataset, name).iloc[kept] for name in ("frame", "observed")}
    return replace(
        dataset, **parts, latents=dataset.latents.iloc[kept] if len(dataset.latents) else dataset.latents
    )


def row(dataset: Dataset, params: StudyParams, horizon: int, blocks: int, seeds: int) -> str:
    """One row of the table."""
    split = params.split.model_copy(update={"validation_blocks": blocks})
    features = build_features(dataset, params.variant, params.clock)
    windows = make_windows(dataset, features, horizon, params.windows, split)
    test = windows["test"]
    fitted = fit_baselines(dataset, windows, params.training, params.seed)
    rules = {name: forecast(test) for name, forecast in fitted.items()}
    best = min(rules, key=lambda name: np.square(rules[name] - test.observed()).mean())
    networks = network_errors(params, "lstm", windows, seeds)
    found = [test.residual.kind, *networks, f"{best} {errors(rules[best], test)}"]
    return f"| {params.title} | {horizon} | {blocks} | {' | '.join(found)} |"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    print(
        "| series | steps ahead | blocks | network on | each seed, RMSE all steps / last | together | best rule |"
    )
    print("|:--|--:|--:|:--|:--|:--|:--|")
    for study, days, horizon in CASES:
        source = find_params(study)
        params = load_params(source)
        dataset = beginning(load_dataset(params.data, project_folder(source)), days)
        for blocks in BLOCKS:
            print(row(dataset, params, horizon, blocks, seeds), flush=True)


if __name__ == "__main__":
    main()
