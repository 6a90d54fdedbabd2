"""Milliseconds of training per window: lstmkit, plain PyTorch, neuralforecast and darts, side by side.

Every contender trains an LSTM of the same size on the same series. Each measurement is a process of its own,
so that no process-wide setting reaches another contender, and the contenders take turns, so that a busy
machine slows all of them alike. Run `python benchmarks/training.py --help`; see README.md beside this file.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

LOOKBACK, FEATURES, HORIZON = 288, 10, 12
HIDDEN, LAYERS, LEARNING_RATE = 128, 2, 1e-3
PEER_BATCH = 64
STUDY_BATCH = 16  # of lstmkit, by default
ALLOCATOR = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")
TARGET, EXOGENOUS = "co2", [f"exogenous_{k}" for k in range(1, FEATURES)]


@dataclass(frozen=True)
class Measurement:
    """One run of one contender.

    `seconds` is the median of one training step, from the start of one to the start of the next, and
    `cpu_seconds` the same on the clock of the process, which a busy machine disturbs less; `seen` is the
    shape (batch, steps, features) that reached `nn.LSTM`; `peak_mib` is the most memory the process held.
    """

    seconds: float
    cpu_seconds: float
    seen: tuple[int, ...]
    peak_mib: float

    def per_window(self, seconds: float) -> float:
        """Milliseconds for each window of the batch."""
        return 1e3 * seconds / self.seen[0]


# --- the data ---------------------------------------------------------------------------------------------


def daily_rhythm(days: int = 60, seed: int = 7) -> pd.DataFrame:
    """Draw a series of 5-minute steps with a daily rhythm, a drift and noise, each column standardised.

    Returns:
        Float32 columns `co2` and nine exogenous ones, indexed by time.
    """
    rng = np.random.default_rng(seed)
    steps = days * 288
    day = np.arange(steps) / 288
    occupied = np.clip(np.sin(2 * np.pi * (day - 0.3)), 0, None) * rng.uniform(0.5, 1.5, days).repeat(288)
    drift = np.cumsum(rng.normal(0, 0.02, steps))
    columns = {TARGET: occupied + 0.3 * drift + rng.normal(0, 0.05, steps)}
    for k, name in enumerate(EXOGENOUS, start=1):
        columns[name] = np.sin(2 * np.pi * (k * day + k / 10)) + 0.1 * drift + rng.normal(0, 0.1, steps)
    frame = pd.DataFrame(columns, index=pd.date_range("2023-01-01", periods=steps, freq="5min"))
    return ((frame - frame.mean()) / frame.std()).astype("float32")


def random_batches(series: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Gather random windows from one tensor in memory, without end.

    Args:
        series: (time, feature); the target is the first feature.
        batch: windows in each batch.

    Yields:
        x (batch, lookback, feature) and y (batch, horizon).
    """
    generator = torch.Generator().manual_seed(0)
    window = torch.arange(LOOKBACK + HORIZON)
    while True:
        origins = torch.randint(len(series) - len(window) + 1, (batch, 1), generator=generator)
        both = series[origins + window]
        yield both[:, :LOOKBACK], both[:, LOOKBACK:, 0]


# --- the clock --------------------------------------------------------------------------------------------


class Clock:
    """Notes when each training step starts and which shape reached `nn.LSTM`."""

    def __init__(self, model: nn.Module):
        self.starts: list[tuple[float, float]] = []
        self.seen: tuple[int, ...] = ()
        lstm = next(module for module in model.modules() if isinstance(module, nn.LSTM))
        lstm.register_forward_pre_hook(self._note_shape)

    def _note_shape(self, lstm: nn.LSTM, inputs: tuple) -> None:
        if lstm.training:
            self.seen = tuple(inputs[0].shape if lstm.batch_first else inputs[0].transpose(0, 1).shape)

    def tick(self) -> None:
        """Note the start of a training step, on the wall and on the process's clock."""
        self.starts.append((time.perf_counter(), time.process_time()))

    def read(self, warm_up: int) -> Measurement:
        """Take the median over the steps after the warm-up; refuse windows of another shape."""
        if self.seen[1:] != (LOOKBACK, FEATURES):
            raise RuntimeError(f"the LSTM saw {self.seen} instead of (batch, {LOOKBACK}, {FEATURES})")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        steps = np.diff(self.starts, axis=0)[warm_up:]  # (step, clock)
        return Measurement(*np.median(steps, axis=0).tolist(), self.seen, peak)


