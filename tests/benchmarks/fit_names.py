"""Fit the weights by which analysis/corpus/decoding.py tells names from text, and print them as the tables that it holds.

    python tests/benchmarks/fit_names.py            cross-validated figures, then the weights of all threads together

The threads are those of ../shared/data/threads and, as another site, those of data/sample. Each is learned from twice: with
its copyright sentence, which says where the comments begin, and without.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from analysis.corpus import decoding
from analysis.corpus.decoding import EVIDENCE, FACTS, FLAG, Draft, Evidence, Vocabulary, chain, fit_of, key_of, signs
from analysis.corpus.line_features import WEIGHTS, flags

REPOSITORY = Path(__file__).resolve().parents[2]
BLOG = REPOSITORY.parent / "shared" / "data" / "threads"
SAMPLE = REPOSITORY / "data" / "sample"
N_FLAGS, N_EVIDENCE = len(WEIGHTS), len(EVIDENCE)
# Of a weight around 0, or around what common sense says of a name on any site; evidence is the same thing everywhere.
PRIOR_SD = {"shape": 0.6, "evidence": 1.5, "start": 3.0}
PRIOR_MEAN = {
    "ends .": -1.5, "ends !": -1.0, "ends ?": -1.5, "ends :": -1.5, "ends ,": -1.5, "ends ;": -1.5, "starts @": -1.0,
    "7+ words": -1.5, "1 function word": -0.7, "2+ function words": -1.5, "I or you": -1.0, "talk": -1.0, "talk alone": -1.0,
    "sign-off": -1.0, "contraction": -0.7, "URL": -1.0, "code": -1.5, "starts list mark": -1.0, "stop inside": -1.0,
    "smiley": -0.7, "every word capital": 1.0, "plain word": 1.0, "underscore": 1.0, "ideographs": 0.7,
    "script without case": 0.7, "101-250 long": -2.5, "251+ long": -2.5,
}  # fmt: skip
SAMPLE_SHARE = 0.1  # weight of a sample thread: its readers are invented, and their names odder than most


@dataclass
class Thread:
    """A thread with its truth: 'a' article, 'n' name, 't' text."""

    lines: list[str]
    labels: str
    known_start: bool

    def __post_init__(self) -> None:
        self.looks = [flags(line) for line in self.lines]
        rows = np.repeat(np.arange(len(self.lines)), [len(look) for look in self.looks])
        self.x = np.zeros((len(self.lines), N_FLAGS))
        self.x[rows, [FLAG[flag] for look in self.looks for flag in look]] = 1
        self.keys = [key_of(line) for line in self.lines]
        self.signs = signs(self.lines, self.keys)
        self.is_name = np.array([c == "n" for c in self.labels])
        self.is_article = np.array([c == "a" for c in self.labels])


def split(lines: list[str], n_article: int, labels: str) -> list[Thread]:
    """Make two threads of one: its comments alone, and the whole without a copyright sentence."""
    lines = [x.strip() for x in lines]
    keep = [i for i, x in enumerate(lines) if x]
    whole = []
    for i in keep:
        text = lines[i].split("©")[0].strip() if i == n_article - 1 else lines[i]
        whole.append(text)
    labels = "".join(labels[i] for i in keep)
    pairs = [(x, y) for x, y in zip(whole, labels, strict=True) if x]
    comments = [(x, y) for x, y in pairs if y != "a"]
    made = []
    if comments:
        made.append(Thread([x for x, _ in comments], "".join(y for _, y in comments), True))
    made.append(Thread([x for x, _ in pairs], "".join(y for _, y in pairs), False))
    return made


def blog_threads() -> list[list[Thread]]:
    """Read ../shared/data/threads with their truth."""
    threads = []
    for path in sorted(BLOG.glob("*.gold.json")):
        gold = json.loads(path.read_text(encoding="utf-8"))
        lines = path.with_name(path.name.replace(".gold.json", ".txt")).read_text(encoding="utf-8").split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        labels = "".join("n" + "t" * len(c["text"].split("\n")) for c in gold["comments"])
        n_article = len(lines) - len(labels)
        threads.append(split(lines, n_article, "a" * n_article + labels))
    return threads


def sample_threads() -> list[list[Thread]]:
    """Read data/sample with its truth."""
    sizes: dict[str, list[int]] = {}
    with (SAMPLE / "truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sizes.setdefault(row["source_file"], []).append(int(row["n_paragraphs"]))
    threads = []
    for source, counts in sorted(sizes.items()):
        lines = (SAMPLE / source).read_text(encoding="utf-8").split("\n")
        lines = [x for x in lines if x.strip()]
        labels = "".join("n" + "t" * n for n in counts)
        n_article = len(lines) - len(labels)
        threads.append(split(lines, n_article, "a" * n_article + labels))
    return threads


def unpack(w: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Weights as table, evidence, start."""
    return w[: 4 * N_FLAGS].reshape(N_FLAGS, 4), w[4 * N_FLAGS : -1], float(w[-1])


