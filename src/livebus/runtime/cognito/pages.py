"""
Paging, as every list shares it: rows, a limit and a token in; one page and the next one's token out.

AWS does not document what a token holds; ours holds the place of the page's first row.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final, TypeVar

from livebus.numerals import whole
from livebus.runtime.cognito.errors import invalid_parameter

PAGE: Final = 60
T = TypeVar("T")


def page(rows: Sequence[T], limit: int | None, token: str | None) -> tuple[Sequence[T], str | None]:
    """One page of rows and the token for the next, None at the end. At most, and by default, 60 rows as on AWS."""
    start = 0 if token is None else _position(token, len(rows))
    end = start + (limit or PAGE)
    following = urlsafe_b64encode(str(end).encode()).decode() if end < len(rows) else None
    return rows[start:end], following


def _position(token: str, count: int) -> int:
    try:
        start = whole(urlsafe_b64decode(token).decode("ascii"), count)
    except ValueError:  # no Base64, no text
        start = None
    if start is None:
        raise invalid_parameter("Invalid pagination token.")
    return start
