"""
The Lambda Runtime API, as processes of functions ask it: on a loopback port of its own, below a path that each knows alone.

Whoever does not know a process's token finds nothing there, neither events nor a place to answer.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import asyncio
import json
import logging

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from livebus.runtime.functions.outcome import MAX_RESPONSE, FunctionAnswer, FunctionInvocation, not_json, too_large
from livebus.runtime.functions.process import FunctionProcess

_VERSION = "2018-06-01"
# A function may run for 15 minutes between two requests.
_KEEP_ALIVE_SECONDS = 1000.0
_BODY_SECONDS = 20.0
_CLOSE_SECONDS = 1.0


class RuntimeApi:
    """``processes`` are by their tokens."""

    def __init__(self) -> None:
        self.processes: dict[str, FunctionProcess] = {}
        self._server: asyncio.Server | None = None
        self._protocols: web.Server | None = None
        self._starting = asyncio.Lock()  # two first events at once must not make two servers

    async def start(self) -> None:
        """Listen, unless it does already."""
        async with self._starting:
            if self._server is None:
                # What a function sends that is no HTTP is refused, and no reason for tracebacks.
                logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
                self._protocols = web.Server(self._handle, access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS)
                loop = asyncio.get_running_loop()
                self._server = await loop.create_server(self._protocols, "127.0.0.1", 0)

    def address(self, token: str) -> str:
        """AWS_LAMBDA_RUNTIME_API for the process with this token: host and port, and the path that only it knows."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}/{token}"

    async def close(self) -> None:
        if self._server is not None and self._protocols is not None:
            self._server.close()
            await self._protocols.shutdown(timeout=_CLOSE_SECONDS)
            await self._server.wait_closed()
            await asyncio.sleep(0)  # sockets are closed in the loop's next turn, which may be its last
            self._server = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except Exception as error:  # a bug of ours: told here, since aiohttp's own log is off
            logging.getLogger("livebus").exception("unexpected error")
            return _error(500, "InternalFailure", f"{type(error).__name__} in the local runtime; its log has more")

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        token, _, path = request.path.removeprefix("/").partition("/")
        process = self.processes.get(token)
        version, _, path = path.partition("/")
        if process is None or version != _VERSION:
            return _error(403, "Forbidden", "This is not the Runtime API of a process that runs here.")
        match request.method, path.split("/"):
            case "GET", ["runtime", "invocation", "next"]:
                return _event(await process.next())
            case "POST", ["runtime", "invocation", request_id, "response"]:
                return await self._take(request, process, request_id, is_error=False)
            case "POST", ["runtime", "invocation", request_id, "error"]:
                return await self._take(request, process, request_id, is_error=True)
            case "POST", ["runtime", "init", "error"]:
                body = await _read(request)
                process.initialisation_failed(FunctionAnswer(body or b"{}", is_error=True))
                return _accepted()
        return _error(404, "NotFound", "The Runtime API has no such path.")

    @staticmethod
    async def _take(
        request: web.BaseRequest, process: FunctionProcess, request_id: str, *, is_error: bool
    ) -> web.StreamResponse:
        body = await _read(request)
        if body is None:
            process.answers(request_id, too_large())
            refused = _error(413, "RequestEntityTooLarge", f"A result has at most {MAX_RESPONSE} bytes.")
            refused.force_close()
            return refused
        answer = FunctionAnswer(body, is_error=is_error) if _is_json(body) else not_json()
        if not process.answers(request_id, answer):
            return _error(400, "InvalidRequestID", "Nobody waits for an answer to this request.")
        return _accepted()


def _is_json(body: bytes) -> bool:
    """Whether a result is JSON as its readers take it: NaN and infinities are none."""
    try:
        orjson.loads(body)
        return True
    except orjson.JSONDecodeError:
        pass  # a lone half of a pair is JSON all the same
    try:
        json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)


async def _read(request: web.BaseRequest) -> bytes | None:
    """The body; None where it is larger than a result may be, or breaks off."""
    if (request.content_length or 0) > MAX_RESPONSE:
        return None
    received = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while chunk := await request.content.readany():
                received += chunk
                if len(received) > MAX_RESPONSE:
                    return None
    except (TimeoutError, HttpProcessingError, web.RequestPayloadError, ConnectionError):
        return None
    return bytes(received)


def _event(invocation: FunctionInvocation | None) -> web.Response:
    if invocation is None:
        return _error(410, "Gone", "There are no more events for this process.")
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
    }
    if invocation.client_context:
        headers["Lambda-Runtime-Client-Context"] = invocation.client_context
    return web.Response(body=invocation.payload, headers=headers)


def _accepted() -> web.Response:
    return web.json_response({"status": "OK"}, status=202)


def _error(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"errorType": kind, "errorMessage": message}, status=status)
