"""Figures that compare horizons."""
