"""Statements of policy documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.template.policies import read_statements
from livebus.template.resources import Resources

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}


@pytest.fixture
def read(resources: Callable[..., Resources]) -> Callable[[str], tuple[list[Any], list[str]]]:
    def statements(document: str) -> tuple[list[Any], list[str]]:
        made = resources(f"Resources: {{R: {{Type: 'AWS::IAM::Role', Properties: {{P: {document}}}}}}}")
        role = made.get("R")
        assert role is not None
        return read_statements(role.properties, "P"), [str(fault).split(": ", 1)[1] for fault in made.all_faults]

    return statements


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{Statement: {Effect: Allow, Action: 'a:B', Resource: '*'}}", [ALLOW]),
        ("{Statement: [{Effect: Allow, Action: 'a:B', Resource: '*'}]}", [ALLOW]),
        (
            "{Statement: [{Effect: Deny, NotAction: [x], Principal: '*', Sid: 1}]}",
            [{"Effect": "Deny", "NotAction": ["x"], "Principal": "*", "Sid": 1}],
        ),
        (
            "{Statement: [{Effect: Allow, Principal: {AWS: [x], Service: y}, Condition: {Bool: {k: true, l: [a, 1]}}}]}",
            [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": ["x"], "Service": "y"},
                    "Condition": {"Bool": {"k": True, "l": ["a", 1]}},
                }
            ],
        ),
        ("{Statement: []}", []),
        ("{}", []),
    ],
)
def test_statements(read: Any, document: str, expected: list[Any]) -> None:
    """One statement or several, as they stand in the template."""
    assert read(document) == (expected, [])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("text", "P is 'text'; expected an object"),
        ("{Statement: text}", "Statement is 'text'; expected a list"),
        ("{Statement: [text]}", "Statement holds 'text'; expected objects"),
        ("{Statement: [{Action: x}]}", "a policy statement has no Effect; expected Allow or Deny"),
        ("{Statement: [{Effect: allow}]}", "Effect is 'allow'; expected Allow or Deny"),
        ("{Statement: [{Effect: Allow, Action: 5}]}", "Action is 5; expected a text or a list of texts"),
        ("{Statement: [{Effect: Allow, Resource: [[x]]}]}", "Resource is a list; expected a text or a list of texts"),
        (
            "{Statement: [{Effect: Allow, Actions: x}]}",
            "a policy statement has the element 'Actions'. Did you mean 'Action'?",
        ),
        (
            "{Statement: [{Effect: Allow, Principal: x}]}",
            "Principal is 'x'; expected '*', or an object of AWS, CanonicalUser, Federated, Service",
        ),
        (
            "{Statement: [{Effect: Allow, Principal: {Services: x}}]}",
            "Principal is an object; expected '*', or an object of AWS, CanonicalUser, Federated, Service",
        ),
        (
            "{Statement: [{Effect: Allow, Condition: {ArnEquals: x}}]}",
            "Condition is an object; expected an object of operators, each an object of keys and values",
        ),
        (
            "{Statement: [{Effect: Allow, Condition: {ArnEquals: {k: {}}}}]}",
            "Condition is an object; expected an object of operators, each an object of keys and values",
        ),
        ("{Statement: [{Effect: Allow, Sid: []}]}", "Sid is a list; expected a text"),
    ],
)
def test_malformed_statements(read: Any, document: str, expected: str) -> None:
    """What IAM would call malformed is told and left out."""
    assert read(document) == ([], [expected])
