"""What livebus publish shows: a line per event, progress, and the end, on stdout and stderr."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from livebus.aws.publish.publishing import Summary
from livebus.cli.publish import view as shown
from livebus.cli.publish.view import View, ViewOptions
from livebus.event.stream import StreamedEntry
from livebus.publish.answer import Result
from livebus.publish.arrivals import ArrivalTally
from livebus.publish.latencies import Latencies
from livebus.publish.request import Item
from livebus.publish.tally import Tally

Captured = pytest.CaptureFixture[str]
REFUSED = Result("", "MalformedDetail", "no")


def item(number: int, source: str = "my.app") -> Item:
    text = json.dumps({"Source": source, "DetailType": "Hello", "Detail": "{}"}).encode()
    return number, StreamedEntry(text, 10, "e.json", number + 100, 1)


def accepted(number: int) -> tuple[Item, Result]:
    return item(number), Result(f"id-{number}")


def tally(*, accepted: int = 0, failed: int = 0, unreadable: int = 0) -> Tally:
    made = Tally()
    made.accepted, made.unreadable = accepted, unreadable
    if failed:
        made.rejected["MalformedDetail"] = failed
    if accepted:
        made.latencies.add(0.02)
    return made


def summary(of: Tally, *left: tuple[Item, Result], interrupted: bool = False) -> Summary:
    return Summary(of, 2.0, left, interrupted, out_of_time=False, hopeless=None, error=None)


LATENCY = "latency p50 20 ms p95 20 ms p99 20 ms"


def test_an_accepted_event_has_a_line(capsys: Captured) -> None:
    """Id, source and detail-type with tabs between them; control characters are spelled out."""
    view = View(ViewOptions(total=2))
    view.accepted(*accepted(0))
    view.accepted(item(1, "a\x1b[2J"), Result("id-1"))
    assert capsys.readouterr() == ("id-0\tmy.app\tHello\nid-1\ta\\x1b[2J\tHello\n", "")


@pytest.mark.parametrize("options", [ViewOptions(json=True, total=1), ViewOptions(quiet=True, total=1)])
def test_an_accepted_event_has_none_where_nobody_wants_it(options: ViewOptions, capsys: Captured) -> None:
    """One JSON object instead, or nothing at all."""
    View(options).accepted(*accepted(0))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "wants"),
    [
        (ViewOptions(total=1_000), True),
        (ViewOptions(total=1_001), False),
        (ViewOptions(total=None), False),
        (ViewOptions(total=None, stream=True), True),
        (ViewOptions(total=1_000, quiet=True), False),
        (ViewOptions(stream=True, quiet=True), False),
        (ViewOptions(total=1_000, json=True), True),
        (ViewOptions(total=1_000, json=True, quiet=True), True),
        (ViewOptions(total=1_001, json=True), False),
        (ViewOptions(stream=True, json=True), False),
    ],
)
def test_ids_are_wanted_where_they_are_shown(options: ViewOptions, wants: bool) -> None:
    """For few events, and for the first of a stream: to have them costs reading each answer."""
    assert View(options).wants_ids is wants


def test_the_first_thousand_of_a_stream_have_lines(capsys: Captured) -> None:
    """And no more."""
    view = View(ViewOptions(stream=True))
    for number in range(1_001):
        assert view.wants_ids is (number < 1_000)
        view.accepted(*accepted(number))
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (1_000, "id-999\tmy.app\tHello")


@pytest.mark.parametrize(("total", "lines"), [(None, 11), (1_001, 11), (12, 12)])
def test_failures_have_lines(total: int | None, lines: int, capsys: Captured) -> None:
    """The first ten of many, then it is said that there are more; each of few."""
    view = View(ViewOptions(total=total))
    for number in range(12):
        view.failed(item(number), REFUSED)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "error: e.json: event 100: MalformedDetail: no"
    assert len(told) == lines
    assert told[-1] == (
        "error: further events that fail are counted"
        if lines == 11
        else "error: e.json: event 111: MalformedDetail: no"
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A stderr that is a terminal from now on, on which a line is always due."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("livebus.terminal.status_line.SECONDS", 0.0)
    return made


def test_progress_has_the_speed_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepted and failed count; it goes back fifty times at the most."""
    terminal = on_terminal(monkeypatch)
    view = View(ViewOptions(total=2_000))
    view.progress(tally(accepted=100), 10.0)
    assert (
        terminal.getvalue().rpartition("\x1b[K")[2] == f"[#...................] 100 accepted of 2,000, 0/s, {LATENCY}"
    )
    view.progress(tally(accepted=290, failed=10), 12.0)
    assert terminal.getvalue().rpartition("\x1b[K")[2] == (
        f"[###.................] 290 accepted of 2,000, 17 s left, 10 failed, 100/s, {LATENCY}"
    )
    for number in range(51):
        view.progress(tally(accepted=300 + number), 20.0 + number)
    assert terminal.getvalue().rpartition("\x1b[K")[2].endswith(f", 1/s, {LATENCY}")


