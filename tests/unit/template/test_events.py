"""Buses, rules and targets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from livebus.template.application import RetryPolicy

Line = Callable[..., str]
Load = Callable[..., Any]
Faults = Callable[..., list[str]]


def test_a_rule_with_its_target(line: Line, load: Load) -> None:
    """A rule has its bus, its pattern as JSON, and targets with all that is theirs."""
    application = load(line())
    (rule,) = application.rules
    (target,) = rule.targets

    assert (rule.name, rule.bus, rule.enabled) == ("publish", "orders", True)
    assert rule.arn == "arn:aws:events:us-east-1:123456789012:rule/orders/publish"
    assert json.loads(rule.event_pattern) == {"source": ["shop.orders"]}
    assert (target.id, target.api, target.arn) == ("Api", "Api", application.apis[0].endpoint_arn)
    assert target.graphql_operation == "mutation Publish($id: ID!) {\n  publish(id: $id) { id }\n}\n"
    assert (target.operation_place.line, target.operation_place.column) == (33, 1)
    assert target.input_transformer == {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"id": <id>}'}
    assert target.input_place.line == 30
    assert target.retry_policy == RetryPolicy(3, 60)
    assert target.dead_letter == application.queues[0]
    assert target.role.trust[0]["Action"] == "sts:AssumeRole"
    assert [bus.name for bus in application.buses] == ["default", "orders"]
    assert application.warnings == ()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{source: [!Ref Source]}", '{"source": ["shop.orders"]}'),
        (
            "{detail: {n: [{numeric: ['>', 5.0]}, 9007199254740993, -0.5, true]}}",
            '{"detail": {"n": [{"numeric": [">", 5.0]}, 9007199254740993, -0.5, true]}}',
        ),
        ("{detail: {ü: ['😀', 2010-09-09]}}", '{"detail": {"ü": ["😀", "2010-09-09"]}}'),
        ("""'{ "detail": {"a": [null, 1.50]} }'""", '{ "detail": {"a": [null, 1.50]} }'),
        ("""!Sub '{"source": ["${Source}"]}'""", '{"source": ["shop.orders"]}'),
        ("{}", "{}"),
        ("''", ""),
    ],
)
def test_event_patterns(line: Line, load: Load, pattern: str, expected: str) -> None:
    """An object keeps its numbers and characters, a text is handed on as it is."""
    text = line(("EventPattern:\n        source: [!Ref Source]", f"EventPattern: {pattern}"))

    assert load(text).rules[0].event_pattern == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [("ENABLED", True), ("DISABLED", False), ("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", True)],
)
def test_states(line: Line, load: Load, state: str, expected: bool) -> None:
    """A rule is on unless it is disabled."""
    text = line(("      EventBusName: !Ref", f"      State: {state}\n      EventBusName: !Ref"))

    assert load(text).rules[0].enabled is expected


def test_a_bus_may_be_named_by_its_arn(line: Line, load: Load) -> None:
    """EventBusName takes a name or an ARN; without one a rule is on the account's default bus."""
    by_arn = line(("EventBusName: !Ref Bus", "EventBusName: !GetAtt Bus.Arn"))
    by_none = line(("      EventBusName: !Ref Bus\n", ""))

    assert (load(by_arn).rules[0].bus, load(by_none).rules[0].bus) == ("orders", "default")


def test_defaults_of_a_target(line: Line, load: Load) -> None:
    """Without a retry policy and a queue a target has EventBridge's defaults."""
    head, rest = line().split("          RetryPolicy:\n")
    tail = rest.split("!GetAtt Queue.Arn\n", 1)[1]
    (target,) = load(head + tail).rules[0].targets

    assert (target.retry_policy, target.dead_letter) == (RetryPolicy(185, 86_400), None)


def test_the_place_of_a_target_behind_one_that_is_left_out(line: Line, load: Load) -> None:
    """A target is found where it is written, though one before it is AWS::NoValue."""
    text = line(("      Targets:\n", "      Targets:\n        - !If [Never, {Id: x}, !Ref AWS::NoValue]\n"))
    (target,) = load(text).rules[0].targets

    assert (target.place.line, target.operation_place.line) == (25, 34)


