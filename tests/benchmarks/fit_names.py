"""Fit the weights by which analysis/corpus/pages/decoding.py tells names from text, and write them where it reads them.

    python tests/benchmarks/fit_names.py [--write]      cross-validated figures, then the weights of all threads together

The threads are those of ../shared/data/threads and, as another site, those of data/sample. Each is learned from twice: with
its copyright sentence, which says where the comments begin, and without.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from analysis.corpus.pages import decoding
from analysis.corpus.pages.chain import chain
from analysis.corpus.pages.decoding import FLAG, WEIGHTS, Decoded, Vocabulary, Weights, decode
from analysis.corpus.pages.line_features import flags

REPOSITORY = Path(__file__).resolve().parents[2]
BLOG = REPOSITORY.parent / "shared" / "data" / "threads"
SAMPLE = REPOSITORY / "data" / "sample"
N_FLAGS, N_EVIDENCE = len(WEIGHTS.flags), len(WEIGHTS.evidence)
# Of a weight around 0, or around what common sense says of a name on any site; evidence is the same thing everywhere.
PRIOR_SD = {"shape": 0.6, "evidence": 1.5, "start": 3.0}
PRIOR_MEAN = {
    "ends .": -1.5, "ends !": -1.0, "ends ?": -1.5, "ends :": -1.5, "ends ,": -1.5, "ends ;": -1.5, "starts @": -1.0,
    "7+ words": -1.5, "1 function word": -0.7, "2+ function words": -1.5, "I or you": -1.0, "talk": -1.0, "talk alone": -1.0,
    "sign-off": -1.0, "contraction": -0.7, "URL": -1.0, "code": -1.5, "starts list mark": -1.0, "stop inside": -1.0,
    "smiley": -0.7, "every word capital": 1.0, "plain word": 1.0, "underscore": 1.0, "ideographs": 0.7,
    "script without case": 0.7, "101-250 long": -2.5, "251+ long": -2.5,
}  # fmt: skip


@dataclass
class Thread:
    """A thread with its truth: 'a' article, 'n' name, 't' text."""

    lines: list[str]
    labels: str
    known_start: bool

    @property
    def start(self) -> np.ndarray:
        """As in Lines."""
        return np.array([np.inf if self.known_start else 0.0, *[0.0] * (len(self.lines) - 1)])


class Study:
    """Threads that are decoded together, in arrays over all their lines."""

    def __init__(self, threads: Sequence[Thread]) -> None:
        self.vocabulary = Vocabulary()
        for thread in threads:
            self.vocabulary.add(thread.lines, thread.start)
        self.lines = self.vocabulary.lines()
        self.bounds, self.start = self.lines.bounds, self.lines.start
        self.known = np.isinf(self.start[self.bounds[:-1]])
        self.x = np.zeros((self.bounds[-1], N_FLAGS))
        for i, line in enumerate(line for thread in threads for line in thread.lines):
            self.x[i, [FLAG[flag] for flag in flags(line)]] = 1
        labels = np.array(list("".join(t.labels for t in threads)))
        self.is_name, self.is_article = labels == "n", labels == "a"
        self.facts = np.hstack([self.lines.signs, np.zeros((len(self.x), N_EVIDENCE - 3))])

    def scores(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log odds of each line's being a name, and of the article."""
        table, evidence, _ = unpack(w)
        itself, beside, article = replace(self.lines, sums=self.x @ table).scores().T
        return itself + beside + self.facts @ evidence, article

    def look(self, w: np.ndarray) -> Decoded:
        """Decode with these weights, and keep what the study knows then."""
        found = decode(self.vocabulary, weights=weights_of(w), lines=replace(self.lines, sums=self.x @ unpack(w)[0]))
        self.facts = found.facts
        return found


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


def weights_of(w: np.ndarray) -> Weights:
    """Weights as the decoder takes them."""
    table, evidence, start = unpack(w)
    return Weights(
        dict(zip(WEIGHTS.flags, table.tolist(), strict=True)),
        dict(zip(WEIGHTS.evidence, evidence.tolist(), strict=True)),
        start,
    )


