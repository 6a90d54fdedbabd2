"""Figures of gates and cell states."""
