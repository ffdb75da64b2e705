"""What the lines of a study say of one another: which recur, where they were names, of which words they are made."""

from __future__ import annotations

import numpy as np

FIT = 6.0  # log odds, at most, by which other places speak for or against a name
NO_STOPS = str.maketrans(dict.fromkeys('.,!?:;()"…', " "))
FACTS = (
    "elsewhere",  # log ratio of the expected counts of the same line as a name and as text, in other threads
    "here",  # the same, of the other lines of this thread
    "first word",  # the same as "elsewhere", of short lines that begin with the same word
    "fits",  # sum of the log odds that the other places where this line stands give to a name
    "recurs",  # log of 1 + the number of other threads with this line
    "recurs as talk",  # the same, where the line looks like talk, a list, or code
    "commonest word",  # log of 1 + how often its commonest word stands in long lines, in small letters
    "rarest word",  # the same, of its rarest word
)


class Evidence:
    """What the lines of a study say of one another, once each has been decoded.

    `keys` and `thread` (n_lines,) are the numbers of each line's key in `short`, -1 for long ones, and of its thread;
    `talk` says of each short line whether it looks like talk, `words` counts those of long lines, as written.
    """

    def __init__(
        self, keys: np.ndarray, thread: np.ndarray, short: list[str], talk: list[bool], words: dict[str, int]
    ) -> None:
        self.n_lines, self.short = len(keys), np.flatnonzero(keys >= 0)
        self.key, thread = keys[self.short], thread[self.short]
        seen: dict[str, int] = {}
        firsts = [key.split()[0].strip(".,!?:;-") for key in short]
        self.first = np.array([seen.setdefault(word, len(seen)) for word in firsts], dtype=np.int64)[self.key]
        pairs = (thread * (len(short) + 1) + key for key in (self.key, self.first))
        self.pair, self.first_pair = (np.unique(pair, return_inverse=True)[1] for pair in pairs)
        n_threads = np.bincount(np.unique(np.stack([self.key, thread]), axis=1)[0])[self.key]
        common = np.zeros((len(short), 2))
        for i, key in enumerate("\n".join(short).translate(NO_STOPS).split("\n") if short else ()):
            if counts := [words[word] for word in key.split()]:
                common[i] = max(counts), min(counts)
        recurs, talks = np.log(n_threads), np.array(talk, dtype=bool)[self.key]
        common = np.log1p(common)[self.key]
        self.fixed = np.column_stack([np.where(talks, 0, recurs), np.where(talks, recurs, 0), common])

    def weigh(self, p_name: np.ndarray, own: np.ndarray) -> np.ndarray:
        """The evidence on each line, of shape (n_lines, len(FACTS)); 0 on long ones.

        Of (n_lines,): `p_name` is the probability of each line's being a name, as decoded before; `own` the log odds by
        what the line itself says: what is more in the first, its place gives.
        """
        facts, p = np.zeros((self.n_lines, len(FACTS))), p_name[self.short]
        certain = np.clip(p, 1e-4, 1 - 1e-4)
        place = np.clip(np.log(certain / (1 - certain)) - own[self.short], -FIT, FIT)

        def summed(weight: np.ndarray, by: np.ndarray) -> np.ndarray:
            return np.bincount(by, weights=weight)[by] if len(by) else np.zeros(0)

        for sign, weight in ((1, p), (-1, 1 - p)):
            here = summed(weight, self.pair)
            elsewhere = summed(weight, self.key) - here
            first = summed(weight, self.first) - summed(weight, self.first_pair)
            for column, count in enumerate((elsewhere, here - weight, first)):
                # Rounded: a difference of equal sums is 0 whatever the order of its terms.
                facts[self.short, column] += sign * np.log(np.round(np.maximum(count, 0), 6) + 0.1)
        facts[self.short, 3] = np.clip(np.round(summed(place, self.key) - place, 6), -FIT, FIT)
        facts[self.short, 4:] = self.fixed
        return facts
