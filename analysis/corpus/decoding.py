"""Lines of threads -> which of them are names: a chain over the lines, with what the whole study knows.

A thread is an article, then name, text lines, name, text lines, …, with nothing to mark a name. The chain allows
article→article, article→name, name→text, text→text and text→name only: no two names touch, and every name has a
text. What a line and its neighbours look like, and what the study's threads know of it, add up to its log odds of
being a name: a linear-chain conditional random field (Lafferty, McCallum & Pereira 2001), whose weights were fitted
by tests/benchmarks/fit_names.py. The most probable sequence is Viterbi's; confidences come from forward-backward.
What the study knows is learned from its own lines, without labels: decode, count how often each line was a name in
the other threads, decode again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import unescape

import numpy as np

from analysis.corpus.line_features import ADDRESS, MENTION, TALK, WEIGHTS, flags

KEY = 60  # letters of the longest line that is counted as a whole
REMARKS = 300  # letters of a line in which mentions are looked for
WORDS = 400  # letters of a long line whose words are counted
REACH = 40  # lines within which a signature repeats the name above it
FIT = 6.0  # log odds, at most, by which other places speak for or against a name
SURE = 30.0  # log odds beyond which more makes no difference
# Log odds per unit of evidence on a line, fitted with WEIGHTS.
EVIDENCE = {
    "mentioned": 0.8,  # somebody here writes "@" and this line, or its first word
    "addressed": 0.4,  # somebody here begins a line with it and a colon or comma
    "signature": -1.6,  # repeats the beginning of a short line above: the signature of that comment
    "elsewhere": 0.2,  # log ratio of the expected counts of the same line as a name and as text, in other threads
    "here": 0.4,  # the same, of the other lines of this thread
    "first word": 0.5,  # the same as "elsewhere", of short lines that begin with the same word
    "fits": 0.2,  # sum of the log odds that the other places where this line stands give to a name
    "recurs": 1.1,  # log of 1 + the number of other threads with this line
    "recurs as talk": 1.1,  # the same, where the line looks like talk, a list, or code
    "commonest word": -0.1,  # log of 1 + how often its commonest word stands in long lines, in small letters
    "rarest word": -0.4,  # the same, of its rarest word
}
LISTED_SHAPE = 0.3  # how much the shape of a listed name still tells: what is a signature looks like a name as well
LISTED_NEXT = -2.0  # log odds of a name before a listed line: rather that comment's last line, a signature
START = 0.2  # log weight of the comments' beginning at a line, where no copyright sentence says so
FLAG = {name: i for i, name in enumerate(WEIGHTS)}
TABLE = np.array(list(WEIGHTS.values()))
SIGNS = np.array(list(EVIDENCE.values())[:3])
FACTS = np.array(list(EVIDENCE.values())[3:])
ROUNDS = 2  # of counting and decoding again; a third changes nothing that was measured
LISTED_ROUNDS = 5  # until it has settled how complete a list of names is
TALKISH = frozenset(("talk", "talk alone", "sign-off", "ends in talk", "starts list mark", "code", "no letter", "URL"))
NO_STOPS = str.maketrans(dict.fromkeys('.,!?:;()"…', " "))
DASH = " -\u2010\u2011\u2012\u2013\u2014~"


@dataclass(frozen=True)
class Draft:
    """What is kept of a thread's lines between reading and decoding: numbers, not texts.

    Attributes
    ----------
    shape : ndarray of shape (n_lines, 3)
        Log odds, by shape: of name against text by the line itself and by its neighbours, of article against text.
    signs : ndarray of shape (n_lines, 3)
        0 or 1: mentioned, addressed, signature.
    keys : ndarray of shape (n_lines,)
        The line's number in the study's count of whole lines; -1 for long lines, which are not counted.
    start : ndarray of shape (n_lines,)
        Log weight of the comments' beginning at this line. If that of the first line is infinite, all lines are comments.
    """

    shape: np.ndarray
    signs: np.ndarray
    keys: np.ndarray
    start: np.ndarray


@dataclass(frozen=True)
class Decoding:
    """The most probable sequence of a thread's lines.

    Attributes
    ----------
    names : ndarray of int
        Indices of the lines that are names.
    confidence : ndarray of shape (n_names,)
        Probability, in [0, 1], that this comment begins and ends where it is said to.
    p_name : ndarray of shape (n_lines,)
        Probability of each line's being a name.
    log_z : float
        Log of the sum of the weights of all sequences.
    p_article : ndarray of shape (n_lines,)
        Probability of each line's being of the article.
    """

    names: np.ndarray
    confidence: np.ndarray
    p_name: np.ndarray
    p_article: np.ndarray
    log_z: float


def key_of(line: str) -> str:
    """Return the form in which whole lines are counted and compared: entities read, no case; "" for long lines."""
    if len(line) > KEY:
        return ""
    return ((unescape(line).strip() or line) if "&" in line else line).casefold()


def flag_sums(looks: Sequence[Sequence[str]], table: np.ndarray = TABLE) -> np.ndarray:
    """Sum the weights of each line's flags: ndarray of shape (n_lines, n_columns)."""
    starts = np.cumsum([0] + [len(look) for look in looks[:-1]])
    return np.add.reduceat(table[[FLAG[flag] for look in looks for flag in look]], starts, axis=0)


