"""Threads as other sites show them: under handles, of one paragraph each, with votes, times and buttons put in.

Run as `python tests/benchmarks/sites.py [style …]`. The words are those of ../shared/data/threads and of data/sample; what the
styles put around them is invented. A comment is right when its author and its whole text are; a time, when it is the one that
was put in. Prints the F1 without and with what was put in, the lines of it that became authors, and the share of times right.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from fit_names import BLOG, Thread, blog_threads, sample_threads  # noqa: E402

from analysis.corpus.pages.threads import read_threads  # noqa: E402
from analysis.corpus.reading import Reading  # noqa: E402
from analysis.settings import SourceSettings  # noqa: E402

Comment = tuple[str, list[str]]
NOTICE = "© Copyright 2006 The Example Press. All rights reserved."


@dataclass(frozen=True)
class Style:
    """What a site puts around comments; "%" in a line is chance in percent that it is there, {n} a number, {t} its time."""

    above: Sequence[str] = ()
    under_name: Sequence[str] = ()
    under_text: Sequence[str] = ()
    head: Sequence[str] = ()
    tail: Sequence[str] = ()
    time: str = "%d %B %Y, %H:%M"
    months: str = ""


STYLES = {
    "votes": Style(under_text=["{n} votes", "Reply", "Report"], head=["{n} Comments"], tail=["Log in to comment"]),
    "times": Style(under_name=["{t}"], under_text=["Reply"]),
    "american": Style(under_name=["{t}"], under_text=["0 ( +{n} / -{n} )"], time="%b. %d, %Y %I:%M %p"),
    "year left out": Style(under_name=["{t}"], under_text=["Log in to comment"], time="%b. %d %I:%M %p"),
    "last line time": Style(under_text=["{t}", "30% {n} replies", "Share"], time="%Y-%m-%d %H:%M"),
    "badges": Style(
        under_name=["10% Top Commenter", "5% Moderator", "{n} days ago"],
        under_text=["25% Edited", "Like", "{n}", "Dislike", "Reply", "40% Show {n} replies"],
        head=["{n} Comments", "Sort by: newest"], tail=["Load more comments"],
    ),
    "buttons in one line": Style(under_text=["Like · Reply · {n}d", "Permalink Report"]),
    "above the name": Style(above=["#{n}", "{t}"], time="%m/%d/%Y %I:%M %p"),
    "français": Style(
        under_name=["Le {t}"], under_text=["Répondre", "Signaler", "{n} J'aime"], time="%d %B %Y à %H:%M",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    ),
    "español": Style(under_name=["hace {n} días"], under_text=["Responder", "Denunciar comentario"], head=["Comentarios ({n})"]),
    "invented words": Style(under_name=["Zorv {n}"], under_text=["Quill it", "Brast", "15% Merk"], tail=["Enk tu quill"]),
    "one button": Style(under_text=["Antwoorden"]),
    "name and time": Style(under_text=["Reply"], above=[]),
    "by name on time": Style(),
}  # fmt: skip
HELD_OUT = {
    "italiano": Style(
        under_name=["{t}"], under_text=["Rispondi", "Segnala", "{n} Mi piace"], head=["{n} commenti"],
        tail=["Accedi per commentare"], time="%d %B %Y alle %H:%M",
        months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    ),
    "deutsch": Style(
        under_name=["Mitglied seit {y}", "{t} Uhr"], under_text=["+{n}", "-{n}", "Antworten", "Melden", "20% {n} Antworten anzeigen"],
        time="%d.%m.%Y, %H:%M",
    ),
    "日本語": Style(above=["{n}"], under_name=["{t}"], under_text=["返信", "通報する", "いいね！ {n}"], time="%Y年%m月%d日 %H:%M"),
    "polski": Style(under_name=["{n} dni temu"], under_text=["Odpowiedz", "Zgłoś", "oceń: {n}"]),
}  # fmt: skip
HANDLES: dict[str, Callable[[random.Random], str]] = {
    "reddit": lambda r: f"{r.choice(WORDS).title()}{r.choice('_-')}{r.choice(WORDS).title()}{r.randrange(10, 9999)}",
    "short": lambda r: "".join(r.choice("abcdefghiklmnoprstuvxyz0123456789") for _ in range(r.randrange(3, 7))),
    "lower": lambda r: (
        f"{r.choice(WORDS)}{r.choice(['', '_', '.', ''])}{r.choice(WORDS)}{r.choice(['', r.randrange(99)])}"
    ),
    "initials": lambda r: f"{r.choice(WORDS).title()} {r.choice('ABCDEGHIKLMNPRSTW')}.",
    "full": lambda r: f"{r.choice(WORDS).title()} {r.choice(WORDS).title()}",
    "at": lambda r: f"@{r.choice(WORDS)}{r.choice(['', '_'])}{r.choice(WORDS)}",
    "mixed": lambda r: HANDLES[r.choice(["reddit", "short", "lower", "initials", "full"])](r),
}
WORDS = [
    "amber",
    "ash",
    "barn",
    "birch",
    "bolt",
    "brook",
    "cedar",
    "cliff",
    "cloud",
    "coral",
    "crane",
    "dune",
    "elm",
    "ember",
    "fern",
    "finch",
    "flint",
    "frost",
    "gale",
    "glen",
    "gull",
    "hazel",
    "heron",
    "holm",
    "iris",
    "ivy",
    "jade",
    "kelp",
    "lark",
    "linden",
    "loch",
    "maple",
    "marl",
    "mist",
    "moss",
    "oak",
    "olive",
    "otter",
    "pebble",
    "pine",
    "plum",
    "quartz",
    "raven",
    "reed",
    "river",
    "rook",
    "rowan",
    "sage",
    "shale",
    "sorrel",
    "sparrow",
    "stone",
    "storm",
    "tern",
    "thorn",
    "tide",
    "vale",
    "willow",
    "wren",
    "yarrow",
    "zinc",
]


def corpora() -> dict[str, list[tuple[list[str], list[Comment]]]]:
    """Articles' lines and comments of each corpus: as they are, and of one paragraph under handles of each kind."""
    found = {"sample": [_taken(group[-1]) for group in sample_threads()]}
    if BLOG.is_dir():
        found["blog"] = [_taken(group[-1]) for group in blog_threads()]
    for name in list(found):
        for kind, make in HANDLES.items():
            rng = random.Random(f"{name}{kind}")
            made: dict[str, str] = {}
            found[f"{name}, one paragraph, {kind}"] = [
                (
                    lines,
                    [
                        (made.setdefault(author, "") or made.update({author: make(rng)}) or made[author], text[:1])
                        for author, text in comments
                    ],
                )
                for lines, comments in found[name]
            ]
    return found


