"""
PutEvents as fast as one core goes: many connections that are kept, driven by uvloop.

In: a publication. Out: its requests made. No task, future or other object is made per event, and none per request but
the request itself; connections are opened when the dispatch wants more in flight than there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from livebus.aws.direct.http_connection import CONNECT_SECONDS, READ_SECONDS, could_not_connect, lost, tls_context
from livebus.aws.direct.reach import Reach
from livebus.aws.direct.service_client import put_events_signer
from livebus.publish.answer import NO_ANSWER, failed, read_answer
from livebus.publish.http_response import NotHttp, Response, ResponseReader
from livebus.publish.request import Request
from livebus.publish.sending import Sending

# What is in flight at Ctrl-C has so long to be answered.
GRACE_SECONDS = 5.0
# Credentials are asked for so often; botocore renews them a quarter of an hour before they expire.
RENEW_SECONDS = 30.0
# The loop's timers are of a millisecond. Where requests have to go evenly, a timer comes earlier by this much, and the rest is
# slept: nothing else is due within it but answers.
EARLY_SECONDS = 0.0015
MOST_SLEEP_SECONDS = 0.0025
OVERSLEPT_SECONDS = 0.00006  # usually


class BulkEngine:
    """Sends a publication's requests, as many at once as its dispatch wants."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._signer = put_events_signer(reach)

    def run(self, publication: Sending) -> None:
        """Send until it is done. Raises KeyboardInterrupt after a Ctrl-C, when what was in flight is answered."""
        try:
            import uvloop

            new_loop: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
        except ImportError:  # Windows
            new_loop = None
        run = _Run(self._reach, self._signer, publication)
        # Nothing here makes cycles, and millions of tuples come and go: looking for cycles among them takes a tenth.
        thresholds = gc.get_threshold()
        gc.set_threshold(50_000, *thresholds[1:])
        try:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(run.until_done())
        finally:
            gc.set_threshold(*thresholds)
        if run.interrupted:
            raise KeyboardInterrupt


