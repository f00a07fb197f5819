"""
Checks of alarms (9185 to 9187): they look at metrics that there are, of the rules, queues and APIs that are there.

In: an inspection. Out: faults at the alarm's member. CloudWatch takes any metric's name; an alarm on one that nobody sends
stays quiet. What a parameter or another stack gives is left in peace.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, closest, listed
from livebus.template.application import Rule
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.values import is_opaque

CHECKS = Checks()

_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html"
_QUEUES = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"
)

# The metrics of each namespace. AWS adds some: only what is close to one of these is taken for misspelt. Namespaces
# without any are here for their own spelling.
_METRICS = {
    "AWS/Events": (
        "DeadLetterInvocations FailedInvocations IngestionToInvocationCompleteLatency "
        "IngestionToInvocationStartLatency IngestionToInvocationSuccessLatency InvocationAttempts Invocations "
        "InvocationsCreated InvocationsFailedToBeSentToDlq InvocationsSentToDlq MatchedEvents "
        "PutEventsApproximateCallCount PutEventsApproximateFailedCount PutEventsApproximateSuccessCount "
        "PutEventsApproximateThrottledCount PutEventsEntriesCount PutEventsFailedEntriesCount PutEventsLatency "
        "PutEventsRequestSize RetryInvocationAttempts SuccessfulInvocationAttempts ThrottledRules TriggeredRules"
    ),
    "AWS/SQS": (
        "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed ApproximateNumberOfMessagesNotVisible "
        "ApproximateNumberOfMessagesVisible NumberOfEmptyReceives NumberOfMessagesDeleted NumberOfMessagesReceived "
        "NumberOfMessagesSent SentMessageSize"
    ),
    "AWS/AppSync": (
        "4XXError 5XXError ActiveConnections ActiveSubscriptions ConnectClientError ConnectServerError "
        "ConnectSuccess ConnectionDuration DisconnectClientError DisconnectServerError DisconnectSuccess "
        "InvalidationRequestSuccess InvalidationSuccess Latency PublishDataMessageClientError "
        "PublishDataMessageServerError PublishDataMessageSize PublishDataMessageSuccess Requests "
        "SubscribeClientError SubscribeServerError SubscribeSuccess TokensConsumed UnsubscribeClientError "
        "UnsubscribeServerError UnsubscribeSuccess"
    ),
    "AWS/Cognito": "",
    "AWS/Lambda": "",
    "AWS/Logs": "",
    "AWS/SNS": "",
}
# The dimensions of their metrics that name a resource of the template.
_DIMENSIONS = {"AWS/Events": ("EventBusName", "RuleName"), "AWS/SQS": ("QueueName",), "AWS/AppSync": ("GraphQLAPIId",)}


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric that an alarm looks at. ``dimensions`` are the objects that name and give each."""

    alarm: Resource
    owner: Properties
    namespace: str
    name: str
    dimensions: tuple[Properties, ...]

    @property
    def values(self) -> Mapping[str, str]:
        return {each.text("Name"): each.text("Value") for each in self.dimensions}


def _metrics(inspection: Inspection) -> Iterator[_Metric]:
    for alarm in inspection.resources.of_type("AWS::CloudWatch::Alarm"):
        owners = [alarm.properties] if "MetricName" in alarm.properties else []
        owners += [each.mapping("MetricStat").mapping("Metric") for each in alarm.properties.mappings("Metrics")]
        for owner in owners:
            namespace, name = owner.text("Namespace"), owner.text("MetricName")
            if name:
                yield _Metric(alarm, owner, namespace, name, tuple(owner.mappings("Dimensions")))


