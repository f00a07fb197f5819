"""
The keys of OpenID Connect providers: found by discovery, fetched beside everything else, looked at again now and then.

https://openid.net/specs/openid-connect-discovery-1_0.html, as AppSync does it:
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#openid-connect-authorization
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from livebus.runtime.outgoing import NoAnswer, Outgoing

_REFRESH_SECONDS = 3600.0
_RETRY_SECONDS = 5.0
_TIMEOUT_SECONDS = 10.0
_MAX_DOCUMENT_BYTES = 1024 * 1024


class OidcKeys:
    """
    Holds the JWKS document of each issuer as soon as it could be had.

    Until then, and where an issuer does not answer, its tokens are refused: there is nothing to verify them with.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._documents: dict[str, Mapping[str, Any]] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._http = Outgoing()

    def document(self, issuer: str) -> Mapping[str, Any] | None:
        return self._documents.get(issuer)

    def use(self, issuers: Iterable[str]) -> None:
        """Keep the keys of just these issuers."""
        wanted = set(issuers)
        for issuer in self._fetching.keys() - wanted:
            self._fetching.pop(issuer).cancel()
            self._documents.pop(issuer, None)
        for issuer in wanted - self._fetching.keys():
            self._fetching[issuer] = asyncio.get_running_loop().create_task(self._keep(issuer))

    async def close(self) -> None:
        for task in self._fetching.values():
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)
        await self._http.close()

    async def _keep(self, issuer: str) -> None:
        told = False
        while True:
            try:
                self._documents[issuer] = await _fetch(self._http, issuer)
            except (OSError, ValueError, TimeoutError) as error:
                if not told:
                    self._tell(f"the keys of {issuer} cannot be had, so its tokens are refused: {error or 'no answer'}")
                    told = True
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            told = False
            await asyncio.sleep(_REFRESH_SECONDS)


async def _fetch(http: Outgoing, issuer: str) -> Mapping[str, Any]:
    """An issuer's JWKS document, within the seconds for both requests. Raises OSError, TimeoutError or ValueError."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        configuration = await _json(http, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        jwks = await _json(http, str(configuration.get("jwks_uri")))
    if not isinstance(jwks.get("keys"), list):
        raise ValueError("the document at its jwks_uri has no keys")  # noqa: TRY004 - the document's fault
    return jwks


async def _json(http: Outgoing, url: str) -> Mapping[str, Any]:
    try:
        received = await http.request("GET", url, seconds=_TIMEOUT_SECONDS, most_bytes=_MAX_DOCUMENT_BYTES)
    except NoAnswer as error:
        raise OSError(f"{url}: {error}") from None
    if received.status != 200:
        elsewhere = ", and leads elsewhere: that is not followed" if 300 <= received.status < 400 else ""
        raise OSError(f"{url} answered HTTP {received.status}{elsewhere}")
    content = orjson.loads(received.body)
    if not isinstance(content, dict):
        raise ValueError(f"{url} is not a JSON object")  # noqa: TRY004 - the document's fault, not the caller's
    return content
