"""
The resources of a template, as they stand once parameters, conditions and functions are evaluated.

In: a Document and an Environment. Out: :class:`Resource` objects by type, with plain values; faults are collected.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from livebus.errors import Fault, Place
from livebus.intrinsics import NO_VALUE, Evaluator
from livebus.template.attributes import Environment, ResourceAttributes
from livebus.template.dependencies import creation_order
from livebus.template.document import Document, Path
from livebus.template.parameters import read_parameters


@dataclass(slots=True)
class Resource:
    """One resource: ``properties`` are evaluated; ``place(…)`` tells where a property stands in the template."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    _document: Document = field(repr=False)

    def place(self, *path: str | int) -> Place:
        below: Path = ("Properties", *path) if path else ()
        return self._document.place(("Resources", self.logical_id, *below))


class Resources:
    """All resources of one template. ``faults`` grows while they are read."""

    def __init__(self, document: Document, environment: Environment, given: Mapping[str, str]) -> None:
        self.document = document
        self.environment = environment
        self.parameters, self.faults = read_parameters(document, given)
        self._bodies = self._checked_bodies()
        apis = [name for name, body in self._bodies.items() if body.get("Type") == "AWS::AppSync::GraphQLApi"]
        attributes = ResourceAttributes(self._bodies, environment, self.property_of, apis[0] if apis else None)
        self._evaluator = Evaluator(
            {**document.body, "Resources": self._bodies},
            parameters=self.parameters,
            pseudo_parameters=environment.pseudo_parameters,
            attributes=attributes,
            place_of=document.place,
        )
        self.attributes = attributes
        self._pending: set[tuple[str, str]] = set()
        self._known: dict[str, Resource] = {}
        _, circle = creation_order(self._bodies)
        self._has_circle = bool(circle)
        if circle:
            named = ", ".join(circle)
            place = document.place(("Resources", circle[0]))
            advice = "Build one of the ARNs with !Sub from the resource's name instead of !GetAtt."
            self.faults.append(Fault(f"Circular dependency between resources: [{named}]", place, advice=advice))

    def _checked_bodies(self) -> dict[str, Any]:
        resources = self.document.body.get("Resources")
        if not isinstance(resources, dict) or not resources:
            self.faults.append(
                Fault("the template has no Resources", self.document.place(("Resources",)), "at least one resource")
            )
            return {}
        bodies: dict[str, Any] = {}
        for logical_id, body in resources.items():
            place = self.document.place(("Resources", logical_id))
            if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
                self.faults.append(Fault(f"resource {logical_id!r} has no Type", place, "a type such as AWS::Events::Rule"))
            elif not isinstance(body.get("Properties") or {}, dict):
                self.faults.append(Fault(f"the Properties of {logical_id!r} are not an object", place))
            else:
                bodies[logical_id] = body
        return bodies

    @property
    def all_faults(self) -> list[Fault]:
        return [*self.faults, *self._evaluator.faults]

    def all(self) -> Iterator[Resource]:
        """The resources whose conditions hold, in the template's order."""
        for logical_id, body in self._bodies.items():
            if not self._is_made(logical_id, body):
                continue
            known = self._known.get(logical_id)
            if known is None:
                path: Path = ("Resources", logical_id, "Properties")
                # In a circle values can't be had; the fault is told already.
                properties = {} if self._has_circle else self._evaluator.resolve(body.get("Properties") or {}, path)
                known = self._known[logical_id] = Resource(logical_id, body["Type"], properties, self.document)
            yield known

    def of_type(self, kind: str) -> list[Resource]:
        return [resource for resource in self.all() if resource.type == kind]

    def _is_made(self, logical_id: str, body: Mapping[str, Any]) -> bool:
        condition = body.get("Condition")
        return condition is None or self._evaluator.condition(condition, ("Resources", logical_id, "Condition"))

    def property_of(self, logical_id: str, member: str) -> Any:
        """One property, evaluated by itself: names are needed before the resource as a whole is."""
        properties = self._bodies[logical_id].get("Properties") or {}
        if member not in properties or (logical_id, member) in self._pending:
            return None
        self._pending.add((logical_id, member))
        try:
            path: Path = ("Resources", logical_id, "Properties", member)
            value = self._evaluator.resolve(properties[member], path)
        finally:
            self._pending.discard((logical_id, member))
        return None if value is NO_VALUE else value

    def outputs(self) -> dict[str, str]:
        """The template's Outputs whose conditions hold, by their own names."""
        declared = self.document.body.get("Outputs")
        outputs: dict[str, str] = {}
        for name, body in (declared if isinstance(declared, dict) else {}).items():
            place = self.document.place(("Outputs", name))
            if not isinstance(body, dict) or "Value" not in body:
                self.faults.append(Fault(f"output {name!r} has no Value", place))
                continue
            condition = body.get("Condition")
            if condition is None or self._evaluator.condition(condition, ("Outputs", name, "Condition")):
                outputs[name] = str(self._evaluator.resolve(body["Value"], ("Outputs", name, "Value")))
        return outputs

    def required(self, resource: Resource, *members: str) -> bool:
        """Whether all these properties are there; a fault for each that is not, with what it may have been meant by."""
        missing = [member for member in members if member not in resource.properties]
        for member in missing:
            close = difflib.get_close_matches(member, resource.properties, n=1)
            advice = f"Is {close[0]!r} meant to be {member!r}?" if close else ""
            self.faults.append(
                Fault(f"{resource.type} {resource.logical_id!r} has no {member}", resource.place(), advice=advice)
            )
        return not missing
