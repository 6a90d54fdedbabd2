"""A fitted `LSTM` of the real neuralforecast: the module forecasts what the library's own `predict` does."""

import numpy as np
import pytest
import torch

from lstmkit import open_model
from lstmkit.errors import LstmkitError
from lstmkit.models.peers import from_neuralforecast
from tests.models.peers.library_series import (
    HORIZON,
    LOOKBACK,
    QUIET,
    assert_gradient_is_true,
    newest_window,
    table,
)


def fitted(frame=None, local=None, **options):
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    sizes = {"encoder_hidden_size": 6, "decoder_hidden_size": 5, "max_steps": 3, "encoder_n_layers": 1}
    network = LSTM(h=HORIZON, input_size=LOOKBACK, **sizes | QUIET | options)
    forecaster = NeuralForecast([network], freq="h", local_scaler_type=local)
    forecaster.fit(table() if frame is None else frame)
    return forecaster


@pytest.mark.parametrize("others", [[], ["heat"]])
@pytest.mark.parametrize(
    ("scaler_type", "local"),
    [("robust", None), ("standard", None), ("identity", "standard"), ("minmax", "minmax"), ("robust", "robust-iqr")],
)  # fmt: skip
def test_forecasts_are_those_of_the_library(scaler_type, local, others):
    forecaster = fitted(local=local, scaler_type=scaler_type, hist_exog_list=others)
    expected = forecaster.predict()["LSTM"].to_numpy()
    with torch.no_grad():
        forecast = from_neuralforecast(forecaster)(newest_window(table(), ["y", *others]))
    assert forecast.shape == (1, HORIZON, 1)
    np.testing.assert_allclose(forecast[0, :, 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "options", [{"scaler_type": "revin"}, {"exclude_insample_y": True, "hist_exog_list": ["heat"]}]
)
def test_forecasts_are_those_of_the_library_whatever_it_does_with_the_target(options):
    forecaster = fitted(**options)
    expected = forecaster.predict()["LSTM"].to_numpy()
    with torch.no_grad():
        forecast = from_neuralforecast(forecaster)(
            newest_window(table(), ["y", *options.get("hist_exog_list", [])])
        )
    np.testing.assert_allclose(forecast[0, :, 0], expected, rtol=1e-6)


def test_each_of_several_series_has_its_own_scaling():
    import pandas as pd

    other = table().assign(unique_id="b", y=lambda frame: 3 * frame["y"] - 500)
    forecaster = fitted(pd.concat([table(), other]), local="standard", scaler_type="identity")
    expected = forecaster.predict().query("unique_id == 'b'")["LSTM"].to_numpy()
    with torch.no_grad():
        forecast = from_neuralforecast(forecaster, series="b")(newest_window(other, ["y"]))
    np.testing.assert_allclose(forecast[0, :, 0], expected, rtol=1e-6)
    with pytest.raises(LstmkitError, match="scales each series in its own way: name one of 2: a, b"):
        from_neuralforecast(forecaster)


def test_it_opens_and_is_explained(tmp_path):
    forecaster = fitted(hist_exog_list=["heat"], scaler_type="standard")
    before = {name: values.clone() for name, values in forecaster.models[0].state_dict().items()}
    values = table()[["y", "heat"]].to_numpy("float32")
    cut = np.lib.stride_tricks.sliding_window_view(values, LOOKBACK + HORIZON, axis=0).swapaxes(1, 2)
    study = open_model(
        from_neuralforecast(forecaster), cut[:, :LOOKBACK], cut[:, LOOKBACK:, 0], features=["y", "heat"], target="y",
        interval="1h", folder=tmp_path, attribution={"windows": 8, "costly_windows": 4},
    )  # fmt: skip
    x, _ = study.windows["test"].gather(torch.arange(4))
    assert study.attributor.saliency().share.sum() == pytest.approx(100)
    assert study.untrained(x).shape == (4, HORIZON, 1)
    after = forecaster.models[0].state_dict()
    assert all(torch.equal(values, after[name]) for name, values in before.items())


@pytest.mark.parametrize("scaler_type", ["robust", "standard", "minmax", "revin"])
def test_gradients_go_through_the_scaling_of_each_window(scaler_type):
    module = from_neuralforecast(fitted(scaler_type=scaler_type))
    assert_gradient_is_true(module, newest_window(table(), ["y"]))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"recurrent": True}, "has recurrent=True, .* fit it with recurrent=False, the default"),
        ({"futr_exog_list": ["heat"]}, "reads heat of its futr_exog_list"),
        ({"loss": "quantiles"}, "puts out several values per step for its loss MQLoss"),
        ({"scaler_type": "revin", "hist_exog_list": ["heat"]}, "has scaler_type='revin' with hist_exog_list"),
    ],
)
def test_what_a_module_cannot_do_is_refused_by_name(options, told):
    from neuralforecast.losses.pytorch import MQLoss

    if options.get("loss") == "quantiles":
        options = {"loss": MQLoss(level=[80])}
    with pytest.raises(LstmkitError, match=told):
        from_neuralforecast(fitted(**options))


def test_a_scaling_that_is_not_linear_and_a_model_that_is_not_there_are_refused():
    forecaster = fitted(local="boxcox")
    with pytest.raises(LstmkitError, match="local_scaler_type='boxcox' is not linear"):
        from_neuralforecast(forecaster)
    with pytest.raises(LstmkitError, match="LSTMs of this NeuralForecast: LSTM; there is no 'GRU'"):
        from_neuralforecast(forecaster, model="GRU")
