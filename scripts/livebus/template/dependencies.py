"""
The order in which CloudFormation makes resources, and the circles that it refuses.

A resource depends on each one that it names by Ref, GetAtt, Sub or DependsOn.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

_SUB_NAME = re.compile(r"\$\{([^!.}][^.}]*)[^}]*\}")


def references(value: Any) -> Iterator[str]:
    """The names that a value refers to, in a template in long form: resources and parameters alike."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield item
            elif key == "Fn::GetAtt" and item:
                yield item.split(".", 1)[0] if isinstance(item, str) else str(item[0])
            elif key == "Fn::Sub":
                text = item[0] if isinstance(item, list) and item else item
                yield from _SUB_NAME.findall(text) if isinstance(text, str) else ()
                yield from references(item[1:]) if isinstance(item, list) else ()
            else:
                yield from references(item)


def dependencies(resources: Mapping[str, Any]) -> dict[str, list[str]]:
    """What each resource depends on, by logical id; names that are not resources are left out."""
    found: dict[str, list[str]] = {}
    for logical_id, resource in resources.items():
        given = resource.get("DependsOn") or []
        names = [*references(resource.get("Properties")), *([given] if isinstance(given, str) else given)]
        found[logical_id] = [name for name in dict.fromkeys(names) if name in resources]
    return found


def creation_order(resources: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """
    The logical ids in an order in which each comes after what it depends on, and a circle where there is one.

    With a circle (its members in order, none twice) the order is empty.
    """
    sorter = TopologicalSorter(dependencies(resources))
    try:
        return list(sorter.static_order()), []
    except CycleError as error:
        circle: list[str] = error.args[1]
        return [], circle[:-1]
