"""
``livebus`` and ``python -m livebus``: where the process begins. What takes time to import comes after Ctrl-C has its meaning.
"""

from __future__ import annotations

import gc
import sys

# Ctrl-C before it has a meaning. In Python's own beginning, which comes first, it is a traceback all the same.
try:
    from livebus.terminal import interruption
except KeyboardInterrupt:
    sys.exit(130)

TYPE_CHECKING = False  # typing's own would be imported before Ctrl-C has its meaning
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

# How many objects may be new before Python looks for cycles among them: what modules and templates make, stays, and looking through
# it after every 700 takes a tenth of a short command.
_NEW_OBJECTS = 50_000


def start(main: Callable[[], Callable[[], int]]) -> NoReturn:
    """
    End the process with the exit code of what ``main`` returns; ``main`` imports it, and may end the process itself where
    that is all.
    """
    try:
        interruption.end_at_once_while_loading()
        gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
        command = main()
        from livebus.terminal import output

        interruption.loaded()
        output.run(command)
    except KeyboardInterrupt:
        sys.exit(interruption.INTERRUPTED)
    finally:
        interruption.end()
        gc.freeze()  # what is left goes with the process, and need not be looked through before


def entry(form: str = "") -> NoReturn:
    """The ``livebus`` command of an installation; ``form`` is how else its commands were called (``spelling``)."""

    def main() -> Callable[[], int]:
        from livebus.cli import commands

        # What follows costs as much again as all of this.
        if sys.argv[1:] in ([], ["--help"], ["-h"]) and commands.is_help_shown():
            sys.exit(0)
        if form:
            from livebus.terminal import spelling

            spelling.called_as(form)
        return commands.main

    start(main)


if __name__ == "__main__":
    entry("python -m livebus {}")
