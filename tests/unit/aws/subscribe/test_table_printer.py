"""The table with its notes, as a terminal gets it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from livebus.aws.subscribe import table_printer
from livebus.aws.subscribe.table_printer import TablePrinter
from livebus.subscribe.message import Gap, Message
from livebus.subscribe.reception import Reception

AT = datetime(2026, 1, 15, 8, 30, 0, 250_000, UTC)


class FakeStream:
    """What was written, drawing by drawing."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def write(self, text: str) -> None:
        self.written.append(text)


def play(
    test: Callable[[TablePrinter, Reception], Awaitable[object]], names: tuple[str, ...] = ("onOrder",), **options: Any
) -> list[str]:
    stream, reception = FakeStream(), Reception(names, 0.0, options.pop("latency", ()))
    given = {"styled": False, "note_here": True, **options}

    async def run() -> None:
        printer = TablePrinter(stream, reception, lambda: 1.0, **given)  # type: ignore[arg-type]
        await test(printer, reception)
        await printer.close()

    asyncio.run(run())
    return stream.written


@pytest.fixture(autouse=True)
def _size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "10")


def test_notes_stand_above_the_table() -> None:
    """A lost connection and its end are told once each, and the status line shows how it is now."""

    async def test(printer: TablePrinter, reception: Reception) -> None:
        printer.lost("gone \x1b[2J")
        await printer._draw()
        gap = Gap(AT, AT + timedelta(seconds=2), "gone")
        reception.add_gap(gap)
        await printer.gap(gap)

    first, last = play(test)
    assert first.split("\r\n") == [
        "warning: connection lost (gone \\x1b[2J); connecting again",
        "subscription  messages   rate  size  last",
        "onOrder              0  0.0/s   0 B     –",
        "connection lost (gone \\x1b[2J); connecting again · no gap",
        "",
    ]
    assert last.split("\r\n") == [
        (
            "\x1b[3A\r\x1b[Jwarning: subscribed again after 2.0 s (from 2026-01-15T08:30:00.250Z to "
            "2026-01-15T08:30:02.250Z); messages in between are lost, AppSync does not replay them"
        ),
        "subscription  messages   rate  size  last",
        "onOrder              0  0.0/s   0 B     –",
        "ended · 1 gap, 2.0 s",
        "",
    ]


def test_notes_go_to_stderr_where_that_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """``2> log`` takes them out of the table."""

    async def test(printer: TablePrinter, reception: Reception) -> None:
        printer.note("a note")
        printer.lost("gone")

    assert "note" not in play(test, note_here=False)[0]
    assert capsys.readouterr().err == "a note\nwarning: connection lost (gone); connecting again\n"


@pytest.mark.parametrize(("lines", "expected"), [(3, 2), (5, 4), (8, 7), (30, 13)])
def test_the_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, lines: int, expected: int) -> None:
    """What has no room is left out: older messages first, then subscriptions."""
    monkeypatch.setenv("LINES", str(lines))

    async def test(printer: TablePrinter, reception: Reception) -> None:
        for number in range(20):
            message = Message(AT, {"a": number}, (), "a", "a", 100)
            reception.add_message(message)
            await printer.message(message)

    (drawn,) = play(test, ("a", "b"))
    assert drawn.count("\r\n") == expected
    assert all(len(line) < 60 for line in drawn.split("\r\n"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("onOrder(customerId=c-1)",), '08:30:00.250  {"a": 1}'),
        (("onOrder(customerId=c-1)", "onOther"), '08:30:00.250  onOrder(…  {"a": 1}'),
    ],
)
def test_a_narrow_terminal_shows_what_a_message_says(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], expected: str
) -> None:
    """The name of its subscription stands in the table: here it takes a quarter of the line, or none where there is one."""
    monkeypatch.setenv("COLUMNS", "40")

    async def test(printer: TablePrinter, reception: Reception) -> None:
        message = Message(AT, {"onOrder": {"a": 1}}, (), names[0], "onOrder", 100)
        reception.add_message(message)
        await printer.message(message)

    (drawn,) = play(test, names)
    assert drawn.split("\r\n")[-2] == expected


def test_latency_is_a_column_where_it_is_asked_for() -> None:
    """The median of the last messages."""

    async def test(printer: TablePrinter, reception: Reception) -> None:
        reception.add_message(Message(AT, {"a": {"t": "2026-01-15T08:30:00Z"}}, (), "a", "a", 100))

    (drawn,) = play(test, ("a",), latency=("t",))
    lines = [line.split() for line in drawn.split("\r\n")[:2]]
    assert lines[0][-2:] == ["last", "latency"]
    assert lines[1][-3:] == ["08:30:00.250", "250", "ms"]


def test_it_is_drawn_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is ended."""
    monkeypatch.setattr(table_printer, "DRAW_SECONDS", 0)

    async def test(printer: TablePrinter, reception: Reception) -> None:
        running = asyncio.create_task(printer.run())
        for _ in range(10):
            await asyncio.sleep(0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    assert len(play(test)) > 2
