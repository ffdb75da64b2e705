"""Bytes of a text file -> its lines, with a note of everything that had to be mended."""

from __future__ import annotations

import re
from dataclasses import dataclass

import ftfy

MOJIBAKE = re.compile(r"[ÂÃâÎÏÐÑØÙåæçèéïð][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\xa0-¿]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
NOT_IN_TEXT = bytes(b for b in range(32) if b not in b"\t\n\v\f\r\x1b")
CONTROL_BYTES = bytes(b for b in range(32) if b not in b"\t\n\r") + b"\x7f"
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"  # letters without ink: a line of these is empty
MARGIN = INVISIBLE + "".join(chr(c) for c in (9, 32, 0xA0, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x3000))
MEND = 100_000  # letters: a longer line is not searched for mojibake, which would take minutes
SAMPLE = 65_536  # bytes that tell text from other files
SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"PAR1", b"\xd0\xcf\x11\xe0")
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"))  # fmt: skip


@dataclass(frozen=True)
class Lines:
    """The lines of a file.

    Attributes
    ----------
    texts : list of str
        Every line, stripped; empty ones too. The number of a line is its index + 1.
    notes : list of (int, str)
        Line (0: the whole file) and what was mended there.
    """

    texts: list[str]
    notes: list[tuple[int, str]]


def is_text(raw: bytes) -> bool:
    """Whether the bytes may be text, by how they begin."""
    head = raw[:SAMPLE]
    if any(head.startswith(bom) for bom, _ in BOMS) or _wide(head):
        return True
    if any(head.startswith(signature) for signature in SIGNATURES):
        return False
    control = len(head) - len(head.translate(None, NOT_IN_TEXT))
    return control <= 0.05 * len(head)


def read_lines(raw: bytes) -> Lines:
    r"""Decode and clean a text file.

    Parameters
    ----------
    raw : bytes
        The file.

    Returns
    -------
    Lines
        Lines end at \n, \r\n or \r and nowhere else.
    """
    notes: list[tuple[int, str]] = []
    text = _decode(raw, notes)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    texts = text.split("\n")
    if texts[-1] == "":
        texts.pop()
    plain = text.isascii()
    if not plain:
        texts = [line if line.isascii() else _mend(line, i, notes) for i, line in enumerate(texts, 1)]
    if len(raw.translate(None, CONTROL_BYTES)) < len(raw) or (b"\xc2" in raw and CONTROL.search(text)):
        for i, line in enumerate(texts):
            clean, n = CONTROL.subn("", line)
            if n:
                texts[i] = clean
                notes.append((i + 1, f"{n} control characters removed"))
    texts = [line.strip() for line in texts]
    if not plain and any(letter in text for letter in INVISIBLE):
        texts = [line.strip(MARGIN) for line in texts]
    return Lines(texts, notes)


def _wide(head: bytes) -> str:
    """The encoding, if every other byte of the beginning is NUL: UTF-16 without its mark."""
    if len(head) < 8:
        return ""
    half = len(head) // 2
    odd, even = head[1::2].count(0), head[::2].count(0)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.1 * half else ""


def _decode(raw: bytes, notes: list[tuple[int, str]]) -> str:
    """Decode by byte-order mark, as UTF-8, or line by line where single lines are not UTF-8."""
    for bom, encoding in BOMS:
        if raw.startswith(bom):
            text = raw.decode(encoding, errors="replace")
            if lost := text.count("\ufffd") - raw.count("\ufffd".encode("utf-8")):
                notes.append((0, f"{lost} undecodable places replaced"))
            return text
    if encoding := _wide(raw[:SAMPLE]):
        notes.append((0, f"no byte-order mark: read as {encoding.upper()}"))
        return raw.decode(encoding, errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    parts, other, lost = [], 0, 0
    for part in re.split(rb"(\r\n|\r|\n)", raw):
        try:
            parts.append(part.decode("utf-8"))
        except UnicodeDecodeError:
            parts.append(part.decode("cp1252", errors="replace"))
            other += 1
            lost += parts[-1].count("\ufffd")
    notes.append((0, f"{other} lines are not UTF-8: read as Windows-1252"))
    if lost:
        notes.append((0, f"{lost} undecodable bytes replaced"))
    return "".join(parts)


def _mend(line: str, number: int, notes: list[tuple[int, str]]) -> str:
    """Undo a wrong decoding of UTF-8, where the line shows one."""
    if not MOJIBAKE.search(line[:MEND]):
        return line
    if len(line) > MEND:
        notes.append((number, "looks like mojibake, too long to repair"))
        return line
    fixed = ftfy.fix_encoding(line)
    if fixed == line or "\n" in fixed or "\r" in fixed:
        return line
    notes.append((number, f"mojibake repaired ({len(MOJIBAKE.findall(line))} places)"))
    return fixed


def clean(text: str) -> tuple[str, int, int]:
    """Mend a cell's text: lines end at newlines, no control characters, mojibake undone; give how many there were.

    Returns
    -------
    tuple of (str, int, int)
        The text, stripped; places of mojibake repaired; control characters removed.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    n_control = n_mended = 0
    if not text.isprintable():
        text, n_control = CONTROL.subn("", text)
        if any(0xD800 <= ord(c) <= 0xDFFF for c in text):  # half a letter, which no file can hold
            text = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)
    if not text.isascii():
        if len(text) <= MEND and MOJIBAKE.search(text):
            fixed = ftfy.fix_encoding(text)
            if fixed != text:
                n_mended, text = len(MOJIBAKE.findall(text)), fixed
        text = text.strip(MARGIN)
    return text.strip(), n_mended, n_control
