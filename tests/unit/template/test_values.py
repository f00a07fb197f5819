"""Values of CloudFormation's functions: how they are written into texts, and how messages show them."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.template.values import NO_VALUE, UNKNOWN, are_texts, in_message, is_opaque, written


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (None, ""), (NO_VALUE, ""), (0, "0"), (1.5, "1.5"), ("a", "a"), (UNKNOWN, "")],
)
def test_what_is_written_into_a_text(value: Any, text: str) -> None:
    """Truth values in small letters; nothing for nothing."""
    assert written(value) == text


@pytest.mark.parametrize(
    ("value", "expected"), [([], True), (["a", 1, None], True), (["a", []], False), (["a", {}], False), ("a", False)]
)
def test_lists_of_texts(value: Any, expected: bool) -> None:
    """Scalars are texts to CloudFormation; a text is no list of them."""
    assert are_texts(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{resolve:ssm:name}}", True),
        ("a{{resolve:secretsmanager:x}}b", True),
        ("{{now}}", False),
        ("resolve:", False),
        (["{{resolve:ssm:name}}"], False),
        (1, False),
    ],
)
def test_what_is_only_known_where_it_is_deployed(value: Any, expected: bool) -> None:
    """A dynamic reference anywhere in a text."""
    assert is_opaque(value) is expected


def test_messages_show_the_beginning_and_the_end() -> None:
    """Short values whole, of long ones no more than people read, however deep they are."""
    assert in_message({"a": [1, "b"], "c": None}) == "{'a': [1, 'b'], 'c': None}"
    assert in_message({"a": NO_VALUE}) == "{'a': AWS::NoValue}"
    shown = in_message("x" * 150 + "y" * 150)
    assert len(shown) == 200
    assert (shown[:2], shown[-2:], shown.count("...")) == ("'x", "y'", 1)
    assert in_message(list(range(17))) == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ...]"
    deep: Any = 1
    for _ in range(9):
        deep = [deep]
    assert in_message(deep) == "[[[[[[[[[...]]]]]]]]]"
