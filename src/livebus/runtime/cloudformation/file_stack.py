"""
The template on disk that the runtime was started with, as a stack like any other: told of by DescribeStacks, changed by
a reload, and taken over by a deployment to its name. An application of AWS CDK with several stacks is run as one: each of them
is told of, and none is taken over, since the others need it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from livebus.errors import Fault, LivebusError
from livebus.runtime.application_files import ApplicationFiles
from livebus.runtime.cloudformation.deployment import Deployer
from livebus.runtime.cloudformation.making import describe
from livebus.runtime.cloudformation.stack import Deployment, Stack
from livebus.template.resources import Resources


@dataclass(slots=True)
class FileStack:
    """
    ``stack`` follows ``files`` until something is deployed to it. It stands for the application where that has several stacks;
    ``stacks`` are those that callers see, by their names.
    """

    stack: Stack
    files: ApplicationFiles
    deployer: Deployer
    stacks: dict[str, Stack]
    _told: tuple[Fault, ...] = ()

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
        around = served.environment_of(stack.name, stack_id=stack.stack_id, is_primary=stack.is_primary)
        # Of a template on disk the other stacks may be somewhere else: what needs their exports waits for nobody.
        self.files.environment = replace(around, assumes_exports=True)
        line, resources, text = self.files.load(served.kept(stack.name), served.subscriptions)
        self._tell_of_damage()
        self._demand_free_names(each.environment.stack_name for each in resources.nested.values())
        verb = "CREATE" if stack.deployed is None else "UPDATE"
        given = {**self.files.overrides, **self.files.parameters}
        declared = {name: value for name, value in given.items() if name in resources.parameters}
        stack.deployed = Deployment(text, {}, declared)
        if self.files.application is None:
            self._describe(stack, resources, verb)
        else:
            self._describe_parts(resources.nested.values())
            stack.turn(self.deployer.clockwork.new_id(), self.deployer.clockwork.clock(), f"{verb}_COMPLETE")
        served.put(stack.name, line)

    def _tell_of_damage(self) -> None:
        """Say, once, what is wrong around the template: the stacks that it hides are not run."""
        for fault in self.files.damage:
            if fault not in self._told:
                self.deployer.clockwork.tell(f"warning: {fault}")
        self._told = self.files.damage

    def _demand_free_names(self, names: Iterable[str]) -> None:
        """Raise LivebusError where a stack of the application was deployed by itself before."""
        known = self.stacks if self.files.application is not None else {}
        taken = [name for name in names if name in known and known[name].part_of != self.stack.name]
        if taken:
            raise LivebusError(
                f"{taken[0]!r} is deployed into this runtime already",
                advice="Delete that stack, or start with --empty.",
            )

    def _describe_parts(self, parts: Collection[Resources]) -> None:
        """Note what each stack of an application consists of; those that it has no more are gone."""
        names = {each.environment.stack_name for each in parts}
        for name in [
            name for name, each in self.stacks.items() if each.part_of == self.stack.name and name not in names
        ]:
            del self.stacks[name]
            self.deployer.running.pop(name, None)
        now = self.deployer.clockwork.clock()
        for resources in parts:
            environment = resources.environment
            stack = self.stacks.get(environment.stack_name)
            verb = "UPDATE"
            if stack is None:
                verb, stack = "CREATE", Stack(environment.stack_id, environment.stack_name, "CREATE_IN_PROGRESS", now)
                stack.follows_files, stack.part_of = True, self.stack.name
                self.stacks[stack.name] = stack
            values = {
                name: ",".join(value) if isinstance(value, list) else value
                for name, value in resources.parameters.items()
            }
            stack.deployed = Deployment(resources.document.text, {}, values)
            self._describe(stack, resources, verb)

    def _describe(self, stack: Stack, resources: Resources, verb: str) -> None:
        self.deployer.running[stack.name] = resources
        now = self.deployer.clockwork.clock()
        for name in [name for name in stack.resources if resources.get(name) is None]:
            del stack.resources[name]
        stack.updated = None if verb == "CREATE" else now
        stack.turn(self.deployer.clockwork.new_id(), now, f"{verb}_COMPLETE", "The files on disk")
        describe(stack, resources)

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
            self.deployer.served.refuse(self.stack.name, error.faults)
            return False
        tell("reloaded: the application's files changed")
        for fault in self.files.application.faults if self.files.application is not None else ():
            tell(f"not all of it: {fault}")
        return True