class _Run:
    """One run of the engine, inside its event loop."""

    def __init__(self, reach: Reach, signer: Any, publication: Sending) -> None:
        self.address = reach.address
        self.interrupted = False
        self._reach = reach
        self._signer = signer
        self._publication = publication
        self._dispatch = publication.dispatch
        self._context = tls_context(reach.ca_file) if reach.address.secure else None
        self._connections: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._infos: list[Any] = []
        self._opened = 0
        self._measured = time.monotonic(), time.process_time()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")

    async def until_done(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._loop.set_exception_handler(lambda _, context: self._broken(context))
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # not in the main thread, or Windows
            self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        if self._reach.renewed:
            self._start(self._renew())
        self._publication.feed.ready = lambda: self._loop.call_soon_threadsafe(self._pump)
        self._dispatch.begin(time.monotonic())
        try:
            self._beat()
            self._pump()
            await self._done
        finally:
            self._publication.feed.ready = lambda: None
            for connection in tuple(self._connections):
                connection.abort()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            # Those that were being opened are told of by nobody else.
            for connection in tuple(self._connections):
                connection.leave()
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                self._loop.remove_signal_handler(signal.SIGINT)  # a closed loop would keep it

    # --- requests ---------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send all that may go now."""
        if self._done.done():
            return
        publication, idle = self._publication, self._idle
        while (request := publication.next_request(time.monotonic())) is not None:
            body = publication.body(request)
            data = self._signer.head(body, time.time()) + body
            if idle:
                idle.pop().send(request, data)
            else:
                connection = _Connection(self, request, data)
                self._connections.add(connection)
                self._start(self._open(connection))
        dispatch = self._dispatch
        if dispatch.in_flight < dispatch.window.size:
            if publication.done:
                self._done.set_result(None)
                return
            self._ask_again(publication.deadline())

    def answered(self, connection: _Connection, request: Request, response: Response) -> None:
        answer = read_answer(response.status, response.body, len(request.items), ids=self._publication.ids)
        self._publication.answered(request, answer, time.monotonic())
        if response.keep:
            self._idle.append(connection)
        else:
            connection.abort()
        self._pump()

    def unanswered(self, request: Request, message: str) -> None:
        self._publication.answered(request, failed(NO_ANSWER, message), time.monotonic())
        self._pump()

    def _ask_again(self, deadline: float) -> None:
        if deadline >= self._timer_at or deadline == float("inf"):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        # uvloop makes a millisecond of half of one, and none of less.
        early, least = (EARLY_SECONDS, 0.0) if self._dispatch.quota.evenly else (0.0, 0.0005)
        self._timer = self._loop.call_later(max(least, deadline - time.monotonic() - early), self._time)

    def _time(self) -> None:
        left = self._timer_at - time.monotonic()
        self._timer, self._timer_at = None, float("inf")
        if self._dispatch.quota.evenly and OVERSLEPT_SECONDS < left < MOST_SLEEP_SECONDS:
            time.sleep(left - OVERSLEPT_SECONDS)
        self._pump()

    # --- connections ------------------------------------------------------------------------------------------------

    async def _open(self, connection: _Connection) -> None:
        address = self.address
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if not self._infos:
                    self._infos = await self._loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
                family, kind, protocol, _, where = self._infos[self._opened % len(self._infos)]
                self._opened += 1
                raw = socket.socket(family, kind, protocol)
                try:
                    raw.setblocking(False)
                    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    await self._loop.sock_connect(raw, where)
                    name = address.host if self._context is not None else None
                    await self._loop.create_connection(
                        lambda: connection, sock=raw, ssl=self._context, server_hostname=name
                    )
                except BaseException:
                    raw.close()
                    raise
        except OSError as error:  # time-outs and faults of TLS among them
            self._infos = []  # the name may mean another address by now
            self._connections.discard(connection)
            request = connection.request
            connection.request = None
            if request is not None:
                self.unanswered(request, could_not_connect(address, error))

    def gone(self, connection: _Connection) -> None:
        """A connection has ended."""
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _beat(self) -> None:
        now, computed = time.monotonic(), time.process_time()
        if now - self._measured[0] > 0.05:
            self._dispatch.window.busy = (computed - self._measured[1]) / (now - self._measured[0])
            self._measured = now, computed
        self._publication.beat(now)
        for connection in tuple(self._connections) if int(now) != int(now - Sending.BEAT_SECONDS) else ():
            if connection.request is not None and now - connection.request.sent_at > READ_SECONDS:
                connection.abort()
        if not self._done.done():
            self._loop.call_later(Sending.BEAT_SECONDS, self._beat)
            if self._publication.done:
                self._done.set_result(None)

    def _start(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the rest ---------------------------------------------------------------------------------------------------

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # Where it fails, the old ones hold as long as they hold, and then the service says that they have expired.
            with contextlib.suppress(Exception):
                self._signer.credentials = await self._loop.run_in_executor(None, self._reach.credentials)

    def _interrupt(self) -> None:
        """Ctrl-C: what is in flight has some time to be answered; at the second one it has not."""
        if self.interrupted:
            self._abort()
            return
        self.interrupted = True
        self._dispatch.stop("interrupted")
        self._loop.call_later(GRACE_SECONDS, self._abort)
        if self._publication.done and not self._done.done():
            self._done.set_result(None)

    def _abort(self) -> None:
        for connection in tuple(self._connections):
            connection.abort()
        for task in tuple(self._tasks):
            task.cancel()
        if not self._done.done():
            self._done.set_result(None)

    def _broken(self, context: dict[str, Any]) -> None:
        """A bug of ours in a callback: it is told, and not waited on for ever."""
        error = context.get("exception")
        if not self._done.done():
            self._done.set_exception(error or RuntimeError(context["message"]))


class _Connection(asyncio.Protocol):
    """One connection; at most one request is in flight on it."""

    def __init__(self, run: _Run, request: Request, data: bytes) -> None:
        self.request: Request | None = request
        self._run = run
        self._data = data
        self._reader = ResponseReader()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._data)
        self._data = b""

    def send(self, request: Request, data: bytes) -> None:
        self.request = request
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        try:
            response = self._reader.feed(data)
        except NotHttp as error:
            self._lose(error)
            return
        if response is not None:
            self._answered(response)

    def eof_received(self) -> bool:
        try:
            response = self._reader.end()
        except NotHttp as error:
            self._lose(error)
            return False
        if response is not None:
            self._answered(response._replace(keep=False))
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._run.gone(self)
        self._lose(error or ConnectionResetError("closed by the other side"))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Nobody waits any more for what is in flight here."""
        self._lose(ConnectionAbortedError("interrupted"))

    def _answered(self, response: Response) -> None:
        request, self.request = self.request, None
        if request is None:  # an answer that nobody asked for
            self.abort()
        else:
            self._run.answered(self, request, response)

    def _lose(self, error: Exception) -> None:
        """What is in flight here stays without an answer."""
        request, self.request = self.request, None
        self.abort()
        if request is not None:
            self._run.gone(self)
            self._run.unanswered(request, lost(self._run.address, error))
