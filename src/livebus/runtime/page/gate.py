"""
Who may ask the page's documents: the page itself, opened from this runtime, and nobody else.

Loopback is not enough: every page that the browser shows, and every other port of this machine, can send requests here. A
document is given for a token that stands in the page alone, which no other origin can read.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import NamedTuple

from livebus.runtime.port.callers import host_name
from livebus.template.endpoints import is_loopback

TOKEN_HEADER = "X-Livebus-Page"  # noqa: S105 - a header's name


class Refusal(NamedTuple):
    """An HTTP status, and why."""

    status: int
    reason: str


def refusal_of_page(headers: Mapping[str, str]) -> Refusal | None:
    """Why the page's own files are not given; None where they are. They hold no secret but the token, which CORS keeps."""
    if not is_loopback(host_name(headers.get("Host", ""))):
        return Refusal(403, "The page is at this machine's own names only.")
    return None


def refusal_of_document(method: str, headers: Mapping[str, str], *, scheme: str, token: str) -> Refusal | None:
    """Why a document is not given; None where it is."""
    refused = refusal_of_page(headers)
    if refused is not None:
        return refused
    if method == "OPTIONS":
        return Refusal(403, "No page of another origin may ask.")
    site = headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return Refusal(403, "Only the runtime's own page may ask.")
    origin = headers.get("Origin")
    if origin is not None and origin != f"{scheme}://{headers.get('Host', '')}":
        return Refusal(403, "Only the runtime's own page may ask.")
    given = headers.get(TOKEN_HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return Refusal(403, "The page's token is missing or of another start: open the page anew.")
    if method not in ("GET", "POST", "PUT"):
        return Refusal(405, "Documents take GET, POST and PUT.")
    content_type = headers.get("Content-Type", "").split(";")[0].strip().lower()
    if method != "GET" and content_type != "application/json":
        return Refusal(415, "The Content-Type has to be application/json.")
    return None
