"""Chooses in which precision a model is trained: in bfloat16 where that is faster on this machine."""

import time
from copy import deepcopy
from pathlib import Path

import torch
from torch import nn

from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import TrainingParams
from lstmkit.runtime import computes_in_bfloat16
from lstmkit.storage.checksums import read_checked, write_checked
from lstmkit.training.losses import loss_of
from lstmkit.training.origins import Origins

FLOAT32, BFLOAT16 = "32-true", "bf16-mixed"
NOTE = "precision.json"
MOST_ROUNDS, MOST_SECONDS = 3, 1.0  # of the measurement, after a first round that does not count
CLEARLY_FASTER = 0.9  # times float32's seconds; within 10 % the more exact one is taken


def choose_precision(
    model: nn.Module, origins: Origins, train: Windows, params: TrainingParams, folder: Path, request: str
) -> str:
    """The precision that the recipe names; for `auto` the faster one, measured once and kept in `folder`.

    A training that goes on after an interruption keeps the precision in which it began, or its result would be
    another one.

    Args:
        model: untrained; it is left as it is.
        origins: steps of each window from which it forecasts.
        train: windows to train on, on the device of the training.
        params: the recipe.
        folder: where the checkpoints of the training are.
        request: names the training.

    Raises:
        LstmkitError: the choice cannot be written.
    """
    if params.precision != "auto":
        return params.precision
    kept = _kept(folder, request)
    if kept is not None:
        return kept
    precision = FLOAT32
    if computes_in_bfloat16(train.device):
        precision = faster_precision(step_seconds(model, origins, train, params))
    write_checked(folder / NOTE, {"request": request, "precision": precision})
    return precision


def faster_precision(seconds: dict[str, float]) -> str:
    """Bfloat16 where it is clearly faster, else float32.

    Args:
        seconds: of a training step, by precision.
    """
    return BFLOAT16 if seconds[BFLOAT16] < CLEARLY_FASTER * seconds[FLOAT32] else FLOAT32


def step_seconds(
    model: nn.Module, origins: Origins, train: Windows, params: TrainingParams
) -> dict[str, float]:
    """Seconds that a training step takes in either precision, the least of a few steps that take turns.

    Copies of the model are trained; weights, mode and random numbers stay as they are.

    Args:
        model: untrained.
        origins: steps of each window from which it forecasts.
        train: windows to train on, on the device of the training.
        params: the recipe.
    """
    with torch.random.fork_rng(devices=[train.device] if train.device.type == "cuda" else []):
        steps = {each: _Step(model, origins, train, params, each) for each in (FLOAT32, BFLOAT16)}
        for step in steps.values():
            step.run()  # allocates, and compiles kernels
        taken: dict[str, list[float]] = {precision: [] for precision in steps}
        started = time.perf_counter()
        for _ in range(MOST_ROUNDS):
            for precision, step in steps.items():
                taken[precision].append(step.run())
            if time.perf_counter() - started > MOST_SECONDS:
                break
    return {precision: min(seconds) for precision, seconds in taken.items()}


class _Step:
    """Trains a copy of a model on one batch."""

    def __init__(
        self, model: nn.Module, origins: Origins, train: Windows, params: TrainingParams, precision: str
    ):
        self.model, self.origins = deepcopy(model).to(train.device).train(), origins
        batch = torch.arange(min(params.batch_size, len(train)))
        self.x, self.y, self.count = train.gather_origins(batch, origins.steps)
        self.loss = loss_of(params.loss, train).to(train.device)
        self.clip = params.gradient_clip
        self.optimizer = torch.optim.AdamW(self.model.parameters(), params.learning_rate)
        self.in_bfloat16 = precision == BFLOAT16
        # what other processes take of the time does not count, where one thread does all the work
        alone = train.device.type == "cpu" and torch.get_num_threads() == 1
        self.clock = time.process_time if alone else time.perf_counter

    def run(self) -> float:
        """Make one step, and return the seconds that it took."""
        self._wait()
        started = self.clock()
        with torch.autocast(self.x.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            loss = self.loss(self.origins.forecasts(self.model, self.x), self.y, self.count)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        self._wait()
        return self.clock() - started

    def _wait(self) -> None:
        if self.x.device.type == "cuda":
            torch.cuda.synchronize(self.x.device)


def _kept(folder: Path, request: str) -> str | None:
    try:
        note = read_checked(folder / NOTE)
    except LstmkitError:  # damaged: it is measured again
        return None
    return note["precision"] if note and note["request"] == request else None
