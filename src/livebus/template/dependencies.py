"""
What the resources of a template refer to, the order in which CloudFormation makes them, and the circles it refuses.

A resource depends on each one that it names by Ref, GetAtt, Sub or DependsOn.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from livebus.template.intrinsics import SUB_VARIABLE, Path, sub_variable


class Reference(NamedTuple):
    """A name that a value refers to: a resource, or (unless it is of an attribute) a parameter."""

    name: str
    of_attribute: bool
    path: Path


def references(value: Any, path: Path = ()) -> Iterator[Reference]:
    """Everything that a value refers to, whichever way its conditions go. The template is in long form."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            below = (*path, key)
            if key == "Ref" and isinstance(item, str):
                yield Reference(item, of_attribute=False, path=below)
            elif key == "Fn::GetAtt" and item:
                name = item.split(".", 1)[0] if isinstance(item, str) else item[0] if isinstance(item, list) else None
                if isinstance(name, str):
                    yield Reference(name, of_attribute=True, path=below)
                yield from references(item, below)
            elif key == "Fn::Sub":
                yield from _substituted(item, below)
            else:
                yield from references(item, below)


def _substituted(argument: Any, path: Path) -> Iterator[Reference]:
    text, variables = argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        text, variables = argument
        yield from references(variables, (*path, 1))
    if isinstance(text, str):
        for mark, given in SUB_VARIABLE.findall(text):
            is_literal, name = sub_variable(mark, given)
            if not is_literal and name not in variables:
                logical_id, dot, _ = name.partition(".")
                yield Reference(logical_id, of_attribute=bool(dot), path=path)


def depends_on(resource: Mapping[str, Any]) -> list[Any]:
    """What DependsOn names, one or several."""
    given = resource.get("DependsOn")
    return [] if given is None else given if isinstance(given, list) else [given]


def creation_order(resources: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """
    The logical ids in an order in which each comes after what it depends on, and the circles that are in the way.

    A circle is its members in order, none twice; the order goes on as though its first did not depend on anything.
    """
    depends: dict[str, list[str]] = {}
    for logical_id, resource in resources.items():
        names = [each.name for each in references(resource.get("Properties"))] + depends_on(resource)
        depends[logical_id] = [name for name in names if isinstance(name, str) and name in resources]
    circles: list[list[str]] = []
    while True:
        try:
            return list(TopologicalSorter(depends).static_order()), circles
        except CycleError as error:
            # graphlib tells each member before the one that depends on it; people read it the other way.
            circle: list[str] = error.args[1][:0:-1]
            circles.append(circle)
            depends[circle[0]] = []
