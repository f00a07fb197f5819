"""
An event's envelope: what rules and targets see of an event that the bus has accepted.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class Event:
    """
    An accepted event: ``envelope`` is the JSON object that patterns, transformers and targets see.

    Its members stand in AWS's order: version, id, detail-type, source, account, time, region, resources, detail.
    ``bus`` is the name of the event bus, ``ingestion_time`` the ISO-8601 time at which the bus received it.
    ``detail_text`` is the Detail as it was put, where it was: in ``text`` it stands character for character.
    """

    envelope: Mapping[str, Any]
    bus: str
    ingestion_time: str
    detail_text: str | None = field(default=None, repr=False)
    _text: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        return str(self.envelope["id"])

    @property
    def text(self) -> bytes:
        """The envelope as JSON in UTF-8; made once, when first asked for."""
        if self._text is None:
            self._text = self._made_text()
        return self._text

    def _made_text(self) -> bytes:
        if self.detail_text is None:
            return _json(self.envelope)
        # Detail is the last member, and stays so.
        return orjson.dumps({**self.envelope, "detail": orjson.Fragment(self.detail_text.strip())})

    @classmethod
    def restored(cls, text: bytes, bus: str, ingestion_time: str) -> Event:
        """An event from the ``text`` of an earlier one."""
        return cls(orjson.loads(text), bus, ingestion_time, None, text)


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Deeper than orjson writes, though not than it reads: piece by piece, with what is to come on a stack.
        pieces: list[bytes] = []
        stack: list[Any] = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, bytes):
                pieces.append(item)
            elif isinstance(item, dict):
                members = [piece for name, each in item.items() for piece in (b",", orjson.dumps(name), b":", each)]
                stack += [b"}", *reversed(members[1:]), b"{"]
            elif isinstance(item, list):
                items = [piece for each in item for piece in (b",", each)]
                stack += [b"]", *reversed(items[1:]), b"["]
            else:
                pieces.append(orjson.dumps(item))
        return b"".join(pieces)
