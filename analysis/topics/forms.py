"""Words as they are spelt -> words as people read them: of each one form, and phrases as one word.

Forms of a word count together, under the most frequent of them: by simplemma's lists of lemmas (Barbaresi 2023) in the
languages of the corpus; in Korean, which has none, without the particles at their end. Two words that stand together
far more often than chance would have it are a phrase (normalised pointwise mutual information, Bouma 2009); of three
that would be two phrases, those are one that hold together best. Names of authors and stop words stay as they are, and
are in no phrase.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.run.texts import Column
from analysis.topics.stop_words import stop_words, used_languages
from analysis.topics.tokens import UNSPACED, Cut, Tokens

MIN_USES = 3  # of a word whose forms are looked for
MIN_TOGETHER = 10  # uses of a phrase
NPMI = 0.5  # of its words, from which it is one; 1 is two words that never stand apart
PAIRS = 4_000_000  # of neighbours that are counted at a time
# Not looked up: words of scripts without spaces, and English ones such as "parking", which is no form of "park".
_APART = re.compile(rf"{UNSPACED.pattern}|ing$")
_PARTICLE = re.compile(
    r"(?<=[가-힣]{2})(?:에서는|으로는|에게는|이라고|에서|으로|에게|까지|부터|이나|라고|은|는|이|가|을|를|에|의|도|와|과|로|만)$"
)


def readable(tokens: Tokens, languages: Column | None = None, hidden: Collection[str] = ()) -> Tokens:
    """Of each word one form, and phrases, from the words of all texts; `hidden` are names in lower case."""
    apart = stop_words(languages) | set(hidden)
    count = np.bincount(tokens.ids, minlength=len(tokens.names))
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


def _phrased(tokens: Tokens, able: np.ndarray) -> Tokens:
    """The same words with those of phrases joined."""
    n, ids = len(tokens.names), tokens.ids.astype(np.int64)
    count = np.bincount(ids, minlength=n)
    able = able & (count >= MIN_TOGETHER)
    last = np.zeros(len(ids), dtype=bool)
    last[np.cumsum(tokens.n_of)[tokens.n_of > 0] - 1] = True
    together = able[ids[:-1]] & able[ids[1:]] & ~last[:-1] & (ids[:-1] != ids[1:])
    pair = np.where(together, ids[:-1] * n + ids[1:], -1)
    some = [np.unique(part[part >= 0], return_counts=True) for part in np.split(pair, range(PAIRS, len(pair), PAIRS))]
    codes, which = np.unique(np.concatenate([code for code, _ in some]), return_inverse=True)
    both = np.bincount(which, np.concatenate([uses for _, uses in some]), minlength=len(codes))
    first, second = np.divmod(codes, max(n, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = both / max(len(ids), 1)
        npmi = np.log(both * max(len(ids), 1) / (count[first] * count[second])) / -np.log(share)
    kept = np.flatnonzero((both >= MIN_TOGETHER) & (npmi >= NPMI))
    phrases = [(tokens.names[a], tokens.names[b]) for a, b in zip(first[kept], second[kept], strict=True)]
    strength = np.round(npmi[kept], 9).tolist()
    order = sorted(range(len(kept)), key=lambda i: (-strength[i], phrases[i]))
    rank = np.empty(len(kept), dtype=np.int64)
    rank[order] = np.arange(len(kept))
    cut = replace(tokens.cut, phrases={phrases[i]: int(rank[i]) for i in order})
    at = np.searchsorted(codes[kept], pair)
    is_one = (pair >= 0) & (at < len(kept))
    is_one[is_one] = codes[kept][at[is_one]] == pair[is_one]
    place = np.full(len(pair) + 2, len(kept))
    place[1:-1][is_one] = rank[at[is_one]]
    joined = np.flatnonzero((place[1:-1] < place[:-2]) & (place[1:-1] < place[2:]))
    ids = ids.copy()
    ids[joined] = n + at[joined]
    stays = np.ones(len(ids), dtype=bool)
    stays[joined + 1] = False
    n_of = tokens.n_of - np.bincount(tokens.row[joined], minlength=len(tokens.n_of))
    ids, used = pd.factorize(ids[stays])
    names = np.array([*tokens.names, *map(cut.joined, phrases)], dtype=object)
    return Tokens(tuple(names[used]), ids.astype(np.int32), n_of, cut)
