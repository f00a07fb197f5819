"""CloudFormation as boto3 sees it: what is deployed runs, what is changed is changed, what is deleted is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed

from support.deploying import Deploying
from support.running import RunningRuntime
from support.sockets import run, subscribed

PLAIN = "'{\"msg\": <msg>}'"
BUCKETS = "Resources: {B: {Type: AWS::S3::Bucket}}\nOutputs: {Name: {Value: !Ref B, Export: {Name: bucket}}}\n"
IMPORTS = (
    "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub ['${x}2', {x: !ImportValue bucket}]}}}\n"
)


@pytest.fixture
def empty(start_runtime: Any) -> RunningRuntime:
    runtime: RunningRuntime = start_runtime(template=None)
    return runtime


@pytest.fixture
def deploying(empty: RunningRuntime) -> Deploying:
    return Deploying(empty)


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


async def arrives(deploying: Deploying, message: str, stack: str = "livebus") -> Any:
    """Publish a message to a stack's bus; what a subscriber of its API gets."""
    runtime, outputs = deploying.runtime, deploying.outputs(stack)
    tokens = runtime.tokens(client_id=outputs["UserPoolClientId"])
    async with subscribed(outputs["RealtimeUrl"], tokens["AccessToken"]) as socket:
        runtime.put(message, bus=outputs["EventBusName"])
        return await socket.message()


def test_what_is_deployed_runs(deploying: Deploying) -> None:
    """A change set tells what it will make; executed, an event arrives at a subscriber of the new API."""
    made = deploying.propose()
    changes = [each["ResourceChange"] for each in made["Changes"]]
    assert {(each["Action"], each["ResourceType"]) for each in changes} >= {
        ("Add", "AWS::Events::Rule"),
        ("Add", "AWS::AppSync::GraphQLApi"),
    }
    assert deploying.status() == "REVIEW_IN_PROGRESS"
    deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="proposal")
    assert deploying.settled() == "CREATE_COMPLETE"
    assert deploying.outputs()["GraphQLUrl"] == f"{deploying.runtime.url}/graphql"
    assert run(arrives(deploying, "hello")) == "hello"


