"""VADER made sound: the package's word lists and rules, on text written as its lists are, in linear time.

Source of the method: Hutto and Gilbert (2014). vaderSentiment reads a curly apostrophe as no apostrophe, an emoji with
a variation selector as no emoji, and lowers all words of a text for each word of its lexicon.
"""

from __future__ import annotations

import html
import operator
import re
import unicodedata
from functools import cache
from itertools import islice, pairwise, product

import numpy as np
from vaderSentiment import vaderSentiment as vader

# VADER was made for tweets and checked on sentences, the longest of 77 words. Above this many words its compound
# score saturates, so a longer comment is cut at sentence ends into even pieces (tests/benchmarks/sentiment.py).
PIECE_WORDS = 80
SCALE_WORDS, SCALE_OFFSET = 16, 4  # words; a text of 12 has VADER's own score in vader-scaled
MAX_REPEATS = 3  # of a word, a phrase or an emoji in a row: VADER looks three words back, more says nothing more
MAX_PHRASE = 3  # words in a phrase whose repetition is capped

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_STRETCHED = re.compile(r"([^\s.!?*_=~#-])\1{2,}")  # marks are counted by VADER up to four; the rest are rules drawn
_EMOJI_RUN = re.compile(rf"([^\x00-\x7f])\1{{{MAX_REPEATS},}}")
_SENTENCE_END = re.compile(r"[.!?]['\")\]*]*$")

_PLAIN: dict[int, str | None] = dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4`\uff07"), "'")
_PLAIN |= dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"), '"')
_PLAIN |= {0x2013: " -- ", 0x2014: " -- ", 0x2015: " -- ", 0x2026: "... "}
# Variation selectors, skin tones, joiners, soft hyphens, marks of direction and of byte order: shown, not read.
_UNREAD = [range(0xFE00, 0xFE10), range(0x1F3FB, 0x1F400), range(0x200B, 0x2010), range(0x202A, 0x202F)]
_PLAIN |= dict.fromkeys(c for some in (*_UNREAD, range(0x2060, 0x2065), (0x00AD, 0xFEFF, 0x20E3)) for c in some)
# Letters in fancy dress (full width, mathematical bold) are the letters.
_DRESSED = (c for some in (range(0xFF01, 0xFF5F), range(0x1D400, 0x1D800)) for c in some)
_PLAIN = {**{c: unicodedata.normalize("NFKC", chr(c)) for c in _DRESSED}, **_PLAIN}


class _Vader(vader.SentimentIntensityAnalyzer):  # type: ignore[misc]  # the package has no types
    """VADER, and what it knows."""

    def __init__(self) -> None:
        super().__init__()
        self.known = {*vader.BOOSTER_DICT, *vader.SPECIAL_CASES, *vader.NEGATE, *self.lexicon}  # what changes a score
        self.emoji = {ord(emoji): f" {name}" for emoji, name in self.emojis.items() if len(emoji) == 1}
        self.glued = re.compile(f"[{''.join(re.escape(chr(c)) for c in sorted(self.emoji))}](?=\\w)")


@cache
def _vader() -> _Vader:
    """VADER, read once a process."""
    return _Vader()


def score(text: str, *, scaled: bool = False) -> float:
    """Score one text, in [-1, 1]; NaN of one without words.

    It is VADER's compound score of the normalised text; of one of more than PIECE_WORDS words the mean of its pieces,
    weighted by their words. `scaled`: as of `scale`, with negation ending at the end of a sentence; it agrees better
    with people.
    """
    text = normalise(text)
    words = (text if text.isascii() else text.translate(_vader().emoji)).split()
    if not words:
        return np.nan
    parts = pieces(words)
    sums = [_sum(part, scaled) for part in parts]
    if scaled:
        return scale(sum(sums), len(words))
    scores = [round(vader.normalize(total), 4) for total in sums]
    return float(np.average(scores, weights=list(map(len, parts)))) if len(parts) > 1 else scores[0]


def scale(total: float, n_words: int) -> float:
    """Sum of valences of a text of n words -> [-1, 1]: by the square root of its length, then as VADER does."""
    return vader.normalize(total * (SCALE_WORDS / (n_words + SCALE_OFFSET)) ** 0.5)


def _sum(words: list[str], stops: bool) -> float:
    """VADER's sum of valences with its emphasis by marks, before it is normalised.

    With `stops`, no rule reaches across the end of a sentence: "No. I love it" does not deny love.
    """
    if stops:  # vaderSentiment has the wail "D:" among the smiles
        words = [":(" if word == "D:" else word for word in words]
    text = vader.SentiText(" ".join(words))
    said = text.words_and_emoticons
    if _vader().lexicon.keys().isdisjoint(map(str.lower, said)):  # as in four texts of ten
        return 0.0
    if stops:  # as many blanks as its rules look back
        ends = ([""] * 3 if word[-1] in ".!?\"')" and _SENTENCE_END.search(word) else [] for word in words)
        said = [w for word, blanks in zip(said, ends, strict=True) for w in (word, *blanks)]
    low, valences = list(map(str.lower, said)), []
    for i, word in enumerate(low):
        if word not in _vader().lexicon or word in vader.BOOSTER_DICT or low[i : i + 2] == ["kind", "of"]:
            valences.append(0.0)
        else:  # its rules read three words before and two after, and lower all that they are given
            text.words_and_emoticons = said[max(i - 3, 0) : i + 3]
            _vader().sentiment_valence(0, text, said[i], min(i, 3), valences)
    total = float(sum(_vader()._but_check(said, valences)))
    return total + ((total > 0) - (total < 0)) * _vader()._punctuation_emphasis(text.text)


def pieces(words: list[str]) -> list[list[str]]:
    """Cut a long text evenly, at the nearest ends of sentences."""
    n, n_pieces = len(words), -(-len(words) // PIECE_WORDS)
    if n_pieces == 1:
        return [words]
    ends = np.array([i + 1 for i, word in enumerate(words) if _SENTENCE_END.search(word)] or [n])
    even = np.linspace(0, n, n_pieces + 1)[1:-1].round().astype(int)
    after = ends[np.searchsorted(ends, even).clip(max=len(ends) - 1)]
    before = ends[(np.searchsorted(ends, even, side="right") - 1).clip(min=0)]
    nearest = np.where(np.abs(before - even) <= np.abs(after - even), before, after)
    # A "sentence" of hundreds of words has no end nearby: it is cut where it must be.
    cuts = np.where(np.abs(nearest - even) < PIECE_WORDS / 2, nearest, even)
    return [words[a:b] for a, b in pairwise([0, *np.unique(cuts[(cuts > 0) & (cuts < n)]).tolist(), n])]


def normalise(text: str) -> str:
    """Write a text as VADER's word lists are written; linear in its length.

    HTML entities are resolved; an emoji stands apart from what follows it; a stretched word or emoticon ("soooo",
    ":))))") becomes the one in VADER's lists, if one is; what is said more than three times in a row is said three
    times; words stand one space apart.
    """
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    text = plain(text)
    if not text.isascii():
        text = _EMOJI_RUN.sub(lambda m: m[1] * MAX_REPEATS, text)
        if not _vader().emoji.keys().isdisjoint(map(ord, text)):
            text = _vader().glued.sub(r"\g<0> ", text)
    words = text.split()
    if _STRETCHED.search(text):
        words = [_unstretched(word) if _STRETCHED.search(word) else word for word in words]
    return " ".join(_unrepeated(words))


def plain(text: str) -> str:
    """The text with plain quotes, dashes and letters, and without what is shown and not read."""
    return text if text.isascii() and "`" not in text else text.translate(_PLAIN)


