"""How the sample's comments are worded: chance, the material's small language, and the habits of authors.

A line of material starts with its tone (-, 0, +) and flags: i irony, u understated, m mixed, @ about the writer,
< or > only before or only after the planted drop. In it `{a|b}` is one of the two, `{name}` a word of the list of
that name (`*name` in the list: the same word throughout a thread), `{3-9}` a whole number, `{day-1}` the weekday
before the article's date, `{date+14}` a date, `{month-1}`, `{year+1}` likewise; ` // ` parts paragraphs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "dunmarrow-1"
DROP_DAY = dt.date(2023, 2, 16)  # from this day on the tone of one theme is lower
AUTHOR_SD = 0.15  # of the tone, between authors
P_NEUTRAL = 0.26  # share of neutral comments
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
MONTHS += ["August", "September", "October", "November", "December"]
TYPOS = {"definitely": "definately", "their": "thier", "because": "becuase", "really": "realy", "which": "wich"}
TYPOS |= {"would have": "would of", "you're": "your", "people": "poeple", "separate": "seperate", "the": "teh"}
TYPOS |= {"until": "untill", "believe": "beleive", "receive": "recieve", "there's": "theres", "too": "to"}
TYPOS |= {"council": "counsil", "government": "goverment", "weird": "wierd", "it's": "its", "don't": "dont"}


class Draw:
    """Chance, from a key in words: the same key gives the same draws on every machine and Python."""

    def __init__(self, *key: object) -> None:
        digest = hashlib.sha256("|".join(map(str, (SEED, *key))).encode()).digest()
        self.u = random.Random(int.from_bytes(digest[:8], "big")).random

    def chance(self, p: float) -> bool:
        return self.u() < p

    def whole(self, low: int, high: int) -> int:
        return low + int(self.u() * (high - low + 1))

    def pick(self, items):
        return items[int(self.u() * len(items))]

    def weighted(self, items, weights):
        left = self.u() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def normal(self, sd: float) -> float:
        return sd * (sum(self.u() for _ in range(12)) - 6)  # exact on every platform, unlike log and cos

    def shuffled(self, items):
        keyed = [(self.u(), n) for n in range(len(items))]
        return [items[n] for _, n in sorted(keyed)]


@dataclass(frozen=True)
class Line:
    """One piece of text of the material."""

    text: str
    tone: int
    flags: str
    after: str = ""  # not before this month or day, as ISO text


@dataclass
class Material:
    """What one file under material/ holds."""

    words: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    # date, slug, number of comments if set, paragraphs, lines that only this article's readers write
    stories: list[tuple[str, str, int | None, list[str], list[Line]]] = field(default_factory=list)


def read_material(path: Path) -> Material:
    """One material file, by its sections."""
    material, section = Material(), ""
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if re.fullmatch(r"\[\w+\]", line):
            section = line[1:-1]
        elif section == "words":
            name, _, rest = line.partition(":")
            material.words[name] = [w.strip() for w in rest.split(";")]
        elif section == "stories" and line.startswith("== "):
            day, slug, *size = line[3:].split()
            material.stories.append((day, slug, int(size[0]) if size else None, [], []))
        elif section == "stories" and not re.match(r"[-0+][a-z@]* ", line):
            material.stories[-1][3].append(line)
        else:
            tag, _, text = line.partition(" ")
            flags, _, month = tag[1:].partition(">2")
            made = Line(text, {"-": -1, "0": 0, "+": 1}[tag[0]], flags, "2" + month if month else "")
            (material.stories[-1][4] if section == "stories" else material.lines.setdefault(section, [])).append(made)
    return material


def expand(text: str, draw: Draw, words: dict[str, list[str]], day: dt.date, seen: set[str]) -> str:
    """`text` with its slots filled; no word of a list twice while `seen` lives."""

    def fill(match: re.Match[str]) -> str:
        body = match[1]
        if "|" in body:
            return draw.pick(body.split("|"))
        if number := re.fullmatch(r"(\d+)-(\d+)", body):
            return str(draw.whole(int(number[1]), int(number[2])))
        if when := re.fullmatch(r"(day|date|month|year)([+-]\d+)?", body):
            return shifted(day, when[1], int(when[2] or 0))
        fresh = [w for w in words[body] if w not in seen] or words[body]
        word = draw.pick(fresh)
        seen.add(word)
        return word

    while "{" in text:
        text = re.sub(r"\{([^{}]*)\}", fill, text)
    text = re.sub(r" +(?=[ .,;:!?]|$)", "", text).strip()
    text = re.sub(r"\b([Aa]) (?=[aeio])(?!eu|one\b|once\b)", r"\1n ", text)
    return re.sub(r"(?<=\w[.!?] )[a-z]", lambda m: m[0].upper(), text)


def shifted(day: dt.date, unit: str, by: int) -> str:
    """A date near `day`, in words."""
    if unit in ("day", "date"):
        then = day + dt.timedelta(days=by)
        return DAYS[then.weekday()] if unit == "day" else f"{then.day} {MONTHS[then.month - 1]}"
    return str(day.year + by) if unit == "year" else MONTHS[(day.month - 1 + by) % 12]


def curly(text: str) -> str:
    """Straight quotes made typographic."""
    text = re.sub(r'(^|[\s(\[—])"', r"\1“", text).replace('"', "”")
    return re.sub(r"(^|[\s(\[—“])'(?=\w)", r"\1‘", text).replace("'", "’")


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class Sample:
    """The state that all threads share: what was used how often, and who writes."""

    def __init__(self) -> None:
        files = sorted((HERE / "material").glob("*.txt"))
        found = {p.stem: read_material(p) for p in files}
        self.common = found.pop("common")
        self.foreign = found.pop("foreign").lines
        self.themes = found
        self.used: Counter[str] = Counter()
        self.drawn: Counter[tuple[str, bool]] = Counter()
        names = (HERE / "material" / "names.list").read_text(encoding="utf-8").splitlines()
        self.names = Draw("names").shuffled([n for n in names if n])
        # Zipf's law, bent at the top so that the busiest writes some hundred comments.
        self.activity = [1 / (rank + 9) for rank in range(len(self.names))]
        self.habits = {n: self.habit(Draw("habit", n)) for n in self.names}

    def tone(self, theme: str, late: bool, mean: float) -> int:
        """A tone of the expected value `mean`.

        Not by independent draws: by steps of the golden ratio, so that the mean tone of a theme before and after
        the drop is what was planted and not what chance made of it.
        """
        self.drawn[theme, late] += 1
        u = (Draw("tone", theme, late).u() + self.drawn[theme, late] * 0.6180339887498949) % 1
        lean = max(-1.0, min(1.0, mean / (1 - P_NEUTRAL)))
        negative = (1 - P_NEUTRAL) * (1 - lean) / 2
        return -1 if u < negative else 0 if u < negative + P_NEUTRAL else 1

    @staticmethod
    def habit(draw: Draw) -> dict[str, float]:
        """How one author types, the same in every comment."""
        kinds = {"lower": 0.11, "curly": 0.42, "bare": 0.13, "emoji": 0.14, "caps": 0.05, "typos": 0.16}
        habit = {k: float(draw.chance(p)) for k, p in kinds.items()}
        return habit | {
            "dots": float(draw.chance(0.07)),
            "bangs": float(draw.chance(0.09)),
            "tone": draw.normal(AUTHOR_SD),
        }

    def take(self, pool: list[Line], draw: Draw, not_these: set[str]) -> Line | None:
        """One of the lines used least so far, so that none is worn out before the others."""
        open_ = [p for p in pool if p.text not in not_these]
        if not open_:
            return None
        least = min(self.used[p.text] for p in open_)
        line = draw.pick([p for p in open_ if self.used[p.text] <= least + (least > 1)])
        self.used[line.text] += 1
        not_these.add(line.text)
        return line

    def write(
        self, theme: str, tone: int, draw: Draw, day: dt.date, in_thread: set[str], fixed: dict, hooks: list
    ) -> dict:
        """One comment on a theme in a tone: what it says, before its author's habits."""
        own = self.themes[theme]
        words = self.common.words | own.words | fixed.get(theme, {})
        seen: set[str] = set()
        late = day >= DROP_DAY

        def fit(lines: list[Line]) -> list[Line]:
            known = [x for x in lines if x.tone == tone and x.after <= day.isoformat()]
            return [x for x in known if ("<" if late else ">") not in x.flags]

        def say(line: Line) -> str:
            return capital(expand(line.text, draw, words, day, seen))

        def topical(parts: list[str]) -> bool:
            return bool(re.search(own.lines["stems"][0].text, " ".join(parts), re.IGNORECASE))

        fresh = [x for x in fit(own.lines["once"]) if not self.used[x.text]]
        kind = draw.weighted(("full", "once", "short"), (0.79, 0.14 if fresh else 0, 0.07))
        if kind == "once":
            line = draw.pick(fresh)
            self.used[line.text] += 1
            parts = say(line).split(" // ")
            if not topical(parts) and draw.chance(0.8):
                parts[0] = f"{say(draw.pick(self.common.lines['about']))} {parts[0]}"
            return {"parts": parts, "kind": "comment", "flags": line.flags, "joined": False}
        if kind == "short":
            line = self.take(fit(own.lines["short"]), draw, set())
            return {"parts": [say(line)], "kind": "short", "flags": line.flags, "joined": True}
        lines: list[Line] = []
        often = (0.48, 0.33, 0.12, 0.04, 0.03) if len(in_thread) < 45 else (0.8, 0.18, 0.02, 0, 0)
        wanted = draw.weighted((1, 2, 3, 4, 5), often)  # fewer where a thread has said most of it
        if (mine := [x for x in fit(hooks) if x.text not in in_thread]) and draw.chance(0.7):
            lines.append(draw.pick(mine))
            in_thread.add(lines[0].text)
        while len(lines) < wanted:
            pool = [x for x in fit(own.lines["points"]) if not ("@" in x.flags and any("@" in y.flags for y in lines))]
            if not draw.chance(0.3):  # an event is not all that people speak of after it
                pool = [x for x in pool if ">" not in x.flags]
            if any("i" in x.flags for x in lines) or not pool:  # irony is not mixed with plain speech
                break
            if lines:
                pool = [x for x in pool if "i" not in x.flags]
            elif draw.chance(0.14):  # people say less plainly what they feel than a list of lines does
                pool = [x for x in pool if x.flags.strip("@<>")] or pool
            line = self.take(pool, draw, in_thread) or self.take(pool, draw, {x.text for x in lines})
            if line is None:
                break
            lines.append(line)
        parts = [say(x) for x in lines]
        if draw.chance(0.35 if topical(parts) else 0.97):
            if draw.chance(0.55):
                parts[0] = f"{say(self.take(self.common.lines['about'], draw, set()))} {parts[0]}"
            else:
                parts[-1] += f" {say(self.take(self.common.lines['aboutend'], draw, set()))}"
        plain = not any(f in x.flags for x in lines for f in "imu")
        for where, p in (("open", 0.24), ("close", 0.22)):
            extra = [x for x in self.common.lines[where] if x.tone == tone]
            if plain and draw.chance(p):
                said = say(self.take(extra, draw, set()))
                parts = [said, *parts] if where == "open" else [*parts, said]
        return {"parts": parts, "kind": "comment", "flags": "".join(x.flags for x in lines), "joined": True}


