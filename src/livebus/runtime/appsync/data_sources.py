"""
Performs the calls of data sources that requests ask for: all calls of a pass side by side.

Tables answer at once, without a turn of the event loop; functions and HTTP endpoints are awaited. A request that asks for
nothing, or for tables only, is over when ``begin`` returns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from livebus.data_source import functions as lambda_source
from livebus.data_source.refusal import RefusedRequest, refused
from livebus.data_source.tables import DynamoDB, table_answer
from livebus.operation import Allowance, Answer, Asking, Call, not_emulated
from livebus.runtime.appsync.http_calls import HttpCalls
from livebus.runtime.aws_errors import AwsError
from livebus.template.application import DataSource

if TYPE_CHECKING:
    from livebus.runtime.functions.outcome import InvocationType, Outcome

T = TypeVar("T")

# AppSync's limit for a request. Calls that are not answered by then end in their data source's own words.
REQUEST_SECONDS = 30.0
# How many functions and endpoints are asked at a time, over all requests; the others wait within their time.
MAX_CALLS = 64

InThread = Callable[[Callable[[], Answer]], Awaitable[Answer]]
Invoke = Callable[[str, bytes, "InvocationType"], Awaitable["Outcome"]]


class Http(Protocol):
    """Who sends requests of HTTP data sources."""

    async def perform(self, call: Call, endpoint: Any, seconds: float) -> Answer: ...


@dataclass(slots=True)
class Finished(Generic[T]):
    """A request that came to its end."""

    result: T


@dataclass(slots=True)
class Waiting(Generic[T]):
    """A request that waits for answers: ``calls`` of this pass, with the ``answers`` that are there already."""

    asking: Asking[T]
    calls: Sequence[Call]
    answers: list[Answer | None]
    allowance: Allowance | None


@dataclass(slots=True)
class DataSources:
    """
    ``dynamodb`` gives DynamoDB's answer to an operation, or raises DynamoDBError; ``invoke`` is Lambda's Invoke, or raises
    AwsError. None: nobody plays that service here. ``new_id`` makes request ids. With ``in_thread`` ``dynamodb`` blocks, and is
    called by way of it.
    """

    new_id: Callable[[], str]
    dynamodb: DynamoDB | None = None
    invoke: Invoke | None = None
    http: HttpCalls | Http | None = None
    request_seconds: float = REQUEST_SECONDS
    in_thread: InThread | None = None
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CALLS))
    _invocations: set[asyncio.Future[Any]] = field(default_factory=set)

    # --- driving ----------------------------------------------------------------------------------------------------

    def begin(self, asking: Asking[T], allowance: Allowance | None = None) -> Finished[T] | Waiting[T]:
        """Run a request as far as it comes without waiting; its ``allowance`` pauses while it waits."""
        try:
            calls = next(asking)
        except StopIteration as ended:
            return Finished(ended.value)
        return self._onward(asking, calls, allowance)

    def _onward(
        self, asking: Asking[T], calls: Sequence[Call], allowance: Allowance | None
    ) -> Finished[T] | Waiting[T]:
        while True:
            answers = [self.at_once(call) for call in calls]
            complete = [answer for answer in answers if answer is not None]
            if len(complete) < len(calls):
                if allowance is not None:
                    allowance.pause()
                return Waiting(asking, calls, answers, allowance)
            try:
                calls = asking.send(complete)
            except StopIteration as ended:
                return Finished(ended.value)

    async def finish(self, waiting: Waiting[T]) -> T:
        """Run a request to its end. Cancelling it stops what it waits for; functions that were invoked go on, as on AWS."""
        deadline = asyncio.get_running_loop().time() + self.request_seconds
        step: Finished[T] | Waiting[T] = waiting
        while isinstance(step, Waiting):
            answers = await self._answered(step, deadline)
            if step.allowance is not None:
                step.allowance.resume()
            try:
                calls = step.asking.send(answers)
            except StopIteration as ended:
                step = Finished(ended.value)
            else:
                step = self._onward(step.asking, calls, step.allowance)
        return step.result

    async def _answered(self, waiting: Waiting[T], deadline: float) -> list[Answer]:
        """The answers of a pass, those that were gathered into one call among them."""
        answers = list(waiting.answers)
        groups: dict[str, list[int]] = {}
        for index, call in enumerate(waiting.calls):
            if answers[index] is None:
                groups.setdefault(call.batch or f"\0{index}", []).append(index)
        chunks = [
            indexes[start : start + most]
            for indexes in groups.values()
            for most in [waiting.calls[indexes[0]].batch_size or 1]
            for start in range(0, len(indexes), most)
        ]
        found = await asyncio.gather(
            *(self._timed([waiting.calls[index] for index in chunk], deadline) for chunk in chunks)
        )
        for chunk, several in zip(chunks, found, strict=True):
            for index, answer in zip(chunk, several, strict=True):
                answers[index] = answer
        return [answer for answer in answers if answer is not None]

    # --- calls ------------------------------------------------------------------------------------------------------

    def at_once(self, call: Call) -> Answer | None:
        """The answer to a call that needs no waiting; None for the others."""
        source = call.source
        if not isinstance(source, DataSource):
            return not_emulated(call)
        if source.type == "AMAZON_DYNAMODB" and source.table is not None and self.dynamodb is not None:
            if self.in_thread is not None:
                return None
            began = time.perf_counter()
            answer = table_answer(call.request, source.table.name, self.dynamodb, self.new_id())
            return replace(answer, milliseconds=_since(began))
        if source.type == "AWS_LAMBDA" and source.function_arn is not None and self.invoke is not None:
            return None
        if source.type == "HTTP" and source.endpoint is not None and self.http is not None:
            return None
        return not_emulated(call)

    async def _timed(self, calls: Sequence[Call], deadline: float) -> list[Answer]:
        began = time.perf_counter()
        source = calls[0].source
        assert isinstance(source, DataSource), "others are answered at once"
        try:
            async with asyncio.timeout_at(deadline), self._places:
                answers = await self._awaited(source, calls, deadline)
        except TimeoutError:
            answers = [_timed_out(source)] * len(calls)
        except RefusedRequest as reason:
            answers = [refused(reason)] * len(calls)
        return [replace(answer, milliseconds=_since(began)) for answer in answers]

    async def _awaited(self, source: DataSource, calls: Sequence[Call], deadline: float) -> list[Answer]:
        if source.type == "AMAZON_DYNAMODB":
            return [await self._from_table(source, call) for call in calls]
        if source.type == "HTTP":
            assert self.http is not None and source.endpoint is not None, "others are answered at once"  # noqa: PT018
            seconds = max(0.001, deadline - asyncio.get_running_loop().time())
            return [await self.http.perform(call, source.endpoint, seconds) for call in calls]
        requests = [lambda_source.read_request(call.request) for call in calls]
        if not calls[0].batch:
            return [await self._invoked(source, requests[0], is_direct=calls[0].is_direct)]
        answer = await self._invoked(source, lambda_source.gathered(requests), is_direct=calls[0].is_direct)
        if requests[0].type == "Event":
            return [answer] * len(calls)
        return lambda_source.spread(answer, len(calls), is_direct=calls[0].is_direct)

    async def _from_table(self, source: DataSource, call: Call) -> Answer:
        """A table's answer, at another endpoint."""
        assert self.dynamodb is not None and self.in_thread is not None and source.table is not None  # noqa: PT018
        name, dynamodb, request_id = source.table.name, self.dynamodb, self.new_id()
        return await self.in_thread(lambda: table_answer(call.request, name, dynamodb, request_id))

    async def _invoked(self, source: DataSource, request: lambda_source.FunctionRequest, *, is_direct: bool) -> Answer:
        assert self.invoke is not None and source.function_arn is not None, "others are answered at once"  # noqa: PT018
        invocation = asyncio.ensure_future(self.invoke(source.function_arn, request.body, request.type))
        self._invocations.add(invocation)
        invocation.add_done_callback(self._over)
        try:
            outcome = await asyncio.shield(invocation)
        except AwsError as error:
            return lambda_source.not_taken(error.error_type, error.message, error.status)
        return lambda_source.answered(outcome.payload, outcome.error, is_direct=is_direct)

    async def ask_function(self, arn: str, event: Any, seconds: float) -> Answer:
        """A function's answer to an event of ours, within so many seconds."""
        source = DataSource("authorizer", "AWS_LAMBDA", function_arn=arn)
        if not arn or self.invoke is None:
            return Answer(error={"message": "there is no function to ask", "type": "NotEmulated"})
        try:
            async with asyncio.timeout(seconds), self._places:
                return await self._invoked(source, lambda_source.FunctionRequest(event), is_direct=False)
        except TimeoutError:
            return lambda_source.timed_out()

    def _over(self, invocation: asyncio.Future[Any]) -> None:
        self._invocations.discard(invocation)
        if not invocation.cancelled():
            invocation.exception()  # nobody may be waiting for it any more

    async def close(self) -> None:
        """Forget invocations that nobody waits for."""
        for invocation in tuple(self._invocations):
            invocation.cancel()
        await asyncio.gather(*self._invocations, return_exceptions=True)
        if isinstance(self.http, HttpCalls):
            await self.http.close()


def _timed_out(source: DataSource) -> Answer:
    from livebus.data_source import http

    if source.type == "AMAZON_DYNAMODB":
        return Answer(error={"message": "Execution timed out.", "type": "DynamoDB:ExecutionTimeoutException"})
    return http.timed_out() if source.type == "HTTP" else lambda_source.timed_out()


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
