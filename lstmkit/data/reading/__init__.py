"""Reads sensors' files, and refuses what it cannot trust by file, column and row."""
