"""
An event pattern matcher that is slow and obvious, to compare the compiled one with.

The event is flattened to a list of (path, value, places in arrays). A sub-rule matches if its paths, in alphabetical
order, can be given values one after the other whose places agree. Nothing is shared with the package under test; the
pattern must be valid.
"""

from __future__ import annotations

import ipaddress
import json
from decimal import Decimal
from typing import Any


class Pairs(list):
    """The members of a JSON object in their order, doubles included."""


def match(pattern: str, event: str) -> bool:
    sub_rules = expand(json.loads(pattern, object_pairs_hook=Pairs, parse_float=Decimal, parse_int=Decimal), "", [])
    fields = flatten(json.loads(event, parse_float=Decimal, parse_int=Decimal), "", {}, iter(range(10**9)))
    return any(assign(sorted(rule.items()), fields, {}) for rule in sub_rules)


def expand(members: Pairs, path: str, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for name, value in members:
        here = f"{path}.{name}" if path else name
        if name == "$or":
            rules = [rule for member in value for rule in expand(member, path, [dict(old) for old in rules or [{}]])]
        elif isinstance(value, Pairs):
            rules = expand(value, here, rules)
        else:
            rules = [{**rule, here: value} for rule in rules or [{}]]
    return rules


def flatten(value: Any, path: str, places: dict[int, int], numbers: Any) -> list[tuple[str, Any, dict[int, int]]]:
    if isinstance(value, dict):
        return [
            field
            for name, member in value.items()
            for field in flatten(member, f"{path}.{name}" if path else name, places, numbers)
        ]
    if not isinstance(value, list):
        return [(path, value, places)]
    array = next(numbers)
    fields = []
    for index, element in enumerate(value):
        nested = isinstance(element, dict | list)
        fields += flatten(element, path, {**places, array: index} if nested else places, numbers)
    return fields


def assign(asked: list[tuple[str, Any]], fields: list[Any], chosen: dict[int, int]) -> bool:
    if not asked:
        return True
    (path, tests), *rest = asked
    here = [
        (value, places)
        for name, value, places in fields
        if name == path and all(chosen.get(array, index) == index for array, index in places.items())
    ]
    if not here and Pairs([("exists", False)]) in tests and assign(rest, fields, chosen):
        return True
    return any(
        any(satisfies(value, test) for test in tests) and assign(rest, fields, {**chosen, **places})
        for value, places in here
    )


def satisfies(value: Any, test: Any) -> bool:
    if not isinstance(test, Pairs):
        if isinstance(test, str) and isinstance(value, str) and address(test) is not None:
            return address(value) == address(test)
        return type(value) is type(test) and value == test
    [(operator, wanted)] = test
    if operator == "exists":
        return bool(wanted)
    if operator == "anything-but":
        return not any(satisfies_form(value, form) for form in forms(wanted))
    if operator == "numeric":
        return isinstance(value, Decimal) and all(
            compare(value, comparison, bound) for comparison, bound in zip(wanted[::2], wanted[1::2], strict=True)
        )
    return isinstance(value, str) and satisfies_text(value, operator, wanted)


def forms(wanted: Any) -> list[tuple[str, Any]]:
    operator, inside = wanted[0] if isinstance(wanted, Pairs) else ("same", wanted)
    return [(operator, one) for one in (inside if isinstance(inside, list) else [inside])]


def satisfies_form(value: Any, form: tuple[str, Any]) -> bool:
    operator, wanted = form
    if operator == "same":
        return type(value) is type(wanted) and value == wanted
    return isinstance(value, str) and satisfies_text(value, operator, wanted)


def compare(value: Decimal, comparison: str, bound: Decimal) -> bool:
    return {
        "=": value == bound,
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
    }[comparison]


def satisfies_text(value: str, operator: str, wanted: Any) -> bool:
    if isinstance(wanted, Pairs):
        text = wanted[0][1]
        lengths = range(len(value) + 1)
        ends = (value[:length] for length in lengths) if operator == "prefix" else (value[at:] for at in lengths)
        return any(same_but_case(end, text) for end in ends)
    if operator == "exactly":
        return value == wanted
    if operator == "prefix":
        return value[: len(wanted)] == wanted
    if operator == "suffix":
        return value[len(value) - len(wanted) :] == wanted if len(wanted) <= len(value) else False
    if operator == "equals-ignore-case":
        return same_but_case(value, wanted)
    if operator == "cidr":
        here = address(value)
        network = ipaddress.ip_network(wanted, strict=False)
        return here is not None and here.version == network.version and here in network
    assert operator == "wildcard"
    return wild(value, tokens_of(wanted))


def same_but_case(value: str, wanted: str) -> bool:
    if not wanted:
        return not value
    return any(
        value.startswith(case) and same_but_case(value[len(case) :], wanted[1:])
        for case in {wanted[0].lower(), wanted[0].upper()}
    )


def tokens_of(text: str) -> list[str]:
    tokens = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            tokens.append(text[at])
        else:
            tokens.append("any" if text[at] == "*" else text[at])
        at += 1
    return tokens


def wild(value: str, tokens: list[str]) -> bool:
    """By a table: reach[i] tells whether the tokens so far can end before character i."""
    reach = [True] + [False] * len(value)
    for token in tokens:
        if token == "any":
            reach = [any(reach[: end + 1]) for end in range(len(value) + 1)]
        else:
            reach = [False] + [reach[end] and value[end] == token for end in range(len(value))]
    return reach[-1]


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
