"""
Tables that a template declares: made where they are not there, changed to what it says where they are.

In: a CreateTable request as the template's properties give it. Everything is done by calls of the engine.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.dynamodb.engine import Call
from livebus.dynamodb.errors import NO_TABLE, DynamoDBError
from livebus.dynamodb.table_requests import new_table

Request = Mapping[str, Any]
_KEPT = "keeps the keys that it has: CloudFormation does not replace a table with a name of its own; give it another name, or delete it (DeleteTable)"
_REPLACED = "has other keys than before: it is made anew, empty"


def refusal(call: Call, request: Request, *, is_name_given: bool) -> str:
    """Why the table cannot be made or changed; empty where it can. Raises DynamoDBError for faults of the request."""
    new_table(request, number=1, arn="", now=0.0)
    there = _described(call, str(request["TableName"]))
    if there is not None and is_name_given and not _has_keys_of(there, request):
        return (
            f"CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename"
            f" {request['TableName']} and update the stack again."
        )
    return ""


def put_table(call: Call, request: Request, ttl_attribute: str, *, is_name_given: bool) -> str:
    """Make or change the table. What a person should know of it, or nothing. Raises DynamoDBError."""
    name, note = str(request["TableName"]), ""
    there = _described(call, name)
    if there is not None and not _has_keys_of(there, request):
        if is_name_given:
            return _KEPT
        remove_table(call, name)
        there, note = None, _REPLACED
    if there is None:
        call("CreateTable", request)
    else:
        _change(call, there, request)
    _set_expiry(call, name, ttl_attribute)
    return note


def remove_table(call: Call, name: str) -> None:
    """Delete a table, where it is there, protected or not."""
    if _described(call, name) is None:
        return
    if is_protected(call, name):
        call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
    call("DeleteTable", {"TableName": name})


def is_protected(call: Call, name: str) -> bool:
    there = _described(call, name)
    return there is not None and bool(there["DeletionProtectionEnabled"])


def _described(call: Call, name: str) -> Request | None:
    try:
        table: Request = call("DescribeTable", {"TableName": name})["Table"]
    except DynamoDBError as error:
        if error.code != NO_TABLE:
            raise
        return None
    return table


def _has_keys_of(there: Request, request: Request) -> bool:
    """Whether the keys, and the local indexes, are the same: neither can be changed."""
    if there["KeySchema"] != list(request.get("KeySchema") or []) or _types(there) != _types(request):
        return False
    return _indexes(there, "LocalSecondaryIndexes") == _indexes(request, "LocalSecondaryIndexes")


def _types(described: Request) -> dict[str, str]:
    keys = {each["AttributeName"] for each in described["KeySchema"]}
    definitions = described.get("AttributeDefinitions") or []
    return {each["AttributeName"]: each["AttributeType"] for each in definitions if each["AttributeName"] in keys}


def _indexes(described: Request, member: str) -> dict[str, Any]:
    return {each["IndexName"]: (each["KeySchema"], each["Projection"]) for each in described.get(member) or []}


def _change(call: Call, there: Request, request: Request) -> None:
    name = request["TableName"]
    changes: dict[str, Any] = {}
    on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
    if on_demand != ("BillingModeSummary" in there):
        changes["BillingMode"] = request.get("BillingMode") or "PROVISIONED"
    if not on_demand and request.get("ProvisionedThroughput") is not None:
        changes["ProvisionedThroughput"] = request["ProvisionedThroughput"]
    protected = bool(request.get("DeletionProtectionEnabled"))
    if protected != there["DeletionProtectionEnabled"]:
        changes["DeletionProtectionEnabled"] = protected
    updates = _index_updates(there, request)
    if updates:
        changes |= {"AttributeDefinitions": request["AttributeDefinitions"], "GlobalSecondaryIndexUpdates": updates}
    _change_stream(call, there, request)
    if changes:
        call("UpdateTable", {"TableName": name, **changes})


def _change_stream(call: Call, there: Request, request: Request) -> None:
    before = there.get("StreamSpecification")
    after = request.get("StreamSpecification")
    if before == after:
        return
    name = request["TableName"]
    if before:
        call("UpdateTable", {"TableName": name, "StreamSpecification": {"StreamEnabled": False}})
    if after:
        call("UpdateTable", {"TableName": name, "StreamSpecification": after})


def _index_updates(there: Request, request: Request) -> list[dict[str, Any]]:
    """Global indexes that are gone are deleted, new ones made, changed ones made anew."""
    member = "GlobalSecondaryIndexes"
    before, after = _indexes(there, member), _indexes(request, member)
    changed = [name for name in before if name in after and before[name] != after[name]]
    deleted = [{"Delete": {"IndexName": name}} for name in before if name not in after or name in changed]
    created = [
        {"Create": each}
        for each in request.get(member) or []
        if each["IndexName"] not in before or each["IndexName"] in changed
    ]
    return [*deleted, *created]


def _set_expiry(call: Call, name: str, attribute: str) -> None:
    before = call("DescribeTimeToLive", {"TableName": name})["TimeToLiveDescription"].get("AttributeName", "")
    if before == attribute:
        return
    for each, enabled in ((before, False), (attribute, True)):
        if each:
            specification = {"AttributeName": each, "Enabled": enabled}
            call("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": specification})
