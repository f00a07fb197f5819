"""CloudFormation's quotas on a template, to the last member that is taken."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.document import read_document
from livebus.template.quotas import PAGE, beyond_once_expanded, beyond_quotas

SECTIONS = ("Mappings", "Outputs", "Parameters", "Resources")
ADVICE = f"Split the stack; nothing else of the template was looked at. {PAGE}"


def beyond(**given: dict[str, Any]) -> list[str]:
    lines = "".join(f"{name}: {{}}\n" for name in given)
    document = read_document(lines, "t.yaml")
    sections = {name: given.get(name, {}) for name in SECTIONS}
    return [str(fault) for fault in beyond_quotas(document, sections)]


@pytest.mark.parametrize(
    ("section", "most", "words"),
    [
        ("Mappings", 200, "Number of mappings"),
        ("Outputs", 200, "Number of outputs"),
        ("Parameters", 200, "Number of parameters"),
        ("Resources", 500, "Number of resources"),
    ],
)
def test_sections_have_their_most(section: str, most: int, words: str) -> None:
    """In CloudFormation's words, with the page that has the quota, and the place of the section."""
    members = {f"M{number}": {} for number in range(most)}
    assert beyond(**{section: members}) == []
    assert beyond(**{section: {**members, "More": {}}}) == [
        (
            f"t.yaml:1:1 ({section}): Template format error: {words}, {most + 1}, is greater than maximum allowed, {most}; "
            f"expected at most {most}. {ADVICE}"
        )
    ]


def test_a_mapping_has_its_most() -> None:
    """200 attributes of each; its name is told to the 80th character."""
    attributes: dict[str, Any] = {f"A{number}": {} for number in range(200)}
    name = "M" * 81
    assert beyond(Mappings={name: attributes, "Text": "no object"}) == []
    (fault,) = beyond(Mappings={name: {**attributes, "More": {}}})
    assert f"Number of attributes of the mapping {'M' * 80!r}, 201, is greater than maximum allowed, 200" in fault
    assert f"(Mappings/{name})" in fault


def test_all_quotas_are_told_at_once() -> None:
    """In the order of their sections."""
    told = beyond(
        Outputs={str(each): {} for each in range(201)},
        Mappings={str(each): {str(below): {} for below in range(201)} for each in range(201)},
    )
    assert len(told) == 1 + 1 + 201
    assert "Number of mappings" in told[0]
    assert "Number of outputs" in told[1]


GRAPHQL = "AWS::Serverless::GraphQLApi"


def once_expanded(properties: Any, kind: str = GRAPHQL) -> list[str]:
    document = read_document("Resources:\n  Api: {}\n", "t.yaml")
    document.body["Resources"] = {"Other": "text", "Api": {"Type": kind, "Properties": properties}}
    return [str(fault) for fault in beyond_once_expanded(document)]


def test_what_sam_makes_of_an_api_counts() -> None:
    """Data sources, functions and resolvers, each by what is in it: six resources of one at the most."""
    many = {f"F{number}": {} for number in range(1500)}
    given = {"DataSources": {"Lambda": many}, "Resolvers": {"Query": many}}
    assert once_expanded(given) == []
    assert once_expanded({**given, "Functions": {"one": "no object"}}) == [
        (
            "t.yaml:2:3 (Resources/Api): Template format error: Number of resources, 3001, is greater than maximum allowed, 500; "
            f"expected at most 500. {ADVICE}"
        )
    ]
    assert once_expanded({**given, "Functions": {"one": {"a": 1, "b": 2}}})[0].count(" 3002,") == 1


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        (None, GRAPHQL),
        ("text", GRAPHQL),
        ({"DataSources": "text"}, GRAPHQL),
        ({"Names": {f"F{number}": {} for number in range(4000)}}, GRAPHQL),
        ({"DataSources": {f"F{number}": {} for number in range(4000)}}, "AWS::Serverless::Function"),
    ],
)
def test_what_sam_makes_nothing_of_does_not_count(properties: Any, kind: str) -> None:
    """Other members and other types; what is no object is told elsewhere."""
    assert once_expanded(properties, kind) == []


def test_a_template_without_resources_is_within_all_quotas() -> None:
    """That there are none is told elsewhere."""
    for body in ("Outputs: {}\n", "Resources: text\n"):
        assert list(beyond_once_expanded(read_document(body, "t.yaml"))) == []
