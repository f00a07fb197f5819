"""
Runs resolvers that are written in mapping templates: unit resolvers, and pipelines of functions.

In: a ResolverConfig with templates, then for each field that is resolved the members of AppSync's ``ctx``. Out: a
Resolution. A template that does not parse is taken, as AppSync takes it, and the field ends in an error each time. What
the versions 2017-02-28 and 2018-05-29 have different stands in :meth:`_Run._answered`.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-changelog.html
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from livebus.errors import InvalidMappingTemplate
from livebus.operation import MAX_RESPONSE_HEADERS, Call, Resolution, ResolverError, Services, Told
from livebus.resolver.data_sources import IN_PLACE, call_of, put_events
from livebus.resolver.direct import direct_payload
from livebus.resolver.documents import Refused, payload_of, put_events_entries, request_document
from livebus.template.application import (
    DataSource,
    MappingTemplates,
    PipelineFunction,
    ResolverConfig,
    TemplateText,
)
from livebus.vtl import Evaluated, MappingTemplate, NotJson

VERSIONS = ("2017-02-28", "2018-05-29")


@dataclass(frozen=True, slots=True)
class Invocation:
    """
    A data source to be called, with the document that a request template made.

    ``is_direct``: no request template made it, but the field's context is what a function gets.
    """

    source: DataSource
    document: Mapping[str, Any]
    max_batch_size: int = 0
    is_direct: bool = False

    def call(self) -> Call:
        return call_of(self.source, self.document, self.max_batch_size, is_direct=self.is_direct)


@dataclass(frozen=True, slots=True)
class _Answered:
    """What a data source gave: ``error`` is ``ctx.error``; with ``halt`` the field ends for that reason."""

    result: Any = None
    error: Mapping[str, Any] | None = None
    halt: str | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """What a template came to: JSON, or what it returned (``ended``)."""

    value: Any
    ended: bool = False


class _Ended(Exception):
    """The field ends in this error."""

    def __init__(self, error: ResolverError) -> None:
        self.error = error
        super().__init__(error.message)


class _Template:
    """One mapping template of a resolver, parsed; or what is wrong with it."""

    __slots__ = ("place", "refusal", "template")

    def __init__(self, text: TemplateText) -> None:
        self.place = text.place
        self.template: MappingTemplate | None = None
        self.refusal: InvalidMappingTemplate | None = None
        try:
            self.template = MappingTemplate(text.text)
        except InvalidMappingTemplate as invalid:
            self.refusal = invalid


class _Step:
    """A unit resolver, a function of a pipeline, or what goes before and after the functions (no source)."""

    __slots__ = ("is_direct", "max_batch_size", "request", "response", "source")

    def __init__(self, part: ResolverConfig | PipelineFunction) -> None:
        templates = part.templates or MappingTemplates()
        self.source = part.data_source
        self.max_batch_size = part.max_batch_size
        # Either template may also be left out alone: then AppSync stands in for that one.
        self.is_direct = self.source is not None and self.source.type == "AWS_LAMBDA" and templates.request is None
        self.request = None if templates.request is None else _Template(templates.request)
        self.response = None if templates.response is None else _Template(templates.response)


class MappingResolver:
    """A resolver whose templates are parsed, once."""

    __slots__ = ("_environment_variables", "_functions", "_step")

    def __init__(self, config: ResolverConfig, environment_variables: Mapping[str, str]) -> None:
        self._environment_variables = dict(environment_variables)
        self._step = _Step(config)
        self._functions = tuple(map(_Step, config.functions))

    @property
    def asks(self) -> bool:
        sources = (self._step.source, *(function.source for function in self._functions))
        return any(source is not None and source.type not in IN_PLACE for source in sources)

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution | Call:
        """Resolve one field; whatever the templates do wrong is the Resolution's error."""
        memory = _Memory({} if told is None else told, services)
        run = _Run(context, self._environment_variables, replace(services, new_id=memory.new_id))
        steps = run.pipeline(self._step, self._functions) if self._functions else run.unit(self._step)
        error: ResolverError | None = None
        value: Any = None
        try:
            invocation = next(steps)
            while True:
                answer = memory.answer(invocation)
                if answer is None:
                    return invocation.call()
                invocation = steps.send(answer)
        except StopIteration as done:
            value = done.value
        except _Ended as ended:
            error = ended.error
        return run.resolution(value, error)


class _Memory:
    """
    What a field's resolver was told so far. It runs from its beginning each time, and is told the same again: answers of data
    sources in their order, ids in theirs.
    """

    def __init__(self, told: Told, services: Services) -> None:
        self._told = told
        self._services = services
        self._used = {"call": 0, "events": 0, "id": 0}

    def new_id(self) -> str:
        return str(self._next("id", self._services.new_id))

    def answer(self, invocation: Invocation) -> _Answered | None:
        """What a data source answered; None where whoever drives the request has to call it first."""
        source, document = invocation.source, invocation.document
        if source.type == "NONE":
            return _Answered(payload_of(document))
        if source.type == "AMAZON_EVENTBRIDGE":
            given = self._next("events", lambda: put_events(source, put_events_entries(document), self._services))
            return _Answered(given.get("result"), given.get("error"), given.get("halt"))
        known = self._told.get("call", ())
        if self._used["call"] == len(known):
            return None
        given = known[self._used["call"]]
        self._used["call"] += 1
        return _Answered(given["result"], given["error"])

    def _next(self, kind: str, make: Callable[[], Any]) -> Any:
        known = self._told.setdefault(kind, [])
        index = self._used[kind]
        self._used[kind] += 1
        if index == len(known):
            known.append(make())
        return known[index]


