"""util.time: the request's time, formats of java.time and time zones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.operation import Resolution, Resolver, Services
from livebus.resolver import compile_resolver
from livebus.template.application import DataSource, ResolverConfig

Evaluate = Callable[..., Any]


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("nowISO8601()", "2023-11-14T22:13:20.123Z"),
        ("nowEpochSeconds()", 1_700_000_000),
        ("nowEpochMilliSeconds()", 1_700_000_000_123),
        ("nowFormatted('yyyy-MM-dd HH:mm:ssZ')", "2023-11-14 22:13:20+0000"),
        ("nowFormatted('yyyy-MM-dd HH:mm:ssZ', 'Australia/Perth')", "2023-11-15 06:13:20+0800"),
        ("nowFormatted('EEEE, d MMMM yyyy h:mm a')", "Tuesday, 14 November 2023 10:13 PM"),
        ("nowFormatted('EEE dd MMM yy')", "Tue 14 Nov 23"),
        ("nowFormatted(\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\", '+05:30')", "2023-11-15T03:43:20.123+05:30"),
        ("nowFormatted(\"h 'o''clock' a, D\")", "10 o'clock PM, 318"),
        ("nowFormatted('HH:mm z VV', 'Europe/Berlin')", "23:13 CET Europe/Berlin"),
        ("nowFormatted('X x ZZZZZ')", "Z +00 Z"),
        ("epochMilliSecondsToSeconds(1517943695750)", 1_517_943_695),
        ("epochMilliSecondsToISO8601(1517943695750)", "2018-02-06T19:01:35.750Z"),
        ("epochMilliSecondsToFormatted(1517943695750, 'yyyy-MM-dd HH:mm:ssZ')", "2018-02-06 19:01:35+0000"),
        (
            "epochMilliSecondsToFormatted(1517943695750, 'yyyy-MM-dd HH:mm:ssZ', 'Australia/Perth')",
            "2018-02-07 03:01:35+0800",
        ),
        ("parseISO8601ToEpochMilliSeconds('2018-02-01T17:21:05.180+08:00')", 1_517_476_865_180),
        ("parseISO8601ToEpochMilliSeconds('2018-02-01T09:21:05Z')", 1_517_476_865_000),
        ("parseFormattedToEpochMilliSeconds('2018-02-01 17:21:05+0800', 'yyyy-MM-dd HH:mm:ssZ')", 1_517_476_865_000),
        (
            "parseFormattedToEpochMilliSeconds('2018-02-01 17:21:05', 'yyyy-MM-dd HH:mm:ss', 'Australia/Perth')",
            1_517_476_865_000,
        ),
        ("parseFormattedToEpochMilliSeconds('1 Feb 2018 5:21 PM', 'd MMM yyyy h:mm a', '+08:00')", 1_517_476_860_000),
        (
            "parseFormattedToEpochMilliSeconds('2024-03-31 01:30', 'yyyy-MM-dd HH:mm', 'Europe/Zurich')",
            1_711_845_000_000,
        ),
        (
            "parseFormattedToEpochMilliSeconds('2024-10-27 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Zurich')",
            1_729_989_000_000,
        ),
        ("parseFormattedToEpochMilliSeconds('20180201', 'yyyyMMdd', 'UTC')", 1_517_443_200_000),
    ],
)
def test_times_and_formats(evaluate: Evaluate, call: str, value: Any) -> None:
    """Times are read and written in the documented forms; now is the time of the request."""
    assert evaluate(f"util.time.{call}") == value


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("nowFormatted('yyyy', 'Mars/Olympus')", "Unknown time-zone ID: Mars/Olympus"),
        ("nowFormatted('yyyy w')", "The letter 'w' of a date format is not emulated"),
        ("parseISO8601ToEpochMilliSeconds('yesterday')", "could not be parsed as ISO 8601"),
        ("parseFormattedToEpochMilliSeconds('2018', 'yyyy-MM', 'UTC')", "could not be parsed with the format"),
        ("parseFormattedToEpochMilliSeconds('2018-13', 'yyyy-MM', 'UTC')", "out of range"),
        ("parseFormattedToEpochMilliSeconds('2018-01', 'yyyy-MM')", "names no time zone"),
        ("parseFormattedToEpochMilliSeconds(1, 'yyyy', 'UTC')", "A timestamp takes a string"),
    ],
)
def test_what_cannot_be_read_is_an_error(resolve: Callable[..., Resolution], call: str, words: str) -> None:
    """An unknown zone, an unknown letter or a text that does not fit ends the field with an error that says so."""
    code = f"export const request = () => ({{}});\nexport function response(ctx) {{ return util.time.{call}; }}"
    error = resolve(code).error
    assert error is not None
    assert words in error.message
    assert error.error_type == "Code"


def format_resolver() -> Resolver:
    code = """export function request(ctx) {
      const { millis, zone } = ctx.args;
      const written = util.time.epochMilliSecondsToFormatted(millis, "yyyy-MM-dd'T'HH:mm:ss.SSSZ", zone);
      return { payload: [written, util.time.parseFormattedToEpochMilliSeconds(written, "yyyy-MM-dd'T'HH:mm:ss.SSSZ")] };
    }
    export const response = (ctx) => ctx.result;"""
    return compile_resolver(ResolverConfig("Query", "time", code, "time.js", DataSource("Nothing", "NONE")))


FORMAT = format_resolver()


@given(
    st.integers(0, 4_000_000_000_000),
    st.sampled_from(["UTC", "Europe/Zurich", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"]),
)
@settings(max_examples=100, deadline=None)
def test_zones_are_those_of_the_time_zone_database(millis: int, zone: str) -> None:
    """A moment written in a zone has that zone's clock, and reads back as the same moment."""
    written, read = FORMAT.run({"arguments": {"millis": millis, "zone": zone}}, Services(0.0, str)).value
    moment = datetime.fromtimestamp(millis // 1000, UTC).astimezone(ZoneInfo(zone))
    assert written == moment.strftime(f"%Y-%m-%dT%H:%M:%S.{millis % 1000:03}%z")[: len(written)]
    assert read == millis
