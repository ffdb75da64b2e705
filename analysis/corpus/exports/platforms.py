"""Exports of known tools: how each is recognised, and which of its columns is which of ours; in platforms.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Dialect:
    """The export of one tool, as platforms.toml describes it; `name` is that of `[source] format`."""

    name: str = ""
    title: str = ""
    needs: tuple[str | list[str], ...] = ()
    article_needs: tuple[str, ...] = ()
    columns: Mapping[str, str | list[str]] = field(default_factory=dict)
    articles: Mapping[str, str | list[str]] = field(default_factory=dict)
    zone: str = ""
    prefixes: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parent_in_id: bool = False
    html: bool = True

    def kind(self, row: Mapping[str, object], is_article: bool) -> str:
        """Whether a row is an "article" or a "comment"; "" if it is neither."""
        if not self.kinds:
            return "article" if is_article else "comment"
        value = str(row.get(self.kinds["column"])).lower()
        return next((kind for kind in ("article", "comment") if self.kinds[kind] in (value, "*")), "")

    def reason(self, row: Mapping[str, object]) -> str:
        """Why a row is rejected; "" if it is not."""
        reasons = (why.get(str(row.get(column, "")).strip().lower(), "") for column, why in self.refused.items())
        return next(filter(None, reasons), "")

    def leaving_out(self, given: Mapping[str, Any]) -> Dialect:
        """The same, where rows in which a column has a value, or one of several, are rejected too."""
        values = {name: value if isinstance(value, tuple) else (value,) for name, value in given.items()}
        more = {name: {str(one).lower(): f"{name} = {one}" for one in some} for name, some in values.items()}
        return replace(self, refused={**self.refused, **more})

    def mapping(self, there: Iterable[str], articles: bool = False) -> dict[str, tuple[str, ...]]:
        """Our column = theirs, those that are there."""
        there = set(there)
        named = (self.articles if articles else self.columns).items()
        found = {ours: tuple(name for name in _several(theirs) if name in there) for ours, theirs in named}
        return {ours: theirs for ours, theirs in found.items() if theirs}


def _several(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


BY_NAME = {
    name: Dialect(name, **one | {key: tuple(one.get(key, ())) for key in ("needs", "article_needs", "prefixes")})
    for name, one in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
}


def recognise_dialect(columns: Iterable[str]) -> tuple[Dialect, bool] | None:
    """Which tool's export has these columns, and whether it is its table of articles; None if none that is known."""
    there = set(columns)
    for dialect in BY_NAME.values():
        if all(there & set(_several(names)) for names in dialect.needs):
            return dialect, False
        if dialect.article_needs and there.issuperset(dialect.article_needs):
            return dialect, True
    return None
