"""
TransactGetItems and TransactWriteItems: all or nothing; a client's token makes a write happen once.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from livebus.dynamodb import parameters
from livebus.dynamodb.attribute_values import read_item, wrong_shape
from livebus.dynamodb.context import Answer, Consumed, Context, read_units, write_units
from livebus.dynamodb.errors import CANCELLED, CONDITION_FAILED, DynamoDBError, constraint, invalid
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.table import check_key, place
from livebus.dynamodb.writes import CHECK, DELETE, PUT, UPDATE, Write, after, carry_out, check, prepare

MAX_ACTIONS = 100
TOKEN_SECONDS = 600.0
_MAX_BYTES = 4 * 1024 * 1024
_LONGEST_TOKEN = 36
_TWICE = "Transaction request cannot include multiple operations on one item"


def transact_get_items(context: Context, request: Request) -> Answer:
    consumed = Consumed.of(request)
    responses: list[dict[str, Any]] = []
    seen, total = set(), 0
    for given in parameters.mappings(request, "TransactItems", 1, MAX_ACTIONS):
        wanted = parameters.mapping(given.get("Get"))
        table = context.table(wanted)
        placeholders = Placeholders(wanted, "ProjectionExpression")
        projection = placeholders.projection(wanted)
        placeholders.check_all_used()
        key, _ = read_item(wanted.get("Key"))
        check_key(table.keys, key)
        where = place(table.keys, key)
        if (table.number, where) in seen:
            raise invalid(_TWICE)
        seen.add((table.number, where))
        row = context.store.get(table, where)
        total += row.size if row else 0
        if total > _MAX_BYTES:
            raise invalid("Collection size of items in transaction exceeds the maximum of 4 MB")
        consumed.add(table, 2 * read_units(row.size if row else 0, consistent=True))
        if row is None:
            responses.append({})
        else:
            responses.append({"Item": project(row.item, projection) if projection else row.item})
    return consumed.into({"Responses": responses}, several=True)


def transact_write_items(context: Context, request: Request) -> Answer:
    given = parameters.mappings(request, "TransactItems", 1, MAX_ACTIONS)
    token = parameters.text_or_none(request, "ClientRequestToken")
    if token is not None and not 1 <= len(token) <= _LONGEST_TOKEN:
        bound = "greater than or equal to 1" if not token else f"less than or equal to {_LONGEST_TOKEN}"
        raise constraint("clientRequestToken", token[:100], f"Member must have length {bound}")
    writes = [_prepared(context, each) for each in given]
    if len({(write.table.number, write.where) for write in writes}) != len(writes):
        raise invalid(_TWICE)
    if sum(write.size for write in writes) > _MAX_BYTES:
        raise invalid("Collection size of items in transaction exceeds the maximum of 4 MB")
    consumed = Consumed.of(request)
    parameters.choice(request, "ReturnItemCollectionMetrics", ("SIZE", "NONE"), "NONE")
    with context.store.transaction():
        now = context.clock()
        if token is not None and _is_done(context, token, given, now):
            return consumed.into({}, several=True)
        _carry_out_all(context, writes, consumed)
        if token is not None:
            context.store.keep_token(token, _digest(given), now)
    return consumed.into({}, several=True)


def _prepared(context: Context, given: Request) -> Write:
    kinds = [kind for kind in (CHECK, PUT, DELETE, UPDATE) if given.get(kind) is not None]
    if len(kinds) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    wanted = parameters.mapping(given[kinds[0]])
    if kinds[0] == UPDATE:
        parameters.text(wanted, "UpdateExpression")
    return prepare(context, kinds[0], wanted)


def _is_done(context: Context, token: str, given: list[Request], now: float) -> bool:
    """Whether this was done already under the same token. Raises DynamoDBError where it was something else."""
    known = context.store.token(token, now - TOKEN_SECONDS)
    if known is not None and known != _digest(given):
        raise DynamoDBError(
            "IdempotentParameterMismatchException",
            "The contents of the request for the same ClientRequestToken differ from those of the first one",
        )
    return known is not None


def _digest(given: list[Request]) -> bytes:
    try:
        text = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise wrong_shape() from None
    return hashlib.sha256(text).digest()


def _carry_out_all(context: Context, writes: list[Write], consumed: Consumed) -> None:
    reasons: list[dict[str, Any]] = []
    results = []
    for write in writes:
        before = context.store.get(write.table, write.where)
        try:
            check(write, before)
            result = after(write, before)
        except DynamoDBError as error:
            reasons.append(_reason(error))
            continue
        reasons.append({"Code": "None"})
        results.append((write, result))
        consumed.add(write.table, 2 * write_units(before.size if before else 0, result.size if result else 0))
    if len(results) != len(writes):
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise DynamoDBError(
            CANCELLED,
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            {"CancellationReasons": reasons},
        )
    for write, result in results:
        carry_out(context, write, result)


def _reason(error: DynamoDBError) -> dict[str, Any]:
    code = "ConditionalCheckFailed" if error.code == CONDITION_FAILED else "ValidationError"
    return {"Code": code, "Message": error.message, **error.members}
