"""
Runs compiled APPSYNC_JS in a sandboxed engine: memory, time and stack are limited, and nothing outlives a run.

In: what one resolver loads, a :class:`~livebus.operation.Loading`. Out: what its handlers gave back, as the
parsed JSON of ``driver.js``: ``value`` or ``error`` and what was collected on the way, or ``ask`` and ``question`` where
the run needs an answer from outside.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any

import orjson
import quickjs

from livebus.beyond_orjson import json_text
from livebus.operation import Exceeded, Loading
from livebus.resolver.code import LINE_OFFSET

TIME_LIMIT = 1.0  # seconds of processor time for one call into the engine
MEMORY_LIMIT = 64 * 1024 * 1024  # bytes
STACK_LIMIT = 1024 * 1024  # bytes

_PARTS = ("state.js", "time.js", "utilities.js", "dynamodb.js", "data_sources.js", "driver.js", "seal.js")


class Engine:
    """
    One resolver's code in an engine of its own: its code files, in the order that ``driver.js`` counts them.

    ``sources`` are the data sources' types: one for a unit resolver; None and then one for each function of a pipeline.
    May be called from any thread, one at a time; other calls wait. Once a run has raised Exceeded the engine may be left
    half-way, and is not to be used again.
    """

    __slots__ = ("_context", "_lock", "_memory_limit", "_run", "_time_limit")

    def __init__(
        self,
        loading: Loading,
    ) -> None:
        self._time_limit = loading.time_limit
        self._memory_limit = loading.memory_limit
        self._lock = Lock()
        context = quickjs.Context()
        context.set_max_stack_size(STACK_LIMIT)
        context.set("LINE_OFFSET", LINE_OFFSET)
        context.eval(f"globalThis.engine = {_script()}")
        self._run = context.eval("engine.run")
        seal = context.eval("engine.seal")
        add = context.eval("engine.add")
        for factory in loading.factories:
            add(context.eval(factory))
        seal(loading.sources, loading.variables)
        # The limits count from here: what stands above is ours.
        context.set_memory_limit(loading.memory_limit)
        context.set_time_limit(loading.time_limit)
        self._context = context

    def limit_time(self, seconds: float) -> None:
        """Let the next runs have so much processor time each."""
        self._context.set_time_limit(seconds)

    def run(self, context: str, now: float, answers: str | None = None) -> str:
        """
        Run the resolver once: ``context`` is ``ctx`` as JSON, ``now`` the request's time in epoch milliseconds.

        ``answers`` is JSON too: a list for each kind of question, in the order in which the run asks.
        """
        try:
            with self._lock:
                outcome: str = self._run(context, now, answers)
        except quickjs.StackOverflow as overflow:
            raise Exceeded("The code needs a deeper call stack than the runtime has") from overflow
        except quickjs.JSException as fault:
            raise Exceeded(self._reason(str(fault))) from fault
        return outcome

    def _reason(self, fault: str) -> str:
        if "interrupted" in fault:
            return too_long(self._time_limit)
        # Where the engine has no memory left even for an error, it throws null.
        if fault.strip() == "null" or "out of memory" in fault:
            return f"The code needed more than {self._memory_limit // (1024 * 1024)} MB of memory and was ended"
        return f"The engine ended the run: {fault.strip()}"


def too_long(seconds: float) -> str:
    """What is said of code that its time limit has ended."""
    return f"The code ran longer than {seconds:g} s and was ended"


@cache
def _script() -> str:
    folder = files("livebus.resolver")
    parts = "\n".join((folder / part).read_text(encoding="utf-8") for part in _PARTS)
    return f'((LINE_OFFSET) => {{"use strict";\n{parts}\n}})(LINE_OFFSET)'


def to_json(value: Any) -> str:
    """JSON text that the engine reads as the same value; lone surrogates and large integers included."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # orjson refuses lone surrogates, integers beyond 64 bits and Mappings that are no dict.
        return json_text(value, default=dict)


def from_json(text: str) -> Any:
    """The value of a JSON text from the engine."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        # A lone surrogate stands in the text as \\udxxx, which orjson refuses.
        return json.loads(text)
