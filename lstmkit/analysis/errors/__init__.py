"""Forecasts beside observed values and baselines."""
