"""Which letters a selection takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from livebus.redrive.selection import Selection

RULE = "arn:aws:events:us-east-1:123456789012:rule/orders/toApp"


@pytest.mark.parametrize(
    ("selection", "takes"),
    [
        (Selection(), True),
        (Selection(error_codes=frozenset({"ERROR_FROM_TARGET", "TIMEOUT"})), True),
        (Selection(error_codes=frozenset({"TIMEOUT"})), False),
        (Selection(rules=frozenset({"toApp"})), True),
        (Selection(rules=frozenset({RULE})), True),
        (Selection(rules=frozenset({"orders"})), False),
        (Selection(targets=frozenset({"abc"})), True),
        (Selection(targets=frozenset({"ab"})), False),
        (Selection(matches=(("detail.msg", "hello"),)), True),
        (Selection(matches=(("detail.order.id", "17"),)), True),
        (Selection(matches=(("detail.order", '{"id": 17}'),)), True),
        (Selection(matches=(("detail.order.id", "17"), ("source", "other"))), False),
        (Selection(matches=(("detail.missing", "null"),)), False),
        (Selection(ids=frozenset({"m-1"})), True),
        (Selection(ids=frozenset({"event-1"})), True),
        (Selection(ids=frozenset({"event-2"})), False),
        (Selection(ids=frozenset({"m-1"}), matches=(("source", "other"),)), False),
        (Selection(ids=frozenset({"m-1"}), error_codes=frozenset({"TIMEOUT"})), False),
    ],
)
def test_every_condition_has_to_hold(letter: Any, selection: Selection, takes: bool) -> None:
    """Errors, rules, targets, ids, and values in the event."""
    assert selection.takes(letter()) == takes


def test_the_time_is_that_of_the_letter(letter: Any) -> None:
    """Both bounds belong to it; a letter without a time is in none."""
    sent = letter().sent
    second = timedelta(seconds=1)
    assert Selection(since=sent, until=sent).takes(letter())
    assert not Selection(since=sent + second).takes(letter())
    assert not Selection(until=sent - second).takes(letter())
    assert not Selection(since=sent).takes(letter(sent=None))


def test_a_body_that_is_no_event_matches_nothing_in_it(letter: Any) -> None:
    assert not Selection(matches=(("detail.msg", "hello"),)).takes(letter(body="text"))
    assert Selection(rules=frozenset({"toApp"})).takes(letter(body="text"))