def lightning_clock(base: type) -> Clock:
    """Build a Lightning callback that is a clock.

    Args:
        base: the `Callback` class of the Lightning package that the contender uses.
    """

    class LightningClock(Clock, base):
        def __init__(self):
            pass

        def on_fit_start(self, trainer, pl_module) -> None:
            Clock.__init__(self, pl_module)

        def on_train_batch_start(self, *_) -> None:
            self.tick()

    return LightningClock()


# --- the contenders ---------------------------------------------------------------------------------------


class Forecaster(nn.Module):
    """The agreed network: a stacked LSTM with a linear head on its last hidden state."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, HIDDEN, LAYERS, batch_first=True)
        self.head = nn.Linear(HIDDEN, HORIZON)

    def forward(self, x: Tensor) -> Tensor:
        """Map windows (batch, lookback, feature) to forecasts (batch, horizon)."""
        out, _ = self.lstm(x)  # (batch, time, hidden)
        return self.head(out[:, -1])


def torch_loop(batch: int, steps: int, warm_up: int, precision: str, clip: float) -> Measurement:
    """Train with a loop written by hand."""
    torch.manual_seed(0)
    model = Forecaster()
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE)
    clock = Clock(model)
    batches = random_batches(torch.tensor(daily_rhythm().to_numpy()), batch)
    for _ in range(warm_up + steps + 1):
        clock.tick()
        x, y = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
            predicted = model(x)
        loss = nn.functional.mse_loss(predicted.float(), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
    return clock.read(warm_up)


def lstmkit_ms_per_window(precision: str, batch: int, steps: int, warm_up: int) -> Measurement:
    """Train `LSTMForecaster` by `lstmkit.training.fit`; importing lstmkit applies its process-wide settings."""
    from lstmkit.data.cutting import make_windows
    from lstmkit.data.features import build_features
    from lstmkit.data.grid import make_dataset
    from lstmkit.models.lstm import LSTMForecaster
    from lstmkit.params import SplitParams, TrainingParams, WindowParams
    from lstmkit.training.fit import fit

    series = make_dataset(
        "daily rhythm",
        daily_rhythm().tz_localize("UTC"),
        target=TARGET,
        interval=pd.Timedelta("5min"),
        site_timezone="UTC",
        units={},
    )
    windows = make_windows(series, build_features(series, "raw"), HORIZON, WindowParams(), SplitParams())
    per_epoch = (warm_up + steps + 1) * batch
    params = TrainingParams(
        epochs=1, windows_per_epoch=per_epoch, validation_windows=1, batch_size=batch, precision=precision
    )
    model = LSTMForecaster(FEATURES, HORIZON, HIDDEN, LAYERS)
    clock = Clock(model)
    model.lstm.register_forward_pre_hook(lambda lstm, _: clock.tick() if lstm.training else None)
    with tempfile.TemporaryDirectory() as folder:
        fit(model, windows, params, 0, Path(folder), progress=False)
    return clock.read(warm_up)


def lstmkit_float32(batch: int, steps: int, warm_up: int) -> Measurement:
    return lstmkit_ms_per_window("32-true", batch, steps, warm_up)


def lstmkit_bfloat16(batch: int, steps: int, warm_up: int) -> Measurement:
    return lstmkit_ms_per_window("bf16-mixed", batch, steps, warm_up)


def plain_torch(batch: int, steps: int, warm_up: int) -> Measurement:
    """Train with PyTorch as it comes."""
    return torch_loop(batch, steps, warm_up, "32-true", clip=1.0)


def neuralforecast_lstm(batch: int, steps: int, warm_up: int) -> Measurement:
    """Train neuralforecast's `LSTM` by its own `fit`; one of its epochs is one step."""
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MSE
    from neuralforecast.models import LSTM
    from pytorch_lightning import Callback

    model = LSTM(
        h=HORIZON,
        input_size=LOOKBACK,
        encoder_n_layers=LAYERS,
        encoder_hidden_size=HIDDEN,
        decoder_layers=1,
        hist_exog_list=EXOGENOUS,
        loss=MSE(),
        learning_rate=LEARNING_RATE,
        max_steps=warm_up + steps + 1,
        windows_batch_size=batch,
        scaler_type="identity",
        **quiet_trainer(lightning_clock(Callback)),
    )
    frame = daily_rhythm().rename(columns={TARGET: "y"}).rename_axis("ds").reset_index()
    forecast = NeuralForecast([model], freq="5min")
    forecast.fit(frame.assign(unique_id="office"))
    fitted_clock = forecast.models[0].trainer_kwargs["callbacks"][0]  # fit works on a deep copy
    return fitted_clock.read(warm_up)


