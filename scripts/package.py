"""
How the programs beside this file find the package and what it needs, with whichever Python they were started.

The package is ``src/livebus``. Where its libraries are missing, or the Python is too old or too new for them, the project's own
``.venv`` takes over; where that is not there either, one line says what to do. Any Python from 3.6 can read this file.
"""

import os
import sys

TYPE_CHECKING = False  # typing's own would be imported before Ctrl-C has its meaning
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
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
    "tree_sitter_javascript",
    "trustme",
)
OLDEST, TOO_NEW = (3, 11), (3, 14)


def hand_over(command: str = "") -> "NoReturn":
    """Run a command of the package, or the one that the first argument names, and end with its exit code."""
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        take_over()
    # The programs' own folder goes: a module of their names would be found there first.
    others = [each for each in sys.path if os.path.realpath(each or ".") != os.path.realpath(HERE)]
    sys.path[:] = [os.path.join(PROJECT, "src")] + others  # noqa: RUF005 - in words of old Pythons
    try:
        from livebus.terminal import interruption
    except KeyboardInterrupt:
        sys.exit(130)

    # Before all that takes time to import.
    interruption.end_at_once_while_loading()
    if missing_libraries():
        take_over()
    from livebus.__main__ import entry, start

    if not command:
        entry()

    def main() -> "Callable[[], int]":
        from livebus.cli import commands
        from livebus.terminal import spelling

        spelling.called_as("python " + os.path.join(os.path.relpath(HERE), "{}.py"))
        return lambda: commands.call(command, sys.argv[1:])

    start(main)


def missing_libraries() -> "list[str]":
    """The libraries that this Python has not."""
    from importlib.util import find_spec

    return [each for each in LIBRARIES if find_spec(each) is None]


def take_over() -> "NoReturn":
    """Become the Python of ``.venv``, or say how to get one."""
    environment = os.path.join(PROJECT, ".venv")
    python = os.path.join(environment, "bin", "python")
    if os.path.exists(python) and os.path.realpath(sys.prefix) != os.path.realpath(environment):
        os.execv(python, [python] + sys.argv)  # noqa: RUF005, S606 - our own arguments, in words of old Pythons
    found = ".".join(map(str, sys.version_info[:2]))
    shown = os.path.relpath(PROJECT)
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        which = "Livebus needs Python 3.11 to 3.13, this is {}".format(found)  # noqa: UP032
        advice = "run `make setup PYTHON=python3.12` in {}, which all programs use then".format(shown)  # noqa: UP032
    else:
        missing = ", ".join(missing_libraries())
        which = "Livebus is not set up: {} has no {}".format(sys.executable, missing)  # noqa: UP032
        advice = "run `make setup` in {} (`make demo` installs less)".format(shown)  # noqa: UP032
    sys.exit("error: {}; {}".format(which, advice))  # noqa: UP032
