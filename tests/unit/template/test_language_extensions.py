"""AWS::LanguageExtensions: loops, functions where names belong, and what is refused without the transform."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.document import Document, read_document
from livebus.template.environment import Environment
from livebus.template.language_extensions import extended

HEAD = "Transform: [AWS::LanguageExtensions]\n"


def extension(text: str, **given: str) -> Document:
    return extended(read_document(text, "t.yaml"), Environment(), given)


def test_a_loop_in_resources() -> None:
    """Each item makes a resource, with the item in its names, texts and Refs; places are those of the loop's body."""
    document = extension(
        HEAD
        + """
Resources:
  Fn::ForEach::Buses:
    - Name
    - [a, b-1]
    - Bus&{Name}:
        Type: AWS::Events::EventBus
        Properties: {Name: !Sub "x-${Name}", Description: !Ref Name}
"""
    )

    def bus(name: str) -> dict[str, Any]:
        return {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": f"x-{name}"}, "Description": name}}

    assert document.faults == ()
    assert document.body["Resources"] == {"Busa": bus("a"), "Busb1": bus("b-1")}
    assert document.place(("Resources", "Busb1", "Type")).line == 8


def test_loops_in_loops_over_a_parameter() -> None:
    """A collection may be a parameter; an inner loop sees the outer one's identifier."""
    document = extension(
        HEAD
        + """
Parameters:
  Names: {Type: CommaDelimitedList, Default: "a,b"}
Outputs:
  Fn::ForEach::X:
    - X
    - !Ref Names
    - Fn::ForEach::Y:
        - Y
        - [c, d]
        - O${X}${Y}: {Value: !Ref X}
""",
        Names="q,r",
    )

    assert document.faults == ()
    assert document.body["Outputs"] == {
        "Oqc": {"Value": "q"},
        "Oqd": {"Value": "q"},
        "Orc": {"Value": "r"},
        "Ord": {"Value": "r"},
    }


def test_functions_where_names_belong() -> None:
    """In Ref, in Fn::GetAtt, and in DeletionPolicy."""
    document = extension(
        HEAD
        + """
Parameters:
  Which: {Type: String, Default: Bus}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    DeletionPolicy: !Sub "Retain"
    Properties: {Name: {Ref: !Ref Which}, Description: {Fn::GetAtt: [!Ref Which, Arn]}}
"""
    )

    assert document.body["Resources"]["Bus"] == {
        "Type": "AWS::Events::EventBus",
        "DeletionPolicy": "Retain",
        "Properties": {"Name": {"Ref": "Bus"}, "Description": {"Fn::GetAtt": ["Bus", "Arn"]}},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Fn::ForEach::L: [X, [a]]",
            "Fn::ForEach::L is a list; expected an identifier, a list, and an object to be repeated",
        ),
        (
            "Fn::ForEach::L: [X, a, {'O${X}': {Value: 1}}]",
            "the collection of Fn::ForEach::L is 'a'; expected a list of texts",
        ),
        (
            "Fn::ForEach::L: [X, [a, b], {O: {Value: 1}}]",
            "Fn::ForEach::L makes 'O' twice; expected a key that holds its identifier",
        ),
    ],
)
def test_faulty_loops(text: str, expected: str) -> None:
    """What is no loop is told at its place."""
    document = extension(f"{HEAD}Outputs:\n  {text}\n")

    assert [str(fault).partition("): ")[2] for fault in document.faults] == [expected]


def test_loops_that_would_never_end() -> None:
    """What loops make is bounded."""
    items = ", ".join(f"i{number}" for number in range(150))
    document = extension(
        f"{HEAD}Outputs:\n  Fn::ForEach::A: [A, [{items}], {{'Fn::ForEach::B': [B, [{items}], {{'O${{A}}${{B}}': {{Value: 1}}}}]}}]\n"
    )

    assert any("loops make more than 10000 members" in fault.found for fault in document.faults)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Outputs: {A: {Value: {Fn::Length: [1]}}}", "Template error: Encountered unsupported function: Fn::Length"),
        (
            "Outputs: {A: {Value: {Fn::ToJsonString: [1]}}}",
            "Template error: Encountered unsupported function: Fn::ToJsonString",
        ),
        (
            "Outputs: {A: {Value: !FindInMap [M, a, b, {DefaultValue: 1}]}}",
            (
                "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute "
                "for return value"
            ),
        ),
        (
            "Resources: {A: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref P}}",
            "Template format error: Every DeletionPolicy member must be a string.",
        ),
    ],
)
def test_without_the_transform(text: str, expected: str) -> None:
    """All of it is refused, with what to write."""
    faults = extension(text).faults

    assert [fault.found for fault in faults] == [expected]
    assert [fault.advice for fault in faults] == ["Write Transform: AWS::LanguageExtensions at the template's head."]
