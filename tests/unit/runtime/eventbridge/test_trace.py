"""The trace: what is told to people and to listeners, and how much at the most."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.flow import Attempt, Line
from livebus.retry_policy import DeadLetter
from livebus.runtime.eventbridge.trace import FUNCTION_LINES_PER_SECOND, LINES_PER_SECOND, Trace

REFUSED = Refused("MalformedDetail", "Detail is malformed.")
LINE = "refused an entry from 's': MalformedDetail: Detail is malformed."


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def trace(told: list[str], clock: Any) -> Trace:
    return Trace(told.append, clock)


def test_a_flood_of_problems_is_a_few_lines(trace: Trace, told: list[str], clock: Any) -> None:
    """So many lines a second are told; the others are counted, and told of when the second is over."""
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    assert told == [LINE] * LINES_PER_SECOND
    clock.now += 1
    trace.refused({"Source": "s"}, REFUSED)
    left_out = 1000 - LINES_PER_SECOND
    assert told[LINES_PER_SECOND:] == [f"… and {left_out} more problems like these (--trace FILE keeps them all)", LINE]


def test_what_was_left_out_is_told_without_another_problem(trace: Trace, told: list[str], clock: Any) -> None:
    """``tick`` tells the count when the second is over, once."""
    for _ in range(LINES_PER_SECOND + 5):
        trace.refused({"Source": "s"}, REFUSED)
    trace.tick()
    assert len(told) == LINES_PER_SECOND
    clock.now += 1
    trace.tick()
    trace.tick()
    assert told[LINES_PER_SECOND:] == ["… and 5 more problems like these (--trace FILE keeps them all)"]


def test_the_end_tells_what_was_left_out(trace: Trace, told: list[str]) -> None:
    """At the end the count is told, whatever the second."""
    for _ in range(LINES_PER_SECOND + 1):
        trace.refused({"Source": "s"}, REFUSED)
    trace.tick(ends=True)
    assert told[-1] == "… and 1 more problems like these (--trace FILE keeps them all)"


def test_losses_have_a_budget_of_their_own(trace: Trace, told: list[str]) -> None:
    """A flood of problems does not hide that an event is lost; a flood of losses is bounded, too."""
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    for _ in range(1000):
        trace.journal_fault("the journal cannot be used")
    assert len(told) == 2 * LINES_PER_SECOND
    assert told[-1] == "the journal cannot be used; an event in it is tried again at the next start"


def test_listeners_hear_everything(trace: Trace, told: list[str], clock: Any) -> None:
    """What listeners get is not bounded, and has the time."""
    records: list[dict[str, Any]] = []
    trace.listeners.append(records.append)
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    assert len(records) == 1000
    expected = {"station": "bus", "event": "", "at": clock.now, "accepted": False}
    assert records[0] == {**expected, "code": "MalformedDetail", "message": "Detail is malformed."}


def test_a_listener_may_leave_while_it_listens(trace: Trace) -> None:
    """One that takes itself away does not make the next one miss a record."""
    heard: list[str] = []

    def once(record: dict[str, Any]) -> None:
        heard.append("once")
        trace.listeners.remove(once)

    trace.listeners += [once, lambda record: heard.append("ever")]
    trace.refused({"Source": "s"}, REFUSED)
    trace.refused({"Source": "s"}, REFUSED)
    assert heard == ["once", "ever", "ever"]


def test_verbose_shortens_long_values(told: list[str], clock: Any) -> None:
    """A line for people does not hold a message of 200 KB."""
    trace = Trace(told.append, clock, verbose=True)
    trace.refused({"Source": "s"}, Refused("MalformedDetail", "x" * 10_000))
    assert told[-1].endswith("… (10000 characters)")
    assert len(told[-1]) < 400


def test_lines_are_left_to_the_terminal_to_escape(trace: Trace, told: list[str]) -> None:
    """What an event holds comes through as it is, quoted; the terminal spells control characters out."""
    trace.refused({"Source": "ä\x1b"}, Refused("C", "\x1b[2J"))
    assert told == ["refused an entry from 'ä\\x1b': C: \x1b[2J"]


def test_dead_letters_have_a_budget_of_their_own(trace: Trace, told: list[str], line: Line) -> None:
    """The retries of many events do not hide that one of them ended in the queue."""
    (rule,) = line.compiled_rules("livebus")
    (queue,) = line.application.queues
    event = Event({"id": "e"}, "livebus", "")
    for _ in range(1000):
        trace.refused({"Source": "s"}, REFUSED)
    trace.dead_lettered(event, rule, Attempt(rule.targets[0]), DeadLetter("TIMEOUT", "no answer", 3), queue)
    assert told[-1] == f"event e went to the dead-letter queue {queue.name}: TIMEOUT: no answer"


def test_lines_of_functions_have_a_budget_of_their_own(trace: Trace, told: list[str]) -> None:
    """So many a second reach people; listeners get them all."""
    records: list[dict[str, Any]] = []
    trace.listeners.append(records.append)
    for number in range(FUNCTION_LINES_PER_SECOND + 5):
        trace.function_line("f", "r", f"line {number}")
    trace.refused({"Source": "s"}, REFUSED)
    assert told == [*(f"f: line {number}" for number in range(FUNCTION_LINES_PER_SECOND)), LINE]
    assert [each["line"] for each in records if each["station"] == "log"][-1] == f"line {FUNCTION_LINES_PER_SECOND + 4}"
    trace.tick(ends=True)
    assert told[-1] == "… and 5 more lines of functions (--trace FILE keeps them all)"


def test_an_error_of_a_function_is_told_in_so_many_words(trace: Trace, told: list[str]) -> None:
    """Its message may be as long as the function likes."""
    records: list[dict[str, Any]] = []
    trace.listeners.append(records.append)
    error = {"errorType": "E", "errorMessage": "x" * 5000}
    trace.function_outcome("f", "r", "e", "Event", duration=1.0, error=error)
    message = f"{'x' * 200}… (5000 characters)"
    assert told == [f"function f failed: E: {message}"]
    (record,) = records
    assert (record["station"], record["event"], record["errorMessage"]) == ("function", "e", message)
