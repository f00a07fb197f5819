"""
Which fields a caller may use: the directives of the schema, the API's default mode, and an IAM caller's policy.

In: an API's directives, once; then callers and fields. Out: yes or no, in a few look-ups.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from livebus.caller import COGNITO, Caller, Mode
from livebus.schema import AuthDirective
from livebus.template.application import GraphQLApi

# The Cognito groups that may, or None for anyone of that mode. A mode that is not in it may not.
Rule = Mapping[Mode, frozenset[str] | None]

_NOT_THERE: Final = frozenset[str]()
_ROOTS = frozenset(("Query", "Mutation", "Subscription"))


class FieldAccess:
    """
    Decides on fields for one API.

    ``directives`` are those of the schema, by type and field (``""`` for the type itself): a field's go before its
    type's, several on one element mean any of them, none at all means the API's default mode only.
    """

    __slots__ = ("_default", "_fields", "_types")

    def __init__(self, directives: Mapping[tuple[str, str], tuple[AuthDirective, ...]], api: GraphQLApi) -> None:
        # "@aws_auth" counts only where Cognito is the API's one and only mode.
        cognito_alone = api.default_provider.mode == COGNITO and not api.additional_providers
        self._fields: dict[tuple[str, str], Rule] = {}
        self._types: dict[str, Rule] = {}
        for (type_name, field_name), found in directives.items():
            rule = _rule([each for each in found if cognito_alone or each.name != "aws_auth"])
            if rule and field_name:
                self._fields[type_name, field_name] = rule
            elif rule:
                self._types[type_name] = rule
        default = api.default_provider
        # DefaultAction DENY: a field without a directive of its own is closed.
        denied = default.mode == COGNITO and default.default_action == "DENY"
        self._default: Rule = {} if denied else {default.mode: None}

    def allows(self, caller: Caller, type_name: str, field_name: str) -> bool:
        """Whether a caller may use a field. Introspection is open to everyone whom the API let in."""
        rule = self._fields.get((type_name, field_name))
        if rule is None:
            if field_name.startswith("__"):
                return True
            rule = self._types.get(type_name, self._default)
        if caller.mode not in rule:
            return type_name.startswith("__")
        groups = rule[caller.mode]
        if groups is not None and groups.isdisjoint(caller.groups):
            return False
        if caller.denied_fields and f"{type_name}.{field_name}" in caller.denied_fields:
            return False
        # AWS does not document that policies reach below the root types, and its CDK's grantMutation names the
        # mutation's field alone; so we narrow there only.
        allowed = caller.allowed_fields
        return allowed is None or type_name not in _ROOTS or f"{type_name}.{field_name}" in allowed


def _rule(directives: list[AuthDirective]) -> Rule:
    rule: dict[Mode, frozenset[str] | None] = {}
    for directive in directives:
        if directive.groups is None:
            rule[directive.mode] = None
        elif rule.get(directive.mode, _NOT_THERE) is not None:
            rule[directive.mode] = frozenset(directive.groups) | (rule.get(directive.mode) or _NOT_THERE)
    return rule
