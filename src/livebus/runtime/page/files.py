"""
The page's own files: read once, served from memory, with headers that let the page do what it does and nothing else.

Nothing is fetched from elsewhere, no text of an event can become a script, and no other page can frame this one.
"""

from __future__ import annotations

import gzip
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

INDEX = "index.html"
PLACE_OF_TOKEN = "{{token}}"  # noqa: S105 - where it goes
_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    headers: Mapping[str, str]


class StaticFiles:
    """All files below a folder, by their path. ``token`` is put into the page."""

    def __init__(self, token: str, folder: Traversable | None = None) -> None:
        self._files: dict[str, StaticFile] = {}
        self._zipped: dict[str, StaticFile] = {}
        self._read(folder or files("livebus.runtime.page") / "static", "", token)

    def _read(self, folder: Traversable, way: str, token: str) -> None:
        for each in folder.iterdir():
            name = f"{way}{each.name}"
            if each.is_dir():
                self._read(each, f"{name}/", token)
                continue
            kind = _TYPES.get(each.name.rpartition(".")[2])
            if kind is None:
                continue
            body = each.read_bytes()
            if name == INDEX:
                body = body.replace(PLACE_OF_TOKEN.encode(), html.escape(token).encode())
            caching = "no-store" if name == INDEX else "no-cache"
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers = {
                "Content-Type": f"{kind}; charset=utf-8",
                "ETag": tag,
                "Cache-Control": caching,
                "Vary": "Accept-Encoding",
            }
            self._files[name] = StaticFile(body, headers)

    def zipped(self, name: str) -> StaticFile | None:
        """
        The same gzipped, made when it is first asked for. The page itself is not: what has a token in it is not compressed.
        """
        plain = self._files.get(name)
        if plain is None or name == INDEX:
            return plain
        found = self._zipped.get(name)
        if found is None:
            tag = plain.headers["ETag"].removesuffix('"') + '-gzip"'
            headers = {**plain.headers, "ETag": tag, "Content-Encoding": "gzip"}
            found = self._zipped[name] = StaticFile(gzip.compress(plain.body, 6, mtime=0), headers)
        return found

    @property
    def names(self) -> list[str]:
        return sorted(self._files)

    def get(self, name: str) -> StaticFile | None:
        return self._files.get(name)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not with a weight of 0."""
    for each in accepted.split(","):
        coding, _, weight = each.partition(";")
        if coding.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def policy(host: str) -> dict[str, str]:
    """The headers of every answer; ``host`` is that of the Host header, already known to be this machine's."""
    sockets = f"ws://{host} wss://{host}"
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
