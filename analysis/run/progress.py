"""How a run tells what it does: on a command's stderr, and in a notebook's cell."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

Progress = Callable[[str, int, int], None]  # what is done; how much of it, and of how much

SHOWN_AFTER = 2.0  # seconds in a notebook's cell: a shorter step needs none


class Bar:
    """Progress on stderr: a line for each step that takes over a second, a bar on a terminal."""

    def __init__(self) -> None:
        self.message, self.start = "", 0.0
        self.bar: tqdm | None = None

    def __call__(self, message: str, done: int, total: int) -> None:
        """Say what is done, and how much of it."""
        if message != self.message:
            self.close()
            self.message, self.start = message, time.perf_counter()
            if sys.stderr.isatty():
                from tqdm import tqdm

                form = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}]"
                self.bar = tqdm(total=total or None, desc=message, leave=False, file=sys.stderr, bar_format=form)
            else:
                print(f"{message} …", file=sys.stderr, flush=True)
        if self.bar is not None:
            self.bar.total = total or None
            self.bar.update(done - self.bar.n)

    def close(self) -> None:
        """End the step that is shown, and say how long it took."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        if self.message and (took := time.perf_counter() - self.start) >= 1:
            print(f"{self.message}: {took:.0f} s", file=sys.stderr, flush=True)
        self.message = ""


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
