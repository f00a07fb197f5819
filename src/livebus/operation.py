"""
Data: what passes between execution, resolvers and subscriptions.

A GraphQL request as it came in, what a resolver gave back, what a mutation publishes, what a subscriber asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from livebus.record import record


@record
class GraphQLRequest:
    """One GraphQL request: the document's text, and what came with it."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """A data source, as far as whoever calls it has to know."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Call:
    """
    A call of a data source that a resolver asks for: ``request`` is the request handler's value, as JSON.

    It is data: the stations perform nothing. Calls with the same ``batch`` that are asked for together go as one, up to
    ``batch_size`` of them; empty where a call goes alone. ``is_direct``: no handler stands between the field and a function,
    whose answers to a batch have their errors beside their data.
    """

    source: Source
    request: Any
    batch: str = ""
    batch_size: int = 0
    is_direct: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a data source answered: ``ctx.result`` and ``ctx.error`` (message and type, None where all went well).

    ``milliseconds`` is how long that took, where somebody looked at the clock.
    """

    result: Any = None
    error: Mapping[str, Any] | None = None
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """A call with its answer, for the record."""

    call: Call
    answer: Answer


T = TypeVar("T")
# Yields the calls that may be made side by side, is sent their answers in the same order, and returns what came of it.
Asking = Generator[Sequence[Call], Sequence[Answer], T]


def driven(asking: Asking[T], perform: Callable[[Call], Answer]) -> T:
    """Perform the calls one after another, to the end."""
    try:
        calls = next(asking)
        while True:
            calls = asking.send([perform(call) for call in calls])
    except StopIteration as ended:
        result: T = ended.value
        return result


def watched(asking: Asking[T], tell: Callable[[Sequence[Called]], object]) -> Asking[T]:
    """The same; calls are told with their answers as soon as these are there."""
    try:
        calls = next(asking)
        while True:
            answers = yield calls
            tell([Called(call, answer) for call, answer in zip(calls, answers, strict=True)])
            calls = asking.send(answers)
    except StopIteration as ended:
        result: T = ended.value
        return result


def recorded(asking: Asking[T], record: list[Called]) -> Asking[T]:
    """The same, and each call with its answer is added to the record."""
    return watched(asking, record.extend)


def not_emulated(call: Call) -> Answer:
    """The answer of a data source that nobody plays here."""
    message = f"The data source {call.source.name!r} ({call.source.type}) is not emulated by the local runtime."
    return Answer(error={"message": message, "type": "NotEmulated"})


class Exceeded(Exception):
    """A limit ended a run of a resolver's code; ``str()`` says which."""


@dataclass(frozen=True, eq=False, slots=True)
class Loading:
    """
    What an engine loads for one resolver: its code files as JavaScript functions, its data sources' types and the API's
    environment variables as JSON, its limits in seconds of processor time and bytes.
    """

    factories: tuple[str, ...]
    sources: str
    variables: str
    time_limit: float
    memory_limit: int


class Sandbox(Protocol):
    """Runs code where it can be ended, whatever it does."""

    def run(self, loading: Loading, context: str, now: float, answers: str | None) -> str:
        """
        Run a resolver once, as ``Engine.run`` does; its outcome as JSON. Raises Exceeded.

        ``answers`` is None for the first run of a resolution: the time limit holds for all its runs together.
        """
        ...


class Allowance(Protocol):
    """How long a request may hold others up. What it waits for data sources, between ``pause`` and ``resume``, is free."""

    def has_time(self) -> bool: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


PutEvents = Callable[[str, Sequence[Mapping[str, Any]]], Mapping[str, Any]]
"""Takes an event bus ARN and PutEvents entries, and returns PutEvents' answer."""


@record
class Services:
    """
    What a request may reach besides its arguments: the time (epoch seconds), new ids (UUID texts), event buses.

    ``put_events`` takes an event bus ARN and PutEvents entries, and returns PutEvents' answer; None where the
    caller offers no bus. ``call`` performs a data source's call where nobody drives the calls of a request from outside.
    ``sandbox`` runs the code that the process itself cannot be sure to end; without one all code runs in the process.
    ``allowance`` says whether the request may go on; without it it may take as long as it does.
    """

    now: float
    new_id: Callable[[], str]
    put_events: PutEvents | None = None
    call: Callable[[Call], Answer] = not_emulated
    sandbox: Sandbox | None = None
    allowance: Allowance | None = None


@dataclass(frozen=True, slots=True)
class ResolverError:
    """An error as a resolver raised it: ``util.error(message, errorType, data, errorInfo)`` or a fault of its code."""

    message: str
    error_type: str | None = None
    data: Any = None
    error_info: Any = None


# Of a name and a value there are 4,096 characters: whatever comes after so many is too much.
MAX_RESPONSE_HEADERS = 4097


@record
class Resolution:
    """
    What a resolver gave back: a value, or an error that ends the field; errors appended on the way.

    The filters are those of ``extensions.setSubscriptionFilter`` and ``setSubscriptionInvalidationFilter``,
    ``invalidations`` those of ``invalidateSubscriptions``; ``logs`` what ``console.log`` was given. ``response_headers`` are
    names and values (None for null) of ``util.http.addResponseHeader``, as they were asked for: no more than
    MAX_RESPONSE_HEADERS.
    """

    value: Any = None
    error: ResolverError | None = None
    appended: tuple[ResolverError, ...] = ()
    subscription_filter: Mapping[str, Any] | None = None
    invalidation_filter: Mapping[str, Any] | None = None
    invalidations: tuple[Mapping[str, Any], ...] = ()
    logs: tuple[str, ...] = ()
    response_headers: tuple[tuple[str, str | None], ...] = ()


# What a resolver was told by the outside so far, by kind of question; it belongs to one field of one request.
Told: TypeAlias = dict[str, list[Any]]


class Resolver(Protocol):
    """
    Resolves one field: a unit or pipeline resolver, compiled.

    ``asks`` says whether it may ask for calls of data sources.
    """

    @property
    def asks(self) -> bool: ...

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution | Call:
        """
        Resolve the field, or ask for a call: then it is run again with the call's Answer appended to ``told["call"]``, as an object.

        ``context`` holds arguments, identity, source, request, info and env, in the shapes of AppSync's ``ctx``.
        """
        ...


@record
class Publication:
    """
    What a mutation publishes: its field, and its result restricted to the caller's selection.

    ``value`` is keyed by field names (never aliases), so that a subscriber's selection can be laid over it.
    """

    mutation: str
    value: Any


@dataclass(frozen=True, slots=True)
class Selected:
    """
    One field of a subscriber's selection, ready to be laid over a published value.

    ``type_text`` is the field's type in SDL (``[Order!]!``), ``type_conditions`` the object types for which it counts
    (None: all), ``children`` its own selection, empty for scalars and enums. ``__typename`` appears as a field.
    """

    response_key: str
    field_name: str
    parent_type: str
    type_text: str
    named_type: str
    children: tuple[Selected, ...] = ()
    type_conditions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionStart:
    """
    A subscription that may begin: its root field, the arguments that were given (an explicit null is kept), selection.

    ``arguments`` holds only those that stand in the document; a declared variable without a value counts as null,
    as AppSync has it. The filters come from the field's own resolver, if it has one.
    """

    selection: Selected
    arguments: Mapping[str, Any]
    subscription_filter: Mapping[str, Any] | None = None
    invalidation_filter: Mapping[str, Any] | None = None
