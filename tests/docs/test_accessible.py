"""The pages of the documentation are for everybody: axe-core finds nothing wrong with what the theme and we make."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = """# A page

| | |
|---|---|
| a | table without a head |

| | what |
|---|---|
| a | table of which one column has no head |

```text
{line}
```

## A part

```{{toctree}}
:caption: More

other
```
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two pages with all that was found wrong, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("pages")
    source = folder / "source"
    source.mkdir()
    (source / "conf.py").write_text(
        'extensions = ["accessible", "myst_parser"]\nhtml_theme = "furo"\nproject = "P"\nlanguage = "en"\nhtml_show_sourcelink = html_copy_source = False\n'
    )
    (source / "index.md").write_text(PAGE.format(line="long " * 200))
    (source / "other.md").write_text("# Another\n\nWords.\n")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(source), str(folder / "out")]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(DOCS)})
    return folder / "out"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(browser, pages, dark):
    for name in ("index", "other", "genindex", "search"):
        assert browser.open((pages / f"{name}.html").as_uri(), width=1200, dark=dark).axe() == [], name
    assert browser.open((pages / "index.html").as_uri(), width=390, dark=dark).axe() == []
