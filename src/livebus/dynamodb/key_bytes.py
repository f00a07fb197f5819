"""
Key values as bytes whose order is DynamoDB's: what SQLite sorts and compares.

Strings by their UTF-8 bytes, numbers by value, binaries as they are; a partition's bytes begin with four of a digest,
which give a scan its order (no order that anybody should count on) and its segments their share.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping

from livebus.dynamodb import number

_DIGEST_BYTES = 4
_SLOTS = 256**_DIGEST_BYTES


def ordered(value: Mapping[str, str]) -> bytes:
    """The bytes of a key value (``{"S": …}``, ``{"N": …}``, ``{"B": …}``; normalised)."""
    ((kind, text),) = value.items()
    if kind == "N":
        return number.key_bytes(text)
    return text.encode() if kind == "S" else base64.b64decode(text)


def partition(value: Mapping[str, str]) -> bytes:
    """The bytes of a partition key value: alike for alike values only."""
    content = ordered(value)
    return zlib.crc32(content).to_bytes(_DIGEST_BYTES, "big") + content


def segment(number_of_it: int, total: int) -> tuple[bytes, bytes | None]:
    """The first bytes of a scan's segment, and those of the next one; None where there is no next."""
    first = -(-_SLOTS * number_of_it // total)
    after = -(-_SLOTS * (number_of_it + 1) // total)
    end = None if after == _SLOTS else after.to_bytes(_DIGEST_BYTES, "big")
    return first.to_bytes(_DIGEST_BYTES, "big"), end


def after_prefix(prefix: bytes) -> bytes | None:
    """The first bytes that are behind all that begin with a prefix; None where nothing is."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None
