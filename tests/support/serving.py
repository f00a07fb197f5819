"""
The runtime's port with stand-ins for whatever it serves: connections, listener and HTTP are the real ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Self

from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.port.aws_endpoint import AwsEndpoint, QueryService
from livebus.runtime.port.callers import Gate
from livebus.runtime.port.connections import Connections
from livebus.runtime.port.http_server import HttpServer
from livebus.runtime.port.listener import Listener, bind
from livebus.runtime.s3.service import S3Request
from support.http import Answer
from support.waiting import SECONDS


class Recording:
    """A service that keeps what it was asked, and answers with what ``answers`` says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answers: Callable[[str, Mapping[str, Any]], Any] = lambda _action, _body: {}

    def call(self, action: str, body: Mapping[str, Any]) -> Any:
        self.asked.append((action, body))
        return self.answers(action, body)


class RecordingS3:
    def __init__(self) -> None:
        self.asked: list[S3Request] = []
        self.answer = HttpAnswer(200, {"Content-Type": "text/x"}, b"object")

    def call(self, request: S3Request) -> HttpAnswer:
        self.asked.append(request)
        return self.answer


class Port:
    """
    Serves within ``async with``. ``request`` asks on a connection of its own; ``client`` is one for whatever else.

    ``apis`` are by path, ``documents`` by name; ``settings`` go to HttpServer.
    """

    def __init__(self, *, most: int = 100, gate: Gate | None = None, **settings: Any) -> None:
        self.service, self.s3 = Recording(), RecordingS3()
        self.apis: dict[str, Any] = {}
        self.documents: dict[str, Any] = {}
        self.appsync: dict[tuple[str, str], HttpAnswer] = {}
        self.told: list[str] = []
        self.connections = Connections(most, tell=self.told.append, clock=lambda: 0.0)
        self._clients: list[Client] = []
        self._gate = gate or Gate()
        self._settings = settings

    async def __aenter__(self) -> Self:
        aws = AwsEndpoint(
            {"AWSEvents": self.service, "DynamoDB_20120810": self.service},
            {"sts": QueryService(lambda action, form: {"Action": action, **form}, "urn:sts")},
            self.s3,  # type: ignore[arg-type]
            lambda: "request-1",
            lambda method, path: self.appsync.get((method, path)),
        )
        self.server = HttpServer(
            aws, lambda: self.apis, self.documents, new_id=lambda: "id-1", gate=self._gate, **self._settings
        )
        listening = bind("127.0.0.1", 0)
        self.number: int = listening.getsockname()[1]
        self.listener = Listener(listening, self.server.protocol, _no_tls, self.connections)
        self.listener.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        await asyncio.gather(*(client.writer.wait_closed() for client in self._clients), return_exceptions=True)
        await self.server.close()
        await self.listener.close()

    @property
    def working(self) -> int:
        """How many connections are being answered."""
        return len(self.connections._working)

    async def client(self) -> Client:
        self._clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.number)))
        return self._clients[-1]

    async def request(
        self, method: str, path: str, body: bytes = b"", /, *, host: str = "localhost", **headers: str
    ) -> Answer:
        """``X_Amz_Target="…"`` is a header; the body's length is told where there is a body."""
        client = await self.client()
        client.send(method, path, body, host=host, **headers)
        answer = await client.answer(has_body=method != "HEAD")
        client.close()
        return answer


class Client:
    """A connection that is written to and read by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, method: str, path: str, body: bytes = b"", /, *, host: str = "localhost", **headers: str) -> None:
        named = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body and not {"Content-Length", "Transfer-Encoding"} & set(named):
            named["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)

    async def answer(self, *, has_body: bool = True) -> Answer:
        """The next answer, with its body where its length is told. Raises ConnectionError where there is none."""
        async with asyncio.timeout(SECONDS):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                raise ConnectionResetError("the connection ended without an answer") from None
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}
            length = int(headers.get("content-length", "0")) if has_body else 0
            body = await self.reader.readexactly(length)
        return Answer(int(first.split(" ")[1]), headers, body)  # type: ignore[arg-type]

    async def rest(self) -> bytes:
        """Whatever comes until the connection ends."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.read()

    def close(self) -> None:
        self.writer.close()


def answering(answer: HttpAnswer, kept: list[Any]) -> Any:
    """Something whose ``answer`` and ``call`` keep what they were asked with."""

    async def later(*asked: Any) -> HttpAnswer:
        kept.append(asked)
        return answer

    def at_once(*asked: Any) -> HttpAnswer:
        kept.append(asked)
        return answer

    return SimpleNamespace(answer=later, call=at_once)


async def until(found: Callable[[], object]) -> None:
    """Let others go on until this is so."""
    async with asyncio.timeout(SECONDS):
        while not found():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0)


def _no_tls() -> Any:
    raise AssertionError("nobody speaks TLS here")
