"""
The line in a test: a template, its schema and resolvers in this process, without sockets, in milliseconds.

In: a template's path; events and subscriptions. Out: what became of each event, and what each subscriber received. It is a
pytest plugin as well, with one fixture, ``livebus_line``::

    def test_an_order_arrives(livebus_line):
        line = livebus_line("template.yaml")
        customer = line.subscribe("subscription { onOrder { id } }", groups=["customers"])

        outcome = line.publish({"source": "shop", "detail-type": "order", "detail": {"id": "1"}})

        assert outcome.variables == {"id": "1"}
        assert customer.messages == [{"data": {"onOrder": {"id": "1"}}}]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import orjson
import pytest

from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC, Caller, Mode
from livebus.cdk_assembly import read_assembly, with_events_way
from livebus.data_source.functions import FunctionRequest, answered
from livebus.data_source.in_memory import Ask, HttpAnswers, InMemorySources
from livebus.errors import Fault, InvalidEvent, InvalidTemplate, LivebusError
from livebus.event.document import read_entries
from livebus.event.put_events import Refused, accept
from livebus.execution import Errors, GraphQLResponse
from livebus.files import content, is_folder, relative
from livebus.flow import Attempt, CompiledApi, Line, Published, Verdict, publish
from livebus.operation import Answer, GraphQLRequest, Services
from livebus.rehearsal.audience import caller_of
from livebus.rehearsal.samples import SampleReader
from livebus.subscription import InvalidFilter
from livebus.template.application import Function
from livebus.template.return_values import bus_name
from livebus.validate.project import Project

if TYPE_CHECKING:
    from livebus.runtime.functions.blocking import BlockingFunctions

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SIGNED_IN: tuple[Mode, ...] = (COGNITO, OIDC, LAMBDA, API_KEY, AWS_IAM)


class SubscriptionRefused(LivebusError):
    """AppSync does not start the subscription. ``errors`` are what it answers."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error.get("message")) for error in errors))


@dataclass(slots=True)
class Subscriber:
    """Someone who is subscribed: ``messages`` are the payloads in their order; ``ended`` that AppSync ended it."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False

    def deliver(self, payload: bytes) -> None:
        self.messages.append(orjson.loads(payload))

    def end(self) -> None:
        self.ended = True


@dataclass(frozen=True, slots=True)
class Tables:
    """The items of the line's tables, by a table's name or logical id."""

    _sources: InMemorySources

    def __getitem__(self, name: str) -> list[dict[str, Any]]:
        return self._sources.items(name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of one event. ``verdicts`` are those of all rules, ``attempts`` one for each target of those that match.

    ``variables``, ``result`` and ``errors`` are those of the only attempt; with several, look at ``attempts``. ``tables``
    holds the items of each table as they are now: ``outcome.tables["Orders"]``.
    """

    refused: Refused | None
    verdicts: tuple[Verdict, ...]
    attempts: tuple[Attempt, ...]
    tables: Tables

    @property
    def matched(self) -> list[str]:
        """The names of the rules that match."""
        return [verdict.rule.name for verdict in self.verdicts if verdict.matches]

    @property
    def attempt(self) -> Attempt:
        """The only attempt."""
        assert len(self.attempts) == 1, f"there are {len(self.attempts)} attempts: {self.why}"
        return self.attempts[0]

    @property
    def variables(self) -> Mapping[str, Any] | None:
        """The GraphQL variables that the target's input makes of the event."""
        return self.attempt.variables

    @property
    def result(self) -> Any:
        """The mutation's ``data``; None where AppSync was not asked."""
        response = self.attempt.response
        return response.data if response is not None else None

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        """The mutation's errors."""
        response = self.attempt.response
        return list(response.errors) if response is not None else []

    @property
    def failure(self) -> str:
        """Why EventBridge could not hand the event over; empty where it could."""
        failure = self.attempt.failure
        return f"{failure.code}: {failure.message}" if failure is not None else ""

    @property
    def dropped(self) -> list[str]:
        """Why subscribers that match get nothing: the message is too large."""
        return [
            each.reason
            for attempt in self.attempts
            for _, deliveries in attempt.published.deliveries
            for each in deliveries.dropped
        ]

    @property
    def why(self) -> str:
        """Why no rule matches, in words."""
        if self.refused is not None:
            return f"{self.refused.code}: {self.refused.message}"
        return "; ".join(f"{each.rule.name}: {', '.join(each.reasons)}" for each in self.verdicts if each.reasons)


