"""
What a stack consists of, and which of it commands mean: its bus, its app client, its queue, its APIs.

In: a stack's Outputs, and its resources as CloudFormation lists them. Out: names, ids and URLs. Outputs with the names that
Livebus knows win; without them the resources tell, so that no Output is demanded of anybody. docs/what-is-looked-for.md has it
for people.

What identifies each resource is what its ``Ref`` returns: a bus its name, a queue its URL, an app client, a user pool and an identity pool its id, an API its ARN.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from livebus.errors import Unnamed, Unreachable

BUS, RULE, QUEUE, CLIENT, POOL, IDENTITY_POOL, API = (
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::SQS::Queue",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::IdentityPool",
    "AWS::AppSync::GraphQLApi",
)
NESTED_STACK = "AWS::CloudFormation::Stack"
BUS_OUTPUT, QUEUE_OUTPUT = "EventBusName", "DeadLetterQueueUrl"
_ACCOUNTS_BUS = "default"
# Between a stack's name and that of its resource, where several stacks are looked at together.
IN_STACK = ":"


@dataclass(frozen=True, slots=True)
class StackResource:
    """One resource: ``physical_id`` is what CloudFormation calls it, what ``Ref`` returns."""

    logical_id: str
    type: str
    physical_id: str


Resources = Callable[[], Sequence[StackResource]]


def of_type(resources: Sequence[StackResource], kind: str) -> dict[str, str]:
    """The physical ids of the resources of one type, by logical id."""
    return {each.logical_id: each.physical_id for each in resources if each.type == kind and each.physical_id}


def own_name(name: str) -> str:
    """A resource's logical id in its own stack."""
    return name.rpartition(IN_STACK)[2]


def resources_of_all(stacks: Mapping[str, Sequence[StackResource]]) -> list[StackResource]:
    """The resources of several stacks as if they were one's: ``STACK:NAME`` where two have a name."""
    counts = Counter(each.logical_id for resources in stacks.values() for each in resources)
    return [
        replace(each, logical_id=f"{stack}{IN_STACK}{each.logical_id}") if counts[each.logical_id] > 1 else each
        for stack, resources in stacks.items()
        for each in resources
    ]


def own_first(levels: Sequence[Mapping[str, Sequence[StackResource]]]) -> list[StackResource]:
    """
    The resources of stacks nested in each other, the outermost level first: what an outer one has of a type is what is meant, and
    only where it has none, what is nested in it.
    """
    found: list[StackResource] = []
    for level in levels:
        known = {each.type for each in found}
        found += [each for each in resources_of_all(level) if each.type not in known]
    return found


def find_bus(outputs: Mapping[str, str], resources: Resources, owner: str) -> str:
    """
    The name of the bus that events are published to: the Output EventBusName, else the stack's only bus, else the only one
    that its rules are on (``bus|rule`` is a rule's physical id, the rule's name alone where it is on the account's own bus).

    ``owner`` is whose they are, in words. Raises Unreachable where there is none, Unnamed where there are several.
    """
    if outputs.get(BUS_OUTPUT):
        return outputs[BUS_OUTPUT]
    found = resources()
    buses = of_type(found, BUS)
    if not buses:
        on = {
            bus if bar else _ACCOUNTS_BUS
            for bus, bar, _ in (each.partition("|") for each in of_type(found, RULE).values())
        }
        buses = {name: name for name in sorted(on)}
    names = sorted(set(buses.values()))
    if len(names) == 1:
        return names[0]
    if names:
        raise Unnamed(f"{owner} has {len(names)} event buses", expected=f"--bus with {_one_of(names)}")
    raise Unreachable(
        f"{owner} has neither an output {BUS_OUTPUT!r} nor an event bus nor a rule",
        expected=f"one among {', '.join(sorted({*outputs, *(each.logical_id for each in found)})) or 'nothing'}",
        advice="Name the bus with --bus.",
    )


def find_queue(
    outputs: Mapping[str, str],
    resources: Resources,
    wanted: str,
    owner: str,
    dead_letters: Callable[[], Collection[str] | None] = lambda: None,
) -> str:
    """
    The URL of the queue that is meant: by the name of an Output, of the queue or of its resource, else DeadLetterQueueUrl,
    else the only one that takes the dead letters of rules: ``dead_letters`` gives the names of those, None where nobody tells;
    the only queue there is then.

    Raises Unreachable naming the queues that there are, Unnamed where several could be meant, or one that is there for
    something else.
    """
    queues = {name: value for name, value in outputs.items() if name.endswith("QueueUrl") and "/" in value}
    for name, url in queues.items():
        if wanted and wanted in (name, _last(url)):
            return url
    if not wanted and QUEUE_OUTPUT in queues:
        return queues[QUEUE_OUTPUT]
    is_listed = False
    if not queues or wanted:
        known, listed = set(queues.values()), resources()
        queues |= {name: url for name, url in of_type(listed, QUEUE).items() if url not in known}
        is_listed = bool(listed)
    for name, url in queues.items():
        if wanted and wanted in (name, _last(url)):
            return url
    shown = ", ".join(f"{name} ({_last(url)})" for name, url in queues.items()) or "none"
    if not queues and is_listed:
        raise _without_queue(owner, dead_letters())
    if wanted:
        raise Unreachable(
            f"{owner} has no queue {wanted!r} among its outputs and resources", expected=f"one of {shown}"
        )
    return _only(queues, shown, owner, dead_letters)


def _without_queue(owner: str, dead_letters: Collection[str] | None) -> Unreachable:
    """That a stack has no queue, and where its rules' dead letters go then, as far as anybody tells: ``dead_letters``, by name."""
    if dead_letters:
        names = ", ".join(sorted(dead_letters))
        found = f"{owner} has no queue; its rules send dead letters to another stack's: {names}"
        return Unreachable(found, advice="Name it with --queue-url, or its stack with --stack-name.")
    lost = (
        ", and its rules send dead letters nowhere: what they cannot deliver is lost" if dead_letters == set() else ""
    )
    advice = "A queue that a target's DeadLetterConfig names keeps it. Another stack's is named with --queue-url."
    return Unreachable(f"{owner} has no queue{lost}", advice=advice)


def _only(queues: Mapping[str, str], shown: str, owner: str, dead_letters: Callable[[], Collection[str] | None]) -> str:
    """The only one of the queues that takes dead letters; the only one where that is not known. Raises Unreachable."""
    if not queues:
        raise Unreachable(
            f"{owner} has no output {QUEUE_OUTPUT}",
            advice="Add it to the template's Outputs, or pass --queue-url.",
        )
    names = dead_letters()
    taking = [url for url in queues.values() if names is None or _last(url) in names]
    if len(taking) == 1:
        return taking[0]
    if len(queues) > 1:
        raise Unnamed(
            f"{owner} has several queues", expected=f"one to choose of {shown}", advice="Name one with --queue."
        )
    # What lies in it may be somebody's work: it is not read, let alone purged, unless somebody says so.
    raise Unnamed(
        f"{owner} has one queue, {shown}, and none of its rules sends dead letters there",
        expected="the queue of a rule's DeadLetterConfig",
        advice="Name it with --queue where it is meant, or another stack's with --queue-url.",
    )


def _last(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def _one_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
