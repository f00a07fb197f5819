"""
Why an event does not match a pattern: every condition that fails, what was found and what was expected.

In: a pattern's rule and tree, and an event that does not match. Out: sentences, each beginning with its path. Where
``$or`` leaves several ways to match, those that lack least are told, each under its member of the ``$or``.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from livebus.errors import closest
from livebus.pattern.conditions import Absent, Condition, Exists, quoted
from livebus.pattern.matcher import match
from livebus.pattern.number import NumberText
from livebus.pattern.rule import PatternField, PatternRule, SubRule
from livebus.pattern.search import Values, values_by_field
from livebus.pattern.tree import Tree

VALUES_SHOWN = 5
TEXT_SHOWN = 120  # characters of one value
NAMES_COMPARED = 200


def reasons(rule: PatternRule, tree: Tree, event: Mapping[str, Any]) -> list[str]:
    """Say what fails. The event does not match the pattern."""
    found = values_by_field(tree, event)
    values = {path: found.get(1 << number, []) for number, path in enumerate(tree.paths)}
    lacking: dict[frozenset[str], list[str]] = {}
    for sub_rule in rule.sub_rules:
        told: list[str] = []
        met: dict[str, PatternField] = {}
        for path, field in sub_rule.items():
            reason = _failing(path, field, values[path], event)
            if reason:
                told.append(f"{field.branch}: {reason}" if field.branch else reason)
            elif any(membership for _, membership in values[path]):
                met[path] = field
        if met and not match(Tree([met]), event):
            told.append(_apart(met, event))
        # Each field is met and all are: then only the search's limit of steps can have said no.
        told = told or ["the event spells its paths in too many ways to try them all"]
        lacking.setdefault(frozenset(told), told)
    least = [told for lacks, told in lacking.items() if not any(less < lacks for less in lacking)]
    return list(dict.fromkeys(reason for told in least for reason in told))


def conditions(rule: PatternRule, tree: Tree, event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Each field that a pattern asks for: its ``path``, what was ``found`` and ``expected``, whether it is ``met``, and in
    ``why`` the sentence that ``reasons`` has for one that is not.

    Where ``$or`` leaves several ways to match, those of the way that lacks least are told.
    """
    found = values_by_field(tree, event)
    values = {path: found.get(1 << number, []) for number, path in enumerate(tree.paths)}
    told = [
        [_condition(path, field, values[path], event) for path, field in sub_rule.items()]
        for sub_rule in rule.sub_rules
    ]
    return min(told, key=lambda each: sum(not one["met"] for one in each))


def _condition(path: str, field: PatternField, values: Values, event: Mapping[str, Any]) -> dict[str, Any]:
    why = _failing(path, field, values, event)
    return {
        "path": f"$.{path}",
        "found": _texts(values) or _in_its_place(event, path),
        "expected": _expected(field.conditions),
        "met": not why,
        "why": f"{field.branch}: {why}" if why and field.branch else why,
    }


def _failing(path: str, field: PatternField, values: Values, event: Mapping[str, Any]) -> str:
    """What is wrong with one field, seen on its own; "" where nothing is."""
    conditions = field.conditions
    may_be_absent = any(isinstance(condition, Absent) for condition in conditions)
    if not values:
        return "" if may_be_absent else f"$.{path}: {_in_its_place(event, path)}, expected {_expected(conditions)}"
    if any(_meets(value, condition) for value, _ in values for condition in conditions):
        return ""
    texts = _texts(values)
    if all(isinstance(condition, Absent) for condition in conditions):
        return f"$.{path}: {texts} is there, expected {_expected(conditions)}"
    if len(values) > 1:
        return f"$.{path}: none of {texts} is one of {_listed(conditions)}"
    return f"$.{path}: {texts} is none of {_listed(conditions)}"


def _texts(values: Values) -> str:
    """The first few values, and how many more there are; "" for none."""
    more = len(values) - VALUES_SHOWN
    return ", ".join(_shown(value) for value, _ in values[:VALUES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _meets(value: object, condition: Condition) -> bool:
    if isinstance(value, str):
        return condition.meets_string(value)
    if value is None or isinstance(value, bool):
        return condition.meets_constant(value)
    return isinstance(value, int | float | NumberText) and condition.meets_number(value)


def _expected(conditions: Sequence[Condition]) -> str:
    if all(isinstance(condition, Exists) for condition in conditions):
        return "any value (exists: true)"
    if all(isinstance(condition, Absent) for condition in conditions):
        return "no value (exists: false)"
    return f"one of {_listed(conditions)}"


def _listed(conditions: Sequence[Condition]) -> str:
    return f"[{', '.join(map(str, conditions))}]"


def _shown(value: object) -> str:
    if isinstance(value, NumberText):
        return value.text
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    text = quoted(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= TEXT_SHOWN else f"{text[: TEXT_SHOWN - 1]}…"


def _in_its_place(event: Mapping[str, Any], path: str) -> str:
    """What stands where a field has no value: nothing, an object, an empty array; or what bars the way."""
    here: list[Any] = [event]
    way = "$"
    for step in path.split("."):
        objects = [value for value in here if isinstance(value, dict)]
        if not objects:
            return f"missing ({way} is {_kind(here[0])})"
        inner = [value[step] for value in objects if step in value]
        if not inner:
            close = _similar(step, sorted({name for value in objects for name in value}))
            return f"missing (did you mean {quoted(close)}?)" if close else "missing"
        way = f"{way}.{step}"
        here = [element for value in inner for element in _elements(value)]
        if not here:
            return "an empty array" if way == f"$.{path}" else f"missing ({way} is an empty array)"
    return _kind(here[0])


def _similar(step: str, names: Sequence[str]) -> str:
    """The name that may have been meant: first one that differs in case only."""
    same = [name for name in names if name.casefold() == step.casefold()]
    return same[0] if same else closest(step, names[:NAMES_COMPARED], 0.75)


def _elements(value: object) -> list[Any]:
    """The elements of an array, arrays in it resolved; any other value alone."""
    elements: list[Any] = []
    stack = [value]
    while stack:
        last = stack.pop()
        if isinstance(last, list):
            stack += reversed(last)
        else:
            elements.append(last)
    return elements


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        return "a string"
    return _shown(value) if value is None or isinstance(value, bool) else "a number"


def _apart(fields: SubRule, event: Mapping[str, Any]) -> str:
    """
    Name the fields that are each met, but not together: the fewest that fail without the others.
    """
    for path in list(fields):
        fewer = {other: field for other, field in fields.items() if other != path}
        if fewer and not match(Tree([fewer]), event):
            fields = fewer
    each = "; ".join(f"$.{path}: {_expected(field.conditions)}" for path, field in sorted(fields.items()))
    return f"no single element of an array meets all of these together: {each}"
