"""
How the programs beside this file find the package and what it needs, with whichever Python they were started.

The package is ``src/livebus``. Where its libraries are missing, or the Python is too old or too new for them, the project's own
``.venv`` takes over; where that is not there either, one line says what to do. Any Python from 3.8 can read this file.
"""

from __future__ import annotations

import os
import sys

sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "src")  # noqa: PTH118, PTH120

from livebus.terminal import interruption  # noqa: E402

# Before all that takes time to import.
interruption.end_at_once_while_loading()

from importlib.util import find_spec  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, NoReturn  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).absolute().parent
PROJECT = Path(__file__).resolve().parents[1]
# What requirements.txt brings, by the names of the modules.
LIBRARIES = (
    "aiohttp",
    "boto3",
    "cfn_flip",
    "cryptography",
    "gql",
    "graphql",
    "joserfc",
    "orjson",
    "quickjs",
    "tree_sitter",
    "trustme",
)


def hand_over(command: str = "") -> NoReturn:
    """Run a command of the package, or the one that the first argument names, and end with its exit code."""
    if not (3, 11) <= sys.version_info < (3, 14) or any(find_spec(each) is None for each in LIBRARIES):
        take_over()
    from livebus.__main__ import entry, start

    if not command:
        entry()

    def main() -> Callable[[], int]:
        from livebus.cli import commands, parser

        parser.called_as_scripts(os.path.relpath(HERE))
        return lambda: commands.call(command, sys.argv[1:])

    start(main)


def take_over() -> NoReturn:
    """Become the Python of ``.venv``, or say how to get one."""
    environment = PROJECT / ".venv"
    python = environment / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != environment.resolve():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - our own arguments
    sys.exit(f"error: Livebus is not set up here. Run `make setup` in {PROJECT} (`make demo` installs less)")
