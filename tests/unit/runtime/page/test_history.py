"""The history: what it keeps of events as they pass, and how much at the most."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.flow import NOTHING_PUBLISHED
from livebus.runtime.page.history import MAX_LOGS, MAX_RUNNING, SENDER, History
from livebus.runtime.page.records import DEAD, DELIVERED, DROPPED, MAX_ATTEMPTS, MAX_RUNS, RETRYING


def event(name: str, text: str = "{}") -> Event:
    envelope = {"id": name, "source": "s", "detail-type": "t", "detail": json.loads(text)}
    return Event(envelope, "bus", "2026-01-01T00:00:00Z", text)


def rule(name: str = "rule", target: str = "T") -> Any:
    of = SimpleNamespace(target=SimpleNamespace(id=target))
    return SimpleNamespace(rule=SimpleNamespace(arn=name, name=name), every_target=(of,))


def attempt(target: str = "T") -> Any:
    of = SimpleNamespace(target=SimpleNamespace(id=target))
    return SimpleNamespace(target=of, published=NOTHING_PUBLISHED, response=None, failure=None)


@pytest.fixture
def history(clock: Any) -> History:
    return History(clock)


def test_an_event_and_its_tries_are_one_record(history: History, clock: Any) -> None:
    """A record holds what matched, who sent it, and each try with the milliseconds since the station before."""
    given, of = event("1"), rule()
    token = SENDER.set("Boto3/1")
    history.matched(given, "lines", [of])  # type: ignore[arg-type]
    SENDER.reset(token)
    clock.now += 0.002
    history.attempted(DELIVERED, given, of, attempt(), attempts=0)

    record = history.get("1")

    assert record is not None
    assert (record.id, record.sender, record.rules, record.lines) == ("1", "Boto3/1", [of], "lines")
    assert [(each.kind, each.attempts, round(each.ms or 0, 3)) for each in record.tries] == [(DELIVERED, 0, 2.0)]


def test_a_later_try_tells_no_time(history: History, clock: Any) -> None:
    """Between two tries of a target lies waiting, which is no time that a station took."""
    given, of = event("1"), rule()
    history.matched(given, "lines", [of])  # type: ignore[arg-type]
    history.attempted(RETRYING, given, of, attempt(), attempts=0, more=1.0)
    clock.now += 60
    history.attempted(DEAD, given, of, attempt(), attempts=1)

    record = history.get("1")

    assert record is not None
    assert [each.ms is None for each in record.tries] == [False, True]


def test_events_are_bounded_by_their_number(clock: Any) -> None:
    """The oldest go first, whether anybody has looked or not."""
    history = History(clock, max_events=3)
    for number in range(5):
        history.matched(event(str(number)), "lines", [])  # type: ignore[arg-type]
    assert [record.id for record in history.newest(10)] == ["4", "3", "2"]
    history.matched(event("5"), "lines", [])  # type: ignore[arg-type]
    assert [record.id for record in history.newest(10)] == ["5", "4", "3"]
    assert history.forgotten == 3


def test_events_are_bounded_by_their_text(clock: Any) -> None:
    """A few large events push out many small ones; the last one stays, however large."""
    history = History(clock, max_text=10_000)
    for number in range(5):
        history.matched(event(str(number), json.dumps({"msg": "x" * 4000})), "lines", [])  # type: ignore[arg-type]
    assert [record.id for record in history.newest(10)] == ["4", "3"]
    history.matched(event("large", json.dumps({"msg": "x" * 20_000})), "lines", [])  # type: ignore[arg-type]
    assert [record.id for record in history.newest(10)] == ["large"]


def test_tries_of_one_event_are_bounded(history: History) -> None:
    """The first try stays, and the last ones."""
    given, of = event("1"), rule()
    history.matched(given, "lines", [of])  # type: ignore[arg-type]
    for number in range(100):
        history.attempted(RETRYING, given, of, attempt(), attempts=number, more=1.0)
    record = history.get("1")
    assert record is not None
    assert len(record.tries) == MAX_ATTEMPTS
    assert (record.tries[0].attempts, record.tries[-1].attempts) == (0, 99)


def test_what_changed_since_is_told_once(history: History) -> None:
    """``since`` gives each record that changed after a number, the last change first."""
    one, two, of = event("1"), event("2"), rule()
    history.matched(one, "lines", [of])  # type: ignore[arg-type]
    history.matched(two, "lines", [of])  # type: ignore[arg-type]
    assert [record.id for record in history.since(0)] == ["2", "1"]
    seen = history.changed
    history.attempted(DELIVERED, one, of, attempt(), attempts=0)
    assert [record.id for record in history.since(seen)] == ["1"]
    assert list(history.since(history.changed)) == []


def test_refused_and_dropped_are_kept_too(history: History) -> None:
    """A refused entry has no event; an event for no bus says why it stopped."""
    history.refused({"Source": "aws.x", "Detail": "{}"}, Refused("NotAuthorizedForSourceException", "no"))
    history.stopped(DROPPED, event("1"), "no such event bus")
    dropped, refused = history.newest(2)
    assert (dropped.id, dropped.stop) == ("1", "no such event bus")
    assert (refused.event, refused.refused) == (None, Refused("NotAuthorizedForSourceException", "no"))


def test_a_replay_begins_anew(history: History) -> None:
    """An event that is replayed has its old id: its record begins again, at the end."""
    first, of = event("1"), rule()
    history.matched(first, "lines", [of])  # type: ignore[arg-type]
    history.attempted(DELIVERED, first, of, attempt(), attempts=0)
    history.matched(event("2"), "lines", [])  # type: ignore[arg-type]
    history.matched(event("1"), "lines", [of])  # type: ignore[arg-type]
    assert [(record.id, len(record.tries)) for record in history.newest(5)] == [("1", 0), ("2", 0)]
    assert len(history) == 2


def test_many_events_between_two_looks_stay_within_the_bounds(clock: Any) -> None:
    """Facts are counted many at once; what is held goes beyond the bounds by no more than those, and nothing is shown twice."""
    history = History(clock, max_events=1000, max_text=1000 * 400)
    for number in range(5000):
        history.matched(event(str(number)), "lines", [])  # type: ignore[arg-type]
        history.attempted(DELIVERED, event(str(number)), rule(), attempt(), attempts=0)
        assert history._events + len(history._new) <= 1000 + 256
    found = [int(record.id) for record in history.newest(2000)]
    assert found == list(range(4999, 4999 - len(found), -1))
    assert 1000 - 256 <= len(found) <= 1000
    assert history.forgotten == 5000 - len(found)


def storm(history: History, count: int, *, of: Any = None) -> None:
    """So many events, each matched by a rule and delivered, every seventh to two targets; the first ones with refused entries between them."""
    of = of or rule()
    for number in range(count):
        if number < 1000 and number % 10 == 0:
            history.refused({"Source": "aws.x"}, Refused("NotAuthorizedForSourceException", str(number)))
        given = event(str(number))
        history.matched(given, "lines", [of])  # type: ignore[arg-type]
        history.attempted(DELIVERED, given, of, attempt(), attempts=0)
        if number % 7 == 0:
            history.attempted(DELIVERED, given, of, attempt("other"), attempts=0)


def shown(record: Any) -> tuple[Any, ...]:
    return (
        record.id,
        record.seq,
        record.changed,
        record.at,
        [(each.kind, each.ms) for each in record.tries],
        record.runs,
    )


@pytest.mark.parametrize("most", [1, 150, 300, 499, 500, 800])
def test_in_a_storm_a_look_shows_what_a_whole_reading_shows(clock: Any, most: int) -> None:
    """The newest events of many that nobody has read are the same, numbers and all, as once all were read."""
    glanced, whole = History(clock), History(clock)
    for history in (glanced, whole):
        history.matched(event("before"), "lines", [])  # type: ignore[arg-type]
        history.read()
        storm(history, 3000)
        history.ran("2999", "r", {"number": 1})
    assert glanced.in_storm
    whole.read()
    assert not whole.in_storm

    looks = [[shown(record) for record in history.newest(most)] for history in (glanced, whole)]

    assert looks[0] == looks[1]
    assert glanced.in_storm, "a look has read no more than it shows"
    assert [shown(record) for record in glanced.newest(9000, before=looks[0][-1][1])] == [
        shown(record) for record in whole.newest(9000, before=looks[0][-1][1])
    ]
    assert (glanced.changed, len(glanced)) == (whole.changed, len(whole)) == (6531, 3101)


@pytest.mark.parametrize("seed", range(12))
def test_looks_now_and_then_show_what_one_sees_who_reads_all_along(clock: Any, seed: int) -> None:
    """Whatever comes in a storm, replays, retries of events from before and refused entries among it: the same records."""
    chance = random.Random(seed)
    reading, glancing = both = History(clock), History(clock)
    of, earlier = rule(), [event(f"earlier-{number}") for number in range(3)]
    live: list[Event] = []
    was_storm = False
    for number in range(2500):
        clock.now += 0.001
        kind = chance.choices(["begins", "tried", "again", "refused", "dropped", "earlier"], [50, 40, 4, 3, 3, 0.2])[0]
        if kind == "begins" or not live:
            name = chance.randrange(5000) if chance.random() < 0.1 else 10_000 + number
            live.append(event(str(name)))
        recent, old, tried = (
            chance.choice([live[-1], *live[-20:]]),
            chance.choice(earlier),
            attempt(chance.choice("TU")),
        )
        again = chance.choice(live)
        for history in both:
            if kind == "begins":
                history.matched(live[-1], "lines", [of])  # type: ignore[arg-type]
            elif kind == "refused":
                history.refused({"Source": "x"}, Refused("NotAuthorizedForSourceException", str(number)))
            elif kind == "dropped":
                history.stopped(DROPPED, event(f"dropped-{number}"), "no such event bus")
            elif kind == "earlier":
                history.attempted(DELIVERED, old, of, tried, attempts=3)
            else:
                given, attempts = (recent, 0) if kind == "tried" else (again, 2)
                history.attempted(DELIVERED, given, of, tried, attempts=attempts)
        reading.read()
        if number > 1100 and chance.random() < 0.004:
            was_storm |= glancing.in_storm
            most = chance.choice([1, 50, 200])
            looks = [[shown(record) for record in history.newest(most)] for history in both]
            assert looks[0] == looks[1]
            assert reading.changed == glancing.changed
    assert [shown(record) for record in reading.since(1000)] == [shown(record) for record in glancing.since(1000)]
    assert was_storm


def test_a_look_in_a_storm_shows_an_event_from_before_this_runtime(history: History) -> None:
    """It waited for its next try, and its record begins with that: between new ones, in the list as in the whole."""
    for number in range(1000):
        history.matched(event(str(number)), "lines", [])  # type: ignore[arg-type]
    history.attempted(DELIVERED, event("earlier"), rule(), attempt(), attempts=3)
    history.matched(event("last"), "lines", [])  # type: ignore[arg-type]
    assert history.in_storm
    assert [record.id for record in history.newest(3)] == ["last", "earlier", "999"]


def test_tries_of_large_events_that_were_let_go_of_stay_within_the_bound(clock: Any) -> None:
    """A try holds its event: what is held so counts as well, whether anybody looks or not."""
    history = History(clock, max_text=1_000_000)
    large = [event(str(number), json.dumps({"msg": "x" * 9_000})) for number in range(1000)]
    for given in large:
        history.matched(given, "lines", [])  # type: ignore[arg-type]
    for given in large:
        history.attempted(DELIVERED, given, rule(), attempt(), attempts=2)
        held = {fact[2].id for chunk in history._chunks for fact in chunk.facts}
        assert 9_000 * len(held) + history._records.text <= 2_100_000
    assert history.newest(1)[0].id == "999"


def test_a_look_at_replays_in_a_storm_reads_all(history: History) -> None:
    """The same events again and again are few records: no storm's look has as many as are asked for."""
    for _ in range(300):
        for number in range(10):
            history.matched(event(str(number)), "lines", [])  # type: ignore[arg-type]
    assert [record.id for record in history.newest(50)] == [str(number) for number in range(9, -1, -1)]
    assert len(history) == 10


