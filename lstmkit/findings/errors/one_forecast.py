"""One forecast in words."""

from lstmkit.analysis.errors.one_forecast import OneForecast
from lstmkit.wording import digits


def one_forecast_caption(forecast: OneForecast, ahead: str) -> str:
    """How far off the forecast is, and its last step.

    Args:
        forecast: from one origin.
        ahead: the horizon as people write it, such as `24 h`.
    """
    unit, last = forecast.unit, forecast.ahead.iloc[-1]
    return (
        f"Over the {ahead} ahead the RMSE of the forecast is {digits(forecast.rmse)} {unit}, that of "
        f"{forecast.baseline}, the best baseline of the test part, {digits(forecast.baseline_rmse)} {unit}. At the "
        f"last step {digits(last['forecast'])} {unit} were forecast and {digits(last['observed'])} {unit} observed."
    )
