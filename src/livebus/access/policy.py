"""
IAM's policy language: do these statements allow an action on a resource, and if not, why not.

In: statements as they stand in a template, intrinsics resolved. Out: a :class:`Decision`. The same function serves
identity policies (a role's), trust policies and resource policies (a queue's).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: ``kind`` is a key of the Principal element (Service, AWS, Federated), ``name`` a value under it."""

    kind: str
    name: str


EVENTBRIDGE = Principal("Service", "events.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not; ``reason`` is a clause that names the deciding statement, or the one that came closest."""

    allowed: bool
    reason: str


def evaluate(
    statements: Iterable[Mapping[str, Any]],
    *,
    action: str,
    resource: str | None,
    principal: Principal | None = None,
    context: Mapping[str, str | Sequence[str]],
) -> Decision:
    """
    Evaluate statements as IAM does: an explicit Deny wins, then an Allow, and nothing is allowed by default.

    ``principal`` is None for identity policies, which have no Principal element; ``resource`` is None for trust
    policies, which have no Resource element. ``context`` holds the condition keys of the request, several values as a tuple. A condition operator
    that we do not know never allows: the reason names it.
    """
    keys = {key.lower(): value for key, value in context.items()}
    allowing: str | None = None
    closest = (-1, "no statement is there")
    for number, statement in enumerate(statements, 1):
        name = f"statement {statement['Sid']!r}" if statement.get("Sid") else f"statement {number}"
        denies = statement.get("Effect") == "Deny"
        depth, mismatch = _mismatch(statement, action, resource, principal, keys, unknown_matches=denies)
        if denies and mismatch is None:
            unknown = [operator for operator in statement.get("Condition") or {} if _operator(operator) is None]
            unsure = (
                f" unless its condition operator {unknown[0]!r}, which we do not evaluate, says no" if unknown else ""
            )
            return Decision(False, f"{name} denies it{unsure}")
        if denies:
            continue
        if mismatch is None:
            allowing = allowing or f"{name} allows it"
        elif depth > closest[0]:
            closest = depth, f"{name} does not: {mismatch}"
    return Decision(True, allowing) if allowing else Decision(False, closest[1])


def _mismatch(
    statement: Mapping[str, Any],
    action: str,
    resource: str | None,
    principal: Principal | None,
    keys: Mapping[str, str | Sequence[str]],
    *,
    unknown_matches: bool,
) -> tuple[int, str | None]:
    """How far a statement applies (0 to 4), and the first element that keeps it from applying; None if none does."""
    if principal is not None and not _element(statement, "Principal", lambda value: _is_principal(value, principal)):
        return 0, _difference(statement, "Principal", principal.name)
    if not _element(statement, "Action", lambda value: matches(value.lower(), action.lower())):
        return 1, _difference(statement, "Action", action)
    if resource is not None and not _element(statement, "Resource", lambda value: matches(value, resource)):
        return 2, _difference(statement, "Resource", resource)
    for operator, conditions in (statement.get("Condition") or {}).items():
        test = _operator(operator)
        for key, expected in conditions.items():
            actual = keys.get(key.lower())
            if test is None:
                if unknown_matches:
                    continue
                return 3, f"its condition operator {operator!r} is not one that we evaluate"
            if not _holds(operator, test, actual, _texts(expected)):
                found = "is not known for the request" if actual is None else f"is {actual!r}"
                return 3, f"its Condition {operator} wants {key} {expected!r}, and it {found}"
    return 4, None


def _difference(statement: Mapping[str, Any], element: str, wanted: str) -> str:
    """What a statement has in place of what is wanted, by the name that it has there."""
    if element in statement:
        return f"its {element} is {statement[element]!r}, not {wanted!r}"
    if f"Not{element}" in statement:
        return f"its Not{element} is {statement[f'Not{element}']!r}, which leaves out {wanted!r}"
    return f"it has no {element}"


def _element(statement: Mapping[str, Any], name: str, test: Callable[[Any], bool]) -> bool:
    """Whether an element, or its Not… form, holds; a statement with neither does not apply."""
    if name in statement:
        return any(test(value) for value in _values(statement[name]))
    if f"Not{name}" in statement:
        return not any(test(value) for value in _values(statement[f"Not{name}"]))
    return False


def _is_principal(value: Any, principal: Principal) -> bool:
    if value == "*":
        return True
    if not isinstance(value, Mapping):
        return False
    # In a resource policy {"AWS": "*"} is anyone, as "*" is.
    if "*" in _values(value.get("AWS")):
        return True
    names = _values(value.get(principal.kind))
    if principal.name in names:
        return True
    account = principal.name.split(":")[4] if principal.name.count(":") >= 5 else None
    return principal.kind == "AWS" and any(
        name == account or (isinstance(name, str) and name.endswith(f"::{account}:root")) for name in names
    )


def _values(value: Any) -> Sequence[Any]:
    """One or several: policies may leave out the list around a single value."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _texts(value: Any) -> list[str]:
    """Condition values as text: YAML's true and 1 are IAM's "true" and "1"."""
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in _values(value)]


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    """
    The leftmost find of each text between two stars leaves the most room for the rest, so nothing is tried twice: a
    pattern of many stars takes no longer than its length times the text's.
    """
    first, *others = ("".join("." if c == "?" else re.escape(c) for c in part) for part in pattern.split("*"))
    between = "".join(f"(?>.*?{part})" for part in others[:-1] if part)
    return re.compile(first + between + "".join(f".*{part}" for part in others[-1:]), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether IAM's wildcards, ``*`` for any characters and ``?`` for one, cover the text."""
    return _glob(pattern).fullmatch(text) is not None


def _arn_matches(pattern: str, arn: str) -> bool:
    """IAM compares the six parts of an ARN one by one, so that no wildcard reaches over a colon but in the last."""
    wanted, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(parts) == 6 and all(map(matches, wanted, parts))


# Operators that hold if one of the expected values fits. ArnEquals and ArnLike behave identically (IAM's words).
_FITS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda expected, actual: expected == actual,
    "StringEqualsIgnoreCase": lambda expected, actual: expected.lower() == actual.lower(),
    "StringLike": matches,
    "ArnEquals": _arn_matches,
    "ArnLike": _arn_matches,
    "Bool": lambda expected, actual: expected.lower() == actual.lower(),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}

