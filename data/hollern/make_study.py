"""Make the files of this study anew: python data/hollern/make_study.py [--out DIR]; the same bytes on every run.

Every sentence stands in material.toml, by hand. The program joins them: a comment has one topic and is civil or not.
"""

from __future__ import annotations

import argparse
import csv
import random
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
START, WEEKS, EVENT = datetime(2024, 1, 8), 52, datetime(2024, 6, 20)  # the event: the square is closed to cars
UNCIVIL, AFTER = 0.15, 0.55  # share of uncivil comments; of the topic `platz` from the event on
SCORED = 0.97  # what the invented language model answered at all
TABLES = {
    "artikel.csv": ["Artikel-Nr", "Datum", "Titel", "Text"],
    "kommentare.csv": ["Kommentar-Nr", "Artikel-Nr", "Antwort auf", "Name", "Zeit", "Kommentar"],
    "scores.csv": ["comment_id", "score"],
    "topics.csv": ["comment_id", "topic"],
    "truth.csv": ["comment_id", "topic", "uncivil"],
}


def filled(rng: random.Random, sentence: str, words: dict[str, list[str]]) -> str:
    """A sentence with each {slot} filled by one of its words."""
    for slot, options in words.items():
        while "{" + slot + "}" in sentence:
            sentence = sentence.replace("{" + slot + "}", rng.choice(options), 1)
    return sentence


def made() -> dict[str, list[list[object]]]:
    """The rows of every table."""
    material = tomllib.loads((HERE / "material.toml").read_text(encoding="utf-8"))
    words, topics, rng = material["words"], material["topics"], random.Random(20240108)
    names = [f"{one}{two}" for one in material["names"]["first"] for two in material["names"]["second"]]
    rng.shuffle(names)
    often = [1 / (10 + place) for place in range(len(names))]  # some write a lot, most little
    rows: dict[str, list[list[object]]] = {name: [] for name in TABLES}
    order, n = ["platz", *topics], 0  # the square is written about twice as often
    for week in range(WEEKS):
        for place in range(2 if week % 3 else 3):
            topic = order[(2 * week + week // 3 + place + rng.randrange(2)) % len(order)]
            of = topics[topic]
            day = START + timedelta(weeks=week, days=rng.randrange(6), hours=6, minutes=rng.randrange(180))
            article = len(rows["artikel.csv"]) + 1
            title, lead = filled(rng, rng.choice(of["titles"]), words), filled(rng, rng.choice(of["leads"]), words)
            rows["artikel.csv"].append([f"A{article:03}", f"{day:%d.%m.%Y}", title, lead])
            thread, at = [], day
            heat = rng.gauss(0, 0.08)  # comments in one thread are alike
            for _ in range(max(3, round(rng.lognormvariate(2.1, 0.5)))):
                n += 1
                at += timedelta(minutes=1 + rng.expovariate(1 / 95))
                rate = (AFTER if topic == "platz" and at >= EVENT else UNCIVIL) + heat
                uncivil = rng.random() < rate
                about = topic if rng.random() < 0.9 else rng.choice(list(topics))
                sentences = rng.sample(topics[about]["civil"], rng.choice([1, 2, 2, 3, 3]))
                if uncivil:
                    sentences[rng.randrange(len(sentences))] = rng.choice(material["uncivil"])
                    sentences.append(rng.choice(topics[about]["civil"]))
                text = " ".join(dict.fromkeys(filled(rng, one, words) for one in sentences))
                name, reply = rng.choices(names, often)[0], ""
                if thread and rng.random() < 0.35:
                    reply, to = rng.choice(thread)
                    text = f"{filled(rng, rng.choice(material['replies']), words)} {text}".replace("{to}", to)
                comment = f"K{n:04}"
                thread.append((comment, name))
                rows["kommentare.csv"].append([comment, f"A{article:03}", reply, name, f"{at:%d.%m.%Y %H:%M}", text])
                if rng.random() < SCORED:
                    score = rng.betavariate(5, 2.2) if uncivil else rng.betavariate(1.6, 8)
                    rows["scores.csv"].append([comment, f"{score:.2f}"])
                if rng.random() < 0.98:
                    rows["topics.csv"].append([comment, topics[about]["name"]])
                rows["truth.csv"].append([comment, about, int(uncivil)])
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=HERE)
    out = arguments.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in made().items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(
                file, delimiter=";" if name in ("artikel.csv", "kommentare.csv") else ",", lineterminator="\n"
            )
            writer.writerows([TABLES[name], *rows])
        print(f"{name}: {len(rows):,} rows")


if __name__ == "__main__":
    main()
