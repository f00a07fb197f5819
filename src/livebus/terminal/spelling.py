"""
How commands are called here: what is said names a command as whoever reads it typed it.

Help and messages are written with ``livebus NAME``. Somebody who called ``python scripts/publish.py`` or ``python -m livebus
publish`` reads that instead.
"""

from __future__ import annotations

import re

# Those of livebus.cli.names, which nothing here may import.
_COMMAND = re.compile(
    r"(?<!-m )\blivebus (new|validate|local|publish|subscribe|outputs|redrive|replay|faults|capacity|demo)\b"
)
_form = ""


def called_as(form: str) -> None:
    """From now on commands are named in this form; ``{}`` in it is the command's name: ``python scripts/{}.py``."""
    global _form  # noqa: PLW0603 - one process is called in one way
    _form = form


def spelled(text: str) -> str:
    """The text with each command as it is called here."""
    return _COMMAND.sub(lambda found: _form.format(found[1]), text) if _form else text


def spelled_in_talk(text: str) -> str:
    """The same where commands stand between backticks only: what else is said may be anybody's words."""
    return re.sub("`livebus [^`]*`", lambda found: spelled(found[0]), text) if _form else text
