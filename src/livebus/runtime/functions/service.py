"""
The functions of all stacks, and the one way to invoke them: ``invoke(function, payload, invocation type) → Outcome``.

Whoever exceeds its Timeout is ended here. Used by Lambda's own API, by rules of event buses, and by whoever else has a function to call. Nothing is started before
the first invocation; a process stays warm for the next, until its code or its configuration is another.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from livebus.errors import LivebusError
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions import outcome as results
from livebus.runtime.functions.asynchronous import Asynchronous
from livebus.runtime.functions.capacity import Places
from livebus.runtime.functions.code import Code, CodeStore, named_objects
from livebus.runtime.functions.command import Surroundings, arguments, environment
from livebus.runtime.functions.log_lines import InvocationLog, end_line, report_line, start_line
from livebus.runtime.functions.outcome import FunctionAnswer, FunctionInvocation, InvocationType, Outcome
from livebus.runtime.functions.process import FunctionProcess
from livebus.runtime.functions.runtime_api import RuntimeApi
from livebus.template.application import Function
from livebus.template.functions import function_name

# How long a process may take to load its code, before the function's own Timeout begins.
INIT_SECONDS = 10.0
# How often the folder of a function's code is looked at.
_LOOK_SECONDS = 0.5
_IDLE_SECONDS = 600.0
_SWEEP_SECONDS = 30.0


class Listener(Protocol):
    """Who is told what functions do."""

    def line(self, function: str, request_id: str, text: str) -> None:
        """A line of a function's log, escaped."""

    def outcome(self, function: str, kind: str, outcome: Outcome, event_id: str) -> None:
        """An invocation has ended; ``event_id`` is empty where it was not for an event of a bus."""


@dataclass(slots=True)
class _Served:
    """A function with the folder of its template, and its code as it was found when it was looked at last."""

    function: Function
    folder: Path | None
    code: Code | None = None
    looked: float = 0.0


