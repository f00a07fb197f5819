"""The JSONPath subset: what it finds, and what it takes for outside."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.errors import Fault, Place
from livebus.transformer.json_path import MISSING, compile_path

EVENT: dict[str, Any] = {
    "detail-type": "t",
    "resources": ["one", "two"],
    "detail": {
        "instance-id": "i-1",
        "a/b": 1,
        "under_score": 2,
        "0": "member",
        "null": None,
        "items": [{"id": 1, "tags": ["x"]}, {"id": 2, "tags": ["y", "z"]}, {"name": "n"}, 7],
        "map": {"a": {"id": 1}, "b": {"id": 2}},
    },
}


def find(path: str, value: Any = EVENT) -> Any:
    """What a path finds in a value."""
    found = compile_path(path, Place(), "InputPath")
    assert not isinstance(found, Fault)
    return found(value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail-type", "t"),
        ("$.detail.instance-id", "i-1"),
        ("$.detail.a/b", 1),
        ("$.detail.under_score", 2),
        ("$.detail.0", "member"),
        ("$.detail.null", None),
        ("$.resources[0]", "one"),
        ("$.detail.items[1].tags[1]", "z"),
        ("$.detail.items[*].id", [1, 2]),
        ("$.detail.items[*].tags[0]", ["x", "y"]),
        ("$.detail.items[*].tags[*]", ["x", "y", "z"]),
        ("$.detail.map.*.id", [1, 2]),
        ("$.detail.map[*].id", [1, 2]),
        ("$.resources.*", ["one", "two"]),
        ("$.detail.instance-id[*]", []),
        ("$.detail.gone[*]", []),
    ],
)
def test_a_path_finds_its_value(path: str, expected: Any) -> None:
    """Members, indices and wildcards lead to the value; a wildcard always gives a list."""
    assert expected == find(path)


@pytest.mark.parametrize(
    "path",
    [
        "$.gone",
        "$.detail.gone.further",
        "$.detail.null.further",
        "$.detail-type.length",
        "$.detail-type[0]",
        "$.resources[2]",
        "$.resources.0",
        "$.detail[0]",
        "$.detail.items[3].id",
        "$.detail.items[0].tags.x",
    ],
)
def test_a_path_to_nothing_is_missing_not_null(path: str) -> None:
    """Where nothing is, a path gives MISSING: null is a value."""
    assert MISSING is find(path)
    assert repr(find(path)) == "MISSING"


@pytest.mark.parametrize(
    "path",
    ["", "detail", "$detail", "$..a", "$.", "$.a.", "$.a[", "$.a[x]", "$.a[-1]", "$['a']", '$["a"]', "$.a b", "$.ä"],
)
def test_what_is_outside_the_subset_is_a_fault(path: str) -> None:
    """Anything but dot notation is a fault that quotes the path."""
    fault = compile_path(path, Place(), "InputPath of target 'x'")

    assert isinstance(fault, Fault)
    assert fault.found.startswith(
        f"InputPath of target 'x' is {path!r}: it " if path else "InputPath of target 'x' has 0"
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (7, "InputPath is 7; expected a JSONPath such as '$.detail.msg'"),
        ("", "InputPath has 0 characters; expected 1 to 256"),
        ("$" + ".a" * 128, "InputPath has 257 characters; expected 1 to 256"),
        (
            "$.a[?(@.b)]",
            (
                "InputPath is '$.a[?(@.b)]': it has '[?(@.b)]' after '$.a'; expected dot notation from '$': members of letters,"
                " digits, '-', '_' and '/', indices such as [0], wildcards [*]. Use a path such as '$.detail.items[0].id';"
                " filters, slices, '..' and ['quoted'] members are not supported."
            ),
        ),
    ],
)
def test_a_fault_says_what_a_path_is_made_of(path: object, message: str) -> None:
    """What was found, what was expected, and what to write instead."""
    found = compile_path(path, Place(), "InputPath")
    assert isinstance(found, Fault)
    assert str(found) == message
