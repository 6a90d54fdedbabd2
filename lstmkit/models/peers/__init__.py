"""Forecasters that were fitted with other libraries, as modules from (batch, time, feature) to forecasts in units.

The libraries are imported when their adapter is called. Nothing here unpickles: whoever fitted a forecaster loads it.
"""

from lstmkit.models.peers.darts_block_rnn import from_darts
from lstmkit.models.peers.neuralforecast_lstm import from_neuralforecast

__all__ = ["from_darts", "from_neuralforecast"]
