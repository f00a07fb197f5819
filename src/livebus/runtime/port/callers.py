"""
Who may ask: host names and origins that mean this machine.

A page of the web can make its own name point to 127.0.0.1, and can let the browser send requests there. The first shows
in the Host header, the second in Origin.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_local_host(host: str) -> bool:
    """
    Whether a Host header can come from a client that means this machine.

    AWS's names are let through: clients may be told to sign for the real API's host, and nobody else can have them.
    """
    name = host_name(host)
    return is_loopback(name) or name.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def host_name(host: str) -> str:
    """The name in a Host header, without its port; empty where there is none."""
    return _host_of(f"//{host}")


def is_local_origin(origin: str) -> bool:
    """Whether a page of this origin lies on this machine."""
    return is_loopback(_host_of(origin))


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # a bracket without its other half
        return ""
