"""Lambda functions, their layers, permissions and asynchronous invocations; and what SAM makes of its own."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from livebus.errors import InvalidTemplate
from livebus.template import Environment
from livebus.template.application import Application, AsynchronousInvocation, Function, FunctionCode, Layer
from livebus.template.functions import function_name
from livebus.template.loading import load_application

LAMBDA = "arn:aws:lambda:us-east-1:123456789012"
PLAIN: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": "plain",
        "Role": "arn:aws:iam::123456789012:role/r",
        "Runtime": "python3.13",
        "Handler": "app.h",
        "Code": {"ZipFile": "x = 1"},
    },
}
SERVERLESS: dict[str, Any] = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"FunctionName": "sam", "Runtime": "nodejs22.x", "Handler": "app.h", "CodeUri": "src/"},
}


def load(resources: dict[str, Any], **sections: Any) -> Application:
    body = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources, **sections}
    return load_application(yaml.safe_dump(body), file="t.yaml", read_file=lambda _: "", environment=Environment())


def faults(resources: dict[str, Any], **sections: Any) -> list[str]:
    with pytest.raises(InvalidTemplate) as caught:
        load(resources, **sections)
    return [fault.found for fault in caught.value.faults]


def changed(resource: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A resource with other properties; None takes one away."""
    merged = {**resource["Properties"], **properties}
    return {**resource, "Properties": {name: value for name, value in merged.items() if value is not None}}


def one(resource: dict[str, Any], **others: Any) -> Function:
    (function,) = load({"Fn": resource, **others}).functions
    return function


# --- functions ------------------------------------------------------------------------------------------------------


def test_a_plain_function() -> None:
    """Its members, with Lambda's defaults; Ref is the name, GetAtt Arn the ARN."""
    application = load(
        {"Fn": PLAIN}, Outputs={"Ref": {"Value": {"Ref": "Fn"}}, "Arn": {"Value": {"Fn::GetAtt": ["Fn", "Arn"]}}}
    )
    (function,) = application.functions
    assert (function.name, function.arn, function.logical_id) == ("plain", f"{LAMBDA}:function:plain", "Fn")
    assert (function.runtime, function.handler, function.timeout, function.memory_size) == (
        "python3.13",
        "app.h",
        3,
        128,
    )
    assert function.code == FunctionCode(inline="x = 1")
    assert function.asynchronous == AsynchronousInvocation(2, 21_600)
    assert (function.unrunnable, function.environment, function.layers) == ("", {}, ())
    assert application.outputs == {"Ref": "plain", "Arn": f"{LAMBDA}:function:plain"}
    assert application.warnings == ()


def test_intrinsics_in_the_environment_are_evaluated() -> None:
    """Variables may refer to other resources."""
    variables = {"QUEUE": {"Ref": "Q"}, "N": 5, "ON": True}
    function = one(changed(PLAIN, Environment={"Variables": variables}), Q={"Type": "AWS::SQS::Queue"})
    assert function.environment["QUEUE"].startswith("http://127.0.0.1:4566/123456789012/livebus-Q-")
    assert (function.environment["N"], function.environment["ON"]) == ("5", "true")


