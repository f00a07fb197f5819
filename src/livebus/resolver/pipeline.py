"""
Compiles a resolver's configuration and runs it: unit resolvers, and pipelines of functions.

In: a ResolverConfig of the template, then for each field that is resolved the members of AppSync's ``ctx``. Out: a
Resolution. The order of handlers and data sources stands in ``driver.js``; here its questions to the outside are answered.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from livebus.errors import Fault, InvalidResolver
from livebus.operation import Call, Exceeded, Loading, Resolution, Resolver, ResolverError, Sandbox, Services, Told
from livebus.resolver.code import CodeFile, read_code
from livebus.resolver.data_sources import IN_PLACE, call_of, put_events
from livebus.resolver.direct import CODE as DIRECT
from livebus.resolver.engine import MEMORY_LIMIT, TIME_LIMIT, Engine, from_json, to_json
from livebus.resolver.not_emulated import NotEmulatedResolver
from livebus.resolver.passing import AskTheEngine
from livebus.resolver.plain import MAX_INPUT, are_plain
from livebus.resolver.zones import zone_at
from livebus.template.application import DataSource, ResolverConfig

if TYPE_CHECKING:
    from livebus.resolver.xml_answers import XmlAnswers

MAX_FUNCTIONS = 10  # in a pipeline
# Of what only the outside knows (zones, ids, event buses): each question costs another run of the code.
MAX_QUESTIONS = 1_000
_MOST_IDS = 65_536


def compile_resolver(
    config: ResolverConfig,
    *,
    environment_variables: Mapping[str, str] | None = None,
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
) -> Resolver:
    """
    Compile a unit or pipeline resolver; InvalidResolver holds every fault of every code file. One that uses what another stack has
    only says so.

    ``environment_variables`` are the API's, seen as ``ctx.env``. ``time_limit`` is in seconds of processor time between
    two answers from outside, ``memory_limit`` in bytes.
    """
    parts = config.parts
    if config.elsewhere:
        return NotEmulatedResolver(InvalidResolver(faults=config.elsewhere))
    faults = _structural(config)
    if config.is_direct or any(part.templates is not None for part in parts):
        if faults:
            raise InvalidResolver(faults=faults)
        # The template language is loaded where a resolver is written in it.
        from livebus.resolver.mapping import MappingResolver

        return MappingResolver(config, environment_variables or {})
    code: list[CodeFile] = []
    read: dict[tuple[str, str], CodeFile | None] = {}
    for part in parts:
        text, file = (DIRECT, "") if part.is_direct else (part.code, part.code_file)
        if (text, file) not in read:
            read[text, file], found_faults = read_code(text, file)
            faults += found_faults
        if (code_file := read[text, file]) is not None:
            code.append(code_file)
    if faults:
        raise InvalidResolver(faults=faults)
    return CompiledResolver(
        code,
        [part.data_source for part in parts],
        dict(environment_variables or {}),
        time_limit,
        memory_limit,
        batches=[(part.max_batch_size, part.is_direct) for part in parts],
    )


def _structural(config: ResolverConfig) -> list[Fault]:
    """What is wrong with a resolver whatever stands in its code."""
    field = f"{config.type_name}.{config.field_name}"
    faults: list[Fault] = []
    if config.functions and config.data_source is not None:
        faults.append(Fault(f"{field} has a data source and functions", config.place, "one of the two"))
    if not config.functions and config.data_source is None:
        faults.append(Fault(f"{field} has neither a data source nor functions", config.place, "one of the two"))
    if len(config.functions) > MAX_FUNCTIONS:
        found = f"The pipeline of {field} has {len(config.functions)} functions"
        faults.append(Fault(found, config.place, f"at most {MAX_FUNCTIONS}"))
    if len({part.templates is None for part in config.parts if not part.is_direct}) > 1:
        found = f"The pipeline of {field} has functions in code and in mapping templates, which is not emulated"
        faults.append(Fault(found, config.place, "all of it in one of the two", not_emulated=True))
    return faults


class CompiledResolver:
    """
    A resolver whose code is loaded. ``sources`` are its data sources in the order of its code files, ``batches`` the
    MaxBatchSize of each and whether it invokes a function directly.
    """

    __slots__ = ("_batches", "_code", "_engine", "_is_plain", "_loading", "_passing", "_sources")

    def __init__(
        self,
        code: Sequence[CodeFile],
        sources: Sequence[DataSource | None],
        environment_variables: Mapping[str, str],
        time_limit: float,
        memory_limit: int,
        *,
        batches: Sequence[tuple[int, bool]] = (),
    ) -> None:
        self._code = tuple(code)
        self._batches = tuple(batches)
        self._sources = tuple(sources)
        types = [None if source is None else source.type for source in sources]
        factories = tuple(file.factory for file in code)
        self._loading = Loading(
            factories, to_json(types), to_json(dict(environment_variables)), time_limit, memory_limit
        )
        self._is_plain = are_plain([file.growth for file in code])
        self._passing = code[0].passing if types == ["NONE"] else None
        self._engine: Engine | None = Engine(self._loading)

    @property
    def asks(self) -> bool:
        return any(source is not None and source.type not in IN_PLACE for source in self._sources)

    def run(self, context: Mapping[str, Any], services: Services, told: Told | None = None) -> Resolution | Call:
        """Resolve one field; whatever the code does wrong is the Resolution's error."""
        if self._passing is not None:
            try:  # contextlib's suppress would cost each event more than the handlers do
                return Resolution(self._passing(context))
            except AskTheEngine:
                pass
        text = to_json(context)
        engine, sandbox = self._engine, services.sandbox
        if engine is None or not (sandbox is None or (self._is_plain and len(text) <= MAX_INPUT)):
            run = self._elsewhere(sandbox)
        else:
            run = engine.run
        # Whole milliseconds; the thousandth keeps 1.001 s at 1001 ms where the product falls just short of it. A float,
        # as the engine takes larger integers for a type of their own.
        now = float(int(services.now * 1000 + 0.001))
        try:
            outcome = from_json(run(text, now, to_json(told) if told else None))
            if "ask" in outcome:
                outcome = self._answered(run, (text, now), outcome, services, {} if told is None else told)
        except Exceeded as exceeded:
            self._engine = None
            log = f"ERROR - {self._code[0].file}: {exceeded}"
            return Resolution(error=ResolverError(f"code.js: {exceeded}", "Code"), logs=(log,))
        if "ask" in outcome:
            return self._call(outcome["question"])
        if len(outcome) == 1:
            return Resolution(outcome["value"])
        return self._resolution(outcome)

    def _elsewhere(self, sandbox: Sandbox | None) -> Callable[[str, float, str | None], str]:
        """What runs the code in place of the engine that is here: the sandbox, or a new engine."""
        if sandbox is not None:
            return partial(sandbox.run, self._loading)
        self._engine = Engine(self._loading)
        return self._engine.run

    def _answered(
        self,
        run: Callable[[str, float, str | None], str],
        given: tuple[str, float],
        outcome: dict[str, Any],
        services: Services,
        answers: Told,
    ) -> dict[str, Any]:
        """Go on with what can be answered here, to the run's end or to a data source's call."""
        asked = 0
        xml: XmlAnswers | None = None
        while (kind := outcome.get("ask")) is not None and kind != "call":
            asked += 1
            if asked > MAX_QUESTIONS or len(answers.get("id", ())) >= _MOST_IDS:
                raise Exceeded(
                    f"The code asks for more than {MAX_QUESTIONS:,} zones, ids, XML texts and event buses and was ended"
                )
            question = outcome["question"]
            if kind == "id":
                # Twice as many each time, so that a loop over ids does not run the code once for each of them.
                known = answers.setdefault("id", [])
                known += [services.new_id() for _ in range(max(1, len(known)))]
            elif kind == "xml":
                xml = xml or _xml_answers()
                answers.setdefault("xml", []).append(xml.answer(question))
            elif kind == "zone":
                answers.setdefault("zone", []).append(
                    zone_at(question["zone"], question["millis"], local=question["local"])
                )
            else:
                source = self._sources[question["module"]]
                assert source is not None, "only a data source puts events"
                answers.setdefault("events", []).append(put_events(source, question["entries"], services))
            outcome = from_json(run(*given, to_json(answers)))
        return outcome

    def _call(self, question: Mapping[str, Any]) -> Call:
        module = question["module"]
        source, (max_batch_size, is_direct) = self._sources[module], self._batches[module]
        assert source is not None, "only a data source is called"
        return call_of(source, question["request"], max_batch_size, is_direct=is_direct)

    def _resolution(self, outcome: Mapping[str, Any]) -> Resolution:
        error = outcome.get("error")
        logs = [self._log(entry) for entry in outcome.get("logs", ())]
        if error is not None and (fault := error.get("fault")) is not None:
            logs.append(self._log({**fault, "level": "ERROR"}))
        return Resolution(
            outcome.get("value"),
            None if error is None else _error(error),
            tuple(_error(appended) for appended in outcome.get("appended", ())),
            outcome.get("subscriptionFilter"),
            outcome.get("invalidationFilter"),
            tuple(outcome.get("invalidations", ())),
            tuple(logs),
            tuple((name, value) for name, value in outcome.get("responseHeaders", ())),
        )

    def _log(self, entry: Mapping[str, Any]) -> str:
        code = self._code[entry["module"]]
        if entry["line"] is None:
            return f"{entry['level']} - {code.file}: {entry['text']}"
        line, column = code.call_position((entry["line"], entry["column"]))
        return f"{entry['level']} - {code.file}:{line}:{column}: {entry['text']}"


def _xml_answers() -> XmlAnswers:
    from livebus.resolver.xml_answers import XmlAnswers

    return XmlAnswers()


def _error(error: Mapping[str, Any]) -> ResolverError:
    return ResolverError(error["message"], error["type"], error.get("data"), error.get("info"))
