"""Event patterns as their users ask them: one of them, or those of many rules at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.errors import InvalidEvent, InvalidEventPattern
from livebus.pattern import EventPattern, PatternIndex
from livebus.pattern import event_pattern as module

SHOP = '{"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}}'
MATCHING = {"source": "shop", "detail": {"total": 11}}
OTHER = {"source": "shop", "detail": {"total": 9}}


def test_one_pattern_says_whether_an_event_matches() -> None:
    """Parsed, or as its text; the pattern's own text is kept."""
    pattern = EventPattern(SHOP)
    assert [pattern.matches(event) for event in (MATCHING, OTHER)] == [True, False]
    assert [pattern.matches_json(json.dumps(event)) for event in (MATCHING, OTHER)] == [True, False]
    assert (pattern.text, repr(pattern)) == (SHOP, f"EventPattern({SHOP!r})")


def test_one_pattern_says_why_an_event_does_not_match() -> None:
    """Nothing where it matches; otherwise all that fails, by its path."""
    pattern = EventPattern(SHOP)
    assert pattern.explain(MATCHING) == []
    assert pattern.explain(OTHER) == ['$.detail.total: 9 is none of [{"numeric":[">",10]}]']
    assert pattern.explain({"source": "other", "detail": {"total": 1}}) == [
        '$.source: "other" is none of ["shop"]',
        '$.detail.total: 1 is none of [{"numeric":[">",10]}]',
    ]


def test_each_condition_is_told() -> None:
    """With what was found, whether it is met, and why it is not."""
    told = EventPattern(SHOP).conditions(OTHER)
    assert [(each["path"], each["met"]) for each in told] == [("$.source", True), ("$.detail.total", False)]


@pytest.mark.parametrize("event", [None, [], "text", 7])
def test_what_is_no_envelope_is_refused(event: Any) -> None:
    """It is no event that does not match."""
    pattern, index = EventPattern(SHOP), PatternIndex([SHOP])
    for asked in (pattern.matches, pattern.explain, pattern.conditions, index.matching):
        with pytest.raises(InvalidEvent) as told:
            asked(event)
        assert str(told.value) == "Event must be a JSON object; expected an object. Give the whole envelope."


@pytest.mark.parametrize("together", [1, 2, 1024])
def test_many_patterns_are_asked_at_once(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of those that match, once each, however they are split; asking again gives the same."""
    monkeypatch.setattr(module, "SUB_RULES_TOGETHER", together)
    index = PatternIndex(
        [
            '{"source": ["shop"]}',
            '{"source": ["other"]}',
            '{"$or": [{"source": ["shop"]}, {"detail": {"total": [11]}}]}',
            SHOP,
            '{"detail": {"total": [9, 11]}}',
        ]
    )
    for _ in range(2):
        assert index.matching(MATCHING) == [0, 2, 3, 4]
        assert index.matching(OTHER) == [0, 2, 4]
        assert index.matching({"source": "nobody"}) == []
        assert index.matching_json(json.dumps({"source": "other"})) == [1]


def test_an_answer_is_the_askers_own() -> None:
    """What is done to it changes no later one."""
    index = PatternIndex(['{"source": ["shop"]}'])
    index.matching(MATCHING).clear()
    assert index.matching(MATCHING) == [0]
    index.matching({"source": "x"}).append(7)
    assert index.matching({"source": "x"}) == []


def test_no_more_answers_are_remembered_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not are found anew."""
    monkeypatch.setattr(module, "_MOST_KNOWN", 2)
    index = PatternIndex([json.dumps({"source": [name]}) for name in "abc"])
    for _ in range(2):
        assert [index.matching({"source": name}) for name in "abc"] == [[0], [1], [2]]
    assert len(index._known) == 2


def test_the_first_pattern_that_is_none_is_told() -> None:
    """As EventBridge refuses it."""
    with pytest.raises(InvalidEventPattern):
        PatternIndex([SHOP, "{}", "["])


def test_without_patterns_nothing_matches() -> None:
    """A bus without rules."""
    assert PatternIndex([]).matching(MATCHING) == []
