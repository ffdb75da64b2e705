"""How a run tells what it does: on a command's stderr, and in a notebook's cell."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

Progress = Callable[[str, int, int], None]  # what is done; how much of it, and of how much

SHOWN_AFTER = 2.0  # seconds in a notebook's cell: a shorter step needs none


class Bar:
    """Progress on stderr: a line for each step of over a second; on a terminal a bar, of the one told of last."""

    def __init__(self) -> None:
        self.started: dict[int, tuple[str, float]] = {}  # by thread: what is done in it, and since when
        self.bar: tqdm | None = None

    def __call__(self, message: str, done: int, total: int) -> None:
        """Say what is done, and how much of it."""
        here = get_ident()
        if self.started.get(here, ("", 0.0))[0] != message:
            self._end(here)
            self.started[here] = message, time.perf_counter()
            if not sys.stderr.isatty():
                print(f"{message} …", file=sys.stderr, flush=True)
        if sys.stderr.isatty():
            from tqdm import tqdm

            if self.bar is None or self.bar.desc != f"{message}: ":
                self._clear()
                form = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}]"
                self.bar = tqdm(desc=message, leave=False, file=sys.stderr, bar_format=form)
                self.bar.start_t -= time.perf_counter() - self.started[here][1]
            self.bar.total = total or None
            self.bar.update(done - self.bar.n)

    def _clear(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _end(self, thread: int) -> None:
        """End the step of a thread, and say how long it took."""
        message, start = self.started.pop(thread, ("", 0.0))
        if message and (took := time.perf_counter() - start) >= 1:
            self._clear()
            print(f"{message}: {took:.0f} s", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End what is shown, and say how long it took."""
        self._clear()
        for thread in list(self.started):
            self._end(thread)


def in_notebook() -> Progress | None:
    """Progress in a notebook's cell, one line that goes at the end of a step; None where this is no notebook."""
    try:
        from IPython import get_ipython
        from IPython.display import clear_output
    except ImportError:
        return None
    if not hasattr(get_ipython(), "kernel"):
        return None
    started: dict[str, float] = {}

    def show(message: str, done: int, total: int) -> None:
        start = started.setdefault(message, time.monotonic())
        if total and done >= total:
            clear_output()
        elif time.monotonic() - start > SHOWN_AFTER or total == 1:
            clear_output(wait=True)
            print(f"{message}: {done:,} of {total:,}" if total > 1 else f"{message} …")

    return show
