"""What of a stack is meant: by its Outputs, else by its resources."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.errors import LivebusError, Unnamed, Unreachable
from livebus.stack.resources import (
    API,
    BUS,
    CLIENT,
    QUEUE,
    RULE,
    StackResource,
    find_bus,
    find_queue,
    of_type,
    own_name,
    resources_of_all,
)

SHOP = [
    StackResource("Shop", BUS, "shop"),
    StackResource("Dead", QUEUE, "http://127.0.0.1:1/1/dead"),
    StackResource("Later", QUEUE, "http://127.0.0.1:1/1/later"),
    StackResource("WebClient", CLIENT, "web"),
    StackResource("Api", API, "arn:aws:appsync:us-east-1:1:apis/a"),
    StackResource("Pending", BUS, ""),
]


def never() -> Any:
    raise AssertionError("CloudFormation is asked although the Outputs tell")


def test_resources_of_a_type_come_by_logical_id() -> None:
    """One that CloudFormation has not made yet has no id, and is left out."""
    assert of_type(SHOP, BUS) == {"Shop": "shop"}
    assert of_type(SHOP, CLIENT) == {"WebClient": "web"}


@pytest.mark.parametrize(
    ("outputs", "resources", "expected"),
    [
        ({"EventBusName": "told"}, None, "told"),
        ({"Other": "x"}, SHOP, "shop"),
        ({}, [StackResource("Rule", RULE, "theirs|mine"), StackResource("Two", RULE, "theirs|two")], "theirs"),
        ({}, [StackResource("Rule", RULE, "mine")], "default"),
        ({}, [StackResource("Rule", RULE, "theirs|mine"), *SHOP], "shop"),
    ],
)
def test_the_bus_is_found(outputs: dict[str, str], resources: list[StackResource] | None, expected: str) -> None:
    """By its Output, else the stack's own bus, else the one that its rules are on."""
    assert find_bus(outputs, never if resources is None else lambda: resources, "the stack") == expected


def test_several_buses_are_listed_and_none_is_told() -> None:
    """With the flag that names one."""
    two = [StackResource("A", BUS, "a"), StackResource("B", BUS, "b")]
    with pytest.raises(LivebusError, match=r"^the stack has 2 event buses; expected --bus with a or b$"):
        find_bus({}, lambda: two, "the stack")
    with pytest.raises(Unreachable) as refused:
        find_bus({"Name": "x"}, lambda: [StackResource("Role", "AWS::IAM::Role", "r")], "the stack")
    assert str(refused.value) == (
        "the stack has neither an output 'EventBusName' nor an event bus nor a rule; expected one among Name, Role. "
        "Name the bus with --bus."
    )


@pytest.mark.parametrize("wanted", ["Dead", "dead"])
def test_a_queue_is_found_by_its_resource(wanted: str) -> None:
    """By its logical id or its name, where no Output holds it."""
    assert find_queue({}, lambda: SHOP, wanted, "the stack") == "http://127.0.0.1:1/1/dead"
    assert find_queue({"LaterQueueUrl": SHOP[2].physical_id}, lambda: SHOP, wanted, "it") == "http://127.0.0.1:1/1/dead"


def test_the_only_queue_needs_no_name() -> None:
    """Of several one has to be named."""
    assert find_queue({}, lambda: SHOP[:2], "", "the stack") == "http://127.0.0.1:1/1/dead"
    with pytest.raises(Unreachable, match=r"several queues; expected one to choose of Dead \(dead\), Later \(later\)"):
        find_queue({}, lambda: SHOP, "", "the stack")


OUTPUTS = {"DeadLetterQueueUrl": "u/1/dead", "OtherQueueUrl": "u/1/other", "Name": "x"}


@pytest.mark.parametrize(
    ("outputs", "wanted", "url"),
    [
        (OUTPUTS, "", "u/1/dead"),
        (OUTPUTS, "OtherQueueUrl", "u/1/other"),
        (OUTPUTS, "other", "u/1/other"),
        ({"OrdersQueueUrl": "u/1/orders"}, "", "u/1/orders"),
    ],
)
def test_the_queue_is_found_among_the_outputs(outputs: dict[str, str], wanted: str, url: str) -> None:
    assert find_queue(outputs, list, wanted, "the stack") == url


