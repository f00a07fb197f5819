"""Data: buses, rules and their targets, the queues and roles that these name, archives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from livebus.errors import InvalidEventPattern, Place
from livebus.template.api_destination import NO_PARAMETERS, ApiDestination, HttpParameters

if TYPE_CHECKING:
    from livebus.template.event_patterns import WrittenPattern


@dataclass(frozen=True, slots=True)
class EventBus:
    """AWS::Events::EventBus, or the account's ``default`` bus (which has no logical id)."""

    name: str
    arn: str
    logical_id: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Queue:
    """
    AWS::SQS::Queue. ``policies`` are the statements of its QueuePolicy.

    One that the template names by its ARN only has no logical id and no URL; its policy is not known, and admits everyone.
    """

    name: str
    arn: str
    url: str
    logical_id: str
    fifo: bool = False
    policies: tuple[Mapping[str, Any], ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Role:
    """
    AWS::IAM::Role: who may assume it, and what it may do. Statements are as in the template, intrinsics resolved.

    One that the template names by its ARN only has no logical id; what it may do is not known, and counts as everything.
    """

    name: str
    arn: str
    logical_id: str
    trust: tuple[Mapping[str, Any], ...] = ()
    statements: tuple[Mapping[str, Any], ...] = ()
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long EventBridge tries. AWS's defaults: 185 retries, 24 hours."""

    maximum_retry_attempts: int = 185
    maximum_event_age_in_seconds: int = 86_400


@dataclass(frozen=True, slots=True)
class Destination:
    """
    Where a target leads that is neither an API nor a function of the template: ``service`` is the third part of its ARN.

    One of ``queue``, ``event_bus`` (a name), ``log_group`` (a name) and ``api`` is there where the local runtime delivers to
    it; none of them where the service, or that resource of it, is not emulated. ``parameters`` are the target's, for ``api``.

    ``graphql_api`` is the endpoint's ARN of an API that another stack of the runtime has, or had: it is looked up where stacks
    run beside each other (``livebus.linking``), and while none has it, events fail.
    """

    service: str
    queue: Queue | None = None
    event_bus: str = ""
    log_group: str = ""
    api: ApiDestination | None = None
    parameters: HttpParameters = NO_PARAMETERS
    graphql_api: str = ""

    @property
    def unsent(self) -> str:
        """Why the local runtime sends nothing there; empty where it does."""
        if self.api is not None:
            return self.api.out_of_reach
        if self.queue is not None or self.event_bus or self.log_group or self.graphql_api:
            return ""
        return f"a target of {self.service or 'another stack'!r} is not emulated by the local runtime: nothing is sent"

    @property
    def is_emulated(self) -> bool:
        return not self.unsent


@dataclass(frozen=True, slots=True)
class Target:
    """
    One target of a rule: an AppSync API, the mutation, and the role that EventBridge assumes to run it; or a function.

    At most one of ``input`` (JSON text), ``input_path`` and ``input_transformer`` (``InputPathsMap`` and
    ``InputTemplate``) is not None; with none of them the whole event becomes the variables, or the function's event.
    ``arn`` is the API's GraphQLEndpointArn; ``api`` the logical id of that API in the same template. ``function`` is
    that of a Lambda function, where the target is one: ``api`` and ``graphql_operation`` are empty then. So they are where
    the target is a ``destination`` of any other kind.
    """

    id: str
    arn: str
    api: str
    graphql_operation: str
    operation_place: Place = Place()
    role: Role | None = None
    input: str | None = None
    input_path: str | None = None
    input_transformer: Mapping[str, Any] | None = None
    input_place: Place = Place()
    retry_policy: RetryPolicy = RetryPolicy()
    dead_letter: Queue | None = None
    place: Place = Place()
    function: str = ""
    destination: Destination | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """
    AWS::Events::Rule with an event pattern (JSON text; scheduled rules carry None and never match).

    ``targets`` are AppSync APIs, ``function_targets`` Lambda functions, ``other_targets`` everything else. ``bus_refused``: its
    bus is none that AWS lets a rule be on, which a fault tells; no event gets to it. ``written_pattern`` is the pattern as it stands in the template, where it can be read.
    """

    name: str
    arn: str
    bus: str
    event_pattern: str | None
    logical_id: str
    enabled: bool = True
    targets: tuple[Target, ...] = ()
    pattern_place: Place = Place()
    place: Place = Place()
    function_targets: tuple[Target, ...] = ()
    other_targets: tuple[Target, ...] = ()
    bus_refused: bool = False
    written_pattern: WrittenPattern | None = field(default=None, repr=False, compare=False)

    def pattern_refused(self, refusal: InvalidEventPattern) -> InvalidEventPattern:
        """What EventBridge says of the pattern, told of the template's text."""
        return _refused(self.written_pattern, refusal, self.pattern_place)


@dataclass(frozen=True, slots=True)
class Archive:
    """AWS::Events::Archive of a bus: a pattern (JSON text, None for every event), days of retention, 0 for ever."""

    name: str
    arn: str
    bus: str
    bus_arn: str
    event_pattern: str | None = None
    retention_days: int = 0
    description: str = ""
    logical_id: str = ""
    place: Place = Place()
    written_pattern: WrittenPattern | None = field(default=None, repr=False, compare=False)

    def pattern_refused(self, refusal: InvalidEventPattern) -> InvalidEventPattern:
        """What EventBridge says of the pattern, told of the template's text."""
        return _refused(self.written_pattern, refusal, self.place)


def _refused(written: WrittenPattern | None, refusal: InvalidEventPattern, place: Place) -> InvalidEventPattern:
    if written is not None:
        return written.refused(refusal)
    return InvalidEventPattern(refusal.reason, line=refusal.line, column=refusal.column, place=place)
