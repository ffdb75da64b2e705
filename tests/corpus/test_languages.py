"""Languages: of every text one, or none."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corpus.languages import CHARACTERS, languages

TEXTS = {
    "The tram was late again, and nobody told us why.": "en",
    "Die Straßenbahn kam wieder zu spät, und niemand sagte uns warum.": "de",
    "Трамвай снова опоздал на целый час, и никто из служащих не объяснил нам, почему это случилось.": "ru",
    "電車はまた遅れ、理由は誰も教えてくれなかった。": "ja",
    "تأخر الترام مرة أخرى ولم يخبرنا أحد بالسبب.": "ar",
    "": "und",
}


def test_languages_of_several_scripts_and_of_nothing():
    assert languages(list(TEXTS)).tolist() == list(TEXTS.values())


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