NAMES = "letters, digits, '.', '-' and '_'"
TARGET = "t.yaml:24:11 (Resources/Rule/Properties/Targets/0)"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "Name: orders\n\n",
            "Nam: orders\n\n",
            [
                (
                    "t.yaml:13:5 (Resources/Bus/Properties): AWS::Events::EventBus 'Bus' has no Name. "
                    "Is 'Nam' meant to be 'Name'?"
                ),
                "t.yaml:14:12 (Resources/Bus/Properties/Nam): Encountered unsupported property Nam. Did you mean 'Name'?",
            ],
        ),
        (
            "Name: orders\n\n",
            "Name: a/b\n\n",
            [
                (
                    "t.yaml:14:13 (Resources/Bus/Properties/Name): Name is 'a/b'; expected 1 to 256 letters, digits, '.', '-' and "
                    "'_', and not default"
                ),
            ],
        ),
        (
            "!Ref Bus",
            "order",
            [
                (
                    "t.yaml:20:21 (Resources/Rule/Properties/EventBusName): rule 'Rule' is on the bus 'order', which is not "
                    "there. Did you mean 'orders'?"
                ),
            ],
        ),
        (
            "!Ref Bus",
            "arn:aws:events:eu-west-1:123456789012:event-bus/orders",
            [
                (
                    "t.yaml:20:21 (Resources/Rule/Properties/EventBusName): rule 'Rule' is on the bus "
                    "'arn:aws:events:eu-west-1:123456789012:event-bus/orders', which is not there. "
                    "Buses of other stacks are not emulated."
                ),
            ],
        ),
        (
            "!Ref Bus",
            "arn:aws:events:eu-west-1:999999999999:event-bus/order",
            [
                (
                    "t.yaml:20:21 (Resources/Rule/Properties/EventBusName): rule 'Rule' is on the bus "
                    "'arn:aws:events:eu-west-1:999999999999:event-bus/order', which is not there. "
                    "Buses of other stacks are not emulated."
                ),
            ],
        ),
        (
            "!Ref Bus",
            "arn:aws:events:us-east-1:123456789012:event-busv2/orders/abcdefghijklmnopqrstuvwxy",
            [
                (
                    "t.yaml:20:21 (Resources/Rule/Properties/EventBusName): rule 'Rule' is on the bus "
                    "'arn:aws:events:us-east-1:123456789012:event-busv2/orders/abcdefghijklmnopqrstuvwxy', which takes no rules; "
                    "expected the name or the ARN of an AWS::Events::EventBus. "
                    "A V2 bus has subscribers, which cannot target AppSync."
                ),
            ],
        ),
        (
            "!Ref Bus",
            "my orders",
            [
                (
                    "t.yaml:20:21 (Resources/Rule/Properties/EventBusName): rule 'Rule' is on the bus 'my orders', which takes "
                    "no rules; expected the name or the ARN of an AWS::Events::EventBus"
                ),
            ],
        ),
        (
            "Name: publish\n      Event",
            "Name: pub/lish\n      Event",
            [
                f"t.yaml:19:13 (Resources/Rule/Properties/Name): Name is 'pub/lish'; expected 1 to 64 {NAMES}",
            ],
        ),
        (
            "Name: publish\n      Event",
            "Name: publish\n      State: ENABLE\n      Event",
            [
                (
                    "t.yaml:20:14 (Resources/Rule/Properties/State): State is 'ENABLE'; expected one of ENABLED, DISABLED, "
                    "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS. Did you mean 'ENABLED'?"
                ),
            ],
        ),
        (
            "      EventPattern:\n        source: [!Ref Source]\n",
            "",
            [
                (
                    "t.yaml:18:5 (Resources/Rule/Properties): Parameter(s) EventPattern or ScheduleExpression must be specified. "
                    "Write an EventPattern."
                ),
            ],
        ),
        (
            "      EventPattern:\n        source: [!Ref Source]\n",
            "      ScheduleExpression: rate(1 hour)\n",
            [
                (
                    "t.yaml:21:27 (Resources/Rule/Properties/ScheduleExpression): ScheduleExpression is supported only on the "
                    "default event bus."
                ),
            ],
        ),
        (
            "Id: Api\n          Arn",
            "Arn",
            [
                f"{TARGET}: a target of rule 'Rule' has no Id",
            ],
        ),
        (
            "!GetAtt Api.GraphQLEndpointArn",
            "!GetAtt Api.Arn",
            [
                (
                    "t.yaml:25:16 (Resources/Rule/Properties/Targets/0/Arn): the Arn of target 'Api' is "
                    "'arn:aws:appsync:us-east-1:123456789012:apis/gxlsye452on7344wzptoy5kaei'; expected the GraphQLEndpointArn of "
                    "an API. Write !GetAtt Api.GraphQLEndpointArn: the API's own ARN is not the endpoint's."
                ),
            ],
        ),
        (
            "!GetAtt Api.GraphQLEndpointArn",
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            [
                (
                    "t.yaml:25:16 (Resources/Rule/Properties/Targets/0/Arn): the Arn of target 'Api' is "
                    "'arn:aws:lambda:us-east-1:123456789012:function:f'; expected the GraphQLEndpointArn of an API. Functions of "
                    "other stacks are not emulated: write !GetAtt, a function's logical id, and .Arn behind it."
                ),
            ],
        ),
        (
            "!GetAtt Api.GraphQLEndpointArn",
            "arn:aws:states:us-east-1:123456789012:stateMachine:s",
            [
                (
                    "t.yaml:25:16 (Resources/Rule/Properties/Targets/0/Arn): the Arn of target 'Api' is "
                    "'arn:aws:states:us-east-1:123456789012:stateMachine:s'; expected the GraphQLEndpointArn of an API. Only "
                    "GraphQL APIs and functions of this template can be targets here. Targets of 'states' are not emulated."
                ),
            ],
        ),
        (
            "RoleArn: !GetAtt Role.Arn",
            "Role: x",
            [
                f"{TARGET}: target 'Api' has no RoleArn. EventBridge runs a GraphQL mutation with a role's rights only.",
            ],
        ),
        (
            "RoleArn: !GetAtt Role.Arn",
            "RoleArn: arn:aws:iam::123456789012:role/x",
            [
                (
                    "t.yaml:26:20 (Resources/Rule/Properties/Targets/0/RoleArn): role 'arn:aws:iam::123456789012:role/x' is not in "
                    "the template. A role of another stack is not emulated."
                ),
            ],
        ),
        (
            "Arn: !GetAtt Queue.Arn\n\n",
            "Arn: q\n\n",
            [
                (
                    "t.yaml:40:18 (Resources/Rule/Properties/Targets/0/DeadLetterConfig/Arn): queue 'q' is not in the template. "
                    "Write !GetAtt and the queue's logical id, with .Arn behind it."
                ),
            ],
        ),
        (
            "GraphQLOperation: |",
            "GraphqlOperation: |",
            [
                (
                    "t.yaml:31:11 (Resources/Rule/Properties/Targets/0/AppSyncParameters): target 'Api', in AppSyncParameters, has "
                    "no GraphQLOperation. Is 'GraphqlOperation' meant to be 'GraphQLOperation'?"
                ),
                (
                    "t.yaml:33:1 (Resources/Rule/Properties/Targets/0/AppSyncParameters/GraphqlOperation): "
                    "Encountered unsupported property GraphqlOperation. Did you mean 'GraphQLOperation'?"
                ),
            ],
        ),
        (
            "InputTransformer:",
            "InputTransfomer:",
            [
                (
                    "t.yaml:27:11 (Resources/Rule/Properties/Targets/0/InputTransfomer): Encountered unsupported property "
                    "InputTransfomer. Did you mean 'InputTransformer'?"
                ),
            ],
        ),
        (
            "InputTemplate: '{",
            "Template: '{",
            [
                (
                    "t.yaml:27:11 (Resources/Rule/Properties/Targets/0/InputTransformer): InputTransformer has no InputTemplate. "
                    "Is 'Template' meant to be 'InputTemplate'?"
                ),
            ],
        ),
        (
            "id: $.detail.id",
            "id: [$.detail.id]",
            [
                (
                    "t.yaml:29:15 (Resources/Rule/Properties/Targets/0/InputTransformer/InputPathsMap/id): id is a list; "
                    "expected a text"
                ),
            ],
        ),
        (
            "MaximumRetryAttempts: 3",
            "MaximumRetryAttempts: many",
            [
                (
                    "t.yaml:37:35 (Resources/Rule/Properties/Targets/0/RetryPolicy/MaximumRetryAttempts): "
                    "MaximumRetryAttempts is 'many'; expected a number from 0 to 185"
                ),
            ],
        ),
        (
            "MaximumEventAgeInSeconds: 60",
            "MaximumEventAgeInSeconds: 59",
            [
                (
                    "t.yaml:38:39 (Resources/Rule/Properties/Targets/0/RetryPolicy/MaximumEventAgeInSeconds): "
                    "MaximumEventAgeInSeconds is 59; expected a number from 60 to 86400"
                ),
            ],
        ),
    ],
)
def test_faults(line: Line, faults: Faults, old: str, new: str, expected: list[str]) -> None:
    """Each mistake is told with its place and with what would be right."""
    assert faults(line((old, new))) == expected


