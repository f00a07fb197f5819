"""The calls of a pass: at once or awaited, gathered, within their time, and no more than so many at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from livebus.operation import Answer, Asking, Call
from livebus.runtime.appsync.data_sources import MAX_CALLS, DataSources, Finished, Waiting
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions.outcome import Outcome
from livebus.template.application import DataSource, HttpEndpoint, SourceTable

TABLE = DataSource("t", "AMAZON_DYNAMODB", table=SourceTable("T", "us-east-1"))
FUNCTION = DataSource("f", "AWS_LAMBDA", function_arn="arn:f")
HTTP = DataSource("h", "HTTP", endpoint=HttpEndpoint("https://h.example"))
INVOKE = {"operation": "Invoke", "payload": 1}
TIMED_OUT = {"message": "Execution timed out.", "type": "Lambda:ExecutionTimeoutException"}


def asking(*passes: Sequence[Call]) -> Asking[list[list[Answer]]]:
    """A request that asks in passes, and comes to all their answers."""
    answers: list[list[Answer]] = []
    for calls in passes:
        given = yield calls
        answers.append(list(given))
    return answers


def driven(sources: DataSources, *passes: Sequence[Call]) -> list[list[tuple[Any, Any]]]:
    async def run() -> Any:
        begun = sources.begin(asking(*passes))
        return begun.result if isinstance(begun, Finished) else await sources.finish(begun)

    return [[(each.result, each.error) for each in answers] for answers in asyncio.run(run())]


def sources(invoke: Callable[..., Any] | None = None, **options: Any) -> DataSources:
    return DataSources(lambda: "id", invoke=invoke, **options)


def test_tables_need_no_event_loop() -> None:
    """A request that asks tables only is over at once, with how long each call took."""

    def dynamodb(operation: str, request: Any) -> Any:
        assert operation == "GetItem"
        return {"Item": {**request["Key"], "n": {"N": "1.5"}}}

    get = Call(TABLE, {"operation": "GetItem", "key": {"id": {"S": "1"}}})
    begun = sources(dynamodb=dynamodb).begin(asking([get, get], [get]))
    assert isinstance(begun, Finished)
    answers = [each for several in begun.result for each in several]
    assert [(each.result, each.error) for each in answers] == [({"id": "1", "n": 1.5}, None)] * 3
    assert all((each.milliseconds or 0) > 0 for each in answers)


def test_what_nobody_plays_is_named() -> None:
    """Without a function or an endpoint to call there is an error by name, and no waiting."""
    begun = sources().begin(asking([Call(FUNCTION, INVOKE), Call(DataSource("r", "RELATIONAL_DATABASE"), {})]))
    assert isinstance(begun, Finished)
    assert [each.error["type"] for each in begun.result[0] if each.error] == ["NotEmulated"] * 2


def test_the_time_of_a_request_rests_while_it_waits() -> None:
    """Each wait is between a pause and a resume; what tables answer at once is the request's own time."""
    said: list[str] = []

    class Recorded:
        def has_time(self) -> bool:
            return True

        def pause(self) -> None:
            said.append("pause")

        def resume(self) -> None:
            said.append("resume")

    async def invoke(arn: str, payload: bytes, kind: str) -> Outcome:
        said.append("invoked")
        return Outcome("1", 200, payload)

    async def run() -> None:
        made = sources(invoke, dynamodb=lambda operation, request: said.append(operation) or {})
        table = Call(TABLE, {"operation": "GetItem", "key": {"id": {"S": "1"}}})
        begun = made.begin(asking([table], [Call(FUNCTION, INVOKE)], [Call(FUNCTION, INVOKE)]), Recorded())
        assert not isinstance(begun, Finished)
        await made.finish(begun)

    asyncio.run(run())
    assert said == ["GetItem", *["pause", "invoked", "resume"] * 2]


