"""Sentences about one model at several horizons."""
