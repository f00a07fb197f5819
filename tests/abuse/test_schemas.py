"""Schemas and operations of strangers: their faults are told, as many as help, and the work ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.hostile import GROWING, operation, schema
from support.limited import validated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n".join(f"type T{i} {{ a: Missing{i} }}" for i in range(25_000)), "the schema has more than 6"),
        (
            "\n".join(f"interface I{i} implements {' & '.join(f'I{j}' for j in range(i + 1))} {{ a: Int }}" for i in range(350)),
            "comparing the schema's types with their interfaces takes",
        ),
        ("type T { a: Int } union U = " + "T|" * 200_000 + "T", "the union 'U': the type 'T' is there twice"),
        ("enum E { " + "V " * 200_000 + "}", "the schema has more than 1"),
        ("type T { a: " + "[" * 100_000, "nested"),
        ("#" * 1_100_000, "the schema is larger than 1 MB"),
    ],
    ids=["missing types", "interfaces", "union", "enum", "brackets", "size"],
)  # fmt: skip
def test_a_schema_that_grows_is_told_what_ends_it(tmp_path: Path, text: str, expected: str) -> None:
    ended = validated(schema(text).written(tmp_path))
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert expected in ended.stdout


@pytest.mark.parametrize(
    "text",
    ["mutation P { " + "put(msg: 1) " * 7000 + "}", "mutation P { put(msg: " + "[" * 100_000 + ") }"],
    ids=["fields", "brackets"],
)
def test_an_operation_longer_than_appsync_reads_is_no_graphql(tmp_path: Path, text: str) -> None:
    ended = validated(operation(text).written(tmp_path))
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
    assert "E9101" in ended.stdout


@pytest.mark.parametrize("shape", ["equal fields", "fields of other names", "fragments of fragments"])
def test_an_operation_of_as_many_tokens_as_appsync_reads_is_looked_at_in_time(tmp_path: Path, shape: str) -> None:
    ended = validated(GROWING[shape](50_000).written(tmp_path))
    assert ended.held, (ended.code, ended.cpu_seconds, ended.memory_bytes, ended.stderr[-2000:])
