"""Tables at another endpoint: what resolvers and boto3 ask for goes there, and nothing of it is kept here."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from livebus.aws.dynamodb_endpoint import connect
from livebus.dynamodb.errors import DynamoDBError
from livebus.errors import LivebusError
from livebus.runtime.server import Settings
from livebus.runtime.table_endpoint import DynamoDBEndpoint
from support.http import request
from support.running import RunningRuntime

VECTORS = Path(__file__).parents[1] / "vectors" / "data_sources"
PUT = {"operation": "PutItem", "key": {"id": {"S": "o1"}}, "attributeValues": {"price": {"N": 1234567890123}}}
ONCE = {**PUT, "condition": {"expression": "attribute_not_exists(id)", "equalsIgnore": []}}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRuntime]:
    """The other endpoint: a runtime of its own, without an application."""
    with RunningRuntime(Settings(None, tmp_path_factory.mktemp("other") / "state", port=0)) as runtime:
        yield runtime


@pytest.fixture
def beside(tmp_path: Path) -> Callable[[str], RunningRuntime]:
    """The runtime of the application, whose tables are at a URL."""

    def made(url: str) -> RunningRuntime:
        folder = tmp_path / "application"
        shutil.copytree(VECTORS, folder)
        endpoint = DynamoDBEndpoint(url, connect(url, region="us-east-1", local=True), is_local=True)
        state = tmp_path / "state"
        return RunningRuntime(Settings(folder / "template.yaml", state, port=0, reload=False, dynamodb=endpoint))

    return made


def asked(runtime: RunningRuntime, value: Any) -> Any:
    """What the field of the table answers; the first error's type and message where it has one."""
    query = {
        "query": "query($request: String!) { table(request: $request) }",
        "variables": {"request": json.dumps(value)},
    }
    answer = request(
        runtime.port,
        "POST",
        urlsplit(runtime.outputs["GraphQLUrl"]).path,
        body=json.dumps(query).encode(),
        headers={"x-api-key": runtime.outputs["ApiKey"], "Content-Type": "application/json"},
    ).json()
    if answer.get("errors"):
        error = answer["errors"][0]
        return error["errorType"], error["message"].partition(" (Service")[0]
    result = json.loads(answer["data"]["table"] or "null")
    return json.loads(result) if isinstance(result, str) else result


def test_resolvers_and_boto3_reach_the_other_endpoint(
    other: RunningRuntime, beside: Callable[[str], RunningRuntime], tmp_path: Path
) -> None:
    """The table is made there, with its index; items are there and nowhere else; conditions and errors come back."""
    with beside(other.url) as runtime:
        put = asked(runtime, PUT)
        through = runtime.client("dynamodb").get_item(TableName="Orders", Key={"id": {"S": "o1"}})["Item"]
        failed = asked(runtime, {**ONCE, "attributeValues": {"price": {"N": 1}}})
        refused = asked(runtime, {"operation": "Query", "index": "none", "query": {"expression": "id = :i"}})

        there = other.client("dynamodb")
        assert put == {"id": "o1", "price": 1234567890123}
        assert through == there.get_item(TableName="Orders", Key={"id": {"S": "o1"}})["Item"]
        assert through == {"id": {"S": "o1"}, "price": {"N": "1234567890123"}}
        assert failed == ("DynamoDB:ConditionalCheckFailedException", "The conditional request failed")
        assert refused == ("DynamoDB:DynamoDbException", "The table does not have the specified index: none")
        table = there.describe_table(TableName="Orders")["Table"]
        assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["byCustomer"]
    assert not (tmp_path / "state" / "dynamodb.sqlite").exists()
    assert there.get_item(TableName="Orders", Key={"id": {"S": "o1"}})["Item"] == through


def test_events_write_there(other: RunningRuntime, beside: Callable[[str], RunningRuntime]) -> None:
    """A mutation that EventBridge runs waits for the endpoint, and its item is there when it is published."""
    with beside(other.url) as runtime:
        trace = runtime.trace()
        entry = {"Source": "shop", "DetailType": "put", "EventBusName": "orders", "Detail": '{"id": "e1"}'}
        (answer,) = runtime.client("events").put_events(Entries=[entry])["Entries"]
        trace.next("subscription", answer["EventId"])

        found = other.client("dynamodb").get_item(TableName="Orders", Key={"id": {"S": "e1"}})
        assert found["Item"]["how"] == {"S": "put"}


def test_an_endpoint_that_is_not_there(beside: Callable[[str], RunningRuntime]) -> None:
    """Each call is an error that names it; the runtime goes on, and says so once for each table."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with beside(url) as runtime:
        told = runtime.wait_for_line("table Orders at")
        kind, message = asked(runtime, PUT)

    assert told.startswith(f"table Orders at {url}: cannot call DynamoDB at {url}: ")
    assert kind == "DynamoDB:InternalServerErrorException"
    assert message.startswith(f"cannot call DynamoDB at {url}: ")


def test_errors_keep_their_members(other: RunningRuntime) -> None:
    """A cancelled transaction tells its reasons; a service that fails is one clear error."""
    call = connect(other.url, region="us-east-1", local=True)
    call("CreateTable", {"TableName": "Single", **SINGLE})
    check = {"TableName": "Single", "Key": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"}

    with pytest.raises(DynamoDBError) as cancelled:
        call("TransactWriteItems", {"TransactItems": [{"ConditionCheck": check}]})
    with pytest.raises(LivebusError, match=r"nothing/here answers 501, UnknownOperationException"):
        connect(f"{other.url}/nothing/here", region="us-east-1", local=True)("ListTables", {})

    assert cancelled.value.code == "TransactionCanceledException"
    assert [each["Code"] for each in cancelled.value.members["CancellationReasons"]] == ["ConditionalCheckFailed"]


SINGLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