def darts_block_rnn(batch: int, steps: int, warm_up: int) -> Measurement:
    """Train darts' `BlockRNNModel` by its own `fit`."""
    from darts import TimeSeries
    from darts.models import BlockRNNModel
    from pytorch_lightning import Callback

    clock = lightning_clock(Callback)
    model = BlockRNNModel(
        model="LSTM",
        input_chunk_length=LOOKBACK,
        output_chunk_length=HORIZON,
        hidden_dim=HIDDEN,
        n_rnn_layers=LAYERS,
        batch_size=batch,
        n_epochs=1,
        optimizer_kwargs={"lr": LEARNING_RATE},
        random_state=0,
        pl_trainer_kwargs={"accelerator": "cpu", **quiet_trainer(clock)},
    )
    series = TimeSeries.from_dataframe(daily_rhythm())
    model.fit(
        series[TARGET],
        past_covariates=series[EXOGENOUS],
        max_samples_per_ts=batch * (warm_up + steps + 1),
    )
    return clock.read(warm_up)


def quiet_trainer(clock: Clock) -> dict:
    """Give the arguments of a Lightning trainer that writes nothing and carries the clock."""
    return {
        "callbacks": [clock],
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }


@dataclass(frozen=True)
class Contender:
    """Who trains, what must be installed for it, and the batch sizes at which it is measured."""

    name: str
    train: Callable[[int, int, int], Measurement]
    package: str
    batches: tuple[int, ...]

    @property
    def installed(self) -> bool:
        """Whether its package can be imported here."""
        return importlib.util.find_spec(self.package) is not None


def contenders(common_batch: int) -> list[Contender]:
    """List all of them; each runs at its usual batch size and at one that is the same for all."""
    own, both = (STUDY_BATCH, common_batch), (PEER_BATCH, common_batch)
    return [
        Contender("lstmkit float32", lstmkit_float32, "lstmkit", own),
        Contender("lstmkit bfloat16", lstmkit_bfloat16, "lstmkit", own),
        Contender("plain PyTorch", plain_torch, "torch", both),
        Contender("neuralforecast LSTM", neuralforecast_lstm, "neuralforecast", both),
        Contender("darts BlockRNNModel", darts_block_rnn, "darts", both),
    ]


# --- the race ---------------------------------------------------------------------------------------------


