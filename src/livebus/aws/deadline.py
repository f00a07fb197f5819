"""
A limit for a whole call of boto3's: its own time-outs are for each piece of an answer, and a byte a second meets them.

In: a call, and how long it may take. Out: what it returns or raises, or Unreachable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from livebus.errors import Unreachable

T = TypeVar("T")

# boto3's own: a minute for each piece, and some attempts.
CALL_SECONDS = 120.0


def within(seconds: float, call: Callable[[], T], doing: str) -> T:
    """Make a call; ``doing`` ends the sentence "cannot …". The thread that may go on is a daemon: it keeps nobody."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, name="call", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise Unreachable(f"cannot {doing}: no whole answer in {seconds:g} s")
    return results[0]
