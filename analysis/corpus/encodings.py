"""Bytes -> text as people saw it: decoded, wrong decodings undone, markup off, with a note of everything that was mended."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from itertools import chain, islice
from pathlib import Path
from typing import Any

import ftfy

from analysis.corpus.wording import plural

MOJIBAKE = re.compile(r"[ÂÃâÎÏÐÑØÙåæçèéïð][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\xa0-¿]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HALF = re.compile("[\ud800-\udfff]")  # half a letter, which no file can hold
NOT_IN_TEXT = bytes(b for b in range(32) if b not in b"\t\n\v\f\r\x1b")
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"  # letters without ink: a line of these is empty
MARGIN = INVISIBLE + "".join(chr(c) for c in (9, 32, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x3000))
MEND = 100_000  # letters: a longer line is not searched for mojibake, which would take minutes
SAMPLE = 65_536  # bytes that tell text from other files, and of which a code page is guessed
FREQUENT = 12  # letters of an alphabet that are most of a text
SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"PAR1",
              b"\xd0\xcf\x11\xe0", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ")  # fmt: skip
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"))  # fmt: skip
PAGES: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

# Tags of HTML: those of blocks and images say by themselves that a text is HTML, the others where one is closed.
LINE = r"(?:p|div|li|blockquote|h[1-6]|tr)"
BLOCK = rf"(?:br|hr|ul|ol|td|th|table|pre|section|article|figure|{LINE})"
INLINE = (
    r"(?:a|abbr|b|big|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|center|img|iframe|video"
    r"|audio|source|label|tbody|thead|svg|path|input|button|form|wbr|time|script|style)"
)
IS_HTML = re.compile(rf"<{BLOCK}(?:\s[^<>]{{0,2000}})?/?>|</(?:{INLINE}|{BLOCK})\s*>|<img\s|<!--", re.IGNORECASE)
UNSEEN = re.compile(r"<!--.{0,20000}?-->|<(script|style)\b[^<>]{0,2000}>.{0,20000}?</\1\s*>", re.IGNORECASE | re.DOTALL)
IMAGE = re.compile(r"<img\b[^<>]{0,2000}?\balt\s*=\s*([\"'])([^<>]{0,500}?)\1[^<>]{0,2000}>", re.IGNORECASE)
BREAK = re.compile(
    rf"<br\b[^<>]{{0,200}}>\n?|</{LINE}\s*>(?:\s{{0,9}}<{LINE}\b[^<>]{{0,200}}>)?|(?<=\S)<{LINE}\b[^<>]{{0,200}}>",
    re.IGNORECASE,
)
TAG = re.compile(rf"</?(?:{BLOCK}|{INLINE})(?:[\s/][^<>]{{0,2000}})?>", re.IGNORECASE)


# ------------------------------------------------------------------------------------------------ decoding


def _stray(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are read as Windows-1252."""
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end  # type: ignore[attr-defined]


codecs.register_error("stray", _stray)


def encoding_of(lines: Iterable[bytes], stated: str = "") -> tuple[str, str, str]:
    """The encoding of a whole file by its lines, how `codecs` is to take errors, and what a person should know of it."""
    if stated:
        return stated, "replace", ""
    lines = iter(lines)
    head = list(islice(lines, 200))
    first = b"".join(head)[:SAMPLE]
    if bom := next((encoding for bom, encoding in BOMS if first.startswith(bom)), ""):
        return bom, "replace", ""
    if wide := _wide(first):
        return wide, "replace", f"no byte-order mark: read as {wide.upper()}"
    good, bad, sample = 0, 0, b""
    for line in chain(head, lines):
        if not line.isascii():
            try:
                good += bool(line.decode())
            except UnicodeDecodeError:
                bad += 1
                sample += line[:SAMPLE] + b"\n" if len(sample) < SAMPLE else b""
    page = max(PAGES["pages"], key=lambda page: _likeness(sample, page)) if good < bad / 2 else "cp1252"
    if page != "cp1252":
        return page, "replace", f"read as {page}, guessed from its letters; `[source] encoding` sets it"
    return "utf-8-sig", "stray", f"{plural(bad, 'line is', 'lines are')} not UTF-8: read as Windows-1252" if bad else ""


