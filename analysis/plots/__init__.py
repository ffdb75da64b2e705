"""A table -> a matplotlib Figure with alt text; nothing is computed or written."""
