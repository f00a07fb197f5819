"""
Subscriptions over AppSync's real-time protocol, on one connection; when that is lost, another is opened.

In: GraphQL subscriptions, the API's real-time URL and host, and a function that gives a fresh token. Out: the messages,
in the order in which they come, and the gaps between them.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from livebus.aws.blocking_call import blocking_call
from livebus.aws.subscribe.connection import ClientConnection, Loss, TooMuchTooEarly
from livebus.aws.subscribe.operation import SubscriptionOperation, with_names_of_their_own
from livebus.errors import Refused, Unreachable
from livebus.subscribe.message import Gap, Message

BASE_SECONDS = 0.5
CAP_SECONDS = 30.0
# So many messages wait for whoever takes them; then nothing is read until there is room.
BUFFERED = 100
# A refresh that failed is tried again after so long; a connection that needs the token does not wait for it.
REFRESH_AGAIN_SECONDS = 30.0
# However short a token's life is said to be.
REFRESH_SECONDS = 5.0
# What comes while subscriptions are still starting: so many messages, so many bytes.
EARLY = 10_000
EARLY_BYTES = 64_000_000

__all__ = ["Subscriber", "Subscription", "SubscriptionOperation"]


def _nothing() -> None:
    """There is no token to renew."""


class Subscriber:
    """
    Subscribes to one API as one user.

    ``realtime_url`` is the API's RealtimeUrl (ws:// or wss://), ``host`` the host (with its port, where it has one) of
    its GraphQLUrl. ``token`` blocks and is called in a thread before each connection; ``refresh_in`` says in how many
    seconds it is to be called anyhow, so that a lost connection does not wait for it; ``renew`` lets it forget a token
    that was refused. ``lost(reason)`` tells of a lost connection at once; the gap comes with the messages.
    """

    def __init__(
        self,
        *,
        realtime_url: str,
        host: str,
        token: Callable[[], str],
        refresh_in: Callable[[], float] | None = None,
        renew: Callable[[], None] = _nothing,
        lost: Callable[[str], object] = len,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._realtime_url = realtime_url
        self._host = host
        self._token = token
        self._sleep = sleep
        self._uniform = uniform
        self.refresh_in = refresh_in
        self.renew = renew
        self.lost = lost
        self.now = now

    def subscribe(self, *operations: SubscriptionOperation | str) -> Subscription:
        """
        Prepare subscriptions on one connection; entering them (``async with``) connects.

        A text is parsed as SubscriptionOperation.parse does. Of several with one name, the later ones get a number.
        """
        parsed = (SubscriptionOperation.parse(each) if isinstance(each, str) else each for each in operations)
        return Subscription(self, with_names_of_their_own(parsed))

    async def connection(self) -> ClientConnection:
        """A connection that is still to be opened, with a fresh token."""
        return ClientConnection(self._realtime_url, self._host, await self.token(), self.now)

    async def token(self) -> str:
        return await blocking_call(self._token)

    async def pause(self, attempt: int) -> None:
        """Wait before another attempt to connect: up to 0.5 s × 2^attempt, 30 s at the most."""
        await self._sleep(self._uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2 ** min(attempt, 16))))

    async def keep_token_fresh(self) -> None:
        """Refresh the token whenever it is due, for ever."""
        assert self.refresh_in is not None
        while True:
            await self._sleep(max(0.0, self.refresh_in()))
            try:
                await self.token()
            except Exception:  # noqa: BLE001 - whatever it is, it is told when a connection needs a token
                await self._sleep(REFRESH_AGAIN_SECONDS)
            if self.refresh_in() < REFRESH_SECONDS:
                await self._sleep(REFRESH_SECONDS)


class Subscription:
    """
    The messages of subscriptions on one connection: an async context manager and an async iterator.

    Entering returns when AppSync has acknowledged all subscriptions, and raises Unreachable when the sign-in, the
    connection or a subscription fails. Once they stand, a lost connection is taken up again, with a fresh token, until
    they stand again or are refused: then the iteration raises Refused. It gives messages, and a Gap where the connection
    was lost in between. Whoever takes them too slowly lets AppSync wait: what it does then is not documented; the local
    runtime ends the connection once too much is unread, which is a gap again.
    """

    def __init__(self, subscriber: Subscriber, operations: tuple[SubscriptionOperation, ...]) -> None:
        self.operations = operations
        self._subscriber = subscriber
        self._items: asyncio.Queue[Message | Gap | Unreachable] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()
        self._subscribed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._loss: Loss | None = None
        self._early: list[Message] = []
        self._early_bytes = 0
        self._stands_since = subscriber.now()

    async def __aenter__(self) -> Self:
        holding = asyncio.create_task(self._hold_up())
        waiting = asyncio.create_task(self._subscribed.wait())
        self._tasks = [holding]
        try:
            await asyncio.wait((holding, waiting), return_when=asyncio.FIRST_COMPLETED)
            if not self._subscribed.is_set():
                holding.result()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        finally:
            waiting.cancel()
        if self._subscriber.refresh_in is not None:
            self._tasks.append(asyncio.create_task(self._subscriber.keep_token_fresh()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, Unreachable):
                await task

    def __aiter__(self) -> AsyncIterator[Message | Gap]:
        return self

    async def __anext__(self) -> Message | Gap:
        item = await self._items.get()
        if isinstance(item, Unreachable):
            self._items.put_nowait(item)
            raise item
        if self._items.qsize() < BUFFERED:
            self._room.set()
        return item

    @property
    def unread(self) -> int:
        """How many messages have come and were not taken."""
        return len(self._early) + self._items.qsize()

    async def message(self) -> Message:
        """The next message; gaps are passed over."""
        while True:
            item = await anext(self)
            if isinstance(item, Message):
                return item

    async def _hold_up(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        subscriber = self._subscriber
        attempt = 0
        renewed_at: datetime | None = None
        while True:
            end = await self._end()
            self._take_early()
            loss = Loss(str(end), subscriber.now()) if isinstance(end, Refused) else end
            if isinstance(end, Refused):
                self._lose(loss)
                if renewed_at is not None and not self._has_stood(since=renewed_at):
                    self._items.put_nowait(end)
                    return
                # A clock that was wrong, a machine that slept, a runtime with new keys: a token may be staler than it
                # looks. One that is new and refused settles it.
                subscriber.renew()
                renewed_at = subscriber.now()
                continue
            if self._lose(loss):
                renewed_at = None
                # One that did not last is no reason to begin again at once.
                if self._has_stood():
                    attempt = 0
            await self._room.wait()
            await subscriber.pause(attempt)
            attempt += 1

    async def _end(self) -> Loss | Refused:
        """Stand for the time of one connection; how it ended. Raises whatever the first one ends with."""
        try:
            return await self._stand()
        except Exception as error:
            if not self._subscribed.is_set():
                raise
            if isinstance(error, Refused):
                return error
            # A fault of a library, or of ours, is told with the gap, too: it must not leave the listener alone.
            words = str(error) if isinstance(error, Unreachable) else f"{type(error).__name__}: {error}"
            return Loss(words, self._subscriber.now())

    def _lose(self, loss: Loss) -> bool:
        """Tell of a lost connection; False where it is lost, and told, already."""
        if self._loss is not None:
            return False
        self._loss = loss
        self._subscriber.lost(loss.reason)
        return True

    def _has_stood(self, since: datetime | None = None) -> bool:
        """Whether the last connection stood for a while, and where a time is given, began after it."""
        lasted = (self._subscriber.now() - self._stands_since).total_seconds() >= CAP_SECONDS
        return lasted and (since is None or self._stands_since > since)

    async def _stand(self) -> Loss:
        """One connection, from its beginning to its end. Raises Unreachable where it is the first one and fails."""
        connection = await self._subscriber.connection()
        loss = await connection.run(self.operations, self._receive, self._acknowledged)
        if not self._subscribed.is_set():
            raise Unreachable(loss.reason)
        return loss

    async def _receive(self, message: Message) -> None:
        # What comes while other subscriptions are still starting is read on: their acknowledgements come the same way. The
        # gap, which ends with the last of them, stands before it.
        if self._loss is not None:
            self._early_bytes = message.size + (self._early_bytes if self._early else 0)
            if len(self._early) >= EARLY or self._early_bytes > EARLY_BYTES:
                raise TooMuchTooEarly("too many messages came before all subscriptions had begun")
            self._early.append(message)
            return
        self._items.put_nowait(message)
        if self._items.qsize() >= BUFFERED and self._subscribed.is_set():
            self._room.clear()
            await self._room.wait()

    def _acknowledged(self) -> None:
        subscriber = self._subscriber
        self._stands_since = subscriber.now()
        if self._loss is not None:
            self._items.put_nowait(Gap(self._loss.since, self._stands_since, self._loss.reason))
            self._loss = None
            self._take_early()
        self._subscribed.set()

    def _take_early(self) -> None:
        for message in self._early:
            self._items.put_nowait(message)
        self._early.clear()
