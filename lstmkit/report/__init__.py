"""Pages, their layout, and the book."""
