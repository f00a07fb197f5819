"""Roles and queues with their policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.template.resources import Resources
from livebus.template.roles import read_queues, read_roles, warn_of_unknown_rights

TRUST = "AssumeRolePolicyDocument: {Statement: {Effect: Allow, Action: 'sts:AssumeRole'}}"


def document(action: str) -> str:
    return f"PolicyDocument: {{Statement: {{Effect: Allow, Action: {action}}}}}"


def test_the_statements_of_a_role(resources: Callable[..., Resources]) -> None:
    """Inline, attached and managed policies of the template and AWS's own count, and nobody else's."""
    made = resources(f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      {TRUST}
      Policies:
        - PolicyName: inline
          {document("a")}
      ManagedPolicyArns:
        - !Ref Managed
        - arn:aws:iam::aws:policy/AWSAppSyncInvokeFullAccess
        - arn:aws:iam::aws:policy/ReadOnlyAccess
      PermissionsBoundary: arn:aws:iam::123456789012:policy/boundary
  Other: {{Type: 'AWS::IAM::Role', Properties: {{{TRUST}}}}}
  Policy: {{Type: 'AWS::IAM::Policy', Properties: {{Roles: [!Ref Role], {document("b")}}}}}
  RolePolicy: {{Type: 'AWS::IAM::RolePolicy', Properties: {{RoleName: !Ref Role, {document("c")}}}}}
  Managed: {{Type: 'AWS::IAM::ManagedPolicy', Properties: {{Roles: [!Ref Other], {document("d")}}}}}
""")
    role, other = read_roles(made)
    warn_of_unknown_rights(made, role)

    assert [statement["Action"] for statement in role.statements] == ["a", "b", "c", "d", "appsync:GraphQL"]
    assert [statement["Action"] for statement in role.trust] == ["sts:AssumeRole"]
    assert [statement["Action"] for statement in other.statements] == ["d"]
    assert made.all_faults == []
    assert [warning.split(": ", 1)[1] for warning in made.warnings] == [
        "what 'arn:aws:iam::aws:policy/ReadOnlyAccess' allows is not known here, and does not count",
        "a permissions boundary is not evaluated here",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Type: 'AWS::IAM::Role'", ["AWS::IAM::Role 'R' has no AssumeRolePolicyDocument"]),
        (
            f"Type: 'AWS::IAM::Role', Properties: {{{TRUST}, RoleName: {'r' * 65}}}",
            [f"RoleName is '{'r' * 65}'; expected 1 to 64 letters, digits and +=,.@-_"],
        ),
        (
            f"Type: 'AWS::IAM::Role', Properties: {{{TRUST}, Policies: [{{}}]}}",
            [
                "a policy of AWS::IAM::Role 'R' has no PolicyName",
                "a policy of AWS::IAM::Role 'R' has no PolicyDocument",
            ],
        ),
        (
            f"Type: 'AWS::IAM::Role', Properties: {{{TRUST}, ManagedPolicyArns: x}}",
            ["ManagedPolicyArns is 'x'; expected a list"],
        ),
        ("Type: 'AWS::IAM::RolePolicy'", ["AWS::IAM::RolePolicy 'R' has no RoleName"]),
    ],
)
def test_faults_of_roles(resources: Callable[..., Resources], text: str, expected: list[str]) -> None:
    """What a role lacks, and a name that IAM does not take, are told."""
    made = resources(f"Resources: {{R: {{{text}}}}}")
    read_roles(made)

    assert [str(fault).split(": ", 1)[1] for fault in made.all_faults] == expected


QUEUE_NAME = "1 to 80 letters, digits, '-' and '_', with .fifo at the end of a FIFO queue's"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("QueueName: q", []),
        ("QueueName: q.fifo, FifoQueue: true", []),
        ("FifoQueue: 'true'", []),
        ("QueueName: q, FifoQueue: true", [f"QueueName is 'q' and FifoQueue is true; expected {QUEUE_NAME}"]),
        ("QueueName: q.fifo", [f"QueueName is 'q.fifo' and FifoQueue is false; expected {QUEUE_NAME}"]),
        (f"QueueName: {'q' * 81}", [f"QueueName is {'q' * 80!r}…; expected {QUEUE_NAME}"]),
        ("FifoQueue: perhaps", ["FifoQueue is 'perhaps'; expected true or false"]),
    ],
)
def test_queues(resources: Callable[..., Resources], properties: str, expected: list[str]) -> None:
    """A queue's name has SQS's characters and length, and tells whether it is a FIFO queue."""
    made = resources(f"Resources: {{Q: {{Type: 'AWS::SQS::Queue', Properties: {{{properties}}}}}}}")
    read_queues(made)

    assert [str(fault).split(": ", 1)[1] for fault in made.all_faults] == expected


def test_queue_policies(resources: Callable[..., Resources]) -> None:
    """A queue has the statements of every policy that names its URL; a policy that names none is told."""
    made: Any = resources(f"""
Resources:
  Q: {{Type: 'AWS::SQS::Queue'}}
  A: {{Type: 'AWS::SQS::QueuePolicy', Properties: {{Queues: [!Ref Q], {document("a")}}}}}
  B: {{Type: 'AWS::SQS::QueuePolicy', Properties: {{Queues: [!GetAtt Q.QueueName, !Ref Q], {document("b")}}}}}
""")
    (queue,) = read_queues(made)

    assert [statement["Action"] for statement in queue.policies] == ["a", "b"]
    assert [warning.split(": ", 1)[1] for warning in made.warnings] == [
        f"{queue.name!r} is not the URL of a queue of this template; write !Ref and its logical id"
    ]
