"""
Calls API destinations: over HTTP, on addresses of this machine only, and each within the five seconds that AWS gives it.

A call waits for others and holds nothing up: the event is in the journal meanwhile. Of the answer the status counts, and
Retry-After; its body is not read. Redirects are not followed. What a connection gives is told nowhere.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from livebus.api_destination import (
    ApiRequest,
    Pace,
    Token,
    api_request,
    failure_of,
    late,
    read_token,
    retry_after,
    token_request,
    unreached,
)
from livebus.api_destination.token import MAX_TOKEN_BYTES
from livebus.delivery import Failure
from livebus.event.envelope import Event
from livebus.flow import CompiledDestination, FunctionAttempt
from livebus.operation import Answer, Call, Called
from livebus.template.api_destination import ApiDestination, ClientCredentials

if TYPE_CHECKING:
    import aiohttp

# AWS's limit for a request to an API destination; here for a token too.
REQUEST_SECONDS = 5.0
# Calls at the same time, over all destinations: slow ones leave room to mutations that wait for data sources.
MAX_CALLS = 64
# In place of the seconds that an event waits: until a call of another one has ended.
CROWDED = -1.0
_MOST_KEPT = 1_000
_BAD_TOKEN = "the authorization endpoint gave no access token"  # noqa: S105 - a message, and no secret


@dataclass(frozen=True, slots=True)
class Sending:
    """An attempt that is ready to be sent: ``attempt`` has the payload. ``is_lost``: its answer is to be lost on purpose."""

    target: CompiledDestination
    attempt: FunctionAttempt
    event: Event
    is_lost: Failure | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """What a call is shown as, beside those of data sources."""

    name: str
    type: str = "API_DESTINATION"


class ApiDestinations:
    """``clock`` gives epoch seconds; tokens end by it, and moments of requests are made of it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._under_way = 0
        self._crowd: deque[int] = deque()
        self._called_up: set[int] = set()  # rows of events that a place was offered to
        self._with_moment: set[int] = set()  # rows of events whose moment is known
        self._paces: dict[str, Pace] = {}
        self._tokens: dict[ClientCredentials, Token] = {}
        self._asking: dict[ClientCredentials, asyncio.Task[Token | Failure]] = {}

    def turn(self, destination: ApiDestination, row: int) -> float:
        """
        For how many seconds an event waits before it is sent: 0 where it goes at once, CROWDED where nobody knows.

        ``row`` is the journal's, of an event that has waited before.
        """
        if self._under_way >= MAX_CALLS:
            return CROWDED
        if row in self._with_moment:
            self._with_moment.discard(row)
            return 0.0
        pace = self._paces.get(destination.arn)
        if pace is None or pace.rate != destination.rate:
            if len(self._paces) >= _MOST_KEPT:
                self._paces.clear()
            pace = self._paces[destination.arn] = Pace(destination.rate)
        return pace.wait(self._clock())

    def keep(self, row: int, turn: float) -> None:
        """Remember what an event waits for."""
        if turn == CROWDED:
            self._crowd.append(row)
        else:
            self._with_moment.add(row)

    def begun(self, row: int = 0) -> None:
        """A call takes a place, before it is made."""
        self._called_up.discard(row)
        self._under_way += 1

    def ended(self) -> int:
        """A call gives its place back: the row of the event that waits for one; 0 where none does."""
        self._under_way -= 1
        return self._call_up()

    def passed_on(self, row: int) -> int:
        """
        The row of the next event that waits for a place, where the one in a row was tried and took none; 0 where none does.

        Its target may be gone, or its moment to come: those behind it are not to wait for a call that is never made.
        """
        if row not in self._called_up:
            return 0
        self._called_up.discard(row)
        return self._call_up() if self._under_way < MAX_CALLS else 0

    def _call_up(self) -> int:
        if not self._crowd:
            return 0
        row = self._crowd.popleft()
        self._called_up.add(row)
        return row

    def forget(self, row: int) -> None:
        """An event waits no longer: the journal gives its row to another one."""
        self._with_moment.discard(row)

    async def send(self, sending: Sending) -> FunctionAttempt:
        """Make the attempt: what came of it, with the request as it may be told."""
        destination = sending.target.destination.api
        assert destination is not None, "others are not sent here"
        began = time.perf_counter()
        shown, status, failure = await self._sent(sending, destination)
        milliseconds = round((time.perf_counter() - began) * 1000, 3)
        answer = Answer({"statusCode": status} if status else None, None, milliseconds)
        if not status and failure is not None:
            answer = Answer(None, {"type": failure.code, "message": failure.message}, milliseconds)
        called = Called(Call(_Source(destination.name), shown), answer)
        return replace(sending.attempt, failure=failure or sending.is_lost, calls=(called,))

    async def _sent(
        self, sending: Sending, destination: ApiDestination
    ) -> tuple[Mapping[str, Any], int, Failure | None]:
        assert sending.attempt.payload is not None
        parameters, event = sending.target.destination.parameters, sending.event.envelope
        authorization = destination.connection.authorization if destination.connection is not None else None
        token = ""
        if isinstance(authorization, ClientCredentials):
            found = await self._token(authorization)
            if isinstance(found, Failure):
                return {"method": authorization.method, "url": authorization.endpoint}, 0, found
            token = found.value
        request = api_request(destination, parameters, sending.attempt.payload, event, token=token)
        status, wait, failure = await self._status(request)
        if failure is None:
            failure = failure_of(status, wait)
        if status in (401, 407) and isinstance(authorization, ClientCredentials):
            self._tokens.pop(authorization, None)  # the next attempt asks for another one
        return request.shown, status, failure

    async def _status(self, request: ApiRequest) -> tuple[int, float | None, Failure | None]:
        """The status of an answer and its Retry-After, or why there is none."""
        import aiohttp
        from yarl import URL

        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                self._http().request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                ) as response,
            ):
                response.close()  # of the body nothing is read: it may have no end
                return response.status, retry_after(response.headers.get("Retry-After")), None
        except TimeoutError:
            return 0, None, late(REQUEST_SECONDS)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return 0, None, unreached(_named(error))

    async def _token(self, authorization: ClientCredentials) -> Token | Failure:
        """The token of a connection; one request for all events that wait for it, and one answer, be it a failure."""
        token = self._tokens.get(authorization)
        if token is not None and self._clock() < token.until:
            return token
        asked = self._asking.get(authorization)
        if asked is None:
            asked = self._asking[authorization] = asyncio.get_running_loop().create_task(self._ask(authorization))
        return await asyncio.shield(asked)

    async def _ask(self, authorization: ClientCredentials) -> Token | Failure:
        try:
            found = await self._new_token(authorization)
        finally:
            self._asking.pop(authorization, None)
        if isinstance(found, Token):
            if len(self._tokens) >= _MOST_KEPT:
                self._tokens.clear()
            self._tokens[authorization] = found
        return found

    async def _new_token(self, authorization: ClientCredentials) -> Token | Failure:
        import aiohttp
        from yarl import URL

        who = "the authorization endpoint"
        url, headers, body = token_request(authorization)
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                self._http().request(
                    authorization.method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
                ) as response,
            ):
                wait = retry_after(response.headers.get("Retry-After"))
                failure = failure_of(response.status, wait, who=who)
                if failure is not None:
                    response.close()
                    return failure
                answer = bytearray()
                while chunk := await response.content.readany():
                    answer += chunk
                    if len(answer) > MAX_TOKEN_BYTES:
                        response.close()
                        return unreached(f"it is larger than {MAX_TOKEN_BYTES} bytes", who=who)
        except TimeoutError:
            return late(REQUEST_SECONDS, who=who)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return unreached(_named(error), who=who)
        return read_token(bytes(answer), self._clock()) or unreached(_BAD_TOKEN, who=who)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            # Names lead to this machine, whatever a name server would say.
            connector = aiohttp.TCPConnector(resolver=_loopback_only(), force_close=True, limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        asked = list(self._asking.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None


def _named(error: Exception) -> str:
    """An error in words of our own: its text may hold a URL, with what a connection put into it."""
    from aiohttp import ClientResponseError, ServerDisconnectedError

    if isinstance(error, ClientResponseError):
        return "what came is no HTTP"
    if isinstance(error, ServerDisconnectedError):
        return "the connection was closed"
    if isinstance(error, OSError):
        return os.strerror(error.errno) if error.errno else type(error).__name__
    return type(error).__name__


def _loopback_only() -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Loopback(AbstractResolver):
        """Every name is 127.0.0.1; only names of this machine come here."""

        async def resolve(
            self,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - of the interface
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host="127.0.0.1",
                    port=port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
            ]

        async def close(self) -> None:
            """Nothing is kept."""

    return Loopback()
