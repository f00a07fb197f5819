"""
One subscription over AppSync's real-time protocol, held up over lost connections.

In: a GraphQL subscription, the API's real-time URL and host, and a function that gives a fresh token. Out: the
messages, in the order in which they come.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from gql import GraphQLRequest
from graphql import FieldNode, GraphQLSyntaxError, OperationDefinitionNode, OperationType

from livebus.aws.connection import Connection, Message, Refused
from livebus.errors import InvalidOperation, Place, Unreachable

BASE_SECONDS = 0.5
CAP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Operation:
    """A GraphQL subscription and its variables; ``field`` is the key of its messages' data."""

    request: GraphQLRequest
    field: str

    @staticmethod
    def parse(query: str, variables: Mapping[str, Any] | None = None) -> Operation:
        """Parse a text. Raises InvalidOperation where it is not one subscription to one field."""
        try:
            request = GraphQLRequest(query, variable_values=None if variables is None else dict(variables))
        except GraphQLSyntaxError as error:
            line, column = error.locations[0] if error.locations else (1, 1)
            raise InvalidOperation(error.message, Place(line=line, column=column)) from None
        operations = [node for node in request.document.definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) != 1 or operations[0].operation is not OperationType.SUBSCRIPTION:
            kinds = ", ".join(node.operation.value for node in operations) or "none"
            raise InvalidOperation(f"the operations in it: {kinds}", expected="one subscription")
        fields = operations[0].selection_set.selections
        if len(fields) != 1 or not isinstance(fields[0], FieldNode):
            kinds = ", ".join(node.kind.replace("_", " ") for node in fields)
            raise InvalidOperation(f"the subscription selects: {kinds}", expected="one field")
        return Operation(request, (fields[0].alias or fields[0].name).value)


def _nothing(what: object) -> None:
    """Whoever subscribes does not want to know of gaps."""
    del what


class Subscriber:
    """
    Subscribes to one API as one user.

    ``realtime_url`` is the API's RealtimeUrl (ws:// or wss://), ``host`` the host (with its port, where it has one) of
    its GraphQLUrl. ``token`` blocks and is called in a thread before each connection. ``lost(reason)`` and
    ``back(seconds)`` tell about a gap: AppSync keeps no messages for a client that is away, those in the gap are lost.
    """

    def __init__(
        self,
        *,
        realtime_url: str,
        host: str,
        token: Callable[[], str],
        lost: Callable[[str], None] = _nothing,
        back: Callable[[float], None] = _nothing,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._realtime_url = realtime_url
        self._host = host
        self._token = token
        self.lost = lost
        self.back = back
        self.clock = clock
        self._sleep = sleep
        self._uniform = uniform

    def subscribe(self, operation: Operation | str) -> Subscription:
        """Prepare a subscription; entering it (``async with``) connects. A text is parsed as Operation.parse does."""
        return Subscription(self, Operation.parse(operation) if isinstance(operation, str) else operation)

    async def connection(self) -> Connection:
        """A connection that is still to be opened, with a fresh token."""
        return Connection(self._realtime_url, self._host, await asyncio.to_thread(self._token))

    async def pause(self, attempt: int) -> None:
        """Wait before another attempt to connect: up to 0.5 s × 2^attempt, 30 s at the most."""
        await self._sleep(self._uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2 ** min(attempt, 16))))


class Subscription:
    """
    The messages of one subscription: an async context manager and an async iterator.

    Entering returns when AppSync has acknowledged the subscription, and raises Unreachable when the sign-in, the
    connection or the subscription fails. Once it stands, a lost connection is taken up again, with a fresh token, until
    it stands again or is refused: then the iteration raises Unreachable. ``field`` is the key of the messages' data.
    """

    def __init__(self, subscriber: Subscriber, operation: Operation) -> None:
        self.field = operation.field
        self._subscriber = subscriber
        self._request = operation.request
        self._messages: asyncio.Queue[Message | Unreachable] = asyncio.Queue()
        self._subscribed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._attempt = 0
        self._lost_at = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._hold_up())
        waiting = asyncio.create_task(self._subscribed.wait())
        try:
            await asyncio.wait((self._task, waiting), return_when=asyncio.FIRST_COMPLETED)
            if not self._subscribed.is_set():
                self._task.result()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        finally:
            waiting.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, Unreachable):
                await self._task

    def __aiter__(self) -> AsyncIterator[Message]:
        return self

    async def __anext__(self) -> Message:
        item = await self._messages.get()
        if isinstance(item, Unreachable):
            self._messages.put_nowait(item)
            raise item
        return item

    async def _hold_up(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        subscriber = self._subscriber
        while True:
            try:
                connection = await subscriber.connection()
                reason = await connection.run(self._request, self._messages.put_nowait, self._acknowledged)
                if not self._subscribed.is_set():
                    raise Refused(reason)
            except Unreachable as error:
                if not self._subscribed.is_set():
                    raise
                self._messages.put_nowait(error)
                return
            if self._attempt == 0:
                self._lost_at = subscriber.clock()
                subscriber.lost(reason)
            await subscriber.pause(self._attempt)
            self._attempt += 1

    def _acknowledged(self) -> None:
        if self._subscribed.is_set():
            self._subscriber.back(self._subscriber.clock() - self._lost_at)
        self._attempt = 0
        self._subscribed.set()
