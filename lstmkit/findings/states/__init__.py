"""Sentences about hidden states."""
