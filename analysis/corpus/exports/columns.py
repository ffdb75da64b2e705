"""Which column of a table is which of ours: by its name, or by what is in it."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.corpus.dates import CLOCK, are_days, instants
from analysis.corpus.wording import normal

Row = Mapping[str, object]
Columns = dict[str, tuple[str, ...]]  # ours = theirs, in the order in which they are tried row by row

WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NOTHING, REMOVED = (frozenset(WORDS["nothing"][key]) for key in ("values", "removed"))
OURS = {role: tuple(ours for ours in WORDS[role] if ours != "article_weak") for role in ("comments", "articles")}
MUST = {"comments": "text", "articles": "article_id"}
FIRST = ("text", "article_id", "comment_id")  # what other columns then are not
SAMPLE = 1000  # rows by which columns are told
ASIDE = re.compile(r"\s+\(.*\)$")  # "Name (click to view profile)" is "Name"
OF_THREAD = ("text", "author", "posted_at")  # a table of both may have them of the article too
OF_COMMENT = re.compile(r"(?:comment|kommentar)(?:[\W_]|(?=[A-Z]))", re.IGNORECASE)
ID_NAME = re.compile(r"id[\W_]+(.+)|(.+?)[\W_]?(?:uuid|guid)", re.IGNORECASE)  # "ID_Post", "content_uuid"
FRAGMENT = re.compile(r"(?<=[\w/])#(?![!/]).*")  # a place in a page, which is the thread
LINK, BESIDE = re.compile(r"https?://(?:www\.)?(?=.)", re.IGNORECASE), re.compile(
    r"(?<=[?&])(?:utm_\w+|fbclid|gclid|mc_[ce]id|igshid|cmpid|xtor)=[^&]*(?:&|$)", re.IGNORECASE)  # fmt: skip
LATER = re.compile("updat|modif|edit|chang|scrap|retriev|crawl|collect|access|last|seen|geändert")
FULL = re.compile(r"^t[13]_")  # before ids of Reddit
LOST = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)  # a number that lost its digits in a spreadsheet


@functools.cache
def fold(name: str) -> str:
    """A name without case, accents, spaces and marks."""
    letters = normal("NFKD", ASIDE.sub("", name.casefold()) or name.casefold())
    return "".join(letter for letter in letters if letter.isalnum()) or name.strip()


VOCABULARY = {
    role: {ours: {fold(name): i for i, name in reversed([*enumerate(names)])} for ours, names in WORDS[role].items()}
    for role in OURS
}
_OF_ARTICLES = VOCABULARY["articles"]
for _name in (*VOCABULARY["comments"]["article_id"], *VOCABULARY["comments"]["article_weak"]):
    if not any(_name in _OF_ARTICLES[ours] for ours in ("article_id", "title", "url")):
        _OF_ARTICLES["article_id"][_name] = len(_OF_ARTICLES["article_id"])  # what names a comment's thread
OUTER, INNER, OF_ARTICLE = ({fold(name) for name in WORDS["objects"][key]} for key in ("outer", "inner", "article"))
NEVER_THREADS, GONE, STATES, OFFSETS, PATHS, DEPTHS = (
    {fold(name) for name in WORDS["others"][key]}
    for key in ("never_threads", "gone", "states", "offset", "paths", "depths")
)
PLACE = re.compile(r"(?s)(?:(.+)[./-])?[^./-]+")  # "2.1", "2-1", "0.17.23": what is above, and the last place
UTC_OFFSET, LOCAL = re.compile(r"[+-]\d\d:?\d\d"), re.compile("lo[ck]al")


@functools.cache
def _forms(name: str, role: str = "comments") -> tuple[str, ...]:
    """A column's name in the forms by which it may be known: of "snippet.videoId" also "videoId"."""
    found, parts = [fold(name)], name.split(".")
    while len(parts) > 1 and fold(parts[0]) in OUTER | (OF_ARTICLE if role == "articles" else set()):
        parts = parts[1:]
        found.append(fold(".".join(parts)))
    if len(parts) > 1 and fold(parts[-1]) in INNER:
        found.append(fold(".".join(parts[:-1])))
    if ids := ID_NAME.fullmatch(name):
        found.append(fold(f"{ids[1] or ids[2]}id"))
    return tuple(dict.fromkeys(found))