def test_a_replay_in_a_storm_counts_once(clock: Any) -> None:
    """Before anybody looks, too: replays of events that are kept push out no other, and are no more events than before."""
    history = History(clock, max_events=2000)
    storm(history, 1500)
    refused = 100
    assert history.in_storm
    for number in range(1000, 1500):
        replayed = event(str(number))
        again = Event({**replayed.envelope, "replay-name": "r"}, "bus", "2026-01-01T00:00:00Z", "{}")
        history.matched(again, "lines", [])  # type: ignore[arg-type]
        history.attempted(DELIVERED, again, rule(), attempt(), attempts=0)
    assert (len(history), history.forgotten) == (1500 + refused, 0)
    assert [record.id for record in history.newest(501)] == [*map(str, range(1499, 999, -1)), "999"]
    assert (len(history), history.forgotten) == (1500 + refused, 0)


def test_what_a_storm_pushes_out_keeps_its_numbers(clock: Any) -> None:
    """Whoever has seen the last change is told of the next one, also where what lay between was never read."""
    history = History(clock, max_events=2000)
    storm(history, 5000)
    seen = history.changed
    assert seen == 10_815
    assert list(history.since(seen)) == []
    history.matched(event("next"), "lines", [])  # type: ignore[arg-type]
    assert [(record.id, record.changed) for record in history.since(seen)] == [("next", 10_816)]


