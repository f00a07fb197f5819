"""
The HTTP side of the port: which path is answered by whom, who may ask from a browser, how much a body may hold.

``POST /`` is the AWS endpoint, an API's path its GraphQL (HTTP and WebSocket), ``/<pool id>/.well-known/…`` Cognito's
public documents. Built on aiohttp's low-level server: there are few paths, and none of them needs a router.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import orjson
from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from livebus.realtime import GRAPHQL_WS, read_handshake
from livebus.runtime.appsync import graphql_http
from livebus.runtime.appsync.realtime_session import CLOSE_SECONDS, RealtimeSession
from livebus.runtime.appsync.served_api import ServedApi
from livebus.runtime.aws_errors import AwsError, HttpAnswer, unexpected
from livebus.runtime.faults import control as fault_control
from livebus.runtime.faults.control import FaultControl
from livebus.runtime.faults.injection import Faults
from livebus.runtime.function_calls import FunctionCalls, refused_unsigned
from livebus.runtime.page.history import SENDER
from livebus.runtime.port import refusals
from livebus.runtime.port.answers import MAX_BODY_BYTES, plain, response_of, send_large, too_large
from livebus.runtime.port.aws_endpoint import AwsEndpoint
from livebus.runtime.port.bodies import Bodies, NoRoomForBody
from livebus.runtime.port.callers import Gate
from livebus.runtime.port.connections import Seat
from livebus.runtime.port.cross_origin import readable
from livebus.runtime.port.failing_requests import failing
from livebus.runtime.s3.service import S3Request

if TYPE_CHECKING:
    from livebus.runtime.page.service import Page

# Files above 8 MB come in parts, which are not emulated; the rest is room for clients that think otherwise.
MAX_OBJECT_BYTES = 64 * 1024 * 1024
# How long a client may pause within a body.
BODY_SECONDS = 20.0
# How long a connection may be without a request, and how long the headers of one may take.
HEADER_SECONDS = 60.0
_LARGE_ANSWER = 1024 * 1024
# How soon it is seen that the client of a request that waits for data sources is gone.
_GONE_SECONDS = 1.0
_MAX_SOCKET_MESSAGE = 1024 * 1024

LAMBDA_PATH = "/2015-03-31/functions/"

PAGE_PATH = "/_livebus/page/"

Document = Callable[[str], Mapping[str, object]]


class HttpServer:
    """
    ``apis`` are by path; ``documents`` answer GET requests on ``/<pool id>/.well-known/<name>`` by that name.

    ``gate`` decides who may ask at all. ``faults`` are what PutEvents fails with on purpose, ``fault_control`` switches
    them. ``functions`` answers Lambda's calls. ``page`` makes what answers the page's requests, when the first one comes; None where
    there is no page.
    """

    def __init__(
        self,
        aws: AwsEndpoint,
        apis: Callable[[], Mapping[str, ServedApi]],
        documents: Mapping[str, Document],
        *,
        new_id: Callable[[], str],
        gate: Gate,
        faults: Faults | None = None,
        fault_control: FaultControl | None = None,
        functions: FunctionCalls | None = None,
        page: Callable[[], Page] | None = None,
    ) -> None:
        self._aws = aws
        self._apis = apis
        self._documents = documents
        self._new_id = new_id
        self._gate = gate
        self._bodies = Bodies()
        self._faults = faults
        self._fault_control = fault_control
        self._functions = functions
        self._make_page = page
        self._page: Page | None = None
        self._sessions: dict[RealtimeSession, asyncio.Future[None]] = {}
        self._pending: set[asyncio.Future[HttpAnswer]] = set()
        logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
        self._server = web.Server(self._handle)

    def protocol(self, place: Seat) -> asyncio.BaseProtocol:
        """What speaks HTTP on a new connection."""
        return _Protocol(self._server, place)

    async def close(self) -> None:
        """Say goodbye to subscribers, end idle connections, and give what is being answered a moment."""
        if self._page is not None:
            self._page.close()
        for session in self._sessions:
            session.close(1001, "the runtime stops")
        if self._sessions:
            await asyncio.wait(self._sessions.values(), timeout=CLOSE_SECONDS)
        # Not before: from here on aiohttp reads nothing more, and so no answer to a close frame.
        for pending in self._pending:
            pending.cancel()
        self._server.pre_shutdown()
        await self._server.shutdown(timeout=CLOSE_SECONDS)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        place = _place(request)
        place.works()
        try:
            SENDER.set(request.headers.get("User-Agent", ""))
            # The page has a gate of its own, which lets in nothing but the page itself.
            if self._make_page is not None and is_of_page(request.method, request.path, request.headers):
                response = await self._answer_page(request, self._make_page)
            else:
                response = await self._handle_admitted(request)
            if isinstance(response, web.Response) and (response.content_length or 0) > _LARGE_ANSWER:
                place.waits()
                await send_large(request, response)
            return response
        finally:
            # Also while the answer goes out: a client that does not read it holds nothing that others need.
            place.waits()

    async def _handle_admitted(self, request: web.BaseRequest) -> web.StreamResponse:
        settled = self._at_the_gate(request)
        if settled is not None:
            return settled
        api = self._apis().get(request.path.removesuffix("/realtime"))
        if api and "websocket" in request.headers.get("Upgrade", "").lower():
            return await self._serve_socket(request, api)
        graphql = api if api and request.path.endswith("/graphql") else None
        try:
            response = await self._answer(request, graphql)
        except (HttpProcessingError, web.RequestPayloadError):  # broken chunks, broken compression
            response = plain(400, "The body cannot be read.")
        except TimeoutError:
            response = plain(408, f"The rest of the body did not come within {BODY_SECONDS:g} seconds.")
        except NoRoomForBody:
            busy = AwsError("ServiceUnavailable", "The bodies of other requests take all the room; try again.", 503)
            response = response_of(self._aws.refused(busy))
        except ConnectionError:  # the client went away; nobody reads this
            return web.Response(status=400)
        except Exception as error:  # a bug of ours must not end the connection of somebody else, nor go unseen
            logging.getLogger("livebus").exception("unexpected error")
            message = unexpected(error)
            if graphql is not None:
                response = response_of(graphql_http.internal_failure(message, self._new_id()))
            else:
                response = response_of(self._aws.internal_failure(message))
        if not request.content.is_eof():
            # The rest of a body that nobody wanted would be read as the next request.
            response.force_close()
        return readable(self._gate, request, response)

    def _at_the_gate(self, request: web.BaseRequest) -> web.Response | None:
        """The answer to a request that is not let in, or only asks whether it would be; None for all others."""
        headers = request.headers
        refusal = self._gate.refusal(
            request.path,
            hosts=headers.getall("Host", ()),
            origins=headers.getall("Origin", ()),
            fetch_site=headers.get("Sec-Fetch-Site", ""),
            fetch_mode=headers.get("Sec-Fetch-Mode", ""),
        )
        if refusal is None:
            return readable(self._gate, request, web.Response(status=204)) if request.method == "OPTIONS" else None
        response = plain(403, refusal)
        if not request.content.is_eof():
            response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest, api: ServedApi | None) -> web.Response:
        path = request.path
        if api is not None:
            return await self._answer_graphql(request, api)
        if path == "/" and request.method == "POST":
            longest = self._aws.longest_body(request.headers, MAX_BODY_BYTES)
            body = await self._read(request, longest)
            if body is None:
                return too_large(longest)
            if self._faults is not None and self._faults.any_of_requests:
                return response_of(await failing(self._faults, self._aws, request, body))
            return response_of(await self._aws.call(request.headers, body))
        if path == fault_control.PATH and self._fault_control is not None:
            body = await self._read(request)
            if body is None:
                return too_large()
            return response_of(self._fault_control.call(request.method, request.headers, body))
        query = request.rel_url.raw_query_string
        if self._aws.is_s3(request.headers, query):
            return await self._answer_s3(request, query)
        if self._functions is not None and (path + "/").startswith(LAMBDA_PATH):
            return await self._answer_lambda(request, query, self._functions)
        return self._answer_without_body(request, query)

    def _answer_without_body(self, request: web.BaseRequest, query: str) -> web.Response:
        if request.path == "/" and request.method == "GET" and self._aws.is_query(request.headers):
            return response_of(self._aws.query(request.headers, query))
        document = self._document(request.method, request.path)
        if document is not None:
            return document
        refused = self._aws.refuse(request.method, request.path, request.headers)
        if refused is not None:
            return response_of(refused)
        return plain(404, f"Nothing answers to {request.method} {request.path} here.")

    async def _answer_page(self, request: web.BaseRequest, make: Callable[[], Page]) -> web.StreamResponse:
        """Answer the page; never with CORS headers: its documents are for no other origin."""
        if self._page is None:
            self._page = make()
        try:
            response = await self._page.answer(request, self._read)
        except TimeoutError:
            response = plain(408, f"The rest of the body did not come within {BODY_SECONDS:g} seconds.")
        except ConnectionError:
            return web.Response(status=400)
        except Exception as error:
            logging.getLogger("livebus").exception("unexpected error")
            response = plain(500, unexpected(error))
        if not request.content.is_eof():
            response.force_close()
        return response

    async def _read(self, request: web.BaseRequest, most: int = MAX_BODY_BYTES) -> bytes | None:
        """The whole body; None where it is larger than any sensible request. Raises TimeoutError where it does not come."""
        if not request.content.is_eof():
            place = _place(request)
            place.waits()
            body = await self._bodies.read(request, most, pause=BODY_SECONDS)
            place.works()
            return body
        body = request.content.read_nowait()
        return body if len(body) <= most else None

    async def _answer_graphql(self, request: web.BaseRequest, api: ServedApi) -> web.Response:
        if request.method not in ("POST", "GET"):
            return plain(405, "GraphQL takes POST and GET.")
        body = await self._read(request)
        if body is None:
            return too_large()
        source_ip = request.remote or "127.0.0.1"
        query = request.rel_url.raw_query_string
        answer = graphql_http.call(
            api, request.method, request.path, query, headers=request.headers, body=body, source_ip=source_ip
        )
        if not isinstance(answer, HttpAnswer):
            answer = await self._waited(request, answer)
        return response_of(answer)

    async def _waited(self, request: web.BaseRequest, pending: graphql_http.Pending) -> HttpAnswer:
        """The answer to a request that waits for data sources. Raises ConnectionError where its client is gone."""
        task = asyncio.ensure_future(pending.answer())
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        while not task.done():
            await asyncio.wait({task}, timeout=_GONE_SECONDS)
            if not task.done() and (request.transport is None or request.transport.is_closing()):
                if not pending.is_mutation:
                    task.cancel()
                raise ConnectionResetError
        return task.result()

    async def _answer_s3(self, request: web.BaseRequest, query: str) -> web.Response:
        body = await self._read(request, MAX_OBJECT_BYTES)
        if body is None:
            return too_large(MAX_OBJECT_BYTES)
        host = request.headers.get("Host", "").rsplit(":", 1)[0]
        raw_path = request.rel_url.raw_path
        return response_of(self._aws.s3(S3Request(request.method, host, raw_path, query, request.headers, body)))

    async def _answer_lambda(self, request: web.BaseRequest, query: str, functions: FunctionCalls) -> web.Response:
        if refusals.signed_service(request.headers) != "lambda":
            # Without that header a page of the web could let the browser invoke functions, unasked.
            return response_of(refused_unsigned(self._new_id()))
        body = await self._read(request)
        if body is None:
            return too_large()
        raw_path = request.rel_url.raw_path
        return response_of(await functions.answer(request.method, raw_path, query, request.headers, body))

    def _document(self, method: str, path: str) -> web.Response | None:
        """The answer to a GET of one of the documents; None where it is no such thing."""
        pool_id, _, name = path.strip("/").partition("/.well-known/")
        document = self._documents.get(name)
        if document is None or method != "GET":
            return None
        try:
            content = document(pool_id)
        except AwsError as error:
            return plain(404, error.message)
        return web.Response(body=orjson.dumps(content), content_type="application/json")

    # --- WebSocket --------------------------------------------------------------------------------------------------

    async def _serve_socket(self, request: web.BaseRequest, api: ServedApi) -> web.StreamResponse:
        offered = request.headers.getall("Sec-WebSocket-Protocol", [])
        handshake = read_handshake(request.path, request.rel_url.raw_query_string, offered)
        # Compression is not taken up: frames are made once for all subscribers, and loopback has no need of it.
        # Closing is the session's: aiohttp would shut the socket before the client has read the close frame.
        socket = web.WebSocketResponse(
            protocols=(GRAPHQL_WS,), compress=False, max_msg_size=_MAX_SOCKET_MESSAGE, autoclose=False
        )
        try:
            await socket.prepare(request)
        except web.HTTPException as error:  # no WebSocket handshake, whatever the Upgrade header says
            return plain(error.status, error.text or error.reason)
        transport = request.transport
        if transport is None:
            return socket
        session = RealtimeSession(api, transport, request.remote or "127.0.0.1")
        over = self._sessions[session] = asyncio.get_running_loop().create_future()
        try:
            session.open(handshake)
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) and not session.is_closing:
                    session.receive(message.data)
        except Exception:
            logging.getLogger("livebus").exception("unexpected error")
            session.close(1011, "unexpected error in the local runtime")
        finally:
            del self._sessions[session]
            over.set_result(None)
            if session.is_closing:
                transport.close()  # the close frame is out; aiohttp would send another
            session.end()
        return socket


def is_of_page(method: str, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a request is the page's: a browser's for ``/``, whoever's below its path. A signed ``GET /`` is S3's."""
    if path.startswith(PAGE_PATH):
        return True
    is_browsers = "text/html" in headers.get("Accept", "") and "Authorization" not in headers
    return path == "/" and method in ("GET", "HEAD") and is_browsers


class _Protocol(RequestHandler):
    """aiohttp's, with the connection's place."""

    __slots__ = ("place",)

    def __init__(self, server: web.Server, place: Seat) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, access_log=None, keepalive_timeout=HEADER_SECONDS)  # type: ignore[arg-type]
        self.place = place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.place.abort = cast(asyncio.Transport, transport).abort  # uvloop's is none by its class
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.place.leaves()
        super().connection_lost(exc)


def _place(request: web.BaseRequest) -> Seat:
    protocol = request.protocol
    assert isinstance(protocol, _Protocol)
    return protocol.place
