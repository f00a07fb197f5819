"""
``$util.time``. Now is the time of the request.

https://docs.aws.amazon.com/appsync/latest/devguide/time-helpers-in-util-time.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livebus.vtl import dates
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.functions.registry import function


def _told(evaluation: Evaluation, work: Callable[..., Any], *given: Any) -> Any:
    """What a function of :mod:`~livebus.vtl.dates` gives; None where an argument is null."""
    if any(argument is None for argument in given):
        return None
    try:
        return work(*given)
    except dates.InvalidTime as invalid:
        raise evaluation.fail(str(invalid)) from None


@function("util.time.nowISO8601")
def _now_iso(evaluation: Evaluation) -> Any:
    return _told(evaluation, dates.iso8601, evaluation.now)


@function("util.time.nowEpochSeconds")
def _now_seconds(evaluation: Evaluation) -> int:
    return evaluation.now // 1000


@function("util.time.nowEpochMilliSeconds")
def _now_milliseconds(evaluation: Evaluation) -> int:
    return evaluation.now


@function("util.time.nowFormatted", "text", "text text")
def _now_formatted(evaluation: Evaluation, *given: Any) -> Any:
    return _told(evaluation, dates.formatted, evaluation.now, *given)


@function("util.time.parseFormattedToEpochMilliSeconds", "text text", "text text text")
def _parse(evaluation: Evaluation, *given: Any) -> Any:
    return _told(evaluation, dates.parsed, *given)


@function("util.time.parseISO8601ToEpochMilliSeconds", "text")
def _parse_iso(evaluation: Evaluation, written: Any) -> Any:
    return _told(evaluation, dates.parsed_iso8601, written)


@function("util.time.epochMilliSecondsToSeconds", "int")
def _to_seconds(evaluation: Evaluation, millis: int) -> int:
    return millis // 1000


@function("util.time.epochMilliSecondsToISO8601", "int")
def _to_iso(evaluation: Evaluation, millis: int) -> Any:
    return _told(evaluation, dates.iso8601, millis)


@function("util.time.epochMilliSecondsToFormatted", "int text", "int text text")
def _to_formatted(evaluation: Evaluation, *given: Any) -> Any:
    return _told(evaluation, dates.formatted, *given)
