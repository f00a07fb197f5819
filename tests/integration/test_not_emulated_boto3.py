"""What the runtime does not emulate: every protocol of AWS's gets an error that says so."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.running import RunningRuntime

UNKNOWN, NOT_IMPLEMENTED = "UnknownOperationException", "NotImplemented"


CALLS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("events", "put_rule", {"Name": "r", "EventPattern": "{}"}, UNKNOWN, "events:PutRule"),
    ("cognito-idp", "list_devices", {"AccessToken": "t"}, UNKNOWN, "ListDevices"),
    ("sqs", "create_queue", {"QueueName": "q"}, "AWS.SimpleQueueService.UnsupportedOperation", "sqs:CreateQueue"),
    ("dynamodb", "list_backups", {}, UNKNOWN, "dynamodb:ListBackups"),
    ("sts", "get_session_token", {}, "InvalidAction", "sts:GetSessionToken"),
    ("cloudformation", "list_stack_sets", {}, "InvalidAction", "cloudformation:ListStackSets"),
    ("ec2", "describe_vpcs", {}, "InvalidAction", "ec2:DescribeVpcs"),
    ("appsync", "list_graphql_apis", {}, UNKNOWN, "appsync (GET /v1/apis)"),
    ("lambda", "list_aliases", {"FunctionName": "f"}, UNKNOWN, "lambda (GET /2015-03-31/functions/f/aliases)"),
    ("s3", "create_multipart_upload", {"Bucket": "bucket", "Key": "a/b"}, NOT_IMPLEMENTED, "s3: POST of an object"),
    (
        "s3",
        "get_object_tagging",
        {"Bucket": "bucket", "Key": "k"},
        NOT_IMPLEMENTED,
        "s3: GET of an object with ?tagging",
    ),
    ("logs", "describe_metric_filters", {}, UNKNOWN, "logs:DescribeMetricFilters"),
    ("route53", "list_hosted_zones", {}, NOT_IMPLEMENTED, "route53 (GET /2013-04-01/hostedzone)"),
    ("cloudwatch", "list_metrics", {}, UNKNOWN, "ListMetrics"),
    ("schemas", "list_registries", {}, UNKNOWN, "schemas (GET /v1/registries)"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_the_error_names_what_was_called(
    runtime: RunningRuntime, call: tuple[str, str, dict[str, Any], str, str]
) -> None:
    """boto3 raises ClientError with a code and with the name of what is not emulated."""
    service, operation, parameters, code, named = call
    with pytest.raises(ClientError) as refused:
        getattr(runtime.client(service), operation)(**parameters)
    error = refused.value.response["Error"]
    assert error["Code"] == code
    assert named in error["Message"]
    assert "not emulate" in error["Message"]


def test_a_head_request_fails_with_its_status(runtime: RunningRuntime) -> None:
    """S3's HeadObject has no body to read a message from: boto3 shows the status."""
    with pytest.raises(ClientError) as refused:
        runtime.client("s3").head_object(Bucket="bucket", Key="key")
    assert refused.value.response["Error"]["Code"] == "404"