class Functions:
    """
    ``new_id`` makes request ids, ``clock`` gives epoch seconds. ``read_object`` gives an object of S3 by bucket and key, or
    None. ``send`` puts a message into a queue, by its ARN, for what
    asynchronous invocations leave behind: the reason where that is not possible, else nothing.
    """

    def __init__(
        self,
        store: CodeStore,
        surroundings: Surroundings,
        listener: Listener,
        *,
        new_id: Callable[[], str],
        clock: Callable[[], float] = time.time,
        tell: Callable[[str], None] = lambda _: None,
        time_scale: float = 1.0,
        read_object: Callable[[str, str], bytes | None] = lambda *_: None,
        send: Callable[[str, str, Mapping[str, str]], str] = lambda *_: "there are no queues",
    ) -> None:
        self._store = store
        self._surroundings = surroundings
        self._listener = listener
        self._read_object = read_object
        self._new_id = new_id
        self._clock = clock
        self._told: set[str] = set()
        self._tell = tell
        self._served: dict[str, _Served] = {}
        self._api = RuntimeApi()
        self._places = Places(time.monotonic)
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False
        self.asynchronous = Asynchronous(self._carry_out, send, clock=clock, tell=tell, time_scale=time_scale)

    # --- which functions there are ----------------------------------------------------------------------------------

    def use(self, functions: Iterable[tuple[Function, Path | None]]) -> None:
        """These functions from now on, each with its template's folder (None: deployed). Others' processes end."""
        before, self._served = self._served, {}
        for function, folder in functions:
            known = before.get(function.name)
            is_same = known is not None and (known.function, known.folder) == (function, folder)
            self._served[function.name] = known if known and is_same else _Served(function, folder)
        changed = {name for name, served in before.items() if self._served.get(name) is not served}
        for process in self._api.processes.values():
            if process.function in changed:
                process.is_stale = True
        self._places.retire(lambda _, process: not process.is_stale)

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions by their names."""
        return {name: served.function for name, served in self._served.items()}

    def find(self, name: str) -> Function:
        """
        The function of a name, a partial or a whole ARN. Raises AwsError where there is none, or not in that version.
        """
        return self._find(name).function

    def _find(self, name: str) -> _Served:
        served = self._served.get(function_name(name))
        arn = served.function.arn if served else self._surroundings.function_arn(function_name(name))
        qualifier = _qualifier(name)
        if served is None or qualifier not in ("", "$LATEST"):
            shown = name if name.startswith("arn:") else f"{arn}:{qualifier}" if qualifier and served else arn
            raise AwsError("ResourceNotFoundException", f"Function not found: {shown}", 404)
        return served

    # --- invoking ---------------------------------------------------------------------------------------------------

    async def invoke(
        self, name: str, payload: bytes, kind: InvocationType = "RequestResponse", *, client_context: str = ""
    ) -> Outcome:
        """
        Invoke a function: with ``RequestResponse`` the outcome is the function's, with ``Event`` it is that Lambda took it.

        ``payload`` is JSON text, empty for an empty object; ``client_context`` JSON text. What the function does wrong is
        an outcome with ``function_error``; raises AwsError where Lambda does not take the call, or cannot run the function.
        """
        served = self._find(name)
        payload = payload or b"{}"
        _check(payload, kind)
        request_id = self._new_id()
        if kind == "DryRun":
            return Outcome(request_id, 204)
        if served.function.unrunnable:
            raise _not_emulated(served.function)
        if kind == "Event":
            self.asynchronous.accept(served.function, request_id, payload)
            return Outcome(request_id, 202)
        return await self._carry_out(
            served.function.name, request_id, payload, client_context=client_context, kind=kind
        )

    async def _carry_out(
        self,
        name: str,
        request_id: str,
        payload: bytes,
        event_id: str = "",
        *,
        client_context: str = "",
        kind: InvocationType = "Event",
    ) -> Outcome:
        """Run the function with an event, once. Raises AwsError where there is no process to be had for it."""
        if self._is_closed:
            raise AwsError("ServiceException", "The local runtime stops.", 500)
        served = self._find(name)
        if served.function.unrunnable:
            raise _not_emulated(served.function)
        function = served.function
        log = InvocationLog(lambda text: self._listener.line(name, request_id, text))
        process, is_new = await self._process(served)
        keep = False
        try:
            process.listen(log)
            await process.ready(INIT_SECONDS)
            log.own(start_line(request_id))
            began = time.monotonic()
            answer = await self._answer(
                process, FunctionInvocation(request_id, payload, function.arn, 0, client_context), function
            )
            duration = (time.monotonic() - began) * 1000
            keep = process.can_go_on and not process.is_stale
            process.drain()
            log.flush()
            if answer.told:
                log.own(answer.told)
            log.own(end_line(request_id))
            init = (process.initialised - process.started) * 1000 if is_new and process.initialised else None
            report = report_line(
                request_id,
                duration=duration,
                memory_size=function.memory_size,
                most_memory=process.most_memory(),
                init=init,
            )
            log.own(report)
        finally:
            await self._let_go(name, process, keep=keep)
        error = results.UNHANDLED if answer.is_error else ""
        outcome = Outcome(request_id, 200, answer.payload, error, log.tail, duration)
        self._listener.outcome(name, kind, outcome, event_id)
        return outcome

    async def _answer(
        self, process: FunctionProcess, invocation: FunctionInvocation, function: Function
    ) -> FunctionAnswer:
        """The answer to an event; a process that has none when its time is over is killed."""
        deadline = int((self._clock() + function.timeout) * 1000)
        try:
            return await process.invoke(replace(invocation, deadline=deadline), function.timeout)
        except TimeoutError:
            process.kill()
            process.is_stale = True
            return results.timed_out(invocation.request_id, function.timeout)

    # --- processes --------------------------------------------------------------------------------------------------

    async def _process(self, served: _Served) -> tuple[FunctionProcess, bool]:
        """A process for one event, and whether it is a new one."""
        name = served.function.name
        code = await self._code(served)
        while True:
            process = await self._places.take(name)
            if process is None:
                break
            if not process.is_stale and process.code == code:
                return process, False
            await self._let_go(name, process, keep=False)
        try:
            return await self._started(served, code), True
        except BaseException:
            await self._places.give_up(name)
            raise

    async def _code(self, served: _Served) -> Code:
        """The function's code as it stands. Raises AwsError where there is none that can be run."""
        # What was deployed stays as it was until it is deployed again.
        is_fresh = served.folder is None or time.monotonic() - served.looked < _LOOK_SECONDS
        if served.code is not None and is_fresh:
            return served.code
        objects = {(bucket, key): self._read_object(bucket, key) for bucket, key in named_objects(served.function)}
        try:
            served.code = await asyncio.to_thread(self._store.find, served.function, served.folder, objects)
        except LivebusError as error:
            served.code = None
            raise AwsError("ResourceConflictException", str(error), 409) from None
        served.looked = time.monotonic()
        return served.code

    async def _started(self, served: _Served, code: Code) -> FunctionProcess:
        function = served.function
        try:
            command = await asyncio.to_thread(arguments, function, self._tell_once)
            await self._api.start()
            token = secrets.token_urlsafe(24)
            given = environment(function, code, self._api.address(token), self._surroundings, os.environ)
            process = FunctionProcess(function.name, token, code, command, given)
        except LivebusError as error:
            raise AwsError("ResourceConflictException", str(error), 409) from None
        except OSError as error:
            text = f"the process of function {function.name!r} cannot be started: {error.strerror or error}"
            raise AwsError("ServiceException", text, 500) from None
        self._api.processes[token] = process
        process.ended.add_done_callback(lambda _: self._api.processes.pop(token, None))
        self._sweep_later()
        return process

    def _tell_once(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._tell(line)

    async def _let_go(self, name: str, process: FunctionProcess, *, keep: bool) -> None:
        """Keep a process for the next event, or end it."""
        if keep and not process.is_stale and not process.is_over and not self._is_closed:
            await self._places.give_back(name, process)
            return
        await process.end()
        await self._places.give_up(name)

    def _sweep_later(self) -> None:
        if self._sweeping is None and not self._is_closed:
            self._sweeping = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """End processes that had nothing to do for long."""
        self._sweeping = None
        since = time.monotonic() - _IDLE_SECONDS
        self._places.retire(lambda _, process: process.idle_since > since)
        if self._api.processes:
            self._sweep_later()

    async def close(self) -> int:
        """End every process. How many asynchronous invocations are given up with it."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        given_up = await self.asynchronous.close()
        await asyncio.gather(*(process.end() for process in list(self._api.processes.values())))
        await self._places.settle()
        await self._api.close()
        return given_up


def _qualifier(name: str) -> str:
    """The version or alias in what names a function; empty where there is none."""
    parts = name.split(":")
    behind = parts[parts.index("function") + 2 :] if "function" in parts[:-1] else parts[1:]
    return behind[0] if behind else ""


def _check(payload: bytes, kind: InvocationType) -> None:
    """Raises AwsError where Lambda does not take an event: it is too large, or is not JSON."""
    most = results.MAX_ASYNCHRONOUS_REQUEST if kind == "Event" else results.MAX_REQUEST
    if len(payload) > most:
        text = f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {most} bytes)"
        raise AwsError("RequestTooLargeException", text, 413)
    try:
        json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", text) from None


def _refuse(constant: str) -> None:
    message = f"{constant} is not JSON"
    raise ValueError(message)


def _not_emulated(function: Function) -> AwsError:
    text = f"function {function.name!r} does not run in the local runtime: {function.unrunnable}"
    return AwsError("UnknownOperationException", text, 501)
