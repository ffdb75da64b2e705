"""Text to every table, from a thousand comments to a million: time, memory, what a step costs and what bounds it.

    python tests/benchmarks/scale.py [--report] [1000 10000 100000 1000000]

Reads ../shared/data/scale (post titles, thread = subreddit and week) and makes a study of whole threads of each size;
where there is no such data, the sample study's comments. Each run is a process of its own, `threadline ingest`, first
with nothing kept, then with nothing changed. Time is of the whole process. Memory is the largest sum of the resident
sets of the process and all that it starts, looked at five times a second: what processes share counts in each; of a
report also what they have if that is divided among them (PSS), where the system says it. Cores
are the processor time of all of them by the time that passed; when a step began and ended says what it kept. AMI and ARI
are with the subreddits or the sample's themes. --report makes the report of what was kept as well, and says its time, its
memory and that of its largest process. `beside.py` sets the same beside other methods.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.settings import TopicSettings  # noqa: E402

DATA = ROOT.parent / "shared" / "data" / "scale" / "reddit_titles_1m.parquet"
BLOG = ROOT.parent / "shared" / "data" / "comments" / "haacked_comments.parquet"
SAMPLE = ROOT / "data" / "sample"
SIZES = (1_000, 10_000, 100_000)
EVERY = 0.2  # seconds between two looks at the processes: a look takes 3 ms
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
STUDY = """title = "Scale"
seed = {seed}
[source]
paths = ["comments.parquet"]
timezone = "UTC"
licence = "PDDL 1.0"
[source.columns]
text = "text"
comment_id = "comment_id"
article_id = "thread_id"
posted_at = "date"
[topics]
context = {context!r}
"""


def texts_of(n: int) -> pd.DataFrame:
    """Whole threads, drawn by chance, of n texts together or a few less; `label` is what agreement is measured with."""
    if DATA.is_file():
        table = pd.read_parquet(DATA).rename(columns={"subreddit": "label"})
    else:
        from analysis.study import open_study

        truth = pd.read_csv(SAMPLE / "truth.csv", keep_default_na=False).set_index("comment_id")["theme"]
        table = open_study(SAMPLE).corpus.comments.rename(columns={"article_id": "thread_id", "posted_at": "date"})
        table = table.assign(label=table["comment_id"].map(truth).where(lambda label: label != "none"))
        table = table[["thread_id", "comment_id", "date", "text", "label"]]
    threads = table["thread_id"].drop_duplicates().sample(frac=1, random_state=0)
    size = table["thread_id"].value_counts().reindex(threads).cumsum()
    return table[table["thread_id"].isin(set(threads[(size <= n).to_numpy()]))].reset_index(drop=True)


def long_texts_of(n: int) -> pd.DataFrame:
    """Comments of 300 letters and more (some 600 on average) of one blog, without labels.

    Where there are fewer than n they are repeated, in threads of their own, each time without some other tenth of the
    words: too little alike for a near duplicate.
    """
    rng, once, parts = np.random.default_rng(0), pd.read_parquet(BLOG), []
    once = once.loc[once["text"].str.len() >= 300, ["thread_id", "comment_id", "date", "text"]]
    while sum(map(len, parts)) < n:
        words = [np.array(text.split(" ")) for text in once["text"]]
        texts = [" ".join(of[rng.random(len(of)) >= 0.1]) for of in words] if parts else once["text"]
        parts.append(
            once.assign(text=texts, **{key: once[key] + f"-{len(parts)}" for key in ("thread_id", "comment_id")})
        )
    table = pd.concat(parts, ignore_index=True)
    return table.iloc[:n].assign(label=pd.NA)


def sizes_there(sizes: list[int]) -> list[int]:
    """Sizes that the data has; the sample is some 3,000 comments."""
    return sizes if DATA.is_file() else sorted({min(n, 3_000) for n in sizes})


@dataclass(frozen=True)
class Ran:
    """A process that ended well: its start (seconds since 1970), seconds, processor seconds, the most GiB; and looks.

    `largest` is the most GiB of any one process, `shared` of all where what they share counts once; nan if unknown.

    A look is when it was, processor seconds so far, GiB, and for how long the machine's cores have had nothing to do.
    """

    began: float
    seconds: float
    cpu: float
    gib: float
    largest: float
    shared: float
    looks: np.ndarray

    def between(self, start: float, end: float) -> dict[str, float]:
        """Between two moments: seconds, processor seconds, seconds of idle cores, and the most GiB."""
        when, cpu, gib, idle = self.looks.T
        inside = gib[(when >= start) & (when <= end)]
        spent, unused = (float(np.diff(np.interp([start, end], when, of))[0]) for of in (cpu, idle))
        return {"seconds": end - start, "cpu": spent, "idle": unused, "GiB": max(inside, default=np.nan)}


def run(command: list[str], pss: bool = False, **env: str) -> Ran:
    """Run a command from the repository's root, and watch it and all that it starts; `pss`, which is slow, too."""
    import psutil  # not asked of the other methods' interpreter

    def look() -> tuple[float, float, float, float]:
        nonlocal largest, shared
        machine, cpu, size, once = psutil.cpu_times(), 0.0, 0, 0
        for process in (tree, *tree.children(recursive=True)):
            try:
                cpu += sum(process.cpu_times()[:4])  # user, system, and those of children that have ended
                size += (one := process.memory_info().rss)
                largest = max(largest, one / 2**30)
                once += getattr(process.memory_full_info(), "pss", 0) if pss else 0
            except psutil.Error:  # it has just ended
                continue
        shared = max(shared, once / 2**30)
        return time.time(), cpu, size / 2**30, machine.idle + getattr(machine, "iowait", 0.0)

    largest = shared = 0.0
    with tempfile.TemporaryFile("w+") as said:
        began = time.time()
        child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env}, stdout=said, stderr=said)
        tree = psutil.Process(child.pid)
        looks = [(began, 0.0, *look()[2:])]
        try:
            while not (ended := os.wait4(child.pid, os.WNOHANG))[0]:
                looks.append(look())
                time.sleep(EVERY)
        except BaseException:
            child.kill()
            raise
        child.returncode = os.waitstatus_to_exitcode(ended[1])
        if child.returncode:
            said.seek(0)
            lines = said.read().strip().splitlines() or ["it said nothing"]
            raise ChildProcessError(f"ended with {child.returncode}: {lines[-1][:300]}")
    used = ended[2]
    largest = max(largest, used.ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20))  # a peak is never missed
    seconds, cpu = time.time() - began, used.ru_utime + used.ru_stime
    looks.append((began + seconds, max(cpu, looks[-1][1]), *looks[-1][2:]))
    table = np.array(looks)
    return Ran(began, seconds, cpu, max(largest, float(table[:, 2].max())), largest, shared or np.nan, table)


