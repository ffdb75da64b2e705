"""What is kept of a study's results: of what use it is, and a line for each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from analysis.report.notebooks import NAMES
from analysis.run.store import PAGE, PART, VECTORS, Entry, entries, place_of
from analysis.study import Study


def in_use(study: Study, kept: list[Entry]) -> list[Entry]:
    """What of the kept is of use as things are now: steps, pages, and vectors, which never age."""
    now = {place_of(step, digest) for step, digest in study.digests.items()}
    pages = [e for e in kept if e.step == PAGE][: len(NAMES) + 1]  # the newest: what they rest on a report alone knows
    return [e for e in kept if e.path.name in now or e.step == VECTORS or e in pages]


def said(study: Study) -> Iterator[str]:
    """What is kept of each step, what is unfinished, and what is of no use any more."""
    kept = entries(study.store.folder)
    used, unfinished = in_use(study, kept), [e for e in kept if e.step.startswith(PART)]
    yield f"{'step':25} {'state':12} {'MB':>7} {'took':>8}  written"
    for step in dict.fromkeys([*study.digests, *(e.step for e in (*used, *unfinished))]):
        some = [e for e in (*used, *unfinished) if e.step == step]
        if not some:
            yield f"{step:25} to compute"
            continue
        state = "unfinished" if step.startswith(PART) else "kept"
        size, took = sum(e.n_bytes for e in some) / 1e6, f"{sum(e.seconds for e in some):.1f} s"
        written = f"{datetime.fromtimestamp(max(e.written_at for e in some)):%Y-%m-%d %H:%M}"
        goes_on = "; the next run goes on from it" if state == "unfinished" else ""
        yield f"{step.removeprefix(PART):25} {state:12} {size:7.1f} {took:>8}  {written}{goes_on}"
    if old := [e for e in kept if e not in used and e not in unfinished]:
        yield f"Of other inputs, settings or versions: {len(old)}, {sum(e.n_bytes for e in old) / 1e6:.1f} MB."
        yield f"`threadline clean {study.settings.folder}` removes them; with --all, everything that is kept."
