"""Files that are written whole or not at all, checksums, and arrays that are read piece by piece."""
