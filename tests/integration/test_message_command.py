"""--exec: real processes, their stdin, their ends, and how many there are at once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from livebus.aws.subscribe import message_command
from livebus.aws.subscribe.message_command import MAX_LINE, MAX_OUTPUT_BYTES, MessageCommand
from support.waiting import until

SHELL = ("sh", "-c")


def play(
    words: tuple[str, ...], test: Callable[[MessageCommand], Awaitable[object]], **options: Any
) -> tuple[MessageCommand, list[str]]:
    told: list[str] = []

    async def run() -> MessageCommand:
        given: dict[str, Any] = {"concurrency": 1, "limit": 30.0, "tell": told.append, "clock": lambda: 0.0, **options}
        command = MessageCommand(words, **given)
        async with asyncio.timeout(60):
            try:
                await test(command)
            finally:
                await command.end()
        return command

    return asyncio.run(run()), told


def runs(file: Path) -> bool:
    """Whether the process whose id a file holds is there, and not only waits for its parent to look."""
    try:
        return "State:\tZ" not in Path(f"/proc/{file.read_text().strip()}/status").read_text()
    except OSError:
        return False


async def offer_all(command: MessageCommand, *texts: str) -> None:
    for text in texts:
        await command.offer(text)
    await command.drain()


def test_each_text_goes_to_a_run_in_order() -> None:
    """One after the other, on stdin; what they print is told line by line."""
    command, told = play(("cat",), lambda command: offer_all(command, "a\nb\n", "größer"))
    assert told == ["a", "b", "größer"]
    assert (dict(command.endings), command.failed) == ({"ended with 0": 2}, 0)
    assert command.summary() == "cat: 2 runs; 2 ended with 0"


def test_each_way_to_fail_is_told_once_and_counted() -> None:
    """Exit codes, signals, and a command that has gone."""
    command, told = play(
        (*SHELL, "read code; test $code = kill && kill -9 $$; exit $code"),
        lambda command: offer_all(command, "3\n", "3\n", "0\n", "kill\n"),
    )
    assert told == [
        "a run of sh ended with 3; the count of all such runs comes at the end",
        "a run of sh was ended by SIGKILL; the count of all such runs comes at the end",
    ]
    assert command.summary() == "sh: 4 runs; 1 ended with 0, 2 ended with 3, 1 was ended by SIGKILL"
    assert command.failed == 3
    command, _ = play(("/no/such/command",), lambda command: offer_all(command, "x"))
    assert command.summary() == "/no/such/command: 1 run; 1 could not be started (No such file or directory)"


def test_a_command_need_not_read() -> None:
    """A text that is larger than a pipe holds, and nobody takes it."""
    command, told = play(("true",), lambda command: offer_all(command, "x" * 1_000_000))
    assert (told, command.failed) == ([], 0)


def test_much_output_is_told_in_part() -> None:
    """Long lines and long outputs end where it is said how much there is."""
    program = f"print('y' * {MAX_LINE + 1}); print('z\\n' * {MAX_OUTPUT_BYTES})"
    _, told = play((sys.executable, "-c", program), lambda command: offer_all(command, ""))
    assert told[0] == "y" * MAX_LINE + f"… ({MAX_LINE + 1} characters)"
    assert told[-1].endswith(f"bytes more of {sys.executable}")
    assert sum(len(line) + 1 for line in told[:-1]) < MAX_OUTPUT_BYTES + 100


def test_a_run_that_takes_too_long_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it does not listen, and what it printed until then is told."""
    monkeypatch.setattr(message_command, "GRACE_SECONDS", 0.1)
    started = tmp_path / "started"
    script = f"trap '' TERM; sleep 600 & echo $! > {started}; echo begun; wait; sleep 600"
    command, told = play((*SHELL, script), lambda command: offer_all(command, "x"), limit=0.3)
    assert told[0] == "begun"
    assert command.summary() == "sh: 1 run; 1 took longer than 0.3 s"
    until(lambda: not runs(started), "the end of what the run had started")


def test_at_the_end_nothing_runs_on(tmp_path: Path) -> None:
    """What runs is ended, what waits is counted."""
    pid = tmp_path / "pid"

    async def test(command: MessageCommand) -> None:
        for _ in range(3):
            await command.offer("x")
        await asyncio.to_thread(until, lambda: pid.exists() and pid.read_text().strip(), "a run of the command")

    command, _ = play((*SHELL, f"echo $$ > {pid}; exec sleep 600"), test)
    assert command.summary() == "sh: 1 run; 1 stopped with this program, 2 not begun"
    assert command.failed == 3
    until(lambda: not runs(pid), "the end of the run")


def test_where_too_many_wait_the_next_one_waits_too() -> None:
    """It is told, and told when they have been caught up with; nothing is lost."""

    async def test(command: MessageCommand) -> None:
        await offer_all(command, *"abcdef")

    command, told = play(("true",), test, queued=2)
    assert told == [
        (
            "true is slower than the messages: 2 wait for it, and nothing more is read until it has caught up. "
            "AppSync drops what is not read in time."
        ),
        "true has caught up after 0.0 s",
    ]
    assert command.endings == {"ended with 0": 6}


def test_runs_are_at_the_same_time_as_far_as_is_wished(tmp_path: Path) -> None:
    """Two that wait for each other both end."""
    script = f"touch {tmp_path}/$$; while [ $(ls {tmp_path} | wc -l) -lt 2 ]; do sleep 0.01; done"
    command, _ = play((*SHELL, script), lambda command: offer_all(command, "a", "b"), concurrency=2)
    assert command.endings == {"ended with 0": 2}


def test_the_password_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs need not know it; everything else of the environment is theirs."""
    monkeypatch.setenv("LIVEBUS_PASSWORD", "secret")
    monkeypatch.setenv("LIVEBUS_OTHER", "other")
    _, told = play((*SHELL, "env | grep LIVEBUS"), lambda command: offer_all(command, "a"))
    assert told == ["LIVEBUS_OTHER=other"]


def test_the_message_is_json_on_one_line() -> None:
    """What a command reads is one object, whatever is in it."""
    text = json.dumps({"data": {"onOrder": "a\x1b\nb"}}) + "\n"
    _, told = play(("wc", "-l"), lambda command: offer_all(command, text))
    assert [line.strip() for line in told] == ["1"]
