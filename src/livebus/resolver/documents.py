"""
Reads the documents that request mapping templates make: version, operation, and what each data source's may hold.

In: the value of a template's text. Out: the document and its version, or Refused in AppSync's words where they are known
("Unsupported element", "Value for field … not found").
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from livebus.template.application import DataSource

_EVENT_MEMBERS = {
    "source": "Source",
    "detailType": "DetailType",
    "detail": "Detail",
    "resources": "Resources",
    "time": "Time",
}


class Refused(Exception):
    """A document that AppSync does not take; ``str()`` says why."""


def request_document(
    value: Any, versions: Sequence[str], source: DataSource, function_version: str | None = None
) -> tuple[Mapping[str, Any], str]:
    """
    The document and the version that counts for it.

    A function's own version overrides the document's. Without a template there is no document, which is a call without
    a payload.
    """
    if value is None and function_version is not None:
        value = {}
    if not isinstance(value, dict):
        raise Refused(f"Unable to convert {_brief(value)} to Object.")
    version = function_version or value.get("version")
    if version is None:
        raise Refused("Value for field '$[version]' not found.")
    if version not in versions:
        raise Refused(
            f"Unsupported version {_brief(version)} of a mapping template: it is one of {', '.join(versions)}"
        )
    if source.type == "AMAZON_EVENTBRIDGE":
        _check_put_events(value)
    return value, str(version)


def payload_of(document: Mapping[str, Any]) -> Any:
    """What a data source of type NONE answers."""
    return document.get("payload")


def _check_put_events(document: Mapping[str, Any]) -> None:
    for name in document:
        if name not in ("version", "operation", "events"):
            raise Refused(f"Unsupported element '$[{name}]'.")
    for name in ("operation", "events"):
        if document.get(name) is None:
            raise Refused(f"Value for field '$[{name}]' not found.")
    if document["operation"] != "PutEvents":
        raise Refused(f"Unsupported operation {_brief(document['operation'])}: a bus takes PutEvents")
    _check_events(document["events"])


def _check_events(events: Any) -> None:
    if not isinstance(events, list):
        raise Refused(f"Value for field '$[events]' is {_brief(events)}, not a list.")
    for index, event in enumerate(events):
        if not isinstance(event, dict):
            raise Refused(f"Value for field '$[events][{index}]' is {_brief(event)}, not an object.")
        for name in event:
            if name not in _EVENT_MEMBERS:
                raise Refused(f"Unsupported element '$[events][{index}][{name}]' inside an event.")


def put_events_entries(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of PutEvents; ``detail`` is written as JSON text, as AppSync does."""
    entries = []
    for event in document["events"]:
        entry = {_EVENT_MEMBERS[name]: value for name, value in event.items() if value is not None}
        if "Detail" in entry:
            entry["Detail"] = json.dumps(entry["Detail"], ensure_ascii=False, separators=(",", ":"))
        entries.append(entry)
    return entries


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
