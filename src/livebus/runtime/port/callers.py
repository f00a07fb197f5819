"""
Who may ask: one gate before every service, for requests and WebSocket upgrades alike.

A page of the web can make its own name point to 127.0.0.1, and can let the browser send requests there: forms, plain
``fetch`` and WebSockets without asking first. The name shows in the Host header, the page in Origin. What has neither a
foreign name nor a foreign page comes from a program of this machine, or from a page of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from livebus.template.endpoints import is_loopback

# The runtime's own paths, beside those that AWS has. No page may ask there.
OWN_PATHS = "/_livebus/"
_NOT_THIS_HOST = "This host name is not one of this machine; see --host and --allow-origin."
_NOT_THIS_ORIGIN = "Pages of this origin may not call; see --allow-origin."
_NO_PAGES = "What lies here is not for browsers."


class Gate:
    """
    ``origins`` are let in besides those of this machine; ``*`` lets every page in. ``check_host`` is False where the
    runtime listens for other machines, too: it then has names that nobody knows here.
    """

    def __init__(self, origins: Iterable[str] = (), *, check_host: bool = True) -> None:
        self._origins = frozenset(origins)
        self._check_host = check_host

    def refusal(
        self, path: str, *, hosts: Sequence[str], origins: Sequence[str], fetch_site: str, fetch_mode: str
    ) -> str | None:
        """
        Why a request is not let in; None where it is. All Host and Origin headers that it has count.

        ``fetch_site`` and ``fetch_mode`` are Sec-Fetch-Site and Sec-Fetch-Mode, empty where it has none: browsers tell
        with them of requests without an Origin (an image of a foreign page).
        """
        if self._check_host and not (hosts and all(map(is_local_host, hosts))):
            return _NOT_THIS_HOST
        if path.startswith(OWN_PATHS) and (origins or fetch_site):
            return _NO_PAGES
        if not all(map(self.admits, origins)):
            return _NOT_THIS_ORIGIN
        if fetch_site == "cross-site" and not origins and fetch_mode != "navigate" and "*" not in self._origins:
            return _NOT_THIS_ORIGIN
        return None

    def admits(self, origin: str) -> bool:
        """Whether pages of an origin may call, and read the answers."""
        return "*" in self._origins or origin in self._origins or is_local_origin(origin)


@lru_cache(maxsize=256)
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


@lru_cache(maxsize=256)
def is_local_origin(origin: str) -> bool:
    """Whether a page of this origin lies on this machine."""
    return is_loopback(_host_of(origin))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # a bracket without its other half
        return ""
