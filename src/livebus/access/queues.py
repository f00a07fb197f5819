"""
Whether EventBridge may put a rule's failed events into a dead-letter queue: the queue's own policy decides.

The target's role has no part in it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-dlq-perms
"""

from __future__ import annotations

from livebus.access.policy import EVENTBRIDGE, evaluate
from livebus.template.application import Queue


def queue_admits(queue: Queue, rule_arn: str, account: str) -> str | None:
    """Why the queue does not take this rule's events, in a sentence; None if it does. ``account`` is the rule's."""
    if queue.fifo:
        return f"The queue {queue.name!r} is a FIFO queue; a rule's dead-letter queue has to be a standard queue."
    rule_region, queue_region = rule_arn.split(":")[3], queue.arn.split(":")[3]
    if rule_region != queue_region:
        return f"The queue {queue.name!r} is in {queue_region!r}, the rule in {rule_region!r}; they have to be in one region."
    decision = evaluate(
        queue.policies,
        action="sqs:SendMessage",
        resource=queue.arn,
        principal=EVENTBRIDGE,
        context={
            "aws:SourceArn": rule_arn,
            "aws:SourceAccount": account,
            "aws:SecureTransport": "true",
            "aws:PrincipalIsAWSService": "true",
        },
    )
    if decision.allowed:
        return None
    if not queue.policies:
        return (
            f"The queue {queue.name!r} has no QueuePolicy; EventBridge needs one that allows sqs:SendMessage to "
            f"{EVENTBRIDGE.name} with aws:SourceArn {rule_arn!r}."
        )
    return (
        f"The policy of the queue {queue.name!r} does not allow {EVENTBRIDGE.name} sqs:SendMessage: {decision.reason}."
    )
