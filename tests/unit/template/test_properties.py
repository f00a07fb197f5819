"""Reading properties by type."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from livebus.template.properties import Properties
from livebus.template.resources import Resources

Read = Callable[[str], Properties]


@pytest.fixture
def read(resources: Callable[..., Resources]) -> Callable[[str], tuple[Properties, Callable[[], list[str]]]]:
    """The properties of a resource (given as YAML), and a function for the faults so far."""

    def properties(text: str) -> tuple[Properties, Callable[[], list[str]]]:
        template = "Conditions: {Always: !Equals [a, a]}\nResources:\n  R:\n    Type: AWS::SNS::Topic\n    Properties: "
        made = resources(template + text)
        resource = made.get("R")
        assert resource is not None
        return resource.properties, lambda: [str(fault) for fault in made.all_faults]

    return properties


@pytest.mark.parametrize(
    ("text", "call", "expected"),
    [
        ("{a: x}", lambda p: p.text("a"), "x"),
        ("{a: 5}", lambda p: p.text("a"), "5"),
        ("{a: true}", lambda p: p.text("a"), "true"),
        ("{a: ''}", lambda p: p.text("a", "default"), ""),
        ("{}", lambda p: p.text("a", "default"), "default"),
        ("{}", lambda p: p.text_or_none("a"), None),
        ("{a: x}", lambda p: p.text("a", choices=("x", "y")), "x"),
        ("{a: x}", lambda p: p.matching("a", re.compile("x+"), ""), "x"),
        ("{a: 5}", lambda p: p.number("a", 0, 0, 9), 5),
        ("{a: '5'}", lambda p: p.number("a", 0, 0, 9), 5),
        ("{a: 5.0}", lambda p: p.number("a", 0, 0, 9), 5),
        ("{a: 0}", lambda p: p.number("a", 7, 0, 9), 0),
        ("{}", lambda p: p.number("a", 7, 0, 9), 7),
        ("{a: false}", lambda p: p.flag("a", default=True), False),
        ("{a: 'True'}", lambda p: p.flag("a"), True),
        ("{}", lambda p: p.flag("a", default=True), True),
        ("{a: {b: x}}", lambda p: p.mapping("a").text("b"), "x"),
        ("{}", lambda p: p.mapping("a").text("b"), ""),
        ("{a: [{b: x}, {b: y}]}", lambda p: [each.text("b") for each in p.mappings("a")], ["x", "y"]),
        ("{a: [x, 1]}", lambda p: p.texts("a"), ("x", "1")),
        ("{}", lambda p: p.texts("a"), ()),
        ("{a: {b: 1, c: x}}", lambda p: p.map_of_texts("a"), {"b": "1", "c": "x"}),
    ],
)
def test_values(read: Any, text: str, call: Callable[[Properties], Any], expected: object) -> None:
    """Each reader gives its type; texts of digits are numbers, numbers are texts, and falsy is not absent."""
    properties, faults = read(text)

    assert (call(properties), faults()) == (expected, [])


AT = "t.yaml:5:21 (Resources/R/Properties/a)"


@pytest.mark.parametrize(
    ("text", "call", "value", "fault"),
    [
        (
            "{a: [x]}",
            lambda p: p.text("a", "d"),
            "d",
            "t.yaml:5:18 (Resources/R/Properties/a): a is a list; expected a text",
        ),
        (
            "{a: {}}",
            lambda p: p.text_or_none("a"),
            None,
            "t.yaml:5:18 (Resources/R/Properties/a): a is an object; expected a text",
        ),
        (
            "{a: z}",
            lambda p: p.text("a", "d", choices=("x", "zz")),
            "d",
            f"{AT}: a is 'z'; expected one of x, zz. Did you mean 'zz'?",
        ),
        ("{a: y}", lambda p: p.matching("a", re.compile("x+"), "some x"), "y", f"{AT}: a is 'y'; expected some x"),
        ("{a: many}", lambda p: p.number("a", 7, 0, 185), 7, f"{AT}: a is 'many'; expected a number from 0 to 185"),
        ("{a: 186}", lambda p: p.number("a", 7, 0, 185), 7, f"{AT}: a is 186; expected a number from 0 to 185"),
        ("{a: 1.5}", lambda p: p.number("a", 7, 0, 185), 7, f"{AT}: a is 1.5; expected a number from 0 to 185"),
        ("{a: 1.0e+300}", lambda p: p.number("a", 7, 0, 185), 7, f"{AT}: a is 1e+300; expected a number from 0 to 185"),
        ("{a: true}", lambda p: p.number("a", 7, 0, 185), 7, f"{AT}: a is True; expected a number from 0 to 185"),
        ("{a: 1}", lambda p: p.flag("a"), False, f"{AT}: a is 1; expected true or false"),
        ("{a: x}", lambda p: p.mapping("a").values, {}, f"{AT}: a is 'x'; expected an object"),
        ("{a: x}", lambda p: list(p.mappings("a")), [], f"{AT}: a is 'x'; expected a list"),
        (
            "{a: [x]}",
            lambda p: list(p.mappings("a")),
            [],
            "t.yaml:5:22 (Resources/R/Properties/a/0): a holds 'x'; expected objects",
        ),
        (
            "{a: [x, [y]]}",
            lambda p: p.texts("a"),
            ("x",),
            "t.yaml:5:25 (Resources/R/Properties/a/1): a holds a list; expected texts",
        ),
        (
            "{a: {b: [], c: x}}",
            lambda p: p.map_of_texts("a"),
            {"c": "x"},
            "t.yaml:5:22 (Resources/R/Properties/a/b): b is a list; expected a text",
        ),
    ],
)
def test_other_types(read: Any, text: str, call: Callable[[Properties], Any], value: object, fault: str) -> None:
    """What is of another type is a fault with its place, and the default is read."""
    properties, faults = read(text)

    assert (call(properties), faults()) == (value, [fault])


def test_nulls_are_told_once(read: Any) -> None:
    """A null has its fault from the document; readers take it for nothing."""
    properties, faults = read("{a: null, b: [null]}")
    values = (
        properties.text("a"),
        properties.number("a", 1, 0, 2),
        properties.texts("b"),
        list(properties.mappings("b")),
    )

    assert values == ("", 1, (), [])
    assert [fault.split(": ", 1)[1] for fault in faults()] == ["'null' values are not allowed in templates"] * 2


def test_required_members(read: Any) -> None:
    """What is missing is told with the member that may be meant."""
    properties, faults = read("{Arm: x, Id: y}")

    assert properties.required("Id", "Arn", "Rest", what="a target") is False
    assert [fault.split(": ", 1)[1] for fault in faults()] == [
        "a target has no Arn. Is 'Arm' meant to be 'Arn'?",
        "a target has no Rest",
    ]


def test_places_go_through_functions(read: Any) -> None:
    """A member has the place where it is written, past items that are left out and inside the branch that is taken."""
    properties, _ = read(
        "\n      a:\n        - !Ref AWS::NoValue\n        - !If\n          - Always\n          - b: x\n          - c"
    )

    item = next(properties.mappings("a"))
    assert str(item.place("b")) == "t.yaml:10:16 (Resources/R/Properties/a/1/Fn::If/1/b)"
    assert str(properties.place("a", 0, "b")) == str(item.place("b"))