def _taken(thread: Thread) -> tuple[list[str], list[Comment]]:
    article = [x for x, y in zip(thread.lines, thread.labels, strict=True) if y == "a"]
    comments: list[Comment] = []
    for line, label in zip(thread.lines, thread.labels, strict=True):
        if label == "n":
            comments.append((line, []))
        elif label == "t":
            comments[-1][1].append(line)
    return article, comments


def dressed(
    threads: list[tuple[list[str], list[Comment]]], name: str, style: Style, folder: Path, notice: str = NOTICE
) -> tuple[Counter, set[str], dict]:
    """Write the threads in a style; the truth (file, author, text), the lines that were put in, and the times."""
    rng = random.Random(name)
    truth: Counter = Counter()
    put: set[str] = set()
    times: dict = {}
    at = datetime(2019, 3, 1, 9, 30, tzinfo=UTC)

    def lines_of(these: Sequence[str]) -> list[str]:
        made = []
        for one in these:
            chance = re.match(r"(\d+)% ", one)
            if chance and rng.random() * 100 >= int(chance[1]):
                continue
            one = one[chance.end() :] if chance else one
            when = at.strftime(style.time)
            if style.months:
                when = when.replace(at.strftime("%B"), style.months.split()[at.month - 1])
            made.append(
                re.sub("{n}", lambda _: str(rng.randrange(1, 120)), one).format(t=when, y=rng.randrange(2003, 2019))
            )
        put.update(made)
        return made

    for i, (article, comments) in enumerate(threads):
        file = f"{i:03d}.txt"
        lines = [*article[:-1], article[-1] + notice] if article else ["A." + notice]
        lines += lines_of(style.head) if comments else []
        for author, text in comments:
            at += timedelta(minutes=rng.randrange(1, 3000))
            shown = author
            if name == "name and time":
                shown = f"{author} · {at:%d %B %Y} {at:%H:%M}"
            elif name == "by name on time":
                shown = f"Posted by {author} on {at:%d %B %Y} at {at:%H:%M}"
            lines += [*lines_of(style.above), shown, *lines_of(style.under_name), *text, *lines_of(style.under_text)]
            truth[file, author, "\n".join(text)] += 1
            times[file, author, "\n".join(text)] = at.replace(second=0)
        lines += lines_of(style.tail) if comments else []
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return truth, put, times


def scored(reading: Reading, truth: Counter, put: set[str], times: dict) -> tuple[float, int, float]:
    left, n_right, n_timed = truth.copy(), 0, 0
    rows = reading.comments
    for file, author, text, at, source in rows[
        ["source_file", "author", "text", "posted_at", "posted_at_source"]
    ].itertuples(index=False):
        key = (file, author, text)
        n_right += left[key] > 0
        n_timed += left[key] > 0 and source == "comment" and times.get(key) == at
        left[key] -= 1
    f1 = 2 * n_right / max(1, len(rows) + truth.total())
    return f1, int(rows["author"].isin(put - {author for _, author, _ in truth}).sum()), n_timed / max(1, n_right)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("styles", nargs="*")
    parser.add_argument("--held-out", action="store_true", help="the styles that nothing was tried on, alone")
    parser.add_argument("--corpus", default="", help="corpora whose names hold this")
    parser.add_argument("--without-notice", action="store_true", help="nothing tells where the comments begin")
    parser.add_argument("--show", type=int, default=0, help="wrong comments to show")
    given = parser.parse_args()
    styles = (
        HELD_OUT
        if given.held_out
        else {name: one for name, one in STYLES.items() if not given.styles or name in given.styles}
    )
    print(f"{'corpus':36} {'style':22} {'F1':>6} {'authors that are none':>22} {'times right':>12}")
    for corpus, threads in corpora().items():
        if given.corpus not in corpus:
            continue
        several = styles if "," not in corpus or given.held_out else dict(list(styles.items())[:3])
        for name, style in {"": Style(), **several}.items():
            with tempfile.TemporaryDirectory() as folder:
                truth, put, times = dressed(threads, name, style, Path(folder), "" if given.without_notice else NOTICE)
                reading = read_threads(sorted(Path(folder).glob("*.txt")), SourceSettings(paths=("x",)), Path(folder))
                f1, n_authors, timed = scored(reading, truth, put, times)
                print(f"{corpus:36} {name or 'nothing put in':22} {f1:.4f} {n_authors:22,} {timed:12.3f}", flush=True)
                left = truth.copy()
                wrong = 0
                for key in reading.comments[["source_file", "author", "text"]].itertuples(index=False, name=None):
                    if left[key] <= 0 and wrong < given.show:
                        wrong += 1
                        print("    ", repr(key)[:300])
                    left[key] -= 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
