"""Training: the same twice, better than before, and unharmed by being killed."""

import json
import os
import signal
import sys
import tempfile
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from lstmkit.data.calendar import Calendar
from lstmkit.data.features import Provenance
from lstmkit.data.residual import ResidualBaseline
from lstmkit.data.scaling import Scaler
from lstmkit.data.task import Task
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.params import TrainingParams
from lstmkit.training.fit import SeededSampler, fit, shrink
from lstmkit.training.losses import LOSSES

NOISE = 0.3
LOOKBACK, FEATURES = 3, 2
TRUTH = torch.tensor([[0.5, -1.0], [0.0, 0.7], [1.0, 0.2]])
RECIPE = TrainingParams(
    epochs=4,
    windows_per_epoch=96,
    validation_windows=64,
    batch_size=32,
    learning_rate=0.02,
    weight_decay=0.0,
    warmup=1,
    patience=6,
    ema_decay=0.0,
    level_shift=0.0,
    device="cpu",
)

HOPELESS = RECIPE.model_copy(update={"epochs": 30, "patience": 2, "learning_rate": 2.0, "warmup": 0})


def linear_windows(n_train: int = 300, n_validation: int = 150) -> dict[str, Windows]:
    """Targets that are a linear function of the window plus noise of a known size."""
    generator = torch.Generator().manual_seed(5)
    size = n_train + n_validation
    inputs = torch.randn(size, FEATURES, generator=generator)
    clean = (inputs.unfold(0, LOOKBACK, 1).transpose(1, 2) * TRUTH).sum((1, 2))
    targets = torch.zeros(size)
    targets[LOOKBACK:] = clean[:-1] + NOISE * torch.randn(len(clean) - 1, generator=generator)
    rule = ResidualBaseline("none", np.zeros((size, 1)), np.zeros(1), np.ones(1), targets[:, None])

    def part(begin: int, end: int) -> Windows:
        return Windows(
            inputs=inputs,
            values=targets[:, None].double().numpy(),
            task=Task(("a",), ("ppm",), 1),
            residual=rule,
            rows=np.arange(begin, end),
            forecast_rows=torch.ones(size, dtype=torch.bool),
            time=pd.date_range("2025-01-01", periods=size, freq="1h", tz="UTC"),
            starts=torch.arange(begin, end - LOOKBACK),
            lookback=LOOKBACK,
            features=("a", "b"),
            provenance=tuple(
                Provenance(name, of_target=name == "a", known_ahead=False, unit="") for name in ("a", "b")
            ),
            scaler=Scaler(center=np.zeros(FEATURES), scale=np.ones(FEATURES)),
            calendar=Calendar("1h", "UTC"),
        )

    return {"train": part(0, n_train), "validation": part(n_train, size)}