def test_an_operation_without_text(line: Line, faults: Faults) -> None:
    """An operation that is there and empty is not one that is missing."""
    head, rest = line().split("GraphQLOperation: |\n")
    tail = rest.split("              }\n", 1)[1]

    assert faults(f"{head}GraphQLOperation: ' '\n{tail}") == [
        (
            "t.yaml:32:31 (Resources/Rule/Properties/Targets/0/AppSyncParameters/GraphQLOperation): the GraphQLOperation is "
            "empty. Name the mutation to run."
        )
    ]


def test_targets_and_rules_of_one_name(line: Line, faults: Faults) -> None:
    """A target's Id is unique in its rule, a rule's name in its bus, a bus's name in its account."""
    text = line().replace("      Targets:\n", "      Targets: &targets\n")
    extra = "  Again:\n    Type: AWS::Events::Rule\n    Properties:\n      Name: publish\n      EventBusName: orders\n"
    extra += "      EventPattern: {source: [x]}\n      Targets:\n        - {Id: A, Arn: x}\n        - {Id: A, Arn: y}\n"
    extra += "  BusAgain: {Type: 'AWS::Events::EventBus', Properties: {Name: orders}}\n\nOutputs:\n"
    told = [fault.split(": ", 1)[1] for fault in faults(text.replace("Outputs:\n", extra))]

    assert "another rule of the bus 'orders' has the same name" in told
    assert "rule 'Again' has another target 'A'; expected each Id once" in told
    assert "Event bus orders already exists." in told


