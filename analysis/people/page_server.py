"""The coding page, served on this machine alone.

Whoever is not given the address, with its token, learns nothing: not another user, nor a page of the web that the
coder has open (Host and Origin are checked, against DNS rebinding and forged requests). The page asks nothing of other
addresses: a content security policy forbids it.
"""

from __future__ import annotations

import html
import json
import secrets
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from analysis.people.desk import Desk
from analysis.settings import StudyError

HOME = "127.0.0.1"
NAMES = (HOME, "localhost")
PAGE = Path(__file__).resolve().parent / "page"
KINDS = {"": "page.html", "page.js": "page.js", "page.css": "page.css"}
MIME = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
# Methods of the desk, and what each is given: what the page asks to know, and what it asks to be kept.
ASKED = {
    "begin": ["coder"],
    "comments": ["round", "coder"],
    "compare": ["coder"],
    "around": ["comment"],
    "codebook": [],
}
KEPT = {"say": ["round", "coder", "comment", "code", "skipped"], "undo": ["round", "coder"]}
KEPT |= {"write_codebook": ["text", "version"]}
MOST = 1 << 20  # bytes of a question
FRAMES = " ".join(f"http://{name}:*" for name in NAMES)  # JupyterLab on this machine may show the page
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    f"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors {FRAMES}; "
    "require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Served:
    """A page that is served until `close`; in a notebook it shows itself."""

    def __init__(self, desk: Desk, port: int = 0) -> None:
        """Begin; `port` 0 is any that is free. A StudyError if the port is taken."""
        self.desk, self.token = desk, secrets.token_urlsafe(24)
        try:
            self._server = _Server((HOME, port), partial(_Handler, desk, self.token))
        except (OSError, OverflowError) as error:
            remedy = "Name another with --port, or none."
            found = getattr(error, "strerror", None) or str(error)
            raise StudyError(expected="a free port", found=found, where=f"--port {port}", remedy=remedy) from None
        self.port = self._server.server_port
        self.url = f"http://{HOME}:{self.port}/{self.token}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"The coding page: {self.url}"

    def _repr_html_(self) -> str:
        url = html.escape(self.url)
        return f'<iframe title="Coding" src="{url}" width="100%" height="760" style="border:0"></iframe>'

    def wait(self) -> None:
        """Wait until it is closed, or until Ctrl-C."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        """End it; what was coded is on the disk already."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a page that was closed while it was answered."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One question of the page, and its answer."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "threadline", ""
    timeout = 60  # seconds after which a silent connection ends

    def __init__(self, desk: Desk, token: str, *arguments: Any) -> None:
        self.desk, self.token = desk, token
        super().__init__(*arguments)

    def log_message(self, *_: object) -> None:
        """Nothing: the address is a secret."""

    def do_GET(self) -> None:
        """A file of the page, or what it asks to know."""
        asked = self._asked()
        if asked is None:
            return
        name, query = asked
        if name in KINDS:
            path = PAGE / KINDS[name]
            self._send(HTTPStatus.OK, path.read_bytes(), f"{MIME[path.suffix]}; charset=utf-8")
            return
        self._answer(ASKED, name, query)

    def do_POST(self) -> None:
        """Something to be kept."""
        asked = self._asked()
        if asked is None:
            return
        size = self.headers.get("Content-Length", "")
        if self.headers.get("Origin") is None or self.headers.get_content_type() != "application/json":
            self._send(HTTPStatus.FORBIDDEN)
            return
        if not size.isdecimal() or int(size) > MOST:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            given = json.loads(self.rfile.read(int(size)))
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, Mapping):
            self._send(HTTPStatus.BAD_REQUEST)
            return
        self._answer(KEPT, asked[0], given)

    def _asked(self) -> tuple[str, dict[str, str]] | None:
        """What is asked for, and with what; None, and a refusal, where it is no address, or comes from elsewhere."""
        hosts = {f"{name}:{self.server.server_port}" for name in NAMES}
        try:
            origin, url = self.headers.get("Origin"), urlsplit(self.path)
            query = dict(parse_qsl(url.query, keep_blank_values=True))
        except ValueError:
            self._send(HTTPStatus.BAD_REQUEST)
            return None
        _, token, name, *more = [*url.path.split("/"), "", ""]
        if self.headers.get("Host") not in hosts or (origin and origin.removeprefix("http://") not in hosts):
            self._send(HTTPStatus.FORBIDDEN)
        elif not secrets.compare_digest(token.encode(), self.token.encode()) or any(more):
            self._send(HTTPStatus.NOT_FOUND)
        else:
            return name, query
        return None

    def _answer(self, asked: Mapping[str, Sequence[str]], name: str, given: Mapping[str, object]) -> None:
        """What the desk answers, as JSON; a mistake is one line of it."""
        if name not in asked:
            self._send(HTTPStatus.NOT_FOUND)
            return
        try:
            texts = (str(given.get(key, "")) for key in asked[name])
            status, body = HTTPStatus.OK, getattr(self.desk, name)(*texts)
        except StudyError as error:
            status, body = HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except OSError as error:
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, {"error": f"not kept: {error.strerror or error}"}
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes = b"", kind: str = "text/plain") -> None:
        if status != HTTPStatus.OK:
            self.close_connection = True  # what was not read would be taken for the next question
        self.send_response(status)
        for name, value in (HEADERS | {"Content-Type": kind, "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
