"""Resolvers in mapping templates: unit and pipeline, both versions, data sources, what cannot be evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from livebus.errors import InvalidResolver, Place, Unreachable
from livebus.operation import Call, Resolution, ResolverError, Services
from livebus.resolver import compile_resolver
from livebus.template.application import (
    DataSource,
    MappingTemplates,
    PipelineFunction,
    ResolverConfig,
    TemplateText,
)

NONE = DataSource("Nothing", "NONE")
ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/shop"
BUS = DataSource("Shop", "AMAZON_EVENTBRIDGE", ARN)
RESULT = "$util.toJson($ctx.result)"
VERSION = '"version": "2018-05-29"'
EVENT = (
    f'{{{VERSION}, "operation": "PutEvents", "events": [{{"source": "shop", "detailType": "Placed", '
    '"detail": $util.toJson($ctx.args), "resources": ["r"], "time": "2023-11-14T22:13:20Z"}]}'
)
Templates = tuple[str | None, str | None]


def templates(request: str | None, response: str | None, name: str) -> MappingTemplates:
    return MappingTemplates(
        None if request is None else TemplateText(request, Place(f"{name}.req.vtl", 1, 1)),
        None if response is None else TemplateText(response, Place(f"{name}.res.vtl", 1, 1)),
    )


def resolve(
    own: Templates,
    *functions: Templates,
    source: DataSource = NONE,
    put_events: Any = None,
    arguments: Mapping[str, Any] | None = None,
) -> Resolution:
    steps = tuple(
        PipelineFunction(f"f{index}", f"f{index}", source, "", "", templates=templates(*each, f"f{index}"))
        for index, each in enumerate(functions, 1)
    )
    config = ResolverConfig(
        "Mutation", "publish", "", "", None if steps else source, steps, templates=templates(*own, "own")
    )
    context = {
        "arguments": dict(arguments or {}),
        "identity": None,
        "source": None,
        "request": {"headers": {}},
        "info": {"fieldName": "publish", "parentTypeName": "Mutation"},
    }
    resolver = compile_resolver(config, environment_variables={"STAGE": "test"})
    return resolver.run(context, Services(0.0, lambda: "id", put_events))


class Bus:
    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self.calls: list[tuple[str, Sequence[Mapping[str, Any]]]] = []
        self.answer = answer

    def __call__(self, arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        self.calls.append((arn, entries))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_unit_resolver_echoes_its_payload() -> None:
    """NONE answers the payload; the response template makes the field's value."""
    resolution = resolve(
        (f'{{{VERSION}, "payload": {{"m": $util.toJson($ctx.args.msg), "s": "$ctx.env.STAGE"}}}}', RESULT),
        arguments={"msg": 'say "hi"'},
    )
    assert resolution == Resolution(value={"m": 'say "hi"', "s": "test"})


