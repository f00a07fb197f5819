"""
One resource of a template that is made: its properties, evaluated, and where each of them stands.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

from __future__ import annotations

from dataclasses import dataclass

from livebus.errors import Place
from livebus.template.document import Document
from livebus.template.nesting import located
from livebus.template.properties import Properties


@dataclass(slots=True)
class Resource:
    """
    One resource that is made: ``properties`` are evaluated; ``place(…)`` tells where a property stands.

    ``own_id`` is its logical id in its own template; ``folder`` that template's folder, from the outermost one's on.
    """

    logical_id: str
    type: str
    properties: Properties
    _document: Document
    own_id: str
    folder: str = ""

    def __str__(self) -> str:
        return f"{self.type} {self.logical_id!r}"

    def place(self, *path: str | int) -> Place:
        return self.properties.place(*path) if path else self._document.place(("Resources", self.own_id))

    def located(self, name: str) -> str:
        """The name of a file that a property has, as one that goes on from the outermost template's folder."""
        return located(self.folder, name)

    def required(self, *members: str) -> bool:
        """Whether all these properties are there; a fault for each that is not."""
        return self.properties.required(*members, what=str(self))
