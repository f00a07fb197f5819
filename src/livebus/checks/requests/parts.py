"""
Data: what is known of a value that code or a template makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from livebus.errors import Place

_KEY_TYPES = ("B", "N", "S")


@dataclass(frozen=True, slots=True)
class Part:
    """
    A value. ``text`` is that of a string, ``members`` those of an object, ``items`` those of a list; None: not known.

    ``is_whole``: the object has no other members. ``kind`` is the DynamoDB type of a value that is written as one. With
    ``is_helper`` it is what a function of ``@aws-appsync/utils/dynamodb`` was given, whose values are plain JavaScript.
    """

    place: Place = field(compare=False)
    text: str | None = None
    members: Mapping[str, Part] | None = None
    items: tuple[Part, ...] | None = None
    is_whole: bool = True
    kind: str = ""
    is_helper: bool = False

    def member(self, name: str) -> Part | None:
        return self.members.get(name) if self.members is not None else None

    def text_of(self, name: str) -> str | None:
        """The text of a member that is a string."""
        member = self.member(name)
        return member.text if member is not None else None

    @property
    def type(self) -> str:
        """S, N or B where the value is known to be of that type; empty where that is not known."""
        if self.kind:
            return self.kind
        if self.members is not None and self.is_whole and len(self.members) == 1:
            (name,) = self.members
            return name if name in _KEY_TYPES else ""
        return ""
