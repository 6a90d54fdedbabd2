"""Training, baselines, and trained models on disk."""
