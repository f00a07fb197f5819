"""
Functions for whoever has no event loop and no runtime: tests, the dry run. The loop is in a thread of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from livebus.data_source import functions as lambda_source
from livebus.operation import Answer
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions.code import CodeStore
from livebus.runtime.functions.command import Surroundings
from livebus.runtime.functions.outcome import InvocationType, Outcome
from livebus.runtime.functions.service import Functions
from livebus.template.application import Function

T = TypeVar("T")

# Nobody listens there: a call of AWS that the function makes fails at once, and goes nowhere else.
_NOWHERE = "http://127.0.0.1:1"
_END_SECONDS = 10.0


class AskedFunctions:
    """
    Functions that are started when they are asked, each with the template's ``folder``. To be closed, or used in ``with``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, BlockingFunctions] = {}

    def ask(self, function: Function, request: lambda_source.FunctionRequest, is_direct: bool) -> Answer:  # noqa: FBT001 - as Ask has it
        """A function's answer to an API."""
        running = self._running.get(function.arn)
        if running is None:
            running = self._running[function.arn] = BlockingFunctions([function], self._folder)
        return running.ask(function, request, is_direct)

    def close(self) -> None:
        """End every process."""
        for running in self._running.values():
            running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockingFunctions:
    """
    The functions of a template in ``folder``. ``line`` gets each line of their logs: the function's name, and the text.

    ``endpoint`` is where their own calls of AWS go. To be closed, or used in ``with``.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        folder: Path,
        *,
        endpoint: str = _NOWHERE,
        region: str = "us-east-1",
        line: Callable[[str, str], None] = lambda *_: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._line = line
        self._unpacked = tempfile.TemporaryDirectory(prefix="livebus-functions-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="functions", daemon=True)
        self._thread.start()
        self._functions = self._run(self._made(tuple(functions), folder, Surroundings(endpoint, region), tell))

    async def _made(
        self, functions: Iterable[Function], folder: Path, surroundings: Surroundings, tell: Callable[[str], None]
    ) -> Functions:
        store = CodeStore(Path(self._unpacked.name), tell)
        made = Functions(store, surroundings, self, new_id=lambda: str(uuid.uuid4()), tell=tell)
        made.use((function, folder) for function in functions)
        return made

    def invoke(self, name: str, payload: bytes, kind: InvocationType = "RequestResponse") -> Outcome:
        """As :meth:`Functions.invoke`, and raises the same; waits for the outcome."""
        return self._run(self._functions.invoke(name, payload, kind))

    def ask(self, function: Function, request: lambda_source.FunctionRequest, is_direct: bool) -> Answer:  # noqa: FBT001 - as Ask has it
        """A function's answer to an API."""
        try:
            outcome = self.invoke(function.arn, request.body, request.type)
        except AwsError as error:
            return lambda_source.not_taken(error.error_type, error.message, error.status)
        return lambda_source.answered(outcome.payload, outcome.error, is_direct=is_direct)

    def close(self) -> None:
        """End every process."""
        if self._loop.is_closed():
            return
        self._run(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END_SECONDS)
        self._loop.close()
        self._unpacked.cleanup()

    async def _ended(self) -> None:
        await self._functions.close()
        await self._loop.shutdown_default_executor()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    # --- what functions do ------------------------------------------------------------------------------------------

    def line(self, function: str, request_id: str, text: str) -> None:  # noqa: ARG002 - as Listener has it
        """A line of a function's log."""
        self._line(function, text)

    def outcome(self, function: str, kind: str, outcome: Outcome, event_id: str) -> None:
        """An invocation has ended: who called knows."""
