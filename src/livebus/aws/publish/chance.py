"""
The UUIDs, random numbers and times that placeholders of entries are given; ``event.placeholders`` writes them.

In: entries with their numbers. Out: the same, each with its own values. An entry that is sent again keeps its values.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from livebus.event.placeholders import Template, compile_template
from livebus.event.stream import StreamedEntry
from livebus.publish.request import Item

# Repeated files have the same entries again: so many are remembered.
_REMEMBERED = 10_000


def filled(items: Iterator[Item]) -> Iterator[Item]:
    """Raises InvalidEvent for an entry whose placeholders cannot be filled."""
    templates: dict[bytes, Template | None] = {}
    for sequence, entry in items:
        if b"{{" not in entry.text:
            yield sequence, entry
            continue
        key = entry.text
        if key not in templates:
            if len(templates) >= _REMEMBERED:
                templates.clear()
            templates[key] = compile_template(StreamedEntry(*_members(entry)))
        template = templates[key]
        assert template is not None
        # A UUID for telling events apart, no secret: the system's chance would cost more than all the rest.
        uuid = str(UUID(int=random.getrandbits(128), version=4)) if "uuid" in template.uses else ""
        yield sequence, template.render(sequence, datetime.now(UTC), uuid, index=entry.index)


def _members(entry: object) -> tuple[bytes, int, str, int, int]:
    assert isinstance(entry, StreamedEntry)
    return entry.text, entry.size, entry.file, entry.index, entry.line
