"""
Checks of each target's input: that PutTargets takes it, and that it gives the operation the variables that it needs.

In: an inspection. Out: faults at the lines of Input, InputPath, InputTemplate and InputPathsMap.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import InspectedTarget, Inspection
from livebus.checks.supplied import (
    ENVELOPE,
    Leaf,
    Slot,
    Supply,
    Text,
    paths_map_place,
    supplies,
    target_properties,
)
from livebus.errors import Fault, Place
from livebus.template.properties import close_to
from livebus.transformer import NotTransformable
from livebus.transformer.json_path import steps_of

CHECKS = Checks()

_TRANSFORM = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"
_PUT_TARGETS = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html"
_TARGET = "https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html"
_SCALARS = "https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html"
_IN_200 = (
    "AppSync refuses the variables of each event inside an HTTP 200: nothing is retried, nobody receives anything."
)

_NUMERIC = ("Int", "Float", "Boolean", "AWSTimestamp")
_FREE_TEXT = ("String", "AWSJSON")
_AWKWARD = re.compile(r'["\\\x00-\x1f]')
_KEY_OF_MAP = re.compile(r"InputPathsMap of target '[^']*'(?:, key| has the key) '([^']+)'")
_INVALID_PLACEHOLDER = re.compile(r"contains invalid placeholder (\S+)\.$")
_LINE = re.compile(r"line (\d+), column (\d+)")


@CHECKS.add(
    "E9110",
    "PutTargets takes the target's input",
    why="PutTargets refuses the target, and CloudFormation rolls the rule back.",
    source=_PUT_TARGETS,
)
def _is_taken(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        if inspected.transformer_error is not None:
            for fault in inspected.transformer_error.faults:
                place = _place_of_refusal(fault, inspection, inspected)
                yield Fault(fault.found, place, fault.expected, fault.advice)


def _place_of_refusal(fault: Fault, inspection: Inspection, inspected: InspectedTarget) -> Place:
    """The line of the map's entry, or the line inside the template, that is at fault."""
    if found := _KEY_OF_MAP.search(fault.found):
        return paths_map_place(target_properties(inspection, inspected), found[1]) or fault.place
    template = str((inspected.target.input_transformer or {}).get("InputTemplate", ""))
    if found := _INVALID_PLACEHOLDER.search(fault.found):
        offset = max(template.find(f"<{found[1]}>"), 0)
        return fault.place.shifted(template.count("\n", 0, offset) + 1)
    if template and fault.found.startswith("Invalid InputTemplate") and (found := _LINE.search(fault.found)):
        return fault.place.shifted(int(found[1]), int(found[2]) if fault.place.column == 1 else fault.place.column)
    return fault.place


