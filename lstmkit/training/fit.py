"""Trains a model on windows with Lightning; interrupted and resumed, the result is the same."""

import logging
import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Bool
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    ModelCheckpoint,
    TQDMProgressBar,
)
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import BatchSampler, DataLoader, Sampler

from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.internals.running import with_targets
from lstmkit.params import TrainingParams
from lstmkit.runtime import configure
from lstmkit.training.gain import best_class_gain, best_gain, held_out_windows
from lstmkit.training.interrupted import WholeCheckpoints, last_checkpoint
from lstmkit.training.losses import loss_of
from lstmkit.training.origins import Origins, choose_origins
from lstmkit.training.precision import choose_precision

EPOCH_STRIDE = 1_000_003  # keeps the epochs' draws apart whatever the seed
HELD_OUT_BATCH = 128
HELD_OUT_TIMES = 8  # that a validation window counts in an epoch's loss, as an origin of a window


@dataclass(frozen=True)
class TrainingHistory:
    """How training went.

    Attributes:
        epochs: one record per epoch: `epoch`, `train_loss`, `validation_loss`, `learning_rate`.
        best_epoch: the epoch whose weights were kept.
        gain: by which the network's outputs were multiplied afterwards (`shrink`).
        precision: in which it was trained.
        seconds: wall time of this process.
    """

    epochs: list[dict[str, int | float]]
    best_epoch: int
    gain: float
    precision: str
    seconds: float


class Training(LightningModule):
    """A model with its loss, its optimiser and its record of the epochs.

    Args:
        model: maps inputs to scaled differences from the residual baseline.
        origins: steps of each window from which it forecasts.
        loss: of the task.
        params: of the optimiser.
        seed: from which each epoch's dropout is drawn.
        exogenous: per feature, whether its level is shifted at random in training.
        request: by which its checkpoints are known again.
    """

    exogenous: Tensor

    def __init__(
        self,
        model: nn.Module,
        origins: Origins,
        loss: nn.Module,
        params: TrainingParams,
        seed: int,
        exogenous: Bool[Tensor, "feature"],
        request: str,
    ):
        super().__init__()
        self.register_buffer("exogenous", exogenous, persistent=False)
        self.model = model
        self.origins = origins
        self.loss = loss
        self.params = params
        self.seed = seed
        self.request = request
        self.epochs: list[dict[str, int | float]] = []

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW; the learning rate rises linearly and stays: the averaged weights need no fall."""
        optimizer = torch.optim.AdamW(
            self.parameters(), self.params.learning_rate, weight_decay=self.params.weight_decay
        )
        rise = self.params.warmup + 1
        schedule = LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / rise))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_start(self) -> None:
        """Stop at once where the resumed training had already run out of patience."""
        stopping = self.trainer.early_stopping_callback
        assert stopping is not None  # `_trainer` gives it one
        self.trainer.should_stop = stopping.wait_count >= stopping.patience

    def on_train_epoch_start(self) -> None:
        """Draw dropout from the seed and the epoch's number, so that a resumed run draws the same."""
        torch.manual_seed(self.seed + EPOCH_STRIDE * (self.current_epoch + 1))

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> Tensor:
        """Loss of a batch, each window of it with other levels of its exogenous features.

        Their level is the season's, which the test part does not share; their course within a window travels.
        """
        x, y, count = batch
        if self.params.level_shift:
            x = x + self.params.level_shift * torch.randn_like(x[:, :1]) * self.exogenous
        loss = self.loss(self.origins.forecasts(self.model, x), y, count)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(x), prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], _: int) -> None:
        """Loss of a validation batch."""
        x, y, count = batch
        loss = self.loss(self.origins.forecasts(self.model, x), y, count)
        self.log("validation_loss", loss, batch_size=int(count.sum()), prog_bar=True)

    def on_train_epoch_end(self) -> None:
        """Record the epoch; the checkpoint that follows keeps the record."""
        metrics = self.trainer.callback_metrics
        losses = {name: metrics[name].item() for name in ("train_loss", "validation_loss")}
        if not all(map(math.isfinite, losses.values())):
            raise LstmkitError(
                f"training diverged in epoch {self.current_epoch + 1}: "
                f"lower `training.learning_rate` (now {self.params.learning_rate:g})"
            )
        rate = self.trainer.optimizers[0].param_groups[0]["lr"]
        self.epochs.append({"epoch": self.current_epoch, **losses, "learning_rate": rate})

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        """Keep the record, and of which training it is."""
        checkpoint |= {"epochs": self.epochs, "request": self.request}

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        """Take the record up again."""
        self.epochs = checkpoint["epochs"]


class SeededSampler(Sampler[int]):
    """Draws each epoch's windows from the seed and the epoch's number alone.

    Args:
        population: number of windows to draw from.
        size: windows per epoch, drawn without repetition.
        seed: of the draws.
    """

    def __init__(self, population: int, size: int, seed: int):
        self.population, self.size, self.seed, self.epoch = population, min(size, population), seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning passes the epoch through this."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.seed + EPOCH_STRIDE * self.epoch)
        return iter(torch.randperm(self.population, generator=generator)[: self.size].tolist())


