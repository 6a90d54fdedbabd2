"""Sentences about attributions and gradients."""
