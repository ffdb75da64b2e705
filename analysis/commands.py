"""How a command is made: a function of what was typed, its options, and its help, which is the function's docstring."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

Command = Callable[[argparse.Namespace], int | None]
Option = tuple[str, dict[str, Any]]
COMMANDS: dict[str, tuple[Command, tuple[Option, ...]]] = {}


def option(name: str, metavar: str | None = None, **more: Any) -> Option:
    """An option or an argument of a command, as argparse takes it."""
    return name, {"metavar": metavar, **more} if metavar else more


def command(*options: Option) -> Callable[[Command], Command]:
    """Make a command of a function of what was typed; its docstring is the help."""

    def made(function: Command) -> Command:
        COMMANDS[function.__name__] = function, options
        return function

    return made


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="threadline",
        description="Topics and sentiment of news comments over time, in figures that a reviewer can believe.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (function, options) in COMMANDS.items():
        text = str(function.__doc__).rstrip(".")
        text = text[0].lower() + text[1:]
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(run=function)
        for called, given in options:
            one.add_argument(called, **given)
    return top
