"""Looking inside a model; knows PyTorch alone."""