def test_facts_of_few_events_do_not_pile_up(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without an end leave the first and the last of them; other events stay, and so do those that were read."""
    monkeypatch.setattr("livebus.runtime.page.history.MAX_FACTS", 1000)
    history.matched(event("read"), "lines", [])  # type: ignore[arg-type]
    history.read()
    given, of = event("1"), rule()
    history.matched(given, "lines", [of])  # type: ignore[arg-type]
    for number in range(5000):
        history.attempted(RETRYING, given, of, attempt(), attempts=number, more=1.0)
        assert history._facts <= 1000
    assert [record.id for record in history.newest(10)] == ["1", "read"]
    assert [each.attempts for each in history.newest(1)[0].tries] == [0, *range(5001 - MAX_ATTEMPTS, 5000)]


def test_large_events_are_counted_as_they_come(clock: Any) -> None:
    """A few events of a megabyte each do not wait until there are many to count."""
    history = History(clock, max_text=2_000_000)
    for number in range(6):
        history.matched(event(str(number), json.dumps({"msg": "x" * 900_000})), "lines", [])  # type: ignore[arg-type]
        assert not history._new
    assert [record.id for record in history.newest(10)] == ["5", "4"]


def test_a_functions_run_is_of_its_event(history: History) -> None:
    """With the lines that it logged, once it has ended; a run that no event began is of none."""
    history.matched(event("1"), "lines", [rule()])  # type: ignore[arg-type]
    history.read()
    seen = history.changed
    history.logged("r1", "first")
    history.logged("r2", "of another run")
    history.logged("r1", "second")
    history.ran("1", "r1", {"station": "function", "function": "f"})
    history.ran("", "r2", {"station": "function", "function": "g"})

    assert [record.id for record in history.since(seen)] == ["1"]
    record = history.get("1")
    assert record is not None
    assert record.runs == [{"station": "function", "function": "f", "logs": ["first", "second"]}]


def test_runs_and_their_lines_are_bounded(history: History) -> None:
    """The last runs of an event, the first lines of a run, and so many runs that have not ended."""
    history.matched(event("1"), "lines", [rule()])  # type: ignore[arg-type]
    for number in range(MAX_RUNS + 5):
        for line in range(MAX_LOGS + 5):
            history.logged(f"r{number}", str(line))
        history.ran("1", f"r{number}", {"number": number})
    record = history.get("1")
    assert record is not None
    assert [run["number"] for run in record.runs] == list(range(5, MAX_RUNS + 5))
    assert record.runs[0]["logs"] == [str(line) for line in range(MAX_LOGS)]
    for number in range(MAX_RUNNING + 1):
        history.logged(f"s{number}", "begins")
    history.ran("1", "s0", {"number": 0})
    history.ran("1", "s1", {"number": 1})
    assert [run["logs"] for run in history.newest(1)[0].runs[-2:]] == [[], ["begins"]]


def test_lines_of_all_runs_are_bounded_together(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not anybody looks: the lines of the oldest runs go, and that shows in place of them."""
    monkeypatch.setattr("livebus.runtime.page.history.MAX_RUN_TEXT", 250)
    for number in range(4):
        history.logged(f"r{number}", str(number) * 100)
        history.ran("1", f"r{number}", {"number": number})

    gone = ["(the lines of this run are not kept any more)"]
    assert [run["logs"] for _, run in history._ended] == [gone, gone, ["2" * 100], ["3" * 100]]
