"""Times that stand in short lines of a page: "Posted on 12 March 2021 at 14:05", "2 days ago", "Dec. 22 10:15 am"."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Collection, Sequence

from analysis.corpus.dates import DIGITS, FORMS, MONTH_WORD, WORDS, after, any_of, clock

AGO = WORDS["ago"]
DAYS = {word: float(days) for days, words in AGO["units"].items() for word in words.split()}
SINCE = {word: days for key, days in (("now", 0), ("today", 0), ("yesterday", 1)) for word in AGO[key].split()}
TIMES = WHOLE, SOME, RELATIVE = "‹time›", "‹some›", "‹ago›"  # what stands for a time in a line that is compared
PERSON, MOST_WORDS = "«name»", 8
NUMBER = re.compile(r"\d+(?:[.,]\d+)*k?")
SEPARATORS = " ·•|,:–—»-"


def _words(key: str) -> str:
    return any_of([word.replace("-", " ") for word in AGO[key].split()])


_CLOCK = r"\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?"
_DAY = rf"(?:{MONTH_WORD})(?!\w)\.?\s\d{{1,2}}\b|\d{{1,2}}\.?\s(?:{MONTH_WORD})(?!\w)\.?"
_NUMBER = rf"(?:(?P<before>{_words('before')})\s)?(?P<n>\d{{1,3}}|(?:{_words('one')})(?=\s))"
_SINCE = rf"^(?P<since>{any_of([word.replace('-', ' ') for word in SINCE])})(?=$|\W+(?:\w+\s)?\d)"
_AGO = rf"{_NUMBER}\s?(?P<unit>{any_of(list(DAYS))})\.?(?:\s?(?P<after>{_words('after')})|(?!\w))|{_SINCE}"
_WEEKDAY = f"(?:{any_of(WORDS['weekdays'].split())})"
WHOLE_TIME = rf"(?:{_WEEKDAY}\.?,?\s)?(?:{clock(9)},?\s{{1,3}})?(?:{'|'.join(FORMS)}){after(8)}"
_FORMS = {
    WHOLE: WHOLE_TIME,
    RELATIVE: _AGO,
    SOME: rf"(?:{_DAY})(?:,?\s{{1,2}}(?:at\s)?{_CLOCK})?|{_CLOCK}",
}
PATTERNS = {kind: re.compile(rf"(?<![\w/])(?:{form})(?![\w/])", re.IGNORECASE) for kind, form in _FORMS.items()}


@functools.lru_cache(1 << 15)
def _place(shape: str) -> tuple[str, int, int]:
    """Which kind of time stands where in lines that differ in their digits alone; "" if none does."""
    for kind, pattern in PATTERNS.items():
        if match := pattern.search(shape):
            return kind, *match.span()
    return "", 0, 0


def time_in(line: str) -> tuple[str, int, int]:
    """The kind of the first time in a line, WHOLE, RELATIVE or SOME, and where it stands; "" if there is none."""
    return _place(line.translate(DIGITS))


def ago(written: str, day: dt.date) -> dt.date | None:
    """The day that lies so long before another; None if it cannot be told."""
    match = PATTERNS[RELATIVE].search(written)
    if match and match["since"]:
        return day - dt.timedelta(days=SINCE[match["since"].casefold().replace(" ", "-")])
    if not match:
        return None
    n = int(match["n"]) if match["n"].isdigit() else 1
    return day - dt.timedelta(days=round(n * DAYS[match["unit"].casefold()]))


def mask(key: str, others: Collection[str] = ()) -> str:
    """A line in small letters, without what differs from comment to comment: its times, its numbers, and whose it is.

    `others` are the thread's short lines, of which names are: "Avatar of Ann" above "Ann", "in reply to Ann". A number
    is no name: votes of one comment are the days of another.
    """
    words = key.split()
    parts = [(words[:n], words[n:]) for n in range(1, len(words))] if 1 < len(words) <= MOST_WORDS else []
    ends = next(([*head, PERSON] for head, tail in parts if _is_other(tail, others)), None)
    begins = next(([PERSON, *tail] for head, tail in reversed(parts) if _is_other(head, others)), None)
    done, rest = "", " ".join(ends or begins or words) or key
    kind, at, end = time_in(rest)
    while kind:
        done, rest = f"{done}{rest[:at]} {kind} ", rest[end:]
        kind, at, end = time_in(rest)
    return " ".join(NUMBER.sub("0", done + rest).split()) or key


def _is_other(words: Sequence[str], others: Collection[str]) -> bool:
    """Whether some words are one of the other lines, and no number."""
    return (line := " ".join(words)) in others and any(map(str.isalpha, line))


def _alike(word: str) -> str:
    """A word as a mask has it."""
    return NUMBER.sub("0", word.casefold())


def beside_time(line: str, common: frozenset[str]) -> str:
    """The name, as written, in a line of a name, a time and some common words; "" if it is no such line."""
    kind, at, end = time_in(line)
    words = f"{line[:at]} {line[end:]}".split()
    if not kind or not common <= {*map(_alike, words)}:
        return ""
    return " ".join(within(words, common)).strip(SEPARATORS)


def within(words: list[str], common: frozenset[str]) -> list[str]:
    """What is left of words without common ones at both ends."""
    places = [i for i, word in enumerate(words) if _alike(word) not in common]
    return words[places[0] : places[-1] + 1] if places else []
