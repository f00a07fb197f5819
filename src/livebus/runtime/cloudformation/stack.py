"""
Data: a stack with its events, resources and change sets, as it is kept in a file and shown to callers; and which statuses allow an
update or a deletion.

Statuses, members and their meanings follow the data types of CloudFormation's API.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Self

# Events and change sets are for people to read: the last ones are enough.
MAX_EVENTS = 500
MAX_CHANGE_SETS = 20
_STACK_TYPE = "AWS::CloudFormation::Stack"

REVIEW = "REVIEW_IN_PROGRESS"
DELETED = "DELETE_COMPLETE"
# What a stack can be updated from. CREATE_FAILED is what is left of a first deployment without rollback: to be repaired.
_SETTLED = frozenset(
    {"CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED"}
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    What a stack is made of: the template's text, the texts of the files that it names by their locations, the values
    given for parameters.
    """

    template: str
    files: Mapping[str, str]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StackEvent:
    """Something that happened to a resource, or to the stack itself. ``time`` in epoch seconds."""

    event_id: str
    time: float
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""


@dataclass(slots=True)
class StackResource:
    """A resource of the stack. ``retained``: it outlives the stack."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    updated: float
    reason: str = ""
    retained: bool = False


@dataclass(slots=True)
class ChangeSet:
    """
    A proposal. ``changes`` have the shape of API_Change; ``execution`` is the ExecutionStatus.

    ``resources_failed`` makes the deployment leave a failed stack as it is (OnStackFailure=DO_NOTHING) or delete it.
    """

    change_set_id: str
    name: str
    type: str
    created: float
    deployment: Deployment
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    description: str = ""
    changes: tuple[Mapping[str, Any], ...] = ()
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    on_failure: str = ""


@dataclass(slots=True)
class Stack:
    """
    A stack. ``deployed`` is what its line was made of the last time that all went well; None before that, when ``begun``
    is what it was first made with.

    ``follows_files``: it is the template on disk that the runtime was started with, and is not kept; ``part_of`` names the
    application that it is run with where that has several stacks. ``nested`` are the stacks that
    it nests, by their logical ids; these name it and the outermost one.
    """

    stack_id: str
    name: str
    status: str
    created: float
    reason: str = ""
    updated: float | None = None
    deleted: float | None = None
    deployed: Deployment | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    output_members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    termination_protection: bool = False
    is_primary: bool = True
    follows_files: bool = False
    part_of: str = ""
    resources: dict[str, StackResource] = field(default_factory=dict)
    events: list[StackEvent] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    begun: Deployment | None = None
    parent_id: str = ""
    root_id: str = ""
    nested: dict[str, Stack] = field(default_factory=dict)

    @property
    def with_nested(self) -> Iterator[Stack]:
        """The stack, and those that it nests."""
        yield self
        for each in self.nested.values():
            yield from each.with_nested

    @property
    def is_settled(self) -> bool:
        """Whether the last deployment ended in a way that another can go on from: what can be updated."""
        return self.status in _SETTLED

    @property
    def template(self) -> Deployment | None:
        """What the stack is made of, as callers see it: the first deployment too while it goes on, and if it failed."""
        return self.deployed or self.begun

    @property
    def is_busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != REVIEW

    def tell(self, event_id: str, now: float, resource: StackResource, status: str, reason: str = "") -> None:
        """Set a resource's status, with an event."""
        resource.status, resource.reason = status, reason
        told = (resource.logical_id, resource.physical_id, resource.type, status, reason)
        resource.updated = self._add(StackEvent(event_id, now, *told))

    def turn(self, event_id: str, now: float, status: str, reason: str = "") -> None:
        """Set the stack's own status, with an event."""
        self.status, self.reason = status, reason
        self._add(StackEvent(event_id, now, self.name, self.stack_id, _STACK_TYPE, status, reason))

    def _add(self, event: StackEvent) -> float:
        # Clients tell new events from old ones by their time, in milliseconds: no two may have the same.
        after = self.events[-1].time + 0.001 if self.events else 0.0
        time = round(max(event.time, after), 3)
        self.events.append(replace(event, time=time))
        del self.events[:-MAX_EVENTS]
        return time

    def add_change_set(self, change_set: ChangeSet) -> None:
        self.change_sets[change_set.name] = change_set
        for name in list(self.change_sets)[:-MAX_CHANGE_SETS]:
            del self.change_sets[name]

    # --- in a file --------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError where it is not what ``to_json`` gives."""
        known = {each.name for each in fields(cls)}
        members = {name: value for name, value in content.items() if name in known}
        members["deployed"] = _deployment(content["deployed"])
        members["begun"] = _deployment(content.get("begun"))
        members["capabilities"] = tuple(content["capabilities"])
        members["resources"] = {name: StackResource(**each) for name, each in content["resources"].items()}
        members["events"] = [StackEvent(**each) for each in content["events"]]
        members["change_sets"] = {name: _change_set(each) for name, each in content["change_sets"].items()}
        members["nested"] = {name: cls.from_json(each) for name, each in content.get("nested", {}).items()}
        return cls(**members)


def _deployment(content: Mapping[str, Any] | None) -> Deployment | None:
    return None if content is None else Deployment(**content)


def _change_set(content: Mapping[str, Any]) -> ChangeSet:
    deployment = Deployment(**content["deployment"])
    sequences = {name: tuple(content[name]) for name in ("capabilities", "changes")}
    return ChangeSet(**{**content, **sequences, "deployment": deployment})


def at(time: float | None) -> datetime | None:
    """A time as answers have it."""
    return None if time is None else datetime.fromtimestamp(time, UTC)
