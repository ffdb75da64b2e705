"""What a clone promises: the lists of packages agree, the lock is whole and names no address, no machine is named."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def listed() -> set[str]:
    extras = PROJECT["project"]["optional-dependencies"]
    return {requirement.casefold() for requirement in [*PROJECT["project"]["dependencies"], *extras["dev"]]}


def test_conda_and_pip_users_get_the_same_packages():
    lines = (ROOT / "environment.yml").read_text().split("dependencies:")[1].splitlines()
    named = {line.strip().removeprefix("- ") for line in lines if line.strip().startswith("- ")}
    named -= {"pip", "pip:", f"python{PROJECT['project']['requires-python']}"}
    assert named == listed()


def test_the_lock_pins_every_package_by_hash_and_names_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([A-Za-z0-9._-]+)==", lock, flags=re.M)
    assert not re.search(r"https?://|--index|--extra-index|--find-links|file:", lock)
    blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", lock, flags=re.M)[1:]
    assert len(blocks) == len(pins) and all("--hash=sha256:" in block for block in blocks)
    names = {name.casefold().replace("_", "-") for name in pins}
    wanted = {re.split(r"[>=<\[ ]", r)[0] for r in listed()}
    assert wanted <= names
    assert not names & {"torch", "sentence-transformers", "umap-learn", "hdbscan", "transformers"}
    assert not any(name.startswith(("nvidia", "cuda")) for name in names)


def test_packages_import_in_the_order_of_the_data():
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout


def tracked() -> list[Path]:
    try:
        out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in out.decode().split("\0") if name]


def test_nothing_that_is_committed_names_this_machine():
    home = re.compile(rf"{re.escape(str(ROOT.parent))}/|{re.escape(str(Path.home()))}/|/home/[a-z]+/|/Users/[A-Za-z]+/")
    named = [
        path.name
        for path in tracked()
        if path.is_file()
        and path.suffix not in {".png", ".parquet"}
        and home.search(path.read_text("utf-8", "replace"))
    ]
    assert named == []


@pytest.mark.parametrize("book", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_is_clean(book):
    cells = json.loads(book.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(cells) <= 25
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), "not executed in order"
    for cell in code:
        assert not re.search(r"^\s*(def|class) ", "".join(cell["source"]), flags=re.M), "functions live in analysis/"
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr"
    assert cells[0]["source"][0].startswith("# ") and cells[0]["source"][0].strip().endswith("?"), (
        "opens with the question"
    )


def test_no_message_names_what_a_wheel_does_not_have():
    named = []
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(n.body[0].value)
            for n in ast.walk(tree)
            if isinstance(n, DOCUMENTED) and ast.get_docstring(n) is not None
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                named += [f"{path.name}:{node.lineno}"] * bool(re.search(r"\bdocs/|README|CONTRIBUTING", node.value))
    assert named == []
