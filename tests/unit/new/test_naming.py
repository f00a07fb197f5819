"""The names of a new application."""

from __future__ import annotations

import pytest

from livebus.errors import LivebusError
from livebus.new.naming import Naming, read_naming, stack_name_of


def test_without_names_they_are_the_samples() -> None:
    naming = read_naming("", [], "", "")
    assert naming == Naming("", "sample.source", "livebus", ())
    assert (naming.mutation, naming.operation, naming.subscription) == (
        "publishMsgFromEB",
        "PublishMsgFromEB",
        "onPublishMsgFromEb",
    )


def test_one_name_makes_the_others() -> None:
    naming = read_naming("orderPlaced", ["orderId:ID!"], "my.shop", "shop")
    assert (naming.type, naming.mutation, naming.operation, naming.subscription, naming.test_name) == (
        "OrderPlaced",
        "publishOrderPlaced",
        "PublishOrderPlaced",
        "onOrderPlaced",
        "order_placed",
    )


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(LivebusError) as raised:
        read_naming("Query", ["a", "b:ID", "b:ID"], "aws.x", "1")
    assert [str(fault) for fault in raised.value.faults] == [
        "--event: 'Query' is a type already; expected a name of your own, such as OrderPlaced",
        "--field: 'a' has no type; expected NAME:TYPE, such as orderId:ID!",
        "--field: there are two fields 'b'",
        "--source: 'aws.x' is not yours; expected one that does not begin with aws., which is for AWS's own events",
        "--stack-name: '1' can be no stack's name; expected a letter, then letters, digits and -, 128 at the most",
    ]


@pytest.mark.parametrize(
    ("folder", "expected"), [("my shop", "my-shop"), ("shop_2", "shop-2"), ("2shop", ""), ("", "")]
)
def test_a_folder_names_the_stack(folder: str, expected: str) -> None:
    """Where its name makes one."""
    assert stack_name_of(folder) == expected
