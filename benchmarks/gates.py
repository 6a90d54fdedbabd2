"""Seconds that the gates of an LSTM cost: the fused forward pass, lstmkit's statistics, and a plain unrolling.

All three see the same windows of a random series, one after the other, round by round, so that a busy machine slows
all of them alike. The statistics are those of the gate section: everything that it shows, over all windows. The plain
unrolling is the textbook loop over the steps, which keeps each gate's mean and standard deviation per step and nothing
else. Run `python benchmarks/gates.py --help`; see README.md beside this file.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from lstmkit.analysis.gates.statistics import gate_statistics
from lstmkit.data.cutting import make_windows
from lstmkit.data.equal_shares import equal_shares
from lstmkit.data.features import build_features
from lstmkit.data.grid import make_dataset
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import SplitParams, WindowParams
from lstmkit.runtime import configure

LOOKBACK, FEATURES, HIDDEN, LAYERS, HORIZON = 288, 10, 128, 2, 12
FUSED_BATCHES, UNROLLED_BATCH = (64, 256), 64


def random_windows(number: int) -> Windows:
    """Windows of white noise with as many features as the CO2 study."""
    rows = number + LOOKBACK + HORIZON - 1
    spare = LOOKBACK + HORIZON
    index = pd.date_range("2024-01-01", periods=rows + 2 * spare, freq="5min", tz="UTC")
    noise = np.random.default_rng(0).normal(size=(len(index), FEATURES))
    frame = pd.DataFrame(noise, index, columns=["co2", *(f"feature_{k}" for k in range(1, FEATURES))])
    dataset = make_dataset(
        "noise", frame, target="co2", interval=pd.Timedelta("5min"), site_timezone="UTC", units={}
    )
    share = rows / len(index)
    split = SplitParams(train=share, validation=(1 - share) / 2)
    params = WindowParams(lookback=LOOKBACK, scaling="standard", residual="none")
    return make_windows(dataset, build_features(dataset, "raw"), HORIZON, params, split)["train"]


def fused(lstm: nn.LSTM, windows: Windows, batch: int) -> None:
    for x, _ in windows.batches(batch):
        lstm(x)


def unrolled(lstm: nn.LSTM, windows: Windows) -> dict[str, Tensor]:
    """Mean and standard deviation of each gate at each step, by the loop that one would write first."""
    sums = {name: torch.zeros(LAYERS, LOOKBACK, 2) for name in "ifgo"}
    count = 0
    for x, _ in windows.batches(UNROLLED_BATCH):
        count += len(x) * HIDDEN
        for layer in range(LAYERS):
            parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            W_ih, W_hh, b_ih, b_hh = (getattr(lstm, f"{part}_l{layer}") for part in parts)
            h, c = torch.zeros(2, len(x), HIDDEN)
            outputs = []
            for t in range(LOOKBACK):
                i, f, g, o = (x[:, t] @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
                i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
                c = f * c + i * g
                h = o * torch.tanh(c)
                outputs.append(h)
                for name, gate in zip("ifgo", (i, f, g, o), strict=True):
                    sums[name][layer, t, 0] += gate.sum()
                    sums[name][layer, t, 1] += gate.square().sum()
            x = torch.stack(outputs, dim=1)
    means = {name: total[..., 0] / count for name, total in sums.items()}
    return {
        name: torch.stack([mean, (sums[name][..., 1] / count - mean**2).sqrt()])
        for name, mean in means.items()
    }


def seconds(contender: Callable[[], object]) -> float:
    started = time.perf_counter()
    contender()
    return time.perf_counter() - started


def main() -> None:
    configure()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each contender (default 3)")
    parser.add_argument("--windows", type=int, default=16384, help="windows that each sees (default 16384)")
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of each (default 1, as in a report's job)"
    )
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    windows = random_windows(given.windows)
    model = LSTMForecaster(FEATURES, HORIZON, HIDDEN, LAYERS).eval()
    edges = equal_shares(windows.latest()[:, 0], 3)
    codes = np.digitize(windows.values[:, 0], edges)
    groups = Groups(("Low", "Medium", "High"), codes, edges=edges, of_target=True)
    contenders = {
        **{
            f"fused forward pass, batch {size}": lambda size=size: fused(model.lstm, windows, size)
            for size in FUSED_BATCHES
        },
        "lstmkit gate statistics": lambda: gate_statistics(model, windows, groups),
        f"plain unrolling, batch {UNROLLED_BATCH}": lambda: unrolled(model.lstm, windows),
    }
    taken = {name: [] for name in contenders}
    with torch.inference_mode():
        for _ in range(given.rounds):
            for name, contender in contenders.items():
                taken[name].append(seconds(contender))
    print_table(taken, given)


def print_table(taken: dict[str, list[float]], given: argparse.Namespace) -> None:
    """Print the medians, and the two ratios to the faster fused pass."""
    print(
        f"LSTM {LAYERS} x {HIDDEN}, lookback {LOOKBACK}, {FEATURES} features, {given.windows:,} windows, float32; "
        f"{platform.machine()}, {os.cpu_count()} cores, {given.threads} thread(s); torch {torch.__version__}"
    )
    median = {name: statistics.median(times) for name, times in taken.items()}
    rows = {
        name: {
            "seconds": value,
            "range": f"{min(taken[name]):.2f}-{max(taken[name]):.2f}",
            "ms/window": 1e3 * value / given.windows,
        }
        for name, value in median.items()
    }
    print(pd.DataFrame(rows).T.to_string(float_format="{:.3f}".format))
    *fused_passes, traced, unrolling = median.values()
    best = min(fused_passes)
    print(f"trace_over_fused={traced / best:.2f} unrolled_over_fused={unrolling / best:.2f}")


if __name__ == "__main__":
    main()