def agreement(label: pd.Series, topic: np.ndarray) -> dict[str, float]:
    """AMI and ARI with labels, of the texts that have one; unassigned texts count as one more topic."""
    has = label.notna().to_numpy()
    if not has.any():
        return {"AMI": np.nan, "ARI": np.nan}
    of = label[has], np.asarray(topic)[has]
    return {"AMI": float(adjusted_mutual_info_score(*of)), "ARI": float(adjusted_rand_score(*of))}


def about(topic: np.ndarray) -> dict[str, float]:
    return {"topics": len(set(topic[topic >= 0].tolist())), "unassigned": float((topic < 0).mean())}


def ours(
    table: pd.DataFrame, seed: int = 1, context: float | str = TopicSettings.context, report: bool = False
) -> tuple[dict[str, object], list[dict[str, object]], np.ndarray]:
    """`threadline ingest` on a table: a row of the whole, a row of each step, and the topic of each text."""
    from analysis.run.store import FOLDER, entries

    with tempfile.TemporaryDirectory() as place:
        study, out = Path(place) / "study", Path(place) / "out"
        study.mkdir()
        table.drop(columns="label").to_parquet(study / "comments.parquet", index=False)
        (study / "study.toml").write_text(STUDY.format(seed=seed, context=context))
        command = [sys.executable, "-m", "analysis", "ingest", str(study), "--out", str(out)]
        once = run(command, PYTHONHASHSEED=str(seed))
        ends = {entry.step: (entry.seconds, entry.written_at) for entry in entries(study / FOLDER) if entry.step}
        tables = json.loads((out / "provenance.json").read_text())["steps"]["tables"]["seconds"]
        again = run(command, PYTHONHASHSEED=str(seed))
        if report:
            ran = run([*command[:3], "report", str(study), "--out", str(out)], pss=True)
            sizes = f"{ran.gib:.2f} GiB ({ran.shared:.2f} PSS), its largest process {ran.largest:.2f}"
            print(f"report of {len(table):,}, results kept: {ran.seconds:.0f} s, {sizes}", flush=True)
        found = pd.read_parquet(out / "tables" / "comments.parquet").set_index("comment_id")["topic"]
    topic = found.reindex(table["comment_id"]).fillna(-1).to_numpy("int64")
    row = {"seconds": once.seconds, "unchanged": again.seconds, "cpu": once.cpu, "GiB": once.gib}
    return {**row, **about(topic), **agreement(table["label"], topic)}, _steps(once, ends, tables), topic


