"""Every vector: verdicts of the engine, and answers recorded from AWS."""

from __future__ import annotations

from typing import Any

import orjson

from livebus.errors import InvalidEvent, InvalidEventPattern
from livebus.pattern import EventPattern, PatternIndex, service_message

# The one recorded answer that is a limit of the service and not of the engine: see livebus.pattern.limits.
ONLY_THE_SERVICE_REFUSES = {"ls-content_wildcard_complex_EXC"}

# Where we leave the engine on purpose, in vectors that are not core.
DIFFERENT = {
    "rv-1291": "an IPv4 block holds no IPv6 address",
    "rv-2245": "an IPv4 block holds no IPv6 address",
    "rv-2600": "an IPv4 block holds no IPv6 address",
    "rv-1696": "an IPv6 block holds no IPv4 address",
    "rv-1566": "of a name that stands twice in an event the last one counts",
    "rv-3539": "of a name that stands twice in an event the last one counts",
    "rv-2953": "a quote in a suffix is a character like any other",
    "rv-3037": "the service refuses more than 1,000 $or combinations",
}


def verdict(vector: dict[str, Any]) -> tuple[object, str]:
    try:
        return EventPattern(vector["pattern"]).matches_json(vector["event"]), ""
    except InvalidEventPattern as error:
        return "error", error.reason
    except InvalidEvent:
        return "error", "the event"


def test_core_verdicts_are_the_engines(vectors: list[dict[str, Any]]) -> None:
    """All core vectors have the engine's verdict, and where it refuses, its reason."""
    core = [vector for vector in vectors if vector["core"]]
    expected = {vector["id"]: (vector["expect"], vector.get("msg", "")) for vector in core}

    assert len(core) > 1000
    assert expected == {vector["id"]: verdict(vector) for vector in core}


def test_other_verdicts_differ_only_where_we_say_so(vectors: list[dict[str, Any]]) -> None:
    """Of the vectors that are not core, exactly the listed ones differ from the engine."""
    others = [vector for vector in vectors if not vector["core"]]

    assert set(DIFFERENT) == {vector["id"] for vector in others if verdict(vector)[0] != vector["expect"]}


def test_parsed_events_have_the_verdicts_of_their_texts(vectors: list[dict[str, Any]]) -> None:
    """An event parsed by orjson matches as its text does, for all core vectors whose numbers are doubles."""
    core = [v for v in vectors if v["core"] and v["expect"] != "error"]
    expected = {vector["id"]: vector["expect"] for vector in core}

    assert expected == {v["id"]: EventPattern(v["pattern"]).matches(orjson.loads(v["event"])) for v in core}


def test_one_index_of_all_patterns_gives_each_its_verdict(vectors: list[dict[str, Any]]) -> None:
    """All valid core patterns in one index: each matches its own event or not, as alone."""
    core = [v for v in vectors if v["core"] and v["expect"] != "error"]
    index = PatternIndex([vector["pattern"] for vector in core])
    expected = [vector["expect"] for vector in core]

    assert expected == [number in index.matching_json(vector["event"]) for number, vector in enumerate(core)]


def test_recorded_answers_of_aws_are_ours(recorded: list[dict[str, Any]]) -> None:
    """What AWS answered to TestEventPattern we answer, but for one limit of the service."""
    expected = {v["id"]: v["expect"] for v in recorded if v["id"] not in ONLY_THE_SERVICE_REFUSES}

    assert expected == {v["id"]: verdict(v)[0] for v in recorded if v["id"] in expected}


def test_recorded_messages_of_aws_are_ours_to_the_letter(recorded: list[dict[str, Any]]) -> None:
    """Reason, source, line and column of a refusal are AWS's, wherever the recording has not masked the pattern."""
    refused = [v for v in recorded if v["expect"] == "error" and v["id"] not in ONLY_THE_SERVICE_REFUSES]
    whole = [vector for vector in refused if "<partition>" not in vector["aws_msg"]]
    said = {}
    for vector in whole:
        try:
            EventPattern(vector["pattern"])
        except InvalidEventPattern as error:
            said[vector["id"]] = service_message(vector["pattern"], error)

    assert {vector["id"]: vector["aws_msg"] for vector in whole} == said
