"""What results rest on beside their inputs: packages, Python and our code."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "bertopic", "wordllama", "vaderSentiment", "py3langid")
CODE = (".py", ".toml", ".json")  # modules, and the words and weights beside them


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of packages, by name."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@functools.cache
def made_with() -> dict[str, str]:
    """What results rest on beside their inputs: versions of Python and of packages, digest of our code."""
    home, code = Path(__file__).parent.parent, hashlib.sha256()
    for path in sorted(path for path in home.rglob("*") if path.suffix in CODE):
        code.update(f"{path.relative_to(home).as_posix()} {path.stat().st_size}\n".encode() + path.read_bytes())
    return {"Python": platform.python_version(), **versions(PACKAGES), "Threadline's code": code.hexdigest()[:20]}
