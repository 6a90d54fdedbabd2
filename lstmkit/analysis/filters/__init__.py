"""Convolutional layers: their filters, what they respond to, and what the forecast loses without them."""