@pytest.mark.parametrize(
    ("resource", "metadata", "expected"),
    [
        (changed(PLAIN, Code={"S3Bucket": "b", "S3Key": "k"}), {}, FunctionCode(bucket="b", key="k")),
        (
            changed(PLAIN, Code={"S3Bucket": "b", "S3Key": "k"}),
            {"aws:asset:path": "asset.1", "aws:asset:property": "Code"},
            FunctionCode(bucket="b", key="k", asset="asset.1"),
        ),
        (changed(PLAIN, Code="./src"), {}, FunctionCode(path="./src")),
        (SERVERLESS, {}, FunctionCode(path="src/")),
        (changed(SERVERLESS, CodeUri="s3://b/folder/k"), {}, FunctionCode(bucket="b", key="folder/k")),
        (changed(SERVERLESS, CodeUri={"Bucket": "b", "Key": "k"}), {}, FunctionCode(bucket="b", key="k")),
        (changed(SERVERLESS, CodeUri=None, InlineCode="x"), {}, FunctionCode(inline="x")),
        (changed(SERVERLESS, CodeUri=None), {}, FunctionCode(path=".")),
    ],
)
def test_code(resource: dict[str, Any], metadata: dict[str, str], expected: FunctionCode) -> None:
    """A path, an object of S3 in each of its forms, what CDK tells of one, inline code."""
    assert one({**resource, "Metadata": metadata}).code == expected


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (changed(PLAIN, Runtime="java21"), "the runtime 'java21' is not emulated"),
        (changed(PLAIN, Runtime="provided.al2023"), "the runtime 'provided.al2023' is not emulated"),
        (changed(PLAIN, Runtime=None, Handler=None, Code={"ImageUri": "i"}), "container images are not emulated"),
        (changed(SERVERLESS, CodeUri=None, ImageUri="i"), "container images are not emulated"),
        (changed(SERVERLESS, CodeUri=None, PackageType="Image"), "container images are not emulated"),
        (
            changed(PLAIN, Layers=[f"{LAMBDA}:layer:powertools:3"]),
            f"its layer '{LAMBDA}:layer:powertools:3' is not in this template, and is not fetched",
        ),
    ],
)
def test_what_does_not_run_here_is_named(resource: dict[str, Any], words: str) -> None:
    """The template loads, with a warning; the reason is kept for invocations."""
    application = load({"Fn": resource})
    assert application.functions[0].unrunnable.startswith(words)
    assert [words in each for each in application.warnings] == [True]


def test_layers_of_the_template() -> None:
    """SAM's and plain ones, by their ARNs."""
    layers = {
        "A": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}},
        "B": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"LayerName": "b", "Content": {"S3Bucket": "b", "S3Key": "k"}},
        },
    }
    function = one(changed(PLAIN, Layers=[{"Ref": "A"}, {"Ref": "B"}]), **layers)
    assert function.layers == (
        Layer(f"{LAMBDA}:layer:A:1", FunctionCode(path="layer/"), "A"),
        Layer(f"{LAMBDA}:layer:b:1", FunctionCode(bucket="b", key="k"), "B"),
    )


def test_a_build_method_means_that_the_source_does_not_run() -> None:
    """SAM builds TypeScript with esbuild; Python's own method copies the source."""
    for method, expected in (("esbuild", True), ("makefile", True), ("python3.12", False), (None, False)):
        assert one({**SERVERLESS, "Metadata": {"BuildMethod": method} if method else {}}).needs_build is expected


def test_what_lambda_refuses() -> None:
    """Missing and wrong members are told, all at once."""
    broken = changed(PLAIN, Handler=None, Code={}, Timeout=901, MemorySize=64, FunctionName="a b", Role=None)
    assert sorted(faults({"Fn": broken})) == [
        "AWS::Lambda::Function 'Fn' has no Handler",
        "AWS::Lambda::Function 'Fn' has no Role",
        "FunctionName is 'a b'",
        "MemorySize is 64",
        "Please provide a source for function code.",
        "Timeout is 901",
    ]


# --- permissions and asynchronous invocations -----------------------------------------------------------------------


def test_permissions_become_statements() -> None:
    """With the conditions that SourceArn and SourceAccount are."""
    given = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Fn"}, "Principal": "events.amazonaws.com"}
    permission = {"Type": "AWS::Lambda::Permission", "Properties": {**given, "SourceArn": "a", "SourceAccount": "1"}}
    assert one(PLAIN, P=permission).policies == (
        {
            "Sid": "P",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": f"{LAMBDA}:function:plain",
            "Condition": {"ArnLike": {"AWS:SourceArn": "a"}, "StringEquals": {"AWS:SourceAccount": "1"}},
        },
    )


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", "*"),
        ("123456789012", {"AWS": "123456789012"}),
        ("arn:aws:iam::123456789012:root", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("events.amazonaws.com", {"Service": "events.amazonaws.com"}),
    ],
)
def test_whom_a_permission_is_for(principal: str, expected: object) -> None:
    """An account, or one of its identities, is AWS's; whatever else has a name is a service."""
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": "plain",
            "Action": "lambda:InvokeFunction",
            "Principal": principal,
            "SourceAccount": "1",
        },
    }
    function = one(PLAIN, Allowed=permission)
    assert function.policies == (
        {
            "Sid": "Allowed",
            "Effect": "Allow",
            "Principal": expected,
            "Action": "lambda:InvokeFunction",
            "Resource": f"{LAMBDA}:function:plain",
            "Condition": {"StringEquals": {"AWS:SourceAccount": "1"}},
        },
    )


