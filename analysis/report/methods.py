"""A study's settings -> what to copy: a paragraph of methods, a reviewer's checklist, a citation, RO-Crate metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.corpus.wording import plural
from analysis.plots.wording import MAX_Q, MINUS, UNSTABLE, percent
from analysis.report import plan

if TYPE_CHECKING:
    from analysis.study import Study

CRATE = "ro-crate-metadata.json"
FORMATS = {".csv": "text/csv", ".json": "application/json", ".parquet": "application/vnd.apache.parquet"}
FORMATS |= {".html": "text/html"}
SPDX = re.compile(r"[A-Z][A-Za-z0-9.+]*(?:-[A-Za-z0-9.+]+)+")  # the form of a licence's identifier: CC0-1.0


def paragraph(study: Study) -> str:
    """The methods of a study, as a paper may have them; every setting by its value."""
    s, t, topics = study.settings, study.tables, study.topics.table
    names = "were replaced by keyed pseudonyms" if s.privacy.authors == "pseudonym" else "were kept"
    said = [
        f"{study.size} were read with Threadline {version('threadline')}; authors' names {names}. Times are in "
        f"{s.source.timezone}, periods of a {s.time.period}.",
    ]
    if s.topics.assigned:
        said.append(f"{plural(len(topics), 'topic')} were assigned in a file.")
    elif len(topics):
        how = "chosen by agreement of halves" if s.topics.n_topics == "auto" else "set"
        said.append(
            f"{plural(len(topics), 'topic')} (their number {how}) were found by clustering vectors of the comments "
            f"(encoder “{study.encoder.name}”), as what {s.topics.runs} fits on other halves of the threads agree on "
            f"(seed {s.seed}); a topic counts as stable at a Jaccard overlap of {UNSTABLE} or more (Hennig 2007)."
        )
    ends = " to ".join(f"{end:g}".replace("-", MINUS) for end in s.sentiment.range)
    said.append(f"{s.sentiment.name.capitalize()} was scored by “{s.sentiment.instrument}” from {ends}.")
    if len(t.agreement):
        row = t.agreement.iloc[0]
        alpha = f", Krippendorff's α = {row['alpha']:.2f}" if np.isfinite(row["alpha"]) else ""
        said.append(
            f"It was held against {plural(int(row['n']), 'comment')} coded by people (right class in "
            f"{percent(row['accuracy'])}{alpha}), and means were corrected by prediction-powered inference "
            "(Angelopoulos et al. 2023)."
        )
    said.append(
        "Intervals are of 95 % and respect that comments of a thread and of an author are alike (CR2; Bell and "
        "McCaffrey 2002). Changes were looked for by a CUSUM between weeks and by least squares, with errors that hold "
        "where threads, authors and the course of time are alike"
    )
    said[-1] += "; the step at each named event is that between two lines." if study.events else "."
    said.append(
        f"False discoveries were controlled at {MAX_Q} (Benjamini and Hochberg 1995) within each family of tests."
    )
    if frozen := plan.read(s.folder):
        when = "after" if frozen.scores_opened else "before"
        said.append(f"The tests of events were planned on {frozen.frozen_at[:10]}, {when} scores were first computed.")
    if len(t.robustness):
        n = t.robustness["specification"].nunique() - 1
        said.append(f"Each change was computed in up to {plural(n, 'other way')} (robustness.csv).")
    return " ".join(said)


def checklist(study: Study) -> str:
    """What a reviewer asks, with what the study has of it: a line each, [x] where it is there."""
    s, t, topics = study.settings, study.tables, study.topics.table
    n, share = (t.summary.set_index("quantity")[column] for column in ("n", "share"))
    stable, frozen = int((topics["stability"] >= UNSTABLE).sum()), plan.read(s.folder)
    planned, undated = bool(frozen) and not frozen.scores_opened, share["comments without any date"]
    lost = int(n["lines or rows rejected"])
    lines = (
        (True, f"Every line read is kept or rejected with a reason: {lost:,} rejected (accounting.csv, rejects.csv)."),
        (s.source.licence != "not stated", f"The licence of the comments is stated: “{s.source.licence}”."),
        (s.privacy.authors == "pseudonym", "Authors are pseudonyms, under a key that stays with the study."),
        (not s.privacy.quotes, "No comment is quoted in the report."),
        (undated == 0, f"Every comment is dated; without a date: {percent(undated)}."),
        (planned, f"Tests of events were planned before scores were opened: {'plan.json' if frozen else 'no plan'}."),
        (len(t.agreement) > 0, "People checked the instrument on these comments (agreement.csv)."),
        (len(t.corrected) > 0, "Means are corrected by what people coded (corrected.csv)."),
        (stable == len(topics) > 0, f"Topics come out again in reruns: {stable} of {len(topics)} (topics.csv)."),
        (len(t.intrusion) > 0, "People judged whether the topics mean something (word intrusion)."),
        (True, "Intervals respect threads and authors; tests also the course of time."),
        (True, f"False discoveries are controlled at q = {MAX_Q} within families of tests (column q_value)."),
        (len(t.robustness) > 0, "What is told was computed otherwise too, or else not told (robustness.csv)."),
        (True, "Threads and authors that move a change most are named (influence.csv)."),
        (True, "The tables can be made again, and compared: provenance.json, “threadline verify”."),
    )
    return "\n".join(f"[{'x' if there else ' '}] {text}" for there, text in lines)


def citation(study: Study, digest: str) -> str:
    """How to cite the report."""
    return (
        f"{study.settings.title}. Report made with Threadline {version('threadline')} from data with the {digest}. "
        "Please cite the source of the comments as its licence asks, and Threadline as its CITATION.cff says."
    )


def crate(study: Study, files: Iterable[str], tables: Mapping[str, Mapping[str, object]], before: Path) -> bytes:
    """RO-Crate 1.1 metadata of a report: what it is, its files, the software and the settings that made it.

    The day is that on which it was first made: of a report made again without a change (`before` is what its metadata
    were, if any) it stays.
    """
    s = study.settings
    licence = (
        {"@id": f"https://spdx.org/licenses/{s.source.licence}"}
        if SPDX.fullmatch(s.source.licence)
        else s.source.licence
    )
    names = sorted(files)

    def file(name: str) -> dict[str, object]:
        of = Path(name)
        one = {"@id": name, "@type": "File", "name": of.name, "encodingFormat": FORMATS.get(of.suffix, "text/plain")}
        said = tables.get(of.name, {})
        return one | ({"sha256": said["sha256"], "description": f"{said['rows']} rows"} if said else {})

    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": s.title,
        "description": f"Topics and {s.sentiment.name} of {study.size} over time: report, tables and provenance.",
        "datePublished": "",
        "license": licence,
        "hasPart": [{"@id": name} for name in names],
        "mentions": {"@id": "#run"},
    }
    about = {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}}
    graph = [
        about | {"conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}},
        root,
        *map(file, names),
        {"@id": "#threadline", "@type": "SoftwareApplication", "name": "Threadline", "version": version("threadline")},
        {"@id": "#run", "@type": "CreateAction", "name": "threadline report", "instrument": {"@id": "#threadline"},
         "object": [{"@id": f"#input-{name}"} for name in study.inputs], "result": {"@id": "./"}},
        *({"@id": f"#input-{name}", "@type": "CreativeWork", "name": name, "sha256": sha}
          for name, sha in study.inputs.items()),
    ]  # fmt: skip
    if isinstance(licence, dict):
        graph.append(licence | {"@type": "CreativeWork", "name": s.source.licence})
    said = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    root["datePublished"] = _day(before, said)
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


def _day(before: Path, said: Mapping[str, object]) -> str:
    """The day on which a report that says this was first made."""
    try:
        was = json.loads(before.read_text(encoding="utf-8"))
        (root,) = (one for one in was["@graph"] if one["@id"] == "./")
        day, root["datePublished"] = str(root["datePublished"]), ""
        if was == said:
            return day
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return f"{datetime.now(UTC):%Y-%m-%d}"
