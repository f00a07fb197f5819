"""Every file of events/: what arrives arrives as it was written, what does not ends where the folder's README says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from livebus.aws.publish.publisher import publish
from livebus.event.document import read_entries
from support.running import RunningRuntime
from support.sockets import run, subscribed

EVENTS = Path(__file__).parents[2] / "events"
FILES = sorted(EVENTS.glob("*.*json"))
UNDELIVERED = EVENTS / "undelivered"


def entries_of(file: Path, runtime: RunningRuntime) -> list[dict[str, Any]]:
    found = read_entries(file.read_bytes(), file.name)
    return [{**item.entry, "EventBusName": runtime.outputs["EventBusName"]} for item in found]


def message_in(entry: dict[str, Any]) -> Any:
    return json.loads(entry["Detail"])["msg"]


def test_there_are_files() -> None:
    """The folder is where this test looks for it."""
    assert {file.name for file in FILES} >= {"sample.json", "form-lines.ndjson", "size-200-kb.json", "text-emoji.json"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_message_arrives_as_it_was_written(runtime: RunningRuntime, file: Path) -> None:
    """The subscriber gets the very text that stands in the file, for every event in it, in their order."""
    entries = entries_of(file, runtime)

    async def check() -> list[Any]:
        token = await asyncio.to_thread(lambda: runtime.tokens()["AccessToken"])
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), token) as socket:
            await asyncio.to_thread(publish, entries, runtime.client("events"))
            return [await socket.message() for _ in entries]

    arrived = run(check())
    assert arrived == [message_in(entry) for entry in entries]


def test_what_the_file_holds_is_compared_with_the_files_text(runtime: RunningRuntime) -> None:
    """The comparison above is with what is written: one message, character by character, from the file's own bytes."""
    text = (EVENTS / "text-quotes-and-backslashes.json").read_text(encoding="utf-8")
    (entry,) = entries_of(EVENTS / "text-quotes-and-backslashes.json", runtime)
    assert json.dumps(message_in(entry), ensure_ascii=False) in text


NO_RULE = [
    ("other-source.json", "source"),
    ("without-msg.json", "msg"),
    ("msg-is-a-number.json", "4711"),
]


@pytest.mark.parametrize(("name", "words"), NO_RULE)
def test_an_event_that_no_rule_matches_ends_at_the_pattern(runtime: RunningRuntime, name: str, words: str) -> None:
    """The trace names the condition that the event does not meet, and the runtime says so on one line of its own."""
    trace = runtime.trace()
    (result,) = publish(entries_of(UNDELIVERED / name, runtime), runtime.client("events"))
    verdict = trace.next("pattern", result.event_id)
    assert (verdict["rule"], verdict["matches"], len(verdict["reasons"])) == ("publishMsgFromEB", False, 1)
    assert words in verdict["reasons"][0]
    runtime.wait_for_line(f"event {result.event_id} matched no rule")
    runtime.wait_for_line(verdict["reasons"][0])


def test_a_message_of_more_than_240_kb_ends_at_the_subscription(runtime: RunningRuntime) -> None:
    """The mutation takes 250,000 bytes; the subscriber gets nothing, and the next message all the same."""
    trace = runtime.trace()

    async def check() -> tuple[Any, Any]:
        token = await asyncio.to_thread(lambda: runtime.tokens()["AccessToken"])
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), token) as socket:
            large = entries_of(UNDELIVERED / "size-250-kb.json", runtime)
            (result,) = await asyncio.to_thread(publish, large, runtime.client("events"))
            await asyncio.to_thread(runtime.put, "the next")
            return result, await socket.message()

    result, arrived = run(check())
    assert arrived == "the next"
    assert trace.next("execution", result.event_id)["errors"] == []
    record = trace.next("subscription", result.event_id)
    assert (record["field"], record["subscribers"], len(record["dropped"])) == ("onPublishMsgFromEb", 0, 1)
    assert "more than 245760" in record["dropped"][0]