@CHECKS.add(
    "E9185",
    "Alarms look at metrics that there are",
    why="CloudWatch takes any name. Nobody sends a metric of that one, and the alarm never goes off.",
    source=_EVENTS,
)
def _there(inspection: Inspection) -> Iterator[Fault]:
    filtered = _filtered(inspection)
    for metric in _metrics(inspection):
        if metric.namespace not in _METRICS:
            close = closest(metric.namespace, _METRICS, 0.8)
            if close and metric.namespace not in filtered:
                found = f"the alarm {metric.alarm.logical_id!r} looks into the namespace {metric.namespace!r}"
                yield Fault(found, metric.owner.place("Namespace"), advice=f"Did you mean {close!r}?")
                continue
        known = filtered.get(metric.namespace) or _METRICS.get(metric.namespace, "").split()
        if metric.name in known:
            continue
        meant = _close(metric.name, known)
        if meant or metric.namespace in filtered:
            found = f"the alarm {metric.alarm.logical_id!r} looks at {metric.namespace} {metric.name!r}"
            advice = f"Did you mean {meant!r}?" if meant else ""
            yield Fault(found, metric.owner.place("MetricName"), "a metric that is sent", advice)


def _close(name: str, known: list[str]) -> str:
    """The name that another is close to. Names end alike: letters in the wrong case are nearest."""
    lower = {each.lower(): each for each in known}
    close = closest(name.lower(), lower, 0.85)
    return lower[close] if close else ""


def _filtered(inspection: Inspection) -> dict[str, list[str]]:
    """The metrics that the template's own metric filters make of logs, by namespace."""
    made: dict[str, list[str]] = {}
    for metric_filter in inspection.resources.of_type("AWS::Logs::MetricFilter"):
        for metric in metric_filter.properties.mappings("MetricTransformations"):
            made.setdefault(metric.text("MetricNamespace"), []).append(metric.text("MetricName"))
    return made


@CHECKS.add(
    "E9186",
    "Alarms look at the rules, queues and APIs of the template",
    why="A metric with other dimensions is another metric. Nobody sends it, and the alarm never goes off.",
    source=_EVENTS,
)
def _of_resources(inspection: Inspection) -> Iterator[Fault]:
    for metric in _metrics(inspection):
        yield from _misnamed(metric)
        if metric.namespace == "AWS/Events":
            yield from _of_rule(inspection, metric)
        elif metric.namespace == "AWS/SQS":
            yield from _of_queue(inspection, metric)
        elif metric.namespace == "AWS/AppSync":
            yield from _of_api(inspection, metric)


def _misnamed(metric: _Metric) -> Iterator[Fault]:
    known = _DIMENSIONS.get(metric.namespace, ())
    for dimension in metric.dimensions:
        name = dimension.text("Name")
        meant = _close(name, list(known))
        if meant and name not in known:
            found = f"metrics of {metric.namespace} have no dimension {name!r}"
            yield Fault(found, dimension.place("Name"), advice=f"Did you mean {meant!r}?")
        elif metric.namespace == "AWS/AppSync" and name.lower() == "apiid":
            found = f"metrics of {metric.namespace} have no dimension {name!r}"
            yield Fault(found, dimension.place("Name"), advice="Write 'GraphQLAPIId'.")


def _dimension(metric: _Metric, name: str) -> Properties | None:
    return next((each for each in metric.dimensions if each.text("Name") == name), None)