def small_network(seed: int = 0) -> nn.Module:
    """With dropout, which is drawn, and batch normalisation, which keeps state beside its weights."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(LOOKBACK * FEATURES, 8),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(8, 1),
    )


def linear_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(LOOKBACK * FEATURES, 1))


def train(model, folder, recipe=RECIPE, seed=1):
    return fit(model, linear_windows(), recipe, seed, folder, progress=False)


def assert_equal_weights(one: nn.Module, other: nn.Module) -> None:
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def mean_squared_error(model: nn.Module, windows: Windows, gain: float = 1.0) -> float:
    """Of the outputs as they were before the gain was folded in."""
    x, y = windows.gather(torch.arange(len(windows)))
    with torch.no_grad():
        return nn.functional.mse_loss(
            model(x)[..., None] / gain, y
        ).item()  # the model has no axis for targets


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path):
    models = [small_network() for _ in range(3)]
    histories = [
        train(model, tmp_path / str(n), seed=seed)
        for n, (model, seed) in enumerate(zip(models, (1, 1, 2), strict=True))
    ]
    assert_equal_weights(models[0], models[1])
    assert histories[0].epochs == histories[1].epochs
    assert histories[0].best_epoch == histories[1].best_epoch
    assert not torch.equal(models[0][1].weight, models[2][1].weight)


def test_a_linear_truth_is_learnt_down_to_its_noise(tmp_path):
    windows = linear_windows(2000, 1000)
    model = linear_model()
    before = mean_squared_error(model, windows["validation"])
    recipe = RECIPE.model_copy(
        update={"epochs": 8, "windows_per_epoch": 2000, "validation_windows": 1000, "learning_rate": 0.05}
    )
    history = fit(model, windows, recipe, 0, tmp_path, progress=False)
    after = mean_squared_error(model, windows["validation"])
    # The mean of m squared errors of variance σ² has standard deviation σ²·√(2/m); five of them either way.
    # Seven weights estimated from n windows add σ²·7/n; a tenth of σ² is left to the optimiser.
    m, n = len(windows["validation"]), len(windows["train"])
    margin = 5 * np.sqrt(2 / m)
    assert NOISE**2 * (1 - margin) < after < NOISE**2 * (1 + margin + 7 / n + 0.1) < 0.1 * before
    assert history.epochs[-1]["train_loss"] < 0.5 * history.epochs[0]["train_loss"]


def test_the_history_says_what_happened(tmp_path):
    """One batch per epoch and no dropout: the losses can be computed again from the weights."""
    windows, untrained = linear_windows(), linear_model()
    with torch.no_grad():
        untrained[1].weight.copy_(0.5 * TRUTH.flatten())
    n = len(windows["train"])
    recipe = RECIPE.model_copy(update={"batch_size": 300, "windows_per_epoch": n, "validation_windows": 1000})
    one, two = deepcopy(untrained), deepcopy(untrained)
    short = fit(one, windows, recipe.model_copy(update={"epochs": 1}), 0, tmp_path / "1", progress=False)
    history = fit(two, windows, recipe.model_copy(update={"epochs": 3}), 0, tmp_path / "3", progress=False)
    first, last = history.epochs[0], history.epochs[-1]
    assert [record["epoch"] for record in history.epochs] == [0, 1, 2]
    assert first["train_loss"] == pytest.approx(mean_squared_error(untrained, windows["train"]), rel=1e-5)
    after_one = mean_squared_error(one, windows["validation"], short.gain)
    assert first["validation_loss"] == pytest.approx(after_one, rel=1e-5)
    assert history.best_epoch == 2
    after_three = mean_squared_error(two, windows["validation"], history.gain)
    assert last["validation_loss"] == pytest.approx(after_three, rel=1e-5)
    assert all(record["learning_rate"] > 0 for record in history.epochs[:-1])


def test_the_best_epochs_weights_are_kept(tmp_path):
    model = small_network()
    history = train(model, tmp_path, HOPELESS.model_copy(update={"validation_windows": 1000}))
    losses = [record["validation_loss"] for record in history.epochs]
    assert history.best_epoch == int(np.argmin(losses)) < len(losses) - 1  # or else nothing is tested
    kept = mean_squared_error(model, linear_windows()["validation"], history.gain)
    assert kept == pytest.approx(min(losses), rel=1e-5)
    assert not model.training


def test_the_mean_of_the_weights_is_what_is_judged_and_kept(tmp_path):
    recipe = RECIPE.model_copy(update={"ema_decay": 0.9, "validation_windows": 1000})
    averaged, plain = small_network(), small_network()
    history = train(averaged, tmp_path / "ema", recipe)
    train(plain, tmp_path / "plain", recipe.model_copy(update={"ema_decay": 0.0}))
    kept = mean_squared_error(averaged, linear_windows()["validation"], history.gain)
    assert kept == pytest.approx(history.epochs[history.best_epoch]["validation_loss"], rel=1e-5)
    assert not torch.equal(averaged[1].weight, plain[1].weight)


def test_training_stops_when_patience_runs_out(tmp_path):
    history = train(small_network(), tmp_path, HOPELESS)
    losses = [record["validation_loss"] for record in history.epochs]
    assert len(losses) == history.best_epoch + 1 + 2 < 30
    assert min(losses[-2:]) >= losses[history.best_epoch]


@pytest.mark.parametrize("recipe", [HOPELESS, RECIPE], ids=["patience ran out", "all epochs done"])
def test_a_training_that_had_ended_is_not_gone_on_with(tmp_path, recipe):
    first, second = small_network(), small_network()
    history = train(first, tmp_path, recipe)
    again = train(second, tmp_path, recipe)
    assert_equal_weights(first, second)
    assert (again.epochs, again.best_epoch) == (history.epochs, history.best_epoch)


def test_every_epoch_is_kept_for_going_on(tmp_path):
    history = train(small_network(), tmp_path, HOPELESS)
    last = torch.load(tmp_path / "last.ckpt", weights_only=True)
    best = torch.load(tmp_path / "best.ckpt", weights_only=True)
    assert (best["epoch"], last["epoch"]) == (history.best_epoch, len(history.epochs) - 1)
    assert last["epochs"] == history.epochs


class KilledAtBatch:
    """Ends the process, without a chance to clean up, when a module is called for the nth time."""

    def __init__(self, batch: int):
        self.batch, self.seen = batch, 0

    def __call__(self, *_):
        self.seen += 1
        if self.seen == self.batch:
            os.kill(os.getpid(), signal.SIGKILL)


def kill_at_rename(number: int) -> None:
    """End the process just before a file is put in place for the nth time."""
    seen = 0

    def watch(event, _):
        nonlocal seen
        seen += event == "os.rename"
        if event == "os.rename" and seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def train_until_killed(folder, recipe, batch, rename):
    model = small_network()
    if batch:
        model[1].register_forward_pre_hook(KilledAtBatch(batch))
    if rename:
        kill_at_rename(rename)
    train(model, folder, recipe)


# An epoch has three batches of training and two of validation, and puts up to two files in place.
@pytest.mark.parametrize(
    ("batch", "rename", "ema"),
    [(2, 0, 0.0), (7, 0, 0.0), (14, 0, 0.0), (0, 2, 0.0), (0, 4, 0.0), (13, 0, 0.9), (0, 4, 0.9)],
)
def test_killed_and_gone_on_with_it_is_the_same_training(
    tmp_path, processes, uninterrupted, batch, rename, ema
):
    recipe = RECIPE.model_copy(update={"ema_decay": ema, "level_shift": 0.5})
    process = processes.Process(target=train_until_killed, args=(tmp_path, recipe, batch, rename))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    model = small_network()
    history = train(model, tmp_path, recipe)
    expected, whole = uninterrupted[ema]
    assert_equal_weights(model, expected)
    assert (history.epochs, history.best_epoch) == (whole.epochs, whole.best_epoch)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    trained = {}
    for ema in (0.0, 0.9):
        model = small_network()
        folder = tmp_path_factory.mktemp("whole")
        recipe = RECIPE.model_copy(update={"ema_decay": ema, "level_shift": 0.5})
        trained[ema] = model, train(model, folder, recipe)
    return trained


def test_a_killed_training_goes_on_from_its_last_whole_epoch(tmp_path, processes):
    """Killed in the third epoch's first batch: only the two epochs that remain are trained."""
    process = processes.Process(target=train_until_killed, args=(tmp_path, RECIPE, 11, 0))
    process.start()
    process.join()
    model, calls = small_network(), []
    model[1].register_forward_pre_hook(lambda layer, _: calls.append(layer.training))
    train(model, tmp_path)
    assert sum(calls) == 2 * 3


