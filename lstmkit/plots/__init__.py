"""Figures, drawn from results of `lstmkit.analysis`."""
