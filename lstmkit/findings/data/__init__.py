"""Sentences about the data."""
