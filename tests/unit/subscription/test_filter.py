"""Enhanced filters: what they accept, and what they match."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.errors import LivebusError, Place
from livebus.subscription import InvalidFilter, compile_filter

NESTED = {"order": {"lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 5}], "none": []}}


def one(field_name: Any, operator: Any, value: Any) -> dict[str, Any]:
    """A filter with one condition."""
    return {"filterGroup": [{"filters": [{"fieldName": field_name, "operator": operator, "value": value}]}]}


def groups(*conditions: list[tuple[str, str, Any]]) -> dict[str, Any]:
    """A filter with the given groups."""
    return {
        "filterGroup": [
            {"filters": [{"fieldName": name, "operator": operator, "value": value} for name, operator, value in group]}
            for group in conditions
        ]
    }


def reasons(filter_json: Any) -> tuple[str, ...]:
    """The reasons for which a filter is refused."""
    with pytest.raises(InvalidFilter) as refused:
        compile_filter(filter_json)
    return refused.value.reasons


@pytest.mark.parametrize(
    ("operator", "value", "matching", "others"),
    [
        ("eq", "a", ["a"], ["A", "ab", 1, None, True, ["a"]]),
        ("eq", 1, [1, 1.0], ["1", True, 2, None, [1]]),
        ("eq", True, [True], [1, "true", False, None]),
        ("ne", "a", ["b", None, 1, ["a"]], ["a"]),
        ("ne", 1, ["1", True, 2, None], [1, 1.0]),
        ("le", 5, [5, 4.9, -1], [5.1, "4", None, True]),
        ("lt", 5, [4], [5, 6, "4", None, False]),
        ("ge", 5, [5, 6], [4, "6", None, True]),
        ("gt", 5, [5.5], [5, "9", None]),
        ("gt", "b", ["c", "ba"], ["b", "a", 9, None]),
        ("le", "2025-01-01", ["2024-12-31", "2025-01-01"], ["2025-01-02", 2024]),
        ("contains", "ell", ["hello", ["ell", "x"]], ["help", ["hello"], None, 5]),
        ("contains", 5, [[1, 5], [5.0]], [5, "5", ["5"], [True], None]),
        ("notContains", "ell", ["help", ["hello"], None, 5], ["hello", ["ell"]]),
        ("beginsWith", "he", ["hello", "he"], ["oh he", "HE", None, 5, ["hello"]]),
        ("in", ["a", 1], ["a", 1, 1.0], ["b", "1", True, None, ["a"]]),
        ("notIn", ["a", 1], ["b", "1", True, None], ["a", 1]),
        ("between", [1, 5], [1, 3.5, 5], [0, 6, "3", None, True]),
        ("between", ["b", "d"], ["b", "c", "d"], ["a", "da", 3, None]),
        ("containsAny", ["a", 5], [["x", "a"], [5], "cat"], [["x"], [], None, 5, "dog"]),
    ],
)
def test_operator(operator: str, value: Any, matching: list[Any], others: list[Any]) -> None:
    """Each operator holds for these values of a field, and for none of those."""
    compiled = compile_filter(one("f", operator, value))

    assert [found for found in matching if not compiled.matches({"f": found})] == []
    assert [found for found in others if compiled.matches({"f": found})] == []


@pytest.mark.parametrize(
    ("operator", "argument", "expected"),
    [("eq", "a", False), ("ne", "a", True), ("in", ["a"], False), ("notIn", ["a"], True)],
)
@pytest.mark.parametrize("value", [{}, {"f": None}, "scalar", None, [1]])
def test_missing_field_counts_as_null(operator: str, argument: Any, expected: bool, value: Any) -> None:
    """A field that is missing, or a result without fields, is null: it equals nothing and differs from everything."""
    assert compile_filter(one("f", operator, argument)).matches(value) is expected


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("order.lines.sku", "eq", "b", True),
        ("order.lines.sku", "eq", "c", False),
        ("order.lines.sku", "ne", "b", False),
        ("order.lines.sku", "ne", "c", True),
        ("order.lines.count", "gt", 4, True),
        ("order.none.sku", "eq", "a", False),
        ("order.none.sku", "ne", "a", True),
        ("order.missing.sku", "eq", "a", False),
        ("order.missing.sku", "ne", "a", True),
        ("other.lines", "eq", "a", False),
    ],
)
def test_nested_fields(name: str, operator: str, value: Any, expected: bool) -> None:
    """Dots lead into objects; a list on the way matches when one of its elements does."""
    assert compile_filter(one(name, operator, value)).matches(NESTED) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"severity": 8, "priority": "high"}, True),
        ({"severity": 8, "priority": "low"}, False),
        ({"severity": 1, "class": "Security"}, True),
        ({"severity": 1}, False),
    ],
)
def test_groups(value: Any, expected: bool) -> None:
    """Filters in a group are joined by AND, groups by OR."""
    compiled = compile_filter(
        groups([("severity", "ge", 7), ("priority", "in", ["high", "medium"])], [("class", "eq", "Security")])
    )

    assert compiled.matches(value) is expected


def test_equalities_are_what_every_match_fulfils() -> None:
    """Equalities of top-level fields are known for one group, and for none where groups are alternatives."""
    single = compile_filter(groups([("b", "eq", 1), ("a", "eq", True), ("c", "gt", 1), ("d.e", "eq", "x")]))
    alternatives = compile_filter(groups([("a", "eq", 1)], [("b", "eq", 2)]))

    assert single.equalities == (("a", ("boolean", True)), ("b", 1))
    assert alternatives.equalities == ()


@pytest.mark.parametrize(
    ("filter_json", "reason"),
    [
        (one("f", "in", list(range(6))), "subscription exceeds maximum value limit 5 for operator `in`."),
        (one("f", "notIn", list(range(6))), "subscription exceeds maximum value limit 5 for operator `notIn`."),
        (
            one("f", "containsAny", list(range(21))),
            "subscription exceeds maximum value limit 20 for operator `containsAny`.",
        ),
        (one("f", "containsAny", []), "subscription filter has invalid filter value for operator `containsAny`."),
        (one("f", "eq", None), "subscription filter has invalid filter value for operator `eq`."),
        (one("f", "eq", ["a"]), "subscription filter has invalid filter value for operator `eq`."),
        (one("f", "gt", True), "subscription filter has invalid filter value for operator `gt`."),
        (one("f", "beginsWith", 5), "subscription filter has invalid filter value for operator `beginsWith`."),
        (one("f", "contains", ["a"]), "subscription filter has invalid filter value for operator `contains`."),
        (one("f", "in", "abc"), "subscription filter has invalid filter value for operator `in`."),
        (one("f", "in", [None]), "subscription filter has invalid filter value for operator `in`."),
        (one("f", "between", [1]), "subscription filter has invalid filter value for operator `between`."),
        (one("f", "between", [1, "2"]), "subscription filter has invalid filter value for operator `between`."),
        (one("f", "equals", "a"), "subscription filter has invalid operator `equals`."),
        (one("f", None, "a"), "subscription filter has invalid operator `None`."),
        (one(5, "eq", "a"), "subscription filter has invalid fieldName."),
        (one("", "eq", "a"), "subscription filter has invalid fieldName."),
        (one("a..b", "eq", "a"), "subscription filter has invalid fieldName."),
        (one("a" * 257, "eq", "a"), "subscription filter exceeds maximum fieldName length 256."),
        (one("a.b.c.d.e.f", "eq", "a"), "subscription filter exceeds maximum fieldName depth 5."),
        (
            groups([("a", "gt", 1), ("a", "lt", 5)]),
            "subscription filter uses same fieldName multiple time in single filter object.",
        ),
        (
            groups(*[[("a", "eq", number)] for number in range(11)]),
            "Filters combination exceed maximum limit 10 for subscription.",
        ),
        (
            groups([(name, "eq", 1) for name in "abc"], [(name, "eq", 1) for name in "def"]),
            "Filters exceed maximum attributes limit 5 for subscription",
        ),
        ({}, "subscription filter has no filterGroup."),
        ({"filterGroup": []}, "subscription filter has no filterGroup."),
        ({"filterGroup": "eq"}, "subscription filter has no filterGroup."),
        ([], "subscription filter has no filterGroup."),
        ({"filterGroup": [{}]}, "subscription filter has a group without filters."),
        ({"filterGroup": [{"filters": []}]}, "subscription filter has a group without filters."),
        ({"filterGroup": [5]}, "subscription filter has a group without filters."),
        ({"filterGroup": [{"filters": ["a"]}]}, "subscription filter has an invalid filter."),
    ],
)
def test_refuses(filter_json: Any, reason: str) -> None:
    """A filter over a limit or out of shape is refused, in AWS's words where they are known."""
    assert reasons(filter_json) == (reason,)


