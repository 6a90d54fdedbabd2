"""Sentences about convolutional layers, their filters and their pool."""
