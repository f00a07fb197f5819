"""
Which path is answered by whom: the page at ``/``, its files and its documents below ``/_livebus/page/``.

No S3 bucket has a name that begins with "_". Documents are JSON; a fault is ``{"error": {"code", "message"}}`` in the words of what
refused it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web

from livebus.beyond_orjson import json_text
from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.page.actions import Actions, Exists
from livebus.runtime.page.documents import Documents
from livebus.runtime.page.files import INDEX, StaticFile, StaticFiles, policy, takes_gzip
from livebus.runtime.page.gate import refusal_of_document, refusal_of_page
from livebus.runtime.page.letters import Letters
from livebus.runtime.page.parts import Parts
from livebus.runtime.page.stream import Streams
from livebus.runtime.page.trial import Trial

PATH = "/_livebus/page/"
_STATIC = f"{PATH}static/"
WRITE_SECONDS = 10.0
STREAM, FAULTS, SAMPLES = "stream", "faults", "samples/"
Read = Callable[[web.BaseRequest], Awaitable[bytes | None]]


class Page:
    def __init__(self, parts: Parts) -> None:
        self._token = parts.random_token()
        run = parts.new_id()
        self._files = StaticFiles(self._token)
        self._parts = parts
        self._documents = Documents(parts, run)
        self._trial = Trial(parts, self._documents)
        self._letters = Letters(parts)
        self._actions = Actions(parts)
        self._streams = Streams(parts.history, self._documents, run, _line)

    def close(self) -> None:
        self._streams.close()

    async def answer(self, request: web.BaseRequest, read: Read) -> web.StreamResponse:
        """Answer one request; ``read`` gives its body, None where that is too large."""
        path, host = request.path, request.headers.get("Host", "")
        if path == "/" or path.startswith(_STATIC):
            refused = refusal_of_page(request.headers)
            if refused is None and request.method in ("GET", "HEAD"):
                return self._file(request, path.removeprefix(_STATIC) if path != "/" else INDEX, policy(host))
            status = refused.status if refused else 405
            return web.Response(status=status, text=refused.reason if refused else "Files take GET.")
        refused = refusal_of_document(request.method, request.headers, scheme=request.scheme, token=self._token)
        if refused is not None:
            return _json(refused.status, _error("Refused", refused.reason), {"X-Content-Type-Options": "nosniff"})
        headers = {**policy(host), "Cache-Control": "no-store"}
        if path == f"{PATH}{STREAM}":
            return await self._stream(request, headers)
        body = await read(request)
        if body is None:
            return _json(413, _error("TooLarge", "The body is too large."), headers)
        status, document = await self._document(request, unquote(path.removeprefix(PATH)), body)
        return _json(status, document, headers)

    def _file(self, request: web.BaseRequest, name: str, headers: Mapping[str, str]) -> web.Response:
        accepts = takes_gzip(request.headers.get("Accept-Encoding", ""))
        found: StaticFile | None = self._files.zipped(name) if accepts else self._files.get(name)
        if found is None or (name == INDEX and request.path != "/"):
            return web.Response(status=404, text="There is no such file.", headers=headers)
        if request.headers.get("If-None-Match") == found.headers["ETag"] and name != INDEX:
            return web.Response(status=304, headers={**headers, **found.headers})
        return web.Response(body=found.body, headers={**headers, **found.headers})

    async def _stream(self, request: web.BaseRequest, headers: Mapping[str, str]) -> web.StreamResponse:
        after = request.query.get("after", "0")
        response = web.StreamResponse(headers={**headers, "Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        try:
            await self._streams.serve(_Socket(request, response), int(after) if after.isdecimal() else 0)
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
        return response

    # --- documents --------------------------------------------------------------------------------------------------

    async def _document(self, request: web.BaseRequest, name: str, body: bytes) -> tuple[int, Any]:
        try:
            given = orjson.loads(body) if body else {}
            if not isinstance(given, dict):
                return 400, _error("NotAnObject", "The body has to be a JSON object.")
            head, slash, rest = name.partition("/")
            endpoint = f"{head}{slash}"
            if (request.method, endpoint) not in ENDPOINTS:
                return self._missing(request.method, name, endpoint)
            if request.method == "GET":
                return await self._read(endpoint, rest, request.query)
            return await self._act(request.method, name, given, body)
        except orjson.JSONDecodeError as error:
            return 400, _error("NotJson", f"The body is not JSON: {error}")
        except Exists as error:
            return 409, _error("Exists", str(error))
        except AwsError as error:
            return error.status, _error(error.error_type, error.message)
        except LivebusError as error:
            return 400, _error("Refused", "; ".join(map(str, error.faults)))

    @staticmethod
    def _missing(method: str, name: str, endpoint: str) -> tuple[int, Any]:
        if any(endpoint == each for _, each in ENDPOINTS):
            return 405, _error("Method", f"{name!r} does not take {method}.")
        return 404, _error("NotFound", f"There is no document {name!r}.")

    async def _read(self, endpoint: str, rest: str, query: Mapping[str, str]) -> tuple[int, Any]:
        found = _READ[endpoint](self, rest, query)
        document = await found if isawaitable(found) else found
        return (200, document) if document is not None else (404, _error("NotKept", "It is not kept (any more)."))

    def _events(self, query: Mapping[str, str]) -> Any:
        before, limit = query.get("before", ""), query.get("limit", "500")
        if not (limit.isdecimal() and (before.isdecimal() or not before)):
            raise LivebusError("before or limit is no number", expected="whole numbers")
        return self._documents.events(int(before) if before else None, int(limit))

    def _samples(self) -> Any:
        """The project's samples; where it has none that arrives, ``examples`` made for a rule."""
        samples = self._actions.samples()
        has_one = any(each["expected"] for each in samples)
        return {"samples": samples, "examples": {} if has_one else self._trial.examples()}

    def _failed(self) -> Any:
        groups = self._letters.groups()
        return {"retries": self._documents.retries(), "letters": groups, "archives": self._documents.archives()}

    async def _act(self, method: str, name: str, given: Mapping[str, Any], body: bytes) -> tuple[int, Any]:
        if method == "PUT" and name == FAULTS:
            answer = self._parts.faults.call("PUT", {"Content-Type": "application/json"}, body)
            content = orjson.loads(answer.body)
            if answer.status != 200:
                return answer.status, _error("Refused", "; ".join(content.get("errors", ())))
            return 200, content
        if method == "PUT":
            overwrite = given.get("overwrite") is True
            return 200, self._actions.save(name.removeprefix(SAMPLES), _text(given, "text"), overwrite=overwrite)
        made = _POSTED[name](self, given)
        return 200, await made if isawaitable(made) else made

    def _send(self, given: Mapping[str, Any]) -> Any:
        return self._actions.send(self._trial.entry(_text(given, "text")))

    def _try(self, given: Mapping[str, Any]) -> Any:
        if "pattern" in given:
            return self._trial.pattern(_text(given, "rule"), _text(given, "pattern"))
        if "template" in given:
            return self._trial.template(_text(given, "rule"), _text(given, "target"), _text(given, "template"))
        return self._trial.dry_run(_text(given, "text"))

    async def _redrive(self, given: Mapping[str, Any]) -> Any:
        to = _text(given, "to")
        if to not in ("bus", "target"):
            raise LivebusError(f"to is {to!r}", expected="bus or target")
        return await self._letters.redrive(_text(given, "queue"), _texts(given, "ids"), to)

    def _purge(self, given: Mapping[str, Any]) -> Any:
        return self._letters.purge(_text(given, "queue"), _texts(given, "ids"))

    def _hurry(self, given: Mapping[str, Any]) -> Any:
        row = given.get("row")
        if not isinstance(row, int) or not self._parts.buses.hurry(row):
            raise LivebusError("nothing waits there any more")
        return {"hurried": row}

    def _tokens(self, given: Mapping[str, Any]) -> Any:
        return self._actions.token(_text(given, "pool"), _text(given, "user"))

    def _operation(self, given: Mapping[str, Any]) -> Any:
        if "field" in given:
            return self._actions.operation(_text(given, "url"), _text(given, "kind"), _text(given, "field"))
        return self._actions.variables(_text(given, "url"), _text(given, "query"))

    async def _graphql(self, given: Mapping[str, Any]) -> Any:
        request = given.get("request")
        if not isinstance(request, dict):
            raise LivebusError("request is no object")
        return await self._actions.graphql_as_iam(_text(given, "url"), request)


