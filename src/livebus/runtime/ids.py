"""
New ids: random UUIDs (RFC 9562, version 4) as text, from the system's own source of randomness.

The source is asked for many ids at once: asking is the dearest part of an id.
"""

from __future__ import annotations

import os
import struct

_AT_ONCE = 64
# Of each 128 bits the version and the variant are given.
_RANDOM = int("ffffffffffff0fff3fffffffffffffff" * _AT_ONCE, 16)
_GIVEN = int("00000000000040008000000000000000" * _AT_ONCE, 16)
_parts_of = struct.Struct("8s4s4s4s12s" * _AT_ONCE).unpack
_TEXTS = b"%b-%b-%b-%b-%b " * _AT_ONCE
_waiting: list[str] = []


def new_id() -> str:
    """A new id, such as ``6f1b2d3c-…``; two are never the same, in a child process neither."""
    try:
        return _waiting.pop()
    except IndexError:  # asked for once, and not looked at before: another thread may take the last one in between
        one, *others = _made()
        _waiting.extend(others)
        return one


def _made() -> list[str]:
    """Many ids; nothing here is done for each of them by itself."""
    size = 16 * _AT_ONCE
    number = int.from_bytes(os.urandom(size), "big") & _RANDOM | _GIVEN
    digits = number.to_bytes(size, "big").hex().encode()
    return (_TEXTS % _parts_of(digits)).decode().split()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_waiting.clear)
