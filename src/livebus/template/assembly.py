"""
Several stacks that are deployed beside each other, read together: an application of AWS CDK, or one that somebody has split.

In: the templates of stacks of one account and region. Out: one :class:`~livebus.template.resources.Resources` of all, in which a
resource is called ``STACK:NAME``, as one of a nested stack is. Each stack is evaluated by itself, with its own name and values;
one that asks for another's exports or Outputs after that other, whatever order they come in.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/walkthrough-crossstackref.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from livebus.errors import Fault, InvalidTemplate
from livebus.template.document import Document
from livebus.template.environment import Environment
from livebus.template.language_extensions import extended
from livebus.template.nesting import Nesting
from livebus.template.parameters import unknown_parameter
from livebus.template.quotas import beyond_once_expanded
from livebus.template.resources import Resources
from livebus.template.serverless import expanded

_STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class StackTemplate:
    """
    A stack and its template. ``overrides`` are values of its parameters, ``after`` the names of the stacks that are deployed
    before it, as far as that is written down somewhere.
    """

    name: str
    document: Document
    overrides: Mapping[str, str] = field(default_factory=dict)
    after: Collection[str] = ()


def read_together(
    stacks: Sequence[StackTemplate],
    environment: Environment,
    given: Mapping[str, str],
    nesting: Callable[[], Nesting],
    file: str,
) -> Resources:
    """
    Read the templates of all stacks.

    ``environment`` is what they have in common; ``given`` are values for parameters, each for the stacks that declare it. ``nesting``
    makes an account for a stack's nested ones. ``file`` is what the whole is called. A template that CloudFormation would refuse
    to look at is among the faults, and the others are read. Raises InvalidTemplate where that is each.
    """
    reading = _Reading(environment, given, nesting)
    keys = dict(zip((each.name for each in stacks), _keys(stacks), strict=True))
    waiting = list(stacks)
    # Each time round, what was missed before may be there; a circle gives nothing new, and is at its end.
    while waiting:
        before = reading.given_so_far
        for stack in waiting:
            reading.read(keys[stack.name], stack)
        fresh = reading.given_so_far - before
        waiting = [each for each in waiting if reading.missed(keys[each.name]) & fresh]
    if not reading.of:
        raise InvalidTemplate(faults=reading.faults)
    document = Document(_standing_for(stacks, keys, reading), file, {})
    whole = Resources(document, environment, {}, nesting(), nested=reading.of)
    whole.faults += [*reading.faults, *_undeclared(stacks, given)]
    for each in reading.of.values():
        whole.warnings += each.warnings
    return whole


def outputs_of_all(stacks: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The Outputs of several stacks as if they were one's, without those that would say two things."""
    found: dict[str, str] = {}
    doubled: set[str] = set()
    for outputs in stacks:
        doubled |= {name for name, value in outputs.items() if found.setdefault(name, value) != value}
    return {name: value for name, value in found.items() if name not in doubled}


class _Reading:
    """The stacks that were read, by what they are called in the view."""

    def __init__(self, environment: Environment, given: Mapping[str, str], nesting: Callable[[], Nesting]) -> None:
        self._environment = environment
        self._given = given
        self._nesting = nesting
        self.published = nesting().published
        self._refused: dict[str, Sequence[Fault]] = {}
        self.of: dict[str, Resources] = {}

    @property
    def faults(self) -> list[Fault]:
        return [fault for each in self._refused.values() for fault in each]

    @property
    def given_so_far(self) -> set[str]:
        """The names of what stacks that were read give: their exports, and their own for their Outputs."""
        return {*self.published.exports, *self.published.outputs}

    def missed(self, key: str) -> frozenset[str]:
        return self.of[key].missed if key in self.of else frozenset()

    def read(self, key: str, stack: StackTemplate) -> None:
        """Evaluate one stack amid those that were read before; it takes its own place."""
        has_api = any(each.of_type("AWS::AppSync::GraphQLApi") for name, each in self.of.items() if name != key)
        environment = replace(
            self._environment,
            stack_name=stack.name,
            given_stack_id="",
            overrides={**self._environment.overrides, **stack.overrides},
            is_primary=self._environment.is_primary and not has_api,
        )
        declared = stack.document.body.get("Parameters")
        values = {name: value for name, value in self._given.items() if isinstance(declared, dict) and name in declared}
        nesting = self._nesting()
        nesting.published = self.published
        try:
            document = _transformed(stack.document, environment, values)
            self.of[key] = Resources(document, environment, values, nesting, within=f"{key}:")
        except InvalidTemplate as error:
            self._refused[key] = error.faults


def _transformed(document: Document, environment: Environment, values: Mapping[str, str]) -> Document:
    """A template with its transforms applied. Raises InvalidTemplate where they would make too much of it."""
    if too_many := list(beyond_once_expanded(document)):
        raise InvalidTemplate(faults=too_many)
    return expanded(extended(document, environment, values))


def _keys(stacks: Sequence[StackTemplate]) -> Iterator[str]:
    """What each stack is called in the view: its name, as far as a logical id takes it."""
    taken: set[str] = set()
    for stack in stacks:
        own = re.sub("[^A-Za-z0-9]", "", stack.name)[:200] or "Stack"
        name, number = own, 1
        while name in taken:
            number += 1
            name = f"{own}{number}"
        taken.add(name)
        yield name


def _standing_for(stacks: Sequence[StackTemplate], keys: Mapping[str, str], reading: _Reading) -> dict[str, object]:
    """What stands for the stacks in the view: a resource each, which waits for those that it needs something of."""
    published = reading.published
    found: dict[str, object] = {}
    for stack in stacks:
        key = keys[stack.name]
        if key not in reading.of:
            continue
        resources = reading.of[key]
        needed = {*stack.after, *(published.exporters.get(name, "") for name in resources.imports), *resources.asked}
        waits = [keys[name] for name in keys if name in needed and name != stack.name and keys[name] in reading.of]
        found[key] = {"Type": _STACK, "DependsOn": waits}
    return {"Resources": found}


def _undeclared(stacks: Sequence[StackTemplate], given: Mapping[str, str]) -> list[Fault]:
    """A fault for each given value that no stack has a parameter for."""
    bodies = [stack.document.body.get("Parameters") for stack in stacks]
    declared = {name for body in bodies if isinstance(body, dict) for name in body}
    return [unknown_parameter(name, declared) for name in given if name not in declared]
