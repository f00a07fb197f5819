"""
The way to the functions of all stacks, for everything else in the runtime; what runs them is imported with the first one.

A runtime without functions answers for them all the same: none is there. With ``--no-functions`` they are there, and none runs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from livebus.retry_policy import ERROR_FROM_TARGET, NO_RESOURCE, THROTTLING, Failure
from livebus.runtime.aws_errors import AwsError, HttpAnswer
from livebus.runtime.clockwork import Clockwork
from livebus.runtime.eventbridge.trace import Trace
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault
from livebus.template import Environment
from livebus.template.application import Application, Function, Queue

if TYPE_CHECKING:
    from livebus.runtime.functions.lambda_api import LambdaApi
    from livebus.runtime.functions.outcome import InvocationType, Outcome
    from livebus.runtime.functions.service import Functions

_SWITCHED_OFF = "functions are switched off (--no-functions)"


class FunctionCalls:
    """
    ``unpacked`` is a folder of the runtime's own; ``read_object`` gives an object of S3 by bucket and key; ``log`` takes a
    log group and a line. ``is_on`` is False with --no-functions.
    """

    def __init__(
        self,
        environment: Environment,
        journal: DeliveryJournal,
        trace: Trace,
        clockwork: Clockwork,
        *,
        unpacked: Path,
        read_object: Callable[[str, str], bytes | None],
        log: Callable[[str, str], None],
        time_scale: float = 1.0,
        is_on: bool = True,
    ) -> None:
        self._environment = environment
        self._journal = journal
        self._trace = trace
        self._unpacked = unpacked
        self._read_object = read_object
        self._log = log
        self._clockwork = clockwork
        self._time_scale = time_scale
        self._is_on = is_on
        self._functions: Functions | None = None
        self._api: LambdaApi | None = None
        self._queues: dict[str, Queue] = {}
        self._names: tuple[str, ...] = ()

    # --- which functions there are ----------------------------------------------------------------------------------

    def use(self, applications: Mapping[str, Application], folder_of: Callable[[str], Path | None]) -> None:
        """The functions of these stacks from now on; ``folder_of`` gives the folder of a stack's template, if it has one."""
        self._queues = {queue.arn: queue for each in applications.values() for queue in each.queues}
        functions = [
            (function, folder_of(stack)) for stack, each in applications.items() for function in each.functions
        ]
        self._names = tuple(function.name for function, _ in functions)
        if functions or self._functions is not None:
            self._loaded().use((self._seen(function), folder) for function, folder in functions)

    def _seen(self, function: Function) -> Function:
        if self._is_on:
            return function
        return replace(function, unrunnable=_SWITCHED_OFF)

    @property
    def log_groups(self) -> tuple[str, ...]:
        return tuple(f"/aws/lambda/{name}" for name in self._names)

    def _loaded(self) -> Functions:
        if self._functions is None:
            from livebus.runtime.functions.code import CodeStore
            from livebus.runtime.functions.command import Surroundings
            from livebus.runtime.functions.lambda_api import LambdaApi
            from livebus.runtime.functions.service import Functions

            self._functions = Functions(
                CodeStore(self._unpacked, self._clockwork.tell),
                Surroundings(self._environment.endpoint, self._environment.region, self._environment.account),
                self,
                new_id=self._clockwork.new_id,
                clock=self._clockwork.clock,
                tell=self._clockwork.tell,
                time_scale=self._time_scale,
                read_object=self._read_object,
                send=self._send,
            )
            self._api = LambdaApi(self._functions, self._clockwork.new_id, time.time())
        return self._functions

    # --- calls ------------------------------------------------------------------------------------------------------

    async def answer(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """The answer to a call of Lambda's API."""
        self._loaded()
        assert self._api is not None
        try:
            return await self._api.call(method, path, query, headers, body)
        except Exception as error:  # a bug of ours is told in Lambda's shape, as one of the service's
            logging.getLogger("livebus").exception("unexpected error")
            from livebus.runtime.functions.lambda_api import refusal

            text = f"{type(error).__name__} in the local runtime; its log has more"
            return refusal(AwsError("ServiceException", text, 500), self._clockwork.new_id())

    def hand_over(self, arn: str, payload: bytes, event_id: str) -> Failure | None:
        """Invoke a function asynchronously for a rule: why Lambda does not take the event; None where it does."""
        functions = self._loaded()
        try:
            function = functions.find(arn)
            if function.unrunnable:
                text = f"function {function.name!r} does not run in the local runtime: {function.unrunnable}"
                return Failure(ERROR_FROM_TARGET, text, retryable=False)
            functions.asynchronous.accept(function, self._clockwork.new_id(), payload, event_id)
        except AwsError as error:
            if error.status == 429:
                return Failure(THROTTLING, error.message, retryable=True)
            return Failure(NO_RESOURCE, error.message, retryable=False)
        return None

    async def invoke(self, arn: str, payload: bytes, kind: InvocationType = "RequestResponse") -> Outcome:
        """Invoke a function for an API. Raises AwsError where Lambda does not take the call, or cannot run the function."""
        return await self._loaded().invoke(arn, payload, kind)

    async def close(self) -> None:
        """End all processes."""
        if self._functions is None:
            return
        given_up = await self._functions.close()
        if given_up:
            self._clockwork.tell(f"{given_up} asynchronous invocations of functions are given up")

    # --- what functions do ------------------------------------------------------------------------------------------

    def line(self, function: str, request_id: str, text: str) -> None:
        """A line of a function's log."""
        self._log(f"/aws/lambda/{function}", text)
        self._trace.function_line(function, request_id, text)

    def outcome(self, function: str, kind: str, outcome: Outcome, event_id: str) -> None:
        """An invocation has ended."""
        self._trace.function_outcome(
            function, outcome.request_id, event_id, kind, duration=outcome.duration, error=outcome.error
        )

    def _send(self, arn: str, body: str, attributes: Mapping[str, str]) -> str:
        if arn not in self._queues:
            return f"{arn} is not a queue of the stacks that run here"
        try:
            self._journal.send(arn, self._clockwork.new_id(), body, attributes, self._clockwork.clock())
        except JournalFault as fault:
            return str(fault)
        return ""


def refused_unsigned(request_id: str) -> HttpAnswer:
    """The answer to a call of Lambda's paths that is not signed: a page in a browser could make it."""
    content: dict[str, Any] = {"message": "Missing Authentication Token"}
    headers = {"x-amzn-ErrorType": "MissingAuthenticationTokenException", "x-amzn-RequestId": request_id}
    return HttpAnswer(403, {"Content-Type": "application/json", **headers}, orjson.dumps(content))
