"""What AppSync runs and the local runtime cannot: told by its name, at the field that needs it."""

from __future__ import annotations

import pytest

from livebus.errors import Fault, InvalidResolver
from livebus.operation import Call, Resolution, ResolverError, Services
from livebus.resolver import NotEmulatedResolver, compile_resolver
from livebus.template.application import DataSource, ResolverConfig

SERVICES = Services(0.0, str)


def config(code: str, source: DataSource) -> ResolverConfig:
    return ResolverConfig("Query", "get", code, "get.js", source)


def test_code_that_needs_what_is_not_there_is_refused_as_not_emulated() -> None:
    """The fault is of that kind, and its stand-in says the same at each call."""
    code = (
        "import { select } from '@aws-appsync/utils/rds';\n"
        "export const request = () => select({ table: 'leaves' });\n"
        "export const response = () => null;"
    )
    with pytest.raises(InvalidResolver) as raised:
        compile_resolver(config(code, DataSource("None", "NONE")))

    assert [fault.not_emulated for fault in raised.value.faults] == [True]
    resolution = NotEmulatedResolver(raised.value).run({}, SERVICES)
    assert resolution.error is not None
    assert resolution.error.error_type == "NotEmulated"
    assert resolution.error.message == (
        "The resolver is not emulated by the local runtime: '@aws-appsync/utils/rds' makes statements for Amazon RDS, "
        "which the local runtime does not emulate"
    )


def test_all_that_is_lacking_is_in_the_error() -> None:
    """In the order of the file, and it is the same error for everybody."""
    error = InvalidResolver(faults=[Fault("one", not_emulated=True), Fault("two", not_emulated=True)])
    resolver = NotEmulatedResolver(error)

    message = "The resolver is not emulated by the local runtime: one; two"
    assert resolver.run({}, SERVICES) == Resolution(error=ResolverError(message, "NotEmulated"))
    assert resolver.run({"arguments": {}}, SERVICES) == resolver.run({}, SERVICES)


def test_a_word_in_a_message_decides_nothing() -> None:
    """A fault whose text happens to say "not emulated" is one that AppSync refuses too."""
    with pytest.raises(InvalidResolver) as raised:
        compile_resolver(config("import x from 'not emulated';", DataSource("None", "NONE")))

    assert {fault.not_emulated for fault in raised.value.faults} == {False}


def test_a_data_source_of_another_type_is_asked_for_its_answer() -> None:
    """The request handler's value is the call; the run goes on with what was answered, with the ids it had."""
    code = (
        "import { util } from '@aws-appsync/utils';\n"
        "export const request = (ctx) => { ctx.stash.id = util.autoId(); return { operation: 'GetItem', id: ctx.stash.id }; };\n"
        "export const response = (ctx) => [ctx.stash.id, ctx.result, ctx.error?.type ?? null];"
    )
    source = DataSource("Table", "AMAZON_DYNAMODB")
    ids = iter(["id-1", "id-2", "id-3", "id-4"])
    services = Services(0.0, lambda: next(ids))
    resolver = compile_resolver(config(code, source))
    told: dict[str, list[object]] = {}

    asked = resolver.run({}, services, told)
    assert resolver.asks
    assert asked == Call(source, {"operation": "GetItem", "id": "id-1"})
    told.setdefault("call", []).append({"result": {"n": 1}, "error": {"message": "m", "type": "T"}})
    assert resolver.run({}, services, told) == Resolution(["id-1", {"n": 1}, "T"])
    assert compile_resolver(config(code, DataSource("None", "NONE"))).asks is False
