"""What can be done with a stack whose first deployment did not come to its end: told of, repaired, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.deploying import Deploying

BROKEN = ("'{\"msg\": <msg>}'", "'{\"msg\": <massage>}'")


@pytest.fixture
def deploying(start_runtime: Any) -> Deploying:
    return Deploying(start_runtime(template=None))


def parameters(answer: dict[str, Any]) -> list[str]:
    return [each["ParameterKey"] for each in answer["Parameters"]]


def test_a_stack_that_was_rolled_back_can_only_be_deleted(deploying: Deploying) -> None:
    """It has the template that it was made with; an update is refused in AWS's words; its name is free after that."""
    deploying.change(*BROKEN)
    assert deploying.deploy() == "ROLLBACK_COMPLETE"
    cloudformation = deploying.cloudformation
    assert cloudformation.get_template(StackName="livebus")["TemplateBody"] == deploying.packaged()
    assert parameters(cloudformation.get_template_summary(StackName="livebus"))[0] == "EventSource"
    assert parameters(deploying.described())[0] == "EventSource"

    deploying.change(BROKEN[1], BROKEN[0])
    with pytest.raises(ClientError) as caught:
        deploying.propose(name="again")
    stack_id = deploying.described()["StackId"]
    told = f"Stack:{stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
    assert caught.value.response["Error"]["Message"] == told

    cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == ""
    assert deploying.deploy(name="anew") == "CREATE_COMPLETE"


def test_what_was_left_of_a_first_deployment_is_repaired(deploying: Deploying) -> None:
    """Without rollback: only what failed, and what waited for it, is made; the application runs then."""
    deploying.change(*BROKEN)
    assert deploying.deploy(DisableRollback=True) == "CREATE_FAILED"
    assert deploying.cloudformation.get_template(StackName="livebus")["TemplateBody"] == deploying.packaged()

    deploying.change(BROKEN[1], BROKEN[0])
    proposed = deploying.propose(name="repair")
    changed = {each["ResourceChange"]["LogicalResourceId"] for each in proposed["Changes"]}
    assert ("PublishRule" in changed, "EventBus" in changed) == (True, False)
    deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="repair")
    assert deploying.settled() == "UPDATE_COMPLETE"
    made = [status for status, _ in deploying.events(of="EventBus")]
    assert made == ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    trace = deploying.runtime.trace()
    (event_id,) = deploying.runtime.put("repaired", bus="livebus")
    assert trace.next("transformer", event_id)["variables"] == {"msg": "repaired"}


def test_a_repair_that_fails_leaves_nothing(deploying: Deploying) -> None:
    """With rollback there is no earlier state to go back to: all that was made is deleted."""
    deploying.change(*BROKEN)
    assert deploying.deploy(DisableRollback=True) == "CREATE_FAILED"
    deploying.change("MaximumRetryAttempts: 185", "MaximumRetryAttempts: 10")
    assert deploying.deploy(name="still-broken") == "ROLLBACK_COMPLETE"
    assert deploying.events(of="EventBus")[-1] == ("DELETE_COMPLETE", "")
    assert deploying.events(of="UserPool")[-1] == ("DELETE_COMPLETE", "")


def test_a_stack_in_review_has_no_template_of_its_own(deploying: Deploying) -> None:
    """Its change sets have; it can be deleted."""
    deploying.propose()
    assert deploying.status() == "REVIEW_IN_PROGRESS"
    cloudformation = deploying.cloudformation
    assert "TemplateBody" not in cloudformation.get_template(StackName="livebus")
    of_change_set = cloudformation.get_template(StackName="livebus", ChangeSetName="proposal")
    assert of_change_set["TemplateBody"] == deploying.packaged()
    assert cloudformation.get_template_summary(StackName="livebus")["Parameters"] == []
    cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == ""


def test_code_that_was_left_local_is_named_as_the_cause(deploying: Deploying) -> None:
    """What `aws cloudformation package` passes over is no fault of a bucket."""
    body = deploying.packaged()
    name = "./resolvers/publishMsgFromEB.js"
    location = next(line for line in body.splitlines() if "CodeS3Location" in line).split()[-1]
    assert deploying.deploy(TemplateBody=body.replace(location, name)) == "ROLLBACK_COMPLETE"
    (reason,) = [reason for status, reason in deploying.events(of="PublishResolver") if status == "CREATE_FAILED"]
    assert f"'{name}' is a path beside the template: it was not uploaded; expected s3://bucket/key" in reason
