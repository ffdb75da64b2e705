"""Text whose lines say what they are, as logs of chats and blocks of labelled lines do -> its messages as rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from analysis.corpus.dates import DIGITS
from analysis.corpus.exports.columns import fold, roles
from analysis.corpus.line_times import WHOLE_TIME

FEW, MOST = 3, 0.5  # lines that are messages, at least, of the first; the share of them
_UNSEEN = "[\u200e\u200f\u202a-\u202c\ufeff]*"
STAMPED = re.compile(rf"{_UNSEEN}\[?(?P<at>{WHOLE_TIME})\]?(?=[\s,])[\s,:|–-]*", re.IGNORECASE)
AFTER_NAME = re.compile(rf"[*•·–-]*\s*(?P<name>[^():]{{1,60}}?)\s*\((?P<at>{WHOLE_TIME})\)\s*:\s*", re.IGNORECASE)
SAID = re.compile(r"<(?P<nick>[^<>]{1,60})>\s+(?=\S)|(?P<name>[^:<>]{1,60}?):\s+(?=\S)")
LABEL = re.compile(r"[*\s]*(?P<label>[^\W\d_][\w\s-]{0,30}?)\**\s*[:=]\**\s*")
ABSENT = re.compile(rf"{_UNSEEN}(?:<[^<>]{{5,60}}>|(?:image|video|audio|sticker|document|gif) omitted)", re.IGNORECASE)
NO_MESSAGE, NO_TEXT = "a line of the program, no message", "no text"
Rows = Iterator[tuple[int, dict[str, object] | None, str]]


def kind_of(lines: Sequence[str]) -> str:
    """What some first lines, filled ones, are of: a "chat", "blocks" of labelled lines; "" if of neither."""
    chat = sum(_message(line) is not None for line in lines)
    if chat >= FEW and chat >= MOST * len(lines):
        return "chat"
    labels = [fold(match["label"]) for line in lines if (match := LABEL.match(line))]
    often = {label for label in labels if labels.count(label) >= FEW and roles(label)}
    held = {ours for label in often for ours in roles(label)}
    return "blocks" if len(often) > 1 and "text" in held and len(labels) >= MOST * len(lines) else ""


def _message(line: str) -> dict[str, object] | None:
    """The time, the author and the text of a line of a chat that begins a message; None of another."""
    shape = line.translate(DIGITS)
    if (match := AFTER_NAME.match(shape)) is not None:
        name = line[slice(*match.span("name"))].strip("* ")
        return {"date": line[slice(*match.span("at"))], "author": name, "text": line[match.end() :]}
    if (match := STAMPED.match(shape)) is None or (said := SAID.match(line, match.end())) is None:
        return None
    return {"date": line[slice(*match.span("at"))], "author": said["nick"] or said["name"], "text": line[said.end() :]}


def messages(lines: Iterable[str], thread: str) -> Rows:
    """The messages of a chat, all of one thread: the line on which each begins; what is none, and why."""
    first, row = 0, dict[str, object]()
    for number, line in enumerate((line.rstrip("\r\n") for line in lines), 1):
        if (new := _message(line)) is not None:
            yield from _whole(first, row)
            first, row = number, {"thread": thread, **new}
        elif STAMPED.match(line.translate(DIGITS)) or not row:
            yield number, None, NO_MESSAGE if line.strip() else "empty line"
        else:
            row["text"] = f"{row['text']}\n{line}"
    yield from _whole(first, row)


def _whole(first: int, row: dict[str, object]) -> Rows:
    if row:
        absent = ABSENT.fullmatch(str(row["text"]).strip())
        yield first, None if absent else row, NO_TEXT if absent else ""


def blocks(lines: Iterable[str]) -> Rows:
    """The blocks of labelled lines, each up to a label that it has already; other lines go on with the last."""
    first, row, last = 1, dict[str, object](), ""
    for number, line in enumerate((line.rstrip("\r\n") for line in lines), 1):
        match = LABEL.match(line)
        label = match["label"].strip() if match and (roles(match["label"]) or match["label"].strip() in row) else ""
        if match and label:
            if label in row:
                yield first, row, ""
                row = {}
            first = first if row else number
            row[label], last = line[match.end() :], label
        elif last:
            row[last] = f"{row[last]}\n{line}"
        else:
            yield number, None, "before the first label" if line.strip() else "empty line"
    if row:
        yield first, row, ""
