"""
CloudFormation's quotas on a template: how many of each, and how long a parameter's value may be.

A template beyond them is refused before anything of it is looked at, so nothing more is looked at here either. The words
are those that CloudFormation is known to use for resources, parameters and outputs; for mappings it is not known to us.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document

PAGE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
MAX_MEMBERS: Mapping[str, int] = {"Mappings": 200, "Outputs": 200, "Parameters": 200, "Resources": 500}
MAX_MAPPING_ATTRIBUTES = 200
# A function counts by its members here, of which it has six at the most.
_MAX_EXPANDED = 6 * 500
MAX_PARAMETER_BYTES = 4096


def beyond_quotas(document: Document, sections: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """A fault for each quota that the sections of a template go beyond. ``sections`` are objects all of them."""
    for section, most in MAX_MEMBERS.items():
        if len(sections[section]) > most:
            yield _fault(document, (section,), f"Number of {section.lower()}", len(sections[section]), most)
    for name, mapping in sections["Mappings"].items():
        if isinstance(mapping, Mapping) and len(mapping) > MAX_MAPPING_ATTRIBUTES:
            what = f"Number of attributes of the mapping {name[:80]!r}"
            yield _fault(document, ("Mappings", name), what, len(mapping), MAX_MAPPING_ATTRIBUTES)


def beyond_once_expanded(document: Document) -> Iterator[Fault]:
    """A fault for each AWS::Serverless::GraphQLApi that SAM would make too many resources of."""
    resources = document.body.get("Resources")
    for logical_id, body in resources.items() if isinstance(resources, dict) else ():
        if isinstance(body, dict) and body.get("Type") == "AWS::Serverless::GraphQLApi":
            given = body.get("Properties")
            members = (
                [given.get(name) for name in ("DataSources", "Functions", "Resolvers")]
                if isinstance(given, dict)
                else []
            )
            count = sum(
                len(below) if _is(below) else 1 for each in members if isinstance(each, dict) for below in each.values()
            )
            if count > _MAX_EXPANDED:
                yield _fault(
                    document, ("Resources", logical_id), "Number of resources", count, MAX_MEMBERS["Resources"]
                )


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _fault(document: Document, path: tuple[str, ...], what: str, count: int, most: int) -> Fault:
    found = f"Template format error: {what}, {count}, is greater than maximum allowed, {most}"
    advice = f"Split the stack; nothing else of the template was looked at. {PAGE}"
    return Fault(found, document.place(path), f"at most {most}", advice)
