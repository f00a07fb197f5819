"""
What of a message nobody knows before it is published: an event's id, the time that it is put at, what a resolver makes up.

In: the data of a message as it may come, twice, with all that is made up made up otherwise. Out: the places where they differ.
A place is the names of members on the way to it, None for the elements of a list: in one element is in all.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

Places = frozenset[tuple[str | None, ...]]
NOWHERE: Places = frozenset()


class Unforeseen(Enum):
    """Stands in data for a value that is not known before. As JSON it is a text that nobody sends."""

    VALUE = "\0unforeseen"


def differing(one: Any, other: Any) -> Places:
    """The places where two JSON values differ: members and elements where both have the same ones, else the value itself."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return frozenset((name, *place) for name, each in one.items() for place in differing(each, other[name]))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return frozenset((None, *place) for pair in zip(one, other, strict=True) for place in differing(*pair))
    return NOWHERE if type(one) is type(other) and one == other else frozenset({()})


def blanked(data: Any, places: Places) -> Any:
    """The data with :class:`Unforeseen` at the places that it has; itself where there are none."""
    if not places:
        return data
    if () in places:
        return Unforeseen.VALUE
    if isinstance(data, dict):
        return {name: blanked(each, _below(places, name)) for name, each in data.items()}
    return [blanked(each, _below(places, None)) for each in data] if isinstance(data, list) else data


def places_of(data: Any) -> Places:
    """Where :class:`Unforeseen` stands in data."""
    if isinstance(data, dict):
        return frozenset((name, *place) for name, each in data.items() for place in places_of(each))
    if isinstance(data, list):
        return frozenset((None, *place) for each in data for place in places_of(each))
    return frozenset({()}) if data is Unforeseen.VALUE else NOWHERE


def _below(places: Places, name: str | None) -> Places:
    return frozenset(place[1:] for place in places if place[0] == name)