def _wide(head: bytes) -> str:
    """The encoding, if the NULs of the beginning are in every other byte: UTF-16 without its mark."""
    half = len(head) // 2
    even, odd = head[: 2 * half : 2].count(0), head[1::2].count(0)
    most = max(even, odd)
    if half < 4 or min(even, odd) > 0.1 * most or most <= 0.4 * half and (most < 8 or most < 0.02 * half):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _likeness(sample: bytes, page: str) -> float:
    """How far bytes are words of one language in a code page: its letters beyond ASCII, less what no language has."""
    text = sample[: SAMPLE // 4].decode(page, "ignore" if len(sample) > SAMPLE // 4 else "replace")
    letters: Counter[str] = Counter()
    total = score = 0.0
    for before, letter, after in zip("\n" + text, text, text[1:] + "\n", strict=False):
        if letter.isascii():
            continue
        total += 1
        if letter.isalpha() or letter in "ªº":
            letters[letter.lower()[0]] += 1
            score -= 0.5 * letter.isupper() + (letter.isupper() and before.islower())
        elif ord(letter) >= 0xE00 and letter not in "\ufffd" and not 0x2000 <= ord(letter) < 0x3000:
            letters[letter] += 1
        elif letter in "’'":
            score += 1 if before.isalpha() and after.isalpha() else 0.5 * (not after.isalnum())
        elif letter in "“„«‘£€¿¡":
            score += 1 if not before.isalnum() and not after.isspace() else -1
        elif letter in "”»…–—°":
            score += 1 if not after.isalpha() or before.isspace() else -1
        elif letter not in "\xa0":
            score -= 1 + (letter == "\ufffd")
    fits = -total
    for alphabet in (PAGES["alphabets"][language] for language in PAGES["pages"][page]):
        usual = alphabet if ord(alphabet[0]) >= 0x3000 else alphabet[:FREQUENT]
        worth = {one: 1.0 if one in usual else 0.5 for one in alphabet}
        fits = max(
            fits, sum(n * worth.get(one, 0 if 0x3000 <= ord(one) < 0xE000 else -1) for one, n in letters.items())
        )
    return (score + fits) / max(1.0, total)


@dataclass(frozen=True)
class Lines:
    """A file's lines, stripped, empty ones too; and notes: line (0: the whole file) and what was mended there."""

    texts: list[str]
    notes: list[tuple[int, str]]


def is_text(raw: bytes) -> bool:
    """Whether the bytes may be text, by how they begin."""
    head = raw[:SAMPLE]
    if any(head.startswith(bom) for bom, _ in BOMS) or _wide(head):
        return True
    if any(head.startswith(signature) for signature in SIGNATURES):
        return False
    return len(head) - len(head.translate(None, NOT_IN_TEXT)) <= 0.05 * len(head)


def read_lines(raw: bytes, encoding: str = "") -> Lines:
    r"""Decode and clean a text file, whose lines end at \n, \r\n or \r and nowhere else."""
    name, errors, note = encoding_of(re.findall(rb"[^\r\n]+", raw) if b"\0" not in raw[:SAMPLE] else [raw], encoding)
    text = raw.decode(name, errors)
    lost = text.count("\ufffd") - raw.count("\ufffd".encode()) if "\ufffd" in text else 0
    notes = [(0, said) for said in (note, f"{lost} undecodable bytes replaced" if lost > 0 else "") if said]
    texts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if texts[-1] == "":
        texts.pop()
    for i, line in enumerate(texts, 1):
        texts[i - 1], places, n_control = clean(line)
        if len(line) > MEND and MOJIBAKE.search(line[:MEND]):
            notes.append((i, "looks like mojibake, too long to repair"))
        if places:
            notes.append((i, f"mojibake repaired ({places} places)"))
        if n_control:
            notes.append((i, f"{n_control} control characters removed"))
    return Lines(texts, notes)


# --------------------------------------------------------------------------------------------------- texts


def clean(text: str) -> tuple[str, int, int]:
    """A text, stripped, its mojibake undone, then without control characters; how many places and controls these were."""
    if text.isprintable() and text.isascii():  # as most are
        return text.strip(), 0, 0
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    n_control = places = 0
    ascii_ = text.isascii()
    if not ascii_ and len(text) <= MEND and MOJIBAKE.search(text):
        fixed = ftfy.fix_encoding(text)
        if fixed != text and fixed.count("\n") == text.count("\n") and "\r" not in fixed:
            places, text = len(MOJIBAKE.findall(text)), fixed
    if not text.isprintable():
        text, n_control = CONTROL.subn("", text)
        text = HALF.sub("\ufffd", text)
    return text.strip() if ascii_ else text.strip(MARGIN + "\n").strip(), places, n_control


def plain(text: str) -> str:
    """The text of HTML: lines for blocks, images' words, links' words. What looks like markup once entities are read is text."""
    if "<" in text and IS_HTML.search(text):
        if "<!--" in text or "<s" in text or "<S" in text:
            text = UNSEEN.sub("", text)
        text = TAG.sub("", BREAK.sub("\n", IMAGE.sub(r"\2", text)))
    return unescape(text) if "&" in text else text
