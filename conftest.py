"""Every test, the notebooks among them, runs without a progress display: what is stored is results alone."""

import os

os.environ["THREADLINE_PROGRESS"] = "off"
os.environ.pop("THREADLINE_STUDY", None)