@pytest.mark.parametrize(
    "filter_json",
    [
        one("f", "in", list(range(5))),
        one("f", "containsAny", list(range(20))),
        one("a" * 256, "eq", "a"),
        one("a.b.c.d.e", "eq", "a"),
        groups(*[[("a", "eq", number)] for number in range(10)]),
        groups([(name, "eq", 1) for name in "abcde"], [(name, "eq", 2) for name in "abcde"]),
        groups([("a", "gt", 1)], [("a", "lt", 5)]),
    ],
)
def test_accepts_what_the_limits_allow(filter_json: Any) -> None:
    """A filter right at a limit is fine."""
    assert compile_filter(filter_json).matches({}) is False


def test_collects_all_faults() -> None:
    """A refusal tells of everything that is wrong, with the place in the filter and what was meant."""
    with pytest.raises(LivebusError) as refused:
        compile_filter(groups([("a", "equals", 1), ("b", "gt", True)]))

    assert isinstance(refused.value, InvalidFilter)
    assert refused.value.errors == [
        {"message": "subscription filter has invalid operator `equals`.", "errorCode": 400},
        {"message": "subscription filter has invalid filter value for operator `gt`.", "errorCode": 400},
    ]
    assert [fault.place.path for fault in refused.value.faults] == [
        "filterGroup/0/filters/0/operator",
        "filterGroup/0/filters/1/value",
    ]


