"""Letters counted, and written for people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from livebus.redrive.summary import MAX_GROUPS, Summary
from livebus.redrive.words import age, lines_of_group, lines_of_letter


def test_letters_of_one_error_rule_and_target_are_a_group(letter: Any) -> None:
    """The largest group comes first, with its first message, its time span, and three ids."""
    summary = Summary()
    sent = letter().sent
    summary.add(letter("other", ERROR_CODE="TIMEOUT"))
    for number in range(4):
        summary.add(letter(f"m-{number}", sent=sent + timedelta(hours=number)))
    large, small = summary.groups
    assert (summary.count, large.count, small.count, small.error_code) == (5, 4, 1, "TIMEOUT")
    assert large.as_json() == {
        "errorCode": "ERROR_FROM_TARGET",
        "ruleArn": "arn:aws:events:us-east-1:123456789012:rule/orders/toApp",
        "targetArn": "arn:aws:appsync:us-east-1:123456789012:endpoints/graphql-api/abc",
        "count": 4,
        "oldest": "2026-01-15T09:00:00+00:00",
        "newest": "2026-01-15T12:00:00+00:00",
        "errorMessage": "no",
        "samples": ["m-0", "m-1", "m-2"],
    }
    assert list(lines_of_group(large, sent + timedelta(hours=5))) == [
        ("4", "ERROR_FROM_TARGET", "rule toApp", "target abc", "oldest 5h, newest 2h"),
        ("", "no"),
        ("", "such as m-0, m-1, m-2"),
    ]


def test_an_api_is_told_by_its_name(letter: Any) -> None:
    """Beside the id that the target's ARN ends in, which the other commands take; an unknown one by that alone."""
    summary = Summary()
    summary.add(letter())
    (group,) = summary.groups
    now = letter().sent
    assert next(lines_of_group(group, now, {"abc": "LiveApi"}))[3] == "target LiveApi (abc)"
    assert next(lines_of_group(group, now, {"abd": "Other"}))[3] == "target abc"


def test_groups_are_bounded(letter: Any) -> None:
    """A queue full of strangers' attributes does not fill the memory: the rest is counted together."""
    summary = Summary()
    for number in range(MAX_GROUPS + 5):
        summary.add(letter(ERROR_CODE=f"E{number}"))
    assert (len(summary.groups), summary.groups[0].count, summary.groups[0].error_code) == (
        MAX_GROUPS + 1,
        5,
        "(others)",
    )


def test_a_letter_is_shown_whole(letter: Any) -> None:
    """Attributes by their names, then the event; a body that is none as it is."""
    lines = list(lines_of_letter(letter(), letter().sent + timedelta(minutes=3)))
    assert lines[:2] == ["message         m-1", "sent            2026-01-15T09:00:00Z (3m ago), received 1 times"]
    assert "error-code      ERROR_FROM_TARGET" in lines
    assert '    "id": "event-1",' in lines
    assert list(lines_of_letter(letter(body="a\nb"), letter().sent))[-2:] == ["  a", "  b"]


@pytest.mark.parametrize(("seconds", "shown"), [(-5, "0s"), (119, "119s"), (120, "2m"), (7200, "2h"), (200_000, "2d")])
def test_ages_have_one_unit(letter: Any, seconds: int, shown: str) -> None:
    sent = letter().sent
    assert age(sent, sent + timedelta(seconds=seconds)) == shown