def test_progress_is_for_many_events_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few have lines; quiet means quiet; the end of all time is no moment."""
    terminal = on_terminal(monkeypatch)
    for options, now in (
        (ViewOptions(total=1_000), 1.0),
        (ViewOptions(total=1_001, quiet=True), 1.0),
        (ViewOptions(total=1_001), float("inf")),
    ):
        View(options).progress(tally(accepted=1), now)
    assert terminal.getvalue() == ""


def test_the_line_of_progress_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what is said next stands alone."""
    terminal = on_terminal(monkeypatch)
    view = View(ViewOptions())
    view.progress(tally(accepted=1), 1.0)
    view.clear()
    assert terminal.getvalue().endswith("\r\x1b[K")


# --- the end --------------------------------------------------------------------------------------------------------


def test_the_object_of_the_end() -> None:
    """Each entry of few with what became of it: its id, why it failed, or that it was not sent."""
    view = View(ViewOptions(json=True, total=4))
    view.accepted(*accepted(0))
    view.failed(item(1), REFUSED)
    known = [item(number) for number in range(4)]
    left = item(2), Result("", "NoAnswer", "interrupted")
    members = view.members(summary(tally(accepted=1, failed=1), left), known)
    assert members == {
        "published": 1,
        "failed": 3,
        "entries": [
            {"file": "e.json", "index": 100, "eventId": "id-0"},
            {"file": "e.json", "index": 101, "errorCode": "MalformedDetail", "errorMessage": "no"},
            {"file": "e.json", "index": 102, "errorCode": "NoAnswer", "errorMessage": "interrupted"},
            {
                "file": "e.json",
                "index": 103,
                "errorCode": "NotSent",
                "errorMessage": "the verb ended before it was accepted",
            },
        ],
        "rejected": {"MalformedDetail": 1},
        "retried": {},
        "unreadable": 0,
        "seconds": 2.0,
        "rate": 0.5,
        "latency": {"p50": 0.02, "p95": 0.02, "p99": 0.02},
    }


def test_the_object_of_many_has_no_entries() -> None:
    """It counts what was read: accepted, failed, and left."""
    view = View(ViewOptions(json=True, total=None))
    members = view.members(summary(tally(accepted=5, failed=2), (item(9), REFUSED)), None)
    assert ("entries" in members, members["published"], members["failed"]) == (False, 5, 3)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "published 1 event to b"),
        (1_000, "published 1000 events to b"),
        (1_001, f"published 1001 events to b in 2.0 s: 500 a second, {LATENCY}"),
    ],
)
def test_success_is_told(count: int, told: str, capsys: Captured) -> None:
    """With its speed, where there were many; quiet says nothing."""
    View(ViewOptions()).success(summary(tally(accepted=count)), "to b")
    assert capsys.readouterr() == ("", f"{told}\n")
    View(ViewOptions(quiet=True)).success(summary(tally(accepted=count)), "to b")
    assert capsys.readouterr() == ("", "")


