"""AWS::LanguageExtensions: loops, functions where names belong, and what is refused without the transform."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template import language_extensions
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

    assert [fault.found for fault in document.faults] == ["loops make more than 10000 members"]


def loop(identifier: str, items: str, body: str) -> str:
    return f"{{'Fn::ForEach::{identifier}': [{identifier}, [{items}], {body}]}}"


MANY = ", ".join(f"i{number}" for number in range(300))


@pytest.mark.parametrize(
    "outputs",
    [
        loop("A", MANY, loop("B", MANY, loop("C", MANY, "{}"))),
        loop("A", MANY, loop("B", MANY, loop("C", MANY, loop("D", "", "{O: {Value: 1}}")))),
        loop("A", MANY, f"{{'O${{A}}': {{Value: [{', '.join(['[1]'] * 2_000)}]}}}}"),
        loop("A", MANY, f"{{'O${{A}}': {{Value: '{'x' * 20_000}${{A}}'}}}}"),
        loop("A", "x" * 50_000, f"{{O: {{Value: '{'${A}' * 10_000}'}}}}"),
        loop("A", "x" * 50_000, f"{{O: {{Value: '{'&{A}' * 10_000}'}}}}"),
        loop("A", "x" * 30_000, f"{{'{'${A}' * 200}': {{Value: 1}}}}"),
    ],
    ids=["empty", "no items", "values", "texts", "one text", "one name", "keys"],
)
def test_loops_that_make_too_much(outputs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops in loops of nothing, large bodies, and an item that stands in a text again and again: told once, and ended."""
    monkeypatch.setattr(language_extensions, "MAX_SIZE", 400_000)
    document = extension(f"{HEAD}Outputs: {outputs}\n")

    assert [fault.found for fault in document.faults] == ["loops make more than 400,000 characters"]
    assert document.faults[0].is_bound
    assert len(document.places) < 60_000


def test_what_loops_may_make() -> None:
    """Ten thousand members are made, whatever is made outside of loops is not counted."""
    items = ", ".join(f"i{number}" for number in range(100))
    body = "{'O${A}${B}': {Value: 1}}"
    made = extension(f"{HEAD}Description: {'x' * 300_000}\nOutputs: {loop('A', items, loop('B', items, body))}\n")

    assert (made.faults, len(made.body["Outputs"])) == ((), 10_000)


def test_what_only_looks_like_the_transform() -> None:
    """Three parameters of Fn::FindInMap, policies elsewhere, loops where a transform of one's own may make them."""
    text = """
Resources:
  Fn::ForEach::L: [X, [a], {A: {Type: AWS::SNS::Topic}}]
  A: {Type: AWS::SNS::Topic, Properties: {DeletionPolicy: {a: b}, Name: !FindInMap [M, a, b]}}
"""

    assert extension(text).faults == ()


def test_the_transform_is_needed_wherever_its_functions_are() -> None:
    """Also in lists, and in the properties of a resource: each is told at its own line."""
    text = """
Resources:
  A:
    Type: AWS::SNS::Topic
    Properties:
      List:
        - Fn::Length: [1]
        - Fn::ForEach::L: [X, [a], {b: 1}]
"""

    assert [(fault.place.line, fault.found.rpartition(" ")[2]) for fault in extension(text).faults] == [
        (7, "Fn::Length"),
        (8, "Fn::ForEach::L"),
    ]


def test_the_transform_may_stand_alone() -> None:
    """As a text, or as one of a list; without it nothing is expanded."""
    outputs = "Outputs: {Fn::ForEach::L: [X, [a], {'O${X}': {Value: 1}}]}\n"
    for head in (
        "Transform: AWS::LanguageExtensions\n",
        "Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]\n",
    ):
        assert extension(head + outputs).body["Outputs"] == {"Oa": {"Value": 1}}
    plain = read_document(outputs, "t.yaml")
    assert extended(plain, Environment(), {}) is plain


def test_a_template_that_uses_none_of_it_stays_as_it_is() -> None:
    """The very same, in which every other reader finds its places."""
    plain = read_document(HEAD + "Outputs: {A: {Value: !GetAtt [Bus, Arn]}, B: {Value: !Ref Bus}}\n", "t.yaml")
    assert extended(plain, Environment(), {}) is plain


def test_items_that_are_lists_count_as_their_items() -> None:
    """As a parameter does; numbers and truth values are texts, objects are no items."""
    parameters = "Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}\n"
    one = extension(
        f"{HEAD}{parameters}Outputs: {{Fn::ForEach::L: [X, [!Ref Names, 3, true], {{'O${{X}}': {{Value: 1}}}}]}}\n"
    )
    assert (one.faults, list(one.body["Outputs"])) == ((), ["Oa", "Ob", "O3", "Otrue"])
    bad = extension(f"{HEAD}Outputs: {{Fn::ForEach::L: [X, [a, {{b: c}}], {{'O${{X}}': {{Value: 1}}}}]}}\n")
    assert [fault.found for fault in bad.faults] == ["the collection of Fn::ForEach::L is a list"]
    assert bad.body["Outputs"] == {}


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
    assert [(fault.place.file, fault.place.line) for fault in faults] == [("t.yaml", 1)]
    assert [fault.advice for fault in faults] == ["Write Transform: AWS::LanguageExtensions at the template's head."]
