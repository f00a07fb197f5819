"""
The resources of a template, as they stand once parameters, conditions and functions are evaluated.

In: a Document and an Environment. Out: :class:`Resource` objects by type, with plain values; faults are collected. Resources of
nested stacks whose templates are at hand stand among them, as ``STACK:NAME``: each stack is evaluated by itself, with the values
that its parent gives it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Container, Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property
from typing import Any

from livebus.errors import Fault, InvalidTemplate, Place, listed
from livebus.template.attributes import ResourceAttributes
from livebus.template.dependencies import creation_order, depends_on, references
from livebus.template.document import IN_STACK, Document, Path
from livebus.template.environment import Environment
from livebus.template.imports import Imports
from livebus.template.intrinsics import Evaluator
from livebus.template.nested_stacks import NestedStacks
from livebus.template.nesting import Nesting, folder_of
from livebus.template.outputs import Outputs
from livebus.template.parameters import assumed_parameters, read_parameters
from livebus.template.properties import Properties, Scope, shown
from livebus.template.published import Published
from livebus.template.quotas import beyond_quotas
from livebus.template.resource import Resource
from livebus.template.rules import Given, check_rules
from livebus.template.sections import checked_sections
from livebus.template.values import NO_VALUE, UNKNOWN, is_opaque
from livebus.template.whole import renamed, seen_through, whole

# Names that are read by way of names, one resource after the other. Only a circle goes on for longer.
_MAX_PENDING = 12


class Resources:
    """
    All resources of one template. ``faults`` and ``warnings`` grow while they are read.

    With a ``nesting`` the nested stacks are read whose templates it opens; ``within`` is the beginning of this one's logical ids,
    where it is nested itself; ``nested`` are stacks that are read already, by the resources that stand for them. Raises InvalidTemplate for a template beyond CloudFormation's quotas.
    """

    def __init__(
        self,
        document: Document,
        environment: Environment,
        given: Mapping[str, str],
        nesting: Nesting | None = None,
        *,
        within: str = "",
        nested: Mapping[str, Resources] | None = None,
    ) -> None:
        self.document = document
        self.within = within
        self.folder = folder_of(document.file) if within else ""
        self._stacks = NestedStacks(self, nesting, nested or {})
        self._stands_for = nested is not None
        self.environment = environment
        self.warnings: list[str] = list(document.warnings)
        self.faults: list[Fault] = list(document.faults)
        self._sections = checked_sections(document, self.faults)
        if too_many := list(beyond_quotas(document, self._sections)):
            raise InvalidTemplate(faults=[*too_many, *self.faults])
        declared = self._sections["Parameters"]
        overrides = {name: value for name, value in environment.overrides.items() if name in declared}
        values, assumes = {**overrides, **given}, environment.assumes_parameters
        self.parameters, faults = read_parameters(document, declared, values, assumes=assumes)
        self.assumed = tuple(assumed_parameters(declared, values) if assumes else ())
        self.faults += faults
        known = {**environment.pseudo_parameters, **self.parameters}
        self.faults += check_rules(document, Given(declared, known, self.assumed))
        self.bodies = self._sections["Resources"]
        self._pending: set[tuple[str, str]] = set()
        self.attributes = ResourceAttributes(
            self.bodies, environment, self.property_of, self.primary_api, self._stacks.outputs_of
        )
        published = nesting.published if nesting is not None else Published()
        # Of others nothing is known where nobody tells of them: what none here gives, one of them may.
        self._imports = Imports(
            ChainMap(published.exports, dict(environment.exports or {})),
            ChainMap(published.outputs, dict(environment.outputs)),
            region=environment.region,
            assumes=environment.assumes_exports or environment.exports is None,
        )
        self._evaluator = Evaluator(
            self._sections,
            parameters=self.parameters,
            pseudo_parameters=environment.pseudo_parameters,
            attributes=self.attributes,
            place_of=document.place,
            imports=self._imports,
            yielded=nesting.yielded if nesting is not None else None,
        )
        self._scope = Scope(document, self._evaluator.origin, self.faults)
        for name in self._sections["Conditions"]:
            self._evaluator.condition(name, ("Conditions", name))
        self._referred: set[str] = set()
        self._check_references()
        self._order: tuple[str, ...] = ()
        self._made = self._evaluated()
        # What is told from here on is of one resource, and found when it is made: see ``template_faults``.
        self._outputs = Outputs(document, self._evaluator)
        self._outputs.read(self._sections["Outputs"])
        self.faults += self._outputs.faults
        self._publish(published)
        self.template_faults: tuple[Fault, ...] = tuple(_in_order(self._own_faults))

    def _publish(self, published: Published) -> None:
        """Let the stacks that are evaluated after this one see what it gives."""
        self._published = published
        made_of = {
            name: renamed(body.get("Value"), self.within, self.document)
            for name, body in self._sections["Outputs"].items()
        }
        for name in published.add(self.environment.stack_name, self.outputs, self.exports, made_of):
            found = f"Export with name {name} is already exported by stack {published.exporters[name]}."
            self.faults.append(Fault(found, self.document.place(("Outputs", self.exports[name], "Export"))))

    def _meaning(self, function: str, argument: Any) -> Any:
        """What a value of another stack is made of there, in the names of the view; None where that is not known here."""
        if isinstance(argument, str) and function == "Fn::ImportValue":
            return self._published.made_of.get(argument)
        given = self._evaluator.resolve(argument, ("Resources",))
        if function == "Fn::ImportValue":
            return self._published.made_of.get(given) if isinstance(given, str) else None
        if not isinstance(given, Mapping) or given.get("Region", self.environment.region) != self.environment.region:
            return None
        key = str(given.get("StackName")), str(given.get("OutputName"))
        return self._published.made_of.get(key) if "RoleArn" not in given else None

    def _check_references(self) -> None:
        """Every name that is referred to has to be there, in resources that are not made and branches not taken too."""
        known = {*self.bodies, *self.parameters, *self.environment.pseudo_parameters, "AWS::NoValue"}
        for section in ("Resources", "Outputs"):
            for name, body in self._sections[section].items():
                for each in references(body, (section, name)):
                    self._referred.add(each.name)
                    if each.of_attribute and each.name not in self.bodies:
                        told = self._evaluator.unresolved if "Fn::Sub" in each.path[-1:] else self._evaluator.undefined
                        told(each.name, each.path)
                    elif each.name not in known:
                        self._evaluator.unresolved(each.name, each.path)
        for logical_id, body in self.bodies.items():
            path: Path = ("Resources", logical_id, "DependsOn")
            for name in depends_on(body):
                if not isinstance(name, str):
                    self.faults.append(Fault(f"DependsOn has {shown(name)}", self.document.place(path), "logical ids"))
                elif name not in self.bodies:
                    self._evaluator.unresolved(name, path)

    def _evaluated(self) -> dict[str, Resource]:
        """The resources whose conditions hold, in the template's order, evaluated in the order of their making."""
        order, circles = creation_order(self.bodies)
        self._order = tuple(order)
        for circle in circles:
            found = f"Circular dependency between resources: [{listed(circle, 50)}]"
            advice = "Build one of the ARNs with !Sub from the resource's name instead of !GetAtt."
            self.faults.append(Fault(found, self.document.place(("Resources", circle[0])), advice=advice))
        values: dict[str, Any] = {}
        for logical_id in order:
            if self._evaluator.is_made(logical_id):
                path: Path = ("Resources", logical_id, "Properties")
                value = self._evaluator.resolve(self.bodies[logical_id].get("Properties") or {}, path)
                if not isinstance(value, Mapping):
                    if value is not UNKNOWN:
                        found = f"the Properties of {logical_id!r} are {shown(value)}"
                        self.faults.append(Fault(found, self.document.place(path), "an object"))
                    value = {}
                values[logical_id] = value
                self._stacks.stack(logical_id)
        return {
            logical_id: Resource(
                self.within + logical_id,
                body["Type"],
                Properties(values[logical_id], ("Resources", logical_id, "Properties"), self._scope),
                self.document,
                logical_id,
                self.folder,
            )
            for logical_id, body in self.bodies.items()
            if logical_id in values
        }

    @property
    def nested(self) -> dict[str, Resources]:
        """The nested stacks that were read, by their logical ids in this template."""
        return self._stacks.read

    @property
    def deployed(self) -> list[Resources]:
        """The stacks that are deployed by themselves: this one, or those that it stands for."""
        return [*self.nested.values()] if self._stands_for else [self]

    @property
    def stacks(self) -> Iterator[Resources]:
        """These resources, and those of all nested stacks by themselves."""
        yield self
        for each in self.nested.values():
            yield from each.stacks

    def is_read(self, resource: Resource) -> bool:
        """Whether a nested stack's template was at hand, or why it cannot be read is told already."""
        owner, own_id = self._owner(resource.logical_id)
        return own_id in owner.nested or own_id in owner._stacks.refused

    def _owner(self, logical_id: str) -> tuple[Resources, str]:
        """The stack that a resource is in, and its logical id there. ``logical_id`` is one of this stack's own view."""
        owner, own_id = self, logical_id.removeprefix(self.within)
        while IN_STACK in own_id:
            stack, _, own_id = own_id.partition(IN_STACK)
            nested = owner._stacks.made.get(stack)
            if nested is None:
                raise KeyError(logical_id)
            owner = nested
        return owner, own_id

    def stack_name(self, logical_id: str) -> str:
        """The name of the stack that a resource is in."""
        return self._owner(logical_id)[0].environment.stack_name

    @cached_property
    def whole(self) -> Document:
        """The template with those of its nested stacks, and what they give each other in place of what asks for it."""
        document = self.document
        if self._imports.imported or self._imports.asked:
            document = seen_through(document, self._meaning)
        return whole(document, {logical_id: each.whole for logical_id, each in self.nested.items()})

    def raw(self, logical_id: str) -> Mapping[str, Any]:
        """A resource as it stands in its own template, its functions not evaluated."""
        owner, own_id = self._owner(logical_id)
        found: Mapping[str, Any] = owner.bodies[own_id]
        return found

    def primary_api(self) -> str | None:
        """The first API of the template itself that is made: it answers at ``/graphql``."""
        for logical_id, body in self.bodies.items():
            if body["Type"] == "AWS::AppSync::GraphQLApi" and self._evaluator.is_made(logical_id):
                return logical_id
        return None

    @property
    def all_faults(self) -> list[Fault]:
        """Each fault once, in the order of the text as far as they have a place in it; those of nested stacks behind."""
        own = _in_order([*self._own_faults, *self._stacks.faults])
        return list(dict.fromkeys([*own, *(fault for each in self.nested.values() for fault in each.all_faults)]))

    @property
    def _own_faults(self) -> list[Fault]:
        return [*self.faults, *self._evaluator.faults]

    @property
    def stored_parameters(self) -> list[str]:
        """The parameters whose values are in Systems Manager, as far as anything refers to them."""
        declared = self._sections["Parameters"]
        return [
            name
            for name, definition in declared.items()
            if name in self._referred
            and isinstance(definition, Mapping)
            and str(definition.get("Type")).startswith("AWS::SSM::")
        ]

    @property
    def unknown_parameters(self) -> frozenset[str]:
        """The parameters whose value is only known where the template is deployed, of nested stacks too."""
        of_nested = (
            f"{stack}{IN_STACK}{name}"
            for stack, each in self.nested.items()
            for name in (
                *each.unknown_parameters,
                *(name for name, value in each.parameters.items() if _is_unknown(value)),
            )
        )
        return frozenset((*self.assumed, *of_nested))

    @property
    def parameter_names(self) -> frozenset[str]:
        """The names of all parameters, of nested stacks too."""
        of_nested = (f"{stack}{IN_STACK}{name}" for stack, each in self.nested.items() for name in each.parameter_names)
        return frozenset((*self.parameters, *of_nested))

    def in_order(self) -> list[Resource]:
        """The resources of this template itself whose conditions hold, each after those that it depends on."""
        return [self._made[logical_id] for logical_id in self._order if logical_id in self._made]

    def depends_on(self, logical_id: str) -> frozenset[str]:
        """The resources that one refers to or names in DependsOn, as far as they are made."""
        body = self.bodies[logical_id]
        names = [each.name for each in references(body.get("Properties"))] + depends_on(body)
        return frozenset(name for name in names if isinstance(name, str) and name in self._made)

    def policy(self, logical_id: str, member: str) -> str:
        """The DeletionPolicy or UpdateReplacePolicy of a resource; Delete where it has none."""
        given = self.bodies[logical_id].get(member)
        return given if isinstance(given, str) else "Delete"

    def all(self) -> list[Resource]:
        """The resources whose conditions hold, in the template's order; those of a nested stack behind it."""
        if not self._stacks.made:
            return list(self._made.values())
        return [each for made in self._made.values() for each in (made, *self._inside(made))]

    def _inside(self, resource: Resource) -> list[Resource]:
        stack = self._stacks.made.get(resource.own_id)
        return stack.all() if stack is not None else []

    def only(self, logical_ids: Container[str]) -> Resources:
        """These resources with no others: what of a template has been made."""
        some = copy(self)
        some._made = {name: each for name, each in self._made.items() if name in logical_ids}
        return some

    def of_type(self, *kinds: str) -> list[Resource]:
        return [resource for resource in self.all() if resource.type in kinds]

    def get(self, logical_id: str) -> Resource | None:
        try:
            owner, own_id = self._owner(logical_id)
        except KeyError:
            return None
        return owner._made.get(own_id)

    def ref(self, resource: Resource) -> str:
        """What a resource answers to Ref."""
        owner, own_id = self._owner(resource.logical_id)
        return str(owner.attributes.ref(own_id))

    def attribute(self, resource: Resource, name: str) -> str:
        """What a resource answers to GetAtt."""
        owner, own_id = self._owner(resource.logical_id)
        return str(owner.attributes.get(own_id, name))

    def not_emulated(self, found: str, place: Place, advice: str = "") -> None:
        """Tell of what AWS takes and the local runtime has not."""
        self.faults.append(Fault(found, place, advice=advice, not_emulated=True))

    def warn(self, place: Place, text: str) -> None:
        self.warnings.append(f"{place}: {text}")

    def property_of(self, logical_id: str, member: str) -> Any:
        """One property, evaluated by itself: names are needed before the resource as a whole is."""
        properties = self.bodies[logical_id].get("Properties")
        if not isinstance(properties, dict) or member not in properties:
            return None
        if (logical_id, member) in self._pending or len(self._pending) >= _MAX_PENDING:
            return None
        self._pending.add((logical_id, member))
        try:
            path: Path = ("Resources", logical_id, "Properties", member)
            value = self._evaluator.resolve(properties[member], path)
        finally:
            self._pending.discard((logical_id, member))
        return None if value is NO_VALUE else value

    @property
    def outputs(self) -> dict[str, str]:
        """The template's Outputs whose conditions hold, by their own names."""
        return self._outputs.values

    @property
    def exports(self) -> dict[str, str]:
        """For each exported name the output whose value it has."""
        return self._outputs.exports

    @property
    def imports(self) -> frozenset[str]:
        """The names of other stacks' exports that the template asks for."""
        return frozenset(self._imports.imported)

    @property
    def asked(self) -> frozenset[str]:
        """The names of the stacks whose Outputs the template asks for."""
        return frozenset(self._imports.asked)

    @property
    def missed(self) -> frozenset[str]:
        """The names of exports that no stack had when this one asked for them, and of stacks whose Outputs were not there."""
        return frozenset(self._imports.missed).union(*(each.missed for each in self.nested.values()))

    def is_given(self, text: str) -> bool:
        """Whether a text is what another stack gives, or is only known where the template is deployed."""
        inside = self.nested.values()
        return is_opaque(text) or text in self._imports.given or any(each.is_given(text) for each in inside)


def _is_unknown(value: Any) -> bool:
    return any(map(is_opaque, value)) if isinstance(value, list) else is_opaque(value)


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Faults in the order of the text; what another stack may have is named once, where it is first asked for."""
    found: list[Fault] = []
    named: set[str] = set()
    for fault in sorted(dict.fromkeys(faults), key=lambda each: (each.place.line or 0, each.place.column or 0)):
        is_elsewhere = fault.not_emulated and fault.of_another_stack
        if not is_elsewhere or fault.found not in named:
            found.append(fault)
        if is_elsewhere:
            named.add(fault.found)
    return found
