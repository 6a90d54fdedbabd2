"""Sentences about gates, cell states and the history that a forecast needs."""
