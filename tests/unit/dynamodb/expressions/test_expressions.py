"""Expressions: what they say, and what is wrong with them, in DynamoDB's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livebus.dynamodb.errors import DynamoDBError
from livebus.dynamodb.expressions.conditions import holds
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project
from livebus.dynamodb.expressions.updates import updated

ITEM: dict[str, Any] = {
    "n": {"N": "5"},
    "s": {"S": "hello"},
    "l": {"L": [{"N": "1"}, {"S": "a"}]},
    "m": {"M": {"k": {"M": {"z": {"N": "9"}}}}},
    "ss": {"SS": ["a", "b"]},
}


def bound(member: str, text: str, names: dict[str, str] | None = None, values: dict[str, Any] | None = None) -> Any:
    request: dict[str, Any] = {member: text}
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values
    placeholders = Placeholders(request, member)
    match member:
        case "UpdateExpression":
            made: Any = placeholders.update(request)
        case "ProjectionExpression":
            made = placeholders.projection(request)
        case _:
            made = placeholders.condition(request, member)
    placeholders.check_all_used()
    return made


def values(**given: str) -> dict[str, Any]:
    return {f":{name}": {"N": value} if value.isdecimal() else {"S": value} for name, value in given.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n = :five", True),
        (":five = n", True),
        ("n <> :four AND NOT n < :four", True),
        ("s = :four", False),
        ("size(s) = :five", True),
        ("size(m) < :five and size(n) < :five", False),
        ("attribute_exists(m.k.z) AND attribute_not_exists(m.k.y)", True),
        ("attribute_exists(l[1]) AND attribute_not_exists(l[2])", True),
        ("begins_with(s, s2)", False),
        ("contains(l, :five) OR contains(s, s)", None),
        ("(((n = :five) OR n = :four) AND n = :five) OR n = :four", True),
        ("n IN (:four, n2, :five)", True),
        ("n BETWEEN :four AND :five", True),
    ],
)
def test_conditions(text: str, expected: bool | None) -> None:
    """Whether they hold of one item; None for one that is refused."""
    given = {name: value for name, value in values(four="4", five="5").items() if name in text}
    if expected is None:
        with pytest.raises(DynamoDBError, match="The first operand must be distinct"):
            bound("ConditionExpression", text, values=given)
    else:
        assert holds(bound("ConditionExpression", text, values=given), ITEM) is expected


BYTES = {"b": {"B": "AQID"}, "s": {"S": "hello"}, "bs": {"BS": ["AQ=="]}, "n": {"N": "5"}}  # b is 1, 2, 3


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("begins_with(s, :v)", {"S": "he"}, True),
        ("begins_with(s, :v)", {"S": "lo"}, False),
        ("begins_with(b, :v)", {"B": "AQI="}, True),
        ("begins_with(b, :v)", {"B": "AgM="}, False),
        ("begins_with(b, :v)", {"S": "AQID"}, False),
        ("begins_with(n, :v)", {"S": "5"}, False),
        ("contains(b, :v)", {"B": "AgM="}, True),
        ("contains(b, :v)", {"B": "Ag=="}, True),
        ("contains(b, :v)", {"B": "BA=="}, False),
        ("contains(bs, :v)", {"B": "AQ=="}, True),
        ("contains(s, :v)", {"S": "ell"}, True),
        ("contains(s, :v)", {"B": "AQID"}, False),
        ("b < :v", {"B": "AgA="}, True),
        ("b > :v", {"B": "AQIC/w=="}, True),
        ("b >= :v", {"B": "AQID"}, True),
        ("b < :v", {"S": "zzz"}, False),
    ],
)
def test_texts_and_binaries_are_each_their_own(text: str, value: dict[str, Any], expected: bool) -> None:
    """Compared by their bytes, and with their own kind only."""
    assert holds(bound("ConditionExpression", text, values={":v": value}), BYTES) is expected


@pytest.mark.parametrize(
    ("text", "value", "name", "expected"),
    [
        ("SET n = if_not_exists(n, :v)", {"N": "1"}, "n", {"N": "5"}),
        ("SET x = if_not_exists(x, :v)", {"N": "1"}, "x", {"N": "1"}),
        ("SET x = if_not_exists(m.k.z, :v)", {"N": "1"}, "x", {"N": "9"}),
        ("SET n = if_not_exists(x, n) + :v", {"N": "1"}, "n", {"N": "6"}),
        ("SET l = list_append(l, :v)", {"L": [{"N": "2"}]}, "l", {"L": [{"N": "1"}, {"S": "a"}, {"N": "2"}]}),
        ("SET l = list_append(:v, l)", {"L": [{"N": "2"}]}, "l", {"L": [{"N": "2"}, {"N": "1"}, {"S": "a"}]}),
        ("ADD n :v", {"N": "3"}, "n", {"N": "8"}),
        ("ADD x :v", {"N": "3"}, "x", {"N": "3"}),
        ("ADD ss :v", {"SS": ["c", "a"]}, "ss", {"SS": ["a", "b", "c"]}),
        ("DELETE ss :v", {"SS": ["a", "z"]}, "ss", {"SS": ["b"]}),
        ("DELETE ss :v", {"SS": ["a", "b"]}, "ss", None),
        ("DELETE x :v", {"SS": ["a"]}, "x", None),
        ("REMOVE l[0] SET s = :v", {"S": "t"}, "l", {"L": [{"S": "a"}]}),
        ("REMOVE m.k.z SET s = :v", {"S": "t"}, "m", {"M": {"k": {"M": {}}}}),
    ],
)
def test_what_an_update_makes(text: str, value: dict[str, Any], name: str, expected: Any) -> None:
    """Of what the item has before it; a set that has lost all of its members is gone."""
    after = updated(ITEM, bound("UpdateExpression", text, values={":v": value}))
    assert after.get(name) == expected
    assert {key for key in ITEM if after.get(key) != ITEM[key]} <= {name, "s"}


REFUSED: list[tuple[str, str, str]] = [
    ("ConditionExpression", "", "The expression can not be empty;"),
    ("ConditionExpression", "a = ", 'Syntax error; token: "<EOF>", near: "="'),
    ("ConditionExpression", "a == :n", 'Syntax error; token: "=", near: "== :n"'),
    ("ConditionExpression", "a & b", 'Syntax error; token: "&", near: "a &"'),
    ("ConditionExpression", "((a = :n))", "The expression has redundant parentheses;"),
    ("ConditionExpression", "exists(a)", "Invalid function name; function: exists"),
    ("ConditionExpression", "attribute_exists(:n)", "Operator or function requires a document path"),
    ("ConditionExpression", "attribute_exists(a, b)", "Incorrect number of operands for operator or function"),
    ("ConditionExpression", "begins_with(a, :n)", "Incorrect operand type for operator or function"),
    ("ConditionExpression", "attribute_type(a, :t)", "Invalid attribute type name found; type: X"),
    ("ConditionExpression", "a < :l", "operator or function: <, operand type: L"),
    ("ConditionExpression", "a = attribute_exists(b)", "not allowed to be used this way"),
    ("ConditionExpression", "a.b[x] = :n", 'Syntax error; token: "x"'),
    ("ConditionExpression", "a[99999999999] = :n", "List index is not within the allowable range"),
    ("ConditionExpression", "#a = :n", "attribute name used in the document path is not defined; attribute name: #a"),
    ("ConditionExpression", "status = :n", "reserved keyword: status"),
    ("ConditionExpression", f"a = :n{' ' * 5000}", "Expression size has exceeded the maximum allowed size"),
    ("ConditionExpression", "(" * 2000, "nested too deeply"),
    ("ConditionExpression", "NOT " * 1000 + "a = :n", "nested too deeply"),
    ("UpdateExpression", "PUT a = :n", 'Syntax error; token: "PUT"'),
    ("UpdateExpression", "SET a = :n SET b = :n", 'The "SET" section can only be used once'),
    ("UpdateExpression", "SET a = :n, a.b = :n", "Two document paths overlap with each other"),
    ("UpdateExpression", "SET a.b = :n, a[1] = :n", "Two document paths conflict with each other"),
    ("UpdateExpression", "ADD a :t", "operator: ADD, operand type: STRING, typeset: ALLOWED_FOR_ADD_OPERAND"),
    ("UpdateExpression", "DELETE a :n", "operator: DELETE, operand type: NUMBER"),
    ("UpdateExpression", "SET a = b + :t", "operator or function: +, operand type: S"),
    ("UpdateExpression", "SET a = list_append(a, :n)", "operator or function: list_append, operand type: N"),
    ("UpdateExpression", "SET a = if_not_exists(:n, :n)", "requires a document path"),
    ("UpdateExpression", f"SET a = {'(' * 500}", "nested too deeply"),
    ("ProjectionExpression", "a, a.b", "Two document paths overlap with each other"),
    ("ProjectionExpression", "a,,b", 'Syntax error; token: ","'),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0][:3]} {case[1][:30]}")
def test_expressions_that_are_refused(case: tuple[str, str, str]) -> None:
    """Each message begins with the parameter and says what is wrong."""
    member, text, words = case
    given = {":n": {"N": "1"}, ":t": {"S": "X"}, ":l": {"L": []}}
    with pytest.raises(DynamoDBError) as raised:
        bound(member, text, values={name: value for name, value in given.items() if name in text})
    assert raised.value.code == "ValidationException"
    assert raised.value.message.startswith(f"Invalid {member}: ")
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ExpressionAttributeNames": {}}, "ExpressionAttributeNames must not be empty"),
        ({"ExpressionAttributeValues": {}}, "ExpressionAttributeValues must not be empty"),
        ({"ExpressionAttributeNames": {"a": "b"}}, 'invalid key: Syntax error; key: "a"'),
        ({"ExpressionAttributeNames": {"#a": "b"}}, "ExpressionAttributeNames unused in expressions: keys: {#a}"),
        ({"ExpressionAttributeValues": {":a": {"N": "x"}}}, "cannot be converted to a numeric value: x for key :a"),
    ],
)
def test_names_and_values_that_are_refused(given: dict[str, Any], words: str) -> None:
    """Maps that are empty, keys without their sign, what no expression uses."""
    request = {"ConditionExpression": "attribute_exists(a)", **given}
    with pytest.raises(DynamoDBError) as raised:
        Placeholders(request, "ConditionExpression").check_all_used()
    assert words in raised.value.message


def test_names_need_an_expression() -> None:
    """Aliases in a request without expressions are refused."""
    with pytest.raises(DynamoDBError, match="can only be specified when using expressions"):
        Placeholders({"ExpressionAttributeNames": {"#a": "b"}}, "ConditionExpression")


def test_updates_read_the_item_as_it_was() -> None:
    """Two attributes change places; elements behind the end come in the order of their numbers; the item stays."""
    before = {"a": {"N": "1"}, "b": {"N": "2"}, "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}}
    update = bound("UpdateExpression", "SET a = b, b = a, l[9] = a, l[7] = b REMOVE l[0], l[1]")
    assert updated(before, update) == {
        "a": {"N": "2"},
        "b": {"N": "1"},
        "l": {"L": [{"N": "2"}, {"N": "2"}, {"N": "1"}]},
    }
    assert before["a"] == {"N": "1"}
    assert len(before["l"]["L"]) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SET a = nope", "refers to an attribute that does not exist in the item"),
        ("SET nope.x = n", "The document path provided in the update expression is invalid for update"),
        ("REMOVE nope.x", "The document path provided in the update expression is invalid for update"),
        ("SET a = n + s", "An operand in the update expression has an incorrect data type"),
        ("SET a = list_append(l, s)", "An operand in the update expression has an incorrect data type"),
    ],
)
def test_updates_that_an_item_does_not_allow(text: str, words: str) -> None:
    """Paths that lead nowhere, operands of another type."""
    with pytest.raises(DynamoDBError, match=words):
        updated(ITEM, bound("UpdateExpression", text))


def test_removing_what_is_not_there_is_no_error() -> None:
    """Attributes and elements behind the end."""
    assert updated(ITEM, bound("UpdateExpression", "REMOVE nope, l[7]")) == ITEM


def test_projections_keep_the_places_of_parts() -> None:
    """Members of maps and elements of lists; elements move up; what is not there is left out."""
    paths = bound("ProjectionExpression", "m.k.z, l[1], nope, s.x, #n", {"#n": "n"})
    assert project(ITEM, paths) == {
        "m": {"M": {"k": {"M": {"z": {"N": "9"}}}}},
        "l": {"L": [{"S": "a"}]},
        "n": {"N": "5"},
    }


TOKENS = st.sampled_from(
    [
        "a",
        "b",
        "n",
        "s",
        "l",
        "m",
        "#n",
        ":v",
        ":w",
        ".",
        ",",
        "(",
        ")",
        "[",
        "0",
        "1",
        "]",
        "=",
        "<>",
        "<",
        "<=",
        "+",
        "-",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "size",
        "begins_with",
        "contains",
        "attribute_exists",
        "attribute_type",
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "if_not_exists",
        "list_append",
    ]
)
TEXTS = st.lists(TOKENS, max_size=14).map(" ".join) | st.text(max_size=30)


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(["ConditionExpression", "UpdateExpression", "ProjectionExpression"]))
@example("SET l[1] = l[0] + n, l[5] = :v REMOVE m.k", "UpdateExpression")
def test_any_text_is_read_or_refused(text: str, member: str) -> None:
    """And what is read can be carried out or is refused too; nothing but DynamoDBError comes out."""
    given = {":v": {"N": "1"}, ":w": {"L": [{"S": "x"}]}}
    request = {member: text, "ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": given}
    try:
        placeholders = Placeholders(request, member)
        if member == "UpdateExpression":
            updated(ITEM, placeholders.update(request))
        elif member == "ProjectionExpression":
            project(ITEM, placeholders.projection(request))
        else:
            condition = placeholders.condition(request, member)
            assert condition is not None
            assert holds(condition, ITEM) in (True, False)
    except DynamoDBError:
        pass
