"""
The JSONPath subset of InputPath and InputPathsMap: members, indices and wildcards, in dot notation.

In: a path as text (``$.detail.items[0].id``). Out: a function from a JSON value to what the path finds there, or
:data:`MISSING`. No filters, slices, recursive descent, functions or ``['quoted members']``.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from livebus.errors import Fault, Place

MAX_PATH_LENGTH = 256


class Missing:
    """What a path finds where nothing is; unlike None, which is a JSON null that is there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
# Among the steps of a path; no member can be called so.
WILDCARD: Final = "*"

Find = Callable[[Any], Any]
Step = str | int

# "[0-9a-zA-Z_-]" is documented for members; AWS's newer pages add "/". Hyphens need no quoting: $.detail-type.
_STEP = re.compile(r"\.(?P<member>[A-Za-z0-9_\-/]+)|\[(?P<index>[0-9]+)\]|(?P<wildcard>\.\*|\[\*\])")


def steps_of(path: str) -> tuple[Step, ...] | str:
    """The steps of a path, or, where it is none of the subset, what is wrong with it (a clause for a fault)."""
    if not path.startswith("$"):
        return "does not begin with '$'"
    steps: list[Step] = []
    offset = 1
    while offset < len(path):
        step = _STEP.match(path, offset)
        if step is None:
            return f"has {path[offset:]!r} after {path[:offset]!r}"
        if step["member"] is not None:
            steps.append(step["member"])
        elif step["index"] is not None:
            steps.append(int(step["index"]))
        else:
            steps.append(WILDCARD)
        offset = step.end()
    return tuple(steps)


def compile_path(path: object, place: Place, owner: str) -> Find | Fault:
    """
    The function for a path, or the fault that PutTargets finds in it.

    ``owner`` says whose path it is ("InputPath of target 'x'"), as the fault begins with it.
    """
    if not isinstance(path, str):
        return Fault(f"{owner} is {path!r}", place, "a JSONPath such as '$.detail.msg'")
    if not 1 <= len(path) <= MAX_PATH_LENGTH:
        return Fault(f"{owner} has {len(path)} characters", place, f"1 to {MAX_PATH_LENGTH}")
    steps = steps_of(path)
    if isinstance(steps, str):
        return Fault(
            f"{owner} is {path!r}: it {steps}",
            place,
            "dot notation from '$': members of letters, digits, '-', '_' and '/', indices such as [0], wildcards [*]",
            "Use a path such as '$.detail.items[0].id'; filters, slices, '..' and ['quoted'] members are not supported.",
        )
    return _finder(steps)


def _finder(steps: tuple[Step, ...]) -> Find:
    """The cheapest function that walks these steps."""
    if WILDCARD in steps:
        return lambda value: _find_all(value, steps)
    if any(isinstance(step, int) for step in steps):
        return lambda value: _find_one(value, steps)
    names = steps

    def members(value: Any) -> Any:
        try:
            for name in names:
                value = value[name]
        except (KeyError, TypeError):  # not there, or a scalar or an array stands where an object would have to
            return MISSING
        return value

    return members


def _find_one(value: Any, steps: tuple[Step, ...]) -> Any:
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return MISSING
    return value


def _find_all(value: Any, steps: tuple[Step, ...]) -> list[Any]:
    """
    All that a path with a wildcard finds, in the order of the event; an empty list where it finds nothing.

    AWS does not document what a wildcard gives; a list, even of one or of none, is what JSONPath implementations
    give for paths that may match many.
    """
    found = [value]
    for step in steps:
        if step == WILDCARD:
            found = [
                inner
                for each in found
                for inner in (each if isinstance(each, list) else each.values() if isinstance(each, dict) else ())
            ]
        else:
            found = [inner for each in found if (inner := _find_one(each, (step,))) is not MISSING]
    return found
