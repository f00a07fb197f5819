"""Deployments that fail: who says what, in whose words, and what goes on running."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.deploying import Deploying
from support.sockets import run, subscribed

RESOLVER = "resolvers/publishMsgFromEB.js"
EVENTBRIDGE = "(Service: EventBridge, Status Code: 400, Request ID: "
APPSYNC = "(Service: AppSync, Status Code: "

# What is changed, in which file; the resource that fails; the words that its reason begins with, and others in it.
FAULTS = {
    "pattern": (
        ('msg: [prefix: ""]', "msg: [prefixx: x]"),
        "",
        "PublishRule",
        'Resource handler returned message: "Event pattern is not valid. Reason: Unrecognized match type prefixx\n at [Source: (String)"',
        (EVENTBRIDGE, "HandlerErrorCode: InvalidRequest"),
    ),
    "archive": (
        (
            "      EventPattern:\n        source: [!Ref EventSource]\n      RetentionDays",
            "      EventPattern: '{}'\n      RetentionDays",
        ),
        "",
        "Archive",
        'Resource handler returned message: "Event pattern is not valid. Reason: Empty objects are not allowed',
        (EVENTBRIDGE,),
    ),
    "placeholder": (
        ("<msg>}'", "<mgs>}'"),
        "",
        "PublishRule",
        'Resource handler returned message: "InputTemplate for target AppSync contains invalid placeholder mgs.',
        (EVENTBRIDGE,),
    ),
    "target": (
        (
            "Arn: !GetAtt GraphQLApi.GraphQLEndpointArn\n          RoleArn",
            "Arn: !GetAtt GraphQLApi.Arn\n          RoleArn",
        ),
        "",
        "PublishRule",
        'Resource handler returned message: "Parameter arn:aws:appsync:us-east-1:123456789012:apis/',
        (" is not valid. Reason: Provided Arn is not in correct format. ", EVENTBRIDGE),
    ),
    "schema": (
        ("type Query {", "type Query {{"),
        "schema.graphql",
        "GraphQLSchema",
        "Schema Creation Status is FAILED with details: Failed to parse schema document - ensure it's a valid SDL-formatted document.",
        ("Syntax Error",),
    ),
    "resolver": (
        ("export function response", "export function respond"),
        RESOLVER,
        "PublishResolver",
        'Resource handler returned message: "The code contains one or more errors. (Service: AppSync, Status Code: 400',
        ("The code exports no 'response'",),
    ),
    "field": (
        ("FieldName: publishMsgFromEB", "FieldName: publishMsg"),
        "",
        "PublishResolver",
        f'Resource handler returned message: "No field named publishMsg found on type Mutation {APPSYNC}404',
        ("HandlerErrorCode: NotFound",),
    ),
    "property": (
        ("      ApiId: !GetAtt GraphQLApi.ApiId\n      Name: none\n", "      ApiId: !GetAtt GraphQLApi.ApiId\n"),
        "",
        "NoneDataSource",
        "Properties validation failed for resource NoneDataSource with message:\n",
        ("has no Name",),
    ),
    "artefact": (
        ("CodeS3Location: ./resolvers/publishMsgFromEB.js", "CodeS3Location: s3://artefacts/gone"),
        "",
        "PublishResolver",
        "Properties validation failed for resource PublishResolver with message:\n",
        ("The specified key does not exist.",),
    ),
}


@pytest.fixture
def deploying(start_runtime: Any) -> Deploying:
    return Deploying(start_runtime(template=None))


def assert_told(reasons: list[tuple[str, str]], verb: str, begins: str, *holds: str) -> None:
    (reason,) = [reason for status, reason in reasons if status == f"{verb}_FAILED"]
    assert reason.startswith(begins), reason
    for words in holds:
        assert words in reason


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_first_deployment_is_rolled_back(deploying: Deploying, fault: tuple[Any, ...]) -> None:
    """The resource fails with its reason, what was made is deleted, what depends on it was never begun."""
    (old, new), file, logical_id, begins, holds = fault
    deploying.change(old, new, file)
    assert deploying.deploy() == "ROLLBACK_COMPLETE"
    assert_told(deploying.events(of=logical_id), "CREATE", begins, *holds)
    told = deploying.events(of="livebus")
    assert [status for status, _ in told] == [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
    ]
    assert told[2][1] == f"The following resource(s) failed to create: [{logical_id}]. Rollback requested by user."
    assert ("DELETE_COMPLETE", "") in deploying.events(of="EventBus")
    if logical_id != "DeadLetterQueuePolicy":
        assert deploying.events(of="DeadLetterQueuePolicy") == [] or logical_id != "PublishRule"
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        deploying.propose(name="again")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_update_goes_back_to_what_ran_before(deploying: Deploying, fault: tuple[Any, ...]) -> None:
    """The subscriber of before stays connected, and gets the next event as before; the mended template is taken."""
    (old, new), file, logical_id, begins, holds = fault
    deploying.deploy()
    template, files = deploying.template, dict(deploying.files)
    deploying.change(old, new, file)

    async def update() -> tuple[str, Any]:
        outputs = deploying.outputs()
        token = deploying.runtime.tokens(client_id=outputs["UserPoolClientId"])["AccessToken"]
        async with subscribed(outputs["RealtimeUrl"], token) as socket:
            status = deploying.deploy(name="broken")
            deploying.runtime.put("as before", bus="livebus")
            return status, await socket.message()

    assert run(update()) == ("UPDATE_ROLLBACK_COMPLETE", "as before")
    assert_told(deploying.events(of=logical_id), "UPDATE", begins, *holds)
    reasons = dict(deploying.events(of="livebus"))
    assert reasons["UPDATE_ROLLBACK_IN_PROGRESS"] == f"The following resource(s) failed to update: [{logical_id}]. "
    assert logical_id in deploying.runtime.wait_for_line(f"stack livebus: {logical_id}: ")
    deploying.template, deploying.files = template, files
    deploying.change("'{\"msg\": <msg>}'", '\'{"msg": "<msg>!"}\'')
    assert deploying.deploy(name="mended") == "UPDATE_COMPLETE"


def test_all_that_fails_is_told_at_once(deploying: Deploying) -> None:
    """Two faults in resources that do not depend on each other: both have their reason."""
    for name in ("placeholder", "resolver"):
        (old, new), file, *_ = FAULTS[name]
        deploying.change(old, new, file)
    deploying.deploy()
    reason = dict(deploying.events(of="livebus"))["ROLLBACK_IN_PROGRESS"]
    assert {"PublishRule", "PublishResolver"} <= set(reason.partition("[")[2].partition("]")[0].split(", "))


def test_rollback_can_be_switched_off(deploying: Deploying) -> None:
    """With DisableRollback a failed stack stays to be looked at; a failed update leaves the line of before at work."""
    deploying.deploy()
    (old, new), *_ = FAULTS["placeholder"]
    deploying.change(old, new)
    assert deploying.deploy(name="broken", DisableRollback=True) == "UPDATE_FAILED"
    deploying.change(new, old)
    deploying.change("MaximumRetryAttempts: 185", "MaximumRetryAttempts: 10")
    assert deploying.deploy(name="mended") == "UPDATE_COMPLETE"
    deploying.change(old, new)
    assert deploying.deploy("other", DisableRollback=True) == "CREATE_FAILED"
    assert ("CREATE_COMPLETE", "") in deploying.events("other", of="EventBus")


def test_an_export_that_is_not_there_ends_the_deployment(deploying: Deploying) -> None:
    """The stack's own reason says which, as AWS words it."""
    body = "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !ImportValue gone}}}"
    assert deploying.deploy(TemplateBody=body) == "ROLLBACK_COMPLETE"
    assert ("ROLLBACK_IN_PROGRESS", "No export named gone found. Rollback requested by user.") in deploying.events()