def shape_scores(sums: np.ndarray) -> np.ndarray:
    """From each line's sums to its log odds: name by itself, name by its neighbours, article."""
    scores = sums[:, [0, 0, 3]]
    scores[:, 1] = 0.0
    scores[1:, 1] += sums[:-1, 1]
    scores[:-1, 1] += sums[1:, 2]
    return scores


class Vocabulary:
    """What is counted of a study's lines while they are read: short lines as a whole, and the words of long ones.

    Attributes
    ----------
    numbers : dict
        Short lines, in the form of `key_of`, and their numbers.
    words : Counter
        How often each word stands in long lines, as written.
    talk : list of bool
        Whether the short line looks like talk.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.talk: list[bool] = []
        self.words: Counter[str] = Counter()

    def count(self, lines: Sequence[str], keys: Sequence[str], looks: Sequence[Sequence[str]]) -> np.ndarray:
        """Count a thread's lines, with their keys and flags; return the number of each, -1 for long lines."""
        numbers, found = self.numbers, []
        for line, key, look in zip(lines, keys, looks, strict=True):
            if key:
                found.append(numbers.setdefault(key, len(numbers)))
                if len(self.talk) < len(numbers):
                    self.talk.append(not TALKISH.isdisjoint(look))
            else:
                found.append(-1)
                self.words.update(line[:WORDS].split())
        return np.array(found, dtype=np.int64)

    def first_words(self) -> np.ndarray:
        """Return the number of each short line's first word: ndarray of shape (n_keys,)."""
        seen: dict[str, int] = {}
        firsts = [key.split()[0].strip(".,!?:;-") for key in self.numbers]
        return np.array([seen.setdefault(word, len(seen)) for word in firsts], dtype=np.int64)

    def facts(self) -> np.ndarray:
        """What does not change with decoding: ndarray of shape (n_keys, 3): talk (0, 1), commonest and rarest word."""
        found, words = np.zeros((len(self.numbers), 3)), self.words
        bare = "\n".join(self.numbers).translate(NO_STOPS).split("\n")
        for i, key in enumerate(bare):
            if counts := [words[word] for word in key.split()]:
                found[i, 1:] = max(counts), min(counts)
        found[:, 0] = self.talk
        found[:, 1:] = np.log1p(found[:, 1:])
        return found


def signs(lines: Sequence[str], keys: Sequence[str]) -> np.ndarray:
    """Find out which short lines are mentioned, addressed, or signatures: ndarray of 0 and 1, of shape (n_lines, 3)."""
    mentioned, addressed = set(), set()
    for line in lines:
        head = line[:REMARKS]
        if "@" in head:
            for phrase in MENTION.findall(head):
                words = key_of(phrase).split()
                mentioned.update(" ".join(words[:n]) for n in (1, 2, 3))
        if match := ADDRESS.match(head):
            key = key_of(match[1])
            if key and key.split()[0] not in TALK:
                addressed.add(key)
    found = np.zeros((len(lines), 3))
    last: dict[str, tuple[int, str]] = {}
    for i, key in enumerate(keys):
        if not key:
            continue
        first = key.split()[0]
        if key in mentioned or first in mentioned:
            found[i, 0] = 1
        if key in addressed or first in addressed:
            found[i, 1] = 1
        if bare := key.strip(DASH + ".,!"):
            at, whole = last.get(bare, (-REACH, ""))
            if i - at < REACH and whole != key:
                found[i, 2] = 1
            last[bare.split()[0]] = last[bare] = (i, key)
    return found


def draft(lines: Sequence[str], start: np.ndarray, vocabulary: Vocabulary) -> Draft:
    """Look at a thread's lines, and count them."""
    looks, keys = [flags(line) for line in lines], [key_of(line) for line in lines]
    return Draft(shape_scores(flag_sums(looks)), signs(lines, keys), vocabulary.count(lines, keys, looks), start)