def test_code_in_half_a_place_is_told() -> None:
    """A bucket without a key is no object; what is given as metadata for another property counts for that alone."""
    assert faults({"Fn": changed(PLAIN, Code={"S3Bucket": "b"})}) == ["Code has no S3Key"]
    in_s3 = changed(PLAIN, Code={"S3Bucket": "b", "S3Key": "k"})
    for metadata, asset in (
        ({"aws:asset:path": "asset.1"}, "asset.1"),
        ({"aws:asset:path": "asset.1", "aws:asset:property": "Code"}, "asset.1"),
        ({"aws:asset:path": "asset.1", "aws:asset:property": "Content"}, ""),
        ({"aws:asset:path": 1}, ""),
    ):
        assert one({**in_s3, "Metadata": metadata}).code == FunctionCode(bucket="b", key="k", asset=asset)


def test_asynchronous_invocations() -> None:
    """The function's own dead-letter queue, and what an EventInvokeConfig says."""
    config = {
        "FunctionName": {"Ref": "Fn"},
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:f"}, "OnSuccess": {"Destination": "arn:s"}},
    }
    function = one(
        changed(PLAIN, DeadLetterConfig={"TargetArn": "arn:d"}),
        C={"Type": "AWS::Lambda::EventInvokeConfig", "Properties": config},
    )
    assert function.asynchronous == AsynchronousInvocation(0, 60, "arn:d", "arn:s", "arn:f")


@pytest.mark.parametrize(
    "given",
    ["f", "f:$LATEST", f"{LAMBDA}:function:f", f"{LAMBDA}:function:f:live", "123456789012:function:f", "function:f:1"],
)
def test_names_of_functions(given: str) -> None:
    """Every form that Lambda takes."""
    assert function_name(given) == "f"


# --- SAM ------------------------------------------------------------------------------------------------------------


def test_globals_are_merged() -> None:
    """Maps are merged, lists put together, everything else is the function's own; IgnoreGlobals leaves out."""
    common = {
        "Runtime": "python3.12",
        "Timeout": 9,
        "MemorySize": 512,
        "Environment": {"Variables": {"A": "1", "B": "1"}},
        "Layers": [{"Ref": "L"}],
    }
    own = changed(SERVERLESS, Runtime=None, MemorySize=1024, Environment={"Variables": {"B": {"Ref": "Fn2"}}})
    resources = {
        "Fn": {**own, "IgnoreGlobals": ["Layers"]},
        "Fn2": {**changed(SERVERLESS, FunctionName="other"), "IgnoreGlobals": "*"},
        "L": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "l"}},
    }
    first, second = load(resources, Globals={"Function": common}).functions
    assert (first.runtime, first.timeout, first.memory_size) == ("python3.12", 9, 1024)
    assert (first.environment, first.layers) == ({"A": "1", "B": "other"}, ())
    assert (second.runtime, second.timeout, second.environment) == ("nodejs22.x", 3, {})


