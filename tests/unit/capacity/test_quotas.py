"""Which quotas a load meets first, and AWS's figures themselves."""

from __future__ import annotations

import re

import pytest

from livebus.capacity import Usage, figures, read_load, usages


def found(words: str, region: str = "us-east-1") -> dict[str, Usage]:
    return {usage.figure.name: usage for usage in usages(read_load([words], region))}


def test_the_nearest_is_first() -> None:
    """Percentages never rise on the way down."""
    percents = [usage.percent for usage in usages(read_load(["events/s=900 subscribers=70 event-kb=300"], "eu-west-2"))]
    assert percents == sorted(percents, reverse=True)
    assert percents[0] > 100


@pytest.mark.parametrize(
    ("region", "put_events", "invocations", "rules"),
    [
        ("us-east-1", 10_000, 18_750, 300),
        ("eu-central-1", 2_400, 4_500, 300),
        ("ap-northeast-1", 1_200, 2_250, 300),
        ("eu-south-1", 400, 750, 100),
        ("ca-central-1", 400, 1_100, 300),
    ],
)
def test_regions_differ(region: str, put_events: int, invocations: int, rules: int) -> None:
    """Where a region is not named, the least that such regions have."""
    usage = found("", region)
    names = ("PutEvents requests", "invocations of targets", "rules")
    assert [usage[name].quota for name in names] == [put_events, invocations, rules]


def test_the_busiest_second_counts() -> None:
    """peak/s, where it is given; a month's average decides the cost only."""
    usage = found("events/s=10 peak/s=600 batch=3 rules=2 targets=2 subscribers=50 share=10% result-kb=6")
    assert usage["PutEvents requests"].used == 200
    assert usage["invocations of targets"].used == 2400
    assert usage["AppSync's request tokens"].used == 2400
    # Five subscribers receive each event, as a message of two times 5 KB.
    assert usage["messages to subscribers"].used == 6000


@pytest.mark.parametrize(
    ("words", "name", "beyond", "adjustable"),
    [
        ("events/s=10001", "PutEvents requests", "throttled", True),
        ("events/s=18751 batch=10", "invocations of targets", "delayed", True),
        ("event-kb=977", "size of a PutEvents request", "refused", False),
        ("event-kb=98 batch=10", "size of a PutEvents request", "refused", False),
        ("rules=301", "rules", "refused", True),
        ("targets=6", "targets", "refused", False),
        ("events/s=5001", "AppSync's request tokens", "delayed", True),
        ("events/s=100 subscribers=167", "messages to subscribers", "not documented", True),
        ("connects/s=2001", "new connections", "refused", True),
        ("connects/s=1001 subscriptions=2", "new subscriptions", "refused", True),
        ("subscriptions=101", "subscriptions of a connection", "refused", True),
        ("result-kb=241", "size of a message", "dropped", False),
    ],
)
def test_what_happens_beyond_each_quota(words: str, name: str, beyond: str, adjustable: bool) -> None:
    """Just above it: what becomes of the rest, and whether AWS raises it."""
    usage = found(words)[name]
    assert (usage.exceeded, usage.beyond, usage.adjustable) == (True, beyond, adjustable)


@pytest.mark.parametrize(
    "words", ["events/s=10000", "event-kb=976", "targets=5", "subscriptions=100", "result-kb=240", "connects/s=2000"]
)
def test_a_quota_that_is_just_reached_is_not_exceeded(words: str) -> None:
    """All of it may be used."""
    name = words.partition("=")[0]
    named = {
        "events/s": "PutEvents requests",
        "event-kb": "size of a PutEvents request",
        "targets": "targets",
        "subscriptions": "subscriptions of a connection",
        "result-kb": "size of a message",
        "connects/s": "new connections",
    }
    assert not found(words)[named[name]].exceeded


def test_all_subscribers_connect_within_a_minute_unless_it_is_said() -> None:
    """As after an interruption of the network."""
    assert found("subscribers=120k")["new connections"].used == 2000


@pytest.mark.parametrize(
    "figure", [*figures.PRICES, *figures.OTHER_PRICES, *figures.QUOTAS], ids=lambda figure: figure.name
)
def test_each_figure_says_where_it_is_from(figure: figures.Figure) -> None:
    """An AWS page; the day on which it was read, where it was; and what is taken, where that is unsure."""
    assert re.match(r"https://(docs\.)?aws\.amazon\.com/", figure.source)
    assert bool(figure.read) == (figure.known == "verified")
    assert re.fullmatch(r"(20\d\d-\d\d-\d\d)?", figure.read)
    assert figure.note or figure.known != "unsure"


def test_tables_and_functions_have_quotas_where_the_load_has_some() -> None:
    """Units of the busiest second, for the table and for one of its keys; functions that run at a time."""
    words = "peak/s=2000 writes=2 item-kb=1.5 keys=4 functions=1 function-ms=250 subscribers=600 pages=1 page-kb=16"
    names = ("writes to a table", "writes to one key", "reads of a table", "functions at once")

    found = {
        each.figure.name: each.used for each in usages(read_load([words], "us-east-1")) if each.figure.name in names
    }

    assert found == {
        "writes to a table": 2000 * 2 * 2,
        "writes to one key": 2000,
        "reads of a table": 10 * 2,
        "functions at once": 500,
    }
    plain = {each.figure.name for each in usages(read_load([], "us-east-1"))}
    assert plain.isdisjoint(names)
