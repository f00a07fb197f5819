"""
A template with its nested ones as one document: what checks look at that compare resources wherever they stand.

In: the documents of a template and of the stacks that it nests. Out: a document whose Resources and Parameters hold those of all,
the nested ones as ``STACK:NAME``, each with its own file and lines. What one stack hands to another counts as a dependency of
all in it: CloudFormation makes a nested stack as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from livebus.template.dependencies import depends_on, references
from livebus.template.document import IN_STACK, Document
from livebus.template.intrinsics import SUB_VARIABLE, sub_variable

# Functions that ask other stacks for a value.
IMPORTING = ("Fn::ImportValue", "Fn::GetStackOutput")


def whole(document: Document, parts: Mapping[str, Document]) -> Document:
    """One document of a template and those of its nested stacks, by the stacks' logical ids, each whole itself."""
    if not parts:
        return document
    own = _section(document, "Resources")
    resources = dict(own)
    parameters = dict(_section(document, "Parameters"))
    for stack, part in parts.items():
        theirs, declared = _section(part, "Resources"), _section(part, "Parameters")
        known = {*theirs, *declared}
        parameters |= {f"{stack}{IN_STACK}{name}": body for name, body in declared.items()}
        resources |= {f"{stack}{IN_STACK}{name}": _renamed(body, stack, known) for name, body in theirs.items()}
    made = {
        stack: [f"{stack}{IN_STACK}{name}" for name in _section(part, "Resources")] for stack, part in parts.items()
    }
    for logical_id, body in own.items():
        if not isinstance(body, dict):
            continue
        needs = [each.name for each in references(body.get("Properties"))] + depends_on(body)
        wanted = [name for each in dict.fromkeys(map(str, needs)) for name in (each, *made.get(each, ()))]
        if logical_id in parts:
            for name in made[logical_id]:
                resources[name] = _waiting(resources[name], wanted)
        elif len(wanted) > len(set(map(str, needs))):
            resources[logical_id] = _waiting(body, wanted)
    body = {**document.body, "Resources": resources, "Parameters": parameters}
    return replace(document, body=body, parts=parts)


def renamed(value: Any, within: str, document: Document) -> Any:
    """A value of a template, its references with the names that its resources have in the view; ``within`` ends in IN_STACK."""
    known = {*_section(document, "Resources"), *_section(document, "Parameters")}
    return _renamed(value, within.removesuffix(IN_STACK), known) if within else value


def seen_through(document: Document, meaning: Callable[[str, Any], Any]) -> Document:
    """
    A document in which what other stacks give is what it is made of there: ``meaning`` of a function's name and its argument,
    None where that is not known here.
    """
    return replace(document, body={**document.body, "Resources": _seen(_section(document, "Resources"), meaning)})


def _seen(value: Any, meaning: Callable[[str, Any], Any]) -> Any:
    if isinstance(value, list):
        return [_seen(item, meaning) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name in IMPORTING:
            meant = meaning(name, argument)
            return value if meant is None else meant
    return {key: _seen(item, meaning) for key, item in value.items()}


def _section(document: Document, name: str) -> dict[str, Any]:
    section = document.body.get(name)
    return section if isinstance(section, dict) else {}


def _waiting(body: Any, names: Iterable[str]) -> Any:
    if not isinstance(body, dict):
        return body
    return {**body, "DependsOn": [*depends_on(body), *names]}


def _renamed(value: Any, stack: str, known: Container[str]) -> Any:
    """A value of a nested template, its references with the names that they have beside those of others."""
    if isinstance(value, list):
        return [_renamed(item, stack, known) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _member(key, item, stack, known) for key, item in value.items()}


def _member(key: str, value: Any, stack: str, known: Container[str]) -> Any:
    if key in ("Ref", "DependsOn") and isinstance(value, str):
        return _name(value, stack, known)
    if key == "DependsOn" and isinstance(value, list):
        return [_name(each, stack, known) if isinstance(each, str) else each for each in value]
    if key == "Fn::GetAtt" and isinstance(value, str):
        name, dot, attribute = value.partition(".")
        return f"{_name(name, stack, known)}{dot}{attribute}"
    if key == "Fn::GetAtt" and isinstance(value, list) and value and isinstance(value[0], str):
        return [_name(value[0], stack, known), *(_renamed(each, stack, known) for each in value[1:])]
    if key == "Fn::Sub" and isinstance(value, str):
        return _text(value, stack, known, ())
    if key == "Fn::Sub" and isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        variables = value[1] if isinstance(value[1], dict) else {}
        return [_text(value[0], stack, known, variables), _renamed(value[1], stack, known)]
    return _renamed(value, stack, known)


def _text(text: str, stack: str, known: Container[str], variables: Container[str]) -> str:
    def replaced(match: Any) -> str:
        is_literal, name = sub_variable(*match.groups())
        if is_literal or name in variables:
            return str(match.group())
        head, dot, tail = name.partition(".")
        return f"${{{_name(head, stack, known)}{dot}{tail}}}"

    return SUB_VARIABLE.sub(replaced, text)


def _name(name: str, stack: str, known: Container[str]) -> str:
    return f"{stack}{IN_STACK}{name}" if name in known else name
