"""Files of strangers: only regular ones are read, to their limit, and none outside of the repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.hostile import Hostile, template
from support.limited import Ended, loaded, validated

GIGABYTE = 1_000_000_000


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 * GIGABYTE)


def folder(path: Path) -> None:
    path.mkdir()


MADE = (pipe, device, sparse, folder)


def held(ended: Ended) -> str:
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("name", ["template.yaml", "schema.graphql", "samconfig.toml", ".livebus.toml"])
def test_a_file_that_is_none_or_never_ends_is_told_or_left(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    at = Hostile(template()).written(tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    make(tmp_path / name)
    text = held(validated(at))
    if name in ("template.yaml", "schema.graphql"):
        assert name in text


@pytest.mark.parametrize("make", [pipe, device, sparse])
def test_the_runtime_reads_no_such_file_either(tmp_path: Path, make: Callable[[Path], None]) -> None:
    at = Hostile(template()).written(tmp_path)
    (tmp_path / "schema.graphql").unlink()
    make(tmp_path / "schema.graphql")
    assert "schema.graphql" in held(loaded(at))


@pytest.mark.parametrize("make", [pipe, sparse])
def test_events_are_read_to_the_limit(tmp_path: Path, make: Callable[[Path], None]) -> None:
    at = Hostile(template()).written(tmp_path)
    (tmp_path / "events").mkdir()
    make(tmp_path / "events" / "e.json")
    held(validated(at))
    held(validated(at, tmp_path / "events" / "e.json"))


@pytest.mark.parametrize("read", [validated, loaded])
def test_a_template_names_no_file_outside_of_its_root(tmp_path: Path, read: Callable[[Path], Ended]) -> None:
    (tmp_path / "secret").write_text("type Query { secretOfSomebody: Int }")
    inside = tmp_path / "inside"
    inside.mkdir()
    at = Hostile(template()).written(inside)
    at.write_text(at.read_text().replace("schema.graphql", "../secret"))
    text = held(read(at))
    assert "'../secret' lies outside" in text
    assert "secretOfSomebody" not in text


@pytest.mark.parametrize("name", ["schema.graphql", ".livebus.toml", "samconfig.toml", "events/e.json"])
def test_a_link_that_leaves_is_refused_by_name(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secretOfSomebody")
    inside = tmp_path / "inside"
    (inside / "events").mkdir(parents=True)
    at = Hostile(template()).written(inside)
    (inside / name).unlink(missing_ok=True)
    (inside / name).symlink_to(secret)
    text = held(validated(at))
    assert f"{Path(name).name}' is a link that leads outside of" in text
    assert "secretOfSomebody" not in text


def test_the_repository_around_a_template_is_its_root(tmp_path: Path) -> None:
    """In a monorepo one schema may serve several templates."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    at = Hostile(template()).written(tmp_path / "app")
    (tmp_path / "app" / "schema.graphql").rename(tmp_path / "schema.graphql")
    at.write_text(at.read_text().replace("schema.graphql", "../schema.graphql"))
    assert "outside" not in held(validated(at))


def test_a_flag_trusts_the_template(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    at = Hostile(template()).written(tmp_path / "app")
    (tmp_path / "app" / "schema.graphql").rename(tmp_path / "schema.graphql")
    at.write_text(at.read_text().replace("schema.graphql", "../schema.graphql"))
    assert "lies outside" in held(validated(at))
    assert "outside" not in held(validated(at, "--allow-outside"))
