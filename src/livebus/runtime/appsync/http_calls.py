"""
Requests of HTTP data sources, sent: to the endpoint of the template, to a stand-in for it, or to the runtime itself.

Certificates are verified, redirects are results like any other answer. Endpoints of AWS are never called over the network:
those whose service the runtime plays lead to it, the others are refused by name unless they are mapped.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-http-js.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from livebus.access.signature import SignedRequest, sign
from livebus.data_source.http import HttpRequest, answered, read_request, timed_out, unreachable
from livebus.operation import Answer, Call
from livebus.runtime.outgoing import NoAnswer, Outgoing, TooLarge, TooLate
from livebus.template.application import HttpEndpoint, Signing

# What an evaluated handler may hold; a larger body could not be handed on.
MAX_BODY_BYTES = 5 * 1024 * 1024
_AWS_HOST = re.compile(r"(?P<service>[a-z0-9-]+)(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")
_SERVED = frozenset({"cloudformation", "cognito-idp", "dynamodb", "events", "lambda", "logs", "s3", "sqs", "sts"})


class HttpCalls:
    """
    ``runtime`` is the URL of the runtime's own endpoint, ``mapped`` the URLs that are called in place of others.

    ``credentials`` (access key, secret key) sign for endpoints that want a signature; ``clock`` gives epoch seconds.
    """

    def __init__(
        self,
        runtime: str,
        mapped: Mapping[str, str],
        *,
        credentials: tuple[str, str],
        clock: Callable[[], float],
    ) -> None:
        self._runtime = runtime
        self._mapped = {url.rstrip("/"): target.rstrip("/") for url, target in mapped.items()}
        self._credentials = credentials
        self._clock = clock
        self._http = Outgoing()

    async def perform(self, call: Call, endpoint: HttpEndpoint, seconds: float) -> Answer:
        """The answer to a call, within so many seconds. Raises RefusedRequest."""
        target = self._target(endpoint.url)
        if not target:
            name = f"The data source {call.source.name!r} calls {endpoint.url}"
            advice = f"--map-endpoint {endpoint.url.rstrip('/')}=http://… names a stand-in"
            message = f"{name}, which is not emulated by the local runtime; {advice}."
            return Answer(error={"message": message, "type": "NotEmulated"})
        request = read_request(target, call.request)
        headers = dict(request.headers)
        if endpoint.signing is not None:
            headers |= self._signature(request, endpoint.signing)
        return await self._sent(request, headers, seconds)

    def _target(self, url: str) -> str:
        """What is called in place of an endpoint; empty where that is nothing."""
        url = url.rstrip("/")
        if url in self._mapped:
            return self._mapped[url]
        aws = _AWS_HOST.fullmatch((urlsplit(url).hostname or "").lower())
        if aws is None:
            return url
        return self._runtime if aws["service"] in _SERVED else ""

    def _signature(self, request: HttpRequest, signing: Signing) -> dict[str, str]:
        url = urlsplit(request.url)
        signed = SignedRequest(
            request.method, url.path or "/", url.query, {**request.headers, "Host": url.netloc}, request.body or b""
        )
        key, secret = self._credentials
        return sign(
            signed,
            access_key_id=key,
            secret=secret,
            region=signing.region,
            service=signing.service,
            now=self._clock(),
        )

    async def _sent(self, request: HttpRequest, headers: Mapping[str, str], seconds: float) -> Answer:
        try:
            received = await self._http.request(
                request.method,
                request.url,
                headers=headers,
                body=request.body,
                seconds=seconds,
                most_bytes=MAX_BODY_BYTES,
            )
        except TooLate:
            return timed_out()
        except TooLarge:
            return unreachable(f"The answer of {request.url} is larger than {MAX_BODY_BYTES} bytes.")
        except NoAnswer as error:
            # A data source's URL is the template's, and says more than our words.
            cause = error.__cause__ or error
            return unreachable(f"{request.url}: {str(cause) or type(cause).__name__}")
        return answered(received.status, received.lines, received.body)

    async def close(self) -> None:
        await self._http.close()
