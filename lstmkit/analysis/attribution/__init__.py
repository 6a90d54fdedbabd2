"""Which inputs a forecast depends on."""
