"""Letters as lines, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.errors import InvalidEvent, Place
from livebus.redrive.letter import Letter
from livebus.redrive.lines import QueueMessage, line_of, message_of, messages_of

PLACE = Place("file", 1)


def test_a_letter_comes_back_as_it_was(letter: Any) -> None:
    """The body character for character, and every attribute."""
    body = '{"source": "s",  "detail-type": "größer 🚌", "detail": {"n": 1.0e2, "_livebus": {"a": 1}}}'
    sent = letter(body=body)
    assert message_of(line_of(sent), PLACE) == QueueMessage(body, sent.attributes)


def test_a_line_is_the_event_with_a_member_more(letter: Any) -> None:
    line = json.loads(line_of(letter()))
    about = line.pop("_livebus")
    assert line == letter().event()
    assert about["attributes"]["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert (about["messageId"], about["sent"]) == ("m-1", "2026-01-15T09:00:00+00:00")


def test_a_body_on_several_lines_becomes_one(letter: Any) -> None:
    """Line breaks between tokens go; what the event says stays."""
    body = json.dumps(letter().event(), indent=1)
    line = line_of(letter(body=body))
    assert "\n" not in line
    assert json.loads(message_of(line, PLACE).body) == letter().event()


@pytest.mark.parametrize("body", ["text", "[1]", "{}", '{"_livebus": 1}'])
def test_a_body_that_is_no_event_is_kept_as_text(letter: Any, body: str) -> None:
    sent = letter(body=body)
    assert message_of(line_of(sent), PLACE) == QueueMessage(body, sent.attributes)


def test_attributes_of_other_types_come_back(letter: Any) -> None:
    """Numbers and bytes, which EventBridge does not write."""
    attributes = {
        "N": {"DataType": "Number", "StringValue": "1"},
        "B": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = Letter("m", letter().body, attributes)
    message = message_of(line_of(sent), PLACE)
    assert message.attributes == attributes
    assert message.size == len(letter().body) + len("NNumber1") + len("BBinary") + 2


def test_a_line_that_another_program_wrote_again_is_taken(letter: Any) -> None:
    """With the members in another order the body is written again."""
    content = json.loads(line_of(letter()))
    message = message_of(json.dumps({"_livebus": content.pop("_livebus"), **content}), PLACE)
    assert json.loads(message.body) == letter().event()


def test_what_another_program_wrote_again_keeps_its_script(letter: Any) -> None:
    """A body has bytes, and a queue bounds them: what stood in it as a character stays one."""
    event = {**letter().event(), "detail-type": "größer 🚌"}
    content = json.loads(line_of(letter(body=json.dumps(event))))
    message = message_of(json.dumps({"_livebus": content.pop("_livebus"), **content}), PLACE)
    assert message.body == json.dumps(event, ensure_ascii=False)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        *[
            (
                line,
                (
                    "file:1: no _livebus with attributes; expected a line that export has written."
                    " livebus publish publishes events to a bus."
                ),
            )
            for line in ("[1]", "7", "{}", '{"_livebus": []}', '{"_livebus": {"attributes": []}}')
        ],
        *[
            (
                f'{{"_livebus": {{"attributes": {{}}, "body": {body}}}}}',
                "file:1: the body is no text; expected what export has written",
            )
            for body in ("5", '""')
        ],
    ],
)
def test_a_line_that_nobody_exported(line: str, told: str) -> None:
    """Is told with what does something with it."""
    with pytest.raises(InvalidEvent) as refused:
        message_of(line, PLACE)
    assert str(refused.value) == told


def test_faults_of_all_lines_are_told(letter: Any) -> None:
    text = f'{line_of(letter())}\n\nnot JSON\n{{"source": "s"}}\n{{"_livebus": {{"attributes": {{"A": 1}}}}}}\n'
    with pytest.raises(InvalidEvent) as refused:
        messages_of(text, "file")
    assert [str(fault).split(";")[0] for fault in refused.value.faults] == [
        "file:3: not JSON: Expecting value: line 1 column 1 (char 0)",
        "file:4: no _livebus with attributes",
        "file:5: the attribute 'A' is 1",
    ]


def test_an_empty_file_is_a_fault() -> None:
    with pytest.raises(InvalidEvent, match="the file holds no message"):
        messages_of("\n\n", "file")