@functools.cache
def roles(name: str, role: str = "comments") -> frozenset[str]:
    """Which of our columns a name may be."""
    return frozenset(
        ours for ours, names in VOCABULARY[role].items() if any(form in names for form in _forms(name, role))
    )


@functools.cache
def _ranks(name: str, role: str, ours: str) -> tuple[int, int] | None:
    """How well a name tells of a column of ours, the smallest best; None if it does not."""
    names = VOCABULARY[role][ours]
    ranks = [(names[form], n) for n, form in enumerate(_forms(name, role)) if form in names]
    said = OF_COMMENT.match(name) if ours in OF_THREAD and role == "comments" else None
    if (
        said and (form := fold(name[said.end() :])) in names
    ):  # of an article and a comment in one row it is the latter's
        ranks.append((names[form] - len(names), 0))
    return min(ranks, default=None)


def page(link: str) -> str:
    """What tells a page in a link, without a place in it, whence it was opened and "www."; of no link the value."""
    bare = FRAGMENT.sub("", link)
    return BESIDE.sub("", LINK.sub("", bare)).rstrip("?&/") if LINK.match(bare) else bare


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Names of the columns of some rows."""
    return list(dict.fromkeys(name for row in rows for name in row))


def is_articles(header: Sequence[str]) -> bool:
    """Whether a table looks like one of articles: a title, and neither a person nor a comment's text, id or parent."""
    found = recognise(header)
    titled = "title" in recognise(header, "articles")
    names = " ".join(map(fold, found.values()))
    return titled and not {"parent_id", "author"} & set(found) and "comment" not in names


def recognise(
    header: Sequence[str], role: str = "comments", sample: Mapping[str, list[str]] | None = None
) -> dict[str, str]:
    """Our columns and what they are called in `header`, {ours: theirs}: by their names.

    With a sample of their values, those whose values cannot be what they are called are left out.
    """
    found: dict[str, str] = {}
    others: dict[str, list[str]] = {}
    for ours in sorted(VOCABULARY[role], key=lambda one: one not in FIRST):
        left = [(i, theirs) for i, theirs in enumerate(header) if theirs not in found.values()]
        ranks = sorted((*rank, i, theirs) for i, theirs in left if (rank := _ranks(theirs, role, ours)))
        fits = [theirs for *_, theirs in ranks]
        good = [theirs for theirs in fits if sample is None or _may_be(ours, sample.get(theirs, []))]
        if sample is not None and ours == "article_id":  # what is another in every row is an id of the comment
            good.sort(key=lambda theirs: len({*sample[theirs]}) == len(sample[theirs]))
        theirs, *others[ours] = good or (fits[:1] if ours == MUST[role] else []) or [""]
        if theirs and (ours != "article_weak" or "article_id" not in found):
            found[ours] = theirs
    if sample and role == "comments":
        threads = sample.get(found.get("article_id", found.get("article_weak", "")), [])
        for ours in OF_THREAD:
            if ours in found and _of_threads(sample[found[ours]], threads):  # the article's, if another is there
                free = [one for one in others[ours] if one not in found.values()]
                found[ours] = next((one for one in free if not _of_threads(sample[one], threads)), found[ours])
        if "posted_time" in found and not are_days(sample.get(found.get("posted_at", ""), [])):
            del found["posted_time"]  # the time of day stands there as well
        if (
            "posted_time" not in found
            and (offset := offset_of(found, sample))
            and LOCAL.search(fold(found["posted_at"]))
        ):
            found |= {"posted_time": offset} if all(map(UTC_OFFSET.fullmatch, filter(None, sample[offset]))) else {}
        if "parent_id" in found:
            found["comment_id"] = _referred(found, sample)
            found = {ours: theirs for ours, theirs in found.items() if theirs}
    weak = found.pop("article_weak", "")
    if sample and weak and "author" in found and _go_together(sample[weak], sample[found["author"]]):
        weak = ""  # "By: Ann"
    values = [*map(page, sample.get(weak, []))] if sample and "parent_id" in found else []
    own = len({*values} - {""}) > 1 and len({*values}) == len(values)  # a link to each comment
    return {"article_id": weak, **found} if weak and not own else found


