"""
ExecuteStatement: one PartiQL statement as the call that it stands for.

SELECT reads a partition where the WHERE clause names one, else the whole table; INSERT, UPDATE and DELETE change one item.
Batches and transactions of statements are refused by name.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

from livebus.dynamodb import parameters
from livebus.dynamodb.attribute_values import Item, Value, read_item
from livebus.dynamodb.context import Answer, Consumed, Context, read_units, write_units
from livebus.dynamodb.errors import DynamoDBError, condition_failed, invalid
from livebus.dynamodb.expressions.key_conditions import key_condition
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project
from livebus.dynamodb.expressions.syntax import And, Between, Comparison, Condition, Function, Literal, Path
from livebus.dynamodb.parameters import Request
from livebus.dynamodb.partiql_text import Expressions, Statement, malformed
from livebus.dynamodb.reading import Reading, key_range, place_of_start, read_page
from livebus.dynamodb.store import Range, Row
from livebus.dynamodb.table import Index, Key, Keys, Table
from livebus.dynamodb.writes import DELETE, PUT, UPDATE, Write, after, carry_out, check, prepared

_MOST_ITEMS = 2**31 - 1
_NO_KEYS = "Where clause does not contain a mandatory equality on all key attributes"
_CONDITION, _UPDATE, _PROJECTION = "ConditionExpression", "UpdateExpression", "ProjectionExpression"


def execute_statement(context: Context, request: Request) -> Answer:
    values = parameters.sequence(request, "Parameters", 0, 1000)
    statement = Statement.of(parameters.text(request, "Statement"), [parameters.mapping(each) for each in values])
    if statement.takes("SELECT"):
        return _select(context, statement, request)
    if statement.takes("INSERT"):
        return _insert(context, statement, request)
    if statement.takes("UPDATE"):
        return _update(context, statement, request)
    if statement.takes("DELETE"):
        return _delete(context, statement, request)
    raise malformed(statement.next.text)


# --- SELECT ---------------------------------------------------------------------------------------------------------


def _select(context: Context, statement: Statement, request: Request) -> Answer:
    made = Expressions()
    projection_text = "" if statement.takes_sign("*") else made.expression(statement, "FROM")
    statement.expect("FROM")
    table = context.table_named(statement.name())
    index = _index(table, statement.name()) if statement.takes_sign(".") else None
    condition_text = made.expression(statement, "ORDER") if statement.takes("WHERE") else ""
    keys = index.keys if index else table.keys
    is_forward = _order(statement, keys)
    statement.end()
    expressions = made.request(**{_PROJECTION: projection_text, _CONDITION: condition_text})
    placeholders = Placeholders(expressions, _PROJECTION, _CONDITION)
    projection = placeholders.projection(expressions)
    condition = placeholders.condition(expressions, _CONDITION)
    part, rest = _part(condition, keys, is_forward=is_forward)
    start = _read_token(parameters.text_or_none(request, "NextToken"))
    if start is not None:
        part = Range(
            part.partition, part.low, part.high, after=place_of_start(table, index, start), is_forward=is_forward
        )
    consistent = parameters.flag(request, "ConsistentRead")
    limit = parameters.whole(request, "Limit", 1, _MOST_ITEMS)
    reading = Reading(table, index, part, rest, projection, limit, consistent)
    items, _, last, size = read_page(context, reading)
    consumed = Consumed.of(request)
    consumed.add(table, read_units(size, consistent=consistent), index)
    answer: Answer = {"Items": items}
    if last is not None:
        answer["LastEvaluatedKey"] = last
        answer["NextToken"] = base64.b64encode(orjson.dumps(last)).decode()
    return consumed.into(answer)


def _index(table: Table, name: str) -> Index:
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    return index


def _order(statement: Statement, keys: Keys) -> bool:
    if not statement.takes("ORDER"):
        return True
    statement.expect("BY")
    name = statement.name()
    if name not in [key.name for key in keys.all]:
        raise invalid("Must have WHERE clause in the statement when using ORDER BY clause, and order by a key")
    is_forward = not statement.takes("DESC")
    statement.takes("ASC")
    return is_forward


def _part(condition: Condition | None, keys: Keys, *, is_forward: bool) -> tuple[Range, Condition | None]:
    """What to read, and the rest of the condition as a filter."""
    terms = _terms(condition)
    first = next((term for term in terms if _equals(term, keys.partition)), None)
    if first is None:
        return Range(is_forward=is_forward), condition
    second = next((term for term in terms if keys.sort and _bounds(term, keys.sort)), None)
    used = [first, second] if second is not None else [first]
    sort = (keys.sort.name, keys.sort.type) if keys.sort else None
    wanted = key_condition(And(tuple(used)), (keys.partition.name, keys.partition.type), sort)
    rest = tuple(term for term in terms if not any(term is each for each in used))
    return key_range(wanted, is_forward=is_forward), And(rest) if rest else None


def _terms(condition: Condition | None) -> list[Condition]:
    if condition is None:
        return []
    if isinstance(condition, And):
        return [term for part in condition.parts for term in _terms(part)]
    return [condition]


def _equals(term: Condition, key: Key) -> bool:
    return isinstance(term, Comparison) and term.comparator == "=" and _bounds(term, key)


def _bounds(term: Condition, key: Key) -> bool:
    """Whether a term says of a key what a reading can begin and end with."""
    path = Path((key.name,))
    match term:
        case Comparison(comparator, left, Literal(value)):
            return comparator != "<>" and left == path and key.type in value
        case Between(operand, Literal(low), Literal(high)):
            return operand == path and key.type in low and key.type in high
        case Function("begins_with", (operand, Literal(value))):
            return operand == path and key.type in value and key.type != "N"
    return False


def _read_token(token: str | None) -> Mapping[str, Any] | None:
    if token is None:
        return None
    try:
        return parameters.mapping(orjson.loads(base64.b64decode(token, validate=True)))
    except (binascii.Error, ValueError):
        raise invalid("Invalid NextToken") from None


# --- one item -------------------------------------------------------------------------------------------------------


def _insert(context: Context, statement: Statement, request: Request) -> Answer:
    statement.expect("INTO")
    table = context.table_named(statement.name())
    statement.expect("VALUE")
    value = statement.value()
    statement.end()
    if "M" not in value:
        raise malformed("VALUE")
    write = prepared(table, PUT, {"Item": value["M"]}, None, ())
    consumed = Consumed.of(request)
    with context.store.transaction():
        if context.store.get(table, write.where) is not None:
            raise DynamoDBError("DuplicateItemException", "Duplicate primary key exists in table")
        carry_out(context, write, after(write, None))
    consumed.add(table, write_units(write.size))
    return consumed.into({"Items": []})


def _update(context: Context, statement: Statement, request: Request) -> Answer:
    table = context.table_named(statement.name())
    made = Expressions()
    clauses: dict[str, list[str]] = {}
    while statement.next.is_word("SET", "REMOVE"):
        verb = statement.take().text.upper()
        clauses.setdefault(verb, []).append(made.expression(statement, "SET", "REMOVE", "WHERE"))
    update_text = " ".join(f"{verb} {', '.join(texts)}" for verb, texts in clauses.items())
    if not update_text:
        raise malformed(statement.next.text)
    return _change(context, table, UPDATE, statement, made, request=request, update_text=update_text)


def _delete(context: Context, statement: Statement, request: Request) -> Answer:
    statement.expect("FROM")
    return _change(
        context,
        context.table_named(statement.name()),
        DELETE,
        statement,
        Expressions(),
        request=request,
        update_text="",
    )


def _change(
    context: Context,
    table: Table,
    kind: str,
    statement: Statement,
    made: Expressions,
    *,
    request: Request,
    update_text: str,
) -> Answer:
    statement.expect("WHERE")
    condition_text = made.expression(statement, "RETURNING")
    wanted = _returning(statement)
    statement.end()
    expressions = made.request(**{_UPDATE: update_text, _CONDITION: condition_text})
    placeholders = Placeholders(expressions, _UPDATE, _CONDITION)
    update = placeholders.update(expressions)
    key, rest = _key(placeholders.condition(expressions, _CONDITION), table.keys)
    write = prepared(table, kind, {"Key": key}, rest, update)
    consumed = Consumed.of(request)
    with context.store.transaction():
        before = context.store.get(table, write.where)
        if before is None and (kind == UPDATE or rest is not None):
            raise condition_failed()
        check(write, before)
        result = after(write, before)
        carry_out(context, write, result)
    consumed.add(table, write_units(before.size if before else 0, result.size if result else 0))
    return consumed.into({"Items": _returned(write, wanted, before, result)})


def _key(condition: Condition | None, keys: Keys) -> tuple[Item, Condition | None]:
    """The key that a WHERE clause names, and the rest of it as a condition."""
    terms = _terms(condition)
    key: dict[str, Value] = {}
    for each in keys.all:
        term = next((term for term in terms if _equals(term, each)), None)
        if not isinstance(term, Comparison) or not isinstance(term.right, Literal):
            raise invalid(_NO_KEYS)
        key[each.name] = term.right.value
        terms = [other for other in terms if other is not term]
    return read_item(key)[0], And(tuple(terms)) if terms else None


def _returning(statement: Statement) -> str:
    """``RETURNING ALL NEW *`` and its kind, as ReturnValues has it."""
    if not statement.takes("RETURNING"):
        return ""
    which, when = statement.take(), statement.take()
    if not which.is_word("ALL", "MODIFIED") or not when.is_word("OLD", "NEW"):
        raise malformed(which.text)
    statement.expect_sign("*")
    return f"{'ALL' if which.is_word('ALL') else 'UPDATED'}_{when.text.upper()}"


def _returned(write: Write, wanted: str, before: Row | None, result: Row | None) -> list[Item]:
    row = before if wanted.endswith("OLD") else result
    if not wanted or row is None:
        return []
    paths = [action.path for action in write.update]
    return [row.item if wanted.startswith("ALL") or not paths else project(row.item, paths)]