def test_another_region_is_refused(deploying: Deploying) -> None:
    """The runtime is one region: what was made for another one would have ARNs of this one, and nobody would see it."""
    elsewhere = deploying.runtime.client("cloudformation", region_name="eu-west-1")
    given = {"StackName": "livebus", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": BUCKETS}
    assert refusal(elsewhere.create_change_set, **given) == (
        "SignatureDoesNotMatch",
        (
            "Credential should be scoped to a valid region, not 'eu-west-1'. The local runtime is us-east-1: pass --region "
            "us-east-1, or start it with another --region."
        ),
    )
    assert deploying.status() == ""


def test_each_resource_has_its_events_after_those_it_depends_on(deploying: Deploying) -> None:
    """The stack's events frame those of its resources; no two have the same time, and the rule comes after the API."""
    deploying.deploy()
    told = list(reversed(deploying.cloudformation.describe_stack_events(StackName="livebus")["StackEvents"]))
    times = [each["Timestamp"] for each in told]
    names = [each["LogicalResourceId"] for each in told if each["ResourceStatus"] == "CREATE_COMPLETE"]
    assert (len(set(times)), times) == (len(times), sorted(times))
    assert [told[index]["ResourceStatus"] for index in (0, 1, -1)] == [
        "REVIEW_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]
    assert names.index("GraphQLApi") < names.index("PublishRule") < names.index("DeadLetterQueuePolicy")
    assert names.index("GraphQLSchema") < names.index("PublishResolver")


def test_without_changes_there_is_nothing_to_execute(deploying: Deploying) -> None:
    """The same template and parameters: the change set fails with AWS's words, and cannot be executed."""
    deploying.deploy()
    made = deploying.propose(name="again")
    assert (made["Status"], made["ExecutionStatus"], made["StatusReason"]) == (
        "FAILED",
        "UNAVAILABLE",
        "The submitted information didn't contain changes. Submit different information to create a change set.",
    )
    code, message = refusal(deploying.cloudformation.execute_change_set, StackName="livebus", ChangeSetName="again")
    assert code == "InvalidChangeSetStatus"
    assert "cannot be executed in its current status of [FAILED]" in message
    update = {"StackName": "livebus", "UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_IAM"]}
    assert refusal(deploying.cloudformation.update_stack, **update) == (
        "ValidationError",
        "No updates are to be performed.",
    )


CHANGED = [
    (PLAIN, '\'{"msg": "<msg>!"}\'', "", ["PublishRule"], "hello!"),
    (
        "payload: ctx.args.msg",
        "payload: `<${ctx.args.msg}>`",
        "resolvers/publishMsgFromEB.js",
        ["PublishResolver"],
        "<hello>",
    ),
    ("  placeholder: String", "  more: Int\n  placeholder: String", "schema.graphql", ["GraphQLSchema"], "hello"),
]


@pytest.mark.parametrize("edit", CHANGED, ids=lambda edit: edit[3][0])
def test_an_update_changes_what_differs_and_nothing_else(deploying: Deploying, edit: tuple[Any, ...]) -> None:
    """Template, resolver, schema: only the resource that differs is modified; who is subscribed stays so."""
    old, new, file, modified, expected = edit
    deploying.deploy()

    async def update() -> tuple[Any, Any]:
        outputs = deploying.outputs()
        token = deploying.runtime.tokens(client_id=outputs["UserPoolClientId"])["AccessToken"]
        async with subscribed(outputs["RealtimeUrl"], token) as socket:
            deploying.change(old, new, file)
            made = deploying.propose(name="update")
            deploying.cloudformation.execute_change_set(StackName="livebus", ChangeSetName="update")
            status = deploying.settled()
            deploying.runtime.put("hello", bus="livebus")
            return [each["ResourceChange"]["LogicalResourceId"] for each in made["Changes"]], (
                status,
                await socket.message(),
            )

    assert run(update()) == (modified, ("UPDATE_COMPLETE", expected))


def test_a_parameter_is_changed_and_then_kept(deploying: Deploying) -> None:
    """A new value reaches the rule; UsePreviousValue keeps it in the deployment after that."""
    deploying.deploy(Parameters=[{"ParameterKey": "EventSource", "ParameterValue": "my.app"}])
    rule = {"Rule": "publishMsgFromEB", "EventBusName": "livebus"}
    described = deploying.runtime.client("events").describe_rule(Name=rule["Rule"], EventBusName="livebus")
    assert '"my.app"' in described["EventPattern"]
    deploying.change(PLAIN, '\'{"msg": "<msg>!"}\'')
    kept = [{"ParameterKey": "EventSource", "UsePreviousValue": True}]
    assert deploying.deploy(name="kept", Parameters=kept) == "UPDATE_COMPLETE"
    values = {each["ParameterKey"]: each["ParameterValue"] for each in deploying.described()["Parameters"]}
    assert (values["EventSource"], values["SelfSignUp"]) == ("my.app", "DISABLED")


def test_a_resource_that_is_gone_from_the_template_is_deleted(deploying: Deploying) -> None:
    """An update without the API ends its connections; the bus goes on."""
    deploying.deploy()
    outputs = deploying.outputs()
    bus = "Resources: {EventBus: {Type: AWS::Events::EventBus, Properties: {Name: livebus}}}"

    async def cut() -> str:
        token = deploying.runtime.tokens(client_id=outputs["UserPoolClientId"])["AccessToken"]
        async with subscribed(outputs["RealtimeUrl"], token) as socket:
            status = deploying.deploy(name="cut", TemplateBody=bus)
            with pytest.raises(ConnectionClosed):
                await socket.receive()
            return status

    assert run(cut()) == "UPDATE_COMPLETE"
    assert ("DELETE_COMPLETE", "") in deploying.events(of="GraphQLApi")
    assert ("DELETE_SKIPPED", "") in deploying.events(of="UserPool")
    left = deploying.cloudformation.list_stack_resources(StackName="livebus")["StackResourceSummaries"]
    assert {each["LogicalResourceId"] for each in left} == {"EventBus", "UserPool"}


def test_a_deleted_stack_is_gone(deploying: Deploying) -> None:
    """Its bus and API answer no more; it is found by its id only; deleting it again is no fault."""
    deploying.deploy()
    stack_id = deploying.described()["StackId"]
    deploying.cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == ""
    assert refusal(deploying.cloudformation.describe_stacks, StackName="livebus") == (
        "ValidationError",
        "Stack with id livebus does not exist",
    )
    assert deploying.described(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert ("DELETE_SKIPPED", "") in deploying.events(stack_id, of="UserPool")
    events = deploying.runtime.client("events")
    assert refusal(events.describe_event_bus, Name="livebus")[0] == "ResourceNotFoundException"
    deploying.cloudformation.delete_stack(StackName="livebus")


def test_a_protected_stack_is_not_deleted(deploying: Deploying) -> None:
    """Termination protection refuses, in AWS's words, until it is switched off."""
    deploying.deploy(TemplateBody=BUCKETS)
    deploying.cloudformation.update_termination_protection(StackName="livebus", EnableTerminationProtection=True)
    assert deploying.described()["EnableTerminationProtection"] is True
    assert refusal(deploying.cloudformation.delete_stack, StackName="livebus") == (
        "ValidationError",
        "Stack [livebus] cannot be deleted while TerminationProtection is enabled",
    )
    deploying.cloudformation.update_termination_protection(StackName="livebus", EnableTerminationProtection=False)
    deploying.cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == ""


def test_stacks_run_side_by_side(deploying: Deploying) -> None:
    """Two stacks of one template have a bus, an API and users each; the second API has a path of its own."""
    assert [deploying.deploy("one"), deploying.deploy("two")] == ["CREATE_COMPLETE"] * 2
    assert run(arrives(deploying, "first", "one")) == "first"
    assert run(arrives(deploying, "second", "two")) == "second"
    urls = [deploying.outputs(name)["GraphQLUrl"] for name in ("one", "two")]
    assert urls[0] == f"{deploying.runtime.url}/graphql"
    assert urls[1].endswith("/graphql")
    assert len(set(urls)) == 2


def test_deployments_at_the_same_time_do_not_meet(deploying: Deploying) -> None:
    """Two first deployments that are begun together: each API gets a path of its own."""
    body = deploying.packaged()
    for stack in ("one", "two"):
        deploying.cloudformation.create_stack(StackName=stack, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert [deploying.settled(stack) for stack in ("one", "two")] == ["CREATE_COMPLETE"] * 2
    assert len({deploying.outputs(stack)["GraphQLUrl"] for stack in ("one", "two")}) == 2
    assert deploying.cloudformation.list_change_sets(StackName="one")["Summaries"] == []


def test_a_name_that_another_stack_has_is_taken(deploying: Deploying) -> None:
    """A fixed name of the first stack's keeps the second from being made."""
    named = "Resources: {Bus: {Type: AWS::Events::EventBus, Properties: {Name: shared}}}"
    deploying.deploy("one", TemplateBody=named)
    assert deploying.deploy("two", TemplateBody=named) == "ROLLBACK_COMPLETE"
    failed = [reason for status, reason in deploying.events("two", of="Bus") if status == "CREATE_FAILED"]
    assert failed[0].startswith("Resource of type 'AWS::Events::EventBus' with identifier 'shared' already exists.")


def test_an_export_is_imported_and_held(deploying: Deploying) -> None:
    """What one stack exports another imports; as long as it does, the exporter cannot be deleted."""
    deploying.deploy("exporter", TemplateBody=BUCKETS)
    name = deploying.outputs("exporter")["Name"]
    (export,) = deploying.cloudformation.list_exports()["Exports"]
    assert (export["Name"], export["Value"]) == ("bucket", name)
    assert deploying.deploy("importer", TemplateBody=IMPORTS) == "CREATE_COMPLETE"
    assert deploying.cloudformation.list_imports(ExportName="bucket")["Imports"] == ["importer"]
    deploying.cloudformation.delete_stack(StackName="exporter")
    assert deploying.settled("exporter") == "CREATE_COMPLETE"
    assert deploying.events("exporter")[-1] == (
        "CREATE_COMPLETE",
        "Export bucket cannot be deleted as it is in use by importer",
    )
    renamed = BUCKETS.replace("Value: !Ref B", "Value: other")
    assert deploying.deploy("exporter", name="renamed", TemplateBody=renamed) == "UPDATE_ROLLBACK_COMPLETE"
    assert ("UPDATE_ROLLBACK_IN_PROGRESS", "Export bucket cannot be updated as it is in use by importer") in (
        deploying.events("exporter")
    )
    for stack in ("importer", "exporter"):
        deploying.cloudformation.delete_stack(StackName=stack)
        assert deploying.settled(stack) == ""


def test_a_rule_may_be_on_another_stacks_bus(deploying: Deploying) -> None:
    """A second stack's rule sees the events of the first one's bus, which cannot go before it."""
    deploying.deploy("one")
    deploying.change("      EventBusName: !Ref EventBus\n", "      EventBusName: one\n")
    deploying.change("rule/${EventBus}/", "rule/one/")
    deploying.change("Name: publishMsgFromEB\n      Description", "Name: second\n      Description")
    deploying.change('/publishMsgFromEB"\n      Policies', '/second"\n      Policies')
    assert deploying.deploy("two") == "CREATE_COMPLETE"
    outputs = {**deploying.outputs("two"), "EventBusName": "one"}

    async def both() -> Any:
        token = deploying.runtime.tokens(client_id=outputs["UserPoolClientId"])["AccessToken"]
        async with subscribed(outputs["RealtimeUrl"], token) as socket:
            deploying.runtime.put("for all", bus="one")
            return await socket.message()

    assert run(both()) == "for all"
    deploying.cloudformation.delete_stack(StackName="one")
    assert deploying.settled("one") == "DELETE_FAILED"
    (reason,) = [reason for status, reason in deploying.events("one", of="EventBus") if status == "DELETE_FAILED"]
    assert reason.startswith("Event bus one can't be deleted since it has rules.")


def test_the_last_good_deployment_outlives_the_runtime(
    deploying: Deploying, start_runtime: Any, tmp_path: Path
) -> None:
    """A runtime that is started again has the stacks of before, with what they were made of, and their users."""
    deploying.deploy(Tags=[{"Key": "team", "Value": "rewards"}])
    deploying.deploy("other", TemplateBody=BUCKETS)
    before = deploying.described()
    deploying.runtime.stop()
    again = Deploying(start_runtime(template=None))
    after = again.described()
    same = ("StackId", "StackStatus", "CreationTime", "Tags", "Parameters", "Description")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert again.status("other") == "CREATE_COMPLETE"
    assert run(arrives(again, "still here")) == "still here"


def test_the_files_on_disk_are_a_stack_too(start_runtime: Any) -> None:
    """Without a deployment the template on disk is told of as a stack; one that is deployed to its name takes its place."""
    deploying = Deploying(start_runtime())
    assert deploying.status() == "CREATE_COMPLETE"
    assert deploying.outputs()["EventBusName"] == "livebus"
    deploying.change(PLAIN, '\'{"msg": "<msg>, deployed"}\'')
    assert deploying.deploy() == "UPDATE_COMPLETE"
    deploying.runtime.wait_for_line("the files on disk are not followed any more")
    assert run(arrives(deploying, "hello")) == "hello, deployed"


def test_a_type_that_is_unknown_is_made_and_told(deploying: Deploying) -> None:
    """A resource of a type that does nothing here is made, answers to Ref, and the runtime says that it does nothing."""
    body = "Resources: {T: {Type: AWS::Kinesis::Stream}}\nOutputs: {Name: {Value: !Ref T}}"
    assert deploying.deploy(TemplateBody=body) == "CREATE_COMPLETE"
    assert deploying.outputs()["Name"].startswith("livebus-T-")
    deploying.runtime.wait_for_line("AWS::Kinesis::Stream 'T' does nothing here.")


def test_templates_are_summed_up_and_given_back(deploying: Deploying) -> None:
    """GetTemplateSummary, ValidateTemplate and GetTemplate tell what a template asks for, and the text as it was given."""
    body = deploying.packaged()
    summary = deploying.cloudformation.get_template_summary(TemplateBody=body)
    names = ["EventSource", "SelfSignUp", "Introspection"]
    assert [each["ParameterKey"] for each in summary["Parameters"]][:3] == names
    assert (summary["Capabilities"], summary["DeclaredTransforms"]) == (
        ["CAPABILITY_IAM"],
        ["AWS::Serverless-2016-10-31"],
    )
    assert deploying.cloudformation.validate_template(TemplateBody=body)["Capabilities"] == ["CAPABILITY_IAM"]
    deploying.deploy()
    assert deploying.cloudformation.get_template(StackName="livebus")["TemplateBody"] == body


def test_resources_are_found_by_either_id(deploying: Deploying) -> None:
    """Resources are listed, and found by logical and by physical id."""
    deploying.deploy(TemplateBody=BUCKETS)
    bucket = deploying.outputs()["Name"]
    one = deploying.cloudformation.describe_stack_resource(StackName="livebus", LogicalResourceId="B")
    assert one["StackResourceDetail"]["PhysicalResourceId"] == bucket
    (found,) = deploying.cloudformation.describe_stack_resources(PhysicalResourceId=bucket)["StackResources"]
    assert (found["LogicalResourceId"], found["ResourceStatus"]) == ("B", "CREATE_COMPLETE")


def test_a_bucket_with_objects_keeps_its_stack(deploying: Deploying) -> None:
    """A stack with a bucket that is not empty fails to be deleted, in S3's words; emptied, it goes."""
    deploying.deploy(TemplateBody=BUCKETS)
    bucket = deploying.outputs()["Name"]
    deploying.s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    deploying.cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == "DELETE_FAILED"
    assert any("The bucket you tried to delete is not empty" in reason for _, reason in deploying.events(of="B"))
    deploying.s3.delete_object(Bucket=bucket, Key="a")
    deploying.cloudformation.delete_stack(StackName="livebus")
    assert deploying.settled() == ""


def test_what_is_not_emulated_is_said(deploying: Deploying) -> None:
    """An action that is not there is refused by its name."""
    assert refusal(deploying.cloudformation.detect_stack_drift, StackName="livebus") == (
        "InvalidAction",
        "cloudformation:DetectStackDrift is not emulated by the local runtime.",
    )


def test_the_caller_is_somebody(empty: RunningRuntime) -> None:
    """STS says whose credentials these are: the account is the one in every ARN."""
    identity = empty.client("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/local")