@pytest.mark.parametrize("kind", ["EventBridgeRule", "CloudWatchEvent"])
def test_a_rule_event_becomes_a_rule_with_its_permission(kind: str) -> None:
    """Under SAM's logical ids; the target is the function, and the rule may invoke it."""
    event = {
        "Type": kind,
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "Pattern": {"source": ["shop"]},
            "InputPath": "$.detail",
            "RetryPolicy": {"MaximumRetryAttempts": 1},
            "DeadLetterConfig": {"Type": "SQS"},
        },
    }
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}}
    application = load({"Bus": bus, "Fn": changed(SERVERLESS, Events={"Placed": event})})
    (rule,) = application.rules
    assert (rule.logical_id, rule.bus, rule.event_pattern, rule.targets) == (
        "FnPlaced",
        "orders",
        '{"source": ["shop"]}',
        (),
    )
    (target,) = rule.function_targets
    assert (target.id, target.function, target.input_path) == ("FnPlacedLambdaTarget", "Fn", "$.detail")
    assert target.retry_policy.maximum_retry_attempts == 1
    assert target.dead_letter is not None
    assert target.dead_letter.logical_id == "FnPlacedQueue"
    assert target.dead_letter.policies[0]["Condition"] == {"ArnEquals": {"aws:SourceArn": rule.arn}}
    (statement,) = application.functions[0].policies
    assert (statement["Sid"], statement["Condition"]) == (
        "FnPlacedPermission",
        {"ArnLike": {"AWS:SourceArn": rule.arn}},
    )


def test_the_queue_of_a_function_is_told_by_its_arn() -> None:
    """SAM writes it in one place for queues and topics; without an ARN there is none."""
    queue = {"Type": "SQS", "TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "failed"}},
        "Fn": changed(SERVERLESS, DeadLetterQueue=queue),
        "Other": changed(SERVERLESS, DeadLetterQueue={"Type": "SQS"}),
    }
    application = load(resources)
    found = {function.logical_id: function.asynchronous.dead_letter for function in application.functions}
    assert found == {"Fn": "arn:aws:sqs:us-east-1:123456789012:failed", "Other": ""}


def test_other_events_are_named() -> None:
    """Nothing here invokes the function by them; what SAM makes beside them can be referred to."""
    events = {
        "Get": {"Type": "Api", "Properties": {"Path": "/", "Method": "get"}},
        "Nightly": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}},
    }
    application = load(
        {"Fn": changed(SERVERLESS, Events=events)},
        Outputs={"Api": {"Value": {"Fn::Sub": "https://${ServerlessRestApi}"}}},
    )
    assert application.outputs["Api"].startswith("https://livebus-ServerlessRestApi-")
    named = [each for each in application.warnings if "nothing here invokes" in each]
    assert [each.partition(": ")[2] for each in named] == [
        "nothing here invokes the function by event 'Get': events of type 'Api' are not emulated",
        "nothing here invokes the function by event 'Nightly': events of type 'Schedule' are not emulated",
    ]


def test_a_serverless_function_needs_the_transform() -> None:
    """Without it CloudFormation knows no such type."""
    text = yaml.safe_dump({"Resources": {"Fn": SERVERLESS}})
    with pytest.raises(InvalidTemplate, match="Unrecognized resource types") as caught:
        load_application(text, file="t.yaml", read_file=lambda _: "", environment=Environment())
    assert caught.value.faults[0].place.line == 8


def test_destinations_of_sam_make_their_queues() -> None:
    """A destination of which only the type is given."""
    config = {"MaximumRetryAttempts": 1, "DestinationConfig": {"OnFailure": {"Type": "SQS"}}}
    application = load({"Fn": changed(SERVERLESS, EventInvokeConfig=config)})
    (queue,) = application.queues
    assert queue.logical_id == "FnEventInvokeConfigOnFailureQueue"
    assert application.functions[0].asynchronous == AsynchronousInvocation(1, 21_600, on_failure=queue.arn)


def test_a_target_may_name_an_alias() -> None:
    """SAM's AutoPublishAlias makes one; here there is one version of a function."""
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["s"]},
            "Targets": [{"Id": "T", "Arn": {"Ref": "FnAliaslive"}}],
        },
    }
    application = load({"Fn": changed(SERVERLESS, AutoPublishAlias="live"), "Rule": rule})
    (target,) = application.rules[0].function_targets
    assert (target.function, target.arn) == ("Fn", f"{LAMBDA}:function:sam:live")
