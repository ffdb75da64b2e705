"""Notebooks -> pages; sentences; tables for people; verification."""