def test_a_bus_of_v2_may_be_a_target(line: Line, faults: Faults) -> None:
    """AWS takes it beside a rule's other targets, and it is not emulated here."""
    bus = "arn:aws:events:us-east-1:123456789012:event-busv2/o/abcdefghijklmnopqrstuvwxy"
    text = line(("      Targets:\n", f"      Targets:\n        - {{Id: V2, Arn: '{bus}'}}\n"))

    assert faults(text) == [
        (
            f"t.yaml:24:25 (Resources/Rule/Properties/Targets/0/Arn): the Arn of target 'V2' is {bus!r}; expected the "
            "GraphQLEndpointArn of an API. Only GraphQL APIs and functions of this template can be targets here. Targets of "
            "'events' are not emulated."
        )
    ]


def test_schedules_never_fire_here(line: Line, load: Load) -> None:
    """A scheduled rule is loaded with a warning."""
    text = line(
        ("      EventBusName: !Ref Bus\n", ""),
        ("EventPattern:\n        source: [!Ref Source]", "ScheduleExpression: rate(1 hour)"),
    )
    application = load(text)

    assert application.rules[0].event_pattern is None
    assert application.warnings == (
        "t.yaml:20:27 (Resources/Rule/Properties/ScheduleExpression): the schedule of rule 'Rule' never fires here",
    )


@pytest.mark.parametrize(
    ("letters", "expected"), [("", ["Queue", "Unnamed"]), ("Copies", ["Queue", "Copies", "Unnamed"])]
)
def test_a_queue_that_is_a_target_holds_no_dead_letters(
    line: Line, load: Load, letters: str, expected: list[str]
) -> None:
    """Unless another target has it for them; a queue that nobody names may be whatever it is."""
    own = f"\n          DeadLetterConfig: {{Arn: !GetAtt {letters}.Arn}}" if letters else ""
    more = f"""\
  Copies:
    Type: AWS::SQS::Queue
  Unnamed:
    Type: AWS::SQS::Queue
  Copying:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {{source: [a]}}
      Targets:
        - Id: Copies
          Arn: !GetAtt Copies.Arn
        - Id: Api
          Arn: !GetAtt Queue.Arn{own}
"""
    application = load(line(("\nOutputs:\n", f"\n{more}\nOutputs:\n")))
    assert [queue.logical_id for queue in application.letter_queues] == expected
