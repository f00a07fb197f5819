"""How a publication ended, as an exit code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from livebus.cli.publish.ending import GIVEN_UP, SOME_FAILED, exit_code
from livebus.errors import InvalidEvent, LivebusError

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
TALLY = {"accepted": 0, "failed": 0, "unreadable": 0, "rejected": {}}
SUMMARY = {"error": None, "hopeless": None, "interrupted": False, "out_of_time": False, "left": 0}


@pytest.mark.parametrize(
    ("summary", "tally", "code"),
    [
        ({}, {"accepted": 1}, DONE),
        ({"error": InvalidEvent("odd")}, {}, USAGE),
        ({"error": InvalidEvent("odd")}, {"accepted": 1}, FAILED),
        ({"error": InvalidEvent("odd"), "left": 1}, {}, FAILED),
        ({"error": LivebusError("odd")}, {}, FAILED),
        ({"hopeless": "refused"}, {"failed": 1}, FAILED),
        ({"interrupted": True}, {"failed": 1}, INTERRUPTED),
        ({"out_of_time": True}, {"accepted": 1}, GIVEN_UP),
        ({}, {"failed": 2, "rejected": {"ThrottlingException": 2}}, GIVEN_UP),
        ({}, {"failed": 2, "rejected": {"ThrottlingException": 1, "MalformedDetail": 1}}, SOME_FAILED),
        ({}, {"accepted": 1, "unreadable": 1}, SOME_FAILED),
    ],
)
def test_the_exit_code_tells_how_it_ended(summary: dict[str, Any], tally: dict[str, Any], code: int) -> None:
    """What was wrong before anything was sent is wrong usage; what was given up may be tried again."""
    made: Any = SimpleNamespace(**{**SUMMARY, **summary}, tally=SimpleNamespace(**{**TALLY, **tally}))
    assert exit_code(made) == code
