"""
Calls the data sources that run locally: NONE, which calls nothing, and AMAZON_EVENTBRIDGE.

In: what a request handler asked for, already in the form of PutEvents. Out: what the response handler sees, as ``result``
and ``error``.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-eventbridge-js.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from livebus.errors import LivebusError
from livebus.operation import Call, Services
from livebus.template.application import DataSource

# What is answered where the code runs; every other type is a call that whoever drives the request performs.
IN_PLACE = ("NONE", "AMAZON_EVENTBRIDGE")


# How many invocations BatchInvoke gathers where the resolver has no MaxBatchSize.
_DEFAULT_BATCH = 5


def call_of(source: DataSource, request: Any, max_batch_size: int, *, is_direct: bool = False) -> Call:
    """
    The call that a request is. Invocations are gathered with BatchInvoke, and where ``max_batch_size`` says so for
    a function that is invoked directly.
    """
    asked = isinstance(request, Mapping) and request.get("operation") == "BatchInvoke"
    if source.type == "AWS_LAMBDA" and (asked or (is_direct and max_batch_size)):
        return Call(source, request, source.name, max_batch_size or _DEFAULT_BATCH, is_direct)
    return Call(source, request, is_direct=is_direct)


def put_events(source: DataSource, entries: Sequence[Mapping[str, Any]], services: Services) -> dict[str, Any]:
    """
    Put entries on the data source's bus: ``result`` is PutEvents' answer, entries that failed included.

    Where no answer came, ``error`` is ``ctx.error`` with message and type, and ``result`` None; with no bus to call at
    all, ``halt`` ends the field with that reason.
    """
    if services.put_events is None or source.event_bus_arn is None:
        where = source.event_bus_arn or "a bus that is not named"
        return {"halt": f"The data source {source.name!r} puts events on {where}, and no event bus is offered here"}
    try:
        answer = services.put_events(source.event_bus_arn, entries)
    except LivebusError as refused:
        return {"result": None, "error": {"message": str(refused), "type": type(refused).__name__}}
    return {"result": answer}
