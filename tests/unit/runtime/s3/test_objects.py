"""The file of S3's objects: what is kept, in which order, and by which keys it is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from livebus.runtime.s3.objects import NoRoom, S3Objects, StoredObject


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[S3Objects]:
    opened = S3Objects(tmp_path / "s3.sqlite")
    yield opened
    opened.close()


def put(objects: S3Objects, bucket: str, key: str, body: bytes = b"x", *, now: float = 1.0) -> str:
    return objects.put(bucket, key, body, content_type="text/x", metadata="{}", now=now)


def test_buckets_are_made_once(objects: S3Objects) -> None:
    """The first time counts; they are listed by name."""
    assert (objects.make_bucket("b", 1.0), objects.make_bucket("b", 2.0), objects.make_bucket("a", 3.0)) == (
        *(True, False, True),
    )
    assert objects.buckets() == [("a", 3.0), ("b", 1.0)]
    objects.remove_bucket("b")
    assert (objects.has_bucket("a"), objects.has_bucket("b")) == (True, False)


def test_an_object_takes_the_place_of_one_with_its_key(objects: S3Objects) -> None:
    """In its bucket alone."""
    put(objects, "a", "k", b"old")
    put(objects, "b", "k", b"other")
    etag = put(objects, "a", "k", b"text", now=2.5)
    assert etag == "1cb251ec0d568de6a929b520c4aed8d1"
    assert objects.find("a", "k") == StoredObject("k", etag, "text/x", 2.5, 4, "{}")
    assert (objects.body("a", "k"), objects.body("b", "k"), objects.body("a", "K")) == (b"text", b"other", None)
    assert objects.find("c", "k") is None
    objects.remove("a", "k")
    assert (objects.is_empty("a"), objects.is_empty("b")) == (True, False)


def test_a_listing_is_in_order_and_bounded(objects: S3Objects) -> None:
    """Keys that begin with a prefix, whatever is a wildcard elsewhere, and come after another."""
    for key in ("b", "a_1", "a%2", "ab", "A"):
        put(objects, "b", key)
    put(objects, "other", "a_2")

    def listed(prefix: str, after: str, most: int) -> list[str]:
        return [each.key for each in objects.listed("b", prefix, after, most)]

    assert listed("", "", 10) == ["A", "a%2", "a_1", "ab", "b"]
    assert listed("a_", "", 10) == ["a_1"]
    assert listed("a%", "", 10) == ["a%2"]
    assert listed("a", "a%2", 1) == ["a_1"]


def test_what_is_kept_is_there_after_a_restart(objects: S3Objects, tmp_path: Path) -> None:
    """What was deployed can be deployed again."""
    put(objects, "b", "k", b"text")
    objects.close()
    again = S3Objects(tmp_path / "s3.sqlite")
    assert again.body("b", "k") == b"text"
    again.close()


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "s3.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(NoRoom, match=r"buckets' file") as told:
        S3Objects(tmp_path / "s3.sqlite")
    assert "Move it away to start with empty buckets." in str(told.value)
