"""Steps: what is computed once and kept, and what it is made from, from which its digest follows.

A step gets nothing but what it declares: settings and files by name, and results of the steps that it needs. Its code
is found: the module that it stands in, and all that this imports, ours and others'.
"""

from __future__ import annotations

import functools
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from analysis.run.context import Run
from analysis.run.made_with import versions
from analysis.run.parts import KeptParts
from analysis.run.store import PART, Store, Values, digest_of, digest_of_file, work_folder
from analysis.settings import Settings

T = TypeVar("T")

HOME = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow"}  # where the names differ
IMPORT = re.compile(r"^ *(?:from +([\w.]+) +import +\(?([\w, ]*)|import +([\w.]+))", re.MULTILINE)


@dataclass(frozen=True)
class Given:
    """What a step may read: the settings and files that it declares, and `given[other]` of the steps that it needs.

    The study folder is there for what names files relative to it; a file read from it must be declared.
    """

    settings: SimpleNamespace
    files: dict[str, Path]
    folder: Path
    _results: Callable[[Step[Any]], Any] = field(repr=False)

    def __getitem__(self, other: Step[T]) -> T:
        """The result of a step that is needed."""
        return self._results(other)


@dataclass(frozen=True, eq=False)
class Step(Generic[T]):
    """One thing that is computed and kept, and what it declares to read."""

    name: str
    compute: Callable[[Given, Run], Values | object] = field(repr=False)  # gives values by name, or one table
    settings: Sequence[str] = ()  # a section ("topics") or one of its keys ("time.period")
    needs: Sequence[Step[Any]] = ()
    # By the names that tables and provenance show.
    files: Callable[[Settings], Mapping[str, Path]] | None = field(default=None, repr=False)
    # Of what no import shows, as of the model that a setting names.
    versions: Callable[[Settings], object] | None = field(default=None, repr=False)
    # Makes of the kept values what others get; by default the one table, or the values.
    opened: Callable[[Values], T] | None = field(default=None, repr=False)


def step(name: str = "", /, **declared: Any) -> Callable[[Callable[[Given, Run], Values | object]], Step[Any]]:
    """Make a step of a function, of its name unless said: what it declares are the attributes of `Step`."""
    return lambda compute: Step(name or compute.__name__, compute, **declared)


# ------------------------------------------------------------------------------------------------ digests


def _file_of(module: str) -> Path | None:
    """The file of a module of ours; None where there is no such module."""
    path = HOME.joinpath(*module.split(".")[1:])
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in found if file.is_file()), None)


@functools.cache
def _imports(module: str) -> tuple[str, frozenset[str], frozenset[str]]:
    """A module's source and the data beside it, the modules of ours that it imports, and the distributions."""
    path, ours, others = _file_of(module), set[str](), set[str]()
    assert path is not None, module
    source = path.read_text(encoding="utf-8")
    for found in IMPORT.finditer(source):
        named = found[1] or found[3]
        root = named.split(".")[0]
        if root == HOME.name:
            below = [f"{named}.{name.strip().split(' ')[0]}" for name in (found[2] or "").split(",") if name.strip()]
            ours.update(name for name in (named, *below) if name != root and _file_of(name))
        elif root not in sys.stdlib_module_names and root != "__future__":
            others.add(DISTRIBUTIONS.get(root, root))
    beside = [path.with_suffix(ending) for ending in (".toml", ".json")]  # its words and weights
    source += "".join(data.read_text(encoding="utf-8") for data in beside if data.is_file())
    return source, frozenset(ours), frozenset(others)


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
    return digest_of([_imports(one)[0] for one in modules], versions(packages))


def _declared(settings: Settings, names: Iterable[str]) -> SimpleNamespace:
    """Some settings by their dotted names: a section as it is where all of it is declared, else those keys alone."""
    out = SimpleNamespace()
    for name in sorted(names):
        section, _, key = name.partition(".")
        if key:
            part = vars(out).setdefault(section, SimpleNamespace())
            setattr(part, key, getattr(getattr(settings, section), key))
        else:
            setattr(out, section, getattr(settings, section))
    return out


# ------------------------------------------------------------------------------------------------- results


@dataclass
class Results:
    """The results of a study's steps: computed when first asked for, kept, and shared by studies that are alike."""

    settings: Settings
    run: Run
    store: Store
    _memory: dict[str, Any] = field(default_factory=dict, repr=False)
    _digests: dict[Step[Any], str] = field(default_factory=dict, repr=False)
    _files: dict[Path, str] = field(default_factory=dict, repr=False)

    def with_(self, settings: Settings) -> Results:
        """Results of other settings, which share with these what does not depend on what was changed."""
        return replace(self, settings=settings, _digests={})

    def __getitem__(self, step: Step[T]) -> T:
        """The result of a step."""
        digest = self.digest(step)
        if digest not in self._memory:
            with ExitStack() as until_kept:
                values = self.store.get(step.name, digest, lambda: self._computed(step, until_kept))
            for place in self.store.folder.glob(f"{PART}{step.name}-*"):  # what it was computed in
                shutil.rmtree(place, ignore_errors=True)
            whole = values if len(values) > 1 or "table" not in values else values["table"]
            self._memory[digest] = step.opened(values) if step.opened else whole
        return self._memory[digest]

    def beside(self, first: Step[Any], other: Step[Any]) -> None:
        """Compute two steps that do not need each other at once: the other with the cores that the first leaves."""
        for shared in first.needs:
            if shared in other.needs:
                self[shared]
        run, left = self.run, False

        def tell(message: str, done: int, total: int) -> None:
            if left:
                raise InterruptedError("the step beside which this was computed has ended in an error")
            run.tell(message, done, total)

        theirs = replace(self, run=replace(run, progress=tell, beside=True))
        with ThreadPoolExecutor(1) as thread:
            job = thread.submit(theirs.__getitem__, other)
            try:
                self[first]
            except BaseException:
                left = True
                raise
            job.result()

    def digest(self, step: Step[Any]) -> str:
        """Of all that a step's result is made from, as things are now; nothing is computed for it."""
        if step not in self._digests:
            self._digests[step] = digest_of(
                step.name,
                code_of(step.compute.__module__),
                repr(_declared(self.settings, step.settings)),
                self.files(step),
                step.versions(self.settings) if step.versions else "",
                [self.digest(other) for other in step.needs],
            )
        return self._digests[step]

    def files(self, step: Step[Any]) -> dict[str, str]:
        """SHA-256 of each file that a step reads, by its name."""
        paths = dict(sorted(step.files(self.settings).items())) if step.files else {}
        for path in paths.values():
            if path not in self._files:
                self._files[path] = digest_of_file(path)
        return {name: self._files[path] for name, path in paths.items()}

    def _computed(self, step: Step[Any], until_kept: ExitStack) -> Values:
        def result(other: Step[Any]) -> Any:
            if other not in step.needs:
                raise LookupError(f"the step {step.name} does not declare that it needs {other.name}")
            return self[other]

        files = dict(step.files(self.settings)) if step.files else {}
        given = Given(_declared(self.settings, step.settings), files, self.settings.folder, result)
        scratch = until_kept.enter_context(self.scratch(step.name))
        made = step.compute(given, replace(self.run, kept=KeptParts(self.store, step.name), scratch=scratch))
        return dict(made) if isinstance(made, Mapping) else {"table": made}

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
