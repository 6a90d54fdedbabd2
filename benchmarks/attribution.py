"""Attribution where the answer is known: published white-box figures, and a regression whose cause is given.

The white box is that of time_interpret (Enguehard 2023, arXiv:2306.02968), after DynaMask (Crabbé & van der Schaar
2021, arXiv:2106.05303): the sum of the squares of a few salient cells of ARMA series. The regression goes through the
whole of lstmkit: a series, its features, windows, training, attribution. Run `python benchmarks/attribution.py --help`.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from sklearn.metrics import auc, precision_recall_curve
from torch import Tensor, nn

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.averages import Attribution
from lstmkit.analysis.attribution.methods import ScalarForecast, integrated_gradients, occlusion
from lstmkit.data.cutting import make_windows
from lstmkit.data.features import Features, build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.windows import Windows
from lstmkit.models import build_model
from lstmkit.params import AttributionParams, LSTMParams, SplitParams, TrainingParams, WindowParams
from lstmkit.runtime import configure
from lstmkit.training.fit import fit

# --- the white box ----------------------------------------------------------------------------------------

SERIES, STEPS, FEATURES, SALIENT = 10, 50, 50, 5
AR, MA = [2, 0.5, 0.2, 0.1], [2]
METRICS = ("AUP", "AUR", "information", "entropy")
OFFSET = 1e-5  # keeps the metrics' logarithms finite


@dataclass(frozen=True)
class Row:
    """Published means of five runs, and mean and spread of a re-implementation's twenty seeds."""

    published: tuple[float, float, float, float]
    reimplemented: tuple[float, float, float, float]
    spread: tuple[float, float, float, float]


ROWS = {
    ("rare-feature", "integrated gradients"): Row(
        (1.0, 0.1345, 463.8, 494.0), (1.0, 0.129, 453, 476), (0, 0.011, 33, 25)
    ),
    ("rare-feature", "occlusion"): Row(
        (1.0, 0.1336, 461.7, 489.6), (1.0, 0.128, 451, 472), (0, 0.011, 33, 25)
    ),
    ("rare-time", "integrated gradients"): Row(
        (1.0, 0.1252, 442.7, 468.5), (1.0, 0.132, 461, 479), (0, 0.011, 32, 24)
    ),
    ("rare-time", "occlusion"): Row((1.0, 0.1244, 441.2, 464.6), (1.0, 0.131, 459, 474), (0, 0.011, 32, 23)),
}


