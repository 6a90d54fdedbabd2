"""Spectra and autocorrelations of series with gaps."""
