"""
Letters as lines of a file, one JSON object each, and back.

A line is the event as it lay in the queue, with a member ``_livebus`` behind its own: the message's id, when it was sent,
its attributes. ``livebus publish`` takes such a line as the event that it is; an import makes the message again. A body that
is no JSON object goes into ``_livebus`` as text.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livebus.errors import Fault, InvalidEvent, Place
from livebus.redrive.letter import Attribute, Letter

MEMBER = "_livebus"
_OPENING = f',"{MEMBER}":'


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message to be sent: its body, and its attributes as SendMessage takes them."""

    body: str
    attributes: Mapping[str, Attribute]

    @property
    def size(self) -> int:
        """Bytes, as they count against SQS's limit: the body, and each attribute's name, type and value."""
        size = len(self.body.encode())
        for name, attribute in self.attributes.items():
            value = attribute.get("BinaryValue") or str(attribute.get("StringValue", "")).encode()
            size += len(name.encode()) + len(str(attribute["DataType"]).encode()) + len(value)
        return size


def line_of(letter: Letter) -> str:
    """One line, without its end. The body's text is kept as it is, but for line breaks between its tokens."""
    about: dict[str, Any] = {
        "messageId": letter.message_id,
        "sent": letter.sent.isoformat() if letter.sent else None,
        "attributes": {name: _plain(attribute) for name, attribute in letter.attributes.items()},
    }
    event = letter.event()
    if not event or MEMBER in event:
        return json.dumps({MEMBER: {**about, "body": letter.body}}, ensure_ascii=False)
    # In JSON a line break can only stand between tokens: inside a string it is escaped.
    body = letter.body.strip().replace("\r", " ").replace("\n", " ")
    return f"{body[:-1]}{_OPENING}{json.dumps(about, ensure_ascii=False)}}}"


def messages_of(text: str, file: str) -> list[QueueMessage]:
    """The messages of a file's lines. Raises InvalidEvent with the faults of all lines, and where there is none."""
    messages: list[QueueMessage] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                messages.append(message_of(line, Place(file, number)))
            except InvalidEvent as error:
                faults += error.faults
    if faults:
        raise InvalidEvent(faults=faults)
    if not messages:
        raise InvalidEvent("the file holds no message", Place(file))
    return messages


def message_of(line: str, place: Place) -> QueueMessage:
    """The message that a line was made from. Raises InvalidEvent."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"not JSON: {error}", place, expected="a line that export has written") from None
    about = content.get(MEMBER) if isinstance(content, dict) else None
    if not isinstance(about, dict) or not isinstance(about.get("attributes"), dict):
        raise InvalidEvent(
            f"no {MEMBER} with attributes",
            place,
            expected="a line that export has written",
            advice="livebus publish publishes events to a bus.",
        )
    attributes = {}
    for name, given in about["attributes"].items():
        attribute = _attribute(given)
        if attribute is None:
            raise InvalidEvent(f"the attribute {name!r} is {given!r}", place, expected="a text")
        attributes[name] = attribute
    body = about.get("body")
    if body is None:
        body = _body(line.strip(), content)
    if not isinstance(body, str) or not body:
        raise InvalidEvent("the body is no text", place, expected="what export has written")
    return QueueMessage(body, attributes)


def _body(line: str, content: dict[str, Any]) -> str:
    """The line without its last member, as it was written; where another program wrote the line, written again."""
    start = line.rfind(_OPENING)
    if start >= 0:
        _, end = json.JSONDecoder().raw_decode(line, start + len(_OPENING))
        if line[end:].strip() == "}":
            return f"{line[:start]}}}"
    return json.dumps({name: value for name, value in content.items() if name != MEMBER}, ensure_ascii=False)


def _plain(attribute: Attribute) -> Any:
    """A String as its text, which all of EventBridge's are; anything else as SQS has it, with bytes in Base64."""
    if attribute.get("DataType") == "String":
        return attribute.get("StringValue", "")
    value = attribute.get("BinaryValue")
    if isinstance(value, bytes):
        return {"DataType": attribute["DataType"], "BinaryValue": base64.b64encode(value).decode()}
    return {"DataType": attribute.get("DataType"), "StringValue": attribute.get("StringValue", "")}


def _attribute(given: Any) -> Attribute | None:
    if isinstance(given, str):
        return {"DataType": "String", "StringValue": given}
    if not isinstance(given, dict) or not isinstance(given.get("DataType"), str):
        return None
    if isinstance(given.get("StringValue"), str):
        return {"DataType": given["DataType"], "StringValue": given["StringValue"]}
    try:
        return {"DataType": given["DataType"], "BinaryValue": base64.b64decode(given["BinaryValue"], validate=True)}
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
