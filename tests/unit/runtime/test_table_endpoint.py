"""Tables at another endpoint: what is made there, and what never is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from livebus.dynamodb.errors import DynamoDBError, no_table
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.table_endpoint import DynamoDBEndpoint, TableEndpoint
from livebus.template.application import Table

TABLE = Table(
    "Orders",
    "arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
    {
        "TableName": "Orders",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
    ttl_attribute="until",
)


class Service:
    """A DynamoDB that has some tables, and remembers what it is asked."""

    def __init__(self, *tables: str) -> None:
        self.statuses = dict.fromkeys(tables, "ACTIVE")
        self.asked: list[str] = []

    def __call__(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(operation)
        name = str(request.get("TableName"))
        if operation == "CreateTable":
            self.statuses[name] = "CREATING"
        elif name not in self.statuses:
            raise no_table(f": Table: {name} not found")
        elif operation == "DescribeTable":
            return {"Table": {"TableStatus": self.statuses[name]}}
        return {}

    def settle(self, _: float) -> None:
        self.statuses = dict.fromkeys(self.statuses, "ACTIVE")


def used(service: Service, *, is_local: bool) -> list[str]:
    """What is told of the table of a template."""
    told: list[str] = []
    endpoint = DynamoDBEndpoint("https://there.example", service, is_local=is_local)
    tables = TableEndpoint(endpoint, told.append, service.settle)
    tables.use([TABLE])
    tables.use([TABLE])
    with pytest.raises(DynamoDBError) if "Orders" not in service.statuses and not is_local else _nothing():
        tables.operation("GetItem", {"TableName": "Orders"})
    return told


class _nothing:  # noqa: N801 - a context that expects nothing
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_a_table_is_made_on_this_machine_and_waited_for() -> None:
    """Once, with its expiry; what is asked meanwhile comes after it."""
    service = Service()

    assert used(service, is_local=True) == []
    assert service.asked == [
        "DescribeTable",
        "CreateTable",
        "DescribeTable",
        "DescribeTable",
        "UpdateTimeToLive",
        "GetItem",
    ]


def test_a_table_that_is_there_is_left_as_it_is() -> None:
    service = Service("Orders")

    assert used(service, is_local=True) == []
    assert service.asked == ["DescribeTable", "GetItem"]


def test_nothing_is_made_on_aws() -> None:
    service = Service()
    expected = (
        "table Orders at https://there.example: it is not there, and nothing is made on AWS: deploy it, or give it its name"
        " there"
    )

    assert used(service, is_local=False) == [expected]
    assert service.asked == ["DescribeTable", "GetItem"]


@pytest.mark.parametrize(
    "action", ["DeleteTable", "CreateTable", "UpdateTable", "UpdateTimeToLive", "ExecuteStatement"]
)
def test_tables_of_a_region_are_not_changed_by_calls(action: str) -> None:
    """Whoever reaches the runtime reaches items there, and nothing else; on this machine everything is passed on."""
    service = Service("Orders")

    def call(*, is_local: bool) -> None:
        endpoint = DynamoDBEndpoint("https://there.example", service, is_local=is_local)
        asyncio.run(_called(endpoint, action))

    with pytest.raises(AwsError, match=f"dynamodb:{action} is not passed on to https://there.example"):
        call(is_local=False)
    assert service.asked == []
    call(is_local=True)
    assert service.asked == [action]


async def _called(endpoint: DynamoDBEndpoint, action: str) -> None:
    await TableEndpoint(endpoint, print, print).call(action, {"TableName": "Orders"})


def test_nothing_is_deleted() -> None:
    """A stack that goes leaves its table at the endpoint."""
    service, told = Service("Orders"), list[str]()
    TableEndpoint(DynamoDBEndpoint("http://127.0.0.1:1", service, is_local=True), told.append, service.settle).remove(
        "Orders"
    )

    assert (service.asked, told) == ([], ["table Orders stays at http://127.0.0.1:1"])


def test_calls_that_never_end_keep_their_places_and_nobody_else() -> None:
    """Sixteen at a time: one more begins when one of them is over, also where nobody waits for its answer any more."""
    gate, begun, numbers = threading.Event(), threading.Semaphore(0), list[int]()

    async def scenario() -> list[int]:
        tables = TableEndpoint(DynamoDBEndpoint("", Service(), is_local=True), print, print)

        def call(number: int) -> int:
            numbers.append(number)
            begun.release()
            gate.wait(30)
            return number

        calls = [asyncio.create_task(tables.in_thread(lambda number=number: call(number))) for number in range(17)]
        await asyncio.to_thread(lambda: [begun.acquire(timeout=30) for _ in range(16)])
        calls[0].cancel()
        await asyncio.gather(calls[0], return_exceptions=True)
        assert numbers == list(range(16))
        gate.set()
        return await asyncio.gather(*calls[1:])

    assert asyncio.run(scenario()) == list(range(1, 17))
    assert numbers == list(range(17))