def _of_threads(values: Sequence[str], threads: Sequence[str]) -> bool:
    """Whether a column has one value a thread, in several threads of several rows."""
    n = len({*threads})
    return 1 < n < len(threads) / 1.5 and len({*zip(threads, values, strict=False)}) == n


def offset_of(found: Mapping[str, str], sample: Mapping[str, list[str]]) -> str:
    """The column of how far the clock of times is from UTC, where these do not say it nor are called UTC; else ""."""
    offset = next((name for name in sample if fold(name) in OFFSETS and any(sample[name])), "")
    at = found.get("posted_at", "") if offset else ""
    zones = [instants(sample[at][:200], zone).at for zone in ("UTC", "Asia/Tokyo")] if at else []
    return "" if not at or re.search("utc|gmt", fold(at)) or zones[0].equals(zones[1]) else offset


def place_of(found: Mapping[str, str], sample: Mapping[str, list[str]]) -> tuple[str, str]:
    """The column of where a comment stands among the others, and how it says so: as a "path" or by its "depth"."""
    threads = sample.get(found.get("article_id", ""), [""] * SAMPLE)
    for name in (one for one in sample if one not in found.values() or one == found.get("comment_id")):
        places = [*zip(threads, sample[name], strict=False)]
        above = [(thread, match[1]) for thread, one in places if (match := PLACE.fullmatch(one)) and match[1]]
        known = {*places}
        if fold(name) in PATHS and len(known) == len(places) and any(one in known for one in above):
            return name, "path"
        depths = [int(one) if one.isdigit() else -1 for _, one in places]
        if fold(name) in DEPTHS and min(depths, default=-1) >= 0 and len({*depths}) > 1:
            before = {thread: min(depths) - 1 for thread in threads}
            for thread, depth in zip(threads, depths, strict=False):
                if depth > before[thread] + 1:
                    return name, ""
                before[thread] = depth
            return name, "depth"
    return "", ""


