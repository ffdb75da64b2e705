"""An mbox, as Usenet groups and mailing lists are kept -> its messages as rows."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Iterable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage
from email.utils import parseaddr

BEGINS = re.compile(rb"From \S.*\r?\n(?:>?[A-Za-z][\w-]*:.*\r?\n)")  # an mbox: its first line, and a field
MOST, PARTS, LONGEST = 1 << 25, 1000, 1 << 16  # bytes and parts of a message, letters of a field; more fills the memory
NO_TEXT = "a message without text"
TOO_MUCH = (
    f"a message of more than {MOST:,} bytes, {PARTS:,} parts or {LONGEST:,} letters in a field, or nested too deep"
)
AGAIN = re.compile(r"^(?:(?:re|aw|sv|fwd?|wg)(?:\[\d+\])?:\s*)+", re.IGNORECASE)  # before the subject of an answer
Message = tuple[int, dict[str, object] | None, str]


class Field(str):
    """A field as it is written: to take it apart by its grammar takes long, and hours where it is long."""

    def __new__(cls, name: str, value: str) -> Field:  # noqa: D102
        if len(value) > LONGEST:
            raise ValueError(name)
        return super().__new__(cls, value)

    @property
    def content_disposition(self) -> str:
        """Whether a part is an attachment, which the standard library asks of its own fields."""
        return self.partition(";")[0].strip().lower()


POLICY = email.policy.default.clone(header_factory=Field)


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """The line on which each message begins; its id, parent, author, date, subject and text, or why there are none."""
    first, kept, size, empty = 1, list[bytes](), 0, True
    for number, line in enumerate(lines, 1):
        if empty and line.startswith(b"From ") and number > 1:
            yield _row(first, kept, size)
            first, kept, size = number, [], 0
        size += len(line)
        if size <= MOST:
            kept.append(line)
        empty = not line.strip()
    yield _row(first, kept, size)


def _row(number: int, lines: list[bytes], size: int) -> Message:
    left = iter(range(PARTS))

    def part(**given: object) -> EmailMessage:
        if next(left, None) is None:
            raise ValueError(PARTS)
        return EmailMessage(**given)  # type: ignore[arg-type]

    try:
        if size > MOST:
            raise ValueError(size)
        message = email.message_from_bytes(b"".join(lines[1:]), _class=part, policy=POLICY)
        body = message.get_body(("plain", "html"))
        fields = {
            name: message[name] for name in ("Message-ID", "From", "Date", "Subject", "References", "In-Reply-To")
        }
        name, address = parseaddr(_words(fields["From"] or ""))
    except (ValueError, RecursionError):  # a part in a part in a part …
        return number, None, TOO_MUCH
    if body is None:
        return number, None, NO_TEXT
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):  # a code page that nobody knows
        text = str(body.get_payload(decode=True), "utf-8", "replace")  # type: ignore[arg-type]
    said = [line.removeprefix(">") if line.startswith(">From ") else line for line in text.splitlines()]
    above = f"{fields['References'] or ''} {fields['In-Reply-To'] or ''}".split()
    row = {"message_id": fields["Message-ID"], "parent_id": above[-1] if above else None, "from": name or address}
    row |= {"date": fields["Date"], "subject": AGAIN.sub("", _words(fields["Subject"] or "")), "text": "\n".join(said)}
    return number, {key: None if value is None else str(value).strip() for key, value in row.items()}, ""


def _words(field: str) -> str:
    """A field as people read it: words in RFC 2047's form, or letters in bytes."""
    plain = field.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        words = decode_header(plain)
        return "".join(
            s if isinstance(s, str) else s.decode(page or "raw-unicode-escape", "replace") for s, page in words
        )
    except (HeaderParseError, LookupError):  # a form that is broken, a code page that nobody knows
        return plain
