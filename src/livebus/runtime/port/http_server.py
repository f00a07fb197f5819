"""
The HTTP side of the port: which path is answered by whom, who may ask from a browser, how much a body may hold.

``POST /`` is the AWS endpoint, an API's path its GraphQL (HTTP and WebSocket), ``/<pool id>/.well-known/…`` Cognito's
public documents. Built on aiohttp's low-level server: there are few paths, and none of them needs a router.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError

from livebus.realtime import GRAPHQL_WS, read_handshake
from livebus.runtime.appsync import graphql_http
from livebus.runtime.appsync.realtime_session import CLOSE_SECONDS, RealtimeSession
from livebus.runtime.appsync.served_api import ServedApi
from livebus.runtime.aws_errors import Answer, AwsError, unexpected
from livebus.runtime.faults import control as fault_control
from livebus.runtime.faults.control import FaultControl
from livebus.runtime.faults.injection import Faults
from livebus.runtime.function_calls import FunctionCalls, refused_unsigned
from livebus.runtime.page.history import SENDER
from livebus.runtime.port import refusals
from livebus.runtime.port.aws_endpoint import AwsEndpoint
from livebus.runtime.port.callers import is_local_host, is_local_origin
from livebus.runtime.port.failing_requests import failing
from livebus.runtime.s3.service import S3Request

if TYPE_CHECKING:
    from livebus.runtime.page.service import Page

# A PutEvents request of 1 MB whose every character is escaped; anything larger is no sensible request.
MAX_BODY_BYTES = 8 * 1024 * 1024
# Files above 8 MB come in parts, which are not emulated; the rest is room for clients that think otherwise.
MAX_OBJECT_BYTES = 64 * 1024 * 1024
# How long a client may pause within a body.
BODY_SECONDS = 20.0
_MAX_SOCKET_MESSAGE = 1024 * 1024
_EXPOSED = "x-amzn-errortype, x-amzn-requestid, x-amzn-RequestId, x-amzn-ErrorType"

LAMBDA_PATH = "/2015-03-31/functions/"

PAGE_PATH = "/_livebus/page/"

Document = Callable[[str], Mapping[str, object]]


class HttpServer:
    """
    ``apis`` are by path; ``documents`` answer GET requests on ``/<pool id>/.well-known/<name>`` by that name.

    ``origins``: browsers may call from pages of loopback origins and of these; ``*`` lets every page call.
    ``faults`` are what PutEvents fails with on purpose, ``fault_control`` switches them. ``functions`` answers Lambda's calls.
    ``page`` makes what answers the page's requests, when the first one comes; None where there is no page.
    """

    def __init__(
        self,
        aws: AwsEndpoint,
        apis: Callable[[], Mapping[str, ServedApi]],
        documents: Mapping[str, Document],
        *,
        new_id: Callable[[], str],
        origins: Iterable[str] = (),
        check_host: bool = True,
        faults: Faults | None = None,
        fault_control: FaultControl | None = None,
        functions: FunctionCalls | None = None,
        page: Callable[[], Page] | None = None,
    ) -> None:
        self._aws = aws
        self._apis = apis
        self._documents = documents
        self._new_id = new_id
        self._origins = frozenset(origins)
        self._check_host = check_host
        self._faults = faults
        self._fault_control = fault_control
        self._functions = functions
        self._make_page = page
        self._page: Page | None = None
        self._sessions: dict[RealtimeSession, asyncio.Future[None]] = {}
        logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
        self.protocols = web.Server(self._handle, access_log=None, handle_signals=False)

    async def close(self) -> None:
        """Say goodbye to subscribers, end idle connections, and give what is being answered a moment."""
        if self._page is not None:
            self._page.close()
        for session in self._sessions:
            session.close(1001, "the runtime stops")
        if self._sessions:
            await asyncio.wait(self._sessions.values(), timeout=CLOSE_SECONDS)
        # Not before: from here on aiohttp reads nothing more, and so no answer to a close frame.
        self.protocols.pre_shutdown()
        await self.protocols.shutdown(timeout=CLOSE_SECONDS)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._check_host and not is_local_host(request.headers.get("Host", "")):
            return _plain(403, "This host name is not one of this machine; see --host and --allow-origin.")
        SENDER.set(request.headers.get("User-Agent", ""))
        if self._make_page is not None and is_of_page(request.method, request.path, request.headers):
            return await self._answer_page(request, self._make_page)
        return await self._handle_call(request)

    async def _handle_call(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return self._with_cors(request, web.Response(status=204))
        api = self._apis().get(request.path.removesuffix("/realtime"))
        if api and "websocket" in request.headers.get("Upgrade", "").lower():
            return await self._serve_socket(request, api)
        graphql = api if api and request.path.endswith("/graphql") else None
        try:
            response = await self._answer(request, graphql)
        except (HttpProcessingError, web.RequestPayloadError):  # broken chunks, broken compression
            response = _plain(400, "The body cannot be read.")
        except TimeoutError:
            response = _plain(408, f"The rest of the body did not come within {BODY_SECONDS:g} seconds.")
        except ConnectionError:  # the client went away; nobody reads this
            return web.Response(status=400)
        except Exception as error:  # a bug of ours must not end the connection of somebody else, nor go unseen
            logging.getLogger("livebus").exception("unexpected error")
            message = unexpected(error)
            if graphql is not None:
                response = _response(graphql_http.internal_failure(message, self._new_id()))
            else:
                response = _response(self._aws.internal_failure(message))
        if not request.content.is_eof():
            # The rest of a body that nobody wanted would be read as the next request.
            response.force_close()
        return self._with_cors(request, response)

    async def _answer(self, request: web.BaseRequest, api: ServedApi | None) -> web.Response:
        path = request.path
        if api is not None:
            return await self._answer_graphql(request, api)
        if path == "/" and request.method == "POST":
            longest = self._aws.longest_body(request.headers, MAX_BODY_BYTES)
            body = await _read(request, longest)
            if body is None:
                return _too_large(longest)
            if self._faults is not None and self._faults.any_of_requests:
                return _response(await failing(self._faults, self._aws, request, body))
            return _response(await self._aws.call(request.headers, body))
        if path == fault_control.PATH and self._fault_control is not None:
            body = await _read(request)
            if body is None:
                return _too_large()
            return _response(self._fault_control.call(request.method, request.headers, body))
        query = request.rel_url.raw_query_string
        if self._aws.is_s3(request.headers, query):
            return await self._answer_s3(request, query)
        if self._functions is not None and (path + "/").startswith(LAMBDA_PATH):
            return await self._answer_lambda(request, query, self._functions)
        document = self._document(request.method, path)
        if document is not None:
            return document
        refused = self._aws.refuse(request.method, path, request.headers)
        return (
            _plain(404, f"Nothing answers to {request.method} {path} here.") if refused is None else _response(refused)
        )

    async def _answer_page(self, request: web.BaseRequest, make: Callable[[], Page]) -> web.StreamResponse:
        """Answer the page; never with CORS headers: its documents are for no other origin."""
        if self._page is None:
            self._page = make()
        try:
            response = await self._page.answer(request, _read)
        except TimeoutError:
            response = _plain(408, f"The rest of the body did not come within {BODY_SECONDS:g} seconds.")
        except ConnectionError:
            return web.Response(status=400)
        except Exception as error:
            logging.getLogger("livebus").exception("unexpected error")
            response = _plain(500, unexpected(error))
        if not request.content.is_eof():
            response.force_close()
        return response

    @staticmethod
    async def _answer_graphql(request: web.BaseRequest, api: ServedApi) -> web.Response:
        if request.method not in ("POST", "GET"):
            return _plain(405, "GraphQL takes POST and GET.")
        body = await _read(request)
        if body is None:
            return _too_large()
        source_ip = request.remote or "127.0.0.1"
        query = request.rel_url.raw_query_string
        return _response(
            graphql_http.call(
                api, request.method, request.path, query, headers=request.headers, body=body, source_ip=source_ip
            )
        )

    async def _answer_s3(self, request: web.BaseRequest, query: str) -> web.Response:
        body = await _read(request, MAX_OBJECT_BYTES)
        if body is None:
            return _too_large(MAX_OBJECT_BYTES)
        host = request.headers.get("Host", "").rsplit(":", 1)[0]
        raw_path = request.rel_url.raw_path
        return _response(self._aws.s3(S3Request(request.method, host, raw_path, query, request.headers, body)))

    async def _answer_lambda(self, request: web.BaseRequest, query: str, functions: FunctionCalls) -> web.Response:
        if refusals.signed_service(request.headers) != "lambda":
            # Without that header a page of the web could let the browser invoke functions, unasked.
            return _response(refused_unsigned(self._new_id()))
        body = await _read(request)
        if body is None:
            return _too_large()
        raw_path = request.rel_url.raw_path
        return _response(await functions.answer(request.method, raw_path, query, request.headers, body))

    def _document(self, method: str, path: str) -> web.Response | None:
        """The answer to a GET of one of the documents; None where it is no such thing."""
        pool_id, _, name = path.strip("/").partition("/.well-known/")
        document = self._documents.get(name)
        if document is None or method != "GET":
            return None
        try:
            content = document(pool_id)
        except AwsError as error:
            return _plain(404, error.message)
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
            return _plain(error.status, error.text or error.reason)
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

    # --- browsers ---------------------------------------------------------------------------------------------------

    def _with_cors(self, request: web.BaseRequest, response: web.Response) -> web.Response:
        """
        Let pages of this machine read the answer. A page from elsewhere gets no such leave: it could otherwise publish
        events with the developer's browser.
        """
        origin = request.headers.get("Origin")
        if origin is None or not ("*" in self._origins or origin in self._origins or is_local_origin(origin)):
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


def is_of_page(method: str, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a request is the page's: a browser's for ``/``, whoever's below its path. A signed ``GET /`` is S3's."""
    if path.startswith(PAGE_PATH):
        return True
    is_browsers = "text/html" in headers.get("Accept", "") and "Authorization" not in headers
    return path == "/" and method in ("GET", "HEAD") and is_browsers


async def _read(request: web.BaseRequest, most: int = MAX_BODY_BYTES) -> bytes | None:
    """The whole body; None where it is larger than any sensible request. Raises TimeoutError where it does not come."""
    content = request.content
    if content.is_eof():
        body = content.read_nowait()
        return body if len(body) <= most else None
    if (request.content_length or 0) > most:
        return None
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        # curl, and AWS's C++ and Java SDKs, hold a large body back until they are told to go on.
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    received = bytearray()
    while True:
        # aiohttp does not tell that a chunk is broken: the rest of such a body never comes.
        async with asyncio.timeout(BODY_SECONDS):
            chunk = await content.readany()
        if not chunk:
            return bytes(received)
        received += chunk
        if len(received) > most:
            return None


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _too_large(most: int = MAX_BODY_BYTES) -> web.Response:
    return _plain(413, f"The body is larger than {most} bytes.")


def _plain(status: int, text: str) -> web.Response:
    reason = HTTPStatus(status).phrase
    return web.Response(status=status, text=f"{reason}: {text}\n")
