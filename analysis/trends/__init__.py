"""Comments -> tables over time, with intervals and tests."""
