"""Figures of spectra and autocorrelations."""
