"""
DynamoDB tables, as an Application has them: each as the CreateTable request that CloudFormation would make of it.

Properties follow AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable; what DynamoDB would refuse is told here.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from livebus.errors import Fault
from livebus.template.application import Table
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.resources import Resources
from livebus.template.values import UNKNOWN, is_opaque

TABLE, GLOBAL_TABLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
_MOST_UNITS = 2**53
# Sound on AWS, and without a counterpart here.
_INERT = ("ContributorInsightsSpecification", "ImportSourceSpecification", "KinesisStreamSpecification")


def read_tables(resources: Resources) -> tuple[Table, ...]:
    """The tables of a template. A fault for each that DynamoDB would not make."""
    tables = []
    for resource in resources.of_type(TABLE, GLOBAL_TABLE):
        faults = len(resources.faults)
        if not resource.required("KeySchema"):
            continue
        request = _request(resources, resource)
        ttl = _ttl(resource.properties)
        given = resources.raw(resource.logical_id).get("Properties")
        if len(resources.faults) == faults and "Fn::Transform" not in json.dumps(given, default=str):
            reason = _refused(request)
            if reason:
                resources.faults.append(Fault(f"{resource} is refused by DynamoDB: {reason}", resource.place()))
        for name in _INERT:
            if name in resource.properties:
                resources.warn(resource.place(name), f"{name} of {resource} does nothing here")
        tables.append(
            Table(
                name=resources.ref(resource),
                arn=resources.attribute(resource, "Arn"),
                request=request,
                ttl_attribute=ttl,
                is_name_given="TableName" in resource.properties,
                logical_id=resource.logical_id,
                place=resource.place(),
            )
        )
    return tuple(tables)


def _refused(request: Mapping[str, Any]) -> str:
    """DynamoDB's words for what is wrong with a table; empty where nothing is."""
    from livebus.dynamodb.errors import DynamoDBError
    from livebus.dynamodb.table_requests import new_table

    if is_opaque(request.get("TableName")):
        request = {**request, "TableName": "known-where-it-is-deployed"}
    if is_opaque(json.dumps(request, default=str)):
        return ""
    try:
        new_table(request, number=1, arn="", now=0.0)
    except DynamoDBError as error:
        return error.message
    return ""


def _request(resources: Resources, resource: Resource) -> dict[str, Any]:
    given = resource.properties
    is_global = resource.type == GLOBAL_TABLE
    replica = _replica(resources, given) if is_global else given
    request: dict[str, Any] = {
        "TableName": resources.ref(resource),
        "AttributeDefinitions": [
            {"AttributeName": each.text("AttributeName"), "AttributeType": each.text("AttributeType")}
            for each in given.mappings("AttributeDefinitions")
        ],
        "KeySchema": _schema(given),
        "BillingMode": given.text("BillingMode", "PROVISIONED"),
        "DeletionProtectionEnabled": replica.flag("DeletionProtectionEnabled"),
        "Tags": [{"Key": each.text("Key"), "Value": each.text("Value")} for each in replica.mappings("Tags")],
    }
    if "TableClass" in replica:
        request["TableClass"] = replica.text("TableClass")
    on_demand = request["BillingMode"] == "PAY_PER_REQUEST"
    if is_global and not on_demand:
        # Replicas scale by themselves: what a table begins with is no matter here.
        request["ProvisionedThroughput"] = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    elif "ProvisionedThroughput" in given:
        request["ProvisionedThroughput"] = _throughput(given)
    for member in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        scales = is_global and not on_demand and member.startswith("Global")
        indexes = [_index(each, scales=scales) for each in given.mappings(member)]
        if indexes:
            request[member] = indexes
    if "StreamSpecification" in given:
        view = given.mapping("StreamSpecification").text("StreamViewType")
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    if given.mapping("SSESpecification").flag("SSEEnabled"):
        request["SSESpecification"] = {"Enabled": True}
    return request


def _replica(resources: Resources, given: Properties) -> Properties:
    """The members of the replica in this region; a warning for those elsewhere."""
    region = resources.environment.region
    replicas = list(given.mappings("Replicas"))
    elsewhere = [each.text("Region") for each in replicas if each.text("Region") != region]
    if elsewhere:
        resources.warn(given.place("Replicas"), f"replicas in {', '.join(elsewhere)} are not made here")
    own = [each for each in replicas if each.text("Region") == region]
    return own[0] if own else given


def _schema(given: Properties) -> list[dict[str, str]]:
    return [
        {"AttributeName": each.text("AttributeName"), "KeyType": each.text("KeyType")}
        for each in given.mappings("KeySchema")
    ]


def _throughput(given: Properties) -> dict[str, int]:
    units = given.mapping("ProvisionedThroughput")
    return {name: _units(units, name) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _units(given: Properties, name: str) -> int:
    value = given.values.get(name)
    # Of what is told already, or only known where it is deployed, any will do.
    return 1 if value is UNKNOWN or is_opaque(value) else given.number(name, 0, 0, _MOST_UNITS)


def _index(given: Properties, *, scales: bool) -> dict[str, Any]:
    projection = given.mapping("Projection")
    told: dict[str, Any] = {"ProjectionType": projection.text("ProjectionType", "ALL")}
    attributes = projection.texts("NonKeyAttributes")
    if attributes:
        told["NonKeyAttributes"] = list(attributes)
    index = {"IndexName": given.text("IndexName"), "KeySchema": _schema(given), "Projection": told}
    if scales:
        index["ProvisionedThroughput"] = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    elif "ProvisionedThroughput" in given:
        index["ProvisionedThroughput"] = _throughput(given)
    return index


def _ttl(given: Properties) -> str:
    specification = given.mapping("TimeToLiveSpecification")
    return specification.text("AttributeName") if specification.flag("Enabled") else ""
