"""A line -> what it looks like: flags with names, each of which decoding.json weighs.

Only the shape counts here (length, case, punctuation, common words); what other threads know of a line is evidence.py's
part. Of a line longer than `LOOK` only the two ends are looked at, so that its length costs nothing.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np

LOOK = 60  # letters of the longest line that may be a name, and is counted as a whole
REMARKS = 300  # letters of a line in which mentions are looked for
REACH = 40  # lines within which a signature repeats the name above it

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
FUNCTION, PERSON, TALK = (frozenset(_WORDS[name].split()) for name in ("function", "person", "talk"))
SIGN_OFF = re.compile(_WORDS["sign_off"], re.IGNORECASE)
LIST_MARK = re.compile(r"(?:\(?\d{1,2}[.):]|[*•·+o–—-]|[a-zA-Z][.)])\s")
WIDE = re.compile(r"[ᄀ-ᇿ⺀-鿿가-힯豈-﫿＀-｠]")
LETTER = re.compile(r"[^\W\d_]")
WORD = r"([^\s@,:;.!?()\"]+(?: [^\s@,:;.!?()\"]+){0,2})"
MENTION, ADDRESS = re.compile(rf"@\s?{WORD}"), re.compile(rf"{WORD}\s?[:,]")
# What stands somewhere in a short line; of those in one group the first that is there.
MARKS = [{flag: re.compile(form, re.IGNORECASE) for flag, form in group.items()} for group in _WORDS["marks"]]
ENDS, STARTS = ({letter: f"{side} {name}" for name, letters in _WORDS[side].items() for letter in letters}
                for side in ("ends", "starts"))  # fmt: skip
TOPS = (2, 4, 7, 11, 15, 20, 25, 30, 40, 60, 100, 250)  # of the lengths below; an ideograph counts two and a half
LENGTHS = [*(f"{low + 1}-{top} long" for low, top in pairwise((0, *TOPS))), "251+ long"]
N_WORDS = ("", "1 word", "2 words", "3 words", "4 words", "5-6 words", "5-6 words", "7+ words")
STOPS = ".,!?:;()\"'…"
DASH = " -\u2010\u2011\u2012\u2013\u2014~"


def flags(line: str) -> list[str]:
    """Name what a line looks like: one flag or more. The line is stripped and not empty."""
    if len(line) <= 2 * LOOK and "&" in line:
        line = unescape(line).strip() or line
    n_wide = 0 if line.isascii() else len(WIDE.findall(line[:LOOK]))
    size = len(line) + n_wide + n_wide // 2
    found = [LENGTHS[bisect_left(TOPS, size)]]
    first, last = line[0], line[-1]
    if last in ENDS:
        found.append("ends …" if line.endswith("...") else ENDS[last])
    elif last.isdigit():
        found.append("ends digit")
    if LIST_MARK.match(line):
        found.append("starts list mark")
    elif first in STARTS:
        found.append(STARTS[first])
    elif first.isdigit():
        found.append("starts digit")
    elif first.islower():
        found.append("starts lower")
    elif not first.isalpha():
        found.append("starts sign")
    if size > LOOK:
        return found
    words = line.split()
    found.append("ideographs" if n_wide else N_WORDS[min(len(words), 7)])
    bare = [word.strip(STOPS) for word in line.lower().split()]
    if n_function := len(FUNCTION.intersection(bare)):
        found.append("1 function word" if n_function == 1 else "2+ function words")
    if not PERSON.isdisjoint(bare):
        found.append("I or you")
    if bare[0] in TALK:
        found.append("talk" if len(words) > 1 else "talk alone")
        if SIGN_OFF.match(line):
            found.append("sign-off")
    elif bare[-1] in TALK:
        found.append("ends in talk")
    if len(words) > 1:
        initials = [word[0] for word in words]
        n_upper = sum(map(str.isupper, initials))
        n_cased = n_upper + sum(map(str.islower, initials))
        if n_cased and n_upper == n_cased:
            found.append("every word capital")
        elif n_cased and n_upper == 0:
            found.append("no word capital")
        elif n_upper == 1 and initials[0].isupper():
            found.append("first word capital")
    elif first.isalpha() and line.isalnum() and not n_wide:
        found.append("plain word")
    if line.isupper() and size > 2:
        found.append("ALL CAPITALS")
    if not LETTER.search(line):
        found.append("no letter")
    for group in MARKS:
        found += next(([flag] for flag, pattern in group.items() if pattern.search(line)), [])
    return found


def key_of(line: str) -> str:
    """The form in which whole lines are counted and compared: entities read, no case; "" for long lines."""
    if len(line) > LOOK:
        return ""
    return ((unescape(line).strip() or line) if "&" in line else line).casefold()


def signs(lines: Sequence[str], keys: Sequence[str]) -> np.ndarray:
    """Whether each line of a thread is mentioned, addressed, or a signature: 0 and 1, of shape (n_lines, 3)."""
    mentioned, addressed = set[str](), set[str]()
    for line in lines:
        head = line[:REMARKS]
        for phrase in MENTION.findall(head) if "@" in head else ():
            words = key_of(phrase).split()
            mentioned.update(" ".join(words[:n]) for n in (1, 2, 3))
        if (match := ADDRESS.match(head)) and (key := key_of(match[1])) and key.split()[0] not in TALK:
            addressed.add(key)
    found = np.zeros((len(lines), 3))
    last: dict[str, tuple[int, str]] = {}
    for i, key in enumerate(keys):
        if not key:
            continue
        first = key.split()[0]
        found[i, 0] = key in mentioned or first in mentioned
        found[i, 1] = key in addressed or first in addressed
        if bare := key.strip(DASH + ".,!"):  # repeats the beginning of a short line above
            at, whole = last.get(bare, (-REACH, ""))
            found[i, 2] = i - at < REACH and whole != key
            last[bare.split()[0]] = last[bare] = (i, key)
    return found
