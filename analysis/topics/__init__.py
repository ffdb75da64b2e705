"""Texts -> vectors -> topics."""
