"""AMAZON_EVENTBRIDGE data sources: what reaches the bus, and what the response handler sees of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from livebus.errors import Unreachable
from livebus.operation import Call, Resolution, Resolver, ResolverError, Services
from livebus.resolver.data_sources import call_of, put_events
from livebus.template.application import DataSource

ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/shop"
BUS = DataSource("Shop", "AMAZON_EVENTBRIDGE", ARN)
ORDERS = {"orders": [{"id": "o-1", "note": 'say "hi"\n👋'}, {"id": "o-2", "total": 1.5}]}

Run = Callable[..., Resolution]


class Bus:
    """Remembers what was put on it, and answers as it was told."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.calls: list[tuple[str, Sequence[Mapping[str, Any]]]] = []
        self.answer = answer

    def __call__(self, arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        self.calls.append((arn, entries))
        return self.answer


def test_events_become_put_events_entries(resolve: Run, vector: Callable[[str], str]) -> None:
    """Each event is one entry with the detail as JSON text; the answer is ctx.result."""
    bus = Bus({"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}, {"EventId": "e-2"}]})
    resolution = resolve(vector("put_events.js"), arguments=ORDERS, source=BUS, put_events=bus)
    assert resolution == Resolution(value=bus.answer)
    assert bus.calls == [
        (
            ARN,
            [
                {
                    "Source": "shop.orders",
                    "DetailType": "OrderPlaced",
                    "Detail": '{"id":"o-1","note":"say \\"hi\\"\\n👋"}',
                    "Resources": ["arn:aws:shop:::order/o-1"],
                    "Time": "2023-11-14T22:13:20.123Z",
                },
                {
                    "Source": "shop.orders",
                    "DetailType": "OrderPlaced",
                    "Detail": '{"id":"o-2","total":1.5}',
                    "Resources": ["arn:aws:shop:::order/o-2"],
                    "Time": "2023-11-14T22:13:20.123Z",
                },
            ],
        )
    ]


def test_failed_entries_are_part_of_the_result(resolve: Run, vector: Callable[[str], str]) -> None:
    """An entry that the bus refused is no ctx.error; code and message stand in its place of the answer."""
    answer = {
        "FailedEntryCount": 1,
        "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}],
    }
    resolution = resolve(vector("put_events.js"), arguments=ORDERS, source=BUS, put_events=Bus(answer))
    assert resolution == Resolution(value=answer)


def test_absent_members_stay_absent(resolve: Run) -> None:
    """An event without resources and time becomes an entry without them; a missing detail is for the bus to refuse."""
    code = """export const request = () => ({ operation: "PutEvents", events: [{ source: "a" }, { detail: { b: undefined } }] });
    export const response = (ctx) => ctx.result;"""
    bus = Bus({"FailedEntryCount": 2, "Entries": []})
    resolve(code, source=BUS, put_events=bus)
    assert bus.calls[0][1] == [{"Source": "a"}, {"Detail": "{}"}]


def test_a_bus_that_does_not_answer_is_ctx_error(resolve: Run, vector: Callable[[str], str]) -> None:
    """Where the call fails, the response handler sees ctx.error, and decides."""

    def unreachable(arn: str, entries: object) -> Mapping[str, Any]:
        raise Unreachable("No answer from the bus")

    resolution = resolve(vector("put_events.js"), arguments=ORDERS, source=BUS, put_events=unreachable)
    assert resolution.error == ResolverError("No answer from the bus", "Unreachable")


def test_what_a_call_came_to_is_told_whole() -> None:
    """The answer alone, or no result and the error's message and type."""

    def unreachable(arn: str, entries: object) -> Mapping[str, Any]:
        raise Unreachable(f"No answer from {arn}")

    bus = Bus({"FailedEntryCount": 0, "Entries": []})
    assert put_events(BUS, [{"Source": "s"}], Services(0.0, str, bus)) == {"result": bus.answer}
    assert put_events(BUS, [], Services(0.0, str, unreachable)) == {
        "result": None,
        "error": {"message": f"No answer from {ARN}", "type": "Unreachable"},
    }
    assert put_events(DataSource("Shop", "AMAZON_EVENTBRIDGE"), [], Services(0.0, str, bus)) == {
        "halt": "The data source 'Shop' puts events on a bus that is not named, and no event bus is offered here"
    }


FUNCTION = DataSource("Pay", "AWS_LAMBDA")
INVOKE, BATCH = {"operation": "Invoke", "payload": 1}, {"operation": "BatchInvoke", "payload": 1}


@pytest.mark.parametrize(
    ("source", "request_", "max_batch_size", "is_direct", "gathered"),
    [
        (FUNCTION, INVOKE, 0, False, None),
        (FUNCTION, INVOKE, 7, False, None),
        (FUNCTION, BATCH, 0, False, ("Pay", 5)),
        (FUNCTION, BATCH, 7, False, ("Pay", 7)),
        (FUNCTION, {"a": 1}, 7, True, ("Pay", 7)),
        (FUNCTION, {"a": 1}, 0, True, None),
        (FUNCTION, ["BatchInvoke"], 0, False, None),
        (FUNCTION, None, 0, False, None),
        (DataSource("Web", "HTTP"), BATCH, 7, False, None),
    ],
)
def test_which_invocations_are_gathered(
    source: DataSource, request_: Any, max_batch_size: int, is_direct: bool, gathered: tuple[str, int] | None
) -> None:
    """BatchInvoke, five at a time or as MaxBatchSize says; without a request handler only where it says so; functions only."""
    call = call_of(source, request_, max_batch_size, is_direct=is_direct)

    assert call == Call(source, request_, *(gathered or ("", 0)), is_direct=is_direct)


def test_a_call_has_a_request_unless_it_is_said_otherwise() -> None:
    """Then its request is the context, which a function that is invoked directly gets."""
    assert not call_of(FUNCTION, INVOKE, 0).is_direct


def test_faults_of_our_own_are_not_swallowed(compiled: Callable[..., Resolver], vector: Callable[[str], str]) -> None:
    """An exception that is a bug comes out of run, and the resolver works afterwards."""
    resolver = compiled(vector("put_events.js"), source=BUS)

    def broken(arn: str, entries: object) -> Mapping[str, Any]:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        resolver.run({"arguments": ORDERS}, Services(0.0, str, broken))
    bus = Bus({"FailedEntryCount": 0, "Entries": []})
    assert resolver.run({"arguments": ORDERS}, Services(0.0, str, bus)).value == bus.answer


def test_without_a_bus_the_field_ends_with_the_reason(resolve: Run, vector: Callable[[str], str]) -> None:
    """Where no event bus is offered, the error says which data source needed one."""
    error = resolve(vector("put_events.js"), arguments=ORDERS, source=BUS).error
    assert error == ResolverError(
        f"The data source 'Shop' puts events on {ARN}, and no event bus is offered here", "NotEmulated"
    )


@pytest.mark.parametrize(
    "returned", ["{ payload: 1 }", "{ operation: 'Invoke', events: [] }", "null", "{ operation: 'PutEvents' }"]
)
def test_other_requests_are_refused(resolve: Run, returned: str) -> None:
    """A request of another form than PutEvents ends the field, and nothing is sent."""
    bus = Bus({})
    code = f"export const request = () => ({returned});\nexport const response = (ctx) => ctx.result;"
    error = resolve(code, source=BUS, put_events=bus).error
    assert error is not None
    assert error.message.startswith("A request to an AMAZON_EVENTBRIDGE data source is {operation: 'PutEvents'")
    assert bus.calls == []


def test_events_are_sent_once(resolve: Run) -> None:
    """Questions after the call, and further calls in a pipeline, do not send anything again."""
    send = """export function request(ctx) {
      return { operation: "PutEvents", events: [{ source: util.autoId(), detailType: "T", detail: {} }] };
    }
    export const response = (ctx) => [ctx.result.FailedEntryCount, util.autoId(), util.time.nowFormatted("z", "Asia/Tokyo")];"""
    outer = "export const request = () => null;\nexport const response = (ctx) => [ctx.prev.result, util.autoId()];"
    bus = Bus({"FailedEntryCount": 0, "Entries": []})
    resolution = resolve(outer, send, send, source=BUS, put_events=bus)
    assert resolution.value == [[0, "id-4", "JST"], "id-5"]
    assert [entries[0]["Source"] for _, entries in bus.calls] == ["id-1", "id-3"]


def test_a_resolver_may_meet_itself_on_the_way(compiled: Callable[..., Resolver]) -> None:
    """A bus whose rule calls the same mutation again runs the resolver inside its own run."""
    code = """export function request(ctx) {
      ctx.stash.depth = ctx.args.depth;
      return { operation: "PutEvents", events: [{ source: "s", detailType: "t", detail: ctx.args }] };
    }
    export const response = (ctx) => [ctx.stash.depth, ctx.args.depth, ctx.result];"""
    resolver = compiled(code, source=BUS)

    def again(arn: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        depth = int(entries[0]["Detail"].removeprefix('{"depth":').removesuffix("}"))
        return {"inner": run(depth + 1)} if depth < 3 else {}

    def run(depth: int) -> Any:
        return resolver.run({"arguments": {"depth": depth}}, Services(0.0, str, again)).value

    assert run(1) == [1, 1, {"inner": [2, 2, {"inner": [3, 3, {}]}]}]
