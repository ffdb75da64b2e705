"""Texts -> a score a comment, by a named instrument."""
