"""The files that a publication leaves: which are opened, and what is kept for another run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from livebus.aws.publish.books import BookOptions, Books
from livebus.aws.publish.input_files import InputFiles
from livebus.aws.publish.publishing import Ledger, Summary
from livebus.errors import InvalidEvent
from livebus.event.stream import StreamedEntry
from livebus.publish.answer import Result
from livebus.publish.request import Addressing, Item
from livebus.publish.tally import Tally

ORDER: list[Any] = [1, 0, None]
NOT_SENT = Result("", "NotSent", "why")


class Told:
    wants_ids = False

    def accepted(self, item: Item, result: Result) -> None: ...

    def failed(self, item: Item, result: Result) -> None: ...

    def progress(self, tally: Tally, now: float) -> None: ...


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text("{}", encoding="ascii")


def item(number: int) -> Item:
    return number, StreamedEntry(b'{"Source":"s"}', 10, "a.json", number, 1)


def summary(*left: Item, interrupted: bool = False) -> Summary:
    unsent: Sequence[tuple[Item, Result]] = [(each, NOT_SENT) for each in left]
    return Summary(Tally(), 1.0, unsent, interrupted, out_of_time=False, hopeless=None, error=None)


def books(name: str = "a.json", **options: Any) -> Books:
    return Books(InputFiles([name]), BookOptions(ORDER, **options), Addressing())


def ledger(of: Books) -> Ledger:
    return Ledger(Told(), of.failed, of.journal)


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_many_events_have_a_journal_until_they_are_done() -> None:
    """Beside the input; at the end of a whole run nothing is left."""
    opened = books()
    assert files() == ["a.json", "a.json.journal"]
    assert opened.close(summary(), ledger(opened)) is None
    assert files() == ["a.json"]


def test_a_run_that_did_not_end_leaves_its_journal() -> None:
    """And says where; what is left of a file is not written anywhere else, it can be read again."""
    opened = books()
    assert opened.close(summary(item(3), interrupted=True), ledger(opened)) == Path("a.json.journal")
    assert files() == ["a.json", "a.json.journal"]
    head = json.loads(Path("a.json.journal").read_bytes().splitlines()[0])
    assert (head["order"], head["failed"], head["inputs"][0]["file"]) == (
        ORDER,
        "a.json.failed.ndjson",
        str(Path("a.json").resolve()),
    )


def test_few_events_have_none_unless_they_need_one() -> None:
    """It is begun late, with what is done; where nothing was done there is nothing to go on with."""
    opened = books(few=True)
    assert (files(), opened.journal) == (["a.json"], None)
    kept = ledger(opened)
    assert opened.close(summary(item(0), interrupted=True), kept) is None
    assert files() == ["a.json"]

    opened = books(few=True)
    kept = ledger(opened)
    kept.done.add(0, 4)
    kept.done.add(7, 7)
    assert opened.close(summary(item(5), interrupted=True), kept) == Path("a.json.journal")
    assert Path("a.json.journal").read_bytes().splitlines()[1:] == [b"0-4", b"7-7"]
    resumed = books(few=True, resume=True)
    assert resumed.journal is not None
    assert list(resumed.journal.done.ranges()) == [(0, 4), (7, 7)]
    assert resumed.close(summary(), ledger(resumed)) is None
    assert files() == ["a.json"]


def test_a_run_without_a_journal_leaves_what_was_not_sent() -> None:
    """In the file of failed events: it cannot be taken up again."""
    opened = books(no_journal=True)
    assert opened.close(summary(item(3), interrupted=True), ledger(opened)) is None
    assert files() == ["a.json", "a.json.failed.ndjson"]
    assert json.loads(Path("a.json.failed.ndjson").read_bytes()) == {
        "_livebus": {"errorCode": "NotSent", "errorMessage": "why", "file": "a.json", "index": 3, "line": 1},
        "Source": "s",
    }


def test_a_named_journal_is_kept_for_few_events_too() -> None:
    """Under its name."""
    opened = books(few=True, journal="j")
    assert files() == ["a.json", "j"]
    opened.close(summary(item(0), interrupted=True), ledger(opened))
    assert files() == ["a.json", "j"]


def test_a_journal_that_is_there_stops_a_new_run_however_few() -> None:
    """An earlier run has not ended; nothing is opened."""
    Path("a.json.journal").write_text("{}", encoding="ascii")
    for few in (True, False):
        with pytest.raises(InvalidEvent, match="an earlier run with this journal did not end"):
            books(few=few)
    books(no_journal=True).close(summary(), ledger(books(no_journal=True)))


def test_failed_events_go_where_they_are_told_to() -> None:
    """By name, where there is no such file; else beside the input, under a number that is free."""
    Path("f").touch()
    with pytest.raises(InvalidEvent) as told:
        books(fail_file="f")
    assert str(told.value) == (
        "f: there is such a file: it may hold events that are not published yet. Publish or remove it, or name another one."
    )
    assert books(few=True, fail_file="g").failed.path == Path("g")
    Path("a.json.failed.ndjson").touch()
    assert books(few=True).failed.path == Path("a.json.failed-2.ndjson")


def test_a_resumed_run_goes_on_with_its_own_files() -> None:
    """The failed events' file is the journal's; one of the user's stands above it."""
    first = books(fail_file="g")
    first.failed.add(item(1), NOT_SENT)
    first.failed.sync()
    first.close(summary(item(2), interrupted=True), ledger(first))
    resumed = books(resume=True)
    assert resumed.failed.path == Path("g")
    resumed.failed.add(item(2), NOT_SENT)
    resumed.close(summary(interrupted=True), ledger(resumed))
    assert len(Path("g").read_bytes().splitlines()) == 1  # the second was not brought to the disk
    assert books(resume=True, fail_file="h").failed.path == Path("h")


def test_a_resumed_run_goes_on_behind_the_last_whole_line() -> None:
    """A line that was cut off belongs to an event that goes again; a new run has a file of its own."""
    first = books(fail_file="g")
    first.close(summary(item(2), interrupted=True), ledger(first))
    Path("g").write_bytes(b'{"_livebus":{},"Source":"s"}\n{"_live')
    resumed = books(resume=True)
    resumed.failed.add(item(2), NOT_SENT)
    resumed.failed.sync()
    resumed.close(summary(), ledger(resumed))
    assert [json.loads(line)["Source"] for line in Path("g").read_bytes().splitlines()] == ["s", "s"]


def test_nothing_to_resume_is_told() -> None:
    """As wrong input: nothing was sent."""
    with pytest.raises(InvalidEvent, match=r"a\.json\.journal: there is no journal to resume"):
        books(resume=True)
