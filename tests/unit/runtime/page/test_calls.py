"""Calls of data sources that the page remembers: the last ones, and of each a bounded text."""

from __future__ import annotations

from livebus.operation import Answer, Call, Called
from livebus.runtime.page.history import MAX_CALL_BYTES, MAX_CALLS, History
from livebus.template.application import DataSource

SOURCE = DataSource("orders", "AMAZON_DYNAMODB")


def test_the_last_calls_are_kept_the_newest_first() -> None:
    history = History(lambda: 7.0)
    history.asked("shop", "r", [Called(Call(SOURCE, {"n": number}), Answer(number)) for number in range(MAX_CALLS + 5)])

    calls = history.calls()

    assert len(calls) == MAX_CALLS
    assert (calls[0].request, calls[0].result, calls[0].api, calls[0].at) == ('{"n":204}', "204", "shop", 7.0)


def test_a_long_answer_is_cut_and_an_error_has_no_result() -> None:
    history = History(lambda: 0.0)
    large, failed = Answer("x" * 10_000), Answer({"kept": 1}, {"message": "no", "type": "DynamoDB:Error"})
    history.asked("shop", "r", [Called(Call(SOURCE, None), large), Called(Call(SOURCE, 2**70), failed)])

    error, long = history.calls()

    assert long.result == '"' + "x" * (MAX_CALL_BYTES - 1) + "… (10,002 bytes)"
    assert (error.request, error.result, error.error) == (str(2**70), "", ("DynamoDB:Error", "no"))
