"""Sentences about estimates over resampled days."""
