"""
Ctrl-C while modules load: 130 at once. Imported before all else, so it imports nearly nothing.

Python raises KeyboardInterrupt wherever it happens to be. Inside an import that is a traceback, or it is lost: what a
module lock's callback raises is printed and passed over. Nothing has been begun while modules load, so that is where the
process may simply end; a command that begins what has to be ended with care says so (``begin``).
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # typing's own takes as long to import as all else here
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

INTERRUPTED = 130
# Until what is interrupted has said so and ended.
_LAST_SECONDS = 5
_IMPORTING = "<frozen importlib._bootstrap>"
_loading = True


def end_at_once_while_loading() -> None:
    """From now on Ctrl-C ends the process. Where it is ignored (``nohup``, ``&``) it stays so."""
    _replace(signal.default_int_handler, _interrupted)


def loaded() -> None:
    """From now on it is only inside imports: a command runs, and may want to say something."""
    global _loading  # noqa: PLW0603 - there is one process
    _loading = False


def begin() -> None:
    """
    From now on Ctrl-C is a KeyboardInterrupt, wherever it comes: what is being done has to be ended with care.

    Python's own handler is also what asyncio and others look for, who replace it by theirs.
    """
    _replace(_interrupted, signal.default_int_handler)
    if hasattr(signal, "SIGALRM") and signal.getsignal(signal.SIGALRM) is _not_raised:
        signal.alarm(0)


def end() -> None:
    """All is done, and told: while Python takes itself apart, Ctrl-C ends it as it ends any program."""
    begin()
    _replace(signal.default_int_handler, signal.SIG_DFL)


def _replace(expected: Callable[[int, FrameType | None], Any], handler: Any) -> None:
    if signal.getsignal(signal.SIGINT) is expected:
        try:  # noqa: SIM105 - contextlib takes as long to import as all else here
            signal.signal(signal.SIGINT, handler)
        except ValueError:  # not in the main thread, where there is nothing to interrupt
            pass


def is_importing(frame: FrameType | None) -> bool:
    """Whether what runs in a frame is part of an import."""
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False


def _interrupted(number: int, frame: FrameType | None) -> None:
    if _loading or is_importing(frame):
        os._exit(INTERRUPTED)
    if hasattr(signal, "SIGALRM"):
        # Raised inside a callback it would be passed over as well; nothing has been begun that must be ended with care.
        signal.signal(signal.SIGALRM, _not_raised)
        signal.alarm(_LAST_SECONDS)
    raise KeyboardInterrupt


def _not_raised(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
