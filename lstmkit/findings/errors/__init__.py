"""Sentences about forecasts beside observed values and baselines."""
