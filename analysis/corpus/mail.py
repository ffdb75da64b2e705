"""An mbox, as Usenet groups and mailing lists are kept -> its messages as rows."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.utils import parseaddr

BEGINS = re.compile(rb"From \S.*\r?\n(?:>?[A-Za-z][\w-]*:.*\r?\n)")  # an mbox: its first line, and a field
MOST = 1 << 26  # bytes of a message: one that is longer would fill the memory
NO_TEXT = f"a message without text, or of more than {MOST:,} bytes"
AGAIN = re.compile(r"^(?:(?:re|aw|sv|fwd?|wg)(?:\[\d+\])?:\s*)+", re.IGNORECASE)  # before the subject of an answer


def messages(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, object] | None]]:
    """The line on which each message begins, and its id, parent, author, date, subject and text; None: see NO_TEXT."""
    first, kept, size, empty = 1, list[bytes](), 0, True
    for number, line in enumerate(lines, 1):
        if empty and line.startswith(b"From ") and number > 1:
            yield first, _row(b"".join(kept)) if size <= MOST else None
            first, kept, size = number, [], 0
        size += len(line)
        if size <= MOST:
            kept.append(line)
        empty = not line.strip()
    yield first, _row(b"".join(kept)) if size <= MOST else None


def _row(data: bytes) -> dict[str, object] | None:
    message = email.message_from_bytes(data.partition(b"\n")[2], _class=EmailMessage, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    if body is None:
        return None
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):  # a code page that nobody knows
        text = str(body.get_payload(decode=True), "utf-8", "replace")  # type: ignore[arg-type]
    name, address = parseaddr(str(message["From"] or ""))
    above = f"{message['References'] or ''} {message['In-Reply-To'] or ''}".split()
    lines = [line.removeprefix(">") if line.startswith(">From ") else line for line in text.splitlines()]
    row = {"message_id": message["Message-ID"], "parent_id": above[-1] if above else None, "from": name or address}
    row |= {"date": message["Date"], "subject": AGAIN.sub("", str(message["Subject"] or "")), "text": "\n".join(lines)}
    return {key: None if value is None else str(value).strip() for key, value in row.items()}
