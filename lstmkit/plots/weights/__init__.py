"""Figures of the weights of an LSTM."""
