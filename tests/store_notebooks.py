"""Execute the notebooks on the sample study, and store what they show, README's figure as well: `make notebooks`."""

from __future__ import annotations

import os

import nbformat
from nbclient import NotebookClient

from analysis.report.site import NOTEBOOKS, notebook_folder
from analysis.study import PROGRESS, SAMPLE, VARIABLE, open_study


def main() -> None:
    os.environ[PROGRESS] = "off"
    os.environ.pop(VARIABLE, None)
    folder = notebook_folder()
    for name in NOTEBOOKS:
        book = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        NotebookClient(
            book,
            timeout=3600,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
        ).execute()
        # The version of the Python that happened to store them is no part of a notebook.
        book.metadata["language_info"] = {"name": "python"}
        nbformat.write(book, folder / f"{name}.ipynb")
        print(f"stored {name}")
    (SAMPLE / "figure.png").write_bytes(open_study().picture("topic_sentiment_by_period").png())


if __name__ == "__main__":
    main()
