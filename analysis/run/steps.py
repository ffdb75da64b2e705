"""Steps: what is computed once and kept, and what it is made from, from which its digest follows.

A step gets nothing but what it declares: settings and files by name, and results of the steps that it needs. Its code
is found: the module that it stands in, and all that this imports, ours and others'.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Generic, TypeVar

from analysis.run.context import Run
from analysis.run.parts import KeptParts
from analysis.run.store import PART, Store, Values, digest_of, digest_of_file, work_folder
from analysis.settings import Settings

T = TypeVar("T")
Files = Callable[[Settings], Mapping[str, Path]]

HOME = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}  # where the names differ
IMPORT = re.compile(r"^ *(?:from +([\w.]+) +import +\(?([\w, ]*)|import +([\w.]+))", re.MULTILINE)


@dataclass(frozen=True)
class Step(Generic[T]):
    """One thing that is computed and kept.

    Attributes
    ----------
    name : str
    compute : callable
        Takes what is `Given` and a `Run`; gives values by name (`store.Value`), or one table.
    settings : tuple of str
        The settings that it reads: a section ("topics") or one of its keys ("time.period").
    files : callable, optional
        The files that it reads, by the names that tables and provenance show; of the settings.
    needs : tuple of Step
        Whose results it takes.
    versions : callable, optional
        What it rests on that no import shows, as the model that a setting names; of the settings and the study folder.
    opened : callable, optional
        Makes of the kept values what others get; by default the one table, or the values.
    """

    name: str
    compute: Callable[[Given, Run], Values | object] = field(repr=False)
    settings: tuple[str, ...] = ()
    files: Files | None = field(default=None, repr=False)
    needs: tuple[Step, ...] = ()
    versions: Callable[[Settings], object] | None = field(default=None, repr=False)
    opened: Callable[[Values], T] | None = field(default=None, repr=False)


def step(
    *,
    name: str = "",
    settings: Iterable[str] = (),
    files: Files | None = None,
    needs: Iterable[Step] = (),
    versions: Callable[[Settings], object] | None = None,
    opened: Callable[[Values], T] | None = None,
) -> Callable[[Callable[[Given, Run], Values | object]], Step[T]]:
    """Make a step of a function: see `Step`. Its name is the function's unless said."""

    def made(compute: Callable[[Given, Run], Values | object]) -> Step[T]:
        return Step(name or compute.__name__, compute, tuple(settings), files, tuple(needs), versions, opened)

    return made


@dataclass(frozen=True)
class Given:
    """What a step may read.

    Attributes
    ----------
    settings : namespace
        The settings that it declares, and no other.
    files : dict of str to Path
        The files that it declares, by name.
    folder : Path
        The study folder, for what names files relative to it; a file read from it must be declared.
    """

    settings: SimpleNamespace
    files: dict[str, Path]
    folder: Path
    _results: Callable[[Step], object] = field(repr=False)

    def __getitem__(self, other: Step[T]) -> T:
        """The result of a step that is needed."""
        return self._results(other)  # type: ignore[return-value]


# ------------------------------------------------------------------------------------------------ digests


