"""Figures of forecasts and their errors."""
