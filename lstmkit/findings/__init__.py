"""Sentences written from results; numbers come from `lstmkit.analysis`."""
