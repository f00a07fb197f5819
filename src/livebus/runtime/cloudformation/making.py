"""
Makes, changes and deletes the resources of a stack, one after the other, with the events that tell of it; those of nested stacks
amid their parent's, each stack with events of its own.

In: the resources that were there, and those that are to be. Out: what failed, what was touched. Nothing is put to work here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from livebus.runtime.clockwork import Clockwork
from livebus.runtime.cloudformation.changes import changed_members, is_replaced, resource_changes
from livebus.runtime.cloudformation.effects import Effects
from livebus.runtime.cloudformation.failures import Failures
from livebus.runtime.cloudformation.stack import DELETED, Deployment, Stack, StackResource
from livebus.template.resource import Resource
from livebus.template.resources import Resources

_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."


@dataclass(frozen=True, slots=True)
class Touched:
    """A resource that a deployment has touched, in its stack; ``before`` is what it was, None where it is new."""

    stack: Stack
    logical_id: str
    before: Resource | None


@dataclass(slots=True)
class Made:
    """What came of a deployment's resources: those of the stack that failed, and all that were touched, nested ones too."""

    failed: list[str] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)


@dataclass(slots=True)
class Maker:
    """``effects`` are what making and deleting does beside the line."""

    effects: Effects
    clockwork: Clockwork

    def tell(self, stack: Stack, resource: StackResource, status: str, reason: str = "") -> None:
        stack.tell(self.clockwork.new_id(), self.clockwork.clock(), resource, status, reason)

    def turn(self, stack: Stack, status: str, reason: str = "") -> None:
        stack.turn(self.clockwork.new_id(), self.clockwork.clock(), status, reason)

    async def make(self, stack: Stack, before: Resources | None, after: Resources, failures: Failures) -> Made:
        """Make and change the resources in their order, each after those that it depends on."""
        made = Made()
        waiting: set[str] = set()
        for resource in after.in_order():
            logical_id, reason = resource.own_id, failures.of.get(resource.logical_id, "")
            old = before.get(logical_id) if before else None
            members = changed_members(old, resource) if old else []
            if old and not members and not reason and not _differs_inside(logical_id, before, after, failures):
                continue
            if after.depends_on(logical_id) & waiting:
                waiting.add(logical_id)
                continue
            await asyncio.sleep(0)  # subscribers and publishers have their turn between two resources
            verb = "UPDATE" if old else "CREATE"
            known = stack.resources.get(logical_id)
            if known is None or old is None:
                known = StackResource(logical_id, resource.type, "", "", self.clockwork.clock())
                stack.resources[logical_id] = known
            made.touched.append(Touched(stack, logical_id, old))
            replaced = old is not None and is_replaced(old, members)
            self.tell(stack, known, f"{verb}_IN_PROGRESS", _REPLACED if replaced else "")
            if not reason and logical_id in after.nested:
                reason = await self._make_nested(
                    stack, known, before if old else None, after, failures=failures, made=made
                )
            elif not reason and not old:
                reason = self.effects.create(resource.type, after.ref(resource))
            if reason:
                made.failed.append(logical_id)
                waiting.add(logical_id)
                self.tell(stack, known, f"{verb}_FAILED", reason)
                continue
            known.type, known.physical_id = resource.type, after.ref(resource)
            if old is None or replaced:
                self.tell(stack, known, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
            self.tell(stack, known, f"{verb}_COMPLETE")
        return made

    async def _make_nested(
        self,
        stack: Stack,
        resource: StackResource,
        before: Resources | None,
        after: Resources,
        *,
        failures: Failures,
        made: Made,
    ) -> str:
        """Make or change a nested stack, which is a stack of its own; the reason where that fails."""
        nested = after.nested[resource.logical_id]
        old = before.nested.get(resource.logical_id) if before else None
        verb = "UPDATE" if old else "CREATE"
        inner = nested_stack(stack, resource.logical_id, nested, self.clockwork.clock())
        resource.physical_id = inner.stack_id
        self.turn(inner, f"{verb}_IN_PROGRESS", "User Initiated")
        inside = await self.make(inner, old, nested, failures)
        made.touched += inside.touched
        if inside.failed:
            reason = f"The following resource(s) failed to {verb.lower()}: [{', '.join(inside.failed)}]. "
            self.turn(inner, f"{verb}_FAILED", reason)
            return f"Embedded stack {inner.stack_id} was not successfully {verb.lower()}d: {reason}"
        self.turn(inner, f"{verb}_COMPLETE")
        return ""

    def remove_gone(self, stack: Stack, before: Resources | None, after: Resources) -> None:
        """Delete the resources that the new template has not any more."""
        for resource in reversed(before.in_order()) if before else ():
            logical_id = resource.own_id
            if after.get(logical_id) is None and logical_id in stack.resources:
                self.delete(stack, stack.resources[logical_id])
            elif before and logical_id in before.nested and logical_id in after.nested:
                self.remove_gone(stack.nested[logical_id], before.nested[logical_id], after.nested[logical_id])

    def undo(self, touched: list[Touched]) -> None:
        """Go back to what there was before an update: first what was changed, then what is new is deleted."""
        for each in reversed(touched):
            if each.before is not None:
                resource = each.stack.resources[each.logical_id]
                self.tell(each.stack, resource, "UPDATE_IN_PROGRESS")
                self.tell(each.stack, resource, "UPDATE_COMPLETE")
                inner = each.stack.nested.get(each.logical_id)
                if inner is not None:
                    self.turn(inner, "UPDATE_ROLLBACK_COMPLETE")

    def forget_new(self, touched: list[Touched]) -> None:
        for each in reversed(touched):
            if each.before is None and each.logical_id in each.stack.resources:
                self.delete(each.stack, each.stack.resources[each.logical_id], is_rollback=True)
                each.stack.resources.pop(each.logical_id, None)
                each.stack.nested.pop(each.logical_id, None)

    def delete(self, stack: Stack, resource: StackResource, *, is_rollback: bool = False, retain: bool = False) -> None:
        """Delete a resource, unless it is to be kept; a nested stack with all that is in it."""
        if resource.status == "DELETE_COMPLETE":
            return
        if (resource.retained and not is_rollback) or retain:
            self.tell(stack, resource, "DELETE_SKIPPED")
            return
        if resource.physical_id:
            self.tell(stack, resource, "DELETE_IN_PROGRESS")
            inner = stack.nested.get(resource.logical_id)
            if inner is not None:
                self._delete_nested(inner, is_rollback=is_rollback)
            self.effects.delete(resource.type, resource.physical_id, is_rollback=is_rollback)
        self.tell(stack, resource, "DELETE_COMPLETE")
        if not is_rollback:
            del stack.resources[resource.logical_id]

    def _delete_nested(self, stack: Stack, *, is_rollback: bool) -> None:
        self.turn(stack, "DELETE_IN_PROGRESS")
        for resource in list(reversed(stack.resources.values())):
            self.delete(stack, resource, is_rollback=is_rollback)
        stack.deleted = self.clockwork.clock()
        self.turn(stack, DELETED)

    def undeletable(self, stack: Stack, owner: str) -> Iterator[tuple[str, str]]:
        """The resources of a stack that cannot be deleted, with the reasons; ``owner`` is the stack that is deleted."""
        for logical_id, resource in stack.resources.items():
            inner = stack.nested.get(logical_id)
            inside = dict(self.undeletable(inner, owner)) if inner is not None else {}
            if inner is not None and inside:
                for name, reason in inside.items():
                    self.tell(inner, inner.resources[name], "DELETE_FAILED", reason)
                reason = f"The following resource(s) failed to delete: [{', '.join(inside)}]. "
                yield logical_id, f"Embedded stack {inner.stack_id} was not successfully deleted: {reason}"
            elif reason := self.effects.refuses_deletion(resource.type, resource.physical_id, owner):
                yield logical_id, reason


def _differs_inside(logical_id: str, before: Resources | None, after: Resources, failures: Failures) -> bool:
    """Whether something is to be done in a nested stack, though the resource that stands for it is as it was."""
    if logical_id not in after.nested:
        return False
    nested = after.nested[logical_id]
    if any(failures.of.get(each.logical_id) for each in nested.all()):
        return True
    old = before.nested.get(logical_id) if before else None
    return bool(resource_changes(old, nested)) or any(
        _differs_inside(name, old, nested, failures) for name in nested.nested
    )


def nested_stack(stack: Stack, logical_id: str, resources: Resources, now: float) -> Stack:
    """A nested stack's own stack: the one that is there, or a new one."""
    environment = resources.environment
    known = stack.nested.get(logical_id)
    if known is None or known.stack_id != environment.stack_id or known.deleted is not None:
        known = Stack(environment.stack_id, environment.stack_name, "CREATE_COMPLETE", now)
        known.parent_id, known.root_id = stack.stack_id, stack.root_id or stack.stack_id
        stack.nested[logical_id] = known
    return known


def describe(stack: Stack, resources: Resources) -> None:
    """Note what a sound template makes of a stack: its resources, what its Outputs say of themselves, its nested stacks."""
    now = stack.events[-1].time if stack.events else stack.created
    for resource in resources.in_order():
        logical_id = resource.own_id
        known = stack.resources.get(logical_id)
        if known is None:
            known = StackResource(logical_id, resource.type, "", "CREATE_COMPLETE", now)
            stack.resources[logical_id] = known
        known.type, known.physical_id = resource.type, resources.ref(resource)
        # On AWS a resource of a first deployment that fails is deleted with RetainExceptOnCreate, and kept with Retain.
        known.retained = resources.policy(logical_id, "DeletionPolicy") != "Delete"
    stack.outputs = resources.outputs
    stack.description = str(resources.document.body.get("Description") or "")
    bodies = resources.document.body.get("Outputs") or {}
    exports = {output: name for name, output in resources.exports.items()}
    stack.output_members = {
        name: {
            "Description": str(bodies.get(name, {}).get("Description") or ""),
            "ExportName": exports.get(name, ""),
        }
        for name in resources.outputs
    }
    for gone in [name for name in stack.nested if name not in resources.nested]:
        del stack.nested[gone]
    for logical_id, nested in resources.nested.items():
        inner = nested_stack(stack, logical_id, nested, now)
        given = {
            name: ",".join(value) if isinstance(value, list) else value for name, value in nested.parameters.items()
        }
        inner.deployed = Deployment(nested.document.text, {}, given)
        for gone in [name for name in inner.resources if nested.get(name) is None]:
            del inner.resources[gone]
        describe(inner, nested)
