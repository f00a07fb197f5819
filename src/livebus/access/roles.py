"""
Whether EventBridge may run a mutation with the role of a rule's target: who may assume it, and what it may do.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-appsync.html
"""

from __future__ import annotations

from livebus.access.policy import EVENTBRIDGE, evaluate
from livebus.template.application import Role


def role_may_invoke(role: Role | None, *, rule_arn: str, account: str, api_arn: str, field: str) -> str | None:
    """
    Why a rule cannot run the mutation ``field`` with this role, in a sentence; None if it can.

    ``api_arn`` is the API's own ARN (``…:apis/<id>``), not its GraphQLEndpointArn; ``account`` is the rule's.
    """
    if role is None:
        return "The target has no RoleArn; EventBridge needs a role that may call the API."
    trust = evaluate(
        role.trust,
        action="sts:AssumeRole",
        resource=None,
        principal=EVENTBRIDGE,
        context={"aws:SourceArn": rule_arn, "aws:SourceAccount": account},
    )
    if not trust.allowed:
        return f"The role {role.name!r} does not let {EVENTBRIDGE.name} assume it: {trust.reason}."
    resource = f"{api_arn}/types/Mutation/fields/{field}"
    use = evaluate(role.statements, action="appsync:GraphQL", resource=resource, context={})
    if not use.allowed:
        return f"The role {role.name!r} does not allow appsync:GraphQL on {resource!r}: {use.reason}."
    return None
