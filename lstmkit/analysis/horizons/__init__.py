"""One model at several horizons."""
