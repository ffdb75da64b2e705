"""Sphinx with MyST: static pages, every script, font and style among them. `make docs` builds build/docs/index.html."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import generate  # noqa: E402

generate.main()

project = "Threadline"
copyright = "the Threadline authors"
extensions = ["accessible", "myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = [
    "generated/settings.md",
    "generated/commands.md",
    "generated/architecture.md",
    "generate.py",
    "accessible.py",
]
html_theme = "furo"
html_title = "Threadline"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
autodoc_typehints = "none"  # the docstrings say what a value is; the signature stays readable
autodoc_member_order = "bysource"
napoleon_use_rtype = False
suppress_warnings = ["ref.python"]  # a study's topics, and its table of them


# Files that stand outside docs/ link to each other by their places in the clone; here they are pages.
PLACES = {
    "docs/index.md": "index.md", "data/README.md": "reference/tables.md", "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md", "CHANGELOG.md": "changelog.md", "../data/README.md": "reference/tables.md",
}  # fmt: skip


def relinked(app: object, docname: str, source: list[str]) -> None:
    """The tutorial is a page that is made of its notebook."""
    source[0] = source[0].replace("tutorial.ipynb", "generated/tutorial.md")


def included(app: object, path: Path, docname: str, content: list[str]) -> None:
    """Links of an included file, which go by its own place, as links of the page that includes it."""
    up = "../" * docname.count("/")
    for place, page in PLACES.items():
        content[0] = content[0].replace(f"]({place}", f"]({up}{page}")
    content[0] = (
        content[0].replace("](docs/", f"]({up}").replace("](architecture.svg)", f"]({up}generated/architecture.svg)")
    )


def setup(app: object) -> None:
    """Both are heard."""
    app.connect("source-read", relinked)
    app.connect("include-read", included)
