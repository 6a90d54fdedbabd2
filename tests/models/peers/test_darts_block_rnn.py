"""A fitted `BlockRNNModel` of the real darts: the module forecasts what the library's own `predict` does."""

import numpy as np
import pytest
import torch

from lstmkit import open_model
from lstmkit.errors import LstmkitError
from lstmkit.models.peers import from_darts
from tests.models.peers.library_series import (
    HORIZON,
    LOOKBACK,
    QUIET,
    assert_gradient_is_true,
    newest_window,
    table,
)


def series(*columns: str, dtype=np.float32):
    from darts import TimeSeries

    return TimeSeries.from_dataframe(table(), "ds", list(columns)).astype(dtype)


def fitted(target, covariates=None, **options):
    from darts.models import BlockRNNModel

    shape = {"input_chunk_length": LOOKBACK, "output_chunk_length": HORIZON, "hidden_dim": 6, "n_epochs": 1}
    stated = shape | {"model": "LSTM", "random_state": 0, "pl_trainer_kwargs": QUIET}
    model = BlockRNNModel(**stated | options)
    model.fit(target, past_covariates=covariates)
    return model


def forecast_of(module, *columns: str) -> np.ndarray:
    with torch.no_grad():
        return module(newest_window(table(), list(columns)))[0].numpy()


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("with_covariates", [False, True])
def test_forecasts_are_those_of_the_library(normalised, with_covariates):
    from darts.dataprocessing.transformers import Scaler

    scaler, of_covariates = Scaler(), Scaler()
    target = scaler.fit_transform(series("y"))
    covariates = of_covariates.fit_transform(series("heat")) if with_covariates else None
    model = fitted(target, covariates, use_reversible_instance_norm=normalised)
    predicted = model.predict(HORIZON, series=target, past_covariates=covariates)
    columns = ["y", "heat"] if with_covariates else ["y"]
    module = from_darts(model, scaler, of_covariates if with_covariates else None)
    expected = scaler.inverse_transform(predicted).values()
    np.testing.assert_allclose(forecast_of(module, *columns), expected, rtol=1e-6)


def test_several_targets_have_scalings_of_their_own():
    from darts.dataprocessing.transformers import Scaler
    from sklearn.preprocessing import StandardScaler

    scaler = Scaler(StandardScaler())
    target = scaler.fit_transform(series("heat", "y"))
    model = fitted(target, n_rnn_layers=2, hidden_fc_sizes=[5])
    expected = scaler.inverse_transform(model.predict(HORIZON, series=target)).values()
    np.testing.assert_allclose(forecast_of(from_darts(model, scaler), "heat", "y"), expected, rtol=1e-6)


def test_a_model_in_double_precision_is_brought_to_single_by_its_user():
    target = series("y", dtype=np.float64) / 600
    model = fitted(target)
    module = from_darts(model).float()
    with torch.no_grad():
        forecast = module(newest_window(table(), ["y"]) / 600)[0]
    np.testing.assert_allclose(forecast, model.predict(HORIZON, series=target).values(), rtol=1e-5)
    assert next(model.model.parameters()).dtype == torch.float64  # what was fitted is left as it is


@pytest.mark.parametrize("normalised", [False, True])
def test_gradients_go_through_the_normalisation_of_each_window(normalised):
    model = fitted(series("y") / 600, series("heat"), use_reversible_instance_norm=normalised)
    assert_gradient_is_true(from_darts(model), newest_window(table(), ["y", "heat"]) / 600)


def test_it_opens_and_is_explained(tmp_path):
    from darts.dataprocessing.transformers import Scaler

    scaler = Scaler()
    model = fitted(scaler.fit_transform(series("y")), use_reversible_instance_norm=True)
    cut = np.lib.stride_tricks.sliding_window_view(table()["y"].to_numpy("float32"), LOOKBACK + HORIZON)
    study = open_model(
        from_darts(model, scaler), cut[:, :LOOKBACK, None], cut[:, LOOKBACK:], features=["y"], target="y",
        interval="1h", folder=tmp_path, attribution={"windows": 8, "costly_windows": 4},
    )  # fmt: skip
    assert study.attributor.saliency().share.sum() == pytest.approx(100)
    assert study.hidden_states.shape == (len(study.windows["test"]), 1, 6)
    assert study.label == "DartsBlockRNN, 4 h ahead, given windows"


def test_what_a_module_cannot_do_is_refused_by_name():
    from darts.dataprocessing.transformers import Scaler
    from darts.models import BlockRNNModel
    from darts.utils.likelihood_models.torch import GaussianLikelihood
    from sklearn.preprocessing import PowerTransformer

    target = series("y")
    with pytest.raises(LstmkitError, match="the darts model is not fitted: call its fit first"):
        from_darts(BlockRNNModel(LOOKBACK, HORIZON, model="LSTM"))
    with pytest.raises(LstmkitError, match="for its likelihood GaussianLikelihood: fit it without"):
        from_darts(fitted(target, likelihood=GaussianLikelihood()))
    with pytest.raises(LstmkitError, match="has output_chunk_shift=2: fit it without"):
        from_darts(fitted(target, output_chunk_shift=2))
    with pytest.raises(LstmkitError, match="scaler is not linear"):
        scaler = Scaler(PowerTransformer())
        from_darts(fitted(scaler.fit_transform(target)), scaler)


def test_a_gru_is_refused_when_it_is_opened(tmp_path):
    cut = np.lib.stride_tricks.sliding_window_view(table()["y"].to_numpy("float32"), LOOKBACK + HORIZON)
    with pytest.raises(LstmkitError, match="GRU"):
        open_model(
            from_darts(fitted(series("y"), model="GRU")), cut[:, :LOOKBACK, None], cut[:, LOOKBACK:], features=["y"],
            target="y", interval="1h", folder=tmp_path,
        )  # fmt: skip
