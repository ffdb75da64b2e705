"""Plain-text threads: whole comments read right, confidence against truth, speed, memory.

Run as `python tests/benchmarks/threads.py [--diagram FILE.png] [--cross]`. Reads ../shared/data/threads (150 threads of one
blog, with their truth) and data/sample. A comment is right when its author and its whole text are. The weights were fitted on
these threads, so the first figures are of what was learned from; `--cross` fits on half of the threads and measures the
other, both ways (some minutes). The rule beside it: a line is a name if it has 30 letters at most and does not end in a
mark, the first after the article is one, and no two touch.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.corpus.pages.threads import read_threads  # noqa: E402
from analysis.corpus.reading import Reading  # noqa: E402
from analysis.settings import SourceSettings  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
EDGES = (0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)
Truth = Counter[tuple[str, str, str]]  # file, author, text


def clean(text: str) -> str:
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def blog() -> tuple[list[Path], Truth]:
    folder = DATA / "threads"
    truth: Truth = Counter()
    for path in sorted(folder.glob("*.gold.json")):
        name = path.name.replace(".gold.json", ".txt")
        for comment in json.loads(path.read_text(encoding="utf-8"))["comments"]:
            truth[name, comment["author"].strip(), clean(comment["text"])] += 1
    return sorted(folder.glob("*.txt")), truth


def sample() -> tuple[list[Path], Truth]:
    """The sample's threads; its truth has each comment's number of lines, the texts are in the files."""
    folder = ROOT / "data" / "sample"
    sizes: dict[str, list[int]] = {}
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sizes.setdefault(row["source_file"], []).append(int(row["n_paragraphs"]))
    truth: Truth = Counter()
    for source, counts in sizes.items():
        lines = [x.strip() for x in (folder / source).read_text(encoding="utf-8").split("\n") if x.strip()]
        at = len(lines) - sum(counts) - len(counts)
        for n in counts:
            truth[Path(source).name, lines[at], "\n".join(lines[at + 1 : at + 1 + n])] += 1
            at += 1 + n
    return [folder / source for source in sizes], truth


def right(reading: Reading, truth: Truth) -> np.ndarray:
    """Whether each comment that was read is one of the truth's."""
    left, found = truth.copy(), []
    for key in zip(reading.comments["source_file"], reading.comments["author"], reading.comments["text"], strict=True):
        found.append(left[key] > 0)
        left[key] -= 1
    return np.array(found)


def f1(n_right: int, n_read: int, n_true: int) -> float:
    return 2 * n_right / (n_read + n_true)


def by_rule(paths: list[Path], truth: Truth) -> float:
    """F1 of the rule, where the comments begin being known to it."""
    n_comments = Counter(name for name, _, _ in truth.elements())
    first = {}
    for name, author, _ in truth:  # in the order of the file
        first.setdefault(name, author)
    n_right = n_read = 0
    for path in paths:
        lines = [x.strip() for x in path.read_text(encoding="utf-8", errors="replace").split("\n") if x.strip()]
        starts = [i for i, x in enumerate(lines) if x == first.get(path.name)]
        if not n_comments[path.name] or not starts:
            continue
        names = [starts[0]]
        for i in range(starts[0] + 2, len(lines) - 1):
            if i > names[-1] + 1 and len(lines[i]) <= 30 and lines[i][-1] not in ".!?:;,…)\"'”’":
                names.append(i)
        left = truth.copy()
        for at, after in zip(names, [*names[1:], len(lines)], strict=True):
            key = (path.name, lines[at], "\n".join(lines[at + 1 : after]))
            n_right += left[key] > 0
            left[key] -= 1
            n_read += 1
    return f1(n_right, n_read, truth.total())


def reliability(confidence: np.ndarray, ok: np.ndarray) -> list[tuple[float, float, int, float, float]]:
    rows = []
    for low, high in zip(EDGES, EDGES[1:], strict=False):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            rows.append((low, min(high, 1.0), int(inside.sum()), confidence[inside].mean(), ok[inside].mean()))
    return rows


def draw(rows: list[tuple[float, float, int, float, float]], path: str) -> None:
    """The reliability diagram, with Wilson intervals."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from scipy.stats import binomtest

    n, x, y = (np.array(column, dtype=float) for column in list(zip(*rows, strict=True))[2:])
    ranges = [binomtest(round(b * a), int(a)).proportion_ci(method="wilson") for a, b in zip(n, y, strict=True)]
    low, high = np.array([r.low for r in ranges]), np.array([r.high for r in ranges])
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", lw=1)
    axes.errorbar(x, y, [np.maximum(y - low, 0), np.maximum(high - y, 0)], fmt="o", color="#005b8e")
    for count, a, b in zip(n, x, y, strict=True):
        axes.annotate(f" {count:,.0f}", (a, b), va="top", fontsize=8)
    axes.set(xlabel="confidence said (mean of the bin)", ylabel="comments right", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_title("Confidence of a comment's boundaries; n at each point", loc="left", fontsize=9)
    figure.savefig(path, dpi=120)


def speed(paths: list[Path]) -> float:
    """Comments a second, one core: the best of five whole readings."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        n = len(read_threads(paths, SourceSettings(paths=("x",)), paths[0].parent).comments)
        seconds.append(time.perf_counter() - start)
    return n / min(seconds)


