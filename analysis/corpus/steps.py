"""The step that reads the corpus."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from analysis.corpus.schema import COMMENT_COLUMNS, Corpus, build, read_key
from analysis.corpus.sources import article_files, comment_files, named, read_sources
from analysis.run import Run
from analysis.run.steps import Given, step
from analysis.run.store import Values, digest_of
from analysis.run.texts import Partitioned
from analysis.settings import Settings, SourceSettings

TABLES = ("articles", "rejects", "accounting", "notes", "boundaries", "hidden_words")


def source_files(settings: Settings) -> dict[str, Path]:
    """The sources, and the list of known names."""
    source, folder = settings.source, settings.folder
    known = [folder / source.authors] if source.authors else []
    return named([*comment_files(source, folder), *article_files(source, folder), *known], folder)


def _key(settings: Settings) -> str:
    """The pseudonyms' key is an input, and no file that provenance names."""
    return digest_of(read_key(settings.folder).decode()) if settings.privacy.authors == "pseudonym" else ""


def _opened(values: Values) -> Corpus:
    comments = Partitioned(values["comments"], values["texts"], COMMENT_COLUMNS)
    return Corpus(partitioned=comments, **{name: values[name] for name in TABLES})


@step(
    settings=(
        *(f"source.{one.name}" for one in fields(SourceSettings) if one.name != "licence"),
        "privacy.authors",
    ),
    files=source_files,
    versions=_key,
    opened=_opened,
)
def corpus(given: Given, run: Run) -> Values:
    """Read, checked and pseudonymised."""
    reading = read_sources(given.settings.source, given.folder, run)
    built = build(reading, given.folder, given.settings.privacy.authors, run)
    return {"comments": built.rows, "texts": built.texts, **{name: getattr(built, name) for name in TABLES}}
