"""
Headers that resolvers add to a request's response: which are kept, and why others are ignored.

In: names and values in the order in which resolvers ask for them. Out: the headers of the response, or a reason, which
becomes an error of type ResponseHeaderError beside the field's value.
https://docs.aws.amazon.com/appsync/latest/devguide/http-helpers-in-utils-http-js.html
"""

from __future__ import annotations

import re

ERROR_TYPE = "ResponseHeaderError"
MAX_CHARACTERS = 4 * 1024
"""Names and values of all that are asked for; headers that a later one replaces count."""
_RESTRICTED = frozenset(
    (
        *("connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "transfer-encoding", "upgrade", "vary", "content-type"),
        *("access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods"),
        *("access-control-allow-origin", "access-control-expose-headers", "access-control-max-age"),
    )
)
_RESERVED = ("x-amzn-", "x-amz-")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")


class ResponseHeaders:
    """Of one request. ``kept`` has them by lower-cased name: the name as it was last written, and its value."""

    __slots__ = ("_characters", "kept")

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, str]] = {}
        self._characters = 0

    def add(self, name: str, value: str | None) -> str:
        """Keep a header, or say why it is ignored (the words are ours); empty where it is kept."""
        lower = name.lower()
        if not name:
            return "A response header without a name is ignored."
        if lower in _RESTRICTED or lower.startswith(_RESERVED):
            return f"The response header {name!r} is ignored: AppSync does not let resolvers set it."
        if value is None:
            return f"The response header {name!r} is ignored: its value is null."
        # What no HTTP response can carry; a line break would begin a header of its own.
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            return f"The response header {name!r} is ignored: it has characters that no header carries."
        self._characters += len(name) + len(value)
        if self._characters > MAX_CHARACTERS:
            return f"The response header {name!r} is ignored: response headers have more than {MAX_CHARACTERS:,} characters."
        self.kept[lower] = (name, value)
        return ""