def peak(copies: int) -> int:
    """Peak memory (bytes) of reading the blog's threads `copies` times over, each copy with texts of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted((DATA / "threads").glob("*.txt")):
            raw = path.read_bytes()
            for i in range(copies):
                (Path(folder) / f"{path.stem}-{i}.txt").write_bytes(raw + b"\nReader\nThis is copy %d.\n" % i)
        script = "import sys; from pathlib import Path; from analysis.corpus.pages.threads import read_threads; " + (
            "from analysis.settings import SourceSettings; "
            "r = read_threads(sorted(Path(sys.argv[1]).glob('*.txt')), SourceSettings(paths=('x',)), Path(sys.argv[1])); "
            "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(r.comments), "
            "int(r.comments.memory_usage(deep=True).sum() + r.articles.memory_usage(deep=True).sum()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, text=True, check=True
        )
        used, n, tables = map(int, done.stdout.split())
    print(
        f"    {copies * 150:6,} files, {n:7,} comments: peak {used / 1024:6.0f} MiB, of it tables {tables / 2**20:5.0f} MiB"
    )
    return used


def cross() -> None:
    """F1 on the half that was not fitted on."""
    import fit_names

    threads = fit_names.blog_threads()
    invented = fit_names.sample_threads()
    for i in (0, 1):
        w = fit_names.fit(threads[i::2])
        rounded = np.round(w, 1)
        said = fit_names.measure(threads, rounded, slice(1 - i, None, 2))
        other = fit_names.measure(invented, rounded)
        print(f"    fitted on one half of the blog, measured on the other: {said}; on the sample: {other}", flush=True)
    w = np.round(fit_names.fit(invented), 1)
    print(f"    fitted on the sample alone, measured on the blog: {fit_names.measure(threads, w)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--diagram", help="where to write the reliability diagram")
    parser.add_argument("--cross", action="store_true", help="fit on halves, measure on the others")
    given = parser.parse_args()
    corpora = {"sample": sample()}
    if (DATA / "threads").is_dir():
        corpora = {"blog": blog(), **corpora}
    else:
        print("No ../shared/data/threads: the sample alone.")
    for name, (paths, truth) in corpora.items():
        print(f"{name}: {len(paths)} threads, {truth.total():,} comments in truth")
        print(f"    rule “short line without a mark”:   F1 {by_rule(paths, truth):.3f}")
        authors = sorted({author for _, author, _ in truth})
        for label, known in (("no list of names", ()), ("with the names listed", authors)):
            with tempfile.NamedTemporaryFile("w", encoding="utf-8") as names:
                print(*known, sep="\n", file=names, flush=True)
                reading = read_threads(paths, SourceSettings(paths=("x",), authors=names.name), paths[0].parent)
            ok = right(reading, truth)
            n, c = len(ok), reading.comments["boundary_confidence"].to_numpy()
            print(
                f"    {label:22} {n:,} read, precision {ok.mean():.4f}, recall {ok.sum() / truth.total():.4f}, "
                f"F1 {f1(ok.sum(), n, truth.total()):.4f}; at confidence 0.9 or more {ok[c >= 0.9].mean():.4f} right "
                f"(n = {(c >= 0.9).sum():,}); accounts hold: "
                f"{bool((reading.accounting['read'] == reading.accounting[['kept', 'rejected']].sum(axis=1)).all())}"
            )
            if not known:
                rows = reliability(c, ok)
                for low, high, count, said, was in rows:
                    print(
                        f"        confidence {low:.2f} to {high:.2f}: n = {count:5,}, said {said:.3f}, right {was:.3f}"
                    )
                if given.diagram and name == "blog":
                    draw(rows, given.diagram)
        print(f"    speed: {speed(paths):,.0f} comments a second (best of five, one process, one thread)")
    if "blog" in corpora:
        print("memory")
        few, many = peak(1), peak(20)
        print(f"    20 times the files: {many / few:.2f} times the peak")
        if given.cross:
            print("held out")
            cross()
    return 0


if __name__ == "__main__":
    sys.exit(main())
