"""
What a CloudFormation stack tells about itself.

In: a CloudFormation client and a stack's name. Out: the stack's Outputs by name, and its resources.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from livebus.errors import Unreachable
from livebus.stack.resources import NESTED_STACK, StackResource, of_type, own_first

# CloudFormation takes 500 resources in a stack, and tells of 100 on a page.
_MOST_PAGES = 50
# Nested stacks that are looked into: each costs a request.
MOST_NESTED = 100
_AT_WORK = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
)


class CloudFormationClient(Protocol):
    """As much of boto3's CloudFormation client as is used here."""

    def describe_stacks(self, **request: Any) -> Mapping[str, Any]: ...

    def list_stack_resources(self, **request: Any) -> Mapping[str, Any]: ...


def stack_outputs(client: CloudFormationClient, stack_name: str) -> dict[str, str]:
    """
    Fetch the Outputs of a stack by name; none where its template has none.

    Raises Unreachable for a stack that has none because it is not at work, in words that hold its status; what botocore
    raises passes through.
    """
    stack = client.describe_stacks(StackName=stack_name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs") or ()}
    if not outputs and stack.get("StackStatus") not in _AT_WORK:
        raise Unreachable(
            f"the stack {stack_name!r} has no outputs, it is in {stack.get('StackStatus', 'an unknown state')}",
            advice="Deploy it: `sam deploy`.",
        )
    return outputs


def stack_parameters(client: CloudFormationClient, stack_name: str) -> dict[str, str]:
    """
    Fetch the values of a stack's parameters by name; ``****`` for one of NoEcho, as CloudFormation has it. What botocore raises
    passes through.
    """
    stack = client.describe_stacks(StackName=stack_name)["Stacks"][0]
    return {each["ParameterKey"]: each.get("ParameterValue") or "" for each in stack.get("Parameters") or ()}


def stack_resources(client: CloudFormationClient, stack_name: str) -> list[StackResource]:
    """List the resources of a stack. What botocore raises passes through."""
    found: list[StackResource] = []
    token: Mapping[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = client.list_stack_resources(StackName=stack_name, **token)
        found += [
            StackResource(each["LogicalResourceId"], each["ResourceType"], each.get("PhysicalResourceId") or "")
            for each in page.get("StackResourceSummaries") or ()
        ]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    return found


def resources_with_nested(tell: Callable[[str], Sequence[StackResource]], stack_name: str) -> list[StackResource]:
    """
    The resources of a stack, and of the stacks nested in it those of types that no stack further out has.

    ``tell`` lists those of one stack, by its name or id. Where it raises Unreachable of a nested stack that one is passed over, as are
    those beyond ``MOST_NESTED``; what it raises of the outermost one passes through.
    """
    levels: list[dict[str, Sequence[StackResource]]] = [{stack_name: tell(stack_name)}]
    asked = 0
    while inside := [each for resources in levels[-1].values() for each in of_type(resources, NESTED_STACK).items()]:
        level: dict[str, Sequence[StackResource]] = {}
        for logical_id, stack_id in inside[: MOST_NESTED - asked]:
            try:
                level[logical_id] = [*level.get(logical_id, ()), *tell(stack_id)]
            except Unreachable:
                continue
        asked += len(inside)
        levels.append(level)
        if asked >= MOST_NESTED:
            break
    return own_first(levels)
