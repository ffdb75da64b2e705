"""The sample study is what its data card says: made again byte for byte, rich, and with what was planted in it."""

from __future__ import annotations

import csv
import hashlib
import re
import statistics
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"
SAMPLE = DATA / "sample"


def table(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def articles():
    return {row["source_file"]: row for row in table("truth_articles.csv")}


@pytest.fixture(scope="module")
def threads():
    """Truth of every thread, its comments in order; a thread without comments has no row there."""
    out = defaultdict(list)
    for row in table("truth.csv"):
        out[row["source_file"]].append(row)
    return out


@pytest.fixture(scope="module")
def lines(articles):
    return {name: (SAMPLE / name).read_bytes().decode("utf-8").split("\n") for name in articles}


@pytest.fixture(scope="module")
def texts(articles, threads, lines):
    """comment_id -> text, cut where truth says that a comment stands."""
    out = {}
    for name in articles:
        at = len(lines[name]) - sum(int(r["n_paragraphs"]) + 1 for r in threads[name])
        for row in threads[name]:
            end = at + 1 + int(row["n_paragraphs"])
            out[row["comment_id"]] = "\n".join(lines[name][at + 1 : end])
            at = end
    return out


def expected_change(rows, theme):
    """Mean tone from the planted day on, less the mean before."""
    day = tomllib.loads((SAMPLE / "truth.toml").read_text(encoding="utf-8"))["drop"]["on"].isoformat()
    sides = {
        late: [int(r["tone"]) for r in rows if r["theme"] == theme and (r["date"] >= day) == late] for late in (0, 1)
    }
    return sum(sides[1]) / len(sides[1]) - sum(sides[0]) / len(sides[0])


def test_made_again_byte_for_byte(tmp_path):
    done = subprocess.run(
        [sys.executable, str(SAMPLE / "make_sample.py"), "--out", str(tmp_path)],
        capture_output=True, text=True, encoding="utf-8", check=True, env={"PYTHONHASHSEED": "77", "PYTHONUTF8": "1"},
    )  # fmt: skip
    made = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    shipped = [*SAMPLE.glob("threads/*"), *SAMPLE.glob("coded/*"), *SAMPLE.glob("*.csv"), *SAMPLE.glob("*.toml")]
    names = {p.relative_to(SAMPLE).as_posix() for p in shipped} - {
        "robustness.csv"
    }  # which `threadline robustness` wrote
    assert sorted(made) == sorted(names)
    assert [n for n, b in sorted(made.items()) if b != (SAMPLE / n).read_bytes()] == []
    assert done.stdout.split()[-1] in (DATA / "README.md").read_text(encoding="utf-8")


def test_checksum_is_of_the_shipped_threads():
    whole = hashlib.sha256()
    for path in sorted(SAMPLE.glob("threads/*.txt"), key=lambda p: p.name):
        whole.update(f"threads/{path.name}".encode() + b"\0" + path.read_bytes())
    assert whole.hexdigest() in (DATA / "README.md").read_text(encoding="utf-8")


def test_size_and_spread(articles, threads, texts):
    sizes = sorted(int(a["n_comments"]) for a in articles.values())
    assert 150 <= len(articles) <= 160
    assert 2_800 <= len(texts) <= 3_200
    assert sizes[0] == 0
    assert sizes[1] > 0
    assert sum(n >= 100 for n in sizes) in range(2, 8)
    assert sizes[len(sizes) // 2] <= 20
    authors = Counter(r["author"] for rows in threads.values() for r in rows)
    assert 450 <= len(authors) <= 600
    assert authors.most_common(1)[0][1] >= 60
    assert sum(n == 1 for n in authors.values()) >= 80
    shipped = [*SAMPLE.glob("*.*"), *SAMPLE.glob("threads/*"), *SAMPLE.glob("coded/*"), *SAMPLE.glob("material/*")]
    assert sum(p.stat().st_size for p in shipped if p.is_file()) < 3_000_000


def test_truth_places_every_line(articles, threads, lines):
    for name, article in articles.items():
        here = lines[name]
        named = re.fullmatch(r" date (\d{4}-\d\d-\d\d) (.+)", here[0])
        assert named, name
        assert named[1] == article["date"] == name[8:18]
        paragraphs = [named[2], *here[1 : int(article["n_paragraphs"])]]
        notice = "© Copyright "
        assert sum(notice in p for p in paragraphs) == (article["copyright"] == "glued")
        paragraphs[-1] = paragraphs[-1].partition(notice)[0]
        whole = article["date"] + "\n" + "\n".join(paragraphs)
        assert article["article_id"] == hashlib.sha256(whole.encode()).hexdigest()[:12]
        at = len(paragraphs)
        if article["copyright"] == "own_line":
            assert here[at].startswith(notice)
            at += 1
        assert len(threads[name]) == int(article["n_comments"])
        for n, row in enumerate(threads[name], 1):
            assert (here[at], row["position"], row["comment_id"]) == (
                row["author"],
                str(n),
                f"{article['article_id']}-{n:04d}",
            )
            at += 1 + int(row["n_paragraphs"])
        assert at == len(here), name
    assert len({a["article_id"] for a in articles.values()}) == len(articles)


def test_rich_and_distinct(texts):
    assert len(set(texts.values())) / len(texts) >= 0.95
    words = {w for text in texts.values() for w in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text.lower())}
    assert len(words) >= 3_000


def test_nothing_left_of_the_making(lines):
    for name, here in lines.items():
        for n, line in enumerate(here):
            where = f"{name}, line {n + 1}: {line}"
            assert line.strip() == (line[1:] if n == 0 else line), where
            assert line, where
            assert "  " not in line, where
            assert not re.search(r"[{}|]|//(?!\S)| [,.;:!?](?!\.)", line.replace(" ...", "")), where
            assert not re.search(
                r"\b[Aa] (?!one\b|once\b|use|uni|eu|EU|U)[aeiou]\w|\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+ing\b", line
            ), where


def test_duplicates_and_spam_are_what_truth_says(threads, texts):
    rows = [r for group in threads.values() for r in group]
    by_id = {r["comment_id"]: r for r in rows}
    for row in rows:
        if row["kind"] == "duplicate":
            assert texts[row["comment_id"]] == texts[row["copy_of"]]
        if row["kind"] == "near_duplicate":
            assert texts[row["comment_id"]] != texts[row["copy_of"]]
        if row["copy_of"]:
            assert row["author"] == by_id[row["copy_of"]]["author"]
    spam = [r for r in rows if r["kind"] == "spam"]
    assert len({texts[r["comment_id"]] for r in spam}) == len({r["author"] for r in spam}) == 2
    assert len({r["source_file"] for r in spam}) >= 10


def test_planted_facts_hold_in_truth(threads):
    rows = [r | {"date": name[8:18]} for name, group in threads.items() for r in group]
    facts = tomllib.loads((SAMPLE / "truth.toml").read_text(encoding="utf-8"))

    def share(theme, first, last):
        inside = [r for r in rows if first <= r["date"] <= last]
        return sum(r["theme"] == theme for r in inside) / len(inside)

    early, late = ("2022-01", "2022-06-30"), ("2023-07", "2023-12-31")
    assert share(facts["rising"]["theme"], *late) > 3 * share(facts["rising"]["theme"], *early)
    assert share(facts["fading"]["theme"], *early) > 3 * share(facts["fading"]["theme"], *late)
    themes = sorted({r["theme"] for r in rows} - {"none"})
    assert len(themes) == 10
    for theme in themes:
        change = expected_change(rows, theme)
        if theme == facts["drop"]["theme"]:
            assert -0.85 < change < -0.5
        else:
            assert abs(change) < 0.2, theme


def test_the_drop_is_the_only_change_of_that_theme(threads):
    """As many threads and about as much talk before as after: only the tone changes."""
    mine = [(name[8:18], len(rows)) for name, rows in threads.items() if rows and rows[0]["thread_theme"] == "tram"]
    before, after = [n for d, n in mine if d < "2023-02-16"], [n for d, n in mine if d >= "2023-02-16"]
    assert len(mine) >= 16
    assert 0.5 < len(before) / len(after) < 2
    assert 0.5 < sum(before) / sum(after) < 2


def test_coders_and_their_sample(threads, texts):
    sample, anna, brian = table("coded/sample.csv"), table("coded/anna.csv"), table("coded/brian.csv")
    assert len(sample) == 300
    assert [r["comment_id"] for r in sample] == [r["comment_id"] for r in anna] == [r["comment_id"] for r in brian]
    rows = {r["comment_id"]: r | {"date": name[8:18]} for name, group in threads.items() for r in group}
    quarter = {i: f"{r['date'][:4]}Q{(int(r['date'][5:7]) + 2) // 3}" for i, r in rows.items()}
    drawn, there = Counter(r["stratum"] for r in sample), Counter(quarter.values())
    for row in sample:
        assert row["stratum"] == quarter[row["comment_id"]]
        assert float(row["probability"]) == pytest.approx(drawn[row["stratum"]] / there[row["stratum"]], abs=1e-6)
    for row in [*anna, *brian]:
        assert row["text"] == texts[row["comment_id"]]
    krippendorff = pytest.importorskip("krippendorff")
    codes = [[int(r["code"]) for r in coder] for coder in (anna, brian)]
    assert 0.75 <= krippendorff.alpha(codes, level_of_measurement="ordinal") <= 0.82


def test_vader_hears_the_tone_but_not_too_well(threads, texts):
    vader = pytest.importorskip("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    rows = [r for group in threads.values() for r in group if r["language"] == "en"]
    plain = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\ufe0f": None})
    score = [vader.polarity_scores(texts[r["comment_id"]].translate(plain))["compound"] for r in rows]
    assert 0.5 < statistics.correlation(score, [float(r["tone"]) for r in rows]) < 0.7
