"""Looking inside a model; knows PyTorch alone."""

from lstmkit.runtime import configure

configure()