class _Run:
    """One run: ``$ctx`` as the templates leave it to one another, and what they brought about."""

    def __init__(self, context: Mapping[str, Any], environment: Mapping[str, str], services: Services) -> None:
        self._services = services
        arguments = context.get("arguments") or {}
        self._context: dict[str, Any] = {
            **context,
            "arguments": arguments,
            "args": arguments,
            "env": environment,
            "stash": {},
            "result": None,
            "prev": None,
            "error": None,
            "outErrors": [],
        }
        self._resolution = Resolution()

    def resolution(self, value: Any, error: ResolverError | None) -> Resolution:
        return replace(self._resolution, value=value, error=error)

    # --- the order of templates and data sources --------------------------------------------------------------------

    def unit(self, step: _Step) -> Generator[Invocation, _Answered, Any]:
        return (yield from self._carried_out(step)).value

    def pipeline(self, step: _Step, functions: tuple[_Step, ...]) -> Generator[Invocation, _Answered, Any]:
        before = self._evaluated(step.request, result=None, prev=None, error=None)
        if before.ended:
            return before.value
        value = before.value
        for function in functions:
            value = (yield from self._carried_out(function, prev={"result": value}, version=VERSIONS[1])).value
        after = self._evaluated(step.response, result=value, prev={"result": value}, error=None)
        return value if step.response is None else after.value

    def _carried_out(
        self, step: _Step, *, prev: Any = None, version: str | None = None
    ) -> Generator[Invocation, _Answered, _Value]:
        """Request template, data source, response template. ``version`` is the function's, which counts for itself."""
        asked = self._evaluated(step.request, result=None, prev=prev, error=None)
        if asked.ended:
            return asked
        assert step.source is not None, "what is carried out has a data source"
        answer = _Answered()
        value: Any = asked.value
        if step.is_direct:
            value = {"version": VERSIONS[1], "operation": "Invoke", "payload": direct_payload(self._context, prev)}
        try:
            document, written = request_document(value, VERSIONS, step.source, version)
            answer = yield Invocation(step.source, document, step.max_batch_size, step.is_direct)
        except Refused as refused:
            raise self._fault(step.request, str(refused)) from None
        if answer.halt is not None:
            raise _Ended(ResolverError(answer.halt, "NotEmulated"))
        return self._answered(step, answer, prev, written)

    def _answered(self, step: _Step, answer: _Answered, prev: Any, version: str) -> _Value:
        """What becomes of a data source's answer, by the version of the request."""
        error = answer.error
        if version == VERSIONS[0]:
            # The response template makes the error's data, and is not evaluated for a null.
            if error is None and answer.result is None:
                return _Value(None)
            given = self._evaluated(step.response, result=answer.result, prev=prev, error=error)
            if error is not None:
                raise _Ended(ResolverError(str(error.get("message")), error.get("type"), given.value))
            return _Value(answer.result) if step.response is None else given
        if step.response is None:
            if error is not None:
                raise _Ended(ResolverError(str(error.get("message")), error.get("type"), answer.result))
            return _Value(answer.result)
        return self._evaluated(step.response, result=answer.result, prev=prev, error=error)

    # --- one template -----------------------------------------------------------------------------------------------

    def _evaluated(self, template: _Template | None, **members: Any) -> _Value:
        """A template's value: its text as JSON, or what it returned. Without a template, null."""
        if template is None:
            return _Value(None)
        if template.template is None:
            assert template.refusal is not None, "either it parses, or not"
            raise self._fault(template, template.refusal.reason, (template.refusal.line, template.refusal.column))
        outcome = template.template.evaluate({**self._context, **members}, self._services)
        self._collect(template, outcome)
        if outcome.error is not None:
            raise _Ended(outcome.error)
        if outcome.returned:
            return _Value(outcome.value, ended=True)
        try:
            return _Value(outcome.json())
        except NotJson as unreadable:
            raise self._fault(template, str(unreadable)) from None

    def _collect(self, template: _Template, outcome: Evaluated) -> None:
        """Keep what a template changed and brought about, for the next one and for the Resolution."""
        for name in ("stash", "arguments", "args", "outErrors"):
            self._context[name] = outcome.context.get(name)
        effects, so_far = outcome.effects, self._resolution
        logs = [
            f"{line.level} - {template.place.shifted(line.line, line.column)}: {line.text}" for line in effects.logs
        ]
        if outcome.error is not None and outcome.error_place is not None and outcome.error.error_type == FAULT:
            logs.append(f"ERROR - {template.place.shifted(*outcome.error_place)}: {outcome.error.message}")
        known = so_far.invalidations
        self._resolution = replace(
            so_far,
            appended=(*so_far.appended, *effects.appended),
            subscription_filter=effects.subscription_filter or so_far.subscription_filter,
            invalidation_filter=effects.invalidation_filter or so_far.invalidation_filter,
            invalidations=(*known, *(each for each in effects.invalidations if each not in known)),
            logs=(*so_far.logs, *logs),
            response_headers=(*so_far.response_headers, *effects.response_headers)[:MAX_RESPONSE_HEADERS],
        )

    def _fault(self, template: _Template | None, message: str, at: tuple[int, int] | None = None) -> _Ended:
        """The field ends because of a template that AppSync cannot evaluate; the log says where it stands."""
        if template is not None:
            place = template.place if at is None else template.place.shifted(*at)
            log = f"ERROR - {place}: {message}"
            self._resolution = replace(self._resolution, logs=(*self._resolution.logs, log))
        return _Ended(ResolverError(message, FAULT))


FAULT = "MappingTemplate"
"""The errorType of a template that AppSync cannot evaluate, or whose text it cannot use."""
