"""Hidden states: their geometry, and what can be read from them."""
