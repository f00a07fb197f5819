"""Placeholders: what they become, that what is rendered is sound, and what is told of wrong ones."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from livebus.errors import InvalidEvent
from livebus.event.document import read_line
from livebus.event.placeholders import compile_template
from livebus.event.put_events import entry_bytes
from livebus.event.stream import StreamedEntry

NOW = datetime(2026, 1, 15, 8, 30, 0, 250_000, tzinfo=UTC)
UUID = "64d5a42a-7788-4eb2-98ce-29a8f62fd000"


def entry(**members: Any) -> StreamedEntry:
    line = json.dumps({"Source": "a", "DetailType": "b", "Detail": {}, **members})
    (found,) = read_line(line.encode(), "e", 1, 0).entries
    return StreamedEntry(json.dumps(found.entry, separators=(",", ":")).encode(), entry_bytes(found.entry), "e", 0, 3)


def rendered(detail: Any, seq: int = 7) -> Any:
    return json.loads(json.loads(compile_template(entry(Detail=detail)).render(seq, NOW, UUID).text)["Detail"])


@pytest.mark.parametrize("as_text", [False, True])
def test_placeholders_become_values(as_text: bool) -> None:
    """Inside of strings and as the whole of them, in a Detail that is an object and in one that is text."""
    detail = {
        "id": "{{uuid}}",
        "again": ["{{ uuid }}"],
        "text": 'order "{{seq}}" at {{now}}\n',
        "string": "{{seq}}",
        "number": "{{seq|number}}",
        "millis": ["{{ now | number }}"],
    }
    assert rendered(json.dumps(detail) if as_text else detail) == {
        "id": UUID,
        "again": [UUID],
        "text": 'order "7" at 2026-01-15T08:30:00.250Z\n',
        "string": "7",
        "number": 7,
        "millis": [1768465800250],
    }


def test_other_members_have_placeholders_too() -> None:
    """Source, DetailType and Resources; the size counts what is rendered, and nothing for a TraceHeader."""
    template = compile_template(
        entry(Source="a.{{seq}}", DetailType="{{now}}", Resources=["{{uuid}}"], TraceHeader="Root={{uuid}}{{seq}}")
    )
    found = template.render(1234, NOW, UUID, index=5)
    expected = {
        "Source": "a.1234",
        "DetailType": "2026-01-15T08:30:00.250Z",
        "Detail": "{}",
        "Resources": [UUID],
        "TraceHeader": f"Root={UUID}1234",
    }
    assert (expected, entry_bytes(expected), 5, 3) == (json.loads(found.text), found.size, found.index, found.line)


def test_an_event_without_placeholders_stays_as_it_is() -> None:
    """A brace that is spelled out begins none."""
    found = StreamedEntry(rb'{"Source":"a","DetailType":"b","Detail":"{\"text\":\"\\u007b{seq}}\"}"}', 26, "e", 0, 1)
    assert json.loads(json.loads(found.text)["Detail"]) == {"text": "{{seq}}"}
    template = compile_template(found)
    assert (template.render(1, NOW, UUID), template.uses) == (found, frozenset())


def test_a_template_tells_what_it_uses() -> None:
    """So that nobody makes a UUID for an event that has none."""
    assert compile_template(entry(Detail={"a": "{{seq}}", "b": "{{seq|number}}"})).uses == {"seq", "seq|number"}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"Detail": {"a": "{{sec}}"}},
            "e:3: unknown placeholder {{sec}}; expected one of {{seq}}, {{uuid}}, {{now}}, ",
        ),
        (
            {"Detail": {"a": "n: {{seq|number}}"}},
            (
                "e:3: the placeholder {{seq|number}} is not all of a string in the detail;"
                " expected a member's value or an element. Inside of a text write {{seq}}."
            ),
        ),
        (
            {"Detail": {"a": '"{{seq|number}}"'}},
            "e:3: the placeholder {{seq|number}} is not all of a string in the detail",
        ),
        ({"Detail": {"{{seq|number}}": 1}}, "e:3: the placeholder {{seq|number}} is not all of a string in the detail"),
        ({"Source": "{{seq|number}}"}, "e:3: the placeholder {{seq|number}} is not all of a string in the detail"),
        ({"DetailType": "{{uuid}}" * 4}, "e:3: DetailType has 144 characters; expected at most 128"),
    ],
)
def test_what_cannot_be_rendered_is_told(members: dict[str, Any], expected: str) -> None:
    """Before anything is published: unknown names, numbers inside of text, and what EventBridge would not take."""
    with pytest.raises(InvalidEvent) as raised:
        compile_template(entry(**members))
    assert expected == str(raised.value.faults[0])[: len(expected)]


def test_all_faults_are_told() -> None:
    """Not the first one only."""
    with pytest.raises(InvalidEvent) as raised:
        compile_template(entry(Detail={"a": "{{b}}", "c": "{{d}}"}))
    assert [fault.found for fault in raised.value.faults] == ["unknown placeholder {{b}}", "unknown placeholder {{d}}"]


texts = st.lists(
    st.sampled_from(["{{seq}}", "{{uuid}}", "{{now}}", '"', "\\", "{", "}", "é", "\n", " ", "a"]), max_size=6
).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(texts, st.one_of(texts, st.just("{{seq|number}}"), st.lists(texts, max_size=2)), max_size=3), st.integers(0, 2**63 - 1))  # fmt: skip
def test_what_is_rendered_is_the_event_with_values_in_its_strings(detail: dict[str, Any], seq: int) -> None:
    """Whatever stands around the placeholders: quotes, braces, escapes. And its size is AWS's."""

    def expected(value: Any) -> Any:
        if isinstance(value, dict):
            return {expected(name): expected(each) for name, each in value.items()}
        if isinstance(value, list):
            return [expected(each) for each in value]
        if value == "{{seq|number}}":
            return seq
        return (
            value.replace("{{seq}}", str(seq)).replace("{{uuid}}", UUID).replace("{{now}}", "2026-01-15T08:30:00.250Z")
        )

    assume(not re.search(r"\{\{(?!(seq|uuid|now)\}\})[^{}]*\}\}", json.dumps(detail)))
    found = compile_template(entry(Detail=detail)).render(seq, NOW, UUID)
    sent = json.loads(found.text)
    assert (expected(detail), entry_bytes(sent)) == (json.loads(sent["Detail"]), found.size)
