"""A real browser for tests: pages at a width, light or dark, what they ask for and what goes wrong recorded, axe run.

The system's Chromium (`apt-get install chromium`), driven by Playwright, which is told where it is and loads none.
A test takes the fixture `browser` (conftest.py) and opens pages: `shown = browser.open(path.as_uri(), width=400)`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Page

PATIENCE = 180_000  # milliseconds until something is held to never come: the machine may have other work
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Shown:
    """A page, which is Playwright's, and what it did."""

    page: Page
    requests: list[str] = field(default_factory=list)  # addresses of all that it asked for, itself first
    dialogs: list[str] = field(default_factory=list)  # what it said in boxes, which are closed at once
    errors: list[str] = field(default_factory=list)  # exceptions, what the console calls an error, what did not load

    def axe(self) -> list[str]:
        """What axe-core finds wrong with the page as it is: rule, weight, first element."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{rule['id']} ({rule['impact']}): {rule['nodes'][0]['html'][:120]}" for rule in found]

    def outside(self, *inside: str) -> list[str]:
        """What it asked for of other addresses than those that begin so."""
        return [one for one in self.requests if not one.startswith((*inside, "data:", "blob:"))]


@dataclass
class Browser:
    """A browser that runs; each page has cookies and storage of its own, unless it is opened beside another."""

    chromium: Chromium

    def open(
        self, url: str, *, width: int = 1000, height: int = 800, dark: bool = False, beside: Shown | None = None
    ) -> Shown:
        """Open an address, at a width and height in CSS pixels."""
        if beside is None:
            context = self.chromium.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                reduced_motion="reduce",  # nothing is measured halfway
            )
            context.set_default_timeout(PATIENCE)
        else:
            context = beside.page.context
        shown = Shown(context.new_page())
        on = shown.page.on
        on("request", lambda request: shown.requests.append(request.url))
        on("websocket", lambda socket: shown.requests.append(socket.url))
        on("dialog", lambda dialog: (shown.dialogs.append(dialog.message), dialog.dismiss()))
        on("pageerror", lambda error: shown.errors.append(str(error)))
        on("console", lambda said: shown.errors.append(said.text) if said.type == "error" else None)
        on("requestfailed", lambda request: shown.errors.append(f"{request.url}: {request.failure}"))
        shown.page.goto(url)
        return shown


@contextmanager
def started() -> Iterator[Browser]:
    """A browser, until the block ends; where there is none, the test is skipped and says why."""
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no browser: apt-get install chromium")
    # While Playwright runs, its event loop is this thread's: notebooks' kernels could not be waited for.
    api.expect.set_options(timeout=PATIENCE)
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"])
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
