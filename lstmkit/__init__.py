"""lstmkit trains LSTM forecasters, opens them up, and prints what it finds as a browsable report."""

from lstmkit import runtime

runtime.configure()
