"""A hostile corpus: markup, scripts, handlers, controls, templates and formulas wherever a corpus can put text.

`python tests/hostile.py FOLDER` writes the study; tests/test_hostile.py builds its report and opens it in a browser.
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

EVIL = (
    "<script>alert('evil')</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(2)>',
    "'-alert(3)-'",
    "</script><script>alert(4)</script>",
    "</style><style>body{display:none}</style>",
    "<iframe src=https://evil.example/x></iframe>",
    "<a href='javascript:alert(5)'>click</a>",
    "{{ 7*7 }} {% raw %} ${7*7} <%= 7*7 %> #{7*7}",
    r"$\frac{evil}{1}$ \(\href{javascript:alert(6)}{x}\) $$\require{html}$$",
    "\u202eevil\u202c \u2066hidden\u2069 \u200bzero\u200b \ufeffmark \x07bell",
    "<!-- evil --><base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'>",
    "]]><![CDATA[<evil>", "&lt;script&gt;alert(7)&lt;/script&gt;", "=cmd|'/C calc'!A0", "@SUM(1+1)", "%00%0d%0aSet-Cookie:evil",
    "[evil](javascript:alert(8)) ![x](https://evil.example/x.png)", "\U0001f600" * 5, "e" + "\u0301" * 30,
)  # fmt: skip
SUBJECTS = {
    "ferry": [
        "ferry",
        "harbour",
        "captain",
        "pier",
        "island",
        "boat",
        "sailing",
        "tickets",
        "crossing",
        "weather",
        "waves",
        "engine",
    ],
    "school": [
        "school",
        "teacher",
        "pupils",
        "lunch",
        "kitchen",
        "classroom",
        "homework",
        "exam",
        "lessons",
        "parents",
        "playground",
        "soup",
    ],
    "match": [
        "match",
        "goalkeeper",
        "referee",
        "penalty",
        "stadium",
        "striker",
        "supporters",
        "season",
        "defeat",
        "victory",
        "coach",
        "pitch",
    ],
}
FEELINGS = ["good", "bad", "awful", "lovely", "terrible", "great", "poor", "nice", "hateful", "happy"]


def names() -> list[str]:
    """Names of authors, each hostile and each found in no other text."""
    return [f"Zyx{i:02d} {EVIL[i % len(EVIL)]}".replace("\n", " ") for i in range(40)]


def write(folder: Path, *, quotes: bool = False) -> Path:
    """Write the study: 720 comments of three subjects in 48 threads, a table of articles, two events."""
    rng = random.Random(5)  # noqa: S311
    folder.mkdir(parents=True, exist_ok=True)
    authors, articles, comments = names(), [], []
    for t in range(48):
        subject = list(SUBJECTS)[t % 3]
        words = SUBJECTS[subject]
        day = f"{2021 + t // 24}-{1 + t // 2 % 12:02d}-{1 + t % 27:02d}"
        title = f"{EVIL[t % len(EVIL)]} {' '.join(rng.sample(words, 4))}"
        articles.append((f"a{t:02d}", title, day, f"{' '.join(rng.sample(words, 8))} {EVIL[(t + 3) % len(EVIL)]}"))
        for i in range(15):
            text = " ".join(rng.sample(words, 6) + rng.sample(FEELINGS, 2))
            text = f"{text} {EVIL[(t * 15 + i) % len(EVIL)]} write to zyx{i}@evil.example or call +44 20 7946 0{t:03d}"
            comments.append((f"c{t:02d}-{i:02d}", f"a{t:02d}", rng.choice(authors), f"{day}T12:{i:02d}:00", text))
    for name, head, rows in (
        ("comments", ("comment_id", "article_id", "author", "posted_at", "text"), comments),
        ("articles", ("article_id", "title", "published_at", "text"), articles),
    ):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)
    title = "<script>alert('title')</script> {{ 7*7 }} $x^2$ \\u202eevil \\\"><img src=x onerror=alert(9)>"
    event = "<script>alert('event')</script> $y$ {{ 8*8 }}"
    (folder / "study.toml").write_text(
        f'title = "{title}"\n[source]\npaths = ["comments.csv"]\nlicence = "<b onclick=alert(10)>CC0</b>"\n'
        '[source.columns]\ncomment_id = "comment_id"\narticle_id = "article_id"\nauthor = "author"\n'
        'posted_at = "posted_at"\ntext = "text"\n[source.articles]\npaths = ["articles.csv"]\n'
        f'[time]\nperiod = "quarter"\nevents = {{ "{event}" = 2022-01-01 }}\n'
        f"[topics]\nn_topics = 3\n[privacy]\nquotes = {str(quotes).lower()}\n",
        encoding="utf-8",
    )
    return folder


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), quotes="--quotes" in sys.argv))