def test_checkpoints_are_drafted_beside_their_place(tmp_path, monkeypatch):
    """In another folder, perhaps of another disk, putting them in place would be a copy that can be cut off."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    train(small_network(), tmp_path / "checkpoints")
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]


def test_outputs_are_shrunk_to_what_suits_held_out_windows_best():
    windows = linear_windows()["validation"]
    x, y = windows.gather(torch.arange(len(windows)))
    y = y[..., 0]  # this model's outputs have no axis for the target
    for overstated, least, most in ((2.0, 0.4, 0.6), (0.5, 1.0, 1.0), (-1.0, 0.0, 0.0)):
        model = linear_model()
        with torch.no_grad():
            model[1].bias.zero_()
            model[1].weight.copy_(overstated * torch.linalg.lstsq(x.flatten(1), y).solution.T)
            before = model(x)
            gain = shrink(model, windows)
            torch.testing.assert_close(model(x), gain * before)
            grid = torch.linspace(0, 1, 1001)
            losses = [nn.functional.mse_loss(factor * before, y).item() for factor in grid]
        assert least <= gain <= most
        assert gain == pytest.approx(grid[int(np.argmin(losses))].item(), abs=1e-3)


def test_the_level_of_exogenous_features_is_shifted_in_training_alone(tmp_path):
    """Of the features a and b, a is the target; b of a window is shifted as a whole."""
    model, seen = linear_model(), {True: [], False: []}
    model[0].register_forward_pre_hook(lambda layer, given: seen[layer.training].append(given[0].clone()))
    train(model, tmp_path, RECIPE.model_copy(update={"level_shift": 2.0, "epochs": 2}))
    inputs = linear_windows()["train"].inputs.unfold(0, LOOKBACK, 1).transpose(1, 2)
    for training, batches in seen.items():
        x = torch.cat(batches)
        source = inputs[[int((inputs[:, :, 0] == row).all(1).nonzero()[0, 0]) for row in x[:, :, 0]]]
        shift = (x - source)[:, :, 1]
        assert torch.equal(x[:, :, 0], source[:, :, 0])
        torch.testing.assert_close(shift, shift[:, :1].expand_as(shift), atol=1e-6, rtol=0)
        n = len(x)
        if training:  # 192 draws; a standard deviation is known to σ / √(2 n)
            assert abs(shift[:, 0].std().item() - 2) < 5 * 2 / np.sqrt(2 * n)
        else:
            assert not shift.any()


def test_mixed_precision_trains(tmp_path):
    model = small_network()
    history = train(model, tmp_path, RECIPE.model_copy(update={"precision": "bf16-mixed"}))
    losses = [record["validation_loss"] for record in history.epochs]
    assert np.isfinite(losses).all()
    assert min(losses) < losses[0]
    assert model[1].weight.dtype == torch.float32


def test_a_device_that_is_not_here_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    said = "`training.device: cuda`: PyTorch finds no CUDA device here; write `auto` or `cpu`"
    with pytest.raises(LstmkitError, match=said):
        train(small_network(), tmp_path, RECIPE.model_copy(update={"device": "cuda"}))


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_loss_is_zero_for_a_perfect_forecast_and_positive_otherwise(loss):
    y = torch.tensor([[1.0, -2.0]])
    assert LOSSES[loss]()(y, y) == 0
    assert LOSSES[loss]()(y + 1, y) > 0


def test_a_training_that_diverges_says_so(tmp_path):
    model = linear_model()
    recipe = RECIPE.model_copy(update={"learning_rate": 1e30, "warmup": 0})
    with pytest.raises(LstmkitError, match="learning_rate"):
        train(model, tmp_path, recipe)


def test_the_sampler_draws_each_epoch_anew_from_seed_and_number():
    def drawn(seed, epoch, population=50, size=20):
        sampler = SeededSampler(population, size, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert drawn(0, 3) == drawn(0, 3)
    assert len({tuple(drawn(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
    assert len(set(drawn(0, 0))) == len(SeededSampler(50, 20, 0)) == 20
    assert sorted(drawn(0, 1, population=5)) == [0, 1, 2, 3, 4]


def test_each_epoch_of_a_training_sees_other_windows(tmp_path):
    """The loss of the first batch tells: with a learning rate of almost nothing it differs by the draw alone."""
    recipe = RECIPE.model_copy(update={"learning_rate": 1e-12, "windows_per_epoch": 32})
    history = train(linear_model(), tmp_path, recipe)
    assert len({record["train_loss"] for record in history.epochs}) == 4
    assert len({json.dumps(record) for record in history.epochs}) == 4
    losses = [record["validation_loss"] for record in history.epochs]
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-5)
