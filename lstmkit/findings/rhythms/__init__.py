"""Sentences about spectra and autocorrelations."""