def loss(w: np.ndarray, studies: Sequence[Study]) -> tuple[float, np.ndarray]:
    """Negative log posterior of the weights, each thread once in all, and its gradient."""
    _, _, start = unpack(w)
    sd = np.concatenate(
        [np.full(4 * N_FLAGS, PRIOR_SD["shape"]), np.full(N_EVIDENCE, PRIOR_SD["evidence"]), [PRIOR_SD["start"]]]
    )
    mean = np.zeros_like(w)
    mean[: 4 * N_FLAGS : 4] = [PRIOR_MEAN.get(name, 0.0) for name in WEIGHTS.flags]
    value, grad = 0.5 * float((((w - mean) / sd) ** 2).sum()), (w - mean) / sd**2
    for study in studies:
        name, article = study.scores(w)
        d = chain(name, article, study.start + start, study.bounds)
        first = study.bounds[:-1]
        weighed = np.ones(len(name), dtype=bool)
        weighed[first] = False  # the first line is an article's or a name's: that is certain, and weighs nothing
        begun = np.where(study.known, 0.0, np.maximum.reduceat(study.is_name, first))
        share = 1 / len(studies)
        right = (name * study.is_name + article * study.is_article)[weighed].sum()
        value -= share * (right + begun.sum() * start - d.log_z.sum())
        r_name, r_article = (study.is_name - d.p_name) * weighed, (study.is_article - d.p_article) * weighed
        g_table = np.zeros((N_FLAGS, 4))
        after, before = np.roll(r_name, -1), np.roll(r_name, 1)
        after[study.bounds[1:] - 1] = before[first] = 0
        for column, r in enumerate((r_name, after, before, r_article)):
            g_table[:, column] = study.x.T @ r
        begins = np.where(study.known, 0.0, 1 - d.p_article[study.bounds[1:] - 1])
        grad = grad - share * np.concatenate([g_table.ravel(), study.facts.T @ r_name, [(begun - begins).sum()]])
    return value, grad


def studies_of(groups: Sequence[Sequence[Thread]]) -> list[Study]:
    """Two studies: the threads without a copyright sentence, and their comments alone."""
    threads = [thread for group in groups for thread in group]
    return [Study([t for t in threads if t.known_start == known]) for known in (False, True)]


def fit(groups: Sequence[Sequence[Thread]], rounds: int = 3) -> np.ndarray:
    """Fit all weights: what the study knows is counted anew in each round."""
    w, studies = np.zeros(4 * N_FLAGS + N_EVIDENCE + 1), studies_of(groups)
    w[-1] = -3.0
    for _ in range(rounds):
        w = minimize(loss, w, args=(studies,), jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
        for study in studies:
            study.look(w)
    return w


def measure(groups: Sequence[Sequence[Thread]], w: np.ndarray, held_out: slice = slice(None)) -> dict[str, float]:
    """F1 of whole comments, with and without the copyright sentence, threads decoded as one study."""
    chosen = set(range(len(groups))[held_out])
    figures = {}
    for known in (True, False):
        pairs = [(g, t) for g, group in enumerate(groups) for t in group if t.known_start == known]
        study = Study([t for _, t in pairs])
        is_name = study.look(w).is_name
        hit = said = true = 0
        for (g, _), i, j in zip(pairs, study.bounds, study.bounds[1:], strict=False):
            if g in chosen:
                spans, truth = (
                    set(zip(at, [*at[1:], j - i], strict=True))
                    if (at := np.flatnonzero(names[i:j]).tolist())
                    else set()
                    for names in (is_name, study.is_name)
                )
                hit, said, true = hit + len(spans & truth), said + len(spans), true + len(truth)
        figures["with copyright" if known else "without copyright"] = 2 * hit / (said + true)
    return figures


def write(w: np.ndarray) -> None:
    """Write the weights where the decoder reads them."""
    weights = weights_of(np.round(w, 1) + 0.0)
    rows = ",\n".join(f"    {json.dumps(k, ensure_ascii=False)}: {json.dumps(v)}" for k, v in weights.flags.items())
    evidence = json.dumps(weights.evidence, indent=4).replace("}", "  }")
    text = f'{{\n  "flags": {{\n{rows}\n  }},\n  "evidence": {evidence},\n  "start": {weights.start}\n}}\n'
    Path(decoding.__file__).with_suffix(".json").write_text(text, encoding="utf-8")


def main() -> int:
    """Cross-validate, then fit on everything."""
    if not BLOG.is_dir():
        print(f"No data at {BLOG.name}: nothing to fit.")
        return 0
    blog, sample = blog_threads(), sample_threads()
    for i in (0, 1):
        w = fit(blog[i::2])
        print(
            "fitted on one half:",
            measure(blog[i::2], w),
            "\n  the other half:",
            measure(blog[1 - i :: 2], w),
            "\n  sample:",
            measure(sample, w),
            flush=True,
        )
    w = fit(sample)
    print("fitted on the sample:", measure(sample, w), "\n  blog:", measure(blog, w), flush=True)
    w = fit(blog + sample)
    print("fitted on both:", measure(blog, w), measure(sample, w))
    if "--write" in sys.argv:
        write(w)
    return 0


if __name__ == "__main__":
    sys.exit(main())
