"""What the documentation takes from the code, written to docs/generated/: settings, commands, architecture, tutorial.

`python docs/generate.py`, which `make docs` runs. Nothing of it is committed, so nothing of it can be out of date.
"""

from __future__ import annotations

import ast
import base64
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "generated"


def cell(text: object) -> str:
    """Text inside a Markdown table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def settings() -> str:
    """Every key of study.toml: what it may be, its default, and the comment that stands with it in settings.py."""
    from analysis import settings as s

    path = Path(s.__file__)
    lines = path.read_text(encoding="utf-8").splitlines()
    classes = {node.name: node for node in ast.parse("\n".join(lines)).body if isinstance(node, ast.ClassDef)}
    said = []
    kinds = {"": "Settings"} | {name: f"{'Topic' if name == 'topics' else name.title()}Settings" for name in s.SECTIONS}
    for section, name in kinds.items():
        fields = getattr(s, name).__pydantic_fields__
        said += [f"## `[{section}]`" if section else "## At the top", "", f"{ast.get_docstring(classes[name])}", ""]
        said += ["| key | default | what |", "|---|---|---|"]
        for node in classes[name].body:
            if not isinstance(node, ast.AnnAssign) or node.target.id in ("folder", *s.SECTIONS):
                continue
            key, field = node.target.id, fields[node.target.id]
            above = node.lineno - 1
            while above and lines[above - 1].lstrip().startswith("#"):
                above -= 1
            notes = [line.strip().removeprefix("#") for line in lines[above : node.lineno - 1]]
            notes += re.findall(r"(?<!['\"\w])#( [^\"']+)$", lines[node.end_lineno - 1])
            literals = re.findall(r"'([^']*)'", str(field.annotation)) if "Literal" in str(field.annotation) else []
            may = field.description or ", ".join(f'"{value}"' for value in literals)
            default = "must be given" if field.is_required() else toml(field.default)
            what = "; ".join(part for part in (may, " ".join(note.strip() for note in notes)) if part)
            said.append(f"| `{key}` | {default} | {cell(what)} |")
        said.append("")
    return "\n".join(said)


def toml(value: object) -> str:
    """A default as study.toml would say it."""
    if value is None or value == "" or value == {}:
        return "none"
    shown = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    shown = shown or (
        f'"{value}"' if isinstance(value, str) else str(list(value) if isinstance(value, tuple) else value)
    )
    return f"`{shown}`"


def commands() -> str:
    """The program's own help, command by command."""
    import analysis.cli  # noqa: F401 (which makes them)
    from analysis.commands import COMMANDS

    said = []
    for name, (function, options) in COMMANDS.items():
        said += [f"## `threadline {name}`", "", str(function.__doc__), "", "| given | what |", "|---|---|"]
        for called, given in options:
            shown = given.get("metavar") or "|".join(given.get("choices", ()))
            said.append(f"| `{called if called.startswith('-') else shown}` "
                        f"{f'`{shown}`' if called.startswith('-') and shown else ''} | {cell(given.get('help', ''))} |")  # fmt: skip
        said.append("")
    return "\n".join(said)


def layers() -> list[str]:
    """The packages in the order of the data, as the contract in pyproject.toml has them."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        name.removeprefix("analysis.") for name in reversed(project["tool"]["importlinter"]["contracts"][0]["layers"])
    ]


def imports() -> Counter[tuple[str, str]]:
    """How many files of a package import from another one, by the pair."""
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        home = path.relative_to(ROOT / "analysis").with_suffix("").parts[0]
        seen = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("analysis"):
                continue
            names = [node.module] if node.module != "analysis" else [f"analysis.{a.name}" for a in node.names]
            seen |= {name.split(".")[1] for name in names if "." in name}
        found.update((home, other) for other in seen if other != home)
    return found


def architecture() -> str:
    """A table of the packages, and the figure of what imports what."""
    order, found = layers(), imports()
    said = ["![Which package imports from which; the table has the same](architecture.svg)", ""]
    said += ["| package | what | files | imports from (in so many files) |", "|---|---|---|---|"]
    for name in order:
        place = ROOT / "analysis" / name
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
        head = place / "__init__.py" if place.is_dir() else files[0]
        doc = (ast.get_docstring(ast.parse(head.read_text(encoding="utf-8"))) or "").split("\n")[0]
        of = ", ".join(f"{other} ({found[name, other]})" for other in order if found[name, other])
        said.append(f"| `{name}` | {cell(doc)} | {len(files)} | {of} |")
    return "\n".join([*said, ""])


def drawn() -> bytes:
    """The same as arcs beside the packages, wider for more files."""
    import io

    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "architecture", "svg.fonttype": "none", "font.size": 11})
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch

    order, found = layers(), imports()
    figure = Figure(figsize=(7, 5.2))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 7), ylim=(len(order) - 0.4, -0.6))
    axes.axis("off")
    for i, name in enumerate(order):
        axes.text(
            3.5,
            i,
            name,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.35", "fc": "#eef3f6", "ec": "#33505f"},
        )
    for (name, other), n in sorted(found.items()):
        if name in order and other in order:
            a, b = order.index(name), order.index(other)
            x = 2.75 if (a + b) % 2 else 4.25
            bend = (0.45 if (a + b) % 2 else -0.45) * (1 if a > b else -1)
            axes.add_patch(FancyArrowPatch((x, a), (x, b), connectionstyle=f"arc3,rad={-bend}", arrowstyle="-|>",
                                           mutation_scale=9, linewidth=0.4 + 0.12 * n, color="#33505f", alpha=0.65))  # fmt: skip
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def tutorial() -> tuple[str, dict[str, bytes]]:
    """The tutorial's notebook with what it shows, as Markdown, and its pictures."""
    import nbformat

    book = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    said, pictures = [], dict[str, bytes]()
    for part in book.cells:
        if part.cell_type == "markdown":
            said += [part.source, ""]
            continue
        said += ["```python", part.source, "```", ""]
        for output in part.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"tutorial-{len(pictures) + 1}.png"
                pictures[name] = base64.b64decode(data["image/png"])
                alt = output.get("metadata", {}).get("image/png", {}).get("alt") or data.get("text/plain", "A figure")
                said += [f"![{cell(alt)}](../generated/{name})".replace("../generated/", ""), ""]
            elif text := output.get("text") or data.get("text/plain"):
                said += ["```text", text.rstrip("\n"), "```", ""]
    return "\n".join(said), pictures


def main() -> None:
    """Write all of it."""
    OUT.mkdir(exist_ok=True)
    for name, text in (("settings", settings()), ("commands", commands()), ("architecture", architecture())):
        (OUT / f"{name}.md").write_text(text, encoding="utf-8")
    (OUT / "architecture.svg").write_bytes(drawn())
    text, pictures = tutorial()
    (OUT / "tutorial.md").write_text(text, encoding="utf-8")
    for name, data in pictures.items():
        (OUT / name).write_bytes(data)


if __name__ == "__main__":
    main()
