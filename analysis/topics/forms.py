"""Words as they are spelt -> words as people read them: of each one form, and phrases as one word.

Forms of a word count together, under the most frequent of them: by simplemma's lists of lemmas (Barbaresi 2023) in the
languages of the corpus; in Korean, which has none, without the particles at their end. Two words that stand together
far more often than chance would have it are a phrase (normalised pointwise mutual information, Bouma 2009); of three
that would be two phrases, those are one that hold together best. Names of authors and stop words stay as they are, and
are in no phrase.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.run.texts import Column
from analysis.topics.stop_words import stop_words, used_languages
from analysis.topics.tokens import UNSPACED, Cut, Tokens

MIN_USES = 3  # of a word whose forms are looked for
MIN_TOGETHER = 10  # uses of a phrase
NPMI = 0.5  # of its words, from which it is one; 1 is two words that never stand apart
BLOCK = 2_000_000  # tokens that are looked at at a time
# Not looked up: words of scripts without spaces, and English ones such as "parking", which is no form of "park".
_APART = re.compile(rf"{UNSPACED.pattern}|ing$")
_PARTICLE = re.compile(
    r"(?<=[가-힣]{2})(?:에서는|으로는|에게는|이라고|에서|으로|에게|까지|부터|이나|라고|은|는|이|가|을|를|에|의|도|와|과|로|만)$"
)


def readable(tokens: Tokens, languages: Column | None = None, hidden: Collection[str] = ()) -> Tokens:
    """Of each word one form, and phrases, from the words of all texts; `hidden` are names in lower case."""
    apart = stop_words(languages) | set(hidden)
    count = _uses(tokens.ids, len(tokens.names))
    able = np.array([name not in apart for name in tokens.names], dtype=bool)
    form = _forms(tokens.names, count, able, used_languages(languages))
    names = [*tokens.names, *sorted(set(form.values()) - set(tokens.names))]
    place = {name: i for i, name in enumerate(names)}
    to = np.arange(len(names), dtype=np.int32)
    for name, shown in form.items():
        to[place[name]] = place[shown]
    able = np.append(able, np.ones(len(names) - len(able), dtype=bool))
    return _phrased(replace(tokens, names=tuple(names), ids=to[tokens.ids], cut=Cut(form)), able)


def _forms(names: Sequence[str], count: np.ndarray, able: np.ndarray, languages: Sequence[str]) -> dict[str, str]:
    """Of words that have others of the same lemma, or a particle at their end, the form that is shown."""
    import simplemma
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    known = tuple(code for code in languages if code in SUPPORTED_LANGUAGES)
    rows = [i for i in np.flatnonzero(able & (count >= MIN_USES)).tolist() if not _APART.search(names[i])]
    bare = [_PARTICLE.sub("", names[i]) for i in rows]
    lemmas = bare
    for _ in range(2):  # what is a lemma can be a form of another: Slovene "vlade" is of "vlada", and that of "vladati"
        lemmas = [simplemma.lemmatize(word, known).casefold() if known else word for word in lemmas]
    table = pd.DataFrame({"name": [names[i] for i in rows], "bare": bare, "lemma": lemmas, "count": count[rows]})
    table = table.sort_values(["count", "name"], ascending=[False, True], kind="stable")
    table["shown"] = table.groupby("lemma")["bare"].transform("first")
    table = table[table["name"] != table["shown"]]
    return dict(zip(table["name"], table["shown"], strict=True))


def _uses(ids: np.ndarray, n: int) -> np.ndarray:
    """How often each of n words is used; numpy counts a copy in 64 bits."""
    return sum((np.bincount(ids[some], minlength=n) for some in _blocks(len(ids))), np.zeros(n, dtype=np.int64))


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def _pairs(ids: np.ndarray, able: np.ndarray, last: np.ndarray, some: slice) -> np.ndarray:
    """Of each token that has a next one what the two are together, int64; -1 where they can be no phrase."""
    first, second = ids[some].astype(np.int64), ids[some.start + 1 : some.stop + 1]
    together = able[first] & able[second] & ~last[some] & (first != second)
    return np.where(together, first * len(able) + second, -1)


def _counted(pairs: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Each pair, ascending, and how often it is there; what is not yet added up is no more than what is."""
    known, waiting = (np.zeros(0, dtype=np.int64), np.zeros(0)), list[tuple[np.ndarray, np.ndarray]]()

    def added() -> tuple[np.ndarray, np.ndarray]:
        codes, which = np.unique(np.concatenate([code for code, _ in (known, *waiting)]), return_inverse=True)
        return codes, np.bincount(which, np.concatenate([uses for _, uses in (known, *waiting)]), minlength=len(codes))

    for some in pairs:
        waiting.append(np.unique(some[some >= 0], return_counts=True))
        if sum(len(codes) for codes, _ in waiting) > len(known[0]):
            known, waiting = added(), []
    return added()


