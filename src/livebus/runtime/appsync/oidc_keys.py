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

    async def _keep(self, issuer: str) -> None:
        told = False
        while True:
            try:
                self._documents[issuer] = await _fetch(issuer)
            except (OSError, ValueError, TimeoutError) as error:
                if not told:
                    self._tell(f"the keys of {issuer} cannot be had, so its tokens are refused: {error or 'no answer'}")
                    told = True
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            told = False
            await asyncio.sleep(_REFRESH_SECONDS)


async def _fetch(issuer: str) -> Mapping[str, Any]:
    """An issuer's JWKS document. Raises OSError, TimeoutError or ValueError."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            configuration = await _json(session, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            jwks = await _json(session, str(configuration.get("jwks_uri")))
    except aiohttp.ClientError as error:
        raise OSError(f"{type(error).__name__}: {error}") from None
    if not isinstance(jwks.get("keys"), list):
        raise ValueError("the document at its jwks_uri has no keys")  # noqa: TRY004 - the document's fault
    return jwks


async def _json(session: Any, url: str) -> Mapping[str, Any]:
    async with session.get(url) as response:
        if response.status != 200:
            raise OSError(f"{url} answered HTTP {response.status}")
        body = bytearray()
        while (chunk := await response.content.readany()) and len(body) <= _MAX_DOCUMENT_BYTES:
            body += chunk
    content = orjson.loads(body)
    if not isinstance(content, dict):
        raise ValueError(f"{url} is not a JSON object")  # noqa: TRY004 - the document's fault, not the caller's
    return content
