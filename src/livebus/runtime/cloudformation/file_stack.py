"""
The template on disk that the runtime was started with, as a stack like any other: told of by DescribeStacks, changed by
a reload, and taken over by a deployment to its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from livebus.errors import LivebusError
from livebus.runtime.application_files import ApplicationFiles
from livebus.runtime.cloudformation.deployment import Deployer, describe
from livebus.runtime.cloudformation.stack import Deployment, Stack


@dataclass(slots=True)
class FileStack:
    """``stack`` follows ``files`` until something is deployed to it."""

    stack: Stack
    files: ApplicationFiles
    deployer: Deployer

    @property
    def is_followed(self) -> bool:
        return self.stack.follows_files and self.stack.deleted is None

    def changed(self) -> bool:
        """Whether the files are other than they were when they were read."""
        return self.is_followed and not self.stack.is_busy and self.files.changed()

    def load(self) -> None:
        """
        Read the files and put them to work.

        Raises LivebusError with all faults, and nothing changed; where the user that the runtime offers cannot be made,
        the line is at work all the same.
        """
        stack, served = self.stack, self.deployer.served
        self.files.environment = served.environment_of(stack.name, stack_id=stack.stack_id, is_primary=stack.is_primary)
        line, resources, text = self.files.load(served.kept(stack.name), served.subscriptions)
        is_first = stack.deployed is None
        self.deployer.running[stack.name] = resources
        stack.deployed = Deployment(text, {}, dict(self.files.parameters))
        stack.outputs = resources.outputs
        now = self.deployer.clockwork.clock()
        gone = [name for name in stack.resources if resources.get(name) is None]
        for name in gone:
            del stack.resources[name]
        stack.updated = None if is_first else now
        stack.turn(
            self.deployer.clockwork.new_id(),
            now,
            "CREATE_COMPLETE" if is_first else "UPDATE_COMPLETE",
            "The files on disk",
        )
        describe(stack, resources)
        served.put(stack.name, line)

    def reload(self) -> bool:
        """Load the files again. A fault keeps the last good application and is told; whether the new one is in use."""
        tell = self.deployer.clockwork.tell
        before = self.stack.deployed
        try:
            self.load()
        except LivebusError as error:
            if self.stack.deployed is not before:
                tell(f"reloaded, but: {error}")
                return True
            for fault in error.faults:
                tell(f"not reloaded: {fault}")
            tell("the last good application goes on")
            return False
        tell("reloaded: the application's files changed")
        return True
