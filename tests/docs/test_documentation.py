"""The documentation: every block of code and TOML runs, every link leads somewhere, what it takes from the code is whole.

Each page has a folder of its own, with the study `mystudy` that a reader would have by then. `<!-- file: NAME -->` before a
block says that the block is that file. Of shell blocks the lines of `threadline` are run (`report` once, in the tutorial; here it
writes its tables and no page), of other programs it is held that what they name exists.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import cli
from analysis.settings import Settings
from analysis.study_file import read_settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "data/README.md")),
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "generated" not in p.parts),
]
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<kind>\S*)[^\n]*\n(?P<body>.*?)^ *(?P=ticks) *$", re.M | re.S)
MARK = re.compile(r"<!-- (file|not run): (.+?) -->\s*\Z")
# What of a shell is not ours to run: installs, other people's programs, and what opens a window or a network.
OTHERS = {
    "pip",
    ".",
    "dask",
    "helm",
    "python3",
    "npx",
    "rm",
    "build/others/bin/pip",
    "uv",
    "git",
    "cd",
    "export",
    "openssl",
}


@dataclass
class Block:
    """A fenced block of a page: its language, its text, and the file that it is or the reason why it is not run."""

    kind: str
    text: str
    line: int
    file: str = ""
    not_run: str = ""


def blocks(page: Path) -> list[Block]:
    text, found = page.read_text(encoding="utf-8"), []
    for match in FENCE.finditer(text):
        indent = len(match["indent"])
        body = "\n".join(line[indent:] for line in match["body"].splitlines()) + "\n"
        block = Block(match["kind"], body, text[: match.start()].count("\n") + 1)
        if mark := MARK.search(text[: match.start()]):
            setattr(block, mark[1].replace(" ", "_"), mark[2])
        found.append(block)
    return found


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


COMMENTS = 60


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder in which `mystudy` is a small study, with the files that pages speak of."""
    for variable in ("THREADLINE_STUDY", "THREADLINE_TITLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    rng, words = np.random.default_rng(1), ["bridge", "ferry", "awful", "good", "council", "school", "tram", "late"]
    days = pd.Timestamp("2022-06-01", tz="UTC") + pd.to_timedelta(np.sort(rng.integers(0, 700, COMMENTS)), unit="D")
    texts = [" ".join(rng.choice(words, 6)) for _ in range(COMMENTS)]
    table = pd.DataFrame(
        {
            "thread": [f"t{i % 12}" for i in range(COMMENTS)],
            "user": "Ann",
            "date": days.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "body": texts,
        }
    )
    folder = tmp_path / "mystudy"
    folder.mkdir()
    table.to_csv(folder / "comments.csv", index=False)
    (folder / "study.toml").write_text(
        'title = "Mine"\n[source]\npaths = ["comments.csv"]\n[time]\nperiod = "quarter"\nevents = { "closed" = 2023-02-16 }\n'
    )
    return tmp_path


def threadline(line: str, place: Path) -> None:
    arguments = shlex.split(line, comments=True)[1:]
    parsed = vars(cli.parser().parse_args(arguments))
    if (
        arguments[0] == "lab" or "://" in line or (arguments[0] == "code" and not parsed["coders"])
    ):  # a browser, a network
        return
    if arguments[0] == "report":
        arguments = ["ingest", parsed["study"], *(["--out", parsed["out"]] if parsed["out"] else [])]
    if arguments[0] == "new":  # a page that makes its study has none before
        arguments = [one for one in arguments if "…" not in one]
        for file in parsed["files"]:
            if "*" in file:
                arguments[arguments.index(file)] = "mystudy/comments.csv"
        (place / "mystudy" / "study.toml").unlink(missing_ok=True)
    if arguments[0] == "verify" or parsed.get("privacy"):  # want a finished report
        (place / "reports" / "mystudy").mkdir(parents=True, exist_ok=True)
        (place / "reports" / "mystudy" / "index.html").write_text("<p>a page</p>")
    assert cli.main(arguments) == 0, line


def shell(block: Block, place: Path) -> None:
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "threadline":
            threadline(line, place)
        elif words[0] == "make":
            targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.M)
            assert words[1] in targets, f"make has no target {words[1]!r}"
        elif words[0] == "python" and words[1].endswith(".py"):
            source = (ROOT / words[1]).read_text(encoding="utf-8")
            assert all(word.split("=")[0] in source for word in words[2:] if word.startswith("--")), line
        else:
            assert words[0] in OTHERS, f"{words[0]!r} is a program that this test does not know"


