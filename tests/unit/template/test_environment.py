"""Names and ids that AWS would make up."""

from __future__ import annotations

import pytest

from livebus.template.environment import Environment


@pytest.mark.parametrize(
    ("stack", "logical_id", "longest", "expected"),
    [
        ("app", "Role", 64, "app-Role"),
        # The three names that were seen on AWS, but for their suffixes.
        (
            "ChineseboostAnalyticsStack",
            "RainlyticsSummariesJobFunctionRole",
            64,
            "ChineseboostAnalyticsStac-RainlyticsSummariesJobFun",
        ),
        (
            "chineseboostanalyticsstack",
            "rainlyticslogsbucket8df4abcd",
            63,
            "chineseboostanalyticsstac-rainlyticslogsbucket8df4",
        ),
        (
            "ChineseboostAnalyticsStack",
            "RainlyticsSummariesJobLogs1C6CB09C",
            512,
            "ChineseboostAnalyticsStack-RainlyticsSummariesJobLogs1C6CB09C",
        ),
        ("s" * 60, "Queue", 80, f"{'s' * 60}-Queue"),
        ("s" * 90, "Queue", 80, f"{'s' * 61}-Queue"),
        ("app", "Q" * 90, 80, f"app-{'Q' * 63}"),
    ],
)
def test_physical_names(stack: str, logical_id: str, longest: int, expected: str) -> None:
    """A name is cut as seen on AWS, and never longer than it may be."""
    name = Environment(stack_name=stack).physical_name(logical_id, longest)

    assert name[:-13] == expected
    assert len(name) <= longest


def test_names_are_the_same_at_every_start_and_differ_by_stack() -> None:
    """What AWS makes up at random is derived here."""
    first, again, other = (Environment(stack_name=name).derived("Api", 26) for name in ("a", "a", "b"))

    assert first == again != other
    assert len(first) == 26
    assert Environment().derived("Api", 26) == "gxlsye452on7344wzptoy5kaei"
    assert Environment().physical_name("Api") == "livebus-Api-GXLSYE452ON7"


def test_what_a_template_may_ask_for_its_stack() -> None:
    """The pseudo parameters; a stack that is deployed has the id that it was given."""
    stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/livebus"
    assert Environment().pseudo_parameters == {
        "AWS::AccountId": "123456789012",
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": "us-east-1",
        "AWS::StackId": f"{stack}/{Environment().derived('StackId', 32)}",
        "AWS::StackName": "livebus",
        "AWS::URLSuffix": "amazonaws.com",
    }
    assert Environment(given_stack_id=f"{stack}/1").pseudo_parameters["AWS::StackId"] == f"{stack}/1"


def test_arns() -> None:
    """An ARN has partition, region and account; IAM's have no region."""
    environment = Environment(region="cn-north-1", account="111111111111", partition="aws-cn")

    assert environment.arn("events", "rule/x") == "arn:aws-cn:events:cn-north-1:111111111111:rule/x"
    assert environment.arn("iam", "role/x", regional=False) == "arn:aws-cn:iam::111111111111:role/x"
    assert environment.pseudo_parameters["AWS::StackName"] == "livebus"
