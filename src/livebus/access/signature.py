"""
AWS Signature Version 4, verified: was this request signed with a secret key that we know.

In: a request as it came (or the parts of a real-time message that stand for one). Out: the access key id, or
:class:`SignatureRefused` in AWS's words. Real-time clients sign ``POST /graphql/connect`` with ``{}`` to connect, and
``POST /graphql`` with the exact ``data`` text to start a subscription, with the headers that the message carries.
https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote_plus

ALGORITHM = "AWS4-HMAC-SHA256"
# Amplify signs for execute-api where its endpoint is a custom one.
SERVICES = ("appsync", "execute-api")
MAX_SKEW = 300  # seconds

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was signed: ``path`` and ``query`` as on the wire, header names in any case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class SignatureRefused(Exception):
    """A signature that does not hold: ``error_type`` and ``message`` are AWS's."""

    def __init__(self, error_type: str, message: str) -> None:
        self.error_type = error_type
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Authorization:
    """What the Authorization header says."""

    access_key_id: str
    scope: tuple[str, ...]  # date, region, service, "aws4_request"
    signed_headers: tuple[str, ...]
    signature: str


def verify(request: SignedRequest, *, secret_for: Callable[[str], str | None], now: float) -> str:
    """
    Verify a request's signature at a time in epoch seconds, and return its access key id.

    ``secret_for`` gives the secret key of an access key id, or None. The region is not checked: which one a client
    signs for is its own configuration's affair. Raises SignatureRefused.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    authorization = _authorization(headers.get("authorization", ""))
    signed_at = headers.get("x-amz-date", "")
    if not _TIME.fullmatch(signed_at):
        raise SignatureRefused(
            "IncompleteSignatureException",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    date, region, service, _ = authorization.scope
    if service not in SERVICES:
        raise SignatureRefused(
            "InvalidSignatureException", f"Credential should be scoped to correct service: '{SERVICES[0]}'. "
        )
    if date != signed_at[:8]:
        raise SignatureRefused(
            "InvalidSignatureException",
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != "
            f"'{signed_at[:8]}', from '{signed_at}'.",
        )
    _check_time(signed_at, now)
    secret = secret_for(authorization.access_key_id)
    if secret is None:
        raise SignatureRefused("UnrecognizedClientException", "The security token included in the request is invalid.")
    missing = [name for name in ("host", *authorization.signed_headers) if name not in headers]
    if missing or "host" not in authorization.signed_headers:
        what = f"header {missing[0]!r} is signed and was not sent" if missing else "'host' has to be signed"
        raise SignatureRefused("InvalidSignatureException", f"{_MISMATCH} ({what})")
    string_to_sign = "\n".join(
        (
            ALGORITHM,
            signed_at,
            "/".join(authorization.scope),
            hashlib.sha256(_bytes(canonical_request(request, authorization.signed_headers))).hexdigest(),
        )
    )
    expected = hmac.new(_signing_key(secret, date, region, service), _bytes(string_to_sign), "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), _bytes(authorization.signature)):
        raise SignatureRefused("InvalidSignatureException", _MISMATCH)
    return authorization.access_key_id


def sign(
    request: SignedRequest, *, access_key_id: str, secret: str, region: str, service: str, now: float
) -> dict[str, str]:
    """The headers that sign a request at a time in epoch seconds: to be sent beside those that it has, Host among them."""
    signed_at = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = (signed_at[:8], region, service, "aws4_request")
    headers = {**{name.lower(): value for name, value in request.headers.items()}, "x-amz-date": signed_at}
    names = tuple(sorted(headers))
    canonical = canonical_request(replace(request, headers=headers), names)
    hashed = hashlib.sha256(_bytes(canonical)).hexdigest()
    string_to_sign = "\n".join((ALGORITHM, signed_at, "/".join(scope), hashed))
    signature = hmac.new(_signing_key(secret, *scope[:3]), _bytes(string_to_sign), "sha256").hexdigest()
    credential = f"Credential={access_key_id}/{'/'.join(scope)}"
    authorization = f"{ALGORITHM} {credential}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return {"X-Amz-Date": signed_at, "Authorization": authorization}


def canonical_request(request: SignedRequest, signed_headers: tuple[str, ...]) -> str:
    """The text whose hash is signed, as AWS's guide builds it; every signed header has to be there."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return "\n".join(
        (
            request.method.upper(),
            quote(_normalized(request.path), safe="/-_.~", errors="surrogatepass"),
            _canonical_query(request.query),
            *(f"{name}:{' '.join(headers[name].split())}" for name in signed_headers),
            "",
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _authorization(header: str) -> _Authorization:
    algorithm, _, rest = header.partition(" ")
    members = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not members.get(name)]
    if algorithm != ALGORITHM or missing:
        raise SignatureRefused(
            "IncompleteSignatureException",
            " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
            or f"Unsupported AWS 'algorithm': '{algorithm}'.",
        )
    access_key_id, *scope = members["Credential"].rsplit("/", 4)
    if len(scope) != 4 or scope[3] != "aws4_request":
        raise SignatureRefused(
            "IncompleteSignatureException",
            f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
            f"'{members['Credential']}'.",
        )
    return _Authorization(
        access_key_id, tuple(scope), tuple(members["SignedHeaders"].lower().split(";")), members["Signature"]
    )


def _check_time(signed_at: str, now: float) -> None:
    try:
        moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise SignatureRefused("InvalidSignatureException", f"'{signed_at}' is not a date.") from None
    here = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    if moment < now - MAX_SKEW:
        raise SignatureRefused(
            "InvalidSignatureException", f"Signature expired: {signed_at} is now earlier than {here} - 5 min."
        )
    if moment > now + MAX_SKEW:
        raise SignatureRefused(
            "InvalidSignatureException", f"Signature not yet current: {signed_at} is still later than {here} + 5 min."
        )


def _normalized(path: str) -> str:
    """The path without empty and dot segments, which clients take out before they sign."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return f"/{'/'.join(segments)}{'/' if segments and path.endswith('/') else ''}"


def _canonical_query(query: str) -> str:
    pairs = []
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        pairs.append((quote(unquote_plus(name), safe="-_.~"), quote(unquote_plus(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _signing_key(secret: str, *scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, _bytes(part), "sha256").digest()
    return key


def _bytes(text: str) -> bytes:
    """UTF-8, of whatever a client sent: header values may hold half a character."""
    return text.encode("utf-8", "surrogatepass")
