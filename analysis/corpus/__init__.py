"""Files -> articles, comments, rejects."""
