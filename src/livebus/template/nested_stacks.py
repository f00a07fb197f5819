"""
The nested stacks of a template whose own templates are at hand: each is read with the values that its parent gives it.

In: the resources of the parent, as far as they are known by then. Out: the resources of each stack, and why one cannot be read.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livebus.errors import Fault, InvalidTemplate, Place
from livebus.template.document import IN_STACK, Document
from livebus.template.nesting import MAX_DEPTH, NESTED, Nesting, find_template, read_nested

if TYPE_CHECKING:
    from livebus.template.resources import Resources


class NestedStacks:
    """
    The stacks by the logical ids of the resources that stand for them; ``made`` has None for one that is just being read, or cannot be.

    ``refused`` are those whose templates AWS would refuse, ``faults`` say why.
    """

    def __init__(self, parent: Resources, nesting: Nesting | None, made: Mapping[str, Resources]) -> None:
        self._parent = parent
        self._nesting = nesting
        self.made: dict[str, Resources | None] = dict(made)
        self.refused: set[str] = set()
        self.faults: list[Fault] = []

    @property
    def read(self) -> dict[str, Resources]:
        """Those that were read."""
        return {logical_id: each for logical_id, each in self.made.items() if each is not None}

    def stack(self, logical_id: str) -> Resources | None:
        """The resources of a nested stack whose template is at hand; None for any other resource."""
        if self._nesting is None or self._parent.bodies[logical_id]["Type"] not in NESTED:
            return None
        if logical_id not in self.made:
            self.made[logical_id] = None  # to itself, in a circle, it has nothing to give
            self.made[logical_id] = self._read_nested(logical_id, self._nesting)
        return self.made[logical_id]

    def _read_nested(self, logical_id: str, nesting: Nesting) -> Resources | None:
        body = self._parent.bodies[logical_id]

        def place(*path: str) -> Place:
            return self._parent.document.place(("Resources", logical_id, "Properties", *path))

        location = next(
            (self._parent.property_of(logical_id, each) for each in ("TemplateURL", "Location") if _has(body, each)),
            None,
        )
        document, faults = find_template(
            nesting, body["Type"], location, body.get("Metadata"), self._parent.folder, place=place
        )
        self.faults += faults
        if document is None:
            if faults:
                self.refused.add(logical_id)
            return None
        if self._is_too_much(nesting, document, logical_id, place()):
            return None
        is_primary = self._parent.environment.is_primary and self._parent.primary_api() is None and not self._has_api()
        environment = self._parent.environment.nested(logical_id, is_primary=is_primary)
        try:
            nested, faults = read_nested(
                document, self._parent.property_of(logical_id, "Parameters"), environment, place=place, name=logical_id
            )
            self.faults += faults
            if nested.document is not document:
                nesting.take_resources(nested.document, instead_of=document)
                if nesting.is_spent:
                    self.faults.append(_too_much("the template nests too much", logical_id, place()))
                    return None
            within = f"{self._parent.within}{logical_id}{IN_STACK}"
            resources = type(self._parent)(nested.document, environment, nested.parameters, nesting, within=within)
        except InvalidTemplate as error:
            self.faults += error.faults
            self.refused.add(logical_id)
            return None
        self._parent.warnings += resources.warnings
        return resources

    def _is_too_much(self, nesting: Nesting, document: Document, logical_id: str, place: Place) -> bool:
        """Whether one more nested stack is beyond what is read; it is told."""
        nesting.take(document)
        is_deep = self._parent.within.count(IN_STACK) + 1 > MAX_DEPTH
        if is_deep or nesting.is_spent:
            what = f"stacks are nested more than {MAX_DEPTH} deep" if is_deep else "the template nests too much"
            self.faults.append(_too_much(what, logical_id, place))
            return True
        return False

    def _has_api(self) -> bool:
        return any(each.of_type("AWS::AppSync::GraphQLApi") for each in self.made.values() if each is not None)

    def outputs_of(self, logical_id: str) -> Mapping[str, str] | None:
        """The outputs of a nested stack whose template is at hand."""
        stack = self.stack(logical_id)
        return stack.outputs if stack is not None else None


def _has(body: Mapping[str, Any], member: str) -> bool:
    properties = body.get("Properties")
    return isinstance(properties, Mapping) and member in properties


def _too_much(what: str, logical_id: str, place: Place) -> Fault:
    return Fault(f"{what}: {logical_id!r} is not read", place, is_bound=True, not_emulated=True)
