"""Sentences about the weights of an LSTM."""