def measure_apart(contender: Contender, batch: int, given: argparse.Namespace) -> Measurement:
    """Measure in a process of its own, with no allocator setting inherited."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ALLOCATOR)}
    if given.threads:
        environment["OMP_NUM_THREADS"] = str(given.threads)
    command = [sys.executable, __file__, "--steps", str(given.steps), "--warm-up", str(given.warm_up)]
    command += ["--one", contender.name, "--batch", str(batch)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{contender.name} failed:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    return Measurement(**{**result, "seen": tuple(result["seen"])})


def race(present: list[Contender], given: argparse.Namespace) -> dict[tuple[str, int], list[Measurement]]:
    """Let the contenders take turns; the key of a result is (name, batch)."""
    results: dict[tuple[str, int], list[Measurement]] = {}
    for round_ in range(1, given.rounds + 1):
        for contender in present:
            for batch in contender.batches:
                print(f"round {round_}/{given.rounds}: {contender.name}, batch {batch} …", file=sys.stderr)
                measured = measure_apart(contender, batch, given)
                results.setdefault((contender.name, batch), []).append(measured)
    return results


def table(results: dict[tuple[str, int], list[Measurement]]) -> pd.DataFrame:
    """Summarise over the rounds: the median of each figure, and the range of ms per window."""
    rows = []
    for (name, batch), runs in results.items():
        windows = [run.per_window(run.seconds) for run in runs]
        rows.append(
            {
                "contender": name,
                "batch": batch,
                "LSTM saw": " x ".join(map(str, runs[0].seen)),
                "ms/step": 1e3 * statistics.median(run.seconds for run in runs),
                "ms/window": statistics.median(windows),
                "range": f"{min(windows):.2f} to {max(windows):.2f}",
                "CPU ms/window": statistics.median(run.per_window(run.cpu_seconds) for run in runs),
                "windows/s": 1e3 / statistics.median(windows),
                "peak MiB": statistics.median(run.peak_mib for run in runs),
            }
        )
    return pd.DataFrame(rows)


def verdict(summary: pd.DataFrame) -> str:
    """State lstmkit's windows per second over those of the faster peer, each at its better batch size."""
    rate = summary.groupby("contender")["windows/s"].max()
    peers = rate[rate.index.str.startswith(("neuralforecast", "darts"))]

    def speedup(name: str) -> str:
        return f"{rate[name] / peers.max():.1f}" if name in rate and len(peers) else "not measured"

    return f"speedup_float32={speedup('lstmkit float32')} speedup_bfloat16={speedup('lstmkit bfloat16')}"


def processor() -> str:
    """Name the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each contender (default 3)")
    parser.add_argument("--steps", type=int, default=10, help="timed training steps of each (default 10)")
    parser.add_argument("--warm-up", type=int, default=5, help="steps before the timed ones (default 5)")
    parser.add_argument(
        "--batch", type=int, default=128, help="batch size beside the usual ones (default 128)"
    )
    parser.add_argument("--threads", type=int, help="threads of every contender (default: as they come)")
    parser.add_argument("--one", metavar="NAME", help="measure this contender in this process, print JSON")
    return parser.parse_args()


def print_setting(present: list[Contender], given: argparse.Namespace) -> None:
    """Print what was trained, on what, and with which versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in sorted({each.package for each in present}))
    threads = given.threads or "default"
    network = f"LSTM {LAYERS} x {HIDDEN}, lookback {LOOKBACK}, {FEATURES} features, horizon {HORIZON}"
    print(f"\n{network}, MSE, Adam(W)")
    print(f"{processor()}, {os.cpu_count()} cores, threads: {threads}; {packages}")
    print(f"medians of {given.rounds} rounds of {given.steps} steps after {given.warm_up} of warm-up\n")


def main() -> None:
    given = arguments()
    everyone = contenders(given.batch)
    if given.one:
        chosen = next(contender for contender in everyone if contender.name == given.one)
        print(json.dumps(asdict(chosen.train(given.batch, given.steps, given.warm_up))))
        return
    present = [contender for contender in everyone if contender.installed]
    summary = table(race(present, given))
    print_setting(present, given)
    print(summary.to_string(index=False, float_format="{:.2f}".format))
    for contender in everyone:
        if not contender.installed:
            print(f"skipped: {contender.name} ({contender.package} is not installed)")
    print(verdict(summary))


if __name__ == "__main__":
    main()