class LocalLine:
    """
    An application in this process. Time stands still at ``now``, and ids count up, so that each run is the same.

    ``put_events`` are the entries that resolvers put on buses; ``sources`` are its tables, functions and HTTP endpoints.
    """

    def __init__(self, line: Line, *, now: datetime = NOW, sources: InMemorySources | None = None) -> None:
        self.line = line
        self.sources = sources or InMemorySources(line.application, now=now.timestamp())
        self._functions: BlockingFunctions | None = None
        self.now = now
        self.put_events: list[dict[str, Any]] = []
        self._count = 0
        self._reader = SampleReader(line.application, now)

    @classmethod
    def from_template(
        cls,
        template: str | Path,
        *,
        parameters: Mapping[str, str] | None = None,
        stack_name: str = "",
        region: str = "",
        now: datetime = NOW,
        tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        functions: Literal["run"] | Mapping[str, Callable[[Any], Any]] | None = None,
        http: HttpAnswers | None = None,
    ) -> Self:
        """
        Load a template with the files that it names, or the stacks of an application that ``cdk synth`` wrote into a folder.

        Raises InvalidTemplate with all faults, LivebusError where the folder has several applications.

        ``tables`` holds items by a table's name or logical id. ``functions`` are Python callables of the event, by a
        function's name or logical id; "run" runs the template's own in processes, until :meth:`close`. ``http`` answers
        by "METHOD URL". What is not given is an error of type NotEmulated.
        """
        project = _project(Path(template))
        environment = project.environment(stack_name=stack_name, region=region)
        inspection = project.inspect(parameters=parameters, environment=environment)
        faults: list[Fault] = list(inspection.reading_faults)
        faults += [fault for error in inspection.compilation.errors for fault in error.faults]
        faults = [fault for fault in faults if not fault.not_emulated]
        if faults:
            raise InvalidTemplate(faults=faults)
        line = inspection.compilation.line
        running = None
        if functions == "run":
            from livebus.runtime.functions.blocking import BlockingFunctions

            running = BlockingFunctions(line.application.functions, project.folder, region=line.application.region)
        ask = running.ask if running is not None else _asking(functions) if isinstance(functions, Mapping) else None
        sources = InMemorySources(line.application, now=now.timestamp(), items=tables, ask=ask, http=http)
        made = cls(line, now=now, sources=sources)
        made._functions = running
        return made

    def close(self) -> None:
        """End the processes of functions that run."""
        if self._functions is not None:
            self._functions.close()

    # --- subscribers ------------------------------------------------------------------------------------------------

    def subscribe(
        self,
        query: str,
        *,
        variables: Mapping[str, Any] | None = None,
        groups: Iterable[str] = (),
        claims: Mapping[str, Any] | None = None,
        mode: Mode | None = None,
        api: str = "",
    ) -> Subscriber:
        """
        Subscribe as someone of ``groups`` and with ``claims`` in the token.

        ``mode`` is how they are signed in (default: the first of the API's that apps use), ``api`` the logical id where
        the template has several. Raises SubscriptionRefused.
        """
        compiled = self._api(api)
        caller = self.caller(groups=groups, claims=claims, mode=mode, api=api)
        start = compiled.executor.subscribe(GraphQLRequest(query, variables or {}), caller, self._services())
        if isinstance(start, Errors):
            raise SubscriptionRefused(start.errors)
        subscriber = Subscriber()
        try:
            compiled.subscriptions.add(self, self._id(), start, subscriber)
        except InvalidFilter as error:
            raise SubscriptionRefused(error.errors) from None
        return subscriber

    def caller(
        self,
        *,
        groups: Iterable[str] = (),
        claims: Mapping[str, Any] | None = None,
        mode: Mode | None = None,
        api: str = "",
    ) -> Caller:
        """Someone who is signed in to an API."""
        modes = [provider.mode for provider in self._api(api).api.providers]
        chosen = mode or next(each for each in _SIGNED_IN if each in modes)
        assert chosen in modes, f"the API takes {', '.join(modes)}, not {chosen}"
        return caller_of(chosen, groups=frozenset(groups), claims=claims)

    # --- requests and events ----------------------------------------------------------------------------------------

    def execute(
        self, query: str, *, variables: Mapping[str, Any] | None = None, caller: Caller | None = None, api: str = ""
    ) -> GraphQLResponse:
        """Run a query or a mutation, as an app does over HTTP; what it publishes goes to the subscribers."""
        compiled = self._api(api)
        asking = caller or self.caller(api=api)
        response = compiled.executor.execute(GraphQLRequest(query, variables or {}), asking, self._services())
        _send(publish(compiled, response))
        return response

    def publish(self, event: Mapping[str, Any]) -> Outcome:
        """Put one event, a PutEvents entry or an event envelope, on its bus. Raises InvalidEvent."""
        found = read_entries(json.dumps(event).encode(), "event")
        if len(found) != 1:
            raise InvalidEvent(f"{len(found)} events", expected="one; publish_file takes several")
        return self._publish(found[0].entry)

    def publish_file(self, path: str | Path) -> list[Outcome]:
        """Put the events of a file on their buses. Raises InvalidEvent."""
        return [self._publish(found.entry) for found in read_entries(content(Path(path)), str(path))]

    def _publish(self, entry: Mapping[str, Any]) -> Outcome:
        event = self._reader.event(entry)
        if isinstance(event, Refused):
            return Outcome(event, (), (), Tables(self.sources))
        attempts = []
        for rule in self.line.rules_for(event):
            for target in rule.targets:
                attempt = self.line.attempt(event, target, self._services())
                _send(attempt.published)
                attempts.append(attempt)
        return Outcome(None, tuple(self.line.verdicts(event)), tuple(attempts), Tables(self.sources))

    def _api(self, logical_id: str) -> CompiledApi:
        apis = self.line.apis
        if not logical_id:
            assert len(apis) == 1, f"the template has several APIs, name one: {', '.join(apis)}"
            return next(iter(apis.values()))
        assert logical_id in apis, f"there is no API {logical_id!r}, but {', '.join(apis)}"
        return apis[logical_id]

    def _services(self) -> Services:
        return Services(self.now.timestamp(), self._id, self._put, self.sources.perform)

    def _id(self) -> str:
        self._count += 1
        return f"33333333-3333-4333-8333-{self._count:012x}"

    def _put(self, bus_arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """What the bus answers; the entries that it takes are kept."""
        application, answers = self.line.application, []
        for entry in entries:
            event_id = self._id()
            event = accept(
                entry,
                bus=bus_name(bus_arn),
                event_id=event_id,
                now=self.now,
                account=application.account,
                region=application.region,
            )
            if isinstance(event, Refused):
                answers.append({"ErrorCode": event.code, "ErrorMessage": event.message})
            else:
                self.put_events.append({**entry, "EventBusName": bus_arn})
                answers.append({"EventId": event_id})
        return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


def _send(published: Published) -> None:
    """Hand messages to subscribers, and end the subscriptions that are ended."""
    for _, deliveries in published.deliveries:
        for subscription, payload in deliveries:
            subscription.sink.deliver(payload)
    for subscription in published.ended:
        subscription.sink.end()


def _project(template: Path) -> Project:
    """A template's, or that of the one application in a cloud assembly through which events go."""
    assembly = read_assembly(template) if is_folder(template) else None
    if assembly is None:
        return Project(template)
    meant = with_events_way(assembly.applications)
    if len(meant) > 1:
        names = "; ".join(f"{relative(each.folder)}: {each.where}" for each in meant)
        found = f"{relative(template)!r} has {len(meant)} applications"
        raise LivebusError(found, advice=f"Name the folder of one: {names}.")
    if faults := meant[0].damage if meant else assembly.faults:
        raise InvalidTemplate(faults=list(faults))
    return Project.of(meant[0])


def _asking(functions: Mapping[str, Callable[[Any], Any]]) -> Ask:
    """Callables in place of functions; what one raises is the function's error."""

    def ask(function: Function, request: FunctionRequest, is_direct: bool) -> Answer:  # noqa: FBT001 - as Ask has it
        called = functions.get(function.logical_id, functions.get(function.name))
        if called is None:
            message = f"the test gives no function {function.logical_id!r}"
            return Answer(error={"message": message, "type": "NotEmulated"})
        try:
            result = json.dumps(called(json.loads(request.body))).encode()
        except Exception as error:  # noqa: BLE001 - a function may raise what it likes
            return answered(b"", {"errorType": type(error).__name__, "errorMessage": str(error)}, is_direct=is_direct)
        return Answer() if request.type == "Event" else answered(result, {}, is_direct=is_direct)

    return ask


@pytest.fixture(scope="session")
def livebus_line() -> Iterator[Callable[..., LocalLine]]:
    """
    Makes lines: ``livebus_line("template.yaml", tables={"Orders": [{…}]}, functions={"Price": lambda event: …})``.

    Each has subscribers and tables of its own.
    """
    made: list[LocalLine] = []

    def make(*given: Any, **options: Any) -> LocalLine:
        made.append(LocalLine.from_template(*given, **options))
        return made[-1]

    yield make
    for line in made:
        line.close()
