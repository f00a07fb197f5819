"""
Carries out deployments: makes, changes and deletes stacks, resource by resource, and goes back where one fails.

The line that runs is replaced in one step, after everything of the new one is sound: until then, and after a failure,
the one before goes on. A deployment that the runtime's end interrupts is gone back from at the next start.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import unexpected
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.cloudformation.changes import changed_members, is_replaced
from livebus.runtime.cloudformation.effects import Effects
from livebus.runtime.cloudformation.function_code import missing_code
from livebus.runtime.cloudformation.loading import Loaded, load, read_resources
from livebus.runtime.cloudformation.stack import DELETED, REVIEW, ChangeSet, Deployment, Stack, StackResource
from livebus.runtime.cloudformation.stack_files import StackFiles
from livebus.runtime.served_stacks import ServedStacks
from livebus.template.resolvers import ReadFile
from livebus.template.resources import Resource, Resources

_BY_USER = "User Initiated"
_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."
DO_NOTHING, DELETE = "DO_NOTHING", "DELETE"


@dataclass(slots=True)
class Deployer:
    """
    ``read_file`` gives the text of an artefact by its location in S3. ``running`` are the resources of each stack at
    work. ``changed`` is called when what runs is another than before.
    """

    served: ServedStacks
    files: StackFiles
    effects: Effects
    read_file: ReadFile
    clockwork: Clockwork
    changed: Callable[[], None]
    running: dict[str, Resources] = field(default_factory=dict)
    # One after the other: each is prepared amid what runs, and the paths and names that are free then.
    _turn_of_one: asyncio.Lock = field(default_factory=asyncio.Lock)

    # --- keeping ----------------------------------------------------------------------------------------------------

    def save(self, stack: Stack) -> None:
        """Keep a stack; one that follows the files on disk is not kept. Raises LivebusError."""
        if stack.follows_files:
            return
        try:
            self.files.write(stack)
        except OSError as error:
            raise LivebusError(f"the stack {stack.name!r} cannot be kept: {error.strerror}") from None

    def _turn_and_save(self, stack: Stack, status: str) -> None:
        """Begin what the user asked for. Raises LivebusError, with the stack as it was, where that cannot be kept."""
        before = stack.status, stack.reason
        self._turn(stack, status, _BY_USER)
        try:
            self.save(stack)
        except LivebusError:
            stack.events.pop()
            stack.status, stack.reason = before
            raise

    def _settle(self, stack: Stack, status: str, reason: str = "") -> None:
        """End a deployment. What cannot be kept is told: it is at work all the same."""
        self._turn(stack, status, reason)
        try:
            self.save(stack)
        except LivebusError as error:
            self.clockwork.tell(f"{error}; the next start finds it as it was before")
        self.changed()
        self.clockwork.tell(f"stack {stack.name}: {status}{f': {reason}' if reason else ''}")

    def _turn(self, stack: Stack, status: str, reason: str = "") -> None:
        stack.turn(self.clockwork.new_id(), self.clockwork.clock(), status, reason)

    def _tell(self, stack: Stack, resource: StackResource, status: str, reason: str = "") -> None:
        stack.tell(self.clockwork.new_id(), self.clockwork.clock(), resource, status, reason)

    # --- loading ----------------------------------------------------------------------------------------------------

    def load(self, stack: Stack, deployment: Deployment) -> Loaded:
        """Read and compile a deployment amid the other stacks. Raises InvalidTemplate where nothing can be read."""
        taken = {
            (resource.type, resources.ref(resource)): name
            for name, resources in self.running.items()
            if name != stack.name
            for resource in resources.all()
        }
        loaded = load(
            deployment,
            self.served.environment_of(stack.name, stack_id=stack.stack_id, is_primary=stack.is_primary),
            self.read_file,
            taken=taken,
            subscriptions=self.served.kept(stack.name),
            settings=self.served.subscriptions,
            new_id=self.clockwork.new_id,
        )
        application = loaded.line.application
        refused = {
            **missing_code(application.functions, self.effects.objects, self.clockwork.new_id),
            **self.effects.refusals(application.tables),
        }
        return replace(loaded, failures=loaded.failures.with_reasons(refused)) if refused else loaded

    def put(self, stack: Stack, loaded: Loaded) -> None:
        """Put a sound line to work for a stack, and note what the stack consists of now."""
        name = stack.name
        try:
            self.served.put(name, loaded.line)
        except LivebusError as error:
            self.clockwork.tell(f"stack {name}: {error}")
        self.running[name] = loaded.resources
        stack.deployed, stack.begun = loaded.deployment, None
        stack.outputs = loaded.resources.outputs
        stack.is_primary = loaded.resources.environment.is_primary
        describe(stack, loaded.resources)

    def before(self, stack: Stack) -> Resources | None:
        """
        The resources that a deployment starts from: those at work, and of a first deployment that failed and was not gone
        back from those that it made.
        """
        if stack.name in self.running or stack.begun is None or stack.status == REVIEW:
            return self.running.get(stack.name)
        environment = self.served.environment_of(stack.name, stack_id=stack.stack_id, is_primary=stack.is_primary)
        made = {name for name, each in stack.resources.items() if each.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")}
        return read_resources(stack.begun, stack.name, environment).only(made)

    # --- create and update ------------------------------------------------------------------------------------------

    def begin(self, stack: Stack, change_set: ChangeSet) -> asyncio.Task[None]:
        """
        Begin to carry out a change set; the task ends with the deployment.

        Raises LivebusError, with nothing changed, where the state folder does not take the beginning.
        """
        status = "CREATE_IN_PROGRESS" if change_set.type == "CREATE" else "UPDATE_IN_PROGRESS"
        change_set.execution = "EXECUTE_IN_PROGRESS"
        before = self.before(stack)
        begun, stack.begun = stack.begun, None if stack.deployed else change_set.deployment
        try:
            self._turn_and_save(stack, status)
        except LivebusError:
            change_set.execution, stack.begun = "AVAILABLE", begun
            raise
        failed = status.replace("IN_PROGRESS", "FAILED")
        return asyncio.get_running_loop().create_task(
            self._to_its_end(self._carry_out(stack, change_set, before), stack, failed)
        )

    async def _to_its_end(self, deployment: Coroutine[Any, Any, None], stack: Stack, status: str) -> None:
        """A bug of ours must not leave a stack in progress for ever."""
        try:
            async with self._turn_of_one:
                await deployment
        except Exception as error:
            logging.getLogger("livebus").exception("unexpected error")
            self._settle(stack, status, unexpected(error))

    async def _carry_out(self, stack: Stack, change_set: ChangeSet, before: Resources | None) -> None:
        await asyncio.sleep(0)  # the call is answered first
        try:
            loaded = self.load(stack, change_set.deployment)
        except LivebusError as error:
            change_set.execution = "EXECUTE_FAILED"
            self._go_back(stack, {}, [], change_set, str(error))
            return
        failed, touched = await self._make(stack, before, loaded)
        for logical_id in failed:
            self.clockwork.tell(f"stack {stack.name}: {logical_id}: {loaded.failures.of.get(logical_id, '')}")
        reasons = [*loaded.failures.stack]
        if not failed and (held := self._held_export(stack, loaded.line.application.exports)):
            reasons.append(held)
        if failed or reasons:
            change_set.execution = "EXECUTE_FAILED"
            self._go_back(stack, touched, failed, change_set, " ".join(reasons))
            return
        change_set.execution = "EXECUTE_COMPLETE"
        created = change_set.type == "CREATE"
        if stack.follows_files:
            stack.follows_files = False
            self.clockwork.tell(
                f"stack {stack.name} is what was deployed to it; the files on disk are not followed any more"
            )
        stack.tags, stack.capabilities = change_set.tags, change_set.capabilities
        self.put(stack, loaded)
        stack.updated = None if created else self.clockwork.clock()
        if created:
            self._settle(stack, "CREATE_COMPLETE")
            return
        self._turn(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._remove_gone(stack, before, loaded.resources)
        self._settle(stack, "UPDATE_COMPLETE")

    async def _make(
        self, stack: Stack, before: Resources | None, loaded: Loaded
    ) -> tuple[list[str], dict[str, Resource | None]]:
        """
        Make and change the resources in their order, each after those that it depends on.

        What failed, by logical id; and what was touched, each with the resource that it was before.
        """
        failed: list[str] = []
        touched: dict[str, Resource | None] = {}
        waiting: set[str] = set()
        for resource in loaded.resources.in_order():
            logical_id, reason = resource.logical_id, loaded.failures.of.get(resource.logical_id, "")
            old = before.get(logical_id) if before else None
            members = changed_members(old, resource) if old else []
            if old and not members and not reason:
                continue
            if loaded.resources.depends_on(logical_id) & waiting:
                waiting.add(logical_id)
                continue
            await asyncio.sleep(0)  # subscribers and publishers have their turn between two resources
            verb = "UPDATE" if old else "CREATE"
            made = stack.resources.get(logical_id)
            if made is None or old is None:
                made = StackResource(logical_id, resource.type, "", "", self.clockwork.clock())
                stack.resources[logical_id] = made
            touched[logical_id] = old
            replaced = old is not None and is_replaced(old, members)
            self._tell(stack, made, f"{verb}_IN_PROGRESS", _REPLACED if replaced else "")
            if not reason and not old:
                reason = self.effects.create(resource.type, loaded.resources.ref(resource))
            if reason:
                failed.append(logical_id)
                waiting.add(logical_id)
                self._tell(stack, made, f"{verb}_FAILED", reason)
                continue
            made.type, made.physical_id = resource.type, loaded.resources.ref(resource)
            if old is None or replaced:
                self._tell(stack, made, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
            self._tell(stack, made, f"{verb}_COMPLETE")
        return failed, touched

    def _remove_gone(self, stack: Stack, before: Resources | None, after: Resources) -> None:
        """Delete the resources that the new template has not any more."""
        for resource in reversed(before.in_order()) if before else ():
            if after.get(resource.logical_id) is None and resource.logical_id in stack.resources:
                self._delete(stack, stack.resources[resource.logical_id])

    def _go_back(
        self, stack: Stack, touched: dict[str, Resource | None], failed: list[str], change_set: ChangeSet, why: str
    ) -> None:
        """After a failure: the stack as it was before, with the reasons in its events. Nothing is left of one that never ran."""
        created = stack.deployed is None
        verb = change_set.type.lower()
        reason = why or f"The following resource(s) failed to {verb}: [{', '.join(failed)}]. "
        if created and not why:
            reason += "Rollback requested by user."
        if change_set.on_failure == DO_NOTHING:
            self._settle(stack, f"{verb.upper()}_FAILED", reason)
            return
        self._turn(stack, "ROLLBACK_IN_PROGRESS" if created else "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        for logical_id in [name for name in reversed(touched) if touched[name] is not None and not created]:
            resource = stack.resources[logical_id]
            self._tell(stack, resource, "UPDATE_IN_PROGRESS")
            self._tell(stack, resource, "UPDATE_COMPLETE")
        if not created:
            self._turn(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        gone = stack.resources if created else [name for name in touched if touched[name] is None]
        for logical_id in list(reversed(gone)):
            self._delete(stack, stack.resources[logical_id], is_rollback=True)
            if not created:
                del stack.resources[logical_id]
        if created and change_set.on_failure == DELETE:
            self._settle(stack, DELETED)
            self.files.remove(stack.name)
            return
        self._settle(stack, "ROLLBACK_COMPLETE" if created else "UPDATE_ROLLBACK_COMPLETE", reason if created else "")

    # --- delete -----------------------------------------------------------------------------------------------------

    def begin_deletion(self, stack: Stack, retained: Iterable[str]) -> asyncio.Task[None]:
        """Begin to delete a stack; ``retained`` are logical ids to leave. Raises LivebusError as ``begin`` does."""
        before = stack.status
        self._turn_and_save(stack, "DELETE_IN_PROGRESS")
        deletion = self._carry_out_deletion(stack, frozenset(retained), before)
        return asyncio.get_running_loop().create_task(self._to_its_end(deletion, stack, "DELETE_FAILED"))

    async def _carry_out_deletion(self, stack: Stack, retained: frozenset[str], before: str) -> None:
        await asyncio.sleep(0)
        held = self._held_export(stack, {})
        if held:
            # Seen on AWS: the stack has the status of before again, and only the reason tells.
            self._settle(stack, before, held)
            return
        refused = {
            logical_id: reason
            for logical_id, resource in stack.resources.items()
            if logical_id not in retained
            and (reason := self.effects.refuses_deletion(resource.type, resource.physical_id, stack.name))
        }
        for logical_id, reason in refused.items():
            self._tell(stack, stack.resources[logical_id], "DELETE_FAILED", reason)
        if refused:
            reason = f"The following resource(s) failed to delete: [{', '.join(refused)}]. "
            self._settle(stack, "DELETE_FAILED", reason)
            return
        self.served.take(stack.name)
        self.running.pop(stack.name, None)
        for resource in list(reversed(stack.resources.values())):
            self._delete(stack, resource, retain=resource.logical_id in retained)
        stack.deleted = self.clockwork.clock()
        self.files.remove(stack.name)
        stack.follows_files = True  # there is nothing to keep any more
        self._settle(stack, DELETED)

    def _held_export(self, stack: Stack, after: Mapping[str, str]) -> str:
        """Why a stack cannot export what it would after a change: another imports what is gone or has another value."""
        applications = self.served.applications()
        if stack.name not in applications:
            return ""
        for export, value in applications[stack.name].exports.items():
            importers = [name for name, each in applications.items() if name != stack.name and export in each.imports]
            if importers and after.get(export) != value:
                verb = "updated" if export in after else "deleted"
                return f"Export {export} cannot be {verb} as it is in use by {' and '.join(importers)}"
        return ""

    def _delete(
        self, stack: Stack, resource: StackResource, *, is_rollback: bool = False, retain: bool = False
    ) -> None:
        if resource.status == "DELETE_COMPLETE":
            return
        if (resource.retained and not is_rollback) or retain:
            self._tell(stack, resource, "DELETE_SKIPPED")
            return
        if resource.physical_id:
            self._tell(stack, resource, "DELETE_IN_PROGRESS")
            self.effects.delete(resource.type, resource.physical_id, is_rollback=is_rollback)
        self._tell(stack, resource, "DELETE_COMPLETE")
        if not is_rollback:
            del stack.resources[resource.logical_id]


def describe(stack: Stack, resources: Resources) -> None:
    """Note what a sound template makes of a stack: its resources, and what its Outputs say of themselves."""
    now = stack.events[-1].time if stack.events else stack.created
    for resource in resources.in_order():
        known = stack.resources.get(resource.logical_id)
        if known is None:
            known = StackResource(resource.logical_id, resource.type, "", "CREATE_COMPLETE", now)
            stack.resources[resource.logical_id] = known
        known.type, known.physical_id = resource.type, resources.ref(resource)
        # On AWS a resource of a first deployment that fails is deleted with RetainExceptOnCreate, and kept with Retain.
        known.retained = resources.policy(resource.logical_id, "DeletionPolicy") != "Delete"
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
