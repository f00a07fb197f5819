"""
Reads what CreateTable and UpdateTable ask for, and refuses what DynamoDB refuses.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from livebus.dynamodb import parameters
from livebus.dynamodb.context import table_name
from livebus.dynamodb.errors import constraint, invalid, invalid_values, no_table, not_emulated
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.table import ALL, INCLUDE, KEYS_ONLY, Index, Key, Keys, Table

_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_SHORTEST_NAME, _LONGEST_NAME = 3, 255
_MOST_GLOBAL, _MOST_LOCAL, _MOST_ATTRIBUTES = 20, 5, 100
_HASH, _RANGE = "HASH", "RANGE"
_VIEWS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
_MOST_UNITS = 2**53
# Taken, kept and told; nothing here does anything with them.
_SETTINGS = ("SSESpecification", "OnDemandThroughput", "WarmThroughput", "ResourcePolicy")


def new_table(request: Request, *, number: int, arn: str, now: float) -> Table:
    """The table that a CreateTable asks for. Raises DynamoDBError."""
    name = new_name(parameters.text(request, "TableName"))
    types = _attribute_types(request)
    keys = _keys(parameters.mappings(request, "KeySchema", 1, 2), types)
    on_demand = _is_on_demand(request, default=False)
    local = parameters.mappings(request, "LocalSecondaryIndexes", 0, _MOST_LOCAL + 1)
    other = parameters.mappings(request, "GlobalSecondaryIndexes", 0, _MOST_GLOBAL + 1)
    indexes = [_index(each, types, place, is_global=False, on_demand=on_demand) for place, each in enumerate(local, 1)]
    for place, each in enumerate(other, len(local) + 1):
        indexes.append(_index(each, types, place, is_global=True, on_demand=on_demand))
    check_indexes(keys, indexes)
    _check_used(types, [keys, *(index.keys for index in indexes)])
    return Table(
        name=name,
        number=number,
        arn=arn,
        created=now,
        keys=keys,
        indexes=tuple(indexes),
        is_on_demand=on_demand,
        throughput=_throughput(request, on_demand=on_demand, what="the table"),
        stream_view=stream_view(parameters.mapping_or_none(request, "StreamSpecification")),
        is_protected=parameters.flag(request, "DeletionProtectionEnabled"),
        table_class=parameters.choice(request, "TableClass", ("STANDARD", "STANDARD_INFREQUENT_ACCESS"), ""),
        tags=tags(request),
        settings={member: request[member] for member in _SETTINGS if request.get(member) is not None},
    )


def new_name(given: str) -> str:
    """The name of a table that is to be. Raises DynamoDBError."""
    return _sized_name("tableName", table_name(given))


def _sized_name(member: str, name: str) -> str:
    """Names of tables and of indexes have 3 to 255 characters."""
    if not _NAME.fullmatch(name):
        pattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        raise constraint(member, name[:_LONGEST_NAME], pattern)
    if len(name) < _SHORTEST_NAME:
        raise constraint(member, name, f"Member must have length greater than or equal to {_SHORTEST_NAME}")
    if len(name) > _LONGEST_NAME:
        raise constraint(member, name[:100], f"Member must have length less than or equal to {_LONGEST_NAME}")
    return name


def tags(request: Request) -> dict[str, str]:
    pairs = parameters.mappings(request, "Tags", 0, 50)
    return {parameters.text(pair, "Key"): parameters.text(pair, "Value") for pair in pairs}


def stream_view(given: Request | None) -> str:
    """What a stream shows; empty where there is none."""
    if given is None or not parameters.flag(given, "StreamEnabled"):
        return ""
    view = parameters.choice(given, "StreamViewType", _VIEWS, "")
    if not view:
        raise invalid_values("StreamViewType is required when StreamEnabled is true")
    return view


# --- keys -----------------------------------------------------------------------------------------------------------


def _attribute_types(request: Request) -> dict[str, str]:
    types: dict[str, str] = {}
    for each in parameters.mappings(request, "AttributeDefinitions", 0, 100):
        kind = parameters.choice(each, "AttributeType", ("B", "N", "S"), "")
        if not kind:
            parameters.text(each, "AttributeType")
        types[parameters.text(each, "AttributeName")] = kind
    return types


def _keys(schema: list[Request], types: dict[str, str]) -> Keys:
    found: list[Key] = []
    for place, each in enumerate(schema):
        name = parameters.text(each, "AttributeName")
        kind = parameters.choice(each, "KeyType", (_HASH, _RANGE), "")
        if kind != (_HASH, _RANGE)[place]:
            which = "first" if place == 0 else "second"
            raise invalid(f"Invalid KeySchema: The {which} KeySchemaElement is not a {(_HASH, _RANGE)[place]} key type")
        if name not in types:
            raise invalid_values(
                f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{name}],"
                f" AttributeDefinitions: [{', '.join(types)}]"
            )
        if any(key.name == name for key in found):
            raise invalid(
                "Invalid KeySchema: Both the Hash Key and the Range Key element in the KeySchema have the same name"
            )
        found.append(Key(name, types[name]))
    return Keys(*found)


def _check_used(types: dict[str, str], all_keys: Iterable[Keys]) -> None:
    used = {key.name for keys in all_keys for key in keys.all}
    unused = [name for name in types if name not in used]
    if unused:
        raise invalid_values(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in"
            f" AttributeDefinitions; not the key of anything: {', '.join(unused)}"
        )


def check_indexes(keys: Keys, indexes: list[Index]) -> None:
    """Raises DynamoDBError for names that are there twice, and for local indexes that are of no use."""
    names = [index.name for index in indexes]
    for name in names:
        if names.count(name) > 1:
            raise invalid_values(f"Duplicate index name: {name}")
    local = [index for index in indexes if not index.is_global]
    if len(local) > _MOST_LOCAL:
        raise invalid_values(f"Number of LocalSecondaryIndexes exceeds per-table limit of {_MOST_LOCAL}")
    if len(indexes) - len(local) > _MOST_GLOBAL:
        raise invalid_values(f"GlobalSecondaryIndex count exceeds the per-table limit of {_MOST_GLOBAL}")
    for index in local:
        if keys.sort is None:
            raise invalid_values(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
            )
        if index.keys.sort is None:
            raise invalid_values(f"Index KeySchema does not have a range key for index: {index.name}")
        if index.keys.partition != keys.partition:
            raise invalid_values(
                f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {index.name}."
                f" index hash key: {index.keys.partition.name}, table hash key: {keys.partition.name}"
            )


def _index(given: Request, types: dict[str, str], number: int, *, is_global: bool, on_demand: bool) -> Index:
    name = _sized_name("indexName", parameters.text(given, "IndexName"))
    projection = parameters.mapping(given.get("Projection") or {})
    kind = parameters.choice(projection, "ProjectionType", (ALL, KEYS_ONLY, INCLUDE), "")
    attributes = parameters.texts(projection, "NonKeyAttributes", _MOST_ATTRIBUTES)
    if not kind:
        raise invalid_values("Unknown ProjectionType: null")
    if attributes and kind != INCLUDE:
        raise invalid_values(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    if not attributes and kind == INCLUDE:
        raise invalid_values(f"ProjectionType is {kind}, but NonKeyAttributes is not specified")
    keys = _keys(parameters.mappings(given, "KeySchema", 1, 2), types)
    throughput = _throughput(given, on_demand=on_demand, what=f"index: {name}") if is_global else (0, 0)
    return Index(name, number, keys, is_global, kind, tuple(attributes), throughput)


# --- capacity -------------------------------------------------------------------------------------------------------


def _is_on_demand(request: Request, *, default: bool) -> bool:
    mode = parameters.choice(request, "BillingMode", ("PROVISIONED", "PAY_PER_REQUEST"), "")
    return mode == "PAY_PER_REQUEST" if mode else default


def _throughput(given: Request, *, on_demand: bool, what: str) -> tuple[int, int]:
    throughput = parameters.mapping_or_none(given, "ProvisionedThroughput")
    if on_demand:
        if throughput and any(throughput.get(unit) for unit in ("ReadCapacityUnits", "WriteCapacityUnits")):
            raise invalid_values(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return 0, 0
    if throughput is None:
        raise invalid_values(f"No provisioned throughput specified for {what}")
    read = parameters.whole(throughput, "ReadCapacityUnits", 1, _MOST_UNITS)
    write = parameters.whole(throughput, "WriteCapacityUnits", 1, _MOST_UNITS)
    if read is None or write is None:
        raise invalid_values(f"No provisioned throughput specified for {what}")
    return read, write


# --- changes --------------------------------------------------------------------------------------------------------


def changed_table(table: Table, request: Request) -> Table:
    """What an UpdateTable makes of a table. Raises DynamoDBError."""
    on_demand = _is_on_demand(request, default=table.is_on_demand)
    changes: dict[str, Any] = {}
    if on_demand != table.is_on_demand or request.get("ProvisionedThroughput") is not None:
        changes |= {
            "is_on_demand": on_demand,
            "throughput": _throughput(request, on_demand=on_demand, what="the table"),
        }
    given = parameters.mapping_or_none(request, "StreamSpecification")
    if given is not None:
        changes["stream_view"] = _changed_stream(table, given)
    if request.get("DeletionProtectionEnabled") is not None:
        changes["is_protected"] = parameters.flag(request, "DeletionProtectionEnabled")
    if request.get("TableClass") is not None:
        changes["table_class"] = parameters.choice(
            request, "TableClass", ("STANDARD", "STANDARD_INFREQUENT_ACCESS"), ""
        )
    settings = {member: request[member] for member in _SETTINGS if request.get(member) is not None}
    if settings:
        changes["settings"] = {**table.settings, **settings}
    updates = parameters.mappings(request, "GlobalSecondaryIndexUpdates", 0, 100)
    if updates:
        changes["indexes"] = _changed_indexes(table, request, updates, on_demand=on_demand)
    if parameters.sequence(request, "ReplicaUpdates", 0, 100):
        raise not_emulated("ReplicaUpdates")
    if not changes:
        raise invalid(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or"
            " SSESpecification or ReplicaUpdates is required"
        )
    return replace(table, **changes)


def _changed_stream(table: Table, given: Request) -> str:
    wants = parameters.flag(given, "StreamEnabled")
    if wants and table.stream_view:
        raise invalid_values(f"Table already has an enabled stream: TableName: {table.name}")
    if not wants and not table.stream_view:
        raise invalid_values(f"Table has no stream to disable: TableName: {table.name}")
    return stream_view(given)


def _changed_indexes(table: Table, request: Request, updates: list[Request], *, on_demand: bool) -> tuple[Index, ...]:
    indexes = {index.name: index for index in table.indexes}
    types = {key.name: key.type for keys in (table.keys, *(each.keys for each in table.indexes)) for key in keys.all}
    types |= _attribute_types(request)
    number = max([0, *(index.number for index in table.indexes)])
    for update in updates:
        if update.get("Create") is not None:
            number += 1
            created = parameters.mapping(update["Create"])
            index = _index(created, types, number, is_global=True, on_demand=on_demand)
            if index.name in indexes:
                raise invalid(f"Attempting to create an index which already exists: {index.name}")
            indexes[index.name] = index
            continue
        member = "Delete" if update.get("Delete") is not None else "Update"
        wanted = parameters.mapping(update.get(member))
        name = parameters.text(wanted, "IndexName")
        found = indexes.get(name)
        if found is None or not found.is_global:
            raise no_table(f": Index: {name} not found")
        if member == "Delete":
            del indexes[name]
        else:
            throughput = _throughput(wanted, on_demand=on_demand, what=f"index: {name}")
            indexes[name] = replace(found, throughput=throughput)
    check_indexes(table.keys, list(indexes.values()))
    return tuple(indexes.values())
