"""How the defaults compare with their alternatives, over several series: the table of Methods.

For each series and horizon an LSTM of the study is trained on every residual baseline, from some seeds, and held
against every baseline; on the one that `auto` chooses also from other initial biases. Run
`python benchmarks/series.py` first; see README.md beside this file.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lstmkit.data.catalog import load_dataset
from lstmkit.data.cutting import make_windows
from lstmkit.data.dataset import Dataset
from lstmkit.data.features import build_features
from lstmkit.data.windows import Windows
from lstmkit.params import StudyParams, find_params, load_params
from lstmkit.report.layout import project_folder
from lstmkit.training.baselines import fit_baselines
from lstmkit.training.fit import fit
from lstmkit.training.trained import untrained_model

SERIES = Path(__file__).parent / "series"
STUDIES = [
    "co2",
    "awair",
    *(f"{SERIES}/{name}.yml" for name in ("transformer", "transformer_2", "load", "office")),
]
RULES = ("none", "last", "climatology", "damped")
BATCH = 256


def errors(forecast: np.ndarray, windows: Windows) -> str:
    """RMSE over all steps / at the last one."""
    squares = (forecast - windows.observed()) ** 2
    return f"{np.sqrt(squares.mean()):.4g} / {np.sqrt(squares[:, -1].mean()):.4g}"


@torch.no_grad()
def spread_timescales(lstm: nn.LSTM, longest: int, seed: int) -> None:
    """Draw the biases of forget and input gates anew, as Tallec & Ollivier (2018), timescales log-uniform."""
    generator = torch.Generator().manual_seed(seed)
    for layer in range(lstm.num_layers):
        forget = torch.rand(lstm.hidden_size, generator=generator) * np.log(longest)
        gates = getattr(lstm, f"bias_ih_l{layer}").view(4, -1)
        gates[0], gates[1] = -forget, forget
        getattr(lstm, f"bias_hh_l{layer}").view(4, -1)[:2] = 0


def network_forecasts(
    params: StudyParams, model: str, windows: dict[str, Windows], seed: int, *, spread: bool = False
) -> np.ndarray:
    """What one network forecasts for the test part, trained as the study says, with or without spread timescales."""
    network = untrained_model(params.models[model], windows["train"], seed)
    if spread:
        spread_timescales(network.lstm, params.windows.lookback, seed)
    with tempfile.TemporaryDirectory() as folder:
        fit(network, windows, params.training, seed, Path(folder), progress=False)
    test = windows["test"]
    with torch.inference_mode():
        outputs = [network(x) for x, _ in test.batches(BATCH)]
    return test.to_units(torch.cat(outputs))


def network_errors(
    params: StudyParams, model: str, windows: dict[str, Windows], seeds: int, *, spread: bool = False
) -> list[str]:
    """Errors of the networks of some seeds, each and together."""
    forecasts = [
        network_forecasts(params, model, windows, params.seed + k, spread=spread) for k in range(seeds)
    ]
    each = ", ".join(errors(forecast, windows["test"]) for forecast in forecasts)
    return [each, errors(np.mean(forecasts, axis=0), windows["test"])]


def compare(params: StudyParams, dataset: Dataset, model: str, horizon: int, seeds: int) -> list[list[str]]:
    """Rows of the table for one series and horizon: a forecaster, its seeds, and all seeds together."""
    features, rows = build_features(dataset, params.variant, params.clock), []
    for rule, spread in [*((rule, False) for rule in RULES), ("auto", True)]:
        cut = params.windows.model_copy(update={"residual": rule})
        windows = make_windows(dataset, features, horizon, cut, params.split)
        test = windows["test"]
        name = f"network on `{rule}`"
        if spread:
            name = f"the same on `{test.residual.kind}`, which `auto` chooses, timescales spread at first"
        found = network_errors(params, model, windows, seeds, spread=spread)
        rows.append([name, *found, errors(test.without_network(), test)])
    baselines = fit_baselines(dataset, windows, params.training, params.seed)
    return rows + [[name, errors(forecast(test), test), "", ""] for name, forecast in baselines.items()]


def main() -> None:
    """Print one Markdown table per series and horizon."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", nargs="+", default=STUDIES)
    parser.add_argument("--horizons", nargs="+", type=int, help="all of the study if not given")
    parser.add_argument("--model", default="lstm")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    for study in chosen.studies:
        source = find_params(study)
        params = load_params(source)
        dataset = load_dataset(params.data, project_folder(source))
        unit = dataset.units[dataset.target]
        for horizon in chosen.horizons or params.horizons:
            print(
                f"\n{params.title}, {horizon} steps of {params.data.interval}: RMSE in {unit}, all steps / last step\n"
            )
            print(
                f"| forecaster | each of {chosen.seeds} seeds | together | the rule alone |\n|:--|:--|:--|:--|"
            )
            for row in compare(params, dataset, chosen.model, horizon, chosen.seeds):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
