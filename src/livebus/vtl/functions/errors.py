"""
``$util.error`` and its kin, ``$util.log``, ``$extensions``: what a template brings about besides its text.

https://docs.aws.amazon.com/appsync/latest/devguide/utility-helpers-in-util.html
https://docs.aws.amazon.com/appsync/latest/devguide/extensions.html
"""

from __future__ import annotations

from typing import Any

from livebus.operation import ResolverError as GraphQLError
from livebus.vtl.evaluation import MAX_ERRORS, Evaluation, Halt
from livebus.vtl.functions.registry import function
from livebus.vtl.values import plain, text_of

MAX_INVALIDATIONS = 5  # in a request
_ERROR = ("any", "any any", "any any any", "any any any any")


def _error(
    evaluation: Evaluation, message: Any, error_type: Any = None, data: Any = None, info: Any = None
) -> GraphQLError:
    budget = evaluation.budget
    return GraphQLError(
        text_of(message, budget),
        None if error_type is None else text_of(error_type, budget),
        plain(data, budget),
        plain(info, budget),
    )


@function("util.error", *_ERROR)
def _raise(evaluation: Evaluation, *given: Any) -> None:
    raise Halt(_error(evaluation, *given))


@function("util.appendError", *_ERROR)
def _append(evaluation: Evaluation, *given: Any) -> str:
    error = _error(evaluation, *given)
    if len(evaluation.effects.appended) < MAX_ERRORS:
        evaluation.effects.appended.append(error)
        errors = evaluation.context.setdefault("outErrors", [])
        if isinstance(errors, list):
            errors.append(
                {"message": error.message, "type": error.error_type, "data": error.data, "info": error.error_info}
            )
    return ""


@function("util.unauthorized")
def _unauthorized(evaluation: Evaluation) -> None:
    field, owner = evaluation.member("info", "fieldName"), evaluation.member("info", "parentTypeName")
    raise Halt(GraphQLError(f"Not Authorized to access {field} on type {owner}", "Unauthorized"))


@function("util.validate", "bool any", "bool any any", "bool any any any")
def _validate(evaluation: Evaluation, holds: bool, message: Any, *more: Any) -> str:  # noqa: FBT001 - AWS's signature
    if not holds:
        error_type, *data = more or ("CustomTemplateException",)
        raise Halt(_error(evaluation, message, error_type, *data))
    return ""


# --- logs -----------------------------------------------------------------------------------------------------------


def _log(level: str) -> None:
    @function(f"util.log.{level}", "any", "any list", "any any", "any any any", "any any any any")
    def write(evaluation: Evaluation, message: Any, *values: Any) -> str:
        """``{}`` in the message is filled with the values, in their order."""
        budget = evaluation.budget
        text = text_of(message, budget)
        if len(values) == 1 and isinstance(values[0], list):
            values = tuple(values[0])
        for value in values:
            before, braces, after = text.partition("{}")
            if not braces:
                break
            text = before + text_of(value, budget) + after
        evaluation.log(level.upper(), text)
        return ""


for _level in ("debug", "info", "error"):
    _log(_level)

# --- subscriptions --------------------------------------------------------------------------------------------------


@function("extensions.setSubscriptionFilter", "map")
def _filter(evaluation: Evaluation, given: Any) -> str:
    evaluation.effects.subscription_filter = plain(given, evaluation.budget)
    return ""


@function("extensions.setSubscriptionInvalidationFilter", "map")
def _invalidation_filter(evaluation: Evaluation, given: Any) -> str:
    evaluation.effects.invalidation_filter = plain(given, evaluation.budget)
    return ""


@function("extensions.invalidateSubscriptions", "map")
def _invalidate(evaluation: Evaluation, given: Any) -> str:
    asked, invalidation = evaluation.effects.invalidations, plain(given, evaluation.budget)
    if invalidation not in asked:
        if len(asked) == MAX_INVALIDATIONS:
            raise evaluation.fail(
                f"extensions.invalidateSubscriptions takes at most {MAX_INVALIDATIONS} subscriptions in a request"
            )
        asked.append(invalidation)
    return ""


@function("extensions.evictFromApiCache", "text text map")
def _evict(evaluation: Evaluation, type_name: Any, field_name: Any, keys: Any) -> int:
    """How many entries of the API's cache were evicted: there is no cache here, and so none."""
    return 0
