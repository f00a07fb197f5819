"""What of a message is not known before it is published."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.publish.unforeseen import NOWHERE, Places, Unforeseen, blanked, differing, places_of

X = Unforeseen.VALUE


@pytest.mark.parametrize(
    ("one", "other", "places", "blank"),
    [
        ({"a": 1}, {"a": 1}, NOWHERE, {"a": 1}),
        ({"a": {"id": "1", "b": 2}}, {"a": {"id": "2", "b": 2}}, {("a", "id")}, {"a": {"id": X, "b": 2}}),
        (
            {"a": [{"id": 1}, {"id": 1}]},
            {"a": [{"id": 1}, {"id": 2}]},
            {("a", None, "id")},
            {"a": [{"id": X}, {"id": X}]},
        ),
        ({"a": [1]}, {"a": [1, 2]}, {("a",)}, {"a": X}),
        ({"a": 1}, {"a": True}, {("a",)}, {"a": X}),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, {("a",)}, {"a": X}),
    ],
    ids=["alike", "member", "element", "length", "type", "other members"],
)
def test_where_two_differ(one: Any, other: Any, places: Places, blank: Any) -> None:
    """There they are blanked, and the blanks tell where they stand."""
    assert differing(one, other) == places
    assert blanked(one, frozenset(places)) == blank
    assert places_of(blank) == places


@pytest.mark.parametrize("data", [{"b": 1}, {"a": "text"}, [], None], ids=["no such member", "text", "list", "null"])
def test_places_that_data_has_not_are_passed_over(data: Any) -> None:
    """Of a message of another kind they may be anywhere."""
    assert blanked(data, frozenset({("a", "id")})) == data
