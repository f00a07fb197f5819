"""
Calls about tables themselves: create, describe, change, delete, list; expiry, tags, backups.

Everything is done when it is answered; the answers say CREATING, UPDATING, DELETING all the same, as AWS's do.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from livebus.dynamodb import names, parameters
from livebus.dynamodb.context import Answer, Context, table_name
from livebus.dynamodb.errors import DynamoDBError, constraint, invalid
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.table import Index, Keys, Table
from livebus.dynamodb.table_requests import changed_table, new_name, new_table, tags

_MOST_LISTED = 100
_MISSING = ": Table: {} not found"
_IN_USE = "ResourceInUseException"


def create_table(context: Context, request: Request) -> Answer:
    parameters.sequence(request, "KeySchema", 1, 2)
    name = new_name(parameters.text(request, "TableName"))
    table = new_table(request, number=context.store.next_number(), arn=context.table_arn(name), now=context.clock())
    if context.store.table(name) is not None:
        raise DynamoDBError(_IN_USE, f"Table already exists: {name}")
    context.store.create(table)
    return {"TableDescription": describe(context, table, "CREATING")}


def describe_table(context: Context, request: Request) -> Answer:
    return {"Table": describe(context, context.table(request, _MISSING))}


def update_table(context: Context, request: Request) -> Answer:
    table = changed_table(context.table(request, _MISSING), request)
    context.store.change(table)
    return {"TableDescription": describe(context, table, "UPDATING")}


def delete_table(context: Context, request: Request) -> Answer:
    table = context.table(request, _MISSING)
    if table.is_protected:
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
        )
    description = describe(context, table, "DELETING")
    context.store.drop(table)
    return {"TableDescription": description}


def list_tables(context: Context, request: Request) -> Answer:
    limit = parameters.whole(request, "Limit", 1, _MOST_LISTED) or _MOST_LISTED
    start = parameters.text_or_none(request, "ExclusiveStartTableName")
    found = [table.name for table in context.store.tables() if start is None or table.name > start]
    answer: Answer = {"TableNames": found[:limit]}
    if len(found) > limit:
        answer["LastEvaluatedTableName"] = found[limit - 1]
    return answer


# --- descriptions ---------------------------------------------------------------------------------------------------


def describe(context: Context, table: Table, status: str = "ACTIVE") -> dict[str, Any]:
    count, size = context.store.counts(table)
    types = {key.name: key.type for keys in (table.keys, *(each.keys for each in table.indexes)) for key in keys.all}
    told: dict[str, Any] = {
        "TableName": table.name,
        "TableStatus": status,
        "TableArn": table.arn,
        "TableId": names.table_id(table.arn),
        "CreationDateTime": round(table.created, 3),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        "KeySchema": _schema(table.keys),
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **_units(table.throughput)},
        "ItemCount": count,
        "TableSizeBytes": size,
        "DeletionProtectionEnabled": table.is_protected,
    }
    if table.is_on_demand:
        told["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": round(table.created, 3),
        }
    if table.table_class:
        told["TableClassSummary"] = {"TableClass": table.table_class}
    if table.stream_view:
        told |= {
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": table.stream_view},
            "LatestStreamLabel": names.STREAM_LABEL,
            "LatestStreamArn": names.stream_arn(table.arn),
        }
    told |= _settings(table.settings)
    for member, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
        indexes = [_index(context, table, each) for each in table.indexes if each.is_global is is_global]
        if indexes:
            told[member] = indexes
    return told


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: settings[name] for name in ("OnDemandThroughput", "WarmThroughput") if name in settings}
    encryption = settings.get("SSESpecification")
    if isinstance(encryption, Mapping) and encryption.get("Enabled"):
        told["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS"}
    return told


def _index(context: Context, table: Table, index: Index) -> dict[str, Any]:
    count, size = context.store.counts(table, index)
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.attributes:
        projection["NonKeyAttributes"] = list(index.attributes)
    told = {
        "IndexName": index.name,
        "KeySchema": _schema(index.keys),
        "Projection": projection,
        "IndexSizeBytes": size,
        "ItemCount": count,
        "IndexArn": f"{table.arn}/index/{index.name}",
    }
    if index.is_global:
        told |= {
            "IndexStatus": "ACTIVE",
            "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, **_units(index.throughput)},
        }
    return told


def _schema(keys: Keys) -> list[dict[str, str]]:
    return [
        {"AttributeName": key.name, "KeyType": kind} for key, kind in zip(keys.all, ("HASH", "RANGE"), strict=False)
    ]


def _units(throughput: tuple[int, int]) -> dict[str, int]:
    return {"ReadCapacityUnits": throughput[0], "WriteCapacityUnits": throughput[1]}


# --- expiry, backups, tags ------------------------------------------------------------------------------------------


def update_time_to_live(context: Context, request: Request) -> Answer:
    table = context.table(request, _MISSING)
    wanted = parameters.mapping(request.get("TimeToLiveSpecification"))
    attribute, enabled = parameters.text(wanted, "AttributeName"), parameters.flag(wanted, "Enabled")
    if not attribute or len(attribute) > 255:
        raise constraint(
            "timeToLiveSpecification.attributeName", attribute[:100], "Member must have 1 to 255 characters"
        )
    if enabled and table.ttl_attribute:
        raise invalid("TimeToLive is already enabled")
    if not enabled and not table.ttl_attribute:
        raise invalid("TimeToLive is already disabled")
    if not enabled and table.ttl_attribute != attribute:
        raise invalid(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl_attribute}"
        )
    context.store.change(replace(table, ttl_attribute=attribute if enabled else ""))
    return {"TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": enabled}}


def describe_time_to_live(context: Context, request: Request) -> Answer:
    attribute = context.table(request, _MISSING).ttl_attribute
    if not attribute:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}}


def describe_continuous_backups(context: Context, request: Request) -> Answer:
    """There are none here, which is also what a new table on AWS answers."""
    table = context.store.table(table_name(parameters.text(request, "TableName")))
    if table is None:
        raise DynamoDBError("TableNotFoundException", f"Table not found: {request['TableName']}")
    recovery = {"PointInTimeRecoveryStatus": "DISABLED"}
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": recovery,
        }
    }


def tag_resource(context: Context, request: Request) -> Answer:
    table = _tagged(context, request)
    context.store.change(replace(table, tags={**table.tags, **tags(request)}))
    return {}


def untag_resource(context: Context, request: Request) -> Answer:
    table = _tagged(context, request)
    gone = set(parameters.texts(request, "TagKeys", 50))
    context.store.change(replace(table, tags={key: value for key, value in table.tags.items() if key not in gone}))
    return {}


def list_tags_of_resource(context: Context, request: Request) -> Answer:
    table = _tagged(context, request)
    return {"Tags": [{"Key": key, "Value": value} for key, value in table.tags.items()]}


def _tagged(context: Context, request: Request) -> Table:
    arn = parameters.text(request, "ResourceArn")
    table = context.store.table(table_name(arn)) if ":table/" in arn else None
    if table is None:
        raise DynamoDBError(
            "ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn[:200]} not found"
        )
    return table
