"""Texts -> a score a comment, by a named instrument."""

NEITHER = 0.05  # VADER's authors' threshold: a score within this of 0 is neither negative nor positive
