"""
OAuth's client credentials: the request for a token, and what its answer gives.

AWS documents that the client's id and secret are exchanged for a token with the connection's own parameters, and not in
which form: ours is a form, or JSON where a header of the connection says so; its own ``grant_type`` counts before ours.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from livebus.template.api_destination import ClientCredentials

# A token that ends sooner is not used any more.
REFRESH_SECONDS = 60.0
MAX_TOKEN_BYTES = 64 * 1024
_MOST_SECONDS = 10**9
_FORM = "application/x-www-form-urlencoded"
_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Token:
    """The value of an Authorization header, and the epoch second from which on another one is needed."""

    value: str = field(repr=False)
    until: float


def token_request(authorization: ClientCredentials) -> tuple[str, Mapping[str, str], bytes | None]:
    """URL, headers and body of the request for a token."""
    given = authorization.parameters
    headers = {"Content-Type": _FORM, "Accept": "application/json"}
    for name, value in given.headers:
        headers = {each: text for each, text in headers.items() if each.lower() != name.lower()} | {name: value}
    members = {
        "grant_type": "client_credentials",
        **dict(given.body),
        "client_id": authorization.client_id,
        "client_secret": authorization.client_secret,
    }
    query = list(given.query)
    body: bytes | None = None
    if authorization.method == "GET":
        query += members.items()
    elif any(name.lower() == "content-type" and "json" in value.lower() for name, value in headers.items()):
        body = json.dumps(members, ensure_ascii=False).encode()
    else:
        body = urlencode(members).encode()
    text = urlencode(query, quote_via=quote)
    url = authorization.address
    return f"{url}{'&' if '?' in url else '?'}{text}" if text else url, headers, body


def read_token(body: bytes, now: float) -> Token | None:
    """
    The token of an answer; None where there is none that a header can carry.

    One that says nothing of its end is used until an endpoint refuses it.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    kind, token, seconds = answer.get("token_type", "Bearer"), answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not isinstance(kind, str):
        return None
    if not _VISIBLE.fullmatch(token) or not _VISIBLE.fullmatch(kind):
        return None
    ends = math.inf
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        ends = now + min(max(seconds, 0), _MOST_SECONDS) - REFRESH_SECONDS
    return Token(f"{'Bearer' if kind.lower() == 'bearer' else kind} {token}", ends)
