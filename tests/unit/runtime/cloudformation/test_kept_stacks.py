"""What becomes of a stack whose deployment the end of a run cut off."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from livebus.runtime.cloudformation.kept_stacks import settle
from livebus.runtime.cloudformation.stack import Deployment, Stack, StackResource


def deployer(told: list[str]) -> Any:
    return SimpleNamespace(clockwork=SimpleNamespace(new_id=lambda: "e", clock=lambda: 2.0, tell=told.append))


def in_progress(status: str, deployed: Deployment | None) -> Stack:
    """A stack with a nested one, in the middle of something."""
    inner = Stack("arn:inner", "app-Inner-1", "CREATE_COMPLETE", 1.0, parent_id="arn:app", root_id="arn:app")
    resource = StackResource("Inner", "AWS::CloudFormation::Stack", "arn:inner", "CREATE_COMPLETE", 1.0)
    resources = {"Inner": resource}
    return Stack("arn:app", "app", status, 1.0, deployed=deployed, resources=resources, nested={"Inner": inner})


def test_of_a_stack_that_never_ran_nothing_is_left() -> None:
    """Nor of those that it nested, which a first deployment that failed had left for another try."""
    told: list[str] = []
    stack = in_progress("UPDATE_IN_PROGRESS", None)
    settle(stack, deployer(told))
    assert (stack.status, stack.resources, list(stack.with_nested)) == ("ROLLBACK_COMPLETE", {}, [stack])
    assert told == ["stack app: ROLLBACK_COMPLETE: The runtime ended in the middle of the deployment."]


def test_one_that_ran_is_as_before_with_those_that_it_nests() -> None:
    """Its resources are told as gone back to."""
    stack = in_progress("UPDATE_IN_PROGRESS", Deployment("", {}, {}))
    settle(stack, deployer([]))
    assert [each.status for each in stack.with_nested] == ["UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"]
    assert [each.status for each in stack.resources.values()] == ["UPDATE_COMPLETE"]


def test_one_at_rest_is_left_alone() -> None:
    """Nothing was cut off."""
    stack = in_progress("CREATE_COMPLETE", Deployment("", {}, {}))
    settle(stack, deployer([]))
    assert (stack.status, stack.events) == ("CREATE_COMPLETE", [])
