"""
One WebSocket of AppSync's real-time protocol, as a state machine: texts and times in, events, texts and deadlines out.

Keep-alive messages and the end of who does not begin are deadlines too. Nothing that a client sends raises; it becomes an error frame. A move of the caller that makes no sense (accepting a
start that nobody asked for) raises AssertionError, because it is a bug of ours.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from livebus.realtime import messages
from livebus.realtime.messages import ConnectionInit, Errors, Event, Start, Stop, Unreadable


@dataclass(frozen=True, slots=True)
class RealtimeSettings:
    """
    The limits and periods of a connection. Times are in seconds.

    ``keep_alive``: how often ``ka`` goes out; Amplify calls a connection unhealthy after 65 s without one.
    ``connection_timeout_ms``: after how long without ``ka`` clients shall give up.
    ``init_timeout``: how long a connection may stay without connection_init and without a subscription, after a start
    that was refused, say. AWS documents none.
    ``lifetime``: AppSync closes a connection after 24 hours.
    ``max_subscriptions``: per connection. Every error seen on AWS says 100; a figure of 200 is about.
    ``linger``: how long the socket stays open after connection_error. Clients send connection_init first and read
    afterwards: on a socket that is closed already they would never learn the reason.
    ``connection_init_required``: whether a start before connection_init is an error. AppSync's guide calls
    connection_init optional.
    """

    keep_alive: float = 60.0
    connection_timeout_ms: int = 300_000
    init_timeout: float = 300.0
    lifetime: float = 86_400.0
    max_subscriptions: int = 100
    linger: float = 1.0
    connection_init_required: bool = False


class _State(Enum):
    OPEN = "neither accepted nor refused"
    ACCEPTED = "accepted"
    REFUSED = "refused, the client may still read why"
    CLOSED = "to be closed"


class _Phase(Enum):
    PENDING = "started, not answered"
    WITHDRAWN = "stopped before it was answered"
    RUNNING = "confirmed"
    STOPPING = "stopped, not completed yet"


class Connection:
    """
    One client's connection.

    The caller hands every text to ``receive`` and answers the events that it returns, in any order and at any time:
    ConnectionInit by ``accept_connection`` or ``refuse_connection``, Start by ``accept_start`` or ``refuse_start``,
    Stop by ``complete``. After each call it sends what ``messages_to_send`` gives (as text frames), looks at
    ``should_close``, and calls ``handle_deadline`` when ``next_deadline`` has come.
    """

    def __init__(self, now: float, *, settings: RealtimeSettings | None = None) -> None:
        self._settings = settings or RealtimeSettings()
        self._state = _State.OPEN
        self._subscriptions: dict[str, _Phase] = {}
        self._outgoing: list[bytes] = []
        self._close: tuple[int, str] | None = None
        self._init_received = False
        self._now = now
        # A ka also goes to clients that never send connection_init: seen on AWS.
        self._keep_alive_due = now + self._settings.keep_alive
        self._last_for_init = now + self._settings.init_timeout
        self._init_due = self._last_for_init
        self._lifetime_due = now + self._settings.lifetime
        self._linger_due = math.inf

    @property
    def accepted(self) -> bool:
        """Whether connection_ack went out and the connection still stands."""
        return self._state is _State.ACCEPTED

    @property
    def should_close(self) -> tuple[int, str] | None:
        """The WebSocket's close code and reason once the server shall close it, otherwise None."""
        return self._close

    def messages_to_send(self) -> list[bytes]:
        """Takes the texts that wait to be sent, each a WebSocket text frame in UTF-8."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def receive(self, text: str | bytes, now: float) -> Event | None:
        """
        Takes one text from the client, and returns what the caller has to answer, if anything.

        After connection_error everything is read and nothing is answered.
        """
        self._now = max(self._now, now)
        if self._state in (_State.REFUSED, _State.CLOSED):
            return None
        try:
            message = messages.read_message(text)
        except Unreadable as unreadable:
            self._outgoing.append(messages.error(unreadable.errors, None))
            return None
        match message.get("type"):
            case "connection_init":
                return self._receive_connection_init()
            case "start":
                return self._receive_start(message)
            case "stop":
                return self._receive_stop(message)
            case _:
                # AppSync leaves the id out of this error, also where the message has one.
                self._outgoing.append(messages.error(messages.UNKNOWN_TYPE, None))
                return None

    def accept_connection(self) -> None:
        """Confirms the connection: connection_ack, and the first ``ka`` right behind it."""
        if self._state in (_State.REFUSED, _State.CLOSED):
            return
        if self._state is not _State.OPEN or not self._init_received:
            raise AssertionError(f"no connection_init waits for an answer; the connection is {self._state.value}")
        self._state = _State.ACCEPTED
        self._init_due = math.inf
        self._keep_alive_due = self._now + self._settings.keep_alive
        self._acknowledge()

    def refuse_connection(self, errors: Errors) -> None:
        """
        Sends connection_error, forgets all subscriptions, and closes after ``linger`` seconds.

        It may come before connection_init: AppSync checks the authorization when the socket opens.
        """
        if self._state in (_State.REFUSED, _State.CLOSED):
            return
        self._state = _State.REFUSED
        self._subscriptions.clear()
        self._linger_due = self._now + self._settings.linger
        self._outgoing.append(messages.connection_error(errors))

    def accept_start(self, subscription_id: str) -> bool:
        """
        Confirms a subscription: start_ack.

        Returns False where the client has stopped it in the meantime, or the connection is over; then it must not
        receive anything.
        """
        phase = self._answered(subscription_id)
        if phase is _Phase.PENDING:
            self._subscriptions[subscription_id] = _Phase.RUNNING
            self._outgoing.append(messages.start_ack(subscription_id))
            return True
        if phase is _Phase.WITHDRAWN:
            self._end(subscription_id)
        return False

    def refuse_start(self, subscription_id: str, errors: Errors) -> None:
        """Sends the errors of a subscription that cannot begin. The connection and its other subscriptions go on."""
        phase = self._answered(subscription_id)
        if phase is _Phase.PENDING:
            self._forget(subscription_id)
            self._outgoing.append(messages.error(errors, subscription_id))
        elif phase is _Phase.WITHDRAWN:
            self._end(subscription_id)

    def complete(self, subscription_id: str) -> None:
        """Ends a subscription, because the client stopped it or because it was invalidated."""
        if self._state in (_State.REFUSED, _State.CLOSED):
            return
        phase = self._subscriptions.get(subscription_id)
        if phase not in (_Phase.RUNNING, _Phase.STOPPING):
            raise AssertionError(f"no running subscription has the id {subscription_id!r}")
        self._end(subscription_id)

    def next_deadline(self) -> float | None:
        """The time, on the clock of ``now``, at which ``handle_deadline`` has something to do; None for never."""
        if self._state is _State.CLOSED:
            return None
        if self._state is _State.REFUSED:
            return self._linger_due
        return min(self._keep_alive_due, self._init_due, self._lifetime_due)

    def handle_deadline(self, now: float) -> None:
        """Does what is due at ``now``: a ``ka``, or closing. Called too early, it does nothing."""
        self._now = max(self._now, now)
        if self._state is _State.CLOSED:
            return
        # AWS does not document the codes it closes with.
        if self._state is _State.REFUSED:
            if now >= self._linger_due:
                self._shut(1000, "")
        elif now >= self._lifetime_due:
            self._shut(1001, "Connection lifetime exceeded")
        elif now >= self._init_due:
            self._shut(1008, "connection_init not received")
        elif now >= self._keep_alive_due:
            self._keep_alive_due = now + self._settings.keep_alive
            self._outgoing.append(messages.KEEP_ALIVE)

    def _receive_connection_init(self) -> Event | None:
        # AWS does not document a second connection_init; once accepted we acknowledge again.
        if self._state is _State.ACCEPTED:
            self._acknowledge()
            return None
        if self._init_received:
            return None
        self._init_received = True
        self._init_due = math.inf
        return ConnectionInit()

    def _receive_start(self, message: dict[str, object]) -> Event | None:
        subscription_id = message.get("id")
        if not isinstance(subscription_id, str) or not subscription_id:
            self._reject(messages.bad_request("The id of a start message must be a string."), None)
            return None
        if self._settings.connection_init_required and self._state is not _State.ACCEPTED:
            self._reject(messages.bad_request("A start message must come after connection_ack."), subscription_id)
            return None
        if subscription_id in self._subscriptions:
            self._reject(
                [
                    {
                        "errorType": "DuplicatedOperationError",
                        "message": f"Duplicated operation with id {subscription_id}",
                    }
                ],
                subscription_id,
            )
            return None
        limit = self._settings.max_subscriptions
        if len(self._subscriptions) >= limit:
            # The errors of this limit are an object, not a list: seen on AWS.
            message_text = f"Max number of {limit} subscriptions reached"
            self._reject({"errorType": "MaxSubscriptionsReachedError", "message": message_text}, subscription_id)
            return None
        try:
            start: Start = messages.read_start(subscription_id, message.get("payload"))
        except Unreadable as unreadable:
            self._reject(unreadable.errors, subscription_id)
            return None
        self._init_due = math.inf
        self._subscriptions[subscription_id] = _Phase.PENDING
        return start

    def _receive_stop(self, message: dict[str, object]) -> Event | None:
        subscription_id = message.get("id")
        if not isinstance(subscription_id, str) or not subscription_id:
            self._reject(messages.bad_request("The id of a stop message must be a string."), None)
            return None
        match self._subscriptions.get(subscription_id):
            case _Phase.RUNNING:
                self._subscriptions[subscription_id] = _Phase.STOPPING
                return Stop(subscription_id)
            case _Phase.PENDING:
                # The id stays taken until the start is answered: an answer can then never meet a newer start.
                self._subscriptions[subscription_id] = _Phase.WITHDRAWN
            case None:
                # AWS does not document this; AppSync's Event APIs answer an unknown id with these words.
                self._reject(
                    [{"errorType": "UnknownOperationError", "message": f"Unknown operation id {subscription_id}"}],
                    subscription_id,
                )
        return None

    def _reject(self, errors: Errors, subscription_id: str | None) -> None:
        self._outgoing.append(messages.error(errors, subscription_id))

    def _acknowledge(self) -> None:
        self._outgoing.append(messages.connection_ack(self._settings.connection_timeout_ms))
        self._outgoing.append(messages.KEEP_ALIVE)

    def _answered(self, subscription_id: str) -> _Phase | None:
        """The phase of a start that the caller answers; None where the connection is over."""
        if self._state in (_State.REFUSED, _State.CLOSED):
            return None
        phase = self._subscriptions.get(subscription_id)
        if phase not in (_Phase.PENDING, _Phase.WITHDRAWN):
            raise AssertionError(f"no start with the id {subscription_id!r} waits for an answer")
        return phase

    def _forget(self, subscription_id: str) -> None:
        """Drop a start that was refused: without another, the connection waits for connection_init again."""
        del self._subscriptions[subscription_id]
        if not self._init_received and not self._subscriptions:
            self._init_due = self._last_for_init

    def _end(self, subscription_id: str) -> None:
        del self._subscriptions[subscription_id]
        self._outgoing.append(messages.complete(subscription_id))

    def _shut(self, code: int, reason: str) -> None:
        self._state = _State.CLOSED
        self._subscriptions.clear()
        self._close = (code, reason)
