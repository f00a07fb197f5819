"""The journal: what waits, and the messages of queues, over a restart and on a full disk."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.event.envelope import Event
from livebus.runtime.kept.journal import DeliveryJournal, JournalFault, PendingRetry, QueuedMessage

ENVELOPE = {"version": "0", "id": "e", "detail": {"msg": "größer 🚌", "number": 1.5}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[DeliveryJournal]:
    opened = DeliveryJournal(path)
    yield opened
    opened.close()


def waiting(due: float = 10.0, attempts: int = 1) -> PendingRetry:
    return PendingRetry(Event(dict(ENVELOPE), "bus", "2026-01-01T00:00:00Z"), "rule-arn", "target", attempts, 5.0, due)


def test_a_retry_comes_back_as_it_was(journal: DeliveryJournal) -> None:
    """Everything that the next attempt needs is kept."""
    row = journal.add_retry(waiting())
    kept = journal.retry(row)
    assert kept is not None
    assert kept.event.envelope == ENVELOPE
    assert (kept.event.bus, kept.event.ingestion_time) == ("bus", "2026-01-01T00:00:00Z")
    assert (kept.rule_arn, kept.target_id, kept.attempts) == ("rule-arn", "target", 1)
    assert (kept.first, kept.due, kept.row) == (5.0, 10.0, row)


def test_a_retrys_text_comes_back_character_for_character(journal: DeliveryJournal) -> None:
    """What a transformer takes out of an event is the same at the second attempt: 1.50 does not become 1.5."""
    event = Event({**ENVELOPE, "detail": {"price": 1.5}}, "bus", "2026-01-01T00:00:00Z", detail_text='{"price": 1.50}')
    kept = journal.retry(journal.add_retry(PendingRetry(event, "rule-arn", "target", 1, 5.0, 10.0)))

    assert kept is not None
    assert kept.event.text == event.text
    assert b'"detail":{"price": 1.50}' in kept.event.text


def test_a_retry_is_postponed_and_removed(journal: DeliveryJournal) -> None:
    """A retry that fails again changes its row; one that is over leaves none."""
    row = journal.add_retry(waiting())
    journal.postpone_retry(row, 2, 20.0)
    kept = journal.retry(row)
    assert kept is not None
    assert (kept.attempts, kept.due) == (2, 20.0)
    journal.remove_retry(row)
    assert (journal.retry(row), journal.due_times()) == (None, [])


def test_due_times_are_in_their_order(journal: DeliveryJournal) -> None:
    """The first due is first."""
    late, early = journal.add_retry(waiting(20.0)), journal.add_retry(waiting(10.0))
    assert journal.due_times() == [(10.0, early), (20.0, late)]


def test_what_is_written_outlives_the_connection(journal: DeliveryJournal, path: Path) -> None:
    """Another journal on the same file finds retries and messages, also while the first is still open: a crash."""
    row = journal.add_retry(waiting())
    journal.send("queue", "m", "body", {"A": "1"}, 1.0)
    again = DeliveryJournal(path)
    assert again.due_times() == [(10.0, row)]
    assert again.counts("queue", 2.0) == (1, 0)
    again.close()


def test_messages_are_received_hidden_and_deleted(journal: DeliveryJournal) -> None:
    """A received message is hidden until its time, counts its receipts, and is gone when deleted."""
    journal.send("queue", "m-1", "größer", {"CODE": "ä"}, 1.0)
    journal.send("queue", "m-2", "two", {}, 2.0)
    journal.send("other", "m-3", "three", {}, 3.0)
    first, second = journal.receive("queue", 10, now=5.0, hidden_until=35.0, receipt="r")
    assert (first.body, first.attributes, first.sent, first.received) == ("größer", {"CODE": "ä"}, 1.0, 1)
    assert (second.message_id, second.first_received) == ("m-2", 5.0)
    assert journal.receive("queue", 10, now=34.0, hidden_until=60.0, receipt="r") == []
    assert journal.counts("queue", 34.0) == (0, 2)
    assert journal.delete("queue", first.row)
    assert not journal.delete("queue", first.row)
    (again,) = journal.receive("queue", 10, now=35.0, hidden_until=60.0, receipt="r")
    assert (again.message_id, again.received, again.first_received) == ("m-2", 2, 5.0)


def test_a_message_that_is_looked_at_is_as_it_was(journal: DeliveryJournal) -> None:
    """Nobody has received it by that: it stays visible, with the number of times that it was received before."""
    journal.send("queue", "m-1", "größer", {"CODE": "ä"}, 1.0)
    journal.send("queue", "m-2", "two", {}, 2.0)
    never = QueuedMessage(1, "m-1", "größer", {"CODE": "ä"}, 1.0, 0, None)
    assert journal.peek("queue", 1, 5.0) == journal.peek("queue", 1, 5.0) == [never]
    journal.receive("queue", 1, now=5.0, hidden_until=6.0, receipt="r")
    assert [each.message_id for each in journal.peek("queue", 9, 5.0)] == ["m-2"]
    assert journal.peek("queue", 1, 6.0) == [QueuedMessage(1, "m-1", "größer", {"CODE": "ä"}, 1.0, 1, 5.0)]


@pytest.mark.parametrize("attributes", ["{", "7", "[1]"])
def test_a_message_that_is_damaged_is_a_fault(attributes: str, journal: DeliveryJournal, path: Path) -> None:
    """Whether it is received or looked at: the file is at fault, and its row is named."""
    journal.send("queue", "m", "body", {}, 1.0)
    journal._run("UPDATE messages SET attributes = ?", (attributes,))
    for read in (
        lambda: journal.peek("queue", 1, 2.0),
        lambda: journal.receive("queue", 1, now=2.0, hidden_until=2.0, receipt="r"),
    ):
        with pytest.raises(JournalFault, match=r"^the journal's file is damaged: the message in row 1 is none: "):
            read()


def test_what_is_not_there_cannot_be_hidden(journal: DeliveryJournal) -> None:
    """Nor in another queue; whoever asks is told."""
    journal.send("queue", "m", "body", {}, 1.0)
    assert [journal.hide(*given, 9.0) for given in (("queue", 1), ("queue", 2), ("other", 1))] == [True, False, False]


def test_receive_gives_no_more_than_asked_for(journal: DeliveryJournal) -> None:
    """The oldest come first, as many as are asked for."""
    for number in range(3):
        journal.send("queue", f"m-{number}", str(number), {}, float(number))
    received = journal.receive("queue", 2, now=5.0, hidden_until=6.0, receipt="r")
    assert [message.body for message in received] == ["0", "1"]


def test_a_message_can_be_let_go_and_a_queue_purged(journal: DeliveryJournal) -> None:
    """``hide`` with a time that is over shows a message again; ``purge`` empties one queue."""
    journal.send("queue", "m", "body", {}, 1.0)
    journal.send("other", "m", "body", {}, 1.0)
    (message,) = journal.receive("queue", 1, now=2.0, hidden_until=30.0, receipt="r")
    assert journal.hide("queue", message.row, 2.0)
    assert journal.counts("queue", 2.0) == (1, 0)
    journal.purge("queue")
    assert (journal.counts("queue", 2.0), journal.counts("other", 2.0)) == ((0, 0), (1, 0))


def test_its_files_are_the_owners(journal: DeliveryJournal, path: Path) -> None:
    """Events may hold anything: nobody else reads them, not even in the files that SQLite lays beside."""
    journal.add_retry(waiting())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "journal.sqlite-wal" in modes


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    """Whatever else lies there is named and left as it is."""
    path.write_bytes(b"something else " * 1000)
    with pytest.raises(LivebusError) as refused:
        DeliveryJournal(path)
    assert str(refused.value).startswith(f"{path}: cannot use the journal: file is not a database")
    assert path.read_bytes() == b"something else " * 1000


def test_a_full_disk_is_a_fault(journal: DeliveryJournal, path: Path) -> None:
    """What cannot be written raises JournalFault; what was written stays readable."""
    journal.send("queue", "m", "body", {}, 1.0)
    pages = journal._file._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._file._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalFault) as fault:
        journal.send("queue", "m", "x" * 1_000_000, {}, 1.0)
    assert str(fault.value) == f"{path}: the journal cannot be used: database or disk is full"
    assert journal.counts("queue", 2.0) == (1, 0)
