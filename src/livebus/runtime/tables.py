"""
DynamoDB as the runtime has it: the tables of templates, and what the AWS endpoint calls. JSON 1.0.

The engine is loaded, and its file opened, when a template has a table or somebody calls: a runtime without tables pays
nothing for it. Where the file cannot be used, that is told, calls fail with it, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError
from livebus.template import Environment
from livebus.template.application import Table

if TYPE_CHECKING:
    from livebus.dynamodb.engine import Engine

TARGET = "DynamoDB_20120810"
_NAMESPACE = "com.amazonaws.dynamodb.v20120810"
_VALIDATION = "com.amazon.coral.validate"
_FOREIGN = {
    "ValidationException": _VALIDATION,
    "SerializationException": "com.amazon.coral.service",
    "UnknownOperationException": "com.amazon.coral.service",
}
_SWEEP_SECONDS = 5.0


class Tables:
    """``path`` is the file that keeps them."""

    def __init__(
        self,
        path: Path,
        environment: Environment,
        *,
        clock: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        self._path = path
        self._environment = environment
        self._clock = clock
        self._tell = tell
        self._engine: Engine | None = None
        self._told = ""
        self._swept = 0.0
        self._used: dict[str, Table] = {}

    @property
    def engine(self) -> Engine:
        """Raises LivebusError where the file cannot be used; the next call tries again."""
        if self._engine is None:
            from livebus.dynamodb.engine import Engine
            from livebus.dynamodb.store import Store

            environment = self._environment
            self._engine = Engine(
                Store(self._path),
                clock=self._clock,
                region=environment.region,
                account=environment.account,
                partition=environment.partition,
            )
        return self._engine

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises AwsError."""
        from livebus.dynamodb.errors import DynamoDBError

        try:
            return self.engine.call(action, body)
        except DynamoDBError as error:
            namespace = _FOREIGN.get(error.code, _NAMESPACE)
            raise AwsError(f"{namespace}#{error.code}", error.message, members=error.members) from None
        except LivebusError as error:
            raise AwsError(f"{_NAMESPACE}#InternalServerError", str(error), 500) from None

    def operation(self, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """DynamoDB's answer, for APIs. Raises DynamoDBError, and LivebusError where the file cannot be used."""
        return self.engine.call(name, request)

    # --- the tables of templates ------------------------------------------------------------------------------------

    def use(self, tables: Iterable[Table]) -> None:
        """
        Make the tables that are not there, and change those that are to what the template says.

        One that no template has any more stays with its items until somebody deletes it.
        """
        wanted = {table.name: table for table in tables}
        new = [table for name, table in wanted.items() if self._used.get(name) != table]
        self._used = wanted
        for table in new:
            try:
                self._put(table)
            except LivebusError as error:
                self._tell_once(str(error))

    def _put(self, table: Table) -> None:
        from livebus.dynamodb.declared import put_table
        from livebus.dynamodb.errors import DynamoDBError

        try:
            note = put_table(self.engine.call, table.request, table.ttl_attribute, is_name_given=table.is_name_given)
        except DynamoDBError as error:
            note = error.message
        if note:
            self._tell(f"table {table.name}: {note}")

    def refuses(self, table: Table) -> str:
        """Why a table cannot be made as a template has it; empty where it can."""
        from livebus.dynamodb.declared import refusal
        from livebus.dynamodb.errors import DynamoDBError

        try:
            return refusal(self.engine.call, table.request, is_name_given=table.is_name_given)
        except DynamoDBError as error:
            return f"{error.message} (Service: DynamoDb, Status Code: 400)"
        except LivebusError:
            return ""  # the file's fault is none of the template's; see ``fault``

    def fault(self) -> str:
        """What is wrong with the file; empty where nothing is."""
        try:
            self.engine.call("ListTables", {})
        except LivebusError as error:
            return str(error)
        return ""

    def remove(self, name: str) -> None:
        """Delete a table with its items, where it is there; one that is protected too: the stack is gone already."""
        from livebus.dynamodb.declared import remove_table

        self._used.pop(name, None)
        try:
            remove_table(self.engine.call, name)
        except LivebusError as error:
            self._tell_once(str(error))

    def protects(self, name: str) -> bool:
        """Whether a table is protected against deletion."""
        if not name or (self._engine is None and name not in self._used):
            return False  # it was never made
        from livebus.dynamodb.declared import is_protected

        try:
            return is_protected(self.engine.call, name)
        except LivebusError:
            return False

    def _tell_once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._tell(text)

    # --- now and then -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Delete items whose time is over, a few seconds after it is."""
        now = self._clock()
        if self._engine is None or 0 <= now - self._swept < _SWEEP_SECONDS:
            return
        self._swept = now
        try:
            self._engine.expire()
        except LivebusError as error:
            self._tell_once(str(error))

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