@pytest.mark.parametrize(
    ("outputs", "wanted", "message"),
    [
        ({}, "", "the stack has no output DeadLetterQueueUrl. Add it to the template's Outputs, or pass --queue-url."),
        (
            OUTPUTS,
            "none",
            "no queue 'none' among its outputs and resources; expected one of DeadLetterQueueUrl (dead), OtherQueueUrl",
        ),
        ({"AQueueUrl": "u/a", "BQueueUrl": "u/b"}, "", "several queues; expected one to choose of AQueueUrl (a), BQ"),
    ],
)
def test_a_queue_that_is_not_there_is_told(outputs: dict[str, str], wanted: str, message: str) -> None:
    with pytest.raises(Unreachable) as refused:
        find_queue(outputs, list, wanted, "the stack")
    assert message in str(refused.value)


@pytest.mark.parametrize("wanted", ["", "Dead"])
@pytest.mark.parametrize(
    ("dead_letters", "message"),
    [
        (
            None,
            (
                "it has no queue. A queue that a target's DeadLetterConfig names keeps it. Another stack's is named with "
                "--queue-url."
            ),
        ),
        (
            set(),
            (
                "it has no queue, and its rules send dead letters nowhere: what they cannot deliver is lost. A queue that a "
                "target's DeadLetterConfig names keeps it. Another stack's is named with --queue-url."
            ),
        ),
        (
            {"two", "one"},
            (
                "it has no queue; its rules send dead letters to another stack's: one, two. Name it with --queue-url, or its "
                "stack with --stack-name."
            ),
        ),
    ],
)
def test_a_stack_without_any_queue_says_where_dead_letters_go(
    dead_letters: set[str] | None, message: str, wanted: str
) -> None:
    """To another stack's queue, or nowhere; an Output would be of no help."""
    with pytest.raises(Unreachable) as refused:
        find_queue({"Name": "x"}, lambda: SHOP[:1], wanted, "it", lambda: dead_letters)
    assert str(refused.value) == message


def test_a_queue_that_takes_dead_letters_comes_before_one_that_is_a_target() -> None:
    """Rules tell which of several queues takes what they could not deliver; they are not asked where one is named."""
    assert find_queue({}, lambda: SHOP, "", "it", lambda: {"dead"}) == "http://127.0.0.1:1/1/dead"
    outputs = {"OneQueueUrl": "u/1/one", "TwoQueueUrl": "u/1/two"}
    assert find_queue(outputs, never, "", "it", lambda: {"two", "elsewhere"}) == "u/1/two"
    assert find_queue({}, lambda: SHOP, "Later", "it", never) == "http://127.0.0.1:1/1/later"
    assert find_queue({}, lambda: SHOP[:2], "", "it", lambda: {"dead"}) == "http://127.0.0.1:1/1/dead"
    for names in (set(), {"dead", "later"}):
        with pytest.raises(Unreachable, match="several queues; expected one to choose of Dead"):
            find_queue({}, lambda: SHOP, "", "the stack", lambda names=names: names)


def test_the_only_queue_is_not_taken_where_it_is_there_for_something_else() -> None:
    """Somebody's work is no dead letter: it is named, or nothing is done with it. Where nobody tells, it is the only one."""
    assert find_queue({}, lambda: SHOP[:2], "", "it", lambda: None) == "http://127.0.0.1:1/1/dead"
    for outputs, resources, shown in (({}, SHOP[:2], "Dead (dead)"), ({"AQueueUrl": "u/a"}, [], "AQueueUrl (a)")):
        with pytest.raises(Unnamed) as refused:
            find_queue(outputs, lambda resources=resources: resources, "", "it", set)
        assert str(refused.value) == (
            f"it has one queue, {shown}, and none of its rules sends dead letters there; expected the queue of a rule's "
            "DeadLetterConfig. Name it with --queue where it is meant, or another stack's with --queue-url."
        )
    assert find_queue({}, lambda: SHOP[:2], "Dead", "it", never) == "http://127.0.0.1:1/1/dead"


def test_the_resources_of_several_stacks_are_as_ones() -> None:
    """By their own names, and by the stack's before it where two have one."""
    stacks = {
        "Bus": [StackResource("Events", BUS, "orders"), StackResource("Letters", QUEUE, "a")],
        "Api": [StackResource("Letters", QUEUE, "b")],
    }
    found = resources_of_all(stacks)

    assert [each.logical_id for each in found] == ["Events", "Bus:Letters", "Api:Letters"]
    assert [own_name(each.logical_id) for each in found] == ["Events", "Letters", "Letters"]
    assert find_bus({}, lambda: found, "the application") == "orders"
