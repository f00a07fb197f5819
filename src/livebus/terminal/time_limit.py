"""
A limit for what blocks: a server that does not answer, a question that nobody answers.

In: seconds. Out: TimeIsUp, raised in the main thread wherever it is then, as KeyboardInterrupt is. Where there are no interval
timers (Windows) there is no such limit.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from livebus.terminal.interruption import is_importing

# Where it came in the middle of an import, which may lose what is raised, it comes again.
_AGAIN_SECONDS = 0.02


class TimeIsUp(BaseException):
    """The time is over. No Exception: libraries would take it for a failure of what they do, and go on."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TimeIsUp in what stands inside, after so long; None is no limit. To be used in the main thread."""
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        if not is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise TimeIsUp

    before = signal.signal(signal.SIGALRM, over)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
