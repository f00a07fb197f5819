"""Members of properties that their type does not have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livebus.template.members import MEMBERS, check_members
from livebus.template.resources import Resources


@pytest.mark.parametrize(
    ("text", "faults", "warnings"),
    [
        (
            "Type: 'AWS::Events::Rule', Properties: {EventPatern: {}}",
            ["Encountered unsupported property EventPatern. Did you mean 'EventPattern'?"],
            [],
        ),
        (
            "Type: 'AWS::Events::Rule', Properties: {Priority: 5}",
            [],
            ["Encountered unsupported property Priority of AWS::Events::Rule 'R'"],
        ),
        (
            "Type: 'AWS::Events::Rule', Properties: {Targets: [{Id: x}, {RetryPolicy: {MaximumRetryAttempt: 1}}]}",
            ["Encountered unsupported property MaximumRetryAttempt. Did you mean 'MaximumRetryAttempts'?"],
            [],
        ),
        ("Type: 'AWS::Events::Rule', Properties: {Targets: {Id: x}, RoleArn: []}", [], []),
        ("Type: 'AWS::Events::Rule', Properties: {Targets: [x, {AppSyncParameters: [x]}]}", [], []),
        (
            "Type: 'AWS::AppSync::GraphQLApi', Properties: {UserPoolConfig: {UserPoolID: x}}",
            ["Encountered unsupported property UserPoolID. Did you mean 'UserPoolId'?"],
            [],
        ),
        ("Type: 'AWS::SNS::Topic', Properties: {Anything: x}", [], []),
    ],
)
def test_members(resources: Callable[..., Resources], text: str, faults: list[str], warnings: list[str]) -> None:
    """What is nearly a member is misspelt; what is not may be new; what is of another type is told elsewhere."""
    made = resources(f"Resources: {{R: {{{text}}}}}")
    for resource in made.all():
        check_members(made, resource)

    assert [str(fault).split(": ", 1)[1] for fault in made.all_faults] == faults
    assert [warning.split(": ", 1)[1] for warning in made.warnings] == warnings


def test_the_members_that_are_known() -> None:
    """Members are known by type and path, those of lists and objects below too."""
    assert MEMBERS["AWS::Events::Rule"]["Targets", "InputTransformer"] == ("InputPathsMap", "InputTemplate")
    assert "Definition" in MEMBERS["AWS::AppSync::GraphQLSchema"][()]
