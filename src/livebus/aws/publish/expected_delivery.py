"""
Whether what is published arrives: subscribes before, knows what each event should lead to, and counts what comes.

In: a session, what an event should lead to, a user. Out: the :class:`~livebus.publish.arrivals.ArrivalTally` of what arrived. The subscription
lives in a thread of its own; what should arrive is told just before a request goes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from livebus.aws.session import Session
from livebus.errors import LivebusError, Unreachable
from livebus.event.stream import StreamedEntry
from livebus.publish.arrivals import Arrivals, ArrivalTally
from livebus.publish.request import Request
from livebus.subscribe.message import Gap

if TYPE_CHECKING:
    from livebus.aws.subscribe.subscriber import Subscription
    from livebus.rehearsal.preflight import Listener
    from livebus.stack.api_address import ApiAddress

QUIET_SECONDS = 0.2  # after the last one has arrived, for what comes twice
# On AWS, after its start_ack: what is published in the first moment is sometimes not delivered to the new subscription.
# https://github.com/aws/aws-appsync-community/issues/405 (how long that takes, nobody has told)
SETTLING_SECONDS = 2.0


class SubscribingUser(NamedTuple):
    """Who subscribes."""

    name: str
    password: str

    def __repr__(self) -> str:
        """The name alone."""
        return f"User({self.name!r})"


class Delivery:
    """
    Counts what arrives on the subscription field of a ``listener``, from entering (subscribed by then) to leaving. ``user`` signs
    in, or is what gives the token of somebody who has.

    ``expected`` gives the data of each message that an entry should lead to on that field. Entering takes ``settling`` seconds
    longer than subscribing, and raises Unreachable where the subscription does not stand.
    """

    def __init__(
        self,
        session: Session,
        user: SubscribingUser | Callable[[], str],
        listener: Listener,
        expected: Callable[[StreamedEntry, str], Sequence[Any]],
        *,
        settling: float = 0.0,
    ) -> None:
        self._settling = settling
        self._session = session
        self._user = user
        self._listener = listener
        self._expected = expected
        self._arrivals = Arrivals()
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._error: LivebusError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="subscriber", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._subscribed.wait()
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None, self._settling)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *error: object) -> None:
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(5)

    def sending(self, request: Request) -> None:
        """A request goes out now: what its entries should lead to is awaited from here on."""
        now = time.monotonic()
        for sequence, entry in request.items:
            if sequence in request.attempts:
                continue
            assert isinstance(entry, StreamedEntry)
            expected = self._expected(entry, self._listener.field)
            with self._changed:
                for data in expected:
                    self._arrivals.published(sequence, data, now)

    def settled(self, seconds: float) -> ArrivalTally:
        """Wait until all has arrived, no longer than so many seconds, and count. Raises what ended the subscription."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._arrivals.waiting and self._error is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            if self._error is None:
                self._changed.wait(min(QUIET_SECONDS, max(0.0, deadline - time.monotonic())))
            else:
                raise self._error
            return self._arrivals.tally()

    def so_far(self) -> ArrivalTally:
        """What has arrived by now."""
        with self._changed:
            return self._arrivals.tally()

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except LivebusError as error:
            self._error = error
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - of a library; who waits must not wait for ever
            self._error = Unreachable(f"the subscription ended: {type(error).__name__}: {error}")
        self._subscribed.set()
        with self._changed:
            self._changed.notify_all()

    def _api(self) -> ApiAddress:
        """The API that has the field, by the template; the stack's own where the template is not the stack's."""
        listener = self._listener
        try:
            return self._session.api(listener.api, {listener.api: listener.outputs})
        except Unreachable:
            return self._session.api()

    async def _listen(self) -> None:
        from livebus.aws.subscribe.subscriber import Subscriber

        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        api = self._api()
        user = self._user
        token = (
            self._session.sign_in(api, user.name, user.password).token if isinstance(user, SubscribingUser) else user
        )
        subscriber = Subscriber(realtime_url=api.realtime_url, host=api.host, token=token)
        async with subscriber.subscribe(self._listener.query) as subscription:
            self._subscribed.set()
            await self._count(subscription)

    async def _count(self, subscription: Subscription) -> None:
        async for message in subscription:
            if isinstance(message, Gap):
                continue  # what was published meanwhile did not arrive, and is counted as that
            data: Any = message.data
            with self._changed:
                self._arrivals.received(data, time.monotonic())
                self._changed.notify_all()
