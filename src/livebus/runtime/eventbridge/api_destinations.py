"""
Calls API destinations: over HTTP, on addresses of this machine only, and each within the five seconds that AWS gives it.

A call waits for others and holds nothing up: the event is in the journal meanwhile. Of the answer the status counts, and
Retry-After; its body is not read. Redirects are not followed. What a connection gives is told nowhere.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

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
from livebus.event.envelope import Event
from livebus.flow import CompiledDestination, FunctionAttempt
from livebus.operation import Answer, Call, Called
from livebus.retry_policy import Failure
from livebus.runtime.outgoing import NoAnswer, Outgoing, TooLate
from livebus.template.api_destination import ApiDestination, ClientCredentials

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
        # Compressed bodies stay compressed: of a token's, whose size is bounded, too.
        self._http = Outgoing(loopback_only=True, decompresses=False)
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
        """The status of an answer and its Retry-After, or why there is none. Its body may have no end, and is not read."""
        try:
            received = await self._http.request(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                seconds=REQUEST_SECONDS,
                most_bytes=0,
            )
        except TooLate:
            return 0, None, late(REQUEST_SECONDS)
        except NoAnswer as error:
            return 0, None, unreached(str(error))
        return received.status, retry_after(received.headers.get("Retry-After")), None

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
        who = "the authorization endpoint"
        url, headers, body = token_request(authorization)
        try:
            received = await self._http.request(
                authorization.method,
                url,
                headers=headers,
                body=body,
                seconds=REQUEST_SECONDS,
                most_bytes=MAX_TOKEN_BYTES,
            )
        except TooLate:
            return late(REQUEST_SECONDS, who=who)
        except NoAnswer as error:
            return unreached(str(error), who=who)
        failure = failure_of(received.status, retry_after(received.headers.get("Retry-After")), who=who)
        if failure is not None:
            return failure
        return read_token(received.body, self._clock()) or unreached(_BAD_TOKEN, who=who)

    async def close(self) -> None:
        asked = list(self._asking.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await self._http.close()
