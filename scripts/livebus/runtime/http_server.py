"""
The HTTP side of the port: which path is answered by whom, who may ask from a browser, how much a body may hold.

``POST /`` is the AWS endpoint, an API's path its GraphQL (HTTP and WebSocket), ``/<pool id>/.well-known/…`` Cognito's
public documents. Built on aiohttp's low-level server: there are few paths, and none of them needs a router.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

import orjson
from aiohttp import WSMsgType, web

from livebus.realtime import GRAPHQL_WS, read_handshake
from livebus.runtime.aws_endpoint import Answer, AwsEndpoint
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.graphql_http import GraphQLHttp
from livebus.runtime.realtime_session import RealtimeSession, SessionContext

# A PutEvents request of 1 MB whose every character is escaped; anything larger is no sensible request.
MAX_BODY_BYTES = 8 * 1024 * 1024
_MAX_SOCKET_MESSAGE = 1024 * 1024
_CLOSE_SECONDS = 2.0
_EXPOSED = "x-amzn-errortype, x-amzn-requestid, x-amzn-RequestId, x-amzn-ErrorType"

Document = Callable[[str], Mapping[str, object]]


class HttpServer:
    """
    ``apis`` are by path; ``documents`` answer GET requests on ``/<pool id>/.well-known/<name>`` by that name.

    ``origins``: browsers may call from pages of loopback origins and of these; ``*`` lets every page call.
    """

    def __init__(
        self,
        aws: AwsEndpoint,
        apis: Callable[[], Mapping[str, tuple[GraphQLHttp, SessionContext]]],
        documents: Mapping[str, Document],
        *,
        origins: Iterable[str] = (),
        check_host: bool = True,
        tell: Callable[[str], None],
    ) -> None:
        self._aws = aws
        self._apis = apis
        self._documents = documents
        self._origins = frozenset(origins)
        self._check_host = check_host
        self._tell = tell
        self._sockets: set[web.WebSocketResponse] = set()
        logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
        self.protocols = web.Server(self._handle, access_log=None, handle_signals=False)

    async def close(self) -> None:
        """End idle connections, say goodbye to subscribers, and give what is being answered a moment."""
        self.protocols.pre_shutdown()
        closing = [socket.close(code=1001, message=b"the runtime stops") for socket in self._sockets]
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await asyncio.gather(*closing, return_exceptions=True)
        await self.protocols.shutdown(timeout=_CLOSE_SECONDS)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            if self._check_host and not _is_local_host(request.headers.get("Host", "")):
                return _plain(403, "This host name is not one of this machine; see --host and --allow-origin.")
            if request.method == "OPTIONS":
                return self._with_cors(request, web.Response(status=204))
            api = self._apis().get(request.path.removesuffix("/realtime"))
            if api and "websocket" in request.headers.get("Upgrade", "").lower():
                return await self._serve_socket(request, api[1])
            return self._with_cors(request, await self._answer(request, api[0] if api else None))
        except (ConnectionError, web.HTTPException) as error:
            return error if isinstance(error, web.HTTPException) else web.Response(status=499)
        except Exception as error:  # a bug of ours must not end the connection of somebody else, nor go unseen
            logging.getLogger("livebus").exception("unexpected error")
            message = f"{type(error).__name__} in the local runtime; its log has more"
            body = orjson.dumps({"__type": "InternalFailure", "message": message})
            return self._with_cors(request, web.Response(status=500, body=body, content_type="application/json"))

    async def _answer(self, request: web.BaseRequest, graphql: GraphQLHttp | None) -> web.Response:
        path = request.path
        if graphql is not None and path.endswith("/graphql"):
            if request.method not in ("POST", "GET"):
                return _plain(405, "GraphQL takes POST and GET.")
            body = await _read(request)
            source_ip = request.remote or "127.0.0.1"
            query = request.rel_url.raw_query_string
            answer = graphql.call(request.method, path, query, headers=request.headers, body=body, source_ip=source_ip)
            return _response(answer)
        if path == "/" and request.method == "POST":
            return _response(self._aws.call(request.headers, await _read(request)))
        pool_id, _, name = path.strip("/").partition("/.well-known/")
        document = self._documents.get(name)
        if document is not None and request.method == "GET":
            try:
                content = document(pool_id)
            except AwsError as error:
                return _plain(404, error.message)
            return web.Response(body=orjson.dumps(content), content_type="application/json")
        return _plain(404, f"Nothing answers to {request.method} {path} here.")

    # --- WebSocket --------------------------------------------------------------------------------------------------

    async def _serve_socket(self, request: web.BaseRequest, context: SessionContext) -> web.StreamResponse:
        offered = request.headers.getall("Sec-WebSocket-Protocol", [])
        handshake = read_handshake(request.path, request.rel_url.raw_query_string, offered)
        # Compression is not taken up: frames are made once for all subscribers, and loopback has no need of it.
        socket = web.WebSocketResponse(protocols=(GRAPHQL_WS,), compress=False, max_msg_size=_MAX_SOCKET_MESSAGE)
        await socket.prepare(request)
        transport = cast(asyncio.Transport | None, request.transport)
        if transport is None:
            return socket
        closings: set[asyncio.Task[bool]] = set()

        def close(code: int, reason: str) -> None:
            task = asyncio.ensure_future(socket.close(code=code, message=reason.encode()))
            closings.add(task)

        session = RealtimeSession(context, transport, close, request.remote or "127.0.0.1")
        self._sockets.add(socket)
        try:
            session.open(handshake)
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    session.receive(message.data)
        finally:
            self._sockets.discard(socket)
            session.end()
            await asyncio.gather(*closings, return_exceptions=True)
        return socket

    # --- browsers ---------------------------------------------------------------------------------------------------

    def _with_cors(self, request: web.BaseRequest, response: web.Response) -> web.Response:
        """
        Let pages of this machine read the answer. A page from elsewhere gets no such leave: it could otherwise publish
        events with the developer's browser.
        """
        origin = request.headers.get("Origin")
        if origin is None or not self._is_allowed(origin):
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        response.headers["Vary"] = "Origin"
        if request.method == "OPTIONS":
            asked = request.headers.get("Access-Control-Request-Headers", "")
            response.headers["Access-Control-Allow-Headers"] = asked
            response.headers["Access-Control-Allow-Methods"] = "POST, GET, OPTIONS"
            response.headers["Access-Control-Max-Age"] = "600"
            if request.headers.get("Access-Control-Request-Private-Network"):
                response.headers["Access-Control-Allow-Private-Network"] = "true"
        return response

    def _is_allowed(self, origin: str) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        return _is_loopback(urlsplit(origin).hostname or "")


async def _read(request: web.BaseRequest) -> bytes:
    """The whole body, as long as it is no larger than any sensible request."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, request.content_length or 0)
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(body))
    return bytes(body)


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _plain(status: int, text: str) -> web.Response:
    reason = HTTPStatus(status).phrase
    return web.Response(status=status, text=f"{reason}: {text}\n")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local_host(host: str) -> bool:
    """
    Whether a Host header can come from a client that means this machine.

    A page that rebinds its own name to 127.0.0.1 sends that name. AWS's names are let through: clients may be told to
    sign for the real API's host, and nobody else can have them.
    """
    name = urlsplit(f"//{host}").hostname or ""
    return _is_loopback(name) or name.endswith((".amazonaws.com", ".amazonaws.com.cn"))
