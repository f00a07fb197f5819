"""
The statements of IAM policy documents, checked for their shape: who evaluates them can rely on it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.errors import did_you_mean
from livebus.template.properties import Properties, shown, text_of

_ELEMENTS = (
    "Action",
    "Condition",
    "Effect",
    "NotAction",
    "NotPrincipal",
    "NotResource",
    "Principal",
    "Resource",
    "Sid",
)
_PRINCIPALS = ("AWS", "CanonicalUser", "Federated", "Service")


def read_statements(owner: Properties, member: str) -> list[Mapping[str, Any]]:
    """
    The statements of the policy document in a property, as they stand in the template, functions evaluated.

    Statements that IAM would refuse as malformed are told and left out.
    """
    document = owner.mapping(member)
    is_one = isinstance(document.values.get("Statement"), Mapping)
    found = [document.mapping("Statement")] if is_one else document.mappings("Statement")
    return [each.values for each in found if _is_sound(each)]


def _is_sound(statement: Properties) -> bool:
    faults: list[tuple[str, str, str, str]] = []  # element, found, expected, advice
    for name, value in statement.values.items():
        if name not in _ELEMENTS:
            faults.append((name, f"a policy statement has the element {name!r}", "", did_you_mean(name, _ELEMENTS)))
        elif expected := _expected(name, value):
            faults.append((name, f"{name} is {shown(value)}", expected, ""))
    if "Effect" not in statement:
        statement.fault("a policy statement has no Effect", expected="Allow or Deny")
    for name, found, expected, advice in faults:
        statement.fault(found, name, expected=expected, advice=advice)
    return not faults and "Effect" in statement


def _expected(name: str, value: Any) -> str:
    """What an element should be, where it is not."""
    if name == "Effect":
        return "" if value in ("Allow", "Deny") else "Allow or Deny"
    if name in ("Principal", "NotPrincipal"):
        return "" if _is_principal(value) else f"'*', or an object of {', '.join(_PRINCIPALS)}"
    if name == "Condition":
        return "" if _is_condition(value) else "an object of operators, each an object of keys and values"
    if name == "Sid":
        return "" if text_of(value) is not None else "a text"
    return "" if _is_texts(value) else "a text or a list of texts"


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _is_principal(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(kind in _PRINCIPALS and _is_texts(names) for kind, names in value.items())
    return bool(value == "*")


def _is_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(keys, Mapping) and all(_is_values(expected) for expected in keys.values()) for keys in value.values()
    )


def _is_values(value: Any) -> bool:
    return all(text_of(item) is not None for item in (value if isinstance(value, list) else [value]))
