"""What archives keep: pages of a minute, sizes, and how a replay finds its way through them."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from livebus.runtime.eventbridge.archive_store import ArchivedMinute, ArchiveFault, ArchiveStore, KeptReplay
from livebus.template.application import Archive

ARCHIVE = Archive("n", "arn", "bus", "bus-arn", '{"source": ["s"]}', 3, "described")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArchiveStore]:
    store = ArchiveStore(tmp_path / "archive.sqlite")
    yield store
    store.close()


def page(minute: int, *texts: bytes, archive: str = "arn", kept: float = 0.0) -> ArchivedMinute:
    """A page whose events are one second apart."""
    times = array("d", [minute * 60.0 + second for second in range(len(texts))])
    return ArchivedMinute(archive, minute, kept, times, list(texts))


def replay(store: ArchiveStore, start: float = 0, end: float = 1e9) -> KeptReplay:
    return KeptReplay("r", "replay-arn", "arn", "bus-arn", start, end, 0.0, store.newest(), (int(start // 60), 0, 0))


def read(store: ArchiveStore, replay: KeptReplay, most: int = 2) -> list[bytes]:
    found: list[bytes] = []
    while True:
        events, position = store.events_after(replay, most)
        if position is None:
            return found
        assert len(events) <= most
        found += [event.text for event in events]
        replay = store.change_replay(replay, position=position)


def test_events_come_minute_by_minute(store: ArchiveStore) -> None:
    """Whatever the order in which they were kept; within a minute in that order, a few at a time."""
    store.add([page(2, b"e", b"f", b"g"), page(1, b"a", b"b", b"c")])
    store.add([page(1, b"d"), page(1, b"x", archive="other")])
    assert read(store, replay(store)) == [b"a", b"b", b"c", b"d", b"e", b"f", b"g"]


def test_only_events_within_the_time_come(store: ArchiveStore) -> None:
    """Its beginning belongs to it, its end does not."""
    store.add([page(1, b"60", b"61", b"62"), page(2, b"120", b"121")])
    assert read(store, replay(store, 61, 121)) == [b"61", b"62", b"120"]
    assert read(store, replay(store, 62.5, 119)) == []


def test_what_comes_later_is_not_replayed(store: ArchiveStore) -> None:
    """A replay is of what was there when it began."""
    store.add([page(1, b"a")])
    begun = replay(store)
    store.add([page(1, b"b"), page(9, b"c")])
    assert read(store, begun) == [b"a"]


def test_counts_and_sizes(store: ArchiveStore, tmp_path: Path) -> None:
    """They are those of the texts, and known again when the file is opened again."""
    store.add([page(1, b"ab", b"c"), page(1, b"def", archive="other")])
    assert (store.count("arn"), store.count("other"), store.count("none"), store.size) == ((2, 3), (1, 3), (0, 0), 6)
    store.close()
    again = ArchiveStore(tmp_path / "archive.sqlite")
    assert again.size == 6
    again.close()


def test_the_oldest_are_removed_first(store: ArchiveStore) -> None:
    """By pages, of any archive, until there is room."""
    store.add([page(5, b"aaaa"), page(1, b"bb", b"bb", archive="other"), page(2, b"cc")])
    assert store.remove_oldest(5) == 3
    assert (store.size, store.count("arn"), store.count("other")) == (2, (1, 2), (0, 0))
    assert store.remove_oldest(5) == 0


def test_no_more_is_removed_than_has_to_be(store: ArchiveStore) -> None:
    """What just fits stays."""
    store.add([page(5, b"aaaa"), page(1, b"bbbb"), page(2, b"cc")])
    assert (store.remove_oldest(10), store.remove_oldest(6), store.remove_oldest(6)) == (0, 1, 0)
    assert store.size == 6


def test_what_is_too_old_is_removed(store: ArchiveStore) -> None:
    """By the time at which it was kept, of one archive only."""
    store.add([page(1, b"a", kept=10), page(1, b"b", kept=20), page(1, b"c", kept=10, archive="other")])
    assert store.remove_before("arn", 20) == 1
    assert (store.size, store.count("arn"), store.count("other")) == (2, (1, 1), (1, 1))


def test_archives_and_replays_are_kept(store: ArchiveStore) -> None:
    store.put_archive(ARCHIVE)
    assert store.archives() == [ARCHIVE]
    begun = store.put_replay(replay(store))
    changed = store.change_replay(begun, state="RUNNING", last=5.0, filter_arns=("a",))
    assert (store.replay("r"), store.replay("none"), store.replays()) == (changed, None, [changed])
    store.add([page(1, b"a")])
    store.remove(ARCHIVE.name, ARCHIVE.arn)
    assert (store.archives(), store.size) == ([], 0)


def test_a_full_disk_is_a_fault_and_keeps_all_or_nothing(store: ArchiveStore, tmp_path: Path) -> None:
    store.add([page(1, b"a")])
    store._file._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(ArchiveFault, match="database or disk is full"):
        store.add([page(1, b"b"), page(1, b"c" * 200_000)])
    assert (store.count("arn"), store.size) == ((1, 1), 1)


def test_another_file_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "archive.sqlite"
    file.write_bytes(b"no database" * 100)
    with pytest.raises(ArchiveFault, match=r"cannot use the archive: .*Move it away"):
        ArchiveStore(file)


def test_the_file_is_its_owners_alone(store: ArchiveStore, tmp_path: Path) -> None:
    """The files that SQLite puts beside it, too."""
    store.add([page(1, b"a")])
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_checkpoint_moves_the_log(store: ArchiveStore, tmp_path: Path) -> None:
    """What is in the log is in the database then; it is due once there is enough of it."""
    assert not store.is_due()
    store.add([page(1, b"x" * 5_000_000)])
    assert (store.is_due(), store.is_due()) == (True, False)
    for _ in range(2):
        store.add([page(1, b"x" * 2_500_000)])
    assert (store.is_due(), store.is_due()) == (True, False)
    store.checkpoint()
    copied = sqlite3.connect(f"file:{tmp_path / 'archive.sqlite'}?immutable=1", uri=True)
    assert copied.execute("SELECT count(*) FROM pages").fetchone() == (3,)
    copied.close()
