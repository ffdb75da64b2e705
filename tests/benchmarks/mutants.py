"""Break the code in one place at a time, and see whether a test fails: the share of the breaks that are found.

    python tests/benchmarks/mutants.py [room …] [--n 80] [--seed 1] [--again FILE] [--out FILE]

A mutant has one comparison, operator, number, word, condition or returned value other than the code, in a copy of the
clone. It is given to the tests that reach its line, or to all tests of the room where no test does so alone; where they
pass, it survives. Wording of errors, types and docstrings are left as they are. A room's score has Wilson's interval,
for its mutants are a sample. `--again` tries the survivors that an earlier run wrote.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LARGE = ("bs4", "hypothesis", "pandas", "pyarrow.parquet", "pydantic", "scipy.stats", "sklearn.cluster")  # loaded once
SURE = ("-q", "-x", "--no-header", "-p", "no:nbval", "-p", "no:cacheprovider", "-p", "no:randomly", "-o", "addopts=")


@dataclass(frozen=True)
class Room:
    """Files, of which some functions alone where they are named, and the tests that are to hold them."""

    files: dict[str, tuple[str, ...]]
    tests: tuple[str, ...]


def whole(*files: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys((f"analysis/{file}.py" for file in files), ())


def corpus(*files: str) -> tuple[str, ...]:
    return tuple(f"tests/corpus/test_{file}.py" for file in files)


ROOMS = {
    "intervals": Room(
        whole(*(f"trends/{f}" for f in ("intervals", "errors", "authors", "least_squares", "small_areas"))),
        ("tests/trends",),
    ),
    "change": Room(
        whole(*(f"trends/{f}" for f in ("cusum", "breaks", "contrasts", "kitagawa", "influence", "units"))),
        ("tests/trends",),
    ),
    "dates": Room(
        whole("corpus/dates", "corpus/line_times", "trends/periods"),
        (*corpus("dates", "tables", "threads"), "tests/trends/test_periods.py"),
    ),
    "accounting": Room(
        whole("corpus/exports/tables", "corpus/schema", "corpus/exports/by_comment", "corpus/exports/cells"),
        corpus("accounting", "schema", "tables", "exports", "platforms"),
    ),
    "privacy": Room(
        whole("findings/privacy")
        | {"analysis/corpus/schema.py": ("read_key", "pseudonym", "_authors", "_hidden_words")},
        ("tests/findings/test_privacy.py", "tests/findings/test_masks.py", *corpus("schema")),
    ),
}

# ------------------------------------------------------------------------------------------- what is broken

OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.MatMult: ast.Mult,
}  # fmt: skip
LEFT = {"annotation", "returns", "decorator_list"}  # fields in which nothing is broken


def words_alone(node: ast.AST) -> bool:
    """What is wording: of an error, of what is told while it computes; a docstring; what types import."""
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"tell", "StudyError"}:
        return True
    if isinstance(node, ast.If) and all(isinstance(of, ast.Expr) and words_alone(of.value) for of in node.body):
        return True  # when something is told
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def breaks(tree: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
    """Each node, the field of it that is broken, and the other value."""
    if words_alone(tree):
        return
    match tree:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                yield tree, "ops", [*ops[:i], OTHER[type(op)](), *ops[i + 1 :]]
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in OTHER:
            yield tree, "op", OTHER[type(op)]()
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert(), operand=operand):
            yield tree, "", operand
        case ast.Constant(value=bool() as value):
            yield tree, "value", not value
        case ast.Constant(value=int() | float() as value):
            yield tree, "value", value + 1
        case ast.Constant(value=str() as value) if value:
            yield tree, "value", f"other {value}"
        case ast.Return(value=ast.AST() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield tree, "value", ast.Constant(None)
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.BoolOp):
            yield tree, "test", ast.UnaryOp(ast.Not(), test)
        case ast.comprehension(ifs=[test, *others]) if not isinstance(test, ast.Compare | ast.BoolOp):
            yield tree, "ifs", [ast.UnaryOp(ast.Not(), test), *others]
    for name, field in ast.iter_fields(tree):
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST) and name not in LEFT:
                yield from breaks(child)


def mutants(source: str, functions: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    """Line, what is other there, and the whole source with it."""
    tree = ast.parse(source)
    parts = [n for n in tree.body if getattr(n, "name", "") in functions] if functions else [tree]
    places = [one for part in parts for one in breaks(part)]
    for node, field, value in places:
        was = ast.unparse(node)
        if field:
            kept = getattr(node, field)
            setattr(node, field, value)
            broken, now = ast.unparse(tree), ast.unparse(node)
            setattr(node, field, kept)
        else:  # the operand alone: an addition of nothing keeps the node's place
            kept = copy.copy(node.__dict__), node.__class__
            node.__class__, node.__dict__ = value.__class__, copy.copy(value.__dict__)
            broken, now = ast.unparse(tree), ast.unparse(node)
            node.__dict__, node.__class__ = kept
        yield node.lineno if hasattr(node, "lineno") else 0, f"{was[:160]}  →  {now[:160]}", broken


# ------------------------------------------------------------------------------------------- what finds it


class Reached:
    """Of each line the tests that reach it, and of each test its seconds: a plugin of pytest."""

    def __init__(self, files: list[str]) -> None:
        import coverage

        self.seconds: dict[str, float] = {}
        self.coverage = coverage.Coverage(data_file=None, include=files, config_file=False)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: object) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration

    def found(self) -> dict[str, object]:
        self.coverage.stop()
        data = self.coverage.get_data()
        return {"seconds": self.seconds, "lines": {f: data.contexts_by_lineno(f) for f in data.measured_files()}}


def forked(arguments: list[str], limit: float, reached: list[str] | None = None, out: Path | None = None) -> int | None:
    """Exit code of pytest in a fork of this process, which has the large libraries and nothing of ours; None in time."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.setsid()
        with Path("said.txt").open("w") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        import pytest

        plugins = [Reached(reached)] if reached else []
        code = int(pytest.main([*SURE, *arguments], plugins=plugins))
        if reached:
            out.write_text(json.dumps(plugins[0].found()))
        os._exit(code)
    until = time.monotonic() + limit
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def near(lines: dict[str, list[str]], node_line: int) -> list[str]:
    """The tests that reach a line, or the nearest line above it at which its statement begins."""
    for line in range(node_line, max(node_line - 12, 0), -1):
        if found := lines.get(str(line)):
            return found
    return []


