"""
How a transform's resources are replaced by plain ones: the walk over a template that all expansions of SAM's types share.

In: a template in long form, the types that are expanded, and what makes the plain resources of one. Out: the template without
them; what is made keeps the places where its parts were written. Without SAM's transform its types are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document, Path
from livebus.template.places import Places

TRANSFORM = "AWS::Serverless-2016-10-31"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What grows while a template is expanded: places, faults, warnings."""

    document: Document
    places: Places
    faults: list[Fault]
    warnings: list[str]


class Expansion:
    """One resource of a serverless type; ``body`` is an object, and so are its Properties, where it has some."""

    def __init__(self, sheet: Sheet, logical_id: str, body: Mapping[str, Any]) -> None:
        self._document = sheet.document
        self._places = sheet.places
        self._faults = sheet.faults
        self._warnings = sheet.warnings
        self._id = logical_id
        self._root: Path = ("Resources", logical_id, "Properties")
        self._given: Mapping[str, Any] = body.get("Properties") or {}
        self._attributes = {name: value for name, value in body.items() if name not in ("Type", "Properties")}

    def _condition(self) -> dict[str, Any]:
        """The resource's own condition, for what is made beside it."""
        return {name: self._attributes[name] for name in ("Condition",) if name in self._attributes}

    def _start(self, path: Path) -> tuple[int, int]:
        place = self._document.place(path)
        return place.line or 1, place.column or 1


Make = Callable[[Sheet, str, Mapping[str, Any]], Iterable[tuple[str, Any]]]


def expand(document: Document, types: tuple[str, ...], make: Make) -> Document:
    """A template without resources of these types; the template itself where it has none. What is there already stays."""
    resources = document.body.get("Resources")
    if not isinstance(resources, dict) or not any(_is_of(body, types) for body in resources.values()):
        return document
    sheet = Sheet(document, Places(document.places), list(document.faults), list(document.warnings))
    made: dict[str, Any] = {}
    transforms = document.body.get("Transform")
    is_transformed = TRANSFORM in (transforms if isinstance(transforms, list) else [transforms])
    for logical_id, body in resources.items():
        if not _is_of(body, types):
            made[logical_id] = body
            continue
        if not is_transformed:
            found = f"Unrecognized resource types: [{body['Type']}]"
            place = document.place(("Resources", logical_id, "Type"))
            sheet.faults.append(Fault(found, place, advice=f"Write Transform: {TRANSFORM} at the template's head."))
        made.update(make(sheet, logical_id, body))
    return replace(
        document,
        body={**document.body, "Resources": made},
        places=sheet.places,
        faults=tuple(sheet.faults),
        warnings=tuple(dict.fromkeys(sheet.warnings)),
    )


def _is_of(body: Any, types: tuple[str, ...]) -> bool:
    return isinstance(body, dict) and body.get("Type") in types and isinstance(body.get("Properties") or {}, dict)
