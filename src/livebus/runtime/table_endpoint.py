"""
Tables at another endpoint than the runtime's own: what resolvers and the AWS endpoint ask of DynamoDB goes there.

In: a :class:`DynamoDBEndpoint`. Out: the seams of :class:`livebus.runtime.tables.Tables`. Calls block, so that they are made in
threads, as many at a time as there are places. Tables of templates are made where the endpoint is on this machine and has none of
that name; nothing is ever changed or deleted there, and on AWS nothing is made either.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError
from livebus.template.application import Table

_NAMESPACE = "com.amazonaws.dynamodb.v20120810"
_PLACES = 16
# DynamoDB makes a table ACTIVE in seconds; what is asked before that is refused.
_WAIT_SECONDS, _WAITS = 0.1, 300

# What is passed on to a region: items, and what tables there are. Tables themselves are nobody's to change from here.
_PASSED_ON = frozenset(
    (
        *("BatchGetItem", "BatchWriteItem", "DeleteItem", "DescribeTable", "DescribeTimeToLive", "GetItem"),
        *("ListTables", "PutItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem"),
    )
)

T = TypeVar("T")
Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DynamoDBEndpoint:
    """``call`` blocks; it raises DynamoDBError, and LivebusError where no answer comes. ``is_local``: on this machine."""

    url: str
    call: Call
    is_local: bool


class TableEndpoint:
    """The tables of an endpoint. ``wait`` sleeps for so many seconds."""

    def __init__(self, endpoint: DynamoDBEndpoint, tell: Callable[[str], None], wait: Callable[[float], None]) -> None:
        self._endpoint = endpoint
        self._tell = tell
        self._wait = wait
        self._places = asyncio.Semaphore(_PLACES)
        self._made: Future[None] | None = None
        self._used: set[str] = set()

    @property
    def url(self) -> str:
        return self._endpoint.url

    # --- calls ------------------------------------------------------------------------------------------------------

    async def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call of the AWS endpoint. Raises AwsError: for what is not passed on to a region, too."""
        from livebus.dynamodb.errors import DynamoDBError

        if not self._endpoint.is_local and action not in _PASSED_ON:
            message = f"dynamodb:{action} is not passed on to {self.url}: only items are read and written there."
            raise AwsError("AccessDeniedException", message)
        try:
            return dict(await self.in_thread(lambda: self._endpoint.call(action, body)))
        except DynamoDBError as error:
            raise AwsError(f"{_NAMESPACE}#{error.code}", error.message, members=error.members) from None
        except LivebusError as error:
            raise AwsError(f"{_NAMESPACE}#InternalServerError", str(error), 500) from None

    def operation(self, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """DynamoDB's answer, for APIs: blocks, so it is for threads. Raises DynamoDBError and LivebusError."""
        made = self._made
        if made is not None:
            made.result()  # what a template declares is there before it is asked for
        return self._endpoint.call(name, request)

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Call what blocks in a thread. Cancelled, the call goes on and keeps its place; its answer is nobody's."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        called = _begun(function)

        def over(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits for a place any more
                loop.call_soon_threadsafe(self._places.release)

        called.add_done_callback(over)
        return await asyncio.wrap_future(called)

    # --- the tables of templates ------------------------------------------------------------------------------------

    def use(self, tables: Iterable[Table]) -> None:
        """Look for the tables, and make those that are not there: beside everything else, and before they are asked."""
        new = [table for table in tables if table.name not in self._used]
        if not new:
            return
        self._used |= {table.name for table in new}
        before = self._made

        def make() -> None:
            if before is not None:
                before.result()
            for table in new:
                self._look_for(table)

        self._made = _begun(make)

    def _look_for(self, table: Table) -> None:
        from livebus.dynamodb.errors import NO_TABLE, DynamoDBError

        where = f"table {table.name} at {self.url}"
        try:
            self._endpoint.call("DescribeTable", {"TableName": table.name})
        except DynamoDBError as error:
            if error.code != NO_TABLE:
                self._tell(f"{where}: {error.message}")
            elif not self._endpoint.is_local:
                self._tell(
                    f"{where}: it is not there, and nothing is made on AWS: deploy it, or give it its name there"
                )
            else:
                self._make(table, where)
        except LivebusError as error:
            self._tell(f"{where}: {error}")

    def _make(self, table: Table, where: str) -> None:
        from livebus.dynamodb.errors import DynamoDBError

        name = {"TableName": table.name}
        try:
            self._endpoint.call("CreateTable", table.request)
            for _ in range(_WAITS):
                if self._endpoint.call("DescribeTable", name)["Table"].get("TableStatus") == "ACTIVE":
                    break
                self._wait(_WAIT_SECONDS)
            if table.ttl_attribute:
                expiry = {"AttributeName": table.ttl_attribute, "Enabled": True}
                self._endpoint.call("UpdateTimeToLive", {**name, "TimeToLiveSpecification": expiry})
        except DynamoDBError as error:
            self._tell(f"{where}: {error.message}")
        except LivebusError as error:
            self._tell(f"{where}: {error}")

    def refuses(self, table: Table) -> str:
        """Why a table cannot be made as a template has it; empty where it can, and where that shows at the endpoint."""
        from livebus.dynamodb.errors import DynamoDBError
        from livebus.dynamodb.table_requests import new_table

        try:
            new_table(table.request, number=1, arn="", now=0.0)
        except DynamoDBError as error:
            return f"{error.message} (Service: DynamoDb, Status Code: 400)"
        return ""

    def fault(self) -> str:
        """Nothing of this machine can be wrong with it."""
        return ""

    def remove(self, name: str) -> None:
        """A table stays: whoever runs the endpoint deletes it."""
        self._used.discard(name)
        self._tell(f"table {name} stays at {self.url}")

    def protects(self, name: str) -> bool:  # noqa: ARG002 - the seam of Tables
        """Nothing is deleted there."""
        return False

    def tick(self) -> None:
        """Items whose time is over are the endpoint's to delete."""

    def close(self) -> None:
        """Nothing is held: calls that are under way end by themselves, and keep nobody."""


def _begun(function: Callable[[], T]) -> Future[T]:
    """What a function comes to in a thread of its own, which does not keep the process: an endpoint may never answer."""
    called: Future[T] = Future()

    def call() -> None:
        if not called.set_running_or_notify_cancel():
            return
        try:
            called.set_result(function())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where it is awaited
            called.set_exception(error)

    threading.Thread(target=call, name="dynamodb", daemon=True).start()
    return called