def test_events_are_put() -> None:
    """The event's members become PutEvents', the detail as JSON text; the answer is $ctx.result."""
    bus = Bus({"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}]})
    resolution = resolve(
        (EVENT, "$util.toJson($ctx.result.Entries[0].EventId)"), source=BUS, put_events=bus, arguments={"n": 1}
    )
    assert resolution == Resolution(value="e-1")
    entry = {
        "Source": "shop",
        "DetailType": "Placed",
        "Detail": '{"n":1}',
        "Resources": ["r"],
        "Time": "2023-11-14T22:13:20Z",
    }
    assert bus.calls == [(ARN, [entry])]


def test_a_pipeline_hands_on() -> None:
    """The before template's value, then each function's, as $ctx.prev.result; stash and arguments go all the way."""
    resolution = resolve(
        (
            '$util.qr($ctx.stash.put("a", 1))$util.qr($ctx.args.put("owner", "me")){"n": 1}',
            "$util.toJson([$ctx.result, $ctx.stash])",
        ),
        (f'{{{VERSION}, "payload": $util.toJson($ctx.prev.result)}}', "#set($ctx.stash.b = $ctx.args.owner)" + RESULT),
        ('{"payload": [$util.toJson($ctx.prev.result), $util.toJson($ctx.arguments.owner)]}', RESULT),
    )
    assert resolution == Resolution(value=[[{"n": 1}, "me"], {"a": 1, "b": "me"}])


@pytest.mark.parametrize(
    ("own", "functions", "value"),
    [
        # In a unit resolver the data source and the response template are left out.
        (('#return({"early": true})', '"never"'), [], {"early": True}),
        # A function goes on to the next one.
        (
            ("{}", RESULT),
            [("#return([1])", '"never"'), ('{"payload": $util.toJson($ctx.prev.result)}', RESULT)],
            [1],
        ),
        # In the before template it ends the field.
        (('#return("done")', '"never"'), [("#return(1)", RESULT)], "done"),
        (("{}", "#return"), [(f'{{{VERSION}, "payload": 1}}', RESULT)], None),
    ],
)
def test_early_returns(own: Templates, functions: list[Templates], value: Any) -> None:
    """#return, wherever it stands."""
    assert resolve(own, *functions) == Resolution(value=value)


@pytest.mark.parametrize(
    ("version", "answer", "resolution"),
    [
        # A data source's error: 2018-05-29 leaves it to the template, 2017-02-28 reports it, the template makes its data.
        ("2018-05-29", Unreachable("gone"), Resolution(value={"error": "gone", "result": None})),
        (
            "2017-02-28",
            Unreachable("gone"),
            Resolution(error=ResolverError("gone", "Unreachable", {"error": "gone", "result": None})),
        ),
        ("2018-05-29", {"Entries": []}, Resolution(value={"error": None, "result": {"Entries": []}})),
        ("2017-02-28", {"Entries": []}, Resolution(value={"error": None, "result": {"Entries": []}})),
    ],
)
def test_versions_differ_in_errors(version: str, answer: Any, resolution: Resolution) -> None:
    """As the changelog of mapping templates says."""
    response = '{"error": $util.toJson($ctx.error.message), "result": $util.toJson($ctx.result)}'
    request = EVENT.replace("2018-05-29", version)
    assert resolve((request, response), source=BUS, put_events=Bus(answer)) == resolution


@pytest.mark.parametrize(("version", "value"), [("2018-05-29", "evaluated"), ("2017-02-28", None)])
def test_versions_differ_in_nulls(version: str, value: Any) -> None:
    """With 2017-02-28 the response template is not evaluated for a null."""
    assert resolve((f'{{"version": "{version}"}}', '"evaluated"')) == Resolution(value=value)


def test_without_a_response_template_the_result_is_the_value() -> None:
    """And an error of the data source is the field's."""
    assert resolve((f'{{{VERSION}, "payload": [1]}}', None)) == Resolution(value=[1])
    failed = resolve((EVENT, None), source=BUS, put_events=Bus(Unreachable("gone")))
    assert failed == Resolution(error=ResolverError("gone", "Unreachable"))


@pytest.mark.parametrize(
    ("request_template", "message"),
    [
        ("{}", "Value for field '$[version]' not found."),
        (
            '{"version": "2020-01-01"}',
            'Unsupported version "2020-01-01" of a mapping template: it is one of 2017-02-28, 2018-05-29',
        ),
        ('{"a": $ctx.args.none}', 'Unable to convert {"a": $ctx.args.none} to Object.'),
        ("[1]", "Unable to convert [1] to Object."),
        (
            f'{{{VERSION}, "operation": "PutEvents", "events": [{{"detail-type": 1}}]}}',
            "Unsupported element '$[events][0][detail-type]' inside an event.",
        ),
        (f'{{{VERSION}, "operation": "PutEvents", "events": [], "bus": 1}}', "Unsupported element '$[bus]'."),
        (f'{{{VERSION}, "events": []}}', "Value for field '$[operation]' not found."),
        (f'{{{VERSION}, "operation": "PutEvents", "events": null}}', "Value for field '$[events]' not found."),
        (
            f'{{{VERSION}, "operation": ["PutEvents"], "events": []}}',
            'Unsupported operation ["PutEvents"]: a bus takes PutEvents',
        ),
        (
            f'{{{VERSION}, "operation": "{"x" * 78}", "events": []}}',
            f'Unsupported operation "{"x" * 78}": a bus takes PutEvents',
        ),
        (
            f'{{{VERSION}, "operation": "{"x" * 79}", "events": []}}',
            f'Unsupported operation "{"x" * 76}...: a bus takes PutEvents',
        ),
        (f'{{{VERSION}, "operation": "PutEvents", "events": {{}}}}', "Value for field '$[events]' is {}, not a list."),
        (
            f'{{{VERSION}, "operation": "PutEvents", "events": [{{}}, 7]}}',
            "Value for field '$[events][1]' is 7, not an object.",
        ),
        (f"{{{VERSION}}} x", "Trailing characters at the end of the JSON string are not allowed."),
    ],
)
def test_documents_that_appsync_refuses(request_template: str, message: str) -> None:
    """The field ends in an error of type MappingTemplate; the log names the template's file."""
    resolution = resolve((request_template, RESULT), source=BUS, put_events=Bus({}))
    assert resolution.error == ResolverError(message, "MappingTemplate")
    assert resolution.logs == (f"ERROR - own.req.vtl:1:1: {message}",)


def test_a_template_that_does_not_parse_makes_its_field_fail() -> None:
    """AppSync takes it, and so is it taken here; each call of the field ends in the same error."""
    resolution = resolve((f"{{{VERSION}}}", "\n#if(true)"))
    reason = 'Encountered "<EOF>" at velocity[line 2, column 10]'
    assert resolution.error == ResolverError(reason, "MappingTemplate")
    assert resolution.logs == (f"ERROR - own.res.vtl:2:10: {reason}",)


def test_what_templates_bring_about_is_the_resolutions() -> None:
    """Errors, filters, invalidations and logs of all templates, with file, line and column."""
    resolution = resolve(
        (
            '$util.appendError("one", "T"){}',
            '$extensions.setSubscriptionFilter({"filterGroup": [1]})\n$util.log.error("x")null',
        ),
        (f'$util.appendError("two"){{{VERSION}}}', "$ctx.outErrors.size()"),
    )
    assert resolution == Resolution(
        appended=(ResolverError("one", "T"), ResolverError("two")),
        subscription_filter={"filterGroup": [1]},
        logs=("ERROR - own.res.vtl:2:10: x",),
    )


def test_errors_keep_what_was_logged_before() -> None:
    """$util.error ends the field, with its members."""
    resolution = resolve(('$util.log.info("a")$util.error("no", "T", [1], {"i": 1})', RESULT))
    assert resolution == Resolution(error=ResolverError("no", "T", [1], {"i": 1}), logs=("INFO - own.req.vtl:1:10: a",))


def test_a_pipeline_is_in_code_or_in_templates() -> None:
    """AppSync mixes them; here that is refused by name, for this field alone."""
    step = PipelineFunction("f", "f", NONE, "export function request() {}", "f.js")
    config = ResolverConfig("Query", "a", "", "", None, (step,), templates=templates("{}", RESULT, "own"))
    with pytest.raises(InvalidResolver, match="functions in code and in mapping templates, which is not emulated"):
        compile_resolver(config)


def test_other_data_sources_are_asked_for_their_answer() -> None:
    """As with code: the document is the call, and the run goes on with what was answered, with the ids it had."""
    source = DataSource("T", "HTTP")
    request = '{"version": "2018-05-29", "method": "GET", "resourcePath": "/$util.autoId()"}'
    config = ResolverConfig("Query", "a", "", "", source, templates=templates(request, RESULT, "own"))
    ids = iter(["id-1", "id-2"])
    resolver = compile_resolver(config)
    told: dict[str, list[Any]] = {}

    asked = resolver.run({}, Services(0.0, lambda: next(ids)), told)
    assert resolver.asks
    assert asked == Call(source, {"version": "2018-05-29", "method": "GET", "resourcePath": "/id-1"})
    told.setdefault("call", []).append({"result": {"statusCode": 200}, "error": None})
    assert resolver.run({}, Services(0.0, lambda: next(ids)), told) == Resolution({"statusCode": 200})
    assert told["id"] == ["id-1"]


def test_errors_that_were_appended_are_seen_from_then_on() -> None:
    """By every later template, in $ctx.outErrors."""
    seen = "$util.toJson($ctx.outErrors.size())"
    resolution = resolve(
        ('$util.appendError("one"){}', f"[$util.toJson($ctx.result), {seen}]"),
        (
            f'{{{VERSION}, "payload": {seen}}}',
            f'$util.appendError("two"){{"was": $util.toJson($ctx.result), "is": {seen}}}',
        ),
    )
    assert resolution.value == [{"was": 1, "is": 2}, 2]
    assert [error.message for error in resolution.appended] == ["one", "two"]


def test_a_run_from_the_beginning_is_told_the_same_again() -> None:
    """Each id in its place, each answer of a data source to its call, each event on a bus once."""
    http, bus = DataSource("T", "HTTP"), Bus({"FailedEntryCount": 0, "Entries": []})
    get = '{"version": "2018-05-29", "method": "GET", "resourcePath": "/$util.autoId()/$util.autoId()/$util.autoId()"}'
    put = f'{{{VERSION}, "operation": "PutEvents", "events": [{{"source": "$util.autoId()", "detailType": "d", "detail": {{}}}}]}}'
    steps = tuple(
        PipelineFunction(f"f{index}", f"f{index}", source, "", "", templates=templates(request, RESULT, f"f{index}"))
        for index, (source, request) in enumerate([(BUS, put), (http, get), (BUS, put), (http, get)])
    )
    config = ResolverConfig("Query", "a", "", "", None, steps, templates=templates("{}", '"$util.autoId()"', "own"))
    resolver = compile_resolver(config)
    ids = (f"id-{number}" for number in range(1, 100))
    told: dict[str, list[Any]] = {}

    def run() -> Resolution | Call:
        return resolver.run({}, Services(0.0, lambda: next(ids), bus), told)

    paths = []
    for answer in ("first", "second"):
        asked = run()
        assert isinstance(asked, Call)
        paths.append(asked.request["resourcePath"])
        told.setdefault("call", []).append({"result": answer, "error": None})
    assert paths == ["/id-2/id-3/id-4", "/id-6/id-7/id-8"]
    assert run() == Resolution("id-9")
    assert [entries[0]["Source"] for _, entries in bus.calls] == ["id-1", "id-5"]
