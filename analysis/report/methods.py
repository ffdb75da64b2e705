"""A study's settings -> what to copy: a paragraph of methods, a reviewer's checklist, a citation, RO-Crate metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analysis.findings import plan
from analysis.report.pages import page
from analysis.settings import LEARNED
from analysis.study import Study
from analysis.topics import labels
from analysis.topics.consensus import FIT_LIMIT
from analysis.topics.fit import FEW_THREADS
from analysis.trends.wording import UNSTABLE

CRATE = "ro-crate-metadata.json"
FORMATS = {".csv": "text/csv", ".json": "application/json", ".parquet": "application/vnd.apache.parquet"}
FORMATS |= {".html": "text/html"}
SPDX = re.compile(r"[A-Z][A-Za-z0-9.+]*(?:-[A-Za-z0-9.+]+)+")  # the form of a licence's identifier: CC0-1.0


def paragraph(study: Study) -> str:
    """The methods of a study, as a paper may have them."""
    return " ".join(_written("methods.txt.j2", study).split())


def checklist(study: Study) -> str:
    """What a reviewer asks, with what the study has of it: a line each."""
    return _written("checklist.txt.j2", study).strip()


def _written(template: str, study: Study) -> str:
    """A template of text, of what a study and its tables hold."""
    t, topics = study.tables, study.topics.table
    coded = t.agreement.iloc[0] if len(t.agreement) else None
    n, share = (t.summary.set_index("quantity")[column] for column in ("n", "share"))
    stable, planned = int((topics["stability"] >= UNSTABLE).sum()), plan.read(study.settings.folder)
    of = {"study": study, "s": study.settings, "t": t, "topics": topics, "n": n, "share": share, "plan": planned}
    of |= {"threads": "comments without a thread" not in share, "dated": t.comments["posted_at"].notna().any()}
    of |= {"curated": labels.curating(study.settings.folder), "LEARNED": LEARNED, "FIT_LIMIT": FIT_LIMIT}
    return page(template, coded=coded, stable=stable, FEW_THREADS=FEW_THREADS, **of)


def crate(study: Study, files: Iterable[str], tables: Mapping[str, Mapping[str, object]], before: Path) -> bytes:
    """RO-Crate 1.1 metadata of a report: what it is, its files, the software and the settings that made it.

    The day is that on which it was first made: of a report made again without a change (`before` is what its metadata
    were, if any) it stays.
    """
    s, names = study.settings, sorted(files)
    spdx = SPDX.fullmatch(s.source.licence)
    at = {"@id": f"https://spdx.org/licenses/{s.source.licence}"}
    one: dict[str, Any]
    graph: list[dict[str, Any]] = [
        {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"},
         "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}},
        {"@id": "./", "@type": "Dataset", "name": s.title,
         "description": f"Topics and {s.sentiment.name} of {study.size} over time: report, tables and provenance.",
         "datePublished": "", "license": at if spdx else s.source.licence, "hasPart": [{"@id": name} for name in names],
         "mentions": {"@id": "#run"}},
    ]  # fmt: skip
    for name in names:
        of, said = Path(name), tables.get(Path(name).name)
        one = {"@id": name, "@type": "File", "name": of.name, "encodingFormat": FORMATS.get(of.suffix, "text/plain")}
        graph.append(one | ({"sha256": said["sha256"], "description": f"{said['rows']} rows"} if said else {}))
    graph += [
        {"@id": "#threadline", "@type": "SoftwareApplication", "name": "Threadline", "version": version("threadline")},
        {"@id": "#run", "@type": "CreateAction", "name": "threadline report", "instrument": {"@id": "#threadline"},
         "object": [{"@id": f"#input-{name}"} for name in study.inputs], "result": {"@id": "./"}},
    ]  # fmt: skip
    for name, sha in study.inputs.items():
        graph.append({"@id": f"#input-{name}", "@type": "CreativeWork", "name": name, "sha256": sha})
    if spdx:
        graph.append({**at, "@type": "CreativeWork", "name": s.source.licence})
    was, root = described(before), graph[1]
    day = was.get("./", {}).get("datePublished", "")
    same = [*was.values()] == [one | {"datePublished": day} if one is root else one for one in graph]
    root["datePublished"] = day if same else f"{datetime.now(UTC):%Y-%m-%d}"
    said = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


def described(crate: Path) -> dict[str, dict[str, Any]]:
    """What the metadata of a report describe, by its @id; nothing where there are none."""
    try:
        return {one["@id"]: one for one in json.loads(crate.read_text(encoding="utf-8"))["@graph"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
