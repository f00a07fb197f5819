"""
Checks of what resolvers ask tables for: keys, indexes and the conditions of queries fit the table of the template.

In: an inspection. Out: faults at the place in the code or in the template. What a resolver asks for is read from its text
(:mod:`livebus.checks.requests`): a key that hangs on a variable is not judged, nor is a table that another template makes.
https://docs.aws.amazon.com/appsync/latest/devguide/js-resolver-reference-dynamodb.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.requests.asked import asked, table_of
from livebus.checks.requests.parts import Part
from livebus.errors import Fault, did_you_mean
from livebus.template.application import Table

CHECKS = Checks()

_REFERENCE = "https://docs.aws.amazon.com/appsync/latest/devguide/js-resolver-reference-dynamodb.html"
_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"

_BY_KEY = ("GetItem", "UpdateItem", "DeleteItem", "PutItem")

Judge = Callable[[Table, Part], "Fault | None"]


def _judged(inspection: Inspection, judge: Judge) -> Iterator[Fault]:
    """The faults of requests to tables of the template. Of a template in VTL each of its ways has to have the fault."""
    for each in inspection.once(asked):
        table = table_of(inspection, each.source)
        if table is None or each.source.table is None or each.source.table.versioned:
            continue
        found = [judge(table, request) for request in each.requests]
        if each.is_template and not all(found):
            continue
        yield from dict.fromkeys(fault for fault in found if fault is not None)


def _keys(schema: Mapping[str, Any]) -> list[str]:
    """The names of the partition key and, where there is one, of the sort key of a table or an index."""
    by_type = {key["KeyType"]: str(key["AttributeName"]) for key in schema["KeySchema"]}
    return [by_type[kind] for kind in ("HASH", "RANGE") if kind in by_type]


def _indexes(table: Table) -> dict[str, Mapping[str, Any]]:
    members = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    return {index["IndexName"]: index for member in members for index in table.request.get(member, ())}


# --- keys -----------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9177",
    "A resolver names the key of its table, whole and of the table's types",
    why="DynamoDB refuses the request, each time: the provided key element does not match the schema.",
    source=f"{_API}/API_GetItem.html",
)
def _keys_fit(inspection: Inspection) -> Iterator[Fault]:
    return _judged(inspection, _key_fault)


def _key_fault(table: Table, request: Part) -> Fault | None:
    operation, key = request.text_of("operation"), request.member("key")
    names = _keys(table.request)
    if operation not in _BY_KEY:
        return None
    if key is None and request.is_whole:
        found = f"{operation} has no key, and the table {table.logical_id!r} has {' and '.join(map(repr, names))}"
        return Fault(found, request.place, "key")
    if key is None or key.members is None:
        return None
    given = dict(key.members)
    if operation == "PutItem":
        # Key and values are one item: what is no key of the table is an attribute like any other.
        values = request.member("item" if request.is_helper else "attributeValues")
        is_known = values is None or (values.members is not None and values.is_whole)
        is_whole = key.is_whole and request.is_whole and is_known
        given |= (values.members or {}) if values is not None else {}
    else:
        is_whole = key.is_whole
        for name, value in key.members.items():
            if name not in names:
                found = f"the key of {operation} has {name!r}, which is no key of the table {table.logical_id!r}"
                return Fault(found, value.place, " and ".join(names), did_you_mean(name, names))
    missing = [name for name in names if name not in given] if is_whole else []
    if missing:
        found = f"the key of {operation} has no {missing[0]!r}, a key of the table {table.logical_id!r}"
        return Fault(found, key.place, " and ".join(names))
    return _wrong_type(table, request, {name: given[name] for name in names if name in given})


def _wrong_type(table: Table, request: Part, given: Mapping[str, Part]) -> Fault | None:
    if request.is_helper:
        return None  # values are plain: of which type they are shows when they come
    types = {each["AttributeName"]: each["AttributeType"] for each in table.request["AttributeDefinitions"]}
    for name, value in given.items():
        wanted = types.get(name)
        if value.type and wanted and value.type != wanted:
            found = f"the key {name!r} is written as {value.type}; in the table {table.logical_id!r} it is {wanted}"
            return Fault(found, value.place, wanted)
    return None


# --- indexes --------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9178",
    "A resolver names an index that its table has",
    why="DynamoDB refuses the request, each time: the table does not have the specified index.",
    source=f"{_API}/API_Query.html",
)
def _indexes_are_there(inspection: Inspection) -> Iterator[Fault]:
    return _judged(inspection, _index_fault)


def _index_fault(table: Table, request: Part) -> Fault | None:
    index = request.member("index")
    there = _indexes(table)
    if request.text_of("operation") not in ("Query", "Scan") or index is None or not index.text or index.text in there:
        return None
    found = f"the table {table.logical_id!r} has no index {index.text!r}"
    expected = f"one of {', '.join(there)}" if there else "no index: the table has none"
    return Fault(found, index.place, expected, did_you_mean(index.text, there))


# --- queries --------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9179",
    "A query names the partition key, and asks for no more than keys",
    why="DynamoDB refuses the query, each time: it reads one partition, and a range of sort keys in it.",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html",
)
def _queries_fit(inspection: Inspection) -> Iterator[Fault]:
    return _judged(inspection, _query_fault)


def _query_fault(table: Table, request: Part) -> Fault | None:
    query, index = request.member("query"), request.member("index")
    if request.text_of("operation") != "Query" or query is None or (index is None and not request.is_whole):
        return None
    schema: Mapping[str, Any] | None = table.request
    where = f"the table {table.logical_id!r}"
    if index is not None:
        schema, where = _indexes(table).get(index.text or ""), f"the index {index.text!r}"
    if schema is None:
        return None
    names = _keys(schema)
    reason = _plain_query(query, names) if request.is_helper else _expression(query, names)
    if not reason:
        return None
    keys = f"{names[0]} =" + (f", and {names[1]} where it is wanted" if len(names) > 1 else "")
    return Fault(f"the query of {where} is refused: {reason}", query.place, keys)


def _plain_query(query: Part, names: Sequence[str]) -> str:
    """What is wrong with the query of the helper: ``{customer: {eq: …}, placed: {lt: …}}``."""
    if query.members is None or not {"and", "or", "not"}.isdisjoint(query.members):
        return ""
    for name in query.members:
        if name not in names:
            return f"{name!r} is no key of it"
    if names[0] not in query.members:
        return f"Query condition missed key schema element: {names[0]}" if query.is_whole else ""
    conditions = query.members[names[0]]
    if conditions.members is not None and conditions.is_whole and set(conditions.members) != {"eq"}:
        return "a partition key is compared with eq, and with nothing else"
    return ""


def _expression(query: Part, keys: Sequence[str]) -> str:
    """What DynamoDB says of a key condition as it is written; nothing where a name in it is not known."""
    from livebus.dynamodb.errors import DynamoDBError
    from livebus.dynamodb.expressions.key_conditions import key_condition
    from livebus.dynamodb.expressions.lexer import ExpressionFault, tokens
    from livebus.dynamodb.expressions.placeholders import Placeholders

    text, named = query.text_of("expression"), query.member("expressionNames")
    if text is None:
        return ""
    names = {name: each.text for name, each in (named.members or {}).items()} if named is not None else {}
    try:
        used = {token.text for token in tokens(text)}
    except ExpressionFault:
        return ""
    wanted = {name for name in used if name.startswith("#")}
    if any(not names.get(name) for name in wanted):
        return ""
    # A value of each type: of which type the query's are shows when they come.
    request: dict[str, Any] = {"KeyConditionExpression": text}
    if wanted:
        request["ExpressionAttributeNames"] = {name: names[name] for name in wanted}
    values = {name: {"S": "x"} for name in used if name.startswith(":")}
    if values:
        request["ExpressionAttributeValues"] = values
    try:
        condition = Placeholders(request, "KeyConditionExpression").condition(request, "KeyConditionExpression")
        if condition is not None:
            partition, *sort = ((name, "S") for name in keys)
            key_condition(condition, partition, sort[0] if sort else None)
    except DynamoDBError as error:
        return error.message
    return ""
