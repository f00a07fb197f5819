"""Tables that templates declare: there at the start, through deployments, and in a file of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.deploying import Deploying
from support.http import request

ORDERS = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
Outputs:
  Name: {Value: !Ref Orders}
  Arn: {Value: !GetAtt Orders.Arn}
"""
SIMPLE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Kept: {Type: AWS::Serverless::SimpleTable, DeletionPolicy: Retain, Properties: {TableName: Kept}}
  Gone: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: Gone}}
"""


@pytest.fixture
def deploying(start_runtime: Any) -> Deploying:
    return Deploying(start_runtime(template=None))


def delete(deploying: Deploying, expected: str = "") -> None:
    deploying.cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == expected


def reasons(deploying: Deploying) -> str:
    """Why the table failed."""
    return " ".join(reason for status, reason in deploying.events(of="Orders") if status.endswith("FAILED"))


def put(db: Any, table: str, name: str) -> None:
    db.put_item(TableName=table, Item={"id": {"S": name}})


def items(db: Any, table: str) -> list[str]:
    return sorted(item["id"]["S"] for item in db.scan(TableName=table)["Items"])


def test_the_tables_of_the_files_on_disk_are_there_at_the_start(start_runtime: Any, tmp_path: Path) -> None:
    """And their items at the next; a table that leaves the template stays."""
    template = tmp_path / "template.yaml"
    template.write_text(SIMPLE)
    runtime = start_runtime(template=template)
    db = runtime.client("dynamodb")
    assert db.list_tables()["TableNames"] == ["Gone", "Kept"]
    put(db, "Kept", "a")
    runtime.stop()
    template.write_text(SIMPLE.replace("  Gone: ", "  More: ").replace("TableName: Gone", "TableName: More"))
    again = start_runtime(template=template)
    db = again.client("dynamodb")
    assert (db.list_tables()["TableNames"], items(db, "Kept")) == (["Gone", "Kept", "More"], ["a"])
    template.write_text(template.read_text().replace("TableName: More", "TableName: Third"))
    assert again.call(again.runtime.reload) is True
    assert "Third" in db.list_tables()["TableNames"]


def test_a_deployment_makes_changes_and_deletes_tables(deploying: Deploying) -> None:
    """Items outlive an update; with the stack the table goes."""
    db = deploying.runtime.client("dynamodb")
    assert deploying.deploy(TemplateBody=ORDERS) == "CREATE_COMPLETE"
    outputs = deploying.outputs()
    name = outputs["Name"]
    table = db.describe_table(TableName=name)["Table"]
    assert (table["TableStatus"], table["TableArn"]) == ("ACTIVE", outputs["Arn"])
    put(db, name, "a")
    index = """
      GlobalSecondaryIndexes:
        - {IndexName: by-g, KeySchema: [{AttributeName: g, KeyType: HASH}], Projection: {ProjectionType: ALL}}
"""
    types = "[{AttributeName: id, AttributeType: S}, {AttributeName: g, AttributeType: S}]"
    changed = ORDERS.replace("[{AttributeName: id, AttributeType: S}]", types).replace("\nOutputs", f"{index}Outputs")
    assert deploying.deploy(name="second", TemplateBody=changed) == "UPDATE_COMPLETE"
    assert [each["IndexName"] for each in db.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]] == [
        "by-g"
    ]
    assert items(db, name) == ["a"]
    delete(deploying)
    assert db.list_tables()["TableNames"] == []


def test_the_deletion_policy_is_followed(deploying: Deploying) -> None:
    """What is retained outlives its stack, and is taken up again by the next one."""
    db = deploying.runtime.client("dynamodb")
    deploying.deploy(TemplateBody=SIMPLE)
    put(db, "Kept", "a")
    delete(deploying)
    assert db.list_tables()["TableNames"] == ["Kept"]
    assert deploying.deploy(TemplateBody=SIMPLE) == "CREATE_COMPLETE"
    assert items(db, "Kept") == ["a"]


def test_a_table_that_cannot_be_fails_its_deployment(deploying: Deploying) -> None:
    """With DynamoDB's reason; other keys for a table with a name of its own too, and nothing is lost by going back."""
    db = deploying.runtime.client("dynamodb")
    assert deploying.deploy(TemplateBody=ORDERS.replace("AttributeName: id, KeyType", "AttributeName: x, KeyType")) == (
        "ROLLBACK_COMPLETE"
    )
    assert "Keys: [x]" in reasons(deploying)
    delete(deploying)
    named = ORDERS.replace("BillingMode", "TableName: Orders\n      BillingMode")
    assert deploying.deploy(TemplateBody=named) == "CREATE_COMPLETE"
    put(db, "Orders", "a")
    other_keys = named.replace("AttributeName: id", "AttributeName: other")
    assert deploying.deploy(name="second", TemplateBody=other_keys) == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing" in reasons(deploying)
    put(db, "Orders", "b")
    assert items(db, "Orders") == ["a", "b"]


