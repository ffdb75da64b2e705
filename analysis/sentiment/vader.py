"""VADER made sound: vaderSentiment's own word lists and rules, on normalised text, in linear time.

Source of the method: Hutto and Gilbert (2014). vaderSentiment reads a curly apostrophe as no apostrophe, an emoji with
a variation selector as no emoji, and lowers all words of a text for each word of its lexicon: hence this module.
"""

from __future__ import annotations

import html
import operator
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import compress, islice, product
from typing import NamedTuple

import numpy as np
from vaderSentiment import vaderSentiment as vader

# VADER was made for tweets and checked on sentences, the longest of 77 words. Above this many words its compound
# score saturates, so a longer comment is cut at sentence ends into even pieces (tests/benchmarks/sentiment.py).
PIECE_WORDS = 80
SCALE_WORDS, SCALE_OFFSET = 16, 4  # words; a text of 12 has VADER's own score in vader-scaled
MAX_REPEATS = 3  # of a word, a phrase or an emoji in a row: VADER looks three words back, more says nothing more
MAX_PHRASE = 3  # words in a phrase whose repetition is capped
CACHED = 1 << 17  # words, and windows of words, whose reading is remembered: most words are a few words

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_STRETCHED = re.compile(r"([^\s.!?*_=~#-])\1{2,}")  # marks are counted by VADER up to four; the rest are rules drawn
_EMOJI_RUN = re.compile(rf"([^\x00-\x7f])\1{{{MAX_REPEATS},}}")
_SENTENCE_END = re.compile(r"[.!?]['\")\]*]*$")

_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4`\uff07"), "'")
_QUOTES |= dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"), '"')
_MARKS = {0x2013: " -- ", 0x2014: " -- ", 0x2015: " -- ", 0x2026: "... "}
# Variation selectors, skin tones, joiners, soft hyphens, marks of direction and of byte order: shown, not read.
_UNREAD = dict.fromkeys(
    [*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), *range(0x200B, 0x2010), *range(0x202A, 0x202F)]
    + [*range(0x2060, 0x2065), 0x00AD, 0xFEFF, 0x20E3]
)
# Letters in fancy dress (full width, mathematical bold) are the letters.
_DRESSED = {c: unicodedata.normalize("NFKC", chr(c)) for c in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800))}
_PLAIN = _DRESSED | _QUOTES | _MARKS | _UNREAD


def normalise(text: str) -> str:
    """Write a text as VADER's word lists are written.

    HTML entities are resolved; curly quotes, dashes and full-width or mathematical letters become plain;
    variation selectors, skin tones and invisible characters go; an emoji stands apart from what follows it; a
    stretched word or emoticon ("soooo", ":))))") becomes the one in VADER's lists, if one is; a word, phrase or emoji
    said more than three times in a row is said three times. Linear in the length of the text.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        The same text where none of this applies.
    """
    before = text.split()
    words = _normalised(text)
    return text if words == before else " ".join(words)


def plain(text: str) -> str:
    """The text with plain quotes, dashes and letters, and without what is shown and not read."""
    return text if text.isascii() and "`" not in text else text.translate(_PLAIN)


