"""
The local runtime in this process, on an event loop in a thread of its own, as tests use it.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from livebus.runtime import event_loop
from livebus.runtime.server import Runtime
from livebus.runtime.settings import Settings
from support.waiting import SECONDS, until

T = TypeVar("T")
Record = dict[str, Any]

USER = ("alice", "Passw0rd!")
# One for all: it keeps the services' models, which are slow to load.
_SESSION: Any = boto3.Session("test", "test", region_name="us-east-1")


class Trace:
    """The records of the runtime's trace, as they come."""

    def __init__(self) -> None:
        self._records: queue.Queue[Record] = queue.Queue()

    def add(self, record: Record) -> None:
        self._records.put(record)

    def next(self, station: str, event_id: str | None = None) -> Record:
        """The next record of a station (and of an event), passing over others. Raises AssertionError when late."""
        passed: list[str] = []
        while True:
            try:
                record = self._records.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"no {station} for {event_id}; there were {passed}") from None
            if record["station"] == station and event_id in (None, record["event"]):
                return record
            passed.append(record["station"])


class RunningRuntime:
    """Starts on entry, stops on exit. ``outputs`` are the runtime's, ``told`` the lines that it says."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.told: list[str] = []
        self.runtime = Runtime(settings, self.told.append)
        self._started: Future[None] = Future()
        self._stopping: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="runtime")
        self._clients: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the runtime; harmless when it is stopped already."""
        for client in self._clients.values():
            client.close()
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "the runtime does not stop"

    def _run(self) -> None:
        try:
            event_loop.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await self.runtime.start()
        self._started.set_result(None)
        await self._stopping.wait()
        await self.runtime.stop()

    # --- the runtime's insides --------------------------------------------------------------------------------------

    def call(self, function: Callable[[], T]) -> T:
        """Call a function in the runtime's own thread."""

        async def called() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(SECONDS)

    def await_all(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Await what a function gives in the runtime's own thread."""
        return asyncio.run_coroutine_threadsafe(function(), self._loop).result(SECONDS)

    def trace(self) -> Trace:
        """Listen to the trace from now on."""
        trace = Trace()
        self.call(lambda: self.runtime.trace.listeners.append(trace.add))
        return trace

    def subscribers(self) -> int:
        return self.call(lambda: sum(len(api.compiled.subscriptions) for api in self.runtime.served.paths.values()))

    def wait_for_subscribers(self, count: int) -> None:
        until(lambda: self.subscribers() == count, f"{count} subscribers")

    def wait_for_line(self, words: str) -> str:
        """A line that the runtime says, with these words in it."""
        return until(lambda: next(self._lines(words), None), f"a line with {words!r}") or ""

    def _lines(self, words: str) -> Iterator[str]:
        return (line for line in tuple(self.told) if words in line)

    # --- clients ----------------------------------------------------------------------------------------------------

    @property
    def outputs(self) -> Mapping[str, Any]:
        return self.runtime.outputs

    @property
    def url(self) -> str:
        return str(self.outputs["EndpointUrl"])

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def client(self, service: str, *, validate: bool = True, **options: Any) -> Any:
        """A boto3 client that sends each request once; ``validate`` lets it check parameters before it sends them."""
        key = (service, f"{validate} {options}")
        if key not in self._clients:
            config = Config(retries={"total_max_attempts": 1}, parameter_validation=validate, proxies={})
            options.setdefault("endpoint_url", self.url)
            self._clients[key] = _SESSION.client(service, config=config, **options)
        return self._clients[key]

    def put(self, *messages: str, bus: str | None = None) -> list[str]:
        """Publish messages as the sample events have them; their event ids."""
        entries = [entry(message, str(bus or self.outputs["EventBusName"])) for message in messages]
        answer = self.client("events").put_events(Entries=entries)
        assert answer["FailedEntryCount"] == 0
        return [str(item["EventId"]) for item in answer["Entries"]]

    def tokens(self, *, client_id: str = "") -> Mapping[str, str]:
        """Sign alice in, with the application's client or another: AccessToken, IdToken, RefreshToken."""
        name, password = USER
        answer = self.client("cognito-idp").initiate_auth(
            ClientId=client_id or self.outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return dict(answer["AuthenticationResult"])


def entry(message: str, bus: str) -> dict[str, Any]:
    """A PutEvents entry whose detail.msg is the message."""
    detail = json.dumps({"msg": message}, ensure_ascii=False)
    return {"Source": "sample.source", "DetailType": "message", "Detail": detail, "EventBusName": bus}
