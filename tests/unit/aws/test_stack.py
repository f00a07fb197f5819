"""What a stack tells about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from livebus.aws.stack import MOST_NESTED, resources_with_nested, stack_outputs, stack_parameters, stack_resources
from livebus.errors import Unreachable
from livebus.stack.resources import StackResource


class FakeCloudFormation:
    """Answers with one stack."""

    def __init__(self, **stack: Any) -> None:
        self._stack = stack
        self.pages: list[Mapping[str, Any]] = []
        self.asked: list[Mapping[str, Any]] = []

    def describe_stacks(self, **request: Any) -> Mapping[str, Any]:
        return {"Stacks": [{"StackName": request["StackName"], **self._stack}]}

    def list_stack_resources(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request)
        return self.pages.pop(0)


def test_outputs_come_by_name() -> None:
    """DescribeStacks' list becomes a mapping."""
    client = FakeCloudFormation(Outputs=[{"OutputKey": "EventBusName", "OutputValue": "bus"}])
    assert stack_outputs(client, "s") == {"EventBusName": "bus"}


def test_a_stack_without_outputs_is_told_with_its_status() -> None:
    """A failed first deployment leaves a stack that has nothing."""
    with pytest.raises(Unreachable, match=r"the stack 's' has no outputs, it is in ROLLBACK_COMPLETE. Deploy it"):
        stack_outputs(FakeCloudFormation(StackStatus="ROLLBACK_COMPLETE"), "s")


def test_a_stack_at_work_may_have_no_outputs() -> None:
    """Its resources tell what is looked for."""
    assert stack_outputs(FakeCloudFormation(StackStatus="UPDATE_COMPLETE"), "s") == {}


def test_resources_come_from_all_pages() -> None:
    """CloudFormation tells of 100 on a page; one that is not made yet has no id."""
    client = FakeCloudFormation()
    client.pages = [
        {
            "StackResourceSummaries": [
                {"LogicalResourceId": "A", "ResourceType": "T", "PhysicalResourceId": "a"},
                {"LogicalResourceId": "B", "ResourceType": "T"},
            ],
            "NextToken": "more",
        },
        {"StackResourceSummaries": [{"LogicalResourceId": "C", "ResourceType": "U", "PhysicalResourceId": "c"}]},
    ]
    assert stack_resources(client, "s") == [
        StackResource("A", "T", "a"),
        StackResource("B", "T", ""),
        StackResource("C", "U", "c"),
    ]
    assert client.asked == [{"StackName": "s"}, {"StackName": "s", "NextToken": "more"}]


def test_values_of_parameters_come_by_name() -> None:
    """Those that DescribeStacks tells; a stack without parameters has none."""
    given = [{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "B", "ParameterValue": ""}]
    assert stack_parameters(FakeCloudFormation(Parameters=given), "s") == {"A": "1", "B": ""}
    assert stack_parameters(FakeCloudFormation(), "s") == {}


NESTED = "AWS::CloudFormation::Stack"
STACKS = {
    "shop": [
        StackResource("Bus", "AWS::Events::EventBus", "bus"),
        StackResource("Api", NESTED, "arn:api"),
        StackResource("Locked", NESTED, "arn:locked"),
    ],
    "arn:api": [
        StackResource("OwnBus", "AWS::Events::EventBus", "own-bus"),
        StackResource("Client", "AWS::Cognito::UserPoolClient", "client"),
        StackResource("Deeper", NESTED, "arn:deeper"),
    ],
    "arn:deeper": [
        StackResource("Late", "AWS::Cognito::UserPoolClient", "late"),
        StackResource("Queue", "AWS::SQS::Queue", "queue"),
    ],
}


def told(stack_name: str) -> list[StackResource]:
    if stack_name not in STACKS:
        raise Unreachable(f"not allowed to look into {stack_name}")
    return STACKS[stack_name]


def test_nested_stacks_tell_what_no_outer_one_has() -> None:
    """Each level for the types that are missing so far; one that CloudFormation does not tell of is passed over."""
    found = {each.logical_id: each.physical_id for each in resources_with_nested(told, "shop") if each.type != NESTED}
    assert found == {"Bus": "bus", "Client": "client", "Queue": "queue"}
    with pytest.raises(Unreachable, match=r"^not allowed to look into other$"):
        resources_with_nested(told, "other")


def test_so_many_nested_stacks_are_looked_into_and_no_more() -> None:
    """Each of them costs a request, and whoever nests a stack in itself would never end."""
    asked: list[str] = []

    def endless(stack_name: str) -> list[StackResource]:
        asked.append(stack_name)
        return [StackResource("Again", NESTED, "arn:again"), StackResource("Other", NESTED, "arn:other")]

    resources_with_nested(endless, "shop")
    assert len(asked) == 1 + MOST_NESTED