CIRCLE = (
    "Resources:\n  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt B.QueueName}}\n"
    "  B: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt A.QueueName}}\n"
)
REFUSED = {
    "circle": (CIRCLE, "Circular dependency between resources: ["),
    "reference": (
        "Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}}",
        "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
    ),
    "rule": (
        (
            "Parameters: {P: {Type: String, Default: x}}\n"
            "Rules: {R: {Assertions: [{Assert: !Equals [!Ref P, y], AssertDescription: P is to be y.}]}}\n"
            "Resources: {A: {Type: AWS::SQS::Queue}}"
        ),
        "Template error: rule 'R' does not hold: P is to be y.",
    ),
    "attribute": (
        "Resources: {A: {Type: AWS::SQS::Queue}}\nOutputs: {N: {Value: !GetAtt B.Arn}}",
        "Template error: instance of Fn::GetAtt references undefined resource B",
    ),
}


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
def test_a_faulty_template_fails_before_anything_is_made(deploying: Deploying, refused: tuple[str, str]) -> None:
    """Without a transform the call is refused; with one the change set fails, as on AWS."""
    body, begins = refused
    with pytest.raises(ClientError) as caught:
        deploying.propose(TemplateBody=body)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"][: len(begins)]) == ("ValidationError", begins)
    assert deploying.status() == ""
    made = deploying.propose(TemplateBody=f"Transform: AWS::Serverless-2016-10-31\n{body}")
    assert (made["Status"], made["StatusReason"][: len(begins)]) == ("FAILED", begins)


