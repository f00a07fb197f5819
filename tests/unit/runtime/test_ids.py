"""New ids: UUIDs of version 4, never the same twice, in a child process neither."""

from __future__ import annotations

import os
import uuid

import pytest

from livebus.runtime import ids
from livebus.runtime.ids import new_id


def test_ids_are_random_uuids_in_their_canonical_form() -> None:
    """What ``uuid`` reads as version 4 of RFC 9562, and would write as the same text; none twice."""
    made = [new_id() for _ in range(1000)]
    read = [uuid.UUID(text) for text in made]
    assert [str(each) for each in read] == made
    assert {(each.version, each.variant) for each in read} == {(4, uuid.RFC_4122)}
    assert len(set(made)) == 1000
    assert {text[19] for text in made} == set("89ab")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_process_has_ids_of_its_own() -> None:
    """A process that is forked does not go on with the ids that its parent has ready."""
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "".join(new_id() for _ in range(100)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        os.close(writing)
        text = pipe.read().decode()
    of_child = {text[start : start + 36] for start in range(0, len(text), 36)}
    assert len(of_child) == 100
    assert not of_child & {new_id() for _ in range(200)}


def test_threads_that_take_the_last_one_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that finds none, where there was one a moment before, makes its own."""

    class Taken(list[str]):
        """Has an id for who looks, and none for who takes it."""

        def __bool__(self) -> bool:
            return True

    monkeypatch.setattr(ids, "_waiting", Taken())
    assert uuid.UUID(new_id()).version == 4