@CHECKS.add(
    "E9111",
    "The input gives a JSON object",
    why="PutTargets takes other JSON, too. It can be no variables of a GraphQL operation, and no event is delivered.",
    source=_TARGET,
)
def _gives_an_object(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        transformer = inspected.transformer
        if transformer is None:
            continue
        place = inspected.target.input_place
        owner = f"target {inspected.target.id!r}"
        if transformer.never is not None:
            advice = 'Write a JSON object with a member for each variable, such as {"msg": <msg>}.'
            yield Fault(transformer.never.replace(f" ({place})", ""), place, advice=advice)
        elif transformer.form == "InputPath" and transformer.text is not None:
            kind = Slot("", transformer.text, quoted=False, line=1).kind
            if kind not in (None, "object"):
                found = f"the InputPath of {owner}, {transformer.text!r}, leads to {_article(kind)} in every event"
                yield Fault(found, place, "a path to an object, such as $.detail", "Use an InputTransformer.")
    for supply in supplies(inspection):
        for leaf in supply.leaves():
            for slot in leaf.slots:
                if slot.quoted and slot.kind in ("object", "array"):
                    found = (
                        f"{slot} stands between quotes in {supply.owner}, and is {_article(slot.kind)} in every event"
                    )
                    advice = f"Write {slot} without quotes: with them the text is not JSON, and nothing is delivered."
                    yield Fault(found, supply.place_in_template(slot), advice=advice)


@CHECKS.add("E9112", "The input gives each variable that the operation needs", why=_IN_200, source=_TARGET)
def _gives_what_is_required(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        for name in supply.required:
            if supply.members is None or name in supply.members:
                continue
            found = f"the variable '${name}' of type {supply.types[name]} gets no value from {_form(supply)}"
            yield Fault(found, supply.place(), f"a member {name!r}", _advice_for_missing(supply, name))


def _advice_for_missing(supply: Supply, name: str) -> str:
    if supply.transformer.form in ("event", "InputPath"):
        if difflib.get_close_matches(name.lower(), ["detail_type", "detailtype"], n=1, cutoff=0.9):
            return "'detail-type' can be no GraphQL variable: name it with an InputTransformer."
        return f'Add an InputTransformer that gives {{"{name}": <{name}>}}.'
    spare = _spare(supply)
    meant = close_to(name, spare)
    if meant:
        return f"Is {difflib.get_close_matches(name, spare, n=1)[0]!r} meant to be {name!r}?"
    return f'Add "{name}" to it, or give the variable a default.'


@CHECKS.add("E9113", "What is constant in the input fits the variables' types", why=_IN_200, source=_SCALARS)
def _constants_fit(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        for misfit in supply.misfits():
            if misfit.hard:
                found = f"{_form(supply)} gives '${misfit.way}' what it cannot take: {misfit.reason}"
                yield Fault(found, supply.place_of(misfit.way.rpartition(".")[2] or misfit.variable))


@CHECKS.add(
    "E9114",
    "Objects, lists and texts of the event go to variables that take such",
    why="EventBridge hands objects and lists on as they are, never as text. " + _IN_200,
    source=_SCALARS,
)
def _kinds_fit(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        for leaf in supply.leaves():
            found = _misfit_of_kind(leaf)
            if found:
                advice = "Declare an input type with the fields that are needed, and pass these."
                if isinstance(leaf.value, Slot) and leaf.value.kind == "string":
                    advice = f"Declare '${leaf.variable}' as String, or take another path."
                yield Fault(f"{found}, in {supply.owner}", supply.place_of_path(leaf.slots[0]), str(leaf.type), advice)


def _misfit_of_kind(leaf: Leaf) -> str:
    """Why the kind of value that each event has there does not fit the type; "" where it does, or is not known."""
    type_ = str(leaf.type).rstrip("!")
    is_list, named = type_.startswith("["), leaf.named_type
    is_leaf_type = named in _NUMERIC or named.startswith("AWS") or named in ("String", "ID") or is_list
    text = isinstance(leaf.value, Text)
    slot = leaf.slots[0]
    kind = "string" if text else slot.kind
    to = f"'${leaf.way}' of type {leaf.type}"
    if kind == "string" and not is_leaf_type and not _is_enum(leaf):
        return f"{slot} gives a text to {to}"
    if kind == "object" and (
        named in _NUMERIC or named.startswith("AWS") or named in ("String", "ID") or _is_enum(leaf)
    ):
        return f"{slot} gives an object to {to}"
    if kind == "array" and not is_list:
        return f"{slot} gives a list to {to}"
    if kind == "string" and not text:
        if named in _NUMERIC:
            return f"{slot} gives a text to {to}"
        if slot.path == "$.time" and named in ("AWSDate", "AWSTime"):
            return f"{slot} gives a date and time to {to}"
    return ""


def _is_enum(leaf: Leaf) -> bool:
    type_: Any = leaf.type
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return hasattr(type_, "values")


@CHECKS.add(
    "E9115",
    "Numbers and truth values stand without quotes in the InputTemplate",
    why="Between quotes a number becomes a text. AppSync documents Int, Float and Boolean as JSON numbers and booleans.",
    source=_SCALARS,
)
def _numbers_unquoted(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        for leaf in supply.leaves():
            if isinstance(leaf.value, Text) and leaf.named_type in _NUMERIC:
                slot = leaf.value.slots[0]
                found = f"{leaf.value.text!r} gives a text to '${leaf.way}' of type {leaf.type}, in {supply.owner}"
                advice = f"Write {slot} without quotes."
                yield Fault(found, supply.place_in_template(slot), str(leaf.type), advice)


@CHECKS.add(
    "E9116",
    "Paths lead to members that events have",
    why="A path that finds nothing gives an empty text, in each event and without a word.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html",
)
def _paths_lead_somewhere(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        transformer = inspected.transformer
        if transformer is None:
            continue
        properties = target_properties(inspection, inspected)
        paths = dict(transformer.paths)
        if transformer.form == "InputPath" and transformer.text is not None:
            paths[""] = transformer.text
        for name, path in paths.items():
            wrong = _nowhere(path)
            if wrong:
                place = paths_map_place(properties, name) or inspected.target.input_place
                expected = f"$.detail and its members, or one of {', '.join(f'$.{each}' for each in ENVELOPE)}"
                yield Fault(f"the path {path!r} finds nothing: {wrong[0]}", place, expected, wrong[1])


def _nowhere(path: str) -> tuple[str, str] | None:
    """Why a path can find nothing in any event, and what may have been meant."""
    steps = steps_of(path)
    if isinstance(steps, str) or not steps or steps[0] == "*":
        return None
    first = str(steps[0])
    rest = path[1 + len(first) + 1 :]
    if isinstance(steps[0], int):
        return "an event is an object", ""
    if first not in ENVELOPE:
        close = difflib.get_close_matches(first, ENVELOPE, n=1, cutoff=0.75)
        meant = f"$.{close[0]}{rest}" if close else f"$.detail{path[1:]}"
        return f"events have no member {first!r}", f"Did you mean {meant!r}?"
    kind = ENVELOPE[first]
    if len(steps) > 1 and (
        kind == "string"
        or (kind == "array" and isinstance(steps[1], str) and steps[1] != "*")
        or (kind == "object" and isinstance(steps[1], int))
    ):
        return f"{first!r} is {_article(kind)}", ""
    return None


@CHECKS.add(
    "W9110",
    "Each member of the input is a variable of the operation",
    why="GraphQL ignores what no variable takes: it is lost without a word.",
    source=_TARGET,
)
def _members_are_taken(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        if supply.transformer.form not in ("Input", "InputTransformer"):
            continue
        missing = [name for name in supply.required if name not in (supply.members or {})]
        for name in _spare(supply):
            if difflib.get_close_matches(name, missing, n=1):
                continue  # told as a variable without a value
            found = f"no variable takes the member {name!r} of {_form(supply)}"
            names = ", ".join(f"${each}" for each in supply.types) or "no variables"
            unfed = [each for each in supply.types if each not in (supply.members or {})]
            advice = close_to(name, unfed) or f"Declare ${name} in the operation, or leave the member out."
            yield Fault(found, supply.place_of(name), names, advice)


@CHECKS.add(
    "W9111",
    "Each name of InputPathsMap is used in the InputTemplate",
    why="A path that no placeholder names is likely a value that was meant to be passed.",
    source=_TRANSFORM,
)
def _names_are_used(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        transformer = inspected.transformer
        if transformer is None or transformer.form != "InputTransformer":
            continue
        used = {placeholder.name for placeholder in transformer.placeholders}
        if transformer.never is not None:
            continue
        properties = target_properties(inspection, inspected)
        for name, path in transformer.paths.items():
            if name not in used:
                found = f"{name!r} ({path}) of the InputPathsMap is not used in the InputTemplate"
                place = paths_map_place(properties, name) or inspected.target.input_place
                yield Fault(found, place, advice=f"Write <{name}> where its value belongs, or remove it.")


@CHECKS.add(
    "W9112",
    "Free text stands without quotes in the InputTemplate",
    why="EventBridge does not escape what it puts between quotes: text with a quote, a backslash or a line break in it "
    "breaks the JSON, and the event is not delivered. Without quotes EventBridge adds them itself.",
    source=_TRANSFORM,
)
def _free_text_unquoted(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        if _fails_with_a_sample(supply, inspection):
            continue  # told with the sample
        for leaf in supply.leaves():
            slot = leaf.value.whole if isinstance(leaf.value, Text) else None
            if slot is None or leaf.named_type not in _FREE_TEXT or not (slot.path or "").startswith("$.detail."):
                continue
            if slot.kind is None and not _is_limited(slot, supply.inspected.rule.event_pattern):
                found = (
                    f"{leaf.value.text!r} puts the text of {slot.path} between quotes"
                    if isinstance(leaf.value, Text)
                    else ""
                )
                advice = f"Write {slot} without the quotes."
                yield Fault(f"{found}, in {supply.owner}", supply.place_in_template(slot), advice=advice)


def _fails_with_a_sample(supply: Supply, inspection: Inspection) -> bool:
    for sample in inspection.samples_for(supply.inspected.rule):
        try:
            supply.transformer.apply(sample.event)
        except NotTransformable:
            return True
    return False


def _is_limited(slot: Slot, pattern: str | None) -> bool:
    """Whether the rule's pattern lets only values through that JSON strings can hold as they are."""
    try:
        value: Any = json.loads(pattern or "{}")
    except ValueError:
        return False
    steps = steps_of(slot.path or "")
    for step in steps if isinstance(steps, tuple) else ():
        value = value.get(step) if isinstance(value, Mapping) else None
    return isinstance(value, list) and all(isinstance(each, str) and not _AWKWARD.search(each) for each in value)


def _spare(supply: Supply) -> list[str]:
    """The members of the input that no variable takes."""
    return [name for name in supply.members or {} if name not in supply.types]


def _form(supply: Supply) -> str:
    if supply.transformer.form == "InputTransformer":
        return f"the InputTemplate of {supply.owner}"
    if supply.transformer.form == "event":
        return f"the event, which {supply.owner} gets as it is"
    return f"the {supply.transformer.form} of {supply.owner}"


def _article(kind: str | None) -> str:
    return {"object": "an object", "array": "a list", "string": "a text"}[kind or "string"]