def _unstretched(token: str) -> str:
    """The word or emoticon that is stretched in `token`, if VADER knows one; else the token."""
    for part in (token, vader.SentiText._strip_punc_if_word(token)):
        runs = list(islice(_STRETCHED.finditer(part), MAX_REPEATS + 1))
        if not runs or part.lower() in _vader().known:
            continue
        # Twice before once: "goooood" is good, not god. Many runs are no word: such a token is left alone.
        for lengths in product((2, 1), repeat=len(runs)) if len(runs) <= MAX_REPEATS else ():
            wanted = iter(lengths)
            word = _STRETCHED.sub(lambda m: m[1] * next(wanted), part)  # noqa: B023 - used at once
            if word.lower() in _vader().known:
                return token.replace(part, word, 1)
    return token


def _unrepeated(words: list[str]) -> list[str]:
    """The words with no word or phrase said more than MAX_REPEATS times in a row."""
    for p in range(1, MAX_PHRASE + 1):
        low = list(map(str.lower, words))
        if len(low) - len(set(low)) < p * MAX_REPEATS:
            break
        same = bytes(map(operator.eq, low[p:], low))  # 1 where a word is the one p before
        if b"\1" * (p * MAX_REPEATS) in same:
            kept, run = words[:p], 0
            for word, is_same in zip(words[p:], same, strict=True):
                run = run + 1 if is_same else 0
                if run <= p * (MAX_REPEATS - 1):
                    kept.append(word)
            words = kept
    return words
