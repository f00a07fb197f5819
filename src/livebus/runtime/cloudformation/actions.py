"""
AWS CloudFormation's API as the local runtime serves it: change sets, stacks, their events, resources, templates, exports.

Shapes and messages follow the service model (2010-05-15); which messages are recorded is told in docs/fidelity.md.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.cloudformation import answers
from livebus.runtime.cloudformation.change_sets import (
    NO_CHANGES,
    checked_template,
    make_change_set,
    read_template,
    validation_error,
)
from livebus.runtime.cloudformation.deployment import DO_NOTHING, Deployer
from livebus.runtime.cloudformation.stack import DELETED, REVIEW, ChangeSet, Stack

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
_STACK_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]{0,127}")
_STACK_PATTERN = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
# Stacks that are gone are told of for a while, as AWS does for 90 days.
_MAX_DELETED = 20

Form = Mapping[str, Any]
Answer = dict[str, Any] | None


class CloudFormation:
    """``stacks`` by name; those that were deleted are kept apart, to be found by their id."""

    def __init__(self, deployer: Deployer, new_id: Callable[[], str]) -> None:
        self.stacks: dict[str, Stack] = {}
        self._deleted: list[Stack] = []
        self._deployer = deployer
        self._new_id = new_id
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, action: str, form: Form) -> Answer:
        """The result of one call, None where the action's answer has none. Raises AwsError."""
        handler = _ACTIONS.get(action)
        if handler is None:
            raise AwsError("InvalidAction", f"cloudformation:{action} is not emulated by the local runtime.")
        return handler(self, form)

    async def close(self) -> None:
        """Let deployments come to their end: they take moments."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    # --- finding ----------------------------------------------------------------------------------------------------

    def _stack(self, form: Form, *, or_deleted: bool = False) -> Stack:
        given = str(form.get("StackName") or "")
        if not given:
            raise validation_error(
                "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null"
            )
        for stack in self._every_stack():
            if given in (stack.name, stack.stack_id):
                return stack
        for stack in (inner for each in reversed(self._deleted) for inner in each.with_nested):
            if or_deleted and given == stack.stack_id:
                return stack
        raise validation_error(f"Stack with id {given} does not exist")

    def _every_stack(self) -> list[Stack]:
        """All stacks, those that others nest behind these."""
        return [each for stack in self.stacks.values() for each in stack.with_nested]

    def _changeable(self, form: Form) -> Stack:
        """A stack that may be changed by itself: none that another nests, and none of an application that the files on disk are."""
        stack = self._stack(form)
        self._check_alone(stack)
        if stack.parent_id:
            raise validation_error(
                f"Stack [{stack.stack_id}] is nested: the local runtime changes it with its root stack [{stack.root_id}] only."
            )
        return stack

    @staticmethod
    def _check_alone(stack: Stack) -> None:
        """AWS has nothing alike, so the words are ours."""
        if stack.part_of:
            raise validation_error(
                f"Stack [{stack.name}] is run from {stack.part_of} on disk, together with the others there. What is written there "
                "anew is in use at once; to deploy it instead, start the local runtime with --empty."
            )

    def _change_set(self, form: Form) -> tuple[Stack, ChangeSet]:
        given = str(form.get("ChangeSetName") or "")
        stacks = [self._stack(form)] if form.get("StackName") else list(self.stacks.values())
        for stack in stacks:
            for change_set in stack.change_sets.values():
                if given in (change_set.name, change_set.change_set_id):
                    return stack, change_set
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{given}] does not exist", 404)

    def _new_stack(self, name: str, status: str) -> Stack:
        if not _STACK_NAME.fullmatch(name):
            raise validation_error(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
                f"Member must satisfy regular expression pattern: {_STACK_PATTERN}"
            )
        environment = self._deployer.served.environment
        stack_id = environment.arn("cloudformation", f"stack/{name}/{self._new_id()}")
        stack = Stack(stack_id, name, status, self._deployer.clockwork.clock())
        self.stacks[name] = stack
        return stack

    # --- change sets ------------------------------------------------------------------------------------------------

    def _create_change_set(self, form: Form) -> Answer:
        name, kind = str(form.get("ChangeSetName") or ""), str(form.get("ChangeSetType") or "UPDATE")
        stack_name = str(form.get("StackName") or "")
        known = self.stacks.get(stack_name) or next(
            (each for each in self.stacks.values() if each.stack_id == stack_name), None
        )
        if kind == "CREATE":
            if known is not None and known.status != REVIEW:
                raise validation_error(
                    f"Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
                )
            stack = known or self._new_stack(stack_name, REVIEW)
        else:
            if known is None or known.status == REVIEW:
                raise validation_error(f"Stack [{stack_name}] does not exist")
            stack = known
            self._check_alone(stack)
            self._check_updatable(stack)
        try:
            change_set = make_change_set(form, stack, name, self._deployer, kind=kind, new_id=self._new_id)
        except AwsError:
            if known is None:
                del self.stacks[stack.name]
            raise
        if known is None:
            stack.turn(self._new_id(), self._deployer.clockwork.clock(), REVIEW, "User Initiated")
        stack.add_change_set(change_set)
        self._save(stack)
        return {"Id": change_set.change_set_id, "StackId": stack.stack_id}

    def _check_updatable(self, stack: Stack) -> None:
        if not stack.is_settled:
            raise validation_error(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")

    def _describe_change_set(self, form: Form) -> Answer:
        return answers.change_set(*self._change_set(form))

    def _list_change_sets(self, form: Form) -> Answer:
        stack = self._stack(form)
        return {"Summaries": [answers.change_set_summary(stack, each) for each in stack.change_sets.values()]}

    def _delete_change_set(self, form: Form) -> Answer:
        try:
            stack, change_set = self._change_set(form)
        except AwsError as error:
            if error.error_type == "ChangeSetNotFound":
                return {}
            raise
        del stack.change_sets[change_set.name]
        self._save(stack)
        return {}

    def _execute_change_set(self, form: Form) -> Answer:
        stack, change_set = self._change_set(form)
        if change_set.execution != "AVAILABLE":
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of [{change_set.status}]",
            )
        if change_set.type == "UPDATE":
            self._check_updatable(stack)
        if form.get("DisableRollback") == "true":
            change_set.on_failure = DO_NOTHING
        self._run(self._deployer.begin(stack, change_set), stack)
        # The others were made from what ran before; CloudFormation deletes them.
        stack.change_sets = {change_set.name: change_set}
        return {}

    def _run(self, task: asyncio.Task[None], stack: Stack) -> None:
        self._tasks.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            self._tasks.discard(ended)
            if stack.status == DELETED and self.stacks.get(stack.name) is stack:
                del self.stacks[stack.name]
                self._deleted = [*self._deleted, stack][-_MAX_DELETED:]

        task.add_done_callback(done)

    def _save(self, stack: Stack) -> None:
        self._deployer.save(stack)

    # --- stacks -----------------------------------------------------------------------------------------------------

    def _create_stack(self, form: Form) -> Answer:
        name = str(form.get("StackName") or "")
        if name in self.stacks:
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = self._new_stack(name, REVIEW)
        try:
            change_set = self._direct_change(form, stack, "CREATE")
        except AwsError:
            del self.stacks[name]
            raise
        stack.termination_protection = form.get("EnableTerminationProtection") == "true"
        self._run(self._deployer.begin(stack, change_set), stack)
        return {"StackId": stack.stack_id}

    def _update_stack(self, form: Form) -> Answer:
        stack = self._changeable(form)
        self._check_updatable(stack)
        self._run(self._deployer.begin(stack, self._direct_change(form, stack, "UPDATE")), stack)
        return {"StackId": stack.stack_id}

    def _direct_change(self, form: Form, stack: Stack, kind: str) -> ChangeSet:
        """The change that CreateStack and UpdateStack make without a change set: what fails one fails the call."""
        name = f"direct-{self._new_id()}"
        change_set = make_change_set(form, stack, name, self._deployer, kind=kind, new_id=self._new_id)
        if change_set.reason == NO_CHANGES:
            raise validation_error("No updates are to be performed.")
        if change_set.reason.startswith("Requires capabilities"):
            raise AwsError("InsufficientCapabilitiesException", change_set.reason)
        if change_set.status == "FAILED":
            raise validation_error(change_set.reason)
        return change_set

    def _delete_stack(self, form: Form) -> Answer:
        try:
            stack = self._changeable(form)
        except AwsError as error:
            if "does not exist" in error.message:
                return None
            raise
        if stack.termination_protection:
            raise validation_error(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if stack.status == "DELETE_IN_PROGRESS":
            return None
        if stack.is_busy:
            raise validation_error(f"Stack [{stack.stack_id}] cannot be deleted while in status {stack.status}")
        retained = form.get("RetainResources")
        self._run(self._deployer.begin_deletion(stack, retained if isinstance(retained, list) else ()), stack)
        return None

    def _describe_stacks(self, form: Form) -> Answer:
        found = [self._stack(form, or_deleted=True)] if form.get("StackName") else self._every_stack()
        return {"Stacks": [answers.stack(stack, self._body(stack)) for stack in found]}

    def _body(self, stack: Stack) -> Mapping[str, Any] | None:
        running = self._deployer.running.get(stack.name)
        if running is not None:
            return running.document.body
        # What a failed deployment was made with was read when it began.
        return checked_template(stack.template.template, stack.name) if stack.template else None

    def _list_stacks(self, form: Form) -> Answer:
        wanted = form.get("StackStatusFilter")
        found = [*self._every_stack(), *(each for stack in self._deleted for each in stack.with_nested)]
        kept = [stack for stack in found if not isinstance(wanted, list) or stack.status in wanted]
        return {"StackSummaries": [answers.summary(stack) for stack in kept]}

    def _describe_stack_events(self, form: Form) -> Answer:
        stack = self._stack(form, or_deleted=True)
        return {"StackEvents": [answers.event(stack, each) for each in reversed(stack.events)]}

    def _list_stack_resources(self, form: Form) -> Answer:
        stack = self._stack(form, or_deleted=True)
        told = [answers.resource(stack, each, "LastUpdatedTimestamp") for each in stack.resources.values()]
        return {"StackResourceSummaries": told}

    def _describe_stack_resources(self, form: Form) -> Answer:
        physical, logical = form.get("PhysicalResourceId"), form.get("LogicalResourceId")
        stacks = (
            list(self._owners(str(physical)))
            if physical and not form.get("StackName")
            else [self._stack(form, or_deleted=True)]
        )
        told = [
            answers.resource(stack, each, "Timestamp")
            for stack in stacks
            for each in stack.resources.values()
            if logical in (None, each.logical_id)
        ]
        return {"StackResources": told}

    def _owners(self, physical_id: str) -> Iterator[Stack]:
        for stack in self._every_stack():
            if any(each.physical_id == physical_id for each in stack.resources.values()):
                yield stack
                return
        raise validation_error(f"Stack for {physical_id} does not exist")

    def _describe_stack_resource(self, form: Form) -> Answer:
        stack, logical_id = self._stack(form, or_deleted=True), str(form.get("LogicalResourceId") or "")
        if logical_id not in stack.resources:
            raise validation_error(f"Resource {logical_id} does not exist for stack {stack.name}")
        return {"StackResourceDetail": answers.resource(stack, stack.resources[logical_id], "LastUpdatedTimestamp")}

    def _update_termination_protection(self, form: Form) -> Answer:
        stack = self._changeable(form)
        stack.termination_protection = form.get("EnableTerminationProtection") == "true"
        self._save(stack)
        return {"StackId": stack.stack_id}

    # --- templates and exports --------------------------------------------------------------------------------------

    def _get_template(self, form: Form) -> Answer:
        if form.get("ChangeSetName"):
            return {"TemplateBody": self._change_set(form)[1].deployment.template, "StagesAvailable": ["Original"]}
        stack = self._stack(form, or_deleted=True)
        if stack.template is None:  # in review: only its change sets have templates
            return {"StagesAvailable": []}
        # Plain resources are what the transform makes of them: the processed template is the original.
        return {"TemplateBody": stack.template.template, "StagesAvailable": ["Original", "Processed"]}

    def _get_template_summary(self, form: Form) -> Answer:
        if form.get("StackName"):
            stack = self._stack(form)
            if stack.template is None:
                return answers.template_summary({})
            text = stack.template.template
        else:
            text = read_template(form, self._deployer, None)
        return answers.template_summary(checked_template(text, str(form.get("StackName") or "the call")))

    def _validate_template(self, form: Form) -> Answer:
        summary = answers.template_summary(checked_template(read_template(form, self._deployer, None), "the call"))
        parameters = [
            {name: each[name] for name in ("ParameterKey", "DefaultValue", "NoEcho", "Description")}
            for each in summary["Parameters"]
        ]
        shown = {
            name: summary[name] for name in ("Description", "Capabilities", "CapabilitiesReason", "DeclaredTransforms")
        }
        return {**shown, "Parameters": parameters}

    def _list_exports(self, _form: Form) -> Answer:
        told = [
            {"ExportingStackId": each.environment.stack_id, "Name": export, "Value": each.outputs[output]}
            for resources in self._deployer.running.values()
            for each in resources.stacks
            for export, output in each.exports.items()
        ]
        return {"Exports": told}

    def _list_imports(self, form: Form) -> Answer:
        export = str(form.get("ExportName") or "")
        importers = [
            each.environment.stack_name
            for resources in self._deployer.running.values()
            for each in resources.stacks
            if export in each.imports
        ]
        if not importers:
            raise validation_error(f"Export '{export}' is not imported by any stack.")
        return {"Imports": importers}


_ACTIONS: dict[str, Callable[[CloudFormation, Form], Answer]] = {
    "CreateChangeSet": CloudFormation._create_change_set,
    "CreateStack": CloudFormation._create_stack,
    "DeleteChangeSet": CloudFormation._delete_change_set,
    "DeleteStack": CloudFormation._delete_stack,
    "DescribeChangeSet": CloudFormation._describe_change_set,
    "DescribeStackEvents": CloudFormation._describe_stack_events,
    "DescribeStackResource": CloudFormation._describe_stack_resource,
    "DescribeStackResources": CloudFormation._describe_stack_resources,
    "DescribeStacks": CloudFormation._describe_stacks,
    "ExecuteChangeSet": CloudFormation._execute_change_set,
    "GetTemplate": CloudFormation._get_template,
    "GetTemplateSummary": CloudFormation._get_template_summary,
    "ListChangeSets": CloudFormation._list_change_sets,
    "ListExports": CloudFormation._list_exports,
    "ListImports": CloudFormation._list_imports,
    "ListStackResources": CloudFormation._list_stack_resources,
    "ListStacks": CloudFormation._list_stacks,
    "UpdateStack": CloudFormation._update_stack,
    "UpdateTerminationProtection": CloudFormation._update_termination_protection,
    "ValidateTemplate": CloudFormation._validate_template,
}