def _of_rule(inspection: Inspection, metric: _Metric) -> Iterator[Fault]:
    """Metrics of a rule: its name alone on the default bus, with the bus's on another."""
    values, alarm = metric.values, metric.alarm.logical_id
    rule_dimension, bus_dimension = _dimension(metric, "RuleName"), _dimension(metric, "EventBusName")
    buses = {bus.name: bus for bus in inspection.application.buses}
    bus = values.get("EventBusName", "default")
    if not bus or is_opaque(bus):  # given where it is deployed
        return
    if bus_dimension is not None and (bus.startswith("arn:") or bus.rpartition("/")[2] in buses) and bus not in buses:
        found = f"the alarm {alarm!r} looks at the bus {bus!r}, which is no name"
        yield Fault(found, bus_dimension.place("Value"), "the bus's name")
        return
    rules = inspection.application.rules
    if rule_dimension is None:
        if bus not in buses and (close := closest(bus, buses, 0.8)) and bus_dimension:
            found = f"the alarm {alarm!r} looks at the bus {bus!r}, which is not in the template"
            yield Fault(found, bus_dimension.place("Value"), advice=f"Did you mean {close!r}?")
        return
    name = values["RuleName"]
    same = [rule for rule in rules if rule.name == name]
    if not name or is_opaque(name) or any(_is_on(rule, bus) for rule in same):
        return
    if same and bus_dimension is None:
        found = f"the alarm {alarm!r} looks at a rule {name!r} of the default bus"
        expected = f"a dimension EventBusName too: the rule is on the bus {same[0].bus!r}"
        yield Fault(found, rule_dimension.place("Value"), expected)
    elif same and bus_dimension is not None:
        found = f"the alarm {alarm!r} looks at the bus {bus!r}, and the rule {name!r} is on {same[0].bus!r}"
        yield Fault(found, bus_dimension.place("Value"), f"the bus {same[0].bus!r}")
    elif (
        bus in buses
        and any(rule.bus == bus for rule in rules)
        and bus != "default"
        and not any(is_opaque(rule.name) and _is_on(rule, bus) for rule in rules)
    ):
        meant = closest(name.rpartition("|")[2].rpartition("/")[2], [rule.name for rule in rules])
        found = f"the alarm {alarm!r} looks at a rule {name!r}, and the bus {bus!r} has none of that name here"
        advice = f"Did you mean {meant!r}?" if meant else ""
        known = listed(repr(rule.name) for rule in rules if rule.bus == bus)
        yield Fault(found, rule_dimension.place("Value"), f"one of {known}", advice)


def _is_on(rule: Rule, bus: str) -> bool:
    """Whether a rule is on that bus, or may be: on another it is only known not to be where its own bus is known, and one."""
    return rule.bus == bus or rule.bus_refused or is_opaque(rule.bus)


def _of_queue(inspection: Inspection, metric: _Metric) -> Iterator[Fault]:
    dimension = _dimension(metric, "QueueName")
    if dimension is None:
        return
    given = dimension.text("Value")
    for queue in inspection.application.queues:
        if given in (queue.url, queue.arn):
            what = "URL" if given == queue.url else "ARN"
            found = f"the alarm {metric.alarm.logical_id!r} looks for a queue by its {what}: {given!r}"
            yield Fault(found, dimension.place("Value"), f"!GetAtt {queue.logical_id}.QueueName")


def _of_api(inspection: Inspection, metric: _Metric) -> Iterator[Fault]:
    dimension = _dimension(metric, "GraphQLAPIId")
    if dimension is None:
        return
    given = dimension.text("Value")
    for api in inspection.application.apis:
        if given in (api.arn, api.endpoint_arn, api.graphql_url, api.realtime_url, api.name):
            found = f"the alarm {metric.alarm.logical_id!r} looks for an API by {given!r}, which is not its id"
            yield Fault(found, dimension.place("Value"), f"!GetAtt {api.logical_id}.ApiId")


@CHECKS.add(
    "W9187",
    "Where there are alarms, one tells of events in the dead-letter queue",
    why="Events that were not delivered lie in the queue until they are deleted, and nobody is told.",
    source=_QUEUES,
)
def _of_dead_letters(inspection: Inspection) -> Iterator[Fault]:
    metrics = list(_metrics(inspection))
    rules = inspection.application.rules
    queues = {
        target.dead_letter.arn: target.dead_letter for rule in rules for target in rule.targets if target.dead_letter
    }
    queues = {arn: queue for arn, queue in queues.items() if queue.logical_id}
    if not metrics or any(metric.name == "InvocationsSentToDlq" for metric in metrics):
        return
    watched = {metric.values.get("QueueName", "").rpartition("/")[2].rpartition(":")[2] for metric in metrics}
    for queue in queues.values():
        if queue.name not in watched:
            found = f"no alarm tells of events in the dead-letter queue {queue.logical_id!r}"
            yield Fault(found, queue.place, "an alarm on its ApproximateNumberOfMessagesVisible")
