"""
New ids: random UUIDs (RFC 9562, version 4) as text, from the system's own source of randomness.

The source is asked for many ids at once: asking is the dearest part of an id.
"""

from __future__ import annotations

import os

_AT_ONCE = 64
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_waiting: list[str] = []


def new_id() -> str:
    """A new id, such as ``6f1b2d3c-…``; two are never the same, in a child process neither."""
    try:
        d = _waiting.pop()
    except IndexError:  # asked for once, and not looked at before: another thread may take the last one in between
        digits = os.urandom(16 * _AT_ONCE).hex()
        d, *others = (digits[start : start + 32] for start in range(0, len(digits), 32))
        _waiting.extend(others)
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-{_VARIANTS[d[16]]}{d[17:20]}-{d[20:]}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_waiting.clear)
