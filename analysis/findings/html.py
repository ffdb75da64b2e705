"""Templates -> HTML, in which all that comes from a study is escaped, or text; and what several of them say."""

from __future__ import annotations

import re
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.corpus.wording import plural
from analysis.trends import wording

if TYPE_CHECKING:
    from jinja2 import Environment

UNBROKEN = re.compile(r"\d{4}-\d\d-\d\d|[−+]?[\d.,]+ %")  # dates and shares stay on one line
TEMPLATES = Path(__file__).resolve().parent / "templates"
SAID = {
    "THREADS_ALIKE": "intervals and p-values respect that comments of a thread and of an author are alike",
    "APART": "intervals and p-values take comments for independent but for their authors: no two are of one thread",
    "ARTICLE_TIMES": "Comments without a time of their own take their article's: what was said later looks earlier.",
    "NO_CAUSE": "A change in time is no cause: what else happened at that date is not in these data.",
}


@cache
def _environment(folder: Path) -> Environment:
    """Where templates are, in a folder or here, and what all of them know."""
    from jinja2 import Environment, FileSystemLoader

    kind: dict[str, Any] = {
        "autoescape": lambda name: ".html" in str(name),
        "trim_blocks": True,
        "keep_trailing_newline": False,
    }
    env = Environment(loader=FileSystemLoader([folder, TEMPLATES]), **kind)  # noqa: S701
    env.filters["unbroken"] = _unbroken
    env.globals |= vars(wording) | SAID | {"plural": plural, "alike": alike, "version": version("threadline")}
    return env


def _unbroken(escaped: str) -> str:
    """HTML of a text with its dates and shares each on one line; what is copied of it is the same."""
    return UNBROKEN.sub(r'<span class="w">\g<0></span>', str(escaped))


def rendered_in(folder: Path, template: str, /, **of: object) -> str:
    """What a template says of something; of one that is HTML it is escaped nowhere else."""
    return str(_environment(folder).get_template(template).render(**of))


rendered = partial(rendered_in, TEMPLATES)


def alike(comments: pd.DataFrame) -> str:
    """What intervals and p-values respect, in words."""
    return SAID["THREADS_ALIKE" if comments["article_id"].duplicated().any() else "APART"]


def spoken(macro: str, *of: object) -> str:
    """What a macro of sentences.txt.j2 says, by its name, of what it is given."""
    return str(getattr(_environment(TEMPLATES).get_template("sentences.txt.j2").module, macro)(*of))