def fit(
    model: nn.Module,
    windows: dict[str, Windows],
    params: TrainingParams,
    seed: int,
    folder: Path,
    progress: bool = True,
    request: str = "",
) -> TrainingHistory:
    """Train a model in place and leave it with the weights of its best epoch, in evaluation mode on the CPU.

    At last its outputs are shrunk by what the validation windows say (`shrink`).
    A training that was interrupted goes on from the last whole epoch in `folder`, to the same result.

    Args:
        model: untrained.
        windows: `train` and `validation`.
        params: the recipe.
        seed: of the draws and the dropout.
        folder: where the checkpoints of an unfinished training are.
        progress: show a progress bar.
        request: names the training; the checkpoints of another, and damaged ones, are not gone on with.

    Raises:
        LstmkitError: there is no such device here, the loss is no longer finite, or a checkpoint cannot be written.
    """
    configure()
    started = time.perf_counter()
    device = _device(params.device)
    windows = {name: windows[name].to(device) for name in ("train", "validation")}
    origins = choose_origins(model, windows["train"], params.origins, seed)
    precision = choose_precision(model, origins, windows["train"], params, folder, request)
    sampler = SeededSampler(len(windows["train"]), params.windows_per_epoch, seed)
    train = _loader(windows["train"], origins, sampler, params.batch_size)
    held_out = held_out_windows(windows, params, seed)
    some = held_out.spread(-(-HELD_OUT_TIMES * len(held_out) // len(origins)))
    validation = _loader(some, origins, range(len(some)), HELD_OUT_BATCH)
    exogenous = torch.tensor([each.is_exogenous for each in windows["train"].provenance])
    loss = loss_of(params.loss, windows["train"])
    module = Training(model, origins, loss, params, seed, exogenous, request)
    with _quiet():
        trainer = _trainer(params, device, precision, folder, progress)
        last = last_checkpoint(folder, request)
        trainer.fit(module, train, validation, ckpt_path=last, weights_only=True)
    weights = torch.load(folder / "best.ckpt", weights_only=True, map_location="cpu")
    module.load_state_dict(weights["state_dict"])
    gain = shrink(model.to(device).eval(), held_out)
    model.cpu()
    best = int(weights["epoch"])
    return TrainingHistory(module.epochs, best, gain, precision, time.perf_counter() - started)


@torch.no_grad()
def shrink(model: nn.Module, held_out: Windows) -> float:
    """Multiply the model's outputs by the gain between 0 and 1 that suits held-out windows best.

    A network that learned deviations which do not recur overstates them; least squares, or of classes the
    cross-entropy, on windows that it was not trained on says by how much. The gain is folded into the last linear
    layer.

    Args:
        model: in evaluation mode; changed in place.
        held_out: windows that it was not trained on, on the model's device.

    Raises:
        LstmkitError: outputs are NaN or infinite.
    """
    outputs = ((with_targets(model(x)), y) for x, y in held_out.batches(HELD_OUT_BATCH))
    gain = best_class_gain(outputs, held_out) if held_out.task.kind == "classes" else best_gain(outputs)
    last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    for parameter in last.parameters():
        parameter.mul_(gain)
    return gain


def _trainer(
    params: TrainingParams, device: torch.device, precision: str, folder: Path, progress: bool
) -> Trainer:
    """Lightning's trainer with early stopping, checkpoints of the best and the last epoch, and averaged weights."""
    checkpoint = partial(ModelCheckpoint, folder, save_on_train_epoch_end=True, enable_version_counter=False)
    callbacks: list[Callback] = [
        EarlyStopping("validation_loss", patience=params.patience),
        checkpoint(filename="best", monitor="validation_loss"),
        checkpoint(filename="last"),
    ]
    if params.ema_decay:
        callbacks.append(EMAWeightAveraging(decay=params.ema_decay))
    return Trainer(
        accelerator="cuda" if device.type == "cuda" else "cpu",
        devices=1,
        precision=precision,  # type: ignore[arg-type]  # a str that the schema and `choose_precision` bound
        max_epochs=params.epochs,
        gradient_clip_val=params.gradient_clip,
        callbacks=[*callbacks, *([TQDMProgressBar(refresh_rate=4)] if progress else [])],
        plugins=[WholeCheckpoints()],
        enable_progress_bar=progress,
        enable_model_summary=False,
        logger=False,
        num_sanity_val_steps=0,
    )


def _device(choice: str) -> torch.device:
    if choice == "auto":
        choice = "cuda" if torch.cuda.is_available() else "cpu"
    if choice == "cuda" and not torch.cuda.is_available():
        raise LstmkitError(
            "`training.device: cuda`: PyTorch finds no CUDA device here; write `auto` or `cpu`"
        )
    return torch.device(choice)


def _loader(windows: Windows, origins: Origins, sampler: Sampler | range, batch_size: int) -> DataLoader:
    return DataLoader(
        range(len(windows)),  # type: ignore[arg-type]  # a sequence of positions serves as a dataset
        batch_sampler=BatchSampler(sampler, batch_size, drop_last=False),
        collate_fn=lambda index: windows.gather_origins(torch.tensor(index), origins.steps),
        generator=torch.Generator(),  # or the loader would draw a number between the dropout's
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what Lightning says about its own defaults."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*")
            yield
    finally:
        log.setLevel(level)