def chain(name: np.ndarray, article: np.ndarray, start: np.ndarray, *, best: bool = True) -> Decoding:
    """Decode one thread.

    Parameters
    ----------
    name, article : ndarray of shape (n_lines,)
        Log odds of each line's being a name, or of the article, against its being text of a comment.
    start : ndarray of shape (n_lines,)
        Log weight of the step from article to name at this line; infinite at the first line if it is known to be a name.
    best : bool
        Whether to find the most probable sequence, or only the probabilities: then `names` and `confidence` are empty.

    Returns
    -------
    Decoding
    """
    size = len(name)
    in_comments = bool(start[0] == np.inf)
    nothing = np.zeros(size)
    if in_comments and size < 2:  # a single name, without a text
        return Decoding(np.array([], dtype=np.int64), np.array([]), nothing, nothing, -np.inf)
    # Backward: q[i] is the probability, given all that follows, that line i is a name if line i - 1 is text.
    # The last line is never a name.
    name = np.clip(name, -SURE, SURE)
    weights = np.exp(name).tolist()
    q, stay, rest = [0.0] * size, [1.0] * size, 1.0
    for i in range(size - 2, 0, -1):
        x = weights[i] * rest
        stay[i] = rest = 1.0 / (1.0 + x)
        q[i] = x * rest
    log_stay = np.log(stay)
    # Log weight of everything after line i if it is a name, summed over all sequences.
    after_all = np.zeros(size)
    after_all[:-2] = np.cumsum(-log_stay[:1:-1])[::-1]
    p_start = np.zeros(size)
    if in_comments:
        p_start[0], log_z, first = 1.0, float(after_all[0]), 0
    else:  # where the comments begin; the last place stands for a thread without any
        before = np.concatenate([[0.0, 0.0], np.cumsum(article[1:])])
        fixed = before[:size] + start + name
        fixed[[0, -1]] = -np.inf
        logs = np.append(fixed + after_all, before[-1])
        log_z = float(np.logaddexp.reduce(logs))
        p_start = np.exp(logs - log_z)[:-1]
    # Forward.
    p_name, p_text = p_start.tolist(), 0.0
    for i in range(1, size):
        opened = p_text * q[i]
        p_text += p_name[i - 1] - opened
        p_name[i] += opened
    found = np.array(p_name)
    p_article = np.clip(1.0 - np.cumsum(p_start), 0.0, 1.0)
    if not best:
        return Decoding(np.array([], dtype=np.int64), np.array([]), found, p_article, log_z)
    is_name, after_best = _best(name)
    if not in_comments:
        first = int(np.argmax(np.append(fixed + after_best, before[-1])))
    names = [first] if first < size else []
    i = first + 2
    while i < size:
        if is_name[i]:
            names.append(i)
            i += 1
        i += 1
    at = np.array(names, dtype=np.int64)
    # A comment is right if its name is one, no line of its text is, and the next name is one.
    stays = np.cumsum(log_stay)
    ends = np.append(at[1:], size)[: len(at)]
    within = stays[ends - 1] - stays[np.minimum(at + 1, size - 1)]
    closes = np.append(np.array(q)[at[1:]], 1.0)[: len(at)]
    confidence = np.clip(found[at] * np.exp(within) * closes, 0.0, 1.0)
    return Decoding(at, confidence, found, p_article, log_z)


def _best(name: np.ndarray) -> tuple[list[bool], np.ndarray]:
    """Viterbi's backward pass: is a line a name in the best sequence if the line before is text; log weight after it."""
    size, odds = len(name), name.tolist()
    is_name, gain, best = [False] * size, [0.0] * size, 0.0
    for i in range(size - 2, 0, -1):
        y = odds[i] + best
        if y > 0:
            is_name[i], best, gain[i] = True, -y, y
        else:
            best = 0.0
    after = np.zeros(size)
    after[:-2] = np.cumsum(np.array(gain)[:1:-1])[::-1]
    return is_name, after


