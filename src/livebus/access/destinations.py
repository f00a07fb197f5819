"""
Whether EventBridge may send a rule's events to a queue, another event bus, a log group or an API destination.

A queue decides by its own policy, as a dead-letter queue does, where the target has no role; with one, the role decides.
An event bus of the same account takes what the target's role may put; without a role nothing is evaluated here. An API
destination is called with a role's rights only.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from livebus.access.policy import EVENTBRIDGE, evaluate
from livebus.access.queues import queue_admits
from livebus.template.application import Destination, Role, Target


def destination_admits(destination: Destination, target: Target, *, rule_arn: str, account: str) -> str | None:
    """
    Why EventBridge cannot send a rule's events to the target, in a sentence; None if it can.

    Of destinations that are not emulated nothing is said, and nothing of log groups: resource policies of CloudWatch Logs
    may be made outside of the stack.
    """
    role = target.role
    if destination.queue is not None:
        if role is not None:
            return _role_may(role, "sqs:SendMessage", target.arn, rule_arn=rule_arn, account=account)
        if not destination.queue.fifo:  # what is said of those is of dead-letter queues
            return queue_admits(destination.queue, rule_arn=rule_arn, account=account)
    if destination.api is not None:
        if role is None:
            return (
                f"The target {target.id!r} has no role: EventBridge calls an API destination with a role's rights only."
            )
        action = "events:InvokeApiDestination"
        # Policies name it with AWS's suffix or without.
        refusals = [
            _role_may(role, action, arn, rule_arn=rule_arn, account=account)
            for arn in (destination.api.arn, destination.api.arn_for_policy)
        ]
        return None if None in refusals else refusals[0]
    if destination.event_bus and role is not None:
        return _role_may(role, "events:PutEvents", target.arn, rule_arn=rule_arn, account=account)
    return None


def _role_may(role: Role, action: str, resource: str, *, rule_arn: str, account: str) -> str | None:
    context = {"aws:SourceArn": rule_arn, "aws:SourceAccount": account}
    trust = evaluate(role.trust, action="sts:AssumeRole", resource=None, principal=EVENTBRIDGE, context=context)
    if not trust.allowed:
        return f"The role {role.name!r} does not let {EVENTBRIDGE.name} assume it: {trust.reason}."
    use = evaluate(role.statements, action=action, resource=resource, context={})
    if not use.allowed:
        return f"The role {role.name!r} does not allow {action} on {resource!r}: {use.reason}."
    return None