def paragraphs(made: dict, draw: Draw) -> list[str]:
    """The parts of a comment, set as paragraphs."""
    if not made["joined"]:
        return made["parts"]
    out = [made["parts"][0]]
    loose = draw.weighted((0.0, 0.5, 1.0), (0.58, 0.22, 0.2))
    for part in made["parts"][1:]:
        if draw.chance(loose):
            out.append(part)
        else:
            out[-1] += " " + part
    return out


def spoil(text: str, habit: dict[str, float], tone: int, draw: Draw) -> str:
    """The author's habits, on one paragraph."""
    links = re.findall(r"https?://\S+|\S+@\S+", text)
    if habit["typos"] and draw.chance(0.8):
        for right in draw.shuffled(sorted(TYPOS))[:9]:
            if draw.chance(0.8):
                text = re.sub(rf"\b{re.escape(right)}\b", TYPOS[right], text, count=1)
    if habit["lower"]:
        text = text.lower()
    if habit["caps"] and draw.chance(0.45):
        words = text.split(" ")
        at = draw.whole(0, len(words) - 1)
        whole = draw.chance(0.35)
        words = [w.upper() if whole or (abs(n - at) < 2 and "@" not in w) else w for n, w in enumerate(words)]
        text = " ".join(words)
    if habit["dots"]:
        text = re.sub(r"\. (?=\w)", "... ", text, count=draw.whole(1, 3))
    if habit["bangs"] and tone and text.endswith("."):
        text = text[:-1] + "!" * draw.whole(1, 3)
    if habit["bare"] and text.endswith("."):
        text = text[:-1]
    for link in links:  # an address works only as it was written
        text = re.sub(re.escape(link), lambda _, link=link: link, text, flags=re.IGNORECASE)
    return curly(text) if habit["curly"] else text
