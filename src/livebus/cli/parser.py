"""
The argument parser that all commands share: one line for a wrong call, help as wide as the terminal, in the words of the caller.

``livebus NAME`` and ``python scripts/NAME.py`` are one code. Help and messages are written with ``livebus NAME``;
``called_as_scripts`` makes them name the other form, for whoever typed that.
"""

from __future__ import annotations

import os
import re
from argparse import ArgumentError, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable
from typing import Any, NoReturn

from livebus.errors import did_you_mean
from livebus.terminal import output as terminal

_COMMAND = re.compile(r"\blivebus (new|validate|local|publish|subscribe|redrive|replay|faults|capacity|demo)\b")
_scripts = ""


def called_as_scripts(folder: str) -> None:
    """From now on commands are named as programs of this folder, as the shell finds them: ``python scripts/publish.py``."""
    global _scripts  # noqa: PLW0603 - one process is called in one way
    _scripts = folder


def spelled(text: str) -> str:
    """The text with each command as it is called here."""
    return _COMMAND.sub(lambda found: f"python {_scripts}/{found[1]}.py", text) if _scripts else text


def _suggested(name: str, known: Iterable[object]) -> str:
    close = did_you_mean(name, known)
    return f". {close}" if close else ""


class HelpFormatter(RawDescriptionHelpFormatter):
    """argparse's, as wide as the terminal; argparse makes one for each argument and imports shutil to measure it."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns - 2
        except OSError:
            width = 118
        super().__init__(prog, width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Each line as it is written, broken between words where the terminal has no more columns."""
        from livebus.terminal.table import filled

        return "\n".join(indent + line for line in filled(text, width - len(indent))) + "\n"


class Parser(ArgumentParser):
    """A command's parser. ``command`` is its name as ``livebus COMMAND``."""

    def __init__(self, command: str = "", **options: Any) -> None:
        if command:
            options["prog"] = spelled(f"livebus {command}")
        super().__init__(**{"formatter_class": HelpFormatter, **options})

    def format_help(self) -> str:
        return spelled(super().format_help())

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does; what is no option gets a suggestion."""
        found, unknown = super().parse_known_args(args, namespace)
        option = next((each for each in unknown if each.startswith("--") and len(each) > 2), "")
        if option:
            known = [name for action in self._actions for name in action.option_strings]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{_suggested(option.partition('=')[0], known)}")
        return found, unknown

    def _check_value(self, action: Any, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except ArgumentError as error:
            error.message += _suggested(str(value), action.choices)
            raise

    def print_help(self, file: Any = None) -> None:
        """Print the help as any result is printed: argparse passes over a stdout that takes nothing."""
        if file is None:
            terminal.result(self.format_help().rstrip("\n"))
        else:
            super().print_help(file)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and end with 2: the usage is a page that hides it."""
        terminal.report_text(f"{message} (see {self.prog} --help)")
        raise SystemExit(terminal.USAGE)