def test_calls_of_a_pass_are_side_by_side() -> None:
    """Two invocations that wait for one another come to their end."""
    both = asyncio.Barrier(2)

    async def invoke(arn: str, payload: bytes, kind: str) -> Outcome:
        await both.wait()
        return Outcome("1", 200, payload)

    assert driven(sources(invoke), [Call(FUNCTION, INVOKE), Call(FUNCTION, INVOKE)]) == [[(1, None), (1, None)]]


def test_batches_are_gathered() -> None:
    """Up to the batch's size; what is of another batch goes alone, and items keep their places."""
    payloads: list[Any] = []

    async def invoke(arn: str, payload: bytes, kind: str) -> Outcome:
        payloads.append(json.loads(payload))
        return Outcome("1", 200, json.dumps([-each for each in payloads[-1]]).encode())

    def call(number: int, batch: str) -> Call:
        return Call(FUNCTION, {"operation": "BatchInvoke", "payload": number}, batch, 2)

    calls = [call(1, "a"), call(2, "b"), call(3, "a"), call(4, "a")]
    assert driven(sources(invoke), calls) == [[(-1, None), (-2, None), (-3, None), (-4, None)]]
    assert sorted(payloads) == [[1, 3], [2], [4]]


def test_a_request_has_its_time() -> None:
    """What does not answer ends in its source's own words; the request goes on to its end, and nothing waits again."""

    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    slow = sources(never, request_seconds=0.01)
    assert driven(slow, [Call(FUNCTION, INVOKE)], [Call(FUNCTION, INVOKE)]) == [[(None, TIMED_OUT)]] * 2


def test_what_lambda_does_not_take() -> None:
    """Its error's code behind "Lambda:"; what cannot run here is named as not emulated."""
    refusals = [AwsError("TooManyRequestsException", "Rate Exceeded", 429), AwsError("X", "no container images", 501)]

    async def invoke(*_: Any) -> Any:
        raise refusals.pop(0)

    assert driven(sources(invoke), [Call(FUNCTION, INVOKE)], [Call(FUNCTION, INVOKE)]) == [
        [(None, {"message": "Rate Exceeded", "type": "Lambda:TooManyRequestsException"})],
        [(None, {"message": "no container images", "type": "NotEmulated"})],
    ]


def test_a_request_that_is_not_sent() -> None:
    """Nothing is invoked for it."""
    assert driven(sources(lambda *_: 1 / 0), [Call(FUNCTION, {"operation": "Ask"})]) == [
        [(None, {"message": 'operation is "Ask"; expected one of Invoke, BatchInvoke', "type": "MappingTemplate"})]
    ]


def test_so_many_at_a_time() -> None:
    """The others wait for their turn."""
    running, most = 0, 0

    async def invoke(*_: Any) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Outcome("1", 200, b"1")

    driven(sources(invoke), [Call(FUNCTION, INVOKE)] * (MAX_CALLS + 10))
    assert most == MAX_CALLS


def test_cancelling_stops_endpoints_and_lets_functions_go_on() -> None:
    """A function that was invoked runs to its end, as on AWS; a request over HTTP ends with who asked."""
    ended: list[str] = []

    async def run() -> None:
        entered, go_on = asyncio.Semaphore(0), asyncio.Event()

        async def invoke(*_: Any) -> Outcome:
            entered.release()
            await go_on.wait()
            ended.append("function")
            return Outcome("1", 200, b"1")

        class Endpoint:
            async def perform(self, call: Call, endpoint: Any, seconds: float) -> Answer:
                entered.release()
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append("endpoint")
                return Answer()

        made = sources(invoke, http=Endpoint())
        begun = made.begin(asking([Call(FUNCTION, INVOKE), Call(HTTP, {"method": "GET"})]))
        assert isinstance(begun, Waiting)
        waiting = asyncio.ensure_future(made.finish(begun))
        await entered.acquire()
        await entered.acquire()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert ended == ["endpoint"]
        go_on.set()
        await asyncio.gather(*made._invocations)

    asyncio.run(run())
    assert ended == ["endpoint", "function"]
