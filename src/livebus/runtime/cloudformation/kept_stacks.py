"""
Brings the stacks of an earlier run back to work, the last good deployment of each.

What the end of that run interrupted is gone back from: a stack that was being made is not there, one that was being
changed is as before, one that was being deleted is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from livebus.errors import Fault, LivebusError
from livebus.runtime.cloudformation.actions import CloudFormation
from livebus.runtime.cloudformation.deployment import Deployer
from livebus.runtime.cloudformation.loading import Loaded
from livebus.runtime.cloudformation.stack import Stack

_INTERRUPTED = "The runtime ended in the middle of the deployment."


def bring_back(
    cloudformation: CloudFormation, deployer: Deployer, stacks: Iterable[Stack], *, beside: Collection[str]
) -> None:
    """
    Take up kept stacks, oldest first; those that import from others after those others.

    ``beside`` are the stacks that the files on disk are run as: a kept one of such a name stays away, and the path /graphql
    is the disk's. Empty where there are none.
    """
    waiting = []
    for stack in stacks:
        if stack.name in beside:
            deployer.clockwork.tell(
                f"stack {stack.name}: the files on disk run in place of what was deployed to it (see --empty)"
            )
            continue
        settle(stack, deployer)
        if stack.status == "DELETE_COMPLETE":
            deployer.files.remove(stack.name)
            continue
        if beside:
            stack.is_primary = False
        cloudformation.stacks[stack.name] = stack
        if stack.deployed is not None:
            waiting.append(stack)
    while waiting:
        refused = [stack for stack in waiting if not _is_put(stack, deployer, is_last_try=False)]
        if len(refused) == len(waiting):
            for stack in refused:
                _is_put(stack, deployer, is_last_try=True)
            return
        waiting = refused


def settle(stack: Stack, deployer: Deployer) -> None:
    """End what was interrupted, with an event that says so."""
    if not stack.is_busy:
        return
    if stack.status.startswith("DELETE"):
        status = "DELETE_COMPLETE"
    elif stack.deployed is None:
        status = "ROLLBACK_COMPLETE"
        stack.resources, stack.nested = {}, {}
    else:
        status = "UPDATE_ROLLBACK_COMPLETE"
        stack.resources = {
            logical_id: replace(resource, status="UPDATE_COMPLETE", reason="")
            for logical_id, resource in stack.resources.items()
        }
    stack.turn(deployer.clockwork.new_id(), deployer.clockwork.clock(), status, _INTERRUPTED)
    deployer.clockwork.tell(f"stack {stack.name}: {status}: {_INTERRUPTED}")


def _is_put(stack: Stack, deployer: Deployer, *, is_last_try: bool) -> bool:
    assert stack.deployed is not None
    try:
        loaded = deployer.load(stack, stack.deployed)
    except LivebusError as error:
        if is_last_try:
            deployer.clockwork.tell(f"stack {stack.name} does not run: {error}")
        return False
    if loaded.failures or _template_faults(loaded):
        if is_last_try:
            for reason in _reasons(loaded):
                deployer.clockwork.tell(f"stack {stack.name} does not run: {reason}")
        return False
    # What an interrupted update had added is not in the template that runs.
    made = {resource.logical_id for resource in loaded.resources.all()}
    stack.resources = {name: each for name, each in stack.resources.items() if name in made or each.retained}
    deployer.put(stack, loaded)
    return True


def _reasons(loaded: Loaded) -> list[str]:
    return [*loaded.failures.stack, *loaded.failures.of.values(), *map(str, _template_faults(loaded))]


def _template_faults(loaded: Loaded) -> list[Fault]:
    """What is wrong with the template as a whole; what is merely not emulated keeps nothing from running."""
    return [fault for fault in loaded.resources.template_faults if not fault.not_emulated]
