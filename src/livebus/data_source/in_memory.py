"""
Data sources without a runtime, for the dry run and for tests: tables in memory, functions and HTTP as they are given.

What nobody gives is no answer but an error of type NotEmulated, so that whoever rehearses an event knows that nothing is proved.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from livebus.data_source import functions
from livebus.data_source.http import HttpRequest, answered, read_request
from livebus.data_source.refusal import RefusedRequest, refused
from livebus.data_source.tables import table_answer
from livebus.operation import Answer, Call, not_emulated
from livebus.template.application import Application, DataSource, Function, HttpEndpoint

if TYPE_CHECKING:
    from livebus.dynamodb.engine import Engine

NOT_EMULATED = "NotEmulated"
Ask = Callable[[Function, functions.FunctionRequest, bool], Answer]
"""A function's answer; the last argument says whether it is invoked directly."""
HttpAnswers = Mapping[str, Any] | Callable[[HttpRequest], Mapping[str, Any]]
"""
Answers by ``"METHOD URL"``, with the query or without, or a function of the request: ``{"statusCode", "headers", "body"}``. A body
that is no text is written as JSON.
"""


def is_unproven(answer: Answer) -> bool:
    """Whether nobody could answer."""
    return answer.error is not None and answer.error.get("type") == NOT_EMULATED


class InMemorySources:
    """
    The data sources of one application, empty at first. Its tables are made with the first call of one.

    ``items`` are put into tables, by a table's name or logical id. ``ask`` invokes functions, ``http`` answers requests;
    None leaves those calls unproven. ``now`` is in epoch seconds.
    """

    def __init__(
        self,
        application: Application,
        *,
        now: float,
        items: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        ask: Ask | None = None,
        http: HttpAnswers | None = None,
    ) -> None:
        self._application = application
        self._now = now
        self._items = items or {}
        self._functions = {function.arn: function for function in application.functions}
        self._ask = ask
        self._http = http
        self._made: Engine | None = None

    def perform(self, call: Call) -> Answer:
        """The answer to a call."""
        source = call.source
        if not isinstance(source, DataSource):
            return not_emulated(call)
        try:
            if source.type == "AMAZON_DYNAMODB" and source.table is not None:
                return table_answer(call.request, source.table.name, self._engine.call, "dry-run")
            if source.type == "AWS_LAMBDA" and source.function_arn is not None:
                return self._invoked(call, source.function_arn)
            if source.type == "HTTP" and source.endpoint is not None:
                return self._sent(call, source.endpoint)
        except RefusedRequest as reason:
            return refused(reason)
        return not_emulated(call)

    # --- tables -----------------------------------------------------------------------------------------------------

    @property
    def _engine(self) -> Engine:
        if self._made is None:
            # SQLite is loaded where an application has a table, and only then.
            from livebus.dynamodb.declared import put_table
            from livebus.dynamodb.engine import Engine
            from livebus.dynamodb.store import Store

            application, now = self._application, self._now
            engine = Engine(Store(), clock=lambda: now, region=application.region, account=application.account)
            self._made = engine
            # Nobody has to close what is in memory only: it ends with the last one who uses it.
            weakref.finalize(self, engine.close)
            for table in application.tables:
                put_table(engine.call, table.request, table.ttl_attribute, is_name_given=table.is_name_given)
            for name, items in self._items.items():
                self._fill(engine, self._table_name(name), items)
        return self._made

    @staticmethod
    def _fill(engine: Engine, table: str, items: Sequence[Mapping[str, Any]]) -> None:
        for item in items:
            engine.call("PutItem", {"TableName": table, "Item": {name: typed(each) for name, each in item.items()}})

    def _table_name(self, name: str) -> str:
        """A table's name, for that or its logical id. Raises KeyError where there is none."""
        for table in self._application.tables:
            if name in (table.logical_id, table.name):
                return table.name
        there = ", ".join(table.logical_id for table in self._application.tables)
        raise KeyError(f"the template has no table {name!r}; it has: {there or 'none'}")

    def items(self, name: str) -> list[dict[str, Any]]:
        """Every item of a table, as resolvers see them, in the order of a Scan."""
        items: list[dict[str, Any]] = []
        request: dict[str, Any] = {"operation": "Scan"}
        while True:
            found = table_answer(request, self._table_name(name), self._engine.call, "dry-run").result
            items += found["items"]
            if not found["nextToken"]:
                return items
            request["nextToken"] = found["nextToken"]

    # --- functions and HTTP -----------------------------------------------------------------------------------------

    def _invoked(self, call: Call, arn: str) -> Answer:
        request, function = functions.read_request(call.request), self._functions.get(arn)
        if function is None:
            return _unproven(f"the function {arn!r} is not in this template")
        if self._ask is None:
            return _unproven(f"the function {function.name!r} is not run")
        if not call.batch:
            return self._ask(function, request, call.is_direct)
        # Nothing waits here for the other calls of its level: each batch has one.
        answer = self._ask(function, functions.gathered([request]), call.is_direct)
        return answer if request.type == "Event" else functions.spread(answer, 1, is_direct=call.is_direct)[0]

    def _sent(self, call: Call, endpoint: HttpEndpoint) -> Answer:
        request = read_request(endpoint.url, call.request)
        answers, found = self._http, None
        if callable(answers):
            found = answers(request)
        elif answers is not None:
            bare = urlsplit(request.url)._replace(query="").geturl()
            found = answers.get(f"{request.method} {request.url}", answers.get(f"{request.method} {bare}"))
        if found is None:
            return _unproven(f"there is no answer for {request.method} {request.url}")
        body = found.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        return answered(int(found.get("statusCode", 200)), (found.get("headers") or {}).items(), text.encode())


def _unproven(reason: str) -> Answer:
    return Answer(error={"message": f"{reason} in the dry run", "type": NOT_EMULATED})


def typed(value: Any) -> dict[str, Any]:
    """A JSON value as DynamoDB has it: ``"a"`` as ``{"S": "a"}``."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case dict():
            return {"M": {str(name): typed(each) for name, each in value.items()}}
        case list() | tuple():
            return {"L": [typed(each) for each in value]}
        case _:
            return {"N": str(value)}
