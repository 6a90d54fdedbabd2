"""The embedding is of what the LSTM reads, and its planes and probes show what was planted."""

import json
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from sklearn.metrics import silhouette_score
from torch import nn

from lstmkit.analysis.states.embedding import cnn_and_lstm, embed
from lstmkit.analysis.states.representation import Representation, representation_of
from lstmkit.data.windows import Windows
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.embedding import (
    embedding_caption,
    embedding_hour_finding,
    embedding_regime_finding,
)
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.params import HiddenStateParams
from tests.analysis.convolutional import small
from tests.analysis.tiny import make_test_windows, state_of
from tests.groups import by_edges

EDGES = (-0.5, 0.5)


def extracted(model: nn.Module, windows: Windows, size: int = 1024) -> tuple[Representation, Representation]:
    return cnn_and_lstm(model, windows, by_edges(windows, EDGES), HiddenStateParams(embedding_windows=size))


def hourly(n: int) -> Windows:
    return make_test_windows(n=n, lookback=6, horizon=1, interval="1h")


def of(windows: Windows, values: np.ndarray, edges: tuple[float, float] = EDGES) -> Representation:
    return representation_of("CNN output", values, windows, by_edges(windows, edges))


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("lookback", [6, 7])
def test_the_output_of_the_last_stage_and_the_last_state_are_those_computed_by_hand(lookback):
    model, windows = small(), make_test_windows(n=300, lookback=lookback)
    cnn, lstm = extracted(model, windows, size=150)  # more than one batch
    x, _ = windows.spread(150).gather(torch.arange(150))
    with torch.no_grad():
        maps = model.relu2(model.norm2(model.conv2(model.relu1(model.norm1(model.conv1(x.transpose(1, 2)))))))
        if lookback % 2:
            maps = torch.cat([maps[..., :1], maps], dim=2)
        pooled = torch.maximum(maps[..., 0::2], maps[..., 1::2])
        states, _ = model.lstm(pooled.transpose(1, 2))
    np.testing.assert_allclose(cnn.values, pooled.flatten(1).numpy(), rtol=1e-5, atol=1e-6)  # float32
    np.testing.assert_allclose(lstm.values, states[:, -1].numpy(), rtol=1e-5, atol=1e-6)
    assert cnn.values.shape == (150, 4 * ((lookback + 1) // 2))
    for side in (cnn, lstm):
        assert side.origin.equals(windows.spread(150).origin)
        np.testing.assert_array_equal(side.latest, windows.spread(150).latest()[:, 0])


class Staged(nn.Module):
    """Two named stages before an LSTM; the last one named is what is embedded."""

    stages: ClassVar[dict[str, str]] = {"narrow": "first", "wide": "second"}

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 3), nn.Linear(3, 5)
        self.lstm = nn.LSTM(5, 2, batch_first=True)

    def forward(self, x):
        return self.lstm(self.second(self.first(x)))[0][:, -1]


def test_the_last_stage_that_a_model_names_is_embedded():
    cnn, lstm = extracted(Staged().eval(), make_test_windows(n=20))
    assert (cnn.values.shape, lstm.values.shape) == ((20, 6 * 5), (20, 2))


def test_the_model_stays_as_it_was():
    model = small(dropout=0.3)
    before = state_of(model)
    extracted(model, make_test_windows(n=20))
    assert state_of(model) == before


def test_models_without_convolutions_or_without_an_lstm_are_refused():
    windows = make_test_windows(n=20)
    with pytest.raises(LstmkitError, match="LSTMForecaster has no convolutional stages"):
        extracted(LSTMForecaster(2, 2, hidden=3), windows)
    with pytest.raises(LstmkitError, match="Linear has no convolutional stages"):
        extracted(nn.Linear(2, 2), windows)
    staged = Staged()
    staged.lstm = nn.Identity()
    with pytest.raises(LstmkitError, match=r"Staged contains no nn\.LSTM"):
        extracted(staged, windows)


def test_planted_clusters_stand_apart_on_both_planes_and_are_read():
    windows = hourly(400)
    which = (windows.latest()[:, 0] > 0).astype(int)
    values = 0.3 * noise(0, 400, 60)
    values[:, :3] += 4.0 * which[:, None]
    result = embed(of(windows, values, (-99.0, 0.0)), windows, seed=0)  # two regimes, and nobody is low
    assert silhouette_score(result.tsne, which) > 0.6
    assert silhouette_score(result.pca, which) > 0.8
    assert result.silhouette == pytest.approx(silhouette_score(values, which))
    assert (result.group.error, result.group.constant_error) == (0, 50)
    finding = embedding_regime_finding(result)
    assert (
        "held-out windows rightly in 100 % of the cases, as a mean over regimes (chance 50 %, from" in finding
    )
    inputs = float(finding.split("inputs alone ")[1].split(" %")[0])
    assert inputs == round(50 + 50 * result.group.baseline)
    assert inputs > 90  # the newest CO₂ is among them
    assert result.phase.score < 0.05  # white noise has no hour
    assert "hour of day to within" in embedding_hour_finding(result)


def test_the_plane_of_pca_is_that_of_the_singular_vectors():
    windows = hourly(100)
    values = noise(0, 100, 8) * np.linspace(3, 0.2, 8) + 5
    result = embed(of(windows, values), windows, seed=0)
    centred = values - values.mean(axis=0)
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(result.pca), np.abs(centred @ directions[:2].T), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(result.explained, (lengths**2 / (lengths**2).sum())[:2], rtol=1e-8)
    assert (result.n_components, result.kept) == (8, pytest.approx(1))


def test_neighbours_that_share_input_steps_are_counted():
    windows = hourly(300)
    line = np.arange(300.0)[:, None]  # neighbours in space are neighbours in time
    assert embed(of(windows, line), windows, seed=0).overlapping > 0.98
    assert embed(of(windows, noise(1, 300, 5)), windows, seed=0).overlapping < 0.1  # 10 of 299 by chance


def test_probes_see_components_of_the_windows_to_fit_on_alone():
    # directions that are loud in the held-out part alone would crowd the others out of the components
    windows = hourly(240)
    calm = noise(0, 240, 120)
    loud = calm.copy()
    loud[168:, :60] += 100 * noise(1, 72, 60)
    first, second = (embed(of(windows, values), windows, seed=0) for values in (calm, loud))
    assert first.group.memorised == second.group.memorised
    assert first.phase.memorised == second.phase.memorised
    assert first.phase.score != second.phase.score


@pytest.mark.parametrize("n", [1, 2, 3, 5, 30])
@pytest.mark.parametrize("units", [1, 40])
def test_few_windows_give_planes_without_probes(n, units):
    windows = hourly(n)
    with np.errstate(all="raise", under="ignore"):
        result = embed(of(windows, noise(0, n, units).astype("float32")), windows, seed=0)
    assert result.pca.shape == result.tsne.shape == (n, 2)
    assert np.isfinite(result.pca).all()
    assert np.isfinite(result.tsne).all()
    assert result.perplexity == min(30, (n - 1) / 3)
    if n < 30:
        assert result.group is None
        assert ("too few" in embedding_regime_finding(result)) or n == 1
    assert "nan" not in embedding_regime_finding(result) + embedding_hour_finding(result) + embedding_caption(
        result
    )
    json.dumps(result.facts(), allow_nan=False)


def test_a_silent_cnn_is_told():
    windows = hourly(200)
    result = embed(of(windows, np.zeros((200, 12), "float32")), windows, seed=0)
    assert (
        embedding_regime_finding(result)
        == "The CNN output is the same for every window, so nothing lies apart."
    )
    assert (
        embedding_hour_finding(result)
        == "The CNN output is the same for every window, so no hour can be read from it."
    )
    assert not result.pca.any()
    assert not result.tsne.any()
    json.dumps(result.facts(), allow_nan=False)


def test_a_single_regime_is_told_and_the_hour_still_read():
    windows = hourly(400)
    everything_low = (98.0, 99.0)
    angle = 2 * np.pi * windows.origin.hour.to_numpy() / 24
    values = np.c_[np.sin(angle), np.cos(angle), noise(0, 400, 3)]
    result = embed(of(windows, values, everything_low), windows, seed=0)
    assert result.silhouette is None
    assert result.group is None
    assert "could not be probed: Low/Medium/High regime: a class is missing" in embedding_regime_finding(
        result
    )
    assert result.phase.score > 0.99


def test_the_table_has_the_moment_and_both_places():
    windows = hourly(40)
    result = embed(of(windows, noise(0, 40, 4)), windows, seed=0)
    frame = result.to_frame()
    assert frame.index.equals(windows.origin)
    assert frame.columns.tolist() == ["hour", "latest", "regime", "PC1", "PC2", "tsne_1", "tsne_2"]
    assert set(frame["regime"]) == {"Low", "Medium", "High"}
    np.testing.assert_array_equal(frame[["tsne_1", "tsne_2"]].to_numpy(), result.tsne)


def test_the_same_seed_gives_the_same_planes():
    windows = hourly(120)
    states = of(windows, noise(0, 120, 6))
    first, again = (embed(states, windows, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.tsne, again.tsne)
    assert first.group == again.group


def test_representations_of_other_windows_are_refused():
    windows = hourly(100)
    other = replace(of(windows, noise(0, 100, 3)), origin=windows.origin + np.timedelta64(1, "h"))
    with pytest.raises(LstmkitError, match="not that of the windows"):
        embed(other, windows, seed=0)