@functools.cache
def _imports(module: str) -> tuple[bytes, frozenset[str], frozenset[str]]:
    """A module's source, the modules of ours that it imports, and the distributions."""
    path = HOME.joinpath(*module.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    source, ours, others = path.read_bytes(), set(), set()
    for found in IMPORT.finditer(source.decode()):
        named = found[1] or found[3]
        root = named.split(".")[0]
        if root != HOME.name:
            if root not in sys.stdlib_module_names and root != "__future__":
                others.add(DISTRIBUTIONS.get(root, root))
            continue
        below = [f"{named}.{name.strip().split(' ')[0]}" for name in (found[2] or "").split(",") if name.strip()]
        ours.update(name for name in (named, *below) if name != HOME.name and _is_module(name))
    beside = [path.with_suffix(ending) for ending in (".toml", ".json")]  # words and weights of a module
    source += b"".join(data.read_bytes() for data in beside if data.is_file())
    return source, frozenset(ours), frozenset(others)


def _is_module(name: str) -> bool:
    path = HOME.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@functools.cache
def modules_of(module: str) -> tuple[str, ...]:
    """A module of ours and all of ours that it imports, directly or not, sorted."""
    found, new = set(), {module}
    while new:
        found |= new
        new = {name for one in new for name in _imports(one)[1]} - found
    return tuple(sorted(found))


@functools.cache
def code_of(module: str) -> str:
    """Digest of a module's code, of all that it imports, and of the versions of the packages among that."""
    modules = modules_of(module)
    packages = sorted({name for one in modules for name in _imports(one)[2]})
    return digest_of([_imports(one)[0].decode() for one in modules], {name: _version(name) for name in packages})


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "" if importlib.util.find_spec(package) is None else "there"


def declared(settings: Settings, names: Iterable[str]) -> dict[str, object]:
    """Some settings by their dotted names, a section as a dict of its keys."""
    found: dict[str, object] = {}
    for name in names:
        value = functools.reduce(getattr, name.split("."), settings)
        found[name] = asdict(value) if is_dataclass(value) else value  # type: ignore[arg-type]
    return found


def _namespace(settings: Settings, names: Iterable[str]) -> SimpleNamespace:
    """The same settings as attributes: a section as it is where all of it is declared, else those keys alone."""
    out = SimpleNamespace()
    for name in sorted(names):
        section, _, key = name.partition(".")
        value = getattr(settings, section)
        if key:
            part = getattr(out, section, None) or SimpleNamespace()
            setattr(part, key, getattr(value, key))
            value = part
        setattr(out, section, value)
    return out


# ------------------------------------------------------------------------------------------------- results


@dataclass
class Results:
    """The results of a study's steps: computed when first asked for, kept, and shared by studies that are alike.

    Attributes
    ----------
    settings : Settings
    run : Run
        On what steps are computed.
    store : Store
    """

    settings: Settings
    run: Run
    store: Store
    _memory: dict[str, object] = field(default_factory=dict, repr=False)
    _digests: dict[Step, str] = field(default_factory=dict, repr=False)
    _files: dict[Path, str] = field(default_factory=dict, repr=False)

    def with_(self, settings: Settings) -> Results:
        """Results of other settings, which share with these what does not depend on what was changed."""
        return replace(self, settings=settings, _memory=self._memory, _digests={}, _files=self._files)

    def __getitem__(self, step: Step[T]) -> T:
        """The result of a step."""
        digest = self.digest(step)
        if digest not in self._memory:
            with ExitStack() as until_kept:
                values = self.store.get(step.name, digest, lambda: self._computed(step, until_kept))
            self.store.forget(f"{PART}{step.name}")  # what it was computed in
            whole = values if len(values) > 1 or "table" not in values else values["table"]
            self._memory[digest] = step.opened(values) if step.opened else whole
        return self._memory[digest]  # type: ignore[return-value]

    def digest(self, step: Step) -> str:
        """Of all that a step's result is made from, as things are now; nothing is computed for it."""
        if step not in self._digests:
            self._digests[step] = digest_of(
                step.name,
                code_of(step.compute.__module__),
                declared(self.settings, step.settings),
                self.files(step),
                step.versions(self.settings) if step.versions else "",
                [self.digest(other) for other in step.needs],
            )
        return self._digests[step]

    def files(self, step: Step) -> dict[str, str]:
        """SHA-256 of each file that a step reads, by its name."""
        return {name: self._file(path) for name, path in sorted(self._paths(step).items())}

    def is_kept(self, step: Step) -> bool:
        """Whether a step's result is there without computing it."""
        return self.store.has(step.name, self.digest(step))

    def _paths(self, step: Step) -> dict[str, Path]:
        return dict(step.files(self.settings)) if step.files else {}

    def _file(self, path: Path) -> str:
        if path not in self._files:
            self._files[path] = digest_of_file(path)
        return self._files[path]

    def _computed(self, step: Step, until_kept: ExitStack) -> Values:
        given = Given(_namespace(self.settings, step.settings), self._paths(step), self.settings.folder, self._of(step))
        scratch = until_kept.enter_context(self.scratch(step.name))
        made = step.compute(given, replace(self.run, kept=KeptParts(self.store, step.name), scratch=scratch))
        return dict(made) if isinstance(made, Mapping) else {"table": made}  # type: ignore[dict-item]

    def _of(self, step: Step) -> Callable[[Step], object]:
        def result(other: Step) -> object:
            if other not in step.needs:
                raise LookupError(f"the step {step.name} does not declare that it needs {other.name}")
            return self[other]

        return result

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path | None]:
        """A folder that is there for a while; None where none can be made."""
        try:
            self.store.folder.mkdir(exist_ok=True)
            folder = work_folder(self.store.folder, name)
        except OSError:
            folder = None
        try:
            yield folder
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
