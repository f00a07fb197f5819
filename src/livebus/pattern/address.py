"""
IP addresses and CIDR blocks in event patterns: which texts are an address, and which addresses a block holds.

In: texts of a pattern or an event. Out: four or sixteen bytes, or the two ends of a block.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-ip-matching
"""

from __future__ import annotations

import re

_IPV4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_MASK = re.compile(r"[+-]?[0-9]{1,10}")
_MAPPED = bytes(10) + b"\xff\xff"
_IPV4_TEXT_LENGTH = 15


class InvalidAddress(ValueError):
    """A CIDR block that EventBridge refuses; the text is AWS's reason."""


def address_of(text: str) -> bytes | None:
    """
    Read an IP address literal; None for any other text.

    Spellings are read as the engine reads them: leading zeros are decimal, an IPv4-mapped IPv6 address is IPv4.
    """
    if _IPV4.fullmatch(text):
        return _ipv4(text)
    if _IPV6.fullmatch(text):
        return _ipv6(text)
    return None


def block_of(text: str) -> tuple[bytes, bytes]:
    """
    Read a CIDR block as its lowest and highest address. Host bits may be set. Raises :class:`InvalidAddress`.
    """
    # As Java splits: empty parts at the end do not count.
    parts = text.rstrip("/").split("/")
    if len(parts) != 2:
        raise InvalidAddress("Malformed CIDR, one '/' required")
    if not _MASK.fullmatch(parts[1]) or not -(2**31) <= int(parts[1]) < 2**31:
        raise InvalidAddress("Malformed CIDR, mask bits must be an integer")
    mask_bits = int(parts[1])
    if mask_bits < 0:
        raise InvalidAddress("Malformed CIDR, mask bits must not be negative")
    literal = parts[0]
    address = address_of(literal)
    if address is None:
        shaped = _IPV4.fullmatch(literal) or _IPV6.fullmatch(literal)
        raise InvalidAddress(f"{'Invalid' if shaped else 'Nonstandard'} IP address: {literal}")
    width = len(address) * 8
    if mask_bits >= width:
        raise InvalidAddress(f"{'IPv4' if width == 32 else 'IPv6'} mask bits must be < {width}")
    host = (1 << (width - mask_bits)) - 1
    number = int.from_bytes(address, "big")
    return (number & ~host).to_bytes(len(address), "big"), (number | host).to_bytes(len(address), "big")


def _ipv4(text: str) -> bytes | None:
    octets = [int(part) for part in text.split(".")] if len(text) <= _IPV4_TEXT_LENGTH else [256]
    return bytes(octets) if max(octets) < 256 else None


def _ipv6(text: str) -> bytes | None:
    head, gap, tail = text.partition("::")
    if tail.startswith(":") or "::" in tail:
        return None
    before, after = _groups(head), _groups(tail)
    if before is None or after is None:
        return None
    missing = 16 - len(before) - len(after)
    if missing < 0 or (missing == 0) == bool(gap):
        return None
    address = before + bytes(missing) + after
    return address[12:] if address.startswith(_MAPPED) else address


def _groups(text: str) -> bytes | None:
    """The bytes of colon-separated groups of hexadecimal digits; None where a group is empty or too large."""
    groups = text.split(":") if text else []
    if not all(groups) or any(len(group.lstrip("0")) > 4 for group in groups) or len(groups) > 8:
        return None
    return b"".join(int(group, 16).to_bytes(2, "big") for group in groups)