# What is read, by its name; with a "/" behind it what stands there names one of several.
_READ: Mapping[str, Callable[[Page, str, Mapping[str, str]], Any]] = {
    "state": lambda page, _, __: page._documents.state(),
    "events": lambda page, _, query: page._events(query),
    "events/": lambda page, event_id, _: page._documents.event(event_id),
    "calls": lambda page, _, __: page._documents.calls(),
    "clients": lambda page, _, __: page._documents.clients(),
    "failed": lambda page, _, __: page._failed(),
    "samples": lambda page, _, __: page._samples(),
    "findings": lambda page, _, __: asyncio.to_thread(page._documents.findings),
    "tables/": lambda page, name, _: page._documents.table(name),
    "logs/": lambda page, name, _: page._documents.log(name),
}
_POSTED: Mapping[str, Callable[[Page, Mapping[str, Any]], Any]] = {
    "send": Page._send,
    "try": Page._try,
    "redrive": Page._redrive,
    "purge": Page._purge,
    "retry": Page._hurry,
    "replay": lambda page, given: page._actions.replay(given),
    "token": Page._tokens,
    "operation": Page._operation,
    "graphql": Page._graphql,
}


# Method and name of everything that is answered: what is not here is not, and a check of all of them forgets none.
ENDPOINTS = (
    *(("GET", name) for name in (STREAM, *_READ)),
    *(("POST", name) for name in _POSTED),
    ("PUT", FAULTS),
    ("PUT", SAMPLES),
)


class _Socket:
    """A response as a stream writes to it: whoever does not read for a while is cut off."""

    def __init__(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        self._request = request
        self._response = response

    @property
    def unread(self) -> int:
        transport = self._request.transport
        if transport is None:
            raise ConnectionResetError
        return transport.get_write_buffer_size()

    async def write(self, lines: bytes) -> None:
        async with asyncio.timeout(WRITE_SECONDS):
            await self._response.write(lines)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise LivebusError(f"{name} is {type(value).__name__}", expected="a text")
    return value


def _texts(given: Mapping[str, Any], name: str) -> list[str]:
    value = given.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise LivebusError(f"{name} is no list of texts", expected="the ids of at least one letter")
    return value


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _dumps(document: Any) -> bytes:
    try:
        return orjson.dumps(document, default=str)
    except TypeError:  # a whole number beyond 64 bits, from a resolver say
        return json_text(document, default=str).encode()


def _line(document: Any) -> bytes:
    return _dumps(document) + b"\n"


def _json(status: int, document: Any, headers: Mapping[str, str]) -> web.Response:
    return web.Response(status=status, body=_dumps(document), headers=headers, content_type="application/json")
