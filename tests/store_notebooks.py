"""Execute the notebooks on the sample study, and store what they show, README's figure as well: `make notebooks`."""

from __future__ import annotations

import os

import nbformat
from nbclient import NotebookClient

from analysis import plots
from analysis.plots.style import png_bytes
from analysis.report.notebooks import NAMES, shipped
from analysis.settings import PROGRESS, VARIABLE
from analysis.study import SAMPLE, open_study


def main() -> None:
    os.environ[PROGRESS] = "off"
    os.environ.pop(VARIABLE, None)
    folder = shipped()
    for name in NAMES:
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
    study = open_study()
    topics, tables = study.topics.table, study.tables
    table, largest = tables.topic_sentiment_by_period, topics["topic"].head(4)
    figure = plots.by_period(
        table[table["topic"].isin(largest)], topics=topics, changes=tables.change_points, events=study.events
    )
    (SAMPLE / "figure.png").write_bytes(png_bytes(figure))


if __name__ == "__main__":
    main()
