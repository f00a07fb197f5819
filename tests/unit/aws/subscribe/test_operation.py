"""GraphQL subscriptions, parsed. How they are held up is in tests/integration/test_subscriber_gql.py."""

from __future__ import annotations

import pytest

from livebus.aws.subscribe.operation import SubscriptionOperation, with_names_of_their_own
from livebus.errors import InvalidOperation


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("subscription { onOrder }", "onOrder"),
        (
            "subscription S($t: String) { mine: onOrder(team: $t) { id ...More } } fragment More on Order { status }",
            "mine",
        ),
    ],
)
def test_the_field_is_the_key_of_the_data(query: str, field: str) -> None:
    """An alias stands above the field's name."""
    assert SubscriptionOperation.parse(query).field == field


def test_variables_go_along() -> None:
    """And no variables are none, not an empty object."""
    assert SubscriptionOperation.parse("subscription { a }", {"t": 1}).request.variable_values == {"t": 1}
    assert SubscriptionOperation.parse("subscription { a }").request.variable_values is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "line 1:1: Syntax Error: Unexpected <EOF>."),
        ("subscription {\n  a(\n}", "line 3:1: Syntax Error: Expected Name, found '}'."),
        ("{ a }", "the operations in it: query; expected one subscription"),
        ("fragment F on A { b }", "the operations in it: none; expected one subscription"),
        ("subscription A { a } subscription B { b }", "the operations in it: subscription, subscription; expected one"),
        ("subscription { a b }", "the subscription selects: field, field; expected one field"),
        (
            "subscription { ...F } fragment F on A { b }",
            "the subscription selects: fragment spread; expected one field",
        ),
    ],
)
def test_what_is_not_one_subscription_to_one_field_is_refused(query: str, expected: str) -> None:
    """With the line and column where the text is not GraphQL."""
    with pytest.raises(InvalidOperation) as raised:
        SubscriptionOperation.parse(query)
    assert str(raised.value)[: len(expected)] == expected


def test_each_has_a_name_of_its_own() -> None:
    """A given one, the operation's, or the field's; of several with one name the later ones are numbered."""
    texts = ["subscription { a }", "subscription S { a }", "subscription { b: a }", "subscription { a }"]
    operations = [
        *map(SubscriptionOperation.parse, texts),
        SubscriptionOperation.parse("subscription { a }", name="a(x=1)"),
    ]
    named = with_names_of_their_own([*operations, operations[0]])
    assert [each.name for each in named] == ["a", "S", "b", "a#2", "a(x=1)", "a#3"]
    assert len({id(each.request) for each in named}) == 6
