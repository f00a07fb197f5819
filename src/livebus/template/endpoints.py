"""
Which addresses are called: those of this machine, and those that stand in for others by ``--map-endpoint``.

In: a URL of a template, the URLs that are mapped. Out: the URL that is called, on a loopback address, or nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's, by itself: no name server is asked."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(url: str, mapped: Mapping[str, str]) -> str:
    """
    The URL that is called for another; empty where it would be one of another machine.

    The longest of the mapped URLs that the given one begins with counts, up to the end of a part of its path.
    """
    for prefix in sorted((each.rstrip("/") for each in mapped), key=len, reverse=True):
        if url == prefix or url.startswith((f"{prefix}/", f"{prefix}?")):
            target = next(to for each, to in mapped.items() if each.rstrip("/") == prefix)
            url = target.rstrip("/") + url[len(prefix) :]
            break
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return ""
    is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return url if is_plain and is_loopback(host.lower()) else ""
