"""Accounts and regions that policies spell out."""

from __future__ import annotations

import pytest

from livebus.template import Environment
from livebus.template.literal_places import here, of_account, statements_here

HERE = Environment(region="us-east-1", account="123456789012")


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:sqs:eu-west-1:210987654321:q", "arn:aws:sqs:us-east-1:123456789012:q"),
        ("arn:aws-cn:iam::210987654321:role/r", "arn:aws:iam::123456789012:role/r"),
        (
            "arn:aws:lambda:eu-west-1:210987654321:function:f:live",
            "arn:aws:lambda:us-east-1:123456789012:function:f:live",
        ),
        ("arn:aws:sqs:eu-west-1:210987654321", "arn:aws:sqs:eu-west-1:210987654321"),
        ("urn:aws:sqs:eu-west-1:210987654321:q", "urn:aws:sqs:eu-west-1:210987654321:q"),
        ("arn:*:events:*:*:rule/*", "arn:*:events:*:*:rule/*"),
        ("arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/key"),
        ("eu-west-1", "eu-west-1"),
    ],
)
def test_an_arn(arn: str, expected: str) -> None:
    """What is spelt out becomes the environment's, patterns and what has neither stay."""
    assert here(arn, HERE) == expected


def test_statements() -> None:
    """Resources, principals and conditions are ours; a statement that spells nothing out is the very same."""
    foreign = {
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::210987654321:root"]},
        "Resource": "arn:aws:appsync:eu-west-1:210987654321:apis/a/types/Mutation/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ["210987654321"]}, "Bool": {"aws:SecureTransport": True}},
    }
    plain = {"Effect": "Allow", "Action": "appsync:GraphQL", "Resource": "*"}

    made, same = statements_here([foreign, plain], HERE)

    assert made == {
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
        "Resource": "arn:aws:appsync:us-east-1:123456789012:apis/a/types/Mutation/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ["123456789012"]}, "Bool": {"aws:SecureTransport": True}},
    }
    assert same is plain


def test_an_arn_is_of_the_environments_account_and_its_own_region() -> None:
    """Where it names an account; other texts are as they are."""
    environment = Environment(account="111122223333", region="us-east-1")
    spelt = "arn:aws:events:eu-west-1:123456789012:event-bus/orders"

    assert of_account(spelt, environment) == "arn:aws:events:eu-west-1:111122223333:event-bus/orders"
    assert [of_account(each, environment) for each in ("orders", "arn:aws:s3:::b")] == ["orders", "arn:aws:s3:::b"]