def _normalised(text: str) -> list[str]:
    """The words of the normalised text."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: html.unescape(m[0]), text)
    if not text.isascii():
        text = _EMOJI_RUN.sub(lambda m: m[1] * MAX_REPEATS, plain(text))
        if not _instrument().emoji.keys().isdisjoint(map(ord, text)):
            text = _instrument().glued.sub(r"\g<0> ", text)
    else:
        text = plain(text)
    words = text.split()
    if _STRETCHED.search(text):
        words = [_unstretched(w) if _STRETCHED.search(w) else w for w in words]
    return _unrepeated(words)


def _unstretched(token: str) -> str:
    """The word or emoticon that is stretched in `token`, if VADER knows one; else the token."""
    known = _instrument().known
    core = vader.SentiText(token).words_and_emoticons[0]  # without the punctuation around it
    for part in (token, core):
        runs = list(islice(_STRETCHED.finditer(part), MAX_REPEATS + 1))
        if not runs or part.lower() in known:
            continue
        # Twice before once: "goooood" is good, not god. Many runs are no word: such a token is left alone.
        for lengths in product((2, 1), repeat=len(runs)) if len(runs) <= MAX_REPEATS else ():
            wanted = iter(lengths)
            word = _STRETCHED.sub(lambda m: m[1] * next(wanted), part)  # noqa: B023 - used at once
            if word.lower() in known:
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


@dataclass(frozen=True)
class _Vader:
    """VADER, and what it knows."""

    analyzer: vader.SentimentIntensityAnalyzer
    known: frozenset[str]  # words and emoticons that change a score
    named: frozenset[str]  # words that a rule for another word names
    emoji: dict[int, str]  # code point -> its name, as vaderSentiment puts it
    glued: re.Pattern[str]  # an emoji that something other than a space follows


@cache
def _instrument() -> _Vader:
    """VADER, read once a process."""
    analyzer = vader.SentimentIntensityAnalyzer()
    rules = frozenset({**vader.BOOSTER_DICT, **vader.SPECIAL_CASES}) | frozenset(vader.NEGATE)
    in_code = "at but doubt kind least never no nor of or so this very without"
    one = "[" + "".join(re.escape(e) for e in sorted(analyzer.emojis) if len(e) == 1) + "]"
    return _Vader(
        analyzer,
        known=rules.union(analyzer.lexicon),
        named=rules.union(" ".join([*sorted(rules), in_code]).split()),
        emoji={ord(e): f" {name}" for e, name in analyzer.emojis.items() if len(e) == 1},
        glued=re.compile(one + r"(?=\w)"),
    )


# A neighbour that no rule names is as good as any other, but for its being in the lexicon or not.
_LIKED = "good"
_QUIET = frozenset({_LIKED, ""})


class _Word(NamedTuple):
    """A token as VADER reads it: in lower case, unless all of it is in capitals."""

    word: str  # without the punctuation around it
    beside: str  # what of it VADER's rules for another word can see
    is_upper: bool
    in_lexicon: bool


class _Words(dict[str, _Word]):
    """Tokens read before: a dictionary costs half of an lru_cache, and the common words are soon in it again."""

    def __missing__(self, token: str) -> _Word:
        if len(self) >= CACHED:
            self.clear()
            _MUTE.clear()
        self[token] = word = _word(token)
        if not word.in_lexicon:
            _MUTE.add(token)
        return word


def _word(token: str) -> _Word:
    """One token as VADER reads it."""
    word = vader.SentiText._strip_punc_if_word(token)
    low, is_upper = word.lower(), word.isupper()
    word = word if is_upper else low
    in_lexicon = low in _instrument().analyzer.lexicon
    named = low in _instrument().named or "n't" in low
    return _Word(word, word if named else _LIKED if in_lexicon else "", is_upper, in_lexicon)


@dataclass(slots=True)
class _Window:
    """What of a text VADER's rules for one word read: that word, three before it, two after it."""

    words_and_emoticons: tuple[str, ...]
    is_cap_diff: bool


@lru_cache(maxsize=CACHED)
def _valence(window: tuple[str, ...], i: int, is_cap_diff: bool) -> float:
    """Valence of word i of a window, by VADER's own rules."""
    low = tuple(w.lower() for w in window[i : i + 2])
    if low[0] in vader.BOOSTER_DICT or low == ("kind", "of"):
        return 0.0
    return _instrument().analyzer.sentiment_valence(0, _Window(window, is_cap_diff), window[i], i, [])[0]


