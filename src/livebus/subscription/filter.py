"""
Enhanced filters: ``extensions.setSubscriptionFilter`` and ``setSubscriptionInvalidationFilter``.

In: the filter object that a subscription's resolver has set, once; then a mutation's result (or the payload of an
invalidation) per call. Out: whether it matches. Filters of one group are joined by AND, groups by OR.
https://docs.aws.amazon.com/appsync/latest/devguide/extensions.html
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-enhanced-filtering.html
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from livebus.errors import Fault, InvalidResolver, Place, closest
from livebus.subscription.equality import value_key
from livebus.subscription.operators import NEGATED, OPERATORS, Test

MAX_GROUPS = 10
MAX_ATTRIBUTES = 5
MAX_FIELD_NAME = 256
MAX_DEPTH = 5
MAX_VALUES = {"in": 5, "notIn": 5, "containsAny": 20}


class InvalidFilter(InvalidResolver):
    """
    A filter that AppSync refuses when a subscription starts.

    ``reasons`` are AWS's wordings where they are known, one per fault. ``errors`` is what the error frame holds: such
    errors have an ``errorCode`` and no ``errorType``.
    """

    def __init__(self, faults: Sequence[tuple[str, Fault]]) -> None:
        self.reasons = tuple(reason for reason, _ in faults)
        super().__init__(faults=[fault for _, fault in faults])

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors for ``Connection.refuse_start``."""
        return [{"message": reason, "errorCode": 400} for reason in dict.fromkeys(self.reasons)]


class Filter:
    """
    A compiled filter. ``text`` is its canonical JSON: equal texts mean equal filters.

    ``equalities`` are conditions that every match fulfils, as names of top-level fields and keys of their values; a
    registry finds candidates by them. They are empty where groups are joined by OR.
    """

    __slots__ = ("_groups", "equalities", "text")

    def __init__(self, text: str, groups: Sequence[Sequence[Test]], equalities: Sequence[tuple[str, Hashable]]) -> None:
        self.text = text
        self._groups = tuple(tuple(group) for group in groups)
        self.equalities = tuple(sorted(equalities))

    def matches(self, value: Any) -> bool:
        """Whether a mutation's result, or an invalidation's payload, matches."""
        for group in self._groups:
            for test in group:
                if not test(value):
                    break
            else:
                return True
        return False


def compile_filter(filter_json: Mapping[str, Any], place: Place | None = None) -> Filter:
    """
    Compiles ``{"filterGroup": [{"filters": [{"fieldName", "operator", "value"}, …]}, …]}``.

    Raises InvalidFilter with everything that is wrong. An empty filter is refused: AWS does not document one, and
    whoever sets a filter means to hold something back.
    """
    return _Compilation(place or Place()).run(filter_json)


