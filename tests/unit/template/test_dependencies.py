"""What resources refer to, and circles."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.dependencies import creation_order, depends_on, references


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "A"}, ["A"]),
        ({"Fn::GetAtt": ["A", "Arn"]}, ["A."]),
        ({"Fn::GetAtt": "A.Arn"}, ["A."]),
        ({"Fn::GetAtt": ["A", {"Ref": "B"}]}, ["A.", "B"]),
        ({"Fn::Sub": "${A}${B.C}${!D}${AWS::Region}"}, ["A", "B.", "AWS::Region"]),
        ({"Fn::Sub": ["${x}${A}", {"x": {"Ref": "B"}}]}, ["B", "A"]),
        ({"Fn::If": ["C", {"Ref": "A"}, [{"Ref": "B"}]]}, ["A", "B"]),
        ({"Fn::GetAtt": []}, []),
        ({"Ref": {"Ref": "A"}}, ["A"]),
        ("A", []),
    ],
    ids=str,
)
def test_references(value: Any, expected: list[str]) -> None:
    """Every name counts, in branches not taken too; a dot here says that an attribute is asked for."""
    assert [f"{each.name}{'.' * each.of_attribute}" for each in references(value)] == expected


def test_the_paths_of_references() -> None:
    """A reference has the path of its function."""
    value = {"a": [{"Fn::Sub": ["${A}", {"x": {"Ref": "B"}}]}]}

    assert [each.path for each in references(value, ("R",))] == [
        ("R", "a", 0, "Fn::Sub", 1, "x", "Ref"),
        ("R", "a", 0, "Fn::Sub"),
    ]


@pytest.mark.parametrize(("given", "expected"), [({}, []), ({"DependsOn": "A"}, ["A"]), ({"DependsOn": ["A"]}, ["A"])])
def test_depends_on(given: dict[str, Any], expected: list[str]) -> None:
    """DependsOn names one resource or several."""
    assert depends_on(given) == expected


def test_each_resource_comes_after_what_it_depends_on() -> None:
    """The order follows references and DependsOn; names of no resource do not matter."""
    resources = {
        "C": {"Properties": {"x": {"Ref": "B"}}},
        "A": {"DependsOn": "Nothing"},
        "B": {"DependsOn": ["A"], "Properties": {"x": {"Ref": "Parameter"}}},
    }

    assert creation_order(resources) == (["A", "B", "C"], [])


def test_circles_are_told_each_in_the_order_of_dependence() -> None:
    """A circle reads from a resource to what it depends on; the order is whole nevertheless."""
    resources = {
        "A": {"DependsOn": "B"},
        "B": {"DependsOn": "C"},
        "C": {"DependsOn": "A"},
        "D": {"DependsOn": "D"},
        "E": {"DependsOn": "A"},
    }
    order, circles = creation_order(resources)

    assert circles == [["A", "B", "C"], ["D"]]
    assert sorted(order) == ["A", "B", "C", "D", "E"]


def test_a_circle_of_many() -> None:
    """A long circle is found without a call for each of its members."""
    resources = {f"R{n}": {"DependsOn": f"R{(n + 1) % 2000}"} for n in range(2000)}

    assert [len(circle) for circle in creation_order(resources)[1]] == [2000]
