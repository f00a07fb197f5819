"""Composing YAML within bounds."""

from __future__ import annotations

import pytest

from livebus.errors import InvalidTemplate
from livebus.template.yaml_nodes import MAX_BYTES, MAX_DEPTH, compose

LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)
MERGED_LAUGHS = "\n".join(
    ["a0: &a0 {k0: x}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}], k{n}: x}}" for n in range(1, 12)]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2", "t.yaml:2:2: not valid YAML: while parsing a flow sequence expected ',' or ']', but got ':'"),
        (
            "a:\n\tb: 1",
            (
                "t.yaml:2:1: not valid YAML: while scanning for the next token found character '\\t' that cannot start any "
                "token. YAML is indented with spaces; this line begins with a tab."
            ),
        ),
        ("a: x\nb: \x07", "t.yaml:2:4: not valid YAML: the character '\\x07'"),
        ("a: *b", "t.yaml:1:4: alias 'b' has no anchor before it"),
        ("a: &a [*a]", "t.yaml:1:8: alias 'a' stands inside its own anchor"),
        ("a: 1\n---\nb: 1", "t.yaml:2:1: more than one YAML document"),
        ("a:\n  <<: 5", "t.yaml:2:7: '<<' merges something that is not an object"),
        (LAUGHS, "t.yaml:6:5: more than 200000 values, with its aliases expanded"),
        (MERGED_LAUGHS, "t.yaml:6:14: more than 200000 values, with its aliases expanded"),
        ("[" * 1000 + "]" * 1000, "t.yaml:1:101: nested more than 100 levels deep"),
        ("\n".join(" " * n + "a:" for n in range(1000)), "t.yaml:101:101: nested more than 100 levels deep"),
        ('{"a":' * 1000 + "1" + "}" * 1000, "t.yaml:1:501: nested more than 100 levels deep"),
        ("x" * (MAX_BYTES + 1), "t.yaml: the template is too large; expected at most 1048576 bytes"),
    ],
    ids=lambda value: value[:24],
)
def test_what_cannot_be_composed_is_told_with_its_place(text: str, expected: str) -> None:
    """A fault of the YAML has the file, the line and the column, and what is behind it where that is known."""
    with pytest.raises(InvalidTemplate) as raised:
        compose(text, "t.yaml")

    assert [str(fault) for fault in raised.value.faults] == [expected]


def test_the_deepest_that_is_taken() -> None:
    """As many levels as the bound are composed."""
    assert compose("[" * MAX_DEPTH + "]" * MAX_DEPTH, "t.yaml").root is not None


def test_an_objects_own_members_win_over_merged_ones() -> None:
    """A merge key gives what is not there; of several sources the first wins."""
    node = compose("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 5}", "t.yaml").root

    assert node is not None
    merged = {key.value: value.value for key, value in node.value[2][1].value}
    assert merged == {"a": "5", "b": "2", "c": "4"}


def test_keys_that_are_there_twice_are_noted() -> None:
    """The second of two like keys is noted; a merge key may stand beside another."""
    composed = compose("a: 1\nb: {c: 1, d: 2, c: 3}\na: 4", "t.yaml")

    assert [(key.value, key.start_mark.line) for key in composed.duplicates] == [("c", 1), ("a", 2)]
