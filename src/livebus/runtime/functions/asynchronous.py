"""
Asynchronous invocations: taken at once, run when their turn comes, tried again, and in the end told to who is to be told.

Lambda tries twice more, after one and after two minutes; what it then gives up goes to the function's dead-letter queue or
to a destination. Here those are queues of SQS; what waits is in memory, and given up aloud when the runtime stops.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.functions.outcome import Outcome
from livebus.template.application import Function

MAX_PENDING = 1000
_RETRY_SECONDS = (60.0, 120.0)
_THROTTLED_SECONDS = 1.0
_LONGEST_MESSAGE = 1024

CarryOut = Callable[[str, str, bytes, str], Awaitable[Outcome]]
Send = Callable[[str, str, Mapping[str, str]], str]


@dataclass(slots=True)
class _Pending:
    """
    An event that was taken. ``attempts`` counts those that were made; ``taken`` in epoch seconds. ``event_id`` is that of
    the event of a bus that it is, if it is one. ``spared`` are the seconds that shortened waiting left out: they count for
    its age, while the time that the function takes counts as it is.
    """

    function: Function
    request_id: str
    payload: bytes
    taken: float
    event_id: str = ""
    attempts: int = 0
    spared: float = 0.0


class Asynchronous:
    """``carry_out`` runs a function once, ``send`` puts a message into a queue. ``time_scale`` divides the waiting."""

    def __init__(
        self,
        carry_out: CarryOut,
        send: Send,
        *,
        clock: Callable[[], float],
        tell: Callable[[str], None],
        time_scale: float,
    ) -> None:
        self._carry_out = carry_out
        self._send = send
        self._clock = clock
        self._tell = tell
        self._time_scale = time_scale
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, function: Function, request_id: str, payload: bytes, event_id: str = "") -> None:
        """Take an event. Raises AwsError where too many wait already."""
        if len(self._tasks) >= MAX_PENDING:
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429)
        pending = _Pending(function, request_id, payload, self._clock(), event_id)
        task = asyncio.get_running_loop().create_task(self._run(pending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> int:
        """Let go of what waits and runs; how many events that are."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)

    async def _run(self, pending: _Pending) -> None:
        try:
            await self._to_its_end(pending)
        except Exception as error:  # a bug of ours must not be silent, nor end other events
            logging.getLogger("livebus").exception("unexpected error")
            self._give_up(pending, None, "RetriesExhausted", f"{type(error).__name__} in the local runtime")

    async def _to_its_end(self, pending: _Pending) -> None:
        config = pending.function.asynchronous
        while True:
            outcome, refusal = None, ""
            try:
                outcome = await self._carry_out(
                    pending.function.name, pending.request_id, pending.payload, pending.event_id
                )
                pending.attempts += 1
                if not outcome.function_error:
                    self._tell_success(pending, outcome)
                    return
                if pending.attempts > config.maximum_retry_attempts:
                    self._give_up(pending, outcome, "RetriesExhausted", str(outcome.error.get("errorMessage", "")))
                    return
                wait = _RETRY_SECONDS[min(pending.attempts, len(_RETRY_SECONDS)) - 1]
            except AwsError as error:
                refusal = f"{error.error_type}: {error.message}"
                if error.status != 429:
                    self._give_up(pending, None, "RetriesExhausted", refusal)
                    return
                wait = _THROTTLED_SECONDS
            age = self._clock() - pending.taken + pending.spared
            if age + wait > config.maximum_event_age_in_seconds:
                why = refusal or str((outcome.error if outcome else {}).get("errorMessage", ""))
                self._give_up(pending, outcome, "EventAgeExceeded", why)
                return
            pending.spared += wait - wait / self._time_scale
            await asyncio.sleep(wait / self._time_scale)

    # --- what is told -----------------------------------------------------------------------------------------------

    def _tell_success(self, pending: _Pending, outcome: Outcome) -> None:
        arn = pending.function.asynchronous.on_success
        if arn:
            self._send_record(arn, pending, outcome, "Success")

    def _give_up(self, pending: _Pending, outcome: Outcome | None, condition: str, why: str) -> None:
        config, name = pending.function.asynchronous, pending.function.name
        why = why[:_LONGEST_MESSAGE]
        told = []
        if config.dead_letter:
            attributes = {
                "RequestID": pending.request_id,
                "ErrorCode": "200",
                "ErrorMessage": why or "unknown",
            }
            refusal = self._send(config.dead_letter, pending.payload.decode("utf-8", "replace"), attributes)
            told.append(
                f"its dead-letter queue takes nothing: {refusal}" if refusal else "it is in the dead-letter queue"
            )
        if config.on_failure and self._send_record(config.on_failure, pending, outcome, condition):
            told.append("its destination is told")
        end = "; ".join(told) or "the event is lost: there is neither a dead-letter queue nor a destination"
        self._tell(
            f"function {name}: event {pending.request_id} is given up after {pending.attempts} attempts: {why}; {end}"
        )

    def _send_record(self, arn: str, pending: _Pending, outcome: Outcome | None, condition: str) -> bool:
        """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": _iso(self._clock()),
            "requestContext": {
                "requestId": pending.request_id,
                "functionArn": f"{pending.function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": pending.attempts,
            },
            "requestPayload": json.loads(pending.payload),
        }
        if outcome is not None:
            context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
            if outcome.function_error:
                context["functionError"] = outcome.function_error
            record |= {"responseContext": context, "responsePayload": json.loads(outcome.payload or b"null")}
        refusal = self._send(arn, json.dumps(record, ensure_ascii=False), {})
        if refusal:
            self._tell(f"function {pending.function.name}: the destination {arn} is not told: {refusal}")
        return not refusal


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
