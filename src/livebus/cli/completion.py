"""
Completion of commands, verbs and flags in a shell: a script that the shell reads once.

In: a shell's name. Out: the script. The parsers are the commands' own; shtab writes what they take in the shell's words.
docs/decisions/0020-completion.md says why it is a script.
"""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from livebus.cli.commands import COMMANDS, SHELLS


def script(shell: str) -> str:
    """The script for one of the shells."""
    import shtab

    root = ArgumentParser("livebus")
    root.add_argument("--version", action="store_true", help="print the version")
    root.add_argument("--completion", choices=SHELLS, help="print what completes all this in a shell")
    commands: Any = root.add_subparsers(metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        # One that takes what the command's own parser takes: argparse has no way to put another's parser in.
        commands.add_parser(name, help=summary)
        commands._name_parser_map[name] = parser = import_module(module).command_parser()
        for each in (parser, *_verbs(parser)):
            _files(each)
    text: str = shtab.complete(root, shell=shell)
    return text


def _verbs(parser: ArgumentParser) -> list[ArgumentParser]:
    return [verb for action in parser._actions if isinstance(action.choices, dict) for verb in action.choices.values()]


def _files(parser: ArgumentParser) -> None:
    """Complete files where a file is wanted."""
    import shtab

    for action in parser._actions:
        if str(action.metavar) in ("FILE", "T", "PATH", "EVENT_FILE", "FILE|TEXT") or action.dest == "event":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
