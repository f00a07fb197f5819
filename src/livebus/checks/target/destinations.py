"""
Checks of targets that are no GraphQL APIs: EventBridge may send to them, by a role or by a policy of their own.

In: an inspection. Out: faults at the target. What is not in the template (a topic of another stack) is left in peace, and so
is what hangs on values that are only known where the template is deployed.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from livebus.access import EVENTBRIDGE, destination_admits, function_admits
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.template.outside import is_from_outside, known_arn
from livebus.errors import Fault
from livebus.template.application import Rule, Target
from livebus.template.properties import Properties, shown
from livebus.template.resource import Resource

CHECKS = Checks()

_ROLES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html"
_POLICIES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"

# Services whose targets EventBridge reaches with a role's rights only.
_BY_ROLE = frozenset(
    ("batch", "codebuild", "codepipeline", "ecs", "execute-api", "firehose", "glue", "kinesis", "redshift", "states")
)


def _rules(inspection: Inspection) -> Iterator[tuple[Rule, Resource, Properties]]:
    rules = {rule.logical_id: rule for rule in inspection.application.rules}
    for resource in inspection.resources.of_type("AWS::Events::Rule"):
        for item in resource.properties.mappings("Targets"):
            yield rules[resource.logical_id], resource, item


@CHECKS.add(
    "E9136",
    "Targets that EventBridge reaches with a role have a RoleArn",
    why="PutTargets refuses the target, or each event fails: EventBridge has no rights of its own there.",
    source=_ROLES,
)
def _has_role(inspection: Inspection) -> Iterator[Fault]:
    for _, _, item in _rules(inspection):
        parts = item.text("Arn").split(":", 5)
        if len(parts) != 6 or "RoleArn" in item.values:
            continue
        if parts[2] in _BY_ROLE or (parts[2] == "events" and parts[5].startswith("api-destination/")):
            found = f"target {item.text('Id')!r} has no RoleArn, and its Arn is of {parts[2]!r}"
            yield Fault(found, item.place(), f"a role that {EVENTBRIDGE.name} may assume")


@CHECKS.add(
    "W9136",
    "Targets that are event buses have a RoleArn",
    why="EventBridge sends events to another bus with a role's rights; without one it may have none.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html",
)
def _bus_has_role(inspection: Inspection) -> Iterator[Fault]:
    for _, _, item in _rules(inspection):
        if ":event-bus/" in item.text("Arn") and "RoleArn" not in item.values:
            found = f"target {item.text('Id')!r} is an event bus, and has no RoleArn"
            yield Fault(found, item.place(), "a role that may events:PutEvents on that bus")


@CHECKS.add(
    "W9139",
    "API destinations and the token endpoints of connections begin with https://",
    why="EventBridge's API destinations are HTTPS endpoints: over plain HTTP it delivers nothing, and no key goes safely.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html",
)
def _over_https(inspection: Inspection) -> Iterator[Fault]:
    # That AWS refuses them is not documented: the pattern in its schema lets any URL through.
    for resource in inspection.resources.of_type("AWS::Events::ApiDestination"):
        yield from _plain(resource.properties, "InvocationEndpoint")
    for resource in inspection.resources.of_type("AWS::Events::Connection"):
        yield from _plain(
            resource.properties.mapping("AuthParameters").mapping("OAuthParameters"), "AuthorizationEndpoint"
        )


def _plain(properties: Properties, member: str) -> Iterator[Fault]:
    url = properties.text(member)
    if url.lower().startswith("http://"):
        advice = "Locally --map-endpoint puts an address of this machine in the place of an https:// one."
        yield Fault(f"{member} is {shown(url)}", properties.place(member), "a URL that begins with https://", advice)


@CHECKS.add(
    "E9138",
    "Queues, topics, functions and API destinations that are targets let EventBridge in",
    why="EventBridge may not send to them: each event fails, and goes to the target's dead-letter queue or is dropped.",
    source=_POLICIES,
)
def _lets_in(inspection: Inspection) -> Iterator[Fault]:
    account = inspection.environment.account
    functions = {function.logical_id: function for function in inspection.application.functions}
    for rule in inspection.application.rules:
        if not known_arn(inspection, rule):
            continue
        for target in (*rule.function_targets, *rule.other_targets):
            refusal: str | None = None
            if target.function:
                function = functions[target.function]
                refusal = function_admits(function, target.role, rule_arn=rule.arn, account=account)
            elif target.destination is not None and (
                target.destination.queue is not None or (target.destination.api is not None and target.role is not None)
            ):
                refusal = destination_admits(target.destination, target, rule_arn=rule.arn, account=account)
            if refusal and not _hangs_on_others(inspection, target):
                yield Fault(refusal.rstrip("."), target.place)
    yield from _topics(inspection)


def _hangs_on_others(inspection: Inspection, target: Target) -> bool:
    """Whether a policy that may let EventBridge in is only known where the template is deployed."""
    kinds = ("AWS::Lambda::Permission", "AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy")
    role = inspection.resource(target.role.logical_id) if target.role is not None else None
    found = [*inspection.resources.of_type(*kinds), *([role] if role else [])]
    return any(is_from_outside(inspection, inspection.raw(each.logical_id)) for each in found)


def _topics(inspection: Inspection) -> Iterator[Fault]:
    topics = {inspection.resources.ref(topic): topic for topic in inspection.resources.of_type("AWS::SNS::Topic")}
    policies = inspection.resources.of_type("AWS::SNS::TopicPolicy", "AWS::SNS::TopicInlinePolicy")
    governed = {arn for policy in policies for arn in policy.properties.texts("Topics")}
    governed |= {policy.properties.text("TopicArn") for policy in policies}
    for _, _, item in _rules(inspection):
        arn = item.text("Arn")
        if arn in topics and arn not in governed and "RoleArn" not in item.values:
            found = f"no policy lets EventBridge publish to the topic {topics[arn].logical_id!r}"
            expected = f"an AWS::SNS::TopicPolicy that allows sns:Publish to {EVENTBRIDGE.name}"
            yield Fault(found, item.place("Arn"), expected)


@CHECKS.add(
    "W9138",
    "A log group that is a target has a resource policy for EventBridge",
    why="EventBridge may not write to it without one, and only a metric tells. The console makes it; CloudFormation does not.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions",
)
def _logs_let_in(inspection: Inspection) -> Iterator[Fault]:
    if inspection.resources.of_type("AWS::Logs::ResourcePolicy") or _puts_policies_itself(inspection):
        return
    own = {inspection.resources.ref(group) for group in inspection.resources.of_type("AWS::Logs::LogGroup")}
    for rule in inspection.application.rules:
        for target in rule.other_targets:
            if target.destination is not None and target.destination.log_group in own:
                found = f"target {target.id!r} is a log group, and no AWS::Logs::ResourcePolicy lets EventBridge write to it"
                expected = f"a policy that allows {EVENTBRIDGE.name} logs:CreateLogStream and logs:PutLogEvents"
                yield Fault(found, target.place, expected)


def _puts_policies_itself(inspection: Inspection) -> bool:
    """
    Whether a custom resource calls CloudWatch Logs for such a policy, as AWS CDK's does for each log group that is a target.

    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources.AwsCustomResource.html
    """
    return any(
        kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"
        for kind, body in _bodies(inspection)
        if "putResourcePolicy" in json.dumps(body.get("Properties"), default=str)
    )


def _bodies(inspection: Inspection) -> Iterator[tuple[str, Mapping[str, Any]]]:
    resources = inspection.document.body.get("Resources")
    for body in resources.values() if isinstance(resources, Mapping) else ():
        if isinstance(body, Mapping):
            yield str(body.get("Type")), body


@CHECKS.add(
    "E9149",
    "Data sources that AppSync calls with a role, or signs requests for, have a ServiceRoleArn",
    why="AppSync refuses the data source, or each call of it: it has no rights of its own there.",
    source="https://docs.aws.amazon.com/appsync/latest/APIReference/API_CreateDataSource.html",
)
def _sources_have_roles(inspection: Inspection) -> Iterator[Fault]:
    with_roles = (
        "AMAZON_BEDROCK_RUNTIME",
        "AMAZON_DYNAMODB",
        "AMAZON_EVENTBRIDGE",
        "AWS_LAMBDA",
        "RELATIONAL_DATABASE",
    )
    for source in inspection.resources.of_type("AWS::AppSync::DataSource"):
        kind = source.properties.text("Type")
        if kind in with_roles and "ServiceRoleArn" not in source.properties.values:
            found = f"data source {source.logical_id!r} of type {kind} has no ServiceRoleArn"
            yield Fault(found, source.place(), "a role that appsync.amazonaws.com may assume")
        authorization = source.properties.mapping("HttpConfig").mapping("AuthorizationConfig")
        if (
            kind == "HTTP"
            and authorization.text("AuthorizationType")
            and "ServiceRoleArn" not in source.properties.values
        ):
            found = f"data source {source.logical_id!r} signs its requests, and has no ServiceRoleArn to sign them with"
            yield Fault(found, source.place(), "a role that appsync.amazonaws.com may assume")