@pytest.mark.parametrize(
    ("filter_json", "told"),
    [
        (
            5,
            (
                "f.js:7:3: a subscription filter without groups: 5;"
                ' expected {"filterGroup": [{"filters": [{"fieldName", "operator", "value"}]}]}'
            ),
        ),
        (
            groups(*[[("a", "eq", number)] for number in range(11)]),
            "f.js:7:3 (filterGroup): 11 filter groups; expected at most 10",
        ),
        (
            {"filterGroup": [{"filters": {}}]},
            (
                "f.js:7:3 (filterGroup/0/filters): a filter group without filters: {'filters': {}};"
                ' expected [{"fieldName", "operator", "value"}, …]'
            ),
        ),
        (
            groups([(name, "eq", 1) for name in "abcdef"]),
            "f.js:7:3 (filterGroup): 6 different fields: a, b, c, d, e, f; expected at most 5",
        ),
        (
            {"filterGroup": [{"filters": [5]}]},
            (
                "f.js:7:3 (filterGroup/0/filters/0): a filter that is no object: 5;"
                ' expected {"fieldName", "operator", "value"}'
            ),
        ),
        (
            groups([("a.b", "gt", 1), ("a.b", "lt", 5)]),
            (
                "f.js:7:3 (filterGroup/0/filters/1): two filters on 'a.b' in one group;"
                " expected each fieldName once in a group. Use 'between' or 'in', or a second group."
            ),
        ),
        (
            one("a..b", "eq", 1),
            (
                "f.js:7:3 (filterGroup/0/filters/0/fieldName): fieldName 'a..b';"
                " expected a field's name, or names joined by dots"
            ),
        ),
        (
            one("a" * 257, "eq", 1),
            (
                f"f.js:7:3 (filterGroup/0/filters/0/fieldName): a fieldName of 257 characters: '{'a' * 40}'…;"
                " expected at most 256"
            ),
        ),
        (
            one("a.b.c.d.e.f", "eq", 1),
            (
                "f.js:7:3 (filterGroup/0/filters/0/fieldName): fieldName 'a.b.c.d.e.f', 6 levels deep;"
                " expected at most 5 levels"
            ),
        ),
        (
            one("f", "xx", 1),
            (
                "f.js:7:3 (filterGroup/0/filters/0/operator): operator 'xx'; expected one of eq, ne, le, lt, ge, gt, contains,"
                " notContains, beginsWith, in, notIn, between, containsAny"
            ),
        ),
        (
            one("f", "in", [1, 2, 3, 4, 5, 6]),
            "f.js:7:3 (filterGroup/0/filters/0/value): 6 values for operator 'in'; expected at most 5",
        ),
    ],
)
def test_a_fault_says_where_it_is_and_what_was_meant(filter_json: Any, told: str) -> None:
    """With the file of the resolver that has set the filter, and the path in the filter."""
    with pytest.raises(InvalidFilter) as refused:
        compile_filter(filter_json, Place("f.js", 7, 3))
    assert str(refused.value) == told


def test_equal_filters_have_equal_texts() -> None:
    """The order of members does not count, that of filters does; subscriptions are kept together by it."""
    one_order = {"filterGroup": [{"filters": [{"fieldName": "a", "operator": "eq", "value": 1}]}]}
    other_order = {"filterGroup": [{"filters": [{"value": 1, "operator": "eq", "fieldName": "a"}]}]}
    texts = [compile_filter(each).text for each in (one_order, other_order, one("a", "eq", 2), one("a", "eq", "1"))]
    assert texts[0] == texts[1] == '{"filterGroup": [{"filters": [{"fieldName": "a", "operator": "eq", "value": 1}]}]}'
    assert len(set(texts)) == 3


def test_suggests_the_operator_that_was_meant() -> None:
    """A misspelt operator is answered with the nearest one."""
    with pytest.raises(InvalidFilter) as refused:
        compile_filter(one("f", "beginWith", "a"))

    assert refused.value.faults[0].advice == "Did you mean 'beginsWith'?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abf"), inner, max_size=3),
    max_leaves=6,
)
OPERATORS = st.sampled_from(["eq", "ne", "le", "gt", "contains", "beginsWith", "in", "between", "containsAny", "other"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["f", "a.b", "a"]), OPERATORS, JSON), min_size=1, max_size=2), JSON)
def test_refuses_or_matches_and_never_fails(conditions: list[tuple[str, str, Any]], value: Any) -> None:
    """Whatever JSON a filter holds, it is refused as such or answers yes or no for any value."""
    try:
        compiled = compile_filter(groups(conditions))
    except InvalidFilter:
        return
    assert compiled.matches(value) in (True, False)
    assert compiled.matches({"f": value, "a": value}) in (True, False)
