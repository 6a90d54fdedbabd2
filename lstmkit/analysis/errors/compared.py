"""Forecasts of the same windows side by side; what is no number is refused."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from lstmkit.data.finite import check_finite

Forecast = Float[np.ndarray, "window horizon"]
RANGES = {"all_steps": slice(None), "last_step": slice(-1, None)}  # of the horizon


@dataclass(frozen=True)
class Compared:
    """Some windows with the forecasts of everyone who forecasts them.

    Attributes:
        observed: true values, shape (window, horizon).
        forecasts: by forecaster, of the same shape and unit.
        origin: local time of each forecast's start.
        rule: what the model would forecast if its network put out zero; None where that is not known.
        networks: the forecasts of every network of the model, the one that is explained first.
        latest: the target's value at each origin, of which no forecast of a virtual sensor knows; None where it is not
            needed.

    Raises:
        LstmkitError: a forecast is NaN or infinite.
    """

    observed: Forecast
    forecasts: dict[str, Forecast]
    origin: pd.DatetimeIndex
    rule: Forecast | None = None
    networks: tuple[Forecast, ...] = ()
    latest: Float[np.ndarray, "window"] | None = None

    def __post_init__(self) -> None:
        networks = {f"network {number}": each for number, each in enumerate(self.networks, start=1)}
        for name, forecast in (self.forecasts | networks).items():
            check_finite(forecast, self.origin, f"the forecasts of {name}")