def _phrased(tokens: Tokens, able: np.ndarray) -> Tokens:
    """The same words with those of phrases joined, some at a time."""
    n, ids, ends = len(tokens.names), tokens.ids, np.cumsum(tokens.n_of)
    count = _uses(ids, n)
    able = able & (count >= MIN_TOGETHER)
    last = np.zeros(len(ids), dtype=bool)
    last[ends[tokens.n_of > 0] - 1] = True
    n_pairs = max(len(ids) - 1, 0)
    codes, both = _counted(_pairs(ids, able, last, some) for some in _blocks(n_pairs))
    often = both >= MIN_TOGETHER
    codes, both = codes[often], both[often]
    first, second = np.divmod(codes, max(n, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = both / max(len(ids), 1)
        npmi = np.log(both * max(len(ids), 1) / (count[first] * count[second])) / -np.log(share)
    kept = np.flatnonzero(npmi >= NPMI)
    codes = codes[kept]
    phrases = [(tokens.names[a], tokens.names[b]) for a, b in zip(first[kept], second[kept], strict=True)]
    strength = np.round(npmi[kept], 9).tolist()
    order = sorted(range(len(kept)), key=lambda i: (-strength[i], phrases[i]))
    rank = np.empty(len(kept), dtype=np.int64)
    rank[order] = np.arange(len(kept))
    cut = replace(tokens.cut, phrases={phrases[i]: int(rank[i]) for i in order})
    n_of, number, used = tokens.n_of.copy(), np.full(n + len(kept), -1, dtype=np.int32), list[np.ndarray]()
    made = [np.zeros(0, dtype=np.int32)]
    for some in _blocks(len(ids)):
        near = slice(max(some.start - 2, 0), min(some.stop + 1, n_pairs))  # a pair is one by those beside it
        pair = _pairs(ids, able, last, near)
        at = np.minimum(np.searchsorted(codes, pair), max(len(codes) - 1, 0))
        place = np.full(len(pair) + 2, len(kept))
        if len(codes):
            place[1:-1] = np.where(codes[at] == pair, rank[at], len(kept))
        joined = near.start + np.flatnonzero((place[1:-1] < place[:-2]) & (place[1:-1] < place[2:]))
        here = joined[(joined >= some.start) & (joined < some.stop)]
        gone = joined[(joined + 1 >= some.start) & (joined + 1 < some.stop)] + 1
        words = ids[some].astype(np.int64)
        words[here - some.start] = n + at[here - near.start]
        n_of -= np.bincount(np.searchsorted(ends, here, side="right"), minlength=len(n_of))
        code, found = pd.factorize(np.delete(words, gone - some.start))
        new = found[number[found] < 0]
        number[new] = np.arange(len(new)) + sum(map(len, used))
        used.append(new)
        made.append(number[found][code])
    names = np.array([*tokens.names, *map(cut.joined, phrases)], dtype=object)
    return Tokens(tuple(names[np.concatenate([np.zeros(0, dtype=np.int64), *used])]), np.concatenate(made), n_of, cut)