def merged(base: dict, over: dict) -> dict:
    return base | {k: merged(base.get(k, {}), v) if isinstance(v, dict) else v for k, v in over.items()}


def settings(block: Block, place: Path) -> None:
    """TOML of a page is a study.toml, or a part of one."""
    given = merged({"title": "T", "source": {"paths": ["comments.csv"]}}, tomllib.loads(block.text))
    folder = place / "toml"
    folder.mkdir(exist_ok=True)
    for file in place.glob("*.txt"):
        (folder / file.name).write_bytes(file.read_bytes())
    given = Settings(folder=folder, **given)
    text = block.text if "title" in tomllib.loads(block.text) else f'title = "T"\n{block.text}'
    text += "" if "[source]" in text else '[source]\npaths = ["comments.csv"]\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    assert read_settings(folder) == given


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_of_a_page_runs(page, place, capsys):
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.file:
            (place / block.file).parent.mkdir(parents=True, exist_ok=True)
            (place / block.file).write_text(block.text, encoding="utf-8")
        elif block.not_run or block.kind.startswith("{") or block.kind == "text":
            pass
        elif block.kind == "python":
            exec(compile(block.text, f"{name(page)}:{block.line}", "exec"), names)  # noqa: S102
        elif block.kind == "toml":
            settings(block, place)
        elif block.kind == "sh":
            shell(block, place)
        else:
            raise AssertionError(
                f"{name(page)}:{block.line}: a block of {block.kind!r}: say its language, or that it is text"
            )


def slugs(page: Path) -> set[str]:
    heads = re.findall(r"^#+ +(.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name)
def test_every_link_of_a_page_leads_somewhere(page):
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))
    for target in re.findall(r"\]\(<?([^)>\s]+)>?\)", text):
        if re.match(r"[a-z]+:", target):
            assert re.fullmatch(r"(https|mailto):\S+", target), target
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists() or "generated" in file, f"{name(page)}: {target}"
        assert not anchor or anchor in slugs(place), f"{name(page)}: {target}"


def test_every_page_is_in_the_table_of_contents():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    inside = {entry for tree in re.findall(r"```\{toctree\}(.*?)```", index, flags=re.S) for entry in tree.split()}
    pages = {p.relative_to(ROOT / "docs").with_suffix("").as_posix() for p in PAGES if "docs" in p.parts}
    assert pages - {"index"} <= inside


def test_readme_is_short():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 200


def test_each_key_each_command_and_each_package_has_its_words(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import generate

    for text in (generate.settings(), generate.commands(), generate.architecture()):
        rows = [row for row in text.splitlines() if row.startswith("| `")]
        assert rows and all(row.split("|")[-2].strip() or "`settings`" in row for row in rows)
    keys = set(re.findall(r"^\| `(\w+)`", generate.settings(), flags=re.M))
    assert {"title", "seed", "paths", "instrument", "n_topics", "scheduler", "quotes", "period"} <= keys
    assert [
        row.split("`")[1] for row in generate.architecture().splitlines() if row.startswith("| `")
    ] == generate.layers()


def test_each_table_that_is_written_is_documented():
    from analysis.findings.tables import TABLES, table_file

    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert [table for table in TABLES if f"`{table_file(table)}`" not in card] == []


def test_the_benchmarks_that_figures_cite_exist():
    cited = set(re.findall(r"`(\w+\.py)[ `]", (ROOT / "docs" / "measured.md").read_text(encoding="utf-8")))
    assert cited and [file for file in cited if not (ROOT / "tests" / "benchmarks" / file).is_file()] == []


def test_make_knows_what_readme_says():
    said = set(re.findall(r"`(?:STUDY=folder )?make ([a-z-]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    done = subprocess.run(
        ["make", "-n", "-o", "install", *sorted(said - {"clean"})], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
