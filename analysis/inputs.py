"""A study's inputs: the files that study.toml names, their format and their digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from analysis.corpus.formats import kind_of
from analysis.corpus.tables import source_name
from analysis.people.intrusion import ANSWERS
from analysis.people.intrusion import FOLDER as INTRUSION
from analysis.people.labels import FOR_MATCHING, FOR_PEOPLE
from analysis.run.store import digest_of_file
from analysis.settings import STUDY_FILE, Settings, StudyError


@dataclass
class Inputs:
    """The settings of a study, and the files that it reads.

    Attributes
    ----------
    settings : Settings
    """

    settings: Settings

    @cached_property
    def files(self) -> list[Path]:
        """The files that [source] paths name, sorted."""
        return self._find(self.settings.source.paths, "[source] paths")

    @cached_property
    def article_files(self) -> list[Path]:
        """The files of the articles' table, sorted; none if study.toml names none."""
        paths = self.settings.source.articles.get("paths", ())
        return (
            self._find([paths] if isinstance(paths, str) else list(paths), "[source.articles] paths") if paths else []
        )  # type: ignore[call-overload]

    def _find(self, patterns: object, key: str) -> list[Path]:
        """Files of paths and globs, relative to the study folder or absolute; a pattern without any is an error."""
        folder = self.settings.folder
        found: dict[Path, None] = {}
        for pattern in patterns:  # type: ignore[attr-defined]
            base, rest = (
                (Path(pattern).anchor, Path(pattern).relative_to(Path(pattern).anchor))
                if Path(pattern).is_absolute()
                else (folder, Path(pattern))
            )
            files = sorted(p for p in Path(base).glob(str(rest)) if p.is_file())
            if not files:
                raise StudyError(
                    expected=f"files that match {pattern!r}",
                    found="none",
                    where=f"{folder / STUDY_FILE}, {key}",
                    remedy="Paths are relative to the study folder; correct the path, or put the files there.",
                )
            found.update(dict.fromkeys(files))
        return sorted(found)

    @cached_property
    def format(self) -> str:
        """The sources' format: "threads", "auto" for tables that show what they are, or what study.toml says."""
        stated = self.settings.source.format
        tables = [path for path in self.files if kind_of(path)]
        if stated != "auto":
            return stated
        if 0 < len(tables) < len(self.files):
            thread = next(path for path in self.files if not kind_of(path))
            raise StudyError(
                expected="files of one format",
                found=f"{tables[0].name} and {thread.name}",
                where=f"{self.settings.folder / STUDY_FILE}, [source] paths",
                remedy="Make a study of each, or name the format.",
            )
        return "auto" if tables else "threads"

    @cached_property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every input file by its name: of sources, and of what people coded, named or found odd."""
        folder = self.settings.folder
        names = [path for name in (FOR_PEOPLE, FOR_MATCHING) if (path := folder / name).is_file()]
        odd = sorted([*(folder / INTRUSION).glob("*.csv"), *(folder / INTRUSION / ANSWERS).glob("*.csv")])
        return {**self._sources, **self._codes_digests, **self.instrument_files, **self._digests([*names, *odd])}

    @cached_property
    def _codes_digests(self) -> dict[str, str]:
        return self._digests(sorted((self.settings.folder / "coded").glob("*.csv")))

    @cached_property
    def instrument_files(self) -> dict[str, str]:
        """SHA-256 of the file of a word list, if the instrument is one."""
        kind, _, name = self.settings.sentiment.instrument.partition(":")
        path = self.settings.folder / name
        return self._digests([path]) if kind == "lexicon" and path.is_file() else {}

    @cached_property
    def _sources(self) -> dict[str, str]:
        files = [*self.files, *self.article_files]
        if self.settings.source.authors:
            files.append(self.settings.folder / self.settings.source.authors)
        return self._digests(files)

    def _digests(self, files: Sequence[Path]) -> dict[str, str]:
        """SHA-256 of files, by their name: relative to the study folder, the bare name outside of it."""
        return {source_name(path, self.settings.folder): digest_of_file(path) for path in files}

    @property
    def settings_table(self) -> dict[str, object]:
        """The settings as provenance.json keeps them: every value, no path or address of this machine or cluster."""
        raw = {k: v for k, v in asdict(self.settings).items() if k != "folder"}
        raw["source"]["paths"] = [
            source_name(Path(self.settings.folder, p), self.settings.folder) for p in raw["source"]["paths"]
        ]
        raw["compute"]["scheduler"] = ""  # where it was computed changes nothing
        if paths := raw["source"]["articles"].get("paths"):
            listed = [paths] if isinstance(paths, str) else paths
            names = [source_name(Path(self.settings.folder, p), self.settings.folder) for p in listed]
            raw["source"]["articles"] = {**raw["source"]["articles"], "paths": names}
        return raw
