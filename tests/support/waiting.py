"""
Waiting for what another thread or process does, with a deadline and never blindly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 60.0
_POLL_SECONDS = 0.005


def until(found: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
    """Ask again and again until the answer is true, and return it. Raises AssertionError, naming ``what``."""
    end = time.monotonic() + seconds
    while not (answer := found()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(_POLL_SECONDS)
    return answer