def test_a_rollback_does_not_delete_what_was_there_before(deploying: Deploying) -> None:
    """A table that somebody made by hand, named in a template whose deployment fails, keeps its items."""
    db = deploying.runtime.client("dynamodb")
    deploying.deploy(TemplateBody=SIMPLE)
    put(db, "Kept", "a")
    delete(deploying)
    broken = SIMPLE + "  Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [{nonsense: 1}]}}}\n"
    assert deploying.deploy(TemplateBody=broken) == "ROLLBACK_COMPLETE"
    assert items(db, "Kept") == ["a"]


def test_a_protected_table_keeps_its_stack(deploying: Deploying) -> None:
    """DELETE_FAILED, and everything goes on."""
    protected = ORDERS.replace("BillingMode", "DeletionProtectionEnabled: true\n      BillingMode")
    deploying.deploy(TemplateBody=protected)
    name = deploying.outputs()["Name"]
    delete(deploying, "DELETE_FAILED")
    assert "protected against deletion" in reasons(deploying)
    put(deploying.runtime.client("dynamodb"), name, "a")


def test_a_damaged_file_disturbs_nothing_else(start_runtime: Any, tmp_path: Path) -> None:
    """It is told once, calls of DynamoDB fail with it, and everything else works."""
    template, state = tmp_path / "template.yaml", tmp_path / "state"
    template.write_text(SIMPLE)
    state.mkdir()
    (state / "dynamodb.sqlite").write_bytes(b"no database" * 1000)
    runtime = start_runtime(template=template, state=state)
    words = "the tables of DynamoDB cannot be used: file is not a database"
    assert [line for line in runtime.told if words in line] == [runtime.wait_for_line(words)]
    with pytest.raises(ClientError) as failed:
        runtime.client("dynamodb").list_tables()
    assert failed.value.response["Error"]["Code"] == "InternalServerError"
    assert words in failed.value.response["Error"]["Message"]
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert runtime.client("events").list_event_buses()["EventBuses"][0]["Name"] == "default"


def test_a_damaged_file_keeps_deployments_of_tables_from_ending_well(start_runtime: Any, tmp_path: Path) -> None:
    """The reason is the file's; a stack that was deployed before runs all the same."""
    template = SIMPLE + "  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}\n"
    first = Deploying(start_runtime(template=None, state=tmp_path / "state"))
    assert first.deploy(TemplateBody=template) == "CREATE_COMPLETE"
    first.runtime.stop()
    for beside in tmp_path.glob("state/dynamodb.sqlite-*"):
        beside.unlink()
    (tmp_path / "state" / "dynamodb.sqlite").write_bytes(b"no database" * 1000)
    again = Deploying(start_runtime(template=None, state=tmp_path / "state"))
    assert again.status() == "CREATE_COMPLETE"
    names = [bus["Name"] for bus in again.runtime.client("events").list_event_buses()["EventBuses"]]
    assert "orders" in names
    assert again.deploy("other", TemplateBody=ORDERS) == "ROLLBACK_COMPLETE"
    (reason,) = [each for status, each in again.events("other", of="Orders") if status == "CREATE_FAILED"]
    assert "the tables of DynamoDB cannot be used: file is not a database" in reason


def test_answers_have_dynamodbs_shape(deploying: Deploying) -> None:
    """JSON 1.0 with its checksum; errors with a namespace in their type, and their members beside the message."""
    db = deploying.runtime.client("dynamodb")
    deploying.deploy(TemplateBody=SIMPLE)
    put(db, "Kept", "a")

    def call(operation: str, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        answer = request(deploying.runtime.port, "POST", "/", body=json.dumps(body).encode(), headers=headers)
        told = {name.lower(): value for name, value in answer.headers.items()}
        assert told["x-amz-crc32"] == str(zlib.crc32(answer.body))
        assert told["content-type"] == "application/x-amz-json-1.0"
        return answer.status, told, answer.json()

    condition = {
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    key = {"id": {"S": "a"}}
    status, headers, answer = call("PutItem", {"TableName": "Kept", "Item": key, **condition})
    kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
    assert (status, headers["x-amzn-errortype"]) == (400, kind)
    assert answer == {"__type": kind, "message": "The conditional request failed", "Item": key}
    status, _, answer = call("GetItem", {"TableName": "Kept", "Key": {}})
    assert (status, answer["__type"]) == (400, "com.amazon.coral.validate#ValidationException")
    assert call("GetItem", {"TableName": "Kept", "Key": key})[0::2] == (200, {"Item": key})


IMPORTS = """
import asyncio, sys
from pathlib import Path
from livebus.runtime.server import Runtime
from livebus.runtime.settings import Settings

async def run():
    runtime = Runtime(Settings(template=Path(sys.argv[1]), state=Path(sys.argv[2]), port=0), lambda line: None)
    await runtime.start()
    await runtime.stop()

asyncio.run(run())
print(sorted(name for name in sys.modules if name.startswith("livebus.dynamodb")))
print(Path(sys.argv[2], "dynamodb.sqlite").exists())
"""


def test_a_runtime_without_tables_loads_nothing_of_them(project: Path, tmp_path: Path) -> None:
    """No module, and no file."""
    arguments = [str(project / "template.yaml"), str(tmp_path / "state")]
    run = subprocess.run(
        [sys.executable, "-c", IMPORTS, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(project / "src"), "PATH": ""},
    )
    assert run.stdout.splitlines() == ["[]", "False"]
