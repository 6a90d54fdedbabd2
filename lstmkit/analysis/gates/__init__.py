"""Gates and cell states of an LSTM, and the history that its forecast needs."""
