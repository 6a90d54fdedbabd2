"""The weights of an LSTM."""
