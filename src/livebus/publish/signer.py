"""
Signature Version 4 for requests that differ in their body only.

In: where to, credentials, a body and the time. Out: the head of an HTTP/1.1 request. The derived key is kept for its day,
all of the canonical request but the body's hash for its second.
https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import NamedTuple

ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """A key pair, and the session's token where there is one."""

    access_key: str
    secret_key: str
    token: str = ""

    def __repr__(self) -> str:
        """The access key alone: the rest is secret."""
        return f"Credentials({self.access_key!r})"


class Signer:
    """
    Signs POST requests for one service in one region.

    ``host`` is that of the Host header, ``path`` one without anything that would have to be encoded, ``headers`` are
    further headers to sign (names in lower case). ``credentials`` may be replaced at any time.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        host: str,
        region: str,
        service: str,
        headers: dict[str, str],
        path: str = "/",
        unsigned: str = "",
    ) -> None:
        self.credentials = credentials
        self._host = host
        self._path = path
        self._region = region
        self._service = service
        self._headers = headers
        self._unsigned = unsigned
        self._second: tuple[int, Credentials] | None = None
        self._key_of: tuple[str, str] | None = None
        self._key = b""
        self._canonical = self._to_sign = self._head = b""

    def head(self, body: bytes, now: float) -> bytes:
        """The head of a request with this body, at a time in epoch seconds; the empty line at its end included."""
        second = int(now)
        if self._second != (second, self.credentials):
            self._prepare(second)
        canonical = self._canonical + hashlib.sha256(body).hexdigest().encode()
        to_sign = self._to_sign + hashlib.sha256(canonical).hexdigest().encode()
        signature = hmac.digest(self._key, to_sign, "sha256").hex()
        return b"%b%b\r\nContent-Length: %d\r\n\r\n" % (self._head, signature.encode(), len(body))

    def _prepare(self, second: int) -> None:
        """Make all that holds for a second."""
        credentials = self.credentials
        moment = datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")
        day = moment[:8]
        if self._key_of != (day, credentials.secret_key):
            self._key = signing_key(credentials.secret_key, day, self._region, self._service)
            self._key_of = (day, credentials.secret_key)
        sent = {**self._headers, "x-amz-date": moment}
        if credentials.token:
            sent["x-amz-security-token"] = credentials.token
        signed = {**sent, "host": self._host}
        names = ";".join(sorted(signed))
        headers = "\n".join(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed))
        self._canonical = f"POST\n{self._path}\n\n{headers}\n\n{names}\n".encode()
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        self._to_sign = f"{ALGORITHM}\n{moment}\n{scope}\n".encode()
        lines = [f"POST {self._path} HTTP/1.1", f"Host: {self._host}"]
        lines += [f"{name}: {value}" for name, value in sent.items()]
        if self._unsigned:
            lines.append(self._unsigned)
        lines.append(
            f"Authorization: {ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature="
        )
        self._head = "\r\n".join(lines).encode()
        self._second = (second, credentials)


def signing_key(secret_key: str, *scope: str) -> bytes:
    """The key derived for a day, a region and a service."""
    key = f"AWS4{secret_key}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
