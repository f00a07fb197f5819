"""
Expands AWS::Serverless::SimpleTable into the AWS::DynamoDB::Table that the SAM transform makes of it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-simpletable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from livebus.errors import Fault, did_you_mean
from livebus.template.document import Document, Path

TYPE = "AWS::Serverless::SimpleTable"
_AS_IT_IS = ("PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName")
_PROPERTIES = (*_AS_IT_IS, "PrimaryKey", "Tags")
_TYPES = {"String": "S", "Number": "N", "Binary": "B"}


def with_tables(document: Document) -> Document:
    """A template without simple tables; the template itself where it has none."""
    resources = document.body.get("Resources")
    if not isinstance(resources, dict) or not any(is_simple_table(body) for body in resources.values()):
        return document
    faults: list[Fault] = list(document.faults)
    made = {
        logical_id: _table(document, logical_id, body, faults) if is_simple_table(body) else body
        for logical_id, body in resources.items()
    }
    return replace(document, body={**document.body, "Resources": made}, faults=tuple(faults))


def is_simple_table(body: Any) -> bool:
    return isinstance(body, dict) and body.get("Type") == TYPE and isinstance(body.get("Properties") or {}, dict)


def _table(document: Document, logical_id: str, body: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    root: Path = ("Resources", logical_id, "Properties")
    given: Mapping[str, Any] = body.get("Properties") or {}
    for name in given:
        if name not in _PROPERTIES:
            found = f"property {name} not defined for resource of type {TYPE}"
            faults.append(Fault(found, document.place((*root, name)), advice=did_you_mean(name, _PROPERTIES)))
    key = given.get("PrimaryKey")
    if key is not None and not isinstance(key, dict):
        faults.append(Fault("PrimaryKey is no object", document.place((*root, "PrimaryKey")), "Name and Type"))
        key = None
    key = key or {}
    name, kind = key.get("Name", "id"), key.get("Type", "String")
    if isinstance(kind, str) and kind not in _TYPES:
        place = document.place((*root, "PrimaryKey", "Type"))
        faults.append(Fault(f"Type of the primary key is {kind!r}", place, f"one of {', '.join(_TYPES)}"))
    properties: dict[str, Any] = {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": _TYPES.get(str(kind), "S")}],
        "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
        **{member: given[member] for member in _AS_IT_IS if member in given},
    }
    if "ProvisionedThroughput" not in given:
        properties["BillingMode"] = "PAY_PER_REQUEST"
    if isinstance(given.get("Tags"), dict):
        properties["Tags"] = [{"Key": tag, "Value": value} for tag, value in given["Tags"].items()]
    attributes = {name: value for name, value in body.items() if name not in ("Type", "Properties")}
    return {"Type": "AWS::DynamoDB::Table", **attributes, "Properties": properties}
