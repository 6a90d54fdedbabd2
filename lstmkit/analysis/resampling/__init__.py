"""Averages, intervals from resampled blocks of days, and splits in time."""
