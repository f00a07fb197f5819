"""
Whether EventBridge may invoke a function for a rule: the target's role decides where it has one, else the function's policy.

AWS's pages disagree on roles for Lambda targets; one says that a role or the function's own policy has to allow the call.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions
"""

from __future__ import annotations

from livebus.access.policy import EVENTBRIDGE, evaluate
from livebus.template.application import Function, Role

_ACTION = "lambda:InvokeFunction"


def function_admits(function: Function, role: Role | None, *, rule_arn: str, account: str) -> str | None:
    """Why a rule cannot invoke the function, in a sentence; None if it can. ``role`` is the target's, if it has one."""
    context = {"aws:SourceArn": rule_arn, "aws:SourceAccount": account}
    if role is not None:
        trust = evaluate(role.trust, action="sts:AssumeRole", resource=None, principal=EVENTBRIDGE, context=context)
        if not trust.allowed:
            return f"The role {role.name!r} does not let {EVENTBRIDGE.name} assume it: {trust.reason}."
        use = evaluate(role.statements, action=_ACTION, resource=function.arn, context={})
        if not use.allowed:
            return f"The role {role.name!r} does not allow {_ACTION} on {function.arn!r}: {use.reason}."
        return None
    if not function.policies:
        return (
            f"The function {function.name!r} has no AWS::Lambda::Permission; EventBridge needs one that allows {_ACTION}"
            f" to {EVENTBRIDGE.name} with SourceArn {rule_arn!r}."
        )
    decision = evaluate(
        function.policies, action=_ACTION, resource=function.arn, principal=EVENTBRIDGE, context=context
    )
    if decision.allowed:
        return None
    return (
        f"The policy of the function {function.name!r} does not allow {EVENTBRIDGE.name} {_ACTION}: {decision.reason}."
    )