class _Compilation:
    """One call of compile_filter: collects the faults on its way."""

    def __init__(self, place: Place) -> None:
        self._file_place = place
        self._faults: list[tuple[str, Fault]] = []

    def run(self, filter_json: Mapping[str, Any]) -> Filter:
        groups: list[list[Test]] = []
        equalities: list[tuple[str, Hashable]] = []
        names: dict[str, None] = {}
        filter_group = filter_json.get("filterGroup") if isinstance(filter_json, Mapping) else None
        if not isinstance(filter_group, Sequence) or isinstance(filter_group, str) or not filter_group:
            self._refuse(
                "subscription filter has no filterGroup.",
                f"a subscription filter without groups: {filter_json!r}",
                "",
                expected='{"filterGroup": [{"filters": [{"fieldName", "operator", "value"}]}]}',
            )
            filter_group = []
        elif len(filter_group) > MAX_GROUPS:
            self._refuse(
                f"Filters combination exceed maximum limit {MAX_GROUPS} for subscription.",
                f"{len(filter_group)} filter groups",
                "filterGroup",
                expected=f"at most {MAX_GROUPS}",
            )
        for index, group in enumerate(filter_group):
            path = f"filterGroup/{index}/filters"
            filters = group.get("filters") if isinstance(group, Mapping) else None
            if not isinstance(filters, Sequence) or isinstance(filters, str) or not filters:
                self._refuse(
                    "subscription filter has a group without filters.",
                    f"a filter group without filters: {group!r}",
                    path,
                    expected='[{"fieldName", "operator", "value"}, …]',
                )
                continue
            groups.append(self._group(filters, path, names, equalities))
        if len(names) > MAX_ATTRIBUTES:
            # The limit counts the different fields of all groups together, as reports of it show.
            self._refuse(
                f"Filters exceed maximum attributes limit {MAX_ATTRIBUTES} for subscription",
                f"{len(names)} different fields: {', '.join(names)}",
                "filterGroup",
                expected=f"at most {MAX_ATTRIBUTES}",
            )
        if self._faults:
            raise InvalidFilter(self._faults)
        text = json.dumps(filter_json, sort_keys=True, default=str)
        return Filter(text, groups, equalities if len(groups) == 1 else ())

    def _group(
        self, filters: Sequence[Any], path: str, names: dict[str, None], equalities: list[tuple[str, Hashable]]
    ) -> list[Test]:
        tests: list[Test] = []
        seen: set[str] = set()
        for index, condition in enumerate(filters):
            where = f"{path}/{index}"
            if not isinstance(condition, Mapping):
                self._refuse(
                    "subscription filter has an invalid filter.",
                    f"a filter that is no object: {condition!r}",
                    where,
                    expected='{"fieldName", "operator", "value"}',
                )
                continue
            name, operator, value = condition.get("fieldName"), condition.get("operator"), condition.get("value")
            field_path = self._field_path(name, f"{where}/fieldName")
            test = self._test(operator, value, where)
            if field_path is None or test is None:
                continue
            name = ".".join(field_path)
            names[name] = None
            if name in seen:
                self._refuse(
                    "subscription filter uses same fieldName multiple time in single filter object.",
                    f"two filters on {name!r} in one group",
                    where,
                    expected="each fieldName once in a group",
                    advice="Use 'between' or 'in', or a second group.",
                )
            seen.add(name)
            tests.append(_at(field_path, test, negated=operator in NEGATED))
            if operator == "eq" and len(field_path) == 1:
                equalities.append((name, value_key(value)))
        return tests

    def _field_path(self, name: object, where: str) -> tuple[str, ...] | None:
        if not isinstance(name, str) or not all(parts := name.split(".")):
            self._refuse(
                "subscription filter has invalid fieldName.",
                f"fieldName {name!r}",
                where,
                expected="a field's name, or names joined by dots",
            )
            return None
        if len(name) > MAX_FIELD_NAME:
            self._refuse(
                f"subscription filter exceeds maximum fieldName length {MAX_FIELD_NAME}.",
                f"a fieldName of {len(name)} characters: {name[:40]!r}…",
                where,
                expected=f"at most {MAX_FIELD_NAME}",
            )
            return None
        if len(parts) > MAX_DEPTH:
            self._refuse(
                f"subscription filter exceeds maximum fieldName depth {MAX_DEPTH}.",
                f"fieldName {name!r}, {len(parts)} levels deep",
                where,
                expected=f"at most {MAX_DEPTH} levels",
            )
            return None
        return tuple(parts)

    def _test(self, operator: object, value: Any, where: str) -> Test | None:
        if not isinstance(operator, str) or operator not in OPERATORS:
            close = closest(str(operator), OPERATORS)
            self._refuse(
                f"subscription filter has invalid operator `{operator}`.",
                f"operator {operator!r}",
                f"{where}/operator",
                expected=f"one of {', '.join(OPERATORS)}",
                advice=f"Did you mean {close!r}?" if close else "",
            )
            return None
        accepted, expected, make = OPERATORS[operator]
        if not accepted(value):
            self._refuse(
                f"subscription filter has invalid filter value for operator `{operator}`.",
                f"value {value!r} for operator {operator!r}",
                f"{where}/value",
                expected=expected,
            )
            return None
        limit = MAX_VALUES.get(operator)
        if limit is not None and len(value) > limit:
            self._refuse(
                f"subscription exceeds maximum value limit {limit} for operator `{operator}`.",
                f"{len(value)} values for operator {operator!r}",
                f"{where}/value",
                expected=f"at most {limit}",
            )
            return None
        return make(value)

    def _refuse(self, reason: str, found: str, path: str, *, expected: str = "", advice: str = "") -> None:
        place = Place(self._file_place.file, self._file_place.line, self._file_place.column, path)
        self._faults.append((reason, Fault(found, place, expected, advice)))


def _at(path: tuple[str, ...], test: Test, *, negated: bool) -> Test:
    """
    A test of the value at a path.

    AWS does not document paths through lists, nor negations of missing fields. We say: a list on the way matches when
    one of its elements does; ``ne``, ``notIn`` and ``notContains`` are the opposite of ``eq``, ``in`` and
    ``contains``, and so hold for null.
    """
    if len(path) == 1:
        (name,) = path

        def top_level(value: Any) -> bool:
            return test(value.get(name) if isinstance(value, dict) else None) is not negated

        return top_level

    def nested(value: Any) -> bool:
        return any(test(leaf) for leaf in _leaves(value, path)) is not negated

    return nested


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield value
    elif isinstance(value, dict):
        yield from _leaves(value.get(path[0]), path[1:])
    elif isinstance(value, list):
        for element in value:
            yield from _leaves(element, path)
    else:
        yield None