def score(text: str, *, scaled: bool = False) -> float:
    """Score one text.

    Parameters
    ----------
    text : str
    scaled : bool
        False: vaderSentiment's compound score of the normalised text; of a text of more than PIECE_WORDS words the mean
        of its pieces, weighted by their words. True: VADER's sum of valences, with negation ending at the end of a
        sentence, times sqrt(16 / (words + 4)), then VADER's normalisation: agrees better with people.

    Returns
    -------
    float
        In [-1, 1]; NaN of a text without words.
    """
    tokens = _normalised(text)
    if not text.isascii():
        tokens = " ".join(tokens).translate(_instrument().emoji).split()
    if not tokens:
        return np.nan
    if _MUTE.issuperset(tokens):  # as of four texts in ten
        return 0.0
    cuts = _cuts(tokens)
    pieces = [tokens[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    sums = [_sum(piece, scaled) for piece in pieces]
    if scaled:
        return scale(sum(sums), len(tokens))
    scores = [round(vader.normalize(s), 4) for s in sums]
    return float(np.average(scores, weights=list(map(len, pieces)))) if len(pieces) > 1 else scores[0]


def scale(total: float, n_words: int) -> float:
    """Sum of valences of a text of n words -> [-1, 1]: by the square root of its length, then as VADER does."""
    return vader.normalize(total * (SCALE_WORDS / (n_words + SCALE_OFFSET)) ** 0.5)


def _sum(tokens: list[str], stops: bool) -> float:
    """VADER's sum of valences with its emphasis by marks, before it is normalised.

    Its own rules are used throughout, but on a window of six words at a time: given the whole text, they take
    quadratic time.

    With `stops`, no rule reaches across the end of a sentence: "No. I love it" does not deny love.
    """
    words = [_WORDS[t] for t in tokens]
    if stops:
        words = [w for t, w in zip(tokens, words, strict=True) for w in (_MENDED.get(t, w), *_gap(t))]
    word, beside, is_upper, in_lexicon = zip(*words, strict=True)
    if True not in in_lexicon:
        return 0.0
    capitals = 0 < sum(is_upper) < len(tokens)
    valences = [0.0] * len(words)
    for i in compress(range(len(words)), in_lexicon):
        # What follows matters to a word only in a phrase that a rule names, and then it names the word as well.
        after = beside[i + 1 : i + 3] if beside[i] == word[i] else ()
        before = beside[max(i - 3, 0) : i]
        if not after and _QUIET.issuperset(before):
            before = ()
        valences[i] = _valence((*before, word[i], *after), len(before), capitals)
    analyzer = _instrument().analyzer
    if "but" in beside or "BUT" in beside:
        valences = analyzer._but_check(beside, valences)
    total = float(sum(valences))
    return total + float(np.sign(total)) * analyzer._punctuation_emphasis(" ".join(tokens))


_WORDS = _Words()
_MUTE: set[str] = set()  # those of them that are in no lexicon
# vaderSentiment has the wail "D:" among the smiles.
_MENDED = {"D:": _Word(":(", ":(", False, True)}
_BLANK = _Word("", "", False, False)


def _gap(token: str) -> tuple[_Word, ...]:
    """As many blanks after the end of a sentence as VADER's rules look back."""
    return (_BLANK,) * 3 if token[-1] in ".!?\"')" and _SENTENCE_END.search(token) else ()


def _cuts(tokens: list[str]) -> list[int]:
    """Where to cut a long text: evenly, at the nearest ends of sentences."""
    n_pieces = -(-len(tokens) // PIECE_WORDS)
    if n_pieces == 1:
        return [0, len(tokens)]
    ends = np.array([i + 1 for i, t in enumerate(tokens) if _SENTENCE_END.search(t)] or [len(tokens)])
    even = np.linspace(0, len(tokens), n_pieces + 1)[1:-1].round().astype(int)
    after = ends[np.searchsorted(ends, even).clip(max=len(ends) - 1)]
    before = ends[(np.searchsorted(ends, even, side="right") - 1).clip(min=0)]
    nearest = np.where(np.abs(before - even) <= np.abs(after - even), before, after)
    # A "sentence" of hundreds of words has no end nearby: it is cut where it must be.
    cuts = np.where(np.abs(nearest - even) < PIECE_WORDS / 2, nearest, even)
    return [0, *np.unique(cuts[(cuts > 0) & (cuts < len(tokens))]).tolist(), len(tokens)]
