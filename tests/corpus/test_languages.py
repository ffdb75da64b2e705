"""Languages: many texts at once are told as py3langid tells one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.languages import CHARACTERS, languages, model

TEXTS = [
    "The tram was late again, and nobody told us why.",
    "Die Straßenbahn kam wieder zu spät, und niemand sagte uns warum.",
    "Трамвай снова опоздал, и никто не сказал почему.",
    "電車はまた遅れ、理由は誰も教えてくれなかった。",
    "تأخر الترام مرة أخرى ولم يخبرنا أحد بالسبب.",
    "Tramvaj je opet kasnio i niko nam nije rekao zašto.",
    "ТРАМВАЈ ЈЕ ОПЕТ КАСНИО",
    "",
    " ",
    "7",
    "ok",
    "\x00\udc80 caf\u0065\u0301",
    "late " * 300,
]


def test_as_py3langid_tells_one_text():
    labels, probability = model().ask(TEXTS)
    for text, label, p in zip(TEXTS, labels, probability, strict=True):
        theirs, sure = model().identifier.classify(text)
        assert (label, p) == (theirs, pytest.approx(sure, abs=1e-4)), text[:40]
    assert labels[:5] == ["en", "de", "ru", "ja", "ar"]


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_any_text_is_told_as_py3langid_tells_it(texts):
    _, probability = model().ask(texts)
    assert probability == pytest.approx([model().identifier.classify(text)[1] for text in texts], abs=1e-4)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*TEXTS, "a", "tram ä"]), max_size=12))
def test_what_is_asked_beside_a_text_changes_no_bit_of_its_probability(texts):
    _, together = model().ask(texts)
    alone = [model().ask([text])[1] for text in texts]
    assert together.tobytes() == np.concatenate([np.zeros(0, np.float32), *alone]).tobytes()


@settings(deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_every_text_has_a_language(texts):
    found = languages(pd.Series(texts, dtype="str"))
    assert len(found) == len(texts) and all(found)


def test_a_doubtful_text_has_none_and_the_start_of_a_long_one_decides():
    english = "Nobody at the council has ever waited for the last tram in the rain, or they would have kept it. "
    english += "We were told that the money went into the bridge, which is closed every other week, and into a hall "
    english += "that stands empty from Monday to Friday. My neighbour walks an hour to the hospital where she works "
    english += "at night, and nobody asks her what she thinks of the new timetable. I would rather pay a little more "
    english += "than see another line go. Ask the people who use it, not the people who draw it on a map, and publish "
    english += "what they answer; then let us talk about savings, and about who is to bear them this time."
    long = english[:CHARACTERS].ljust(CHARACTERS) + "Die Straßenbahn kam zu spät. " * 400
    assert languages(pd.Series(["xq", long])).tolist() == ["und", "en"]
