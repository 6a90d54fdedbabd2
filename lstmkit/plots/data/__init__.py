"""Figures of the data."""