def _go_together(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two columns, whose values repeat, say the same."""
    n = len({*some})
    return 2 < n < len(some) and n == len({*others}) == len({*zip(some, others, strict=True)})


def _referred(found: Mapping[str, str], sample: Mapping[str, list[str]]) -> str:
    """The column of the comments' ids: that to which the parents refer, if it is another than its name says."""
    threads = sample.get(found.get("article_id", ""), [""] * SAMPLE)
    told = zip(sample[found["parent_id"]], threads, strict=False)
    parents = {FULL.sub("", one) for one, thread in told if one != thread} - {"", *WORDS["nothing"]["parents"]}

    def share(name: str) -> float:
        return len(parents & {FULL.sub("", value) for value in sample[name]}) / max(1, len(parents))

    named = found.get("comment_id", "")
    if not parents or (named and share(named) >= 0.5):
        return named
    free = (name for name in sample if fold(name)[:7] not in ("", "unnamed") and name not in found.values())
    places = {name: [one for one in zip(sample[name], threads, strict=False) if one[0]] for name in free}
    ids = [name for name, some in places.items() if share(name) >= 0.5 and len({*some}) >= 0.9 * len(some)]
    return max(ids, key=share, default=named)


def _may_be(ours: str, values: list[str]) -> bool:
    """Whether a column's values can be what it is called."""
    filled = [value for value in values if value]
    if not filled:
        return not values or ours not in ("posted_at", "article_weak", *FIRST)
    different = len(set(filled))
    lost = LOST.fullmatch(filled[0]) is not None
    match ours:
        case "posted_at" | "published_at":
            return _share_of_times(filled) > 0
        case "parent_id":  # whether it is a reply is not to what
            return not {value.casefold() for value in filled} <= {"true", "false", "yes", "no"}
        case "posted_time":
            return all(map(CLOCK.fullmatch, filled))
        case "comment_id":  # an id of the post repeats; one that repeats here and there is mended where it is read
            return different > 0.5 * len(filled) or lost
        case "article_weak":  # a link or a title of each comment's own is no thread
            return len(filled) < 5 or len({*map(page, filled)}) <= 0.9 * len(filled)
    return not (lost and ours == "article_id")


def _share_of_times(values: Sequence[str]) -> float:
    times = instants(list(values)[:200], "UTC")
    return float((times.at.notna().to_numpy() | times.undecided).mean())


# ------------------------------------------------------------------------------------------ by what is in it


def recognise_values(rows: Sequence[Row]) -> tuple[dict[str, str], dict[str, str]]:
    """A table's columns, {ours: theirs}, by their names, else by their values, of rows in order; why of the latter."""
    sample = sampled(rows)
    found = recognise(list(sample), "comments", sample)
    because: dict[str, str] = {}
    for ours, guess in {"text": _text_like, "posted_at": _time_like, "article_id": _thread_like}.items():
        left = {name: values for name, values in sample.items() if name and name not in found.values() and any(values)}
        if ours not in found and (hit := guess(left)):
            found[ours], because[ours] = hit
    return found, because


def sampled(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Values of the first rows as texts, column by column."""

    def text(value: object) -> str:
        found = "" if value is None else str(value).strip().encode("utf-8", "replace").decode()  # half a letter is none
        return "" if found.casefold() in NOTHING else found

    return {name: [text(row.get(name)) for row in rows[:SAMPLE]] for name in columns_of(rows[:SAMPLE])}


def _text_like(sample: Mapping[str, list[str]]) -> tuple[str, str] | None:
    """The column of the longest texts, if these are several words, and differ."""
    best, most = None, 14.0
    for name, values in sample.items():
        filled = [value for value in values if value]
        words, long = np.mean([[value.count(" ") + 1, len(value)] for value in filled], axis=0)
        spaced = words >= 2.5 or any(ord(letter) > 0x2E80 for value in filled[:20] for letter in value)
        if spaced and long > most and len(set(filled)) > 0.5 * len(filled) and _share_of_times(filled) < 0.5:
            best, most = (name, f"its values are texts, {long:.0f} letters on average"), long
    return best


def _time_like(sample: Mapping[str, list[str]]) -> tuple[str, str] | None:
    for name, values in sorted(sample.items(), key=lambda one: LATER.search(fold(one[0])) is not None):
        filled = [value for value in values if value and not value.replace(".", "").isdigit()]
        if filled and (share := _share_of_times(filled)) > 0.9:
            return name, f"{share:.0%} of its values are dates"
    return None


def _thread_like(sample: Mapping[str, list[str]]) -> tuple[str, str] | None:
    """The column whose values repeat, and stand together: more often beside one another than by chance."""
    best, most = None, 0.5
    for name, values in sample.items():
        n, different = len(values), len(set(values))
        if n < 4 or not all(values) or not 1 < different <= n / 2:
            continue
        if fold(name) in NEVER_THREADS or LOST.fullmatch(values[0]):
            continue
        numbers = pd.to_numeric(pd.Series(values), errors="coerce")
        if numbers.notna().all() and ((numbers % 1).any() or (numbers.diff().dropna() <= 0).all()):
            continue  # measures, or counts from the most to the least
        together = float(np.mean([a == b for a, b in zip(values, values[1:], strict=False)]))
        chance = sum((values.count(value) / n) ** 2 for value in set(values))
        held = (together - chance) / max(1e-9, (n - different) / (n - 1) - chance)
        if held > most:
            best, most = (name, f"its {different} values, {n / different:.1f} rows each, stand together"), held
    return best