UNSENT = "1 of them were not answered or not sent"
FAILURES: list[tuple[Summary, int | None, tuple[str, ...]]] = [
    (summary(tally(accepted=2, failed=1)), 3, ("2 of 3 events were accepted, 1 not; it is in F",)),
    (
        summary(tally(accepted=2, failed=1)),
        5,
        ("2 of 5 events were accepted, 3 not; 2 of them were not answered or not sent; it is in F",),
    ),
    (
        summary(tally(accepted=2, failed=1)),
        None,
        (
            "2 of 3 events were accepted, 1 not (1 × MalformedDetail); it is in F",
            f"published to b in 2.0 s: 1 a second, {LATENCY}",
        ),
    ),
    (
        summary(tally(accepted=2, unreadable=4), (item(7), REFUSED), interrupted=True),
        None,
        (
            f"2 of 3 events were accepted, 1 not; {UNSENT}; there may be more that was not read; 4 could not be read; it is in F",
            f"published to b in 2.0 s: 1 a second, {LATENCY}",
        ),
    ),
    (
        summary(tally(accepted=2), interrupted=True),
        3,
        ("2 of 3 events were accepted, 1 not; 1 of them were not answered or not sent; it is in F",),
    ),
]


@pytest.mark.parametrize(("ending", "known", "told"), FAILURES)
def test_failure_is_told(ending: Summary, known: int | None, told: tuple[str, ...], capsys: Captured) -> None:
    """How many were not accepted, why, and what is left where."""
    items = None if known is None else [item(number) for number in range(known)]
    View(ViewOptions()).failure(ending, items, "to b", ["it is in F"])
    first, *rest = told
    assert capsys.readouterr() == ("", "\n".join([f"error: {first}", *rest, ""]))
    View(ViewOptions(quiet=True)).failure(ending, items, "to b", ["it is in F"])
    assert capsys.readouterr() == ("", f"error: {first}\n")


def arrivals(**counts: Any) -> ArrivalTally:
    given: dict[str, Any] = {
        "expected": 3,
        "arrived": 3,
        "lost": 0,
        "lost_numbers": (),
        "doubled": 0,
        "out_of_order": 0,
    }
    latencies = Latencies()
    if counts.get("arrived", 3):
        latencies.add(0.02)
    return ArrivalTally(**{**given, "unexpected": 0, "latencies": latencies, **counts})


def test_what_arrived_is_told_with_its_times(capsys: Captured) -> None:
    """A line, and the histogram; quiet says nothing."""
    View(ViewOptions()).arrived(arrivals(), "")
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "3 of 3 messages arrived"
    assert rest[-1].startswith("p50 20")
    View(ViewOptions(quiet=True)).arrived(arrivals(), "")
    assert capsys.readouterr() == ("", "")


def test_what_was_lost_is_an_error(capsys: Captured) -> None:
    """With the first that did not arrive, also where quiet is wanted; there is no histogram of nothing."""
    told = (
        "error: 0 of 3 messages arrived, 3 lost, 1 doubled, 2 out of order, 4 unexpected\n"
        "the first that did not arrive: events 0, 7, from 0\n"
    )
    for quiet in (False, True):
        tallied = arrivals(arrived=0, lost=3, lost_numbers=(0, 7), doubled=1, out_of_order=2, unexpected=4)
        View(ViewOptions(quiet=quiet)).arrived(tallied, "")
        assert capsys.readouterr() == ("", told)


def test_what_was_lost_is_named_by_its_file_and_line(capsys: Captured) -> None:
    """Where there are few; else by its number alone, as there it would have to be kept for all."""
    known = [(number, StreamedEntry(b"{}", 0, "events/a.json", number, number + 3)) for number in range(3)]
    tallied = arrivals(arrived=0, lost=2, lost_numbers=(0, 2))
    View(ViewOptions()).arrived(tallied, "", known)
    assert capsys.readouterr().err.splitlines()[1:] == [
        "the first that did not arrive: events/a.json:3, events/a.json:5"
    ]


@pytest.mark.parametrize(("silence", "why"), [("", "none was published"), ("no rule matches", "no rule matches")])
def test_nothing_to_be_expected_is_told(silence: str, why: str, capsys: Captured) -> None:
    """With why."""
    View(ViewOptions(quiet=True)).arrived(arrivals(expected=0, arrived=0), silence)
    assert capsys.readouterr() == ("", f"error: none of the events leads to a message on that field: {why}\n")


def test_the_bounds_are_those_of_the_help() -> None:
    """``--help`` promises a line for each of the first thousand."""
    from livebus.cli.publish.arguments import EXAMPLES

    assert f"for the first {shown.LINES:,}" in EXAMPLES
