"""Threads in plain text, copied from pages -> articles and comments: which lines are names, which the page's."""