class Evidence:
    """What the lines of a study say of one another, once each has been decoded.

    Parameters
    ----------
    drafts : sequence of Draft
    vocabulary : Vocabulary
    """

    def __init__(self, drafts: Sequence[Draft], vocabulary: Vocabulary) -> None:
        keys = np.concatenate([d.keys for d in drafts])
        thread = np.repeat(np.arange(len(drafts)), [len(d.keys) for d in drafts])
        self.n_lines = len(keys)
        self.short = np.flatnonzero(keys >= 0)
        self.key, self.thread = keys[self.short], thread[self.short]
        self.first = vocabulary.first_words()[self.key]
        known = vocabulary.facts()[self.key]
        _, self.pair = np.unique(self.thread * (len(vocabulary.numbers) + 1) + self.key, return_inverse=True)
        _, self.first_pair = np.unique(self.thread * (len(vocabulary.numbers) + 1) + self.first, return_inverse=True)
        threads_with = np.bincount(np.unique(np.stack([self.key, self.thread]), axis=1)[0])[self.key]
        recurs = np.log(threads_with)
        talk = known[:, 0] > 0
        self.fixed = np.stack([np.where(talk, 0, recurs), np.where(talk, recurs, 0), known[:, 1], known[:, 2]], axis=1)

    def weigh(self, p_name: np.ndarray, fit: np.ndarray) -> np.ndarray:
        """Return the evidence on each line.

        Parameters
        ----------
        p_name : ndarray of shape (n_lines of all drafts,)
            Probability of each line's being a name, as decoded before.
        fit : ndarray of shape (n_lines of all drafts,)
            Log odds that the place gives to a name, whatever stands there.

        Returns
        -------
        ndarray of shape (n_lines of all drafts, len(FACTS))
            0 for long lines.
        """
        facts = np.zeros((self.n_lines, len(FACTS)))
        if not len(self.short):
            return facts
        p, own = p_name[self.short], fit[self.short]
        rows = np.zeros((len(self.short), 4))
        for sign, weight in ((1, p), (-1, 1 - p)):
            here = np.bincount(self.pair, weights=weight)[self.pair]
            others = np.bincount(self.key, weights=weight)[self.key] - here
            first = np.bincount(self.first, weights=weight)[self.first]
            first = first - np.bincount(self.first_pair, weights=weight)[self.first_pair]
            for column, count in enumerate((others, here - weight, first)):
                # Rounded: a difference of equal sums is 0 whatever the order of its terms.
                rows[:, column] += sign * np.log(np.round(np.maximum(count, 0), 6) + 0.1)
        rows[:, 3] = np.clip(np.round(np.bincount(self.key, weights=own)[self.key] - own, 6), -FIT, FIT)
        facts[self.short] = np.hstack([rows, self.fixed])
        return facts


def fit_of(p_name: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Log odds that the place gives to a name: the line's odds as decoded, less what the line itself says."""
    p = np.clip(p_name, 1e-4, 1 - 1e-4)
    return np.clip(np.log(p / (1 - p)) - own, -FIT, FIT)


def decode(drafts: Sequence[Draft], vocabulary: Vocabulary, known_authors: Collection[str] = ()) -> list[Decoding]:
    """Decode all threads of a study, each with what the others say.

    Parameters
    ----------
    drafts : sequence of Draft
        In an order that does not depend on the files' names.
    vocabulary : Vocabulary
        As `draft` filled it.
    known_authors : collection of str
        Names known to be authors'. Lines that are listed are names rather, others less so: by how much is learned
        from how complete the list turns out to be.

    Returns
    -------
    list of Decoding
    """
    if not drafts:
        return []
    listed = None
    if known_authors:
        names = {key_of(name.strip()) for name in known_authors}
        is_known = np.array([key in names for key in vocabulary.numbers] + [False])
        listed = np.concatenate([is_known[d.keys] for d in drafts])
    bounds = np.cumsum([0] + [len(d.keys) for d in drafts])
    shape = np.concatenate([d.shape for d in drafts])
    itself = shape[:, 0] + np.concatenate([d.signs for d in drafts]) @ SIGNS
    beside = shape[:, 1].copy()
    if listed is not None:
        itself[listed] *= LISTED_SHAPE
        beside[:-1][listed[1:]] += LISTED_NEXT
    evidence = Evidence(drafts, vocabulary)
    extra = np.zeros(len(itself))
    rounds = ROUNDS if listed is None else LISTED_ROUNDS
    for last in [False] * rounds + [True]:
        own = itself + extra
        odds = own + beside
        found = [
            chain(odds[i:j], shape[i:j, 2], d.start, best=last)
            for i, j, d in zip(bounds, bounds[1:], drafts, strict=False)
        ]
        if not last:
            p = np.concatenate([f.p_name for f in found])
            extra = evidence.weigh(p, fit_of(p, own)) @ FACTS
            if listed is not None:
                extra[listed] *= LISTED_SHAPE
                extra += completeness(p, listed)
    return found


def completeness(p_name: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Log odds that the list of known names gives each line, by how many names and how many texts are on it."""
    odds = np.zeros(2)
    for sign, weight in ((1, p_name), (-1, 1 - p_name)):
        on, total = weight[listed].sum(), weight.sum()
        odds += sign * np.log((np.array([total - on, on]) + 1) / (total + 2))
    return odds[listed.astype(int)]