class WhiteBox(nn.Module):
    """The sum of the squares of the salient cells, of inputs given as deviations from their centre.

    Args:
        salient: 1 in the cells that count, else 0, shape (time, feature).
        center: of each feature in each series, shape (series, 1, feature).
    """

    def __init__(self, salient: Tensor, center: Tensor):
        super().__init__()
        self.salient, self.center = salient, center

    def forward(self, x: Tensor) -> Tensor:
        """The box's output, shape (series, 1); a path's points come as a multiple of the series."""
        center = self.center.repeat(len(x) // len(self.center), 1, 1)
        return ((x + center) ** 2 * self.salient).sum(dim=(1, 2))[:, None]


def arma(seed: int) -> Tensor:
    """Draw the series, shape (series, time, feature)."""
    noise = np.random.default_rng(seed).normal(size=(SERIES, STEPS, FEATURES))
    return torch.from_numpy(lfilter(MA, AR, noise, axis=1)).float()


def salient_cells(kind: str, seed: int) -> Tensor:
    """Mark the cells that count: five features in the middle half of the time, or the reverse."""
    random = np.random.default_rng(seed)
    cells = torch.zeros(STEPS, FEATURES)
    if kind == "rare-feature":
        cells[STEPS // 4 : 3 * STEPS // 4, random.permutation(FEATURES)[:SALIENT]] = 1
    else:
        first = random.integers(STEPS - SALIENT)
        cells[first : first + SALIENT, FEATURES // 4 : 3 * FEATURES // 4] = 1
    return cells


def scores(attributions: Tensor, cells: Tensor) -> dict[str, float]:
    """The four metrics of absolute attributions, each series scaled to [0, 1).

    AUP and AUR integrate precision and recall over the threshold; information and entropy (bits) are summed over
    the cells that count.
    """
    absolute = attributions.abs().flatten(1).double()
    lowest, highest = absolute.amin(dim=1, keepdim=True), absolute.amax(dim=1, keepdim=True)
    scaled = ((absolute - lowest) / (highest + OFFSET)).numpy().ravel()
    counts = cells.expand_as(attributions).numpy().ravel() > 0
    precision, recall, thresholds = precision_recall_curve(counts, scaled)
    found = scaled[counts]
    information = np.abs(np.log2(1 - found + OFFSET)).sum()
    entropy = found * np.abs(np.log2(OFFSET + found)) + (1 - found) * np.abs(np.log2(OFFSET + 1 - found))
    return {
        "AUP": auc(thresholds, precision[:-1]),
        "AUR": auc(thresholds, recall[:-1]),
        "information": information,
        "entropy": entropy.sum(),
    }


def white_box(kind: str, method: str, seed: int) -> dict[str, float]:
    """Attribute one draw: the path starts from zero, and occlusion puts in the series' mean, as published."""
    x, cells = arma(seed), salient_cells(kind, seed)
    center = torch.zeros(SERIES, 1, FEATURES) if method != "occlusion" else x.mean(dim=1, keepdim=True)
    forecast = ScalarForecast(WhiteBox(cells, center))
    deviations = (x - center).requires_grad_()
    if method == "occlusion":
        return scores(occlusion(forecast, deviations, steps=1).detach(), cells)
    return scores(integrated_gradients(forecast, deviations, steps=50).detach(), cells)


def white_box_table(seeds: int) -> pd.DataFrame:
    """Mean and spread over seeds of every row, with the published means beside them."""
    table = []
    for (kind, method), row in ROWS.items():
        runs = pd.DataFrame([white_box(kind, method, seed) for seed in range(seeds)])
        for metric, published in zip(METRICS, row.published, strict=True):
            mean, spread = runs[metric].mean(), runs[metric].std()
            table.append((kind, method, metric, mean, spread, published))
    columns = ["experiment", "method", "metric", "lstmkit", "spread", "published"]
    return pd.DataFrame(table, columns=columns).set_index(columns[:3])


# --- the regression with a known answer -------------------------------------------------------------------

LOOKBACK, CAUSES = 36, {"x0": (3, 1.0), "x1": (20, -0.7)}  # lag in steps before the newest input, and weight
TRUE_CELLS = [(LOOKBACK - 1 - lag, int(name[1:])) for name, (lag, _) in CAUSES.items()]  # (step, feature)
SHARES = {  # published ranges of the share of all attribution that the two true cells hold
    "Saliency": (0.64, 0.77),
    "Gradient × input": (0.62, 0.74),
    "Integrated gradients": (0.75, 0.84),
    "Occlusion": (0.65, 0.79),
}


@dataclass(frozen=True)
class Size:
    """How large the model and its training are."""

    hidden: int
    epochs: int
    windows_per_epoch: int


FULL, SMALL = Size(48, 40, 8192), Size(32, 15, 16384)


@dataclass(frozen=True)
class KnownAnswer:
    """What the regression came to: R² on the test part, and the attributions by method."""

    r2: float
    attributions: dict[str, Attribution]

    def top(self, method: str) -> list[tuple[int, int]]:
        """The two cells (step, feature) of the largest magnitude, largest first."""
        magnitude = self.attributions[method].magnitude
        largest = np.argsort(magnitude, axis=None)[::-1][: len(CAUSES)]
        return [tuple(map(int, np.unravel_index(cell, magnitude.shape))) for cell in largest]

    def share(self, method: str) -> float:
        """Share of all attribution that the true cells hold."""
        magnitude = self.attributions[method].magnitude
        return float(sum(magnitude[cell] for cell in TRUE_CELLS) / magnitude.sum())


def known_windows(rows: int, seed: int) -> dict[str, Windows]:
    """Cut windows from white features and a target that follows two of them.

    The forecast is of the next step, so y[t + 1] = x₀[t − 3] − 0.7·x₁[t − 20] where t is the newest input: seen
    from the target itself the lags are 4 and 21. The target is no input.
    """
    x = np.random.default_rng(seed).normal(size=(rows, 4))
    stamps = pd.date_range("2025-01-01", periods=rows, freq="1h", tz="UTC")
    frame = pd.DataFrame(x, index=stamps, columns=["x0", "x1", "x2", "x3"])
    frame["y"] = sum(weight * frame[name].shift(lag + 1) for name, (lag, weight) in CAUSES.items())
    dataset = make_dataset(
        "known answer",
        frame.dropna(),
        target="y",
        interval=pd.Timedelta("1h"),
        site_timezone="UTC",
        units={},
    )
    all_features = build_features(dataset, "raw")  # the target first
    features = Features(all_features.frame.drop(columns="y"), all_features.provenance[1:])
    params = WindowParams(lookback=LOOKBACK, scaling="standard", residual="none")
    return make_windows(dataset, features, 1, params, SplitParams(train=0.8, validation=0.1))


def remember_from_the_start(lstm: nn.LSTM, longest: int) -> None:
    """Set the gates' biases to time scales of 1 to `longest` steps (Tallec & Ollivier 2018, arXiv:1804.11188).

    PyTorch's own start forgets half of everything at each step, and a lag of twenty steps is then hardly found.
    """
    hidden = lstm.hidden_size
    with torch.no_grad():
        lstm.bias_hh_l0.zero_()
        bias = torch.empty(hidden).uniform_(1, longest - 1).log()
        lstm.bias_ih_l0[hidden : 2 * hidden] = bias
        lstm.bias_ih_l0[:hidden] = -bias


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep tensors this small on one thread: several only wait for each other, on a busy machine for long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def known_answer(size: Size, rows: int = 30_000, seed: int = 0, progress: bool = False) -> KnownAnswer:
    """Train on the regression and attribute the forecasts of the test part."""
    windows = known_windows(rows, seed)
    torch.manual_seed(seed)
    architecture = LSTMParams(kind="lstm", hidden=size.hidden, layers=1, dropout=0.0)
    model = build_model(architecture, n_features=4, horizon=1)
    remember_from_the_start(model.lstm, LOOKBACK)
    recipe = TrainingParams(
        epochs=size.epochs,
        windows_per_epoch=size.windows_per_epoch,
        origins=1,  # an earlier step of the window does not reach back to both causes
        batch_size=64,
        learning_rate=1e-2,
        weight_decay=0.0,
        patience=size.epochs,
        ema_decay=0.99,
        level_shift=0.0,  # here the level of a feature is what the target follows
        device="cpu",
    )
    with tempfile.TemporaryDirectory() as folder:
        fit(model, windows, recipe, seed, Path(folder), progress=progress)
    test = windows["test"]
    with torch.no_grad():
        forecasts = test.to_units(torch.cat([model(x) for x, _ in test.batches(512)]))
    return KnownAnswer(r_squared(forecasts, test.observed()), attributed(model, test))


def r_squared(forecasts: NDArray, observed: NDArray) -> float:
    """Explained share of the variance."""
    return float(1 - ((forecasts - observed) ** 2).mean() / observed.var())


def attributed(model: nn.Module, windows: Windows) -> dict[str, Attribution]:
    """The four methods' attributions of a sample of windows, by name."""
    params = AttributionParams(windows=256, costly_windows=96, occlusion="1h")
    attributor = Attributor(model, windows, params, seed=0)
    results = [
        attributor.saliency(),
        attributor.gradient_x_input(),
        attributor.integrated_gradients(),
        attributor.occlusion(),
    ]
    return {result.method: result for result in results}


def known_answer_table(answer: KnownAnswer) -> pd.DataFrame:
    """Per method: whether both true cells lead, and their share beside the published range."""
    return pd.DataFrame(
        {
            "both on top": {method: sorted(answer.top(method)) == sorted(TRUE_CELLS) for method in SHARES},
            "share": {method: answer.share(method) for method in SHARES},
            "published": {method: f"{low:.2f}–{high:.2f}" for method, (low, high) in SHARES.items()},
        }
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="draws of the white box (default 20)")
    parser.add_argument(
        "--small", action="store_true", help="the tests' small regression instead of the full"
    )
    return parser.parse_args()


def main() -> None:
    configure()
    given = arguments()
    print(f"\nWhite box: {SERIES} ARMA series of {STEPS} steps × {FEATURES} features, {given.seeds} seeds\n")
    boxes = white_box_table(given.seeds)
    print(boxes.to_string(float_format="{:.4g}".format))
    size = SMALL if given.small else FULL
    print(f"\nRegression: y = x₀[t−3] − 0.7·x₁[t−20], LSTM of {size.hidden} units, {size.epochs} epochs\n")
    answer = known_answer(size)
    table = known_answer_table(answer)
    print(f"R² of the test part {answer.r2:.4f} (published .98–.997)")
    print(table.to_string(float_format="{:.3f}".format))
    aur = boxes["lstmkit"].xs("AUR", level="metric")
    off = (boxes["lstmkit"] / boxes["published"] - 1).abs().max()
    figures = {
        "aup": f"{boxes['lstmkit'].xs('AUP', level='metric').min():.4f}",
        "aur_rare_feature_ig": f"{aur['rare-feature', 'integrated gradients']:.4f}",
        "aur_rare_time_ig": f"{aur['rare-time', 'integrated gradients']:.4f}",
        "largest_deviation_percent": f"{100 * off:.1f}",
        "r2": f"{answer.r2:.4f}",
        "methods_with_both_cells_on_top": f"{table['both on top'].sum()}/{len(table)}",
        "smallest_share": f"{table['share'].min():.3f}",
    }
    print("\n" + " ".join(f"{name}={value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