def _steps(whole: Ran, ends: dict[str, tuple[float, float]], tables: float) -> list[dict[str, object]]:
    """What the start, each step, and the writing of tables took; what lies between steps is the writing's."""
    start = whole.began + whole.seconds - tables
    spans = {"start": (whole.began, start)}
    spans |= {step: (end - seconds, end) for step, (seconds, end) in sorted(ends.items(), key=lambda of: of[1][1])}
    rows = [{"step": step, **whole.between(*span)} for step, span in spans.items()]
    all_of, last = whole.between(whole.began, whole.began + whole.seconds), max(end for _, end in spans.values())
    rest = {key: max(0.0, value - sum(row[key] for row in rows)) for key, value in all_of.items()}
    return [*rows, {"step": "tables", **rest, "GiB": whole.between(last, np.inf)["GiB"]}]


def bound(step: dict[str, float]) -> str:
    """What bounds a step, by the processor time that it, and all else on the machine, took in the time that passed."""
    seconds = step["seconds"]
    if seconds < 1:  # five looks
        return "too short to tell"
    busy = step["cpu"] / seconds
    idle = step["idle"] / seconds
    others = (os.cpu_count() or 1) - idle - busy
    said = f"{busy:.1f} of {CORES} cores: "
    if busy >= 0.85 * CORES:
        return said + "the processor"
    if others > 0.25 > idle:
        return said + f"other work had {others:.1f}"
    if busy < 0.75:
        return said + "disk, or processes that start"
    return said + ("one core" if busy < 1.15 else "one core in part")


def _gib(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def page(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def growth(table: pd.DataFrame) -> str:
    """Our runs, a row a size, and under them our steps' seconds per 1,000 comments and what bounds them at the last."""
    rows, sizes = [], table["n"].unique()
    for row in table[table["step"] == "all"].to_dict("records"):
        each = f"{row['seconds']:.1f}", f"{1_000 * row['seconds'] / row['comments']:.2f}", f"{row['GiB']:.2f}"
        rest = f"{row['unchanged']:.1f}", f"{row['cpu'] / row['seconds']:.1f} of {CORES}", f"{row['AMI']:.3f}"
        rows.append([f"{row['comments']:,.0f}", *each, *rest])
    steps = []
    for step, of in table[table["step"] != "all"].groupby("step", sort=False):
        per = (1_000 * of["seconds"] / of["comments"]).set_axis(of["n"]).reindex(sizes)
        last = of.iloc[-1]
        steps.append([str(step), *(f"{value:.3f}" for value in per), _gib(last["GiB"]), bound(last.to_dict())])
    heads = ["seconds per 1,000 comments", *(f"of {n:,}" for n in sizes), "GiB", "bound by"]
    whole = ["comments", "seconds", "per 1,000", "GiB", "nothing changed, seconds", "cores", "AMI"]
    return f"{page(whole, rows)}\n\n{page(heads, steps)}"


def main() -> None:
    rows, asked = [], [of for of in sys.argv[1:] if of != "--report"]
    for n in sizes_there([int(n) for n in asked] or list(SIZES)):
        table = texts_of(n)
        row, steps, _ = ours(table, report="--report" in sys.argv)
        rows += [{"n": n, "comments": len(table), "step": "all", **of} for of in (row, *steps)]
        print(growth(pd.DataFrame(rows)), end="\n\n", flush=True)


if __name__ == "__main__":
    try:
        main()
    except ChildProcessError as error:
        sys.exit(str(error))