_ANY, _ALL = "ForAnyValue", "ForAllValues"

Test = Callable[[str | None, Sequence[str]], bool]


def _holds(operator: str, test: Test, actual: str | Sequence[str] | None, expected: Sequence[str]) -> bool:
    """
    Whether a test holds for the request's value, or for its values: any of them, with ForAllValues all of them.

    Without a value ForAnyValue does not hold, and ForAllValues does.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    quantifier = operator.partition(":")[0] if ":" in operator else ""
    if quantifier and actual is None:
        return quantifier == _ALL
    if actual is None or isinstance(actual, str):
        return test(actual, expected)
    return (all if quantifier == _ALL else any)(test(each, expected) for each in actual)


def _operator(name: str) -> Test | None:
    """
    The test of a condition operator over the request's value (None: not known) and the expected values.

    Without the key in the request a negated operator holds, and so does one with IfExists; others don't.
    """
    quantifier, colon, of_each = name.partition(":")
    if colon:
        return _operator(of_each) if quantifier in (_ANY, _ALL) and of_each != "Null" else None
    if name == "Null":
        return lambda actual, expected: str(actual is None).lower() in expected
    bare = name.removesuffix("IfExists")
    without_key = bare != name
    if bare in _NEGATED:
        fits = _FITS[_NEGATED[bare]]
        return lambda actual, expected: actual is None or not any(fits(each, actual) for each in expected)
    if bare in _FITS:
        fits = _FITS[bare]
        return lambda actual, expected: without_key if actual is None else any(fits(each, actual) for each in expected)
    return None
