"""Training, baselines, and trained models on disk."""

from lstmkit.runtime import configure

configure()
