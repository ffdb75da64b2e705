"""Kept parts of an unfinished step: an interrupted run goes on from them instead of beginning anew."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import os
import platform
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path

import numpy as np

PARTS = "parts"  # the folders parts-STEP lie beside the results of steps
PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "bertopic", "wordllama", "vaderSentiment", "py3langid")
PLAIN = {str, int, float, bool, type(None)}  # what JSON gives back as it was


@functools.cache
def made_with() -> dict[str, str]:
    """What results rest on beside their inputs: versions of Python and of packages, digest of our code."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.parent.rglob("*.py")):
        code.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return {**found, "Threadline's code": code.hexdigest()[:20]}


class Parts:
    """Results of a function of parts, a file each, by the digest of all that they rest on.

    A file is the SHA-256 of what follows, then an array as numpy writes it or a list as JSON, and never a pickle: it
    could run code. A result that is neither is not kept, nor is any where the folder cannot be written.

    Parameters
    ----------
    folder : Path
    function : callable
        Importable by name, or a `functools.partial` of such a function.
    """

    def __init__(self, folder: Path, function: Callable[..., object]) -> None:
        self.folder = folder
        self._base = json.dumps([_said(function), made_with()]).encode()

    def path(self, part: Sequence[object]) -> Path:
        """Where the result of a part is, or would be."""
        items = json.dumps(part if isinstance(part, list) else list(part), default=_said).encode()
        return self.folder / f"{hashlib.sha256(self._base + items).hexdigest()[:40]}.part"

    def read(self, part: Sequence[object]) -> Sequence[object] | None:
        """The kept result of a part; None where there is none, or where a byte of it is not as it was written."""
        try:
            kept = self.path(part).read_bytes()
        except OSError:
            return None
        digest, data = kept[:32], kept[32:]
        if hashlib.sha256(data).digest() != digest:
            return None
        result = np.load(io.BytesIO(data), allow_pickle=False) if data[:1] == b"\x93" else json.loads(data)
        return result if len(result) == len(part) else None

    def write(self, part: Sequence[object], result: Sequence[object]) -> None:
        """Keep the result of a part, whole or not at all."""
        data = _bytes(result)
        if data is None:
            return
        path = self.path(part)
        work = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            work.write_bytes(hashlib.sha256(data).digest() + data)
            work.replace(path)
        except OSError:  # a full disk, or a folder that cannot be written
            with contextlib.suppress(OSError):
                work.unlink(missing_ok=True)


def _said(value: object) -> object:
    """A function and its arguments as JSON can write them, the same under every hash seed."""
    if isinstance(value, functools.partial):
        return [_said(value.func), _said(value.args), _said(value.keywords)]
    if isinstance(value, (set, frozenset)):
        return sorted(json.dumps(_said(one)) for one in value)
    if isinstance(value, Mapping):
        return [[_said(key), _said(one)] for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [_said(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        # What takes no part in comparing, as words looked up already, changes no result.
        return [_said(type(value)), [_said(getattr(value, f.name)) for f in fields(value) if f.compare]]
    if isinstance(value, (types.FunctionType, type)) and "<" not in value.__qualname__:
        return f"{value.__module__}.{value.__qualname__}"
    if type(value) in PLAIN:
        return value
    import joblib

    return str(joblib.hash(value, "sha1"))


def _bytes(result: object) -> bytes | None:
    """An array of numbers, a list of plain values or of lists of them; None of what would come back changed."""
    if isinstance(result, np.ndarray) and result.dtype.kind in "fiub":
        stream = io.BytesIO()
        np.save(stream, result, allow_pickle=False)
        return stream.getvalue()
    if not isinstance(result, list):
        return None
    inner = chain.from_iterable(result) if set(map(type, result)) == {list} else result
    return json.dumps(result).encode() if set(map(type, inner)) <= PLAIN else None