def start_of(thread: Thread, weight: float) -> np.ndarray:
    """Log weights of the comments' beginning."""
    start = np.full(len(thread.lines), weight)
    if thread.known_start:
        start[0] = np.inf
    return start


def scores(thread: Thread, facts: np.ndarray, table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log odds of shape (n_lines, 3): name by itself, name by the neighbours, article."""
    all_ = decoding.shape_scores(thread.x @ table)
    all_[:, 0] += facts @ weights
    return all_


def facts_of(
    groups: Sequence[Sequence[Thread]], w: np.ndarray, rounds: int = decoding.ROUNDS
) -> list[list[np.ndarray]]:
    """Evidence on each line of each variant: each variant is a study of its own."""
    table, weights, start = unpack(w)
    out: list[list[np.ndarray]] = [[] for _ in groups]
    for variant in (True, False):
        chosen = [(g, t) for g, group in enumerate(groups) for t in group if t.known_start == variant]
        vocabulary = Vocabulary()
        drafts = [
            Draft(np.zeros((len(t.lines), 3)), t.signs, vocabulary.count(t.lines, t.keys, t.looks), start_of(t, start))
            for _, t in chosen
        ]
        know = Evidence(drafts, vocabulary)
        bounds = np.cumsum([0] + [len(d.keys) for d in drafts])
        facts = np.zeros((bounds[-1], len(FACTS)))
        for _ in range(rounds):
            p, fit = [], []
            for (_, t), d, i, j in zip(chosen, drafts, bounds, bounds[1:], strict=False):
                odds = scores(t, np.hstack([t.signs, facts[i:j]]), table, weights)
                p.append(chain(odds[:, 0] + odds[:, 1], odds[:, 2], d.start).p_name)
                fit.append(fit_of(p[-1], odds[:, 0]))
            facts = know.weigh(np.concatenate(p), np.concatenate(fit))
        for (g, t), i, j in zip(chosen, bounds, bounds[1:], strict=False):
            out[g].append(np.hstack([t.signs, facts[i:j]]))
    return out


def loss(
    w: np.ndarray, groups: Sequence[Sequence[Thread]], facts: list[list[np.ndarray]], counts: Sequence[float]
) -> tuple[float, np.ndarray]:
    """Negative log posterior of the weights, and its gradient."""
    table, weights, start = unpack(w)
    sd = np.concatenate(
        [np.full(4 * N_FLAGS, PRIOR_SD["shape"]), np.full(N_EVIDENCE, PRIOR_SD["evidence"]), [PRIOR_SD["start"]]]
    )
    mean = np.zeros_like(w)
    mean[: 4 * N_FLAGS : 4] = [PRIOR_MEAN.get(name, 0.0) for name in WEIGHTS]
    value, grad = 0.5 * float((((w - mean) / sd) ** 2).sum()), (w - mean) / sd**2
    g_table, g_weights, g_start = np.zeros_like(table), np.zeros_like(weights), 0.0
    for group, group_facts, count in zip(groups, facts, counts, strict=True):
        share = count / len(group)
        for t, f in zip(group, group_facts, strict=True):
            odds = scores(t, f, table, weights)
            name, article = odds[:, 0] + odds[:, 1], odds[:, 2]
            d = chain(name, article, start_of(t, start))
            first = 1 if t.known_start else 0  # a first name that is certain weighs nothing
            right = name[first:][t.is_name[first:]].sum() + article[1:][t.is_article[1:]].sum()
            begun = 0.0 if t.known_start or not t.is_name.any() else 1.0
            value -= share * (right + begun * start - d.log_z)
            r_name, r_article = t.is_name - d.p_name, t.is_article - d.p_article
            r_name[0], r_article[0] = 0, 0
            g_table[:, 0] += share * t.x.T @ r_name
            g_table[:, 1] += share * t.x[:-1].T @ r_name[1:]
            g_table[:, 2] += share * t.x[1:].T @ r_name[:-1]
            g_table[:, 3] += share * t.x.T @ r_article
            g_weights += share * f.T @ r_name
            if not t.known_start:
                g_start += share * (begun - (1 - d.p_article[-1]))
    return value, grad - np.concatenate([g_table.ravel(), g_weights, [g_start]])


def fit(groups: Sequence[Sequence[Thread]], counts: Sequence[float] | None = None, rounds: int = 3) -> np.ndarray:
    """Fit all weights, each thread as often as `counts` says: what the study knows is counted anew in each round."""
    counts = counts or [1.0] * len(groups)
    w = np.zeros(4 * N_FLAGS + N_EVIDENCE + 1)
    w[-1] = -3.0
    facts = [[np.hstack([t.signs, np.zeros((len(t.lines), len(FACTS)))]) for t in g] for g in groups]
    for _ in range(rounds):
        w = minimize(loss, w, args=(groups, facts, counts), jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
        facts = facts_of(groups, w)
    return w


def measure(groups: Sequence[Sequence[Thread]], w: np.ndarray, held_out: slice = slice(None)) -> dict[str, float]:
    """F1 of whole comments, with and without the copyright sentence, threads decoded as one study."""
    table, weights, start = unpack(w)
    facts = facts_of(groups, w)
    counts = {True: [0, 0, 0], False: [0, 0, 0]}
    for group, group_facts in zip(groups[held_out], facts[held_out], strict=True):
        for t, f in zip(group, group_facts, strict=True):
            odds = scores(t, f, table, weights)
            d = chain(odds[:, 0] + odds[:, 1], odds[:, 2], start_of(t, start))
            truth = np.flatnonzero(t.is_name)
            spans = (
                set(zip(d.names.tolist(), [*d.names[1:].tolist(), len(t.lines)], strict=True))
                if len(d.names)
                else set()
            )
            true = set(zip(truth.tolist(), [*truth[1:].tolist(), len(t.lines)], strict=True)) if len(truth) else set()
            for i, n in enumerate((len(spans & true), len(spans), len(true))):
                counts[t.known_start][i] += n
    return {
        ("with" if k else "without") + " copyright": 2 * hit / (said + true) for k, (hit, said, true) in counts.items()
    }


def show(w: np.ndarray) -> None:
    """Print the weights as they stand in the code."""
    table, weights, start = unpack(np.round(w, 1))
    for name, row in zip(WEIGHTS, table, strict=True):
        print(f'    "{name}": ({", ".join(f"{x + 0:.1f}" for x in row)}),')
    for name, x in zip(EVIDENCE, weights, strict=True):
        print(f'    "{name}": {x:.1f},')
    print(f"START = {start:.1f}")


def main() -> int:
    """Cross-validate, then fit on everything."""
    if not BLOG.is_dir():
        print(f"No data at {BLOG.name}: nothing to fit.")
        return 0
    blog, sample = blog_threads(), sample_threads()
    halves = blog[::2], blog[1::2]
    for i in (0, 1):
        w = fit(halves[i])
        print(
            "fitted on one half:",
            measure(halves[i], w),
            "\n  the other half:",
            measure(halves[1 - i], w),
            "\n  sample:",
            measure(sample, w),
            flush=True,
        )
    w = fit(sample)
    print("fitted on the sample:", measure(sample, w), "\n  blog:", measure(blog, w), flush=True)
    w = fit(blog + sample)
    print("fitted on both:", measure(blog, w), measure(sample, w))
    show(w)
    return 0


if __name__ == "__main__":
    sys.exit(main())