def tried(name: str, room: Room, n: int, seed: int, again: list[dict[str, object]] | None) -> list[dict[str, object]]:
    """A sample of a room's mutants, and what became of each."""
    files = [str(Path(file).resolve()) for file in room.files]
    if code := forked([*room.tests], 3000, files, Path("reached.json")):
        raise SystemExit(
            f"The tests of {name} fail before anything is broken ({code}):\n{Path('said.txt').read_text()[-3000:]}"
        )
    reached = json.loads(Path("reached.json").read_text())
    seconds, every = reached["seconds"], []
    for file, functions in room.files.items():
        every += [(file, *one) for one in mutants(Path(file).read_text(encoding="utf-8"), functions)]
    if again is not None:
        wanted = {(one["file"], one["what"]) for one in again if one["room"] == name and one["how"] == "survived"}
        chosen = [one for one in every if (one[0], one[2]) in wanted]
    else:
        chosen = random.Random(seed).sample(every, min(n, len(every)))
    rows = []
    for number, (file, line, what, broken) in enumerate(chosen):
        path, lines = Path(file), reached["lines"].get(str(Path(file).resolve()), {})
        kept, began = path.read_text(encoding="utf-8"), time.monotonic()
        some = sorted({test for test in near(lines, line) if test}, key=lambda test: seconds.get(test, 0))
        path.write_text(broken, encoding="utf-8")
        try:
            # What runs when a module is imported, or in no test alone, is given to all tests.
            code = forked(some or [*room.tests], 60 + 5 * sum(seconds[test] for test in some or seconds))
        finally:
            path.write_text(kept, encoding="utf-8")
        how = "survived" if code == 0 else "in time" if code is None else "killed"
        rows.append({"room": name, "of": len(every), "file": file, "line": line, "what": what, "how": how})
        took = time.monotonic() - began
        print(f"{name} {number + 1}/{len(chosen)} {how} {took:.0f} s  {file}:{line}  {what}", flush=True)
    return rows


def wilson(killed: int, n: int) -> tuple[float, float]:
    """95 % interval of a share."""
    z, p = 1.959964, killed / n
    middle, half = p + z * z / 2 / n, z * (p * (1 - p) / n + z * z / 4 / n / n) ** 0.5
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", default=[*ROOMS])
    parser.add_argument("--n", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    again = json.loads(given.again.read_text()) if given.again else None
    out = given.out.resolve() if given.out else None
    with tempfile.TemporaryDirectory() as place:
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        subprocess.run(
            ["tar", "-cf", f"{place}/all.tar", "--null", "-T", "-"], cwd=ROOT, input=names, text=True, check=True
        )
        subprocess.run(["tar", "-xf", "all.tar"], cwd=place, check=True)
        os.chdir(place)
        sys.path[:] = [place, *(p for p in sys.path if Path(p or ".").resolve() not in (ROOT, Path(__file__).parent))]
        os.environ |= {"PYTHONPATH": place, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        sys.dont_write_bytecode = True
        for library in LARGE:
            __import__(library)
        rows: list[dict[str, object]] = []
        for name in given.rooms:
            rows += tried(name, ROOMS[name], given.n, given.seed, again)
            if out:
                out.write_text(json.dumps(rows, indent=1, ensure_ascii=False))
        os.chdir(ROOT)
    print("\n| room | mutants, of so many | killed | 95 % interval |\n|---|---|---|---|")
    for name in given.rooms:
        ours = [row for row in rows if row["room"] == name]
        killed = sum(row["how"] != "survived" for row in ours)
        low, high = wilson(killed, max(len(ours), 1))
        print(
            f"| {name} | {len(ours)} of {ours[0]['of'] if ours else 0} | {killed / max(len(ours), 1):.1%} | {low:.1%} to {high:.1%} |"
        )
    for row in rows:
        if row["how"] == "survived":
            print(f"{row['file']}:{row['line']}  {row['what']}")


if __name__ == "__main__":
    main()
