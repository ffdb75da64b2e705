"""Write the sample study: invented threads of an invented newspaper, their truth, and two invented coders.

    python data/sample/make_sample.py [--out DIR]

Every sentence stands in material/ and was written for this study; this program and writing.py only choose, join
and spoil them. The same files come out, byte for byte, on every run and every Python from 3.11: all chance is
`random.Random(n).random()`, whose values Python keeps from version to version.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import shutil
from pathlib import Path

from coders import coded, csv_text
from writing import DROP_DAY, HERE, Draw, Sample, capital, curly, expand, paragraphs, spoil

PAPER = "The Dunmarrow Tidings"
DROP_THEME, DROP = "tram", -0.7  # in tone, from DROP_DAY on
RISING, FADING = "datacentre", "library"
# Mean tone of a theme, in [-1, 1]. Constant over the two years but for DROP.
BASE = {"bikes": -0.08, "datacentre": -0.22, "fishing": -0.12, "football": 0.1, "hospital": -0.25}
BASE |= {"library": -0.05, "meals": 0.12, "none": 0.05, "rents": -0.3, "tram": 0.28, "wind": 0.04}
THREAD_SD = 0.28  # of the tone, between threads
TRUTH = "source_file position comment_id author theme thread_theme tone device kind language n_paragraphs copy_of"
ARTICLES = "source_file article_id date theme n_paragraphs copyright n_comments"
EMOJI = {-1: list("😡🙄👎🤬😢😤🤦💔"), 0: list("🤔🤷👀🙂"), 1: list("👍😀👏🎉😍")}
EMOJI[-1] += ["☹️"]  # these with a variation selector
EMOJI[0] += ["ℹ️"]
EMOJI[1] += ["❤️", "✌️", "☀️"]


def make_article(sample: Sample, theme: str, story: tuple, fixed: dict) -> dict:
    """The article of one thread, with its paragraphs and its copyright sentence."""
    iso, slug, _, told, _ = story
    day, draw, own = dt.date.fromisoformat(iso), Draw("article", story[0], slug), sample.themes[theme]
    words, seen = sample.common.words | own.words | fixed[theme], set()
    wanted = max(draw.whole(4, 10), len(told) + 1)
    told = [expand(x, draw, words, day, seen) for x in told]
    used: set[str] = set()
    while len(told) < wanted and (line := sample.take(own.lines["background"], draw, used)):
        told.append(expand(line.text, draw, words, day, seen))
    right = draw.pick(
        ("All rights reserved.", "All rights reserved. This article may not be reprinted without permission.")
    )
    return {
        "source_file": f"threads/{iso}-{slug}.txt", "date": iso, "theme": theme, "story": story,
        "paragraphs": [curly(capital(x)) for x in told],
        "copyright": draw.weighted(("glued", "own_line", "none"), (0.75, 0.09, 0.16)),
        "notice": f"© Copyright {day.year} {PAPER}. {right}",
    }  # fmt: skip


def moods(sample: Sample) -> dict[str, tuple[int, float]]:
    """Size and tone of every thread: a random intercept, centred within theme before and after the drop.

    Centred, so that no theme but the planted one changes its tone by the accident of a large thread.
    """
    out = {}
    for _, material in sorted(sample.themes.items()):
        for late in (False, True):
            stories = [s for s in material.stories if (s[0] >= DROP_DAY.isoformat()) == late]
            draws = [Draw("mood", s[1]) for s in stories]
            sizes = [3 + int(55 * d.u() ** 3) if s[2] is None else s[2] for s, d in zip(stories, draws, strict=True)]
            tones = [d.normal(THREAD_SD) for d in draws]
            mean = sum(n * x for n, x in zip(sizes, tones, strict=True)) / sum(sizes)
            out |= {s[1]: (n, x - mean) for s, n, x in zip(stories, sizes, tones, strict=True)}
    return out


def make_thread(sample: Sample, article: dict, fixed: dict, foreign: list, size: int, mood: float) -> list[dict]:
    """The comments of one thread; `mood` is what their tone shares beyond their theme."""
    day, theme = dt.date.fromisoformat(article["date"]), article["theme"]
    draw, in_thread = Draw("thread", article["source_file"]), set()
    regulars = [w * (6 if draw.chance(0.04) else 1) for w in sample.activity]
    rows: list[dict] = []
    for _ in range(size):
        talkers = [r["author"] for r in rows[-12:]]
        author = draw.pick(talkers) if rows and draw.chance(0.12) else draw.weighted(sample.names, regulars)
        if rows and author == rows[-1]["author"]:
            author = draw.weighted(sample.names, regulars)
        habit = sample.habits[author]
        kind = draw.weighted(
            ("theme", "reaction", "chatter", "off_theme", "foreign"), (0.845, 0.045, 0.035, 0.055, 0.02)
        )
        about = {
            "theme": theme,
            "foreign": theme,
            "off_theme": draw.pick([t for t in sample.themes if t != theme]),
        }.get(kind, "none")
        mean = BASE[about] + (DROP if about == DROP_THEME and day >= DROP_DAY else 0) + mood + habit["tone"]
        tone = sample.tone(about, day >= DROP_DAY, mean)
        row = {
            "author": author,
            "theme": about,
            "tone": tone,
            "language": "en",
            "kind": kind,
            "flags": "",
            "copy_of": "",
        }
        if kind == "foreign":
            left = [x for x in foreign if x[1].tone == tone] or foreign
            if not left:
                kind = row["kind"] = "theme"
            else:
                foreign.remove(chosen := draw.pick(left))
                row |= {
                    "language": chosen[0],
                    "kind": "comment",
                    "tone": chosen[1].tone,
                    "text": chosen[1].text.split(" // "),
                }
        if kind in ("reaction", "chatter"):
            pool = sample.common.lines["short" if kind == "reaction" else "chatter"]
            line = sample.take([x for x in pool if x.tone == tone], draw, in_thread)
            line = line or draw.pick([x for x in pool if x.tone == tone])
            words = sample.common.words
            text = capital(expand(line.text, draw, words, day, set())) if len(line.text) > 5 else line.text
            made = {
                "parts": [text],
                "kind": "short" if kind == "reaction" else kind,
                "flags": line.flags,
                "joined": True,
            }
        elif kind in ("theme", "off_theme"):
            made = sample.write(about, tone, draw, day, in_thread, fixed, article["story"][4] if about == theme else [])
            if kind == "off_theme":
                drift = expand(draw.pick(sample.common.lines["drift"]).text, draw, sample.common.words, day, set())
                made["parts"] = [f"{drift} {made['parts'][0]}", *made["parts"][1:]]
                made["kind"] = "off_theme"
        if "text" not in row:
            row |= {"kind": made["kind"], "flags": made["flags"], "text": dress(sample, made, row, rows, draw, day)}
        rows.append(row)
    return rows


def dress(sample: Sample, made: dict, row: dict, before: list[dict], draw: Draw, day: dt.date) -> list[str]:
    """A comment as its author types it: paragraphs, habits, a name called, an address, an emoji."""
    tone, habit, words = row["tone"], sample.habits[row["author"]], sample.common.words
    text = [spoil(p, habit, tone, draw) for p in paragraphs(made, draw)]
    others = [r["author"] for r in before[-8:] if r["author"] != row["author"]]
    if made["kind"] == "comment" and others and draw.chance(0.15):
        name = draw.pick(others)
        line = draw.pick([x for x in sample.common.lines["reply"] if x.tone == tone])
        said = expand(line.text, draw, words, day, set())
        said += "" if said[-1] in "?!." else "."
        at = draw.weighted((f"@{name} ", f"{name}, ", f"@{name}: "), (0.5, 0.3, 0.2)) + spoil(said, habit, 0, draw)
        text = [at, *text] if draw.chance(0.3) else [f"{at} {text[0]}", *text[1:]]
    if made["kind"] == "comment" and draw.chance(0.03):
        line = sample.take(sample.common.lines["contact"], draw, set())
        text.append(capital(expand(line.text, draw, words, day, set())))
    if draw.chance(0.5 if habit["emoji"] else 0.015):
        text[-1] += " " + draw.pick(EMOJI[tone]) * draw.weighted((1, 2, 3), (0.7, 0.15, 0.15))
    if draw.chance(0.012):
        text = [t.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&quot;") for t in text]
    return text


def copies(threads: list[tuple[dict, list[dict]]], spam: list[str], names: list[str]) -> None:
    """Duplicates, near duplicates and two runs of spam, put among what is there."""
    draw = Draw("copies")
    wide = [t for t in threads if len(t[1]) >= 6]
    for kind, n in (("duplicate", 24), ("near_duplicate", 28)):
        for _ in range(n):
            article, rows = draw.pick(wide)
            old = draw.pick(
                [r for r in rows if r["kind"] == "comment" and r["language"] == "en" and len(r["text"][0]) > 60]
            )
            # Most are posted twice by impatience; some are carried to another thread of the theme.
            target = (
                rows
                if draw.chance(0.6)
                else draw.pick(
                    [t[1] for t in wide if t[0]["theme"] == article["theme"] and t[0]["date"] >= article["date"]]
                )
            )
            text = list(old["text"])
            if kind == "near_duplicate":
                last = text[-1].rstrip(".!")
                text[-1] = draw.pick(
                    (
                        last + "!!",
                        last + "...",
                        "Again: " + text[-1],
                        text[-1] + " (posted this before, it vanished)",
                        last + ", as I said.",
                    )
                )
            at = rows.index(old) + 1 if target is rows else draw.whole(0, len(target))
            target.insert(min(at + draw.whole(0, 1), len(target)), old | {"kind": kind, "text": text, "copy": old})
    for advert, name in zip(spam, names, strict=True):
        run = draw.shuffled(wide)[: draw.whole(13, 16)]
        for _, rows in run:
            row = {
                "author": name,
                "theme": "none",
                "tone": 0,
                "language": "en",
                "kind": "spam",
                "flags": "",
                "copy_of": "",
                "text": advert.split(" // "),
            }
            rows.insert(draw.whole(2, len(rows)), row)


def article_id(article: dict) -> str:
    """First 12 hex digits of the sha256 of date and paragraphs, without the copyright sentence."""
    text = article["date"] + "\n" + "\n".join(article["paragraphs"])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def thread_text(article: dict, rows: list[dict]) -> str:
    """One thread in the plain-text layout."""
    told = [f" date {article['date']} {article['paragraphs'][0]}", *article["paragraphs"][1:]]
    if article["copyright"] == "glued":
        told[-1] += article["notice"]
    elif article["copyright"] == "own_line":
        told.append(article["notice"])
    return "\n".join([*told, *(line for r in rows for line in (r["author"], *r["text"]))])


def device(flags: str) -> str:
    """By what means a tone is expressed."""
    return next((w for f, w in (("i", "irony"), ("m", "mixed"), ("u", "understated")) if f in flags), "plain")


def make() -> dict[str, str]:
    """Every file of the sample: its path under the folder, and its text."""
    sample = Sample()
    foreign = [(language, line) for language, lines in sorted(sample.foreign.items()) for line in lines]
    threads, shared = [], moods(sample)
    for story, theme in sorted((s, t) for t, m in sample.themes.items() for s in m.stories):
        who = Draw("fixed", story[0], story[1])
        fixed = {t: {k[1:]: [who.pick(v)] for k, v in m.words.items() if k[0] == "*"} for t, m in sample.themes.items()}
        article = make_article(sample, theme, story, fixed)
        threads.append((article, make_thread(sample, article, fixed, foreign, *shared[story[1]])))
    adverts = (HERE / "material" / "spam.list").read_text(encoding="utf-8").splitlines()
    copies(threads, adverts[1::2], adverts[0::2])
    for article, rows in threads:
        article |= {"article_id": article_id(article), "n_comments": len(rows)}
        for position, row in enumerate(rows, 1):
            row |= {"comment_id": f"{article['article_id']}-{position:04d}", "position": position}
            row |= {"source_file": article["source_file"], "date": article["date"], "thread_theme": article["theme"]}
            row |= {"n_paragraphs": len(row["text"]), "device": device(row["flags"])}
    files = {article["source_file"]: thread_text(article, rows) for article, rows in threads}
    truth = [
        r | {"text": "\n".join(r["text"]), "copy_of": r["copy"]["comment_id"] if "copy" in r else ""}
        for _, rows in threads
        for r in rows
    ]
    files["truth.csv"] = csv_text(truth, TRUTH)
    files["truth_articles.csv"] = csv_text([a | {"n_paragraphs": len(a["paragraphs"])} for a, _ in threads], ARTICLES)
    files["truth.toml"] = planted(truth)
    return files | coded(truth)


def planted(truth: list[dict]) -> str:
    """What was put in on purpose, and what came of it, as TOML."""

    def share(theme: str, *quarters: str) -> str:
        rows = [r for r in truth if f"{r['date'][:4]}-{(int(r['date'][5:7]) + 2) // 3}" in quarters]
        return f"{sum(r['theme'] == theme for r in rows) / len(rows):.3f}"

    def tone(theme: str, late: bool) -> str:
        rows = [
            r["tone"] for r in truth if r["theme"] == theme and (dt.date.fromisoformat(r["date"]) >= DROP_DAY) == late
        ]
        return f"{sum(rows) / len(rows):.3f}"

    first, last = ("2022-1", "2022-2"), ("2023-3", "2023-4")
    lines = ["# What was planted; the figures are those of truth.csv, made by make_sample.py."]
    for name, theme in (("rising", RISING), ("fading", FADING)):
        lines += ["", f"[{name}]", f'theme = "{theme}"']
        lines += [f"share_first_half_year = {share(theme, *first)}", f"share_last_half_year = {share(theme, *last)}"]
    lines += ["", "[drop]", f'theme = "{DROP_THEME}"', f"on = {DROP_DAY}", f"size = {DROP}  # of the expected tone"]
    for label, late in (("before", False), ("from", True)):
        lines += ["", f"[tone_{label}]"] + [f"{t} = {tone(t, late)}" for t in sorted(BASE)]
    return "\n".join(lines) + "\n"


def checksum(files: dict[str, str]) -> str:
    """One sha256 of all thread files: of `name NUL bytes` one after the other, in the order of their names."""
    whole = hashlib.sha256()
    for name in sorted(n for n in files if n.startswith("threads/")):
        whole.update(name.encode() + b"\0" + files[name].encode())
    return whole.hexdigest()


def main() -> None:
    """Write everything under --out, and say what the threads' checksum is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: the sample itself)")
    out = parser.parse_args().out.resolve()
    files = make()
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(text.encode())
    if out != HERE:
        shutil.copyfile(HERE / "study.toml", out / "study.toml")
    print(f"{len(files)} files, sha256 of the threads {checksum(files)}")


if __name__ == "__main__":
    main()