def test_text_that_is_no_template_is_refused_with_its_place(deploying: Deploying) -> None:
    """YAML's own fault, with line and column."""
    with pytest.raises(ClientError, match=r"Template format error: template of livebus:2:1: "):
        deploying.propose(TemplateBody="Resources: [\n")


def test_roles_have_to_be_acknowledged(deploying: Deploying) -> None:
    """Without CAPABILITY_IAM the change set fails in AWS's words; CreateStack is refused."""
    made = deploying.propose(Capabilities=[])
    assert (made["Status"], made["StatusReason"]) == ("FAILED", "Requires capabilities : [CAPABILITY_IAM]")
    body = deploying.packaged()
    with pytest.raises(
        ClientError, match=r"InsufficientCapabilitiesException.*Requires capabilities : \[CAPABILITY_IAM\]"
    ):
        deploying.cloudformation.create_stack(StackName="other", TemplateBody=body)


def test_values_of_parameters_are_checked(deploying: Deploying) -> None:
    """A value that is not allowed, and a parameter that the template does not have: both are told."""
    given = [
        {"ParameterKey": "SelfSignUp", "ParameterValue": "enabled"},
        {"ParameterKey": "EventSorce", "ParameterValue": "x"},
    ]
    with pytest.raises(ClientError) as caught:
        deploying.propose(Parameters=given)
    message = caught.value.response["Error"]["Message"]
    assert "Parameters: [EventSorce] do not exist in the template" in message
    assert "parameter 'SelfSignUp' has the value 'enabled'; expected one of ENABLED, DISABLED" in message


def test_a_template_that_is_not_in_its_bucket_is_refused(deploying: Deploying) -> None:
    """S3's words for a TemplateURL that leads nowhere."""
    url = f"{deploying.runtime.url}/artefacts/gone.template"
    with pytest.raises(ClientError, match=r"ValidationError.*S3 error: The specified key does not exist\."):
        deploying.cloudformation.create_change_set(
            StackName="livebus", ChangeSetName="c", ChangeSetType="CREATE", TemplateURL=url
        )


def test_a_bug_of_ours_does_not_leave_a_stack_in_progress(
    deploying: Deploying, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception ends the deployment as failed; the runtime's log has it."""

    def broken(*given: object) -> str:
        raise ZeroDivisionError

    deploying.packaged()
    monkeypatch.setattr("livebus.runtime.cloudformation.effects.Effects.create", broken)
    assert deploying.deploy() == "CREATE_FAILED"
    assert deploying.events()[-1] == ("CREATE_FAILED", "ZeroDivisionError in the local runtime; its log has more")
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_a_full_disk_refuses_the_deployment(deploying: Deploying, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the stack cannot be kept, nothing is begun, and the caller may try again."""
    deploying.propose()

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("livebus.runtime.cloudformation.stack_files.write_private", full)
        with pytest.raises(ClientError, match=r"InternalFailure.*cannot be kept: No space left on device"):
            deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="proposal")
    assert deploying.status() == "REVIEW_IN_PROGRESS"
    deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="proposal")
    assert deploying.settled() == "CREATE_COMPLETE"
