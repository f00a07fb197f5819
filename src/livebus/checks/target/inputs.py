"""
Checks of each target's input: that PutTargets takes it, and that it gives the operation the variables that it needs.

In: an inspection. Out: faults at the lines of Input, InputPath, InputTemplate and InputPathsMap.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from livebus.checks.check import Checks
from livebus.checks.inspection import InspectedTarget, Inspection, Sample
from livebus.checks.target.slots import ENVELOPE, Slot, Text, in_words, marked_text
from livebus.checks.target.supplied import Supply, paths_map_place, supplies, target_properties
from livebus.errors import Fault, Place, closest, listed
from livebus.transformer import NotTransformable
from livebus.transformer.json_path import steps_of

CHECKS = Checks()

_TRANSFORM = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"
_PUT_TARGETS = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html"
_TARGET = "https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html"
_FREE_TEXT = ("String", "AWSJSON")
_AWKWARD = re.compile(r'["\\\x00-\x1f]')
_KEY_OF_MAP = re.compile(r"InputPathsMap of target '[^']*'(?:, key| has the key) '([^']+)'")
_INVALID_PLACEHOLDER = re.compile(r"contains invalid placeholder (\S+)\.$")
# What other template languages, EventBridge Pipes and plain hope have for placeholders.
_LIKE_PLACEHOLDER = re.compile(
    r"<\s*\$\.[^<>\"]*>|<\s+[\w.\-]+\s*>|<[\w.\-]+\s+>|\$\{[\w.$]+\}|\{\{[^{}\"]+\}\}|\$\.detail\b[\w.\-]*"
)
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
                found = f"the InputPath of {owner}, {transformer.text!r}, leads to {in_words(kind)} in every event"
                yield Fault(found, place, "a path to an object, such as $.detail", "Use an InputTransformer.")
    for supply in supplies(inspection):
        for leaf in supply.leaves():
            for slot in leaf.slots:
                if slot.quoted and slot.kind in ("object", "array"):
                    found = (
                        f"{slot} stands between quotes in {supply.owner}, and is {in_words(slot.kind)} in every event"
                    )
                    advice = f"Write {slot} without quotes: with them the text is not JSON, and nothing is delivered."
                    yield Fault(found, supply.place_in_template(slot), advice=advice)


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
        close = closest(first, ENVELOPE, 0.75)
        meant = f"$.{close}{rest}" if close else f"$.detail{path[1:]}"
        return f"events have no member {first!r}", f"Did you mean {meant!r}?"
    kind = ENVELOPE[first]
    if len(steps) > 1 and (
        kind == "string"
        or (kind == "array" and isinstance(steps[1], str) and steps[1] != "*")
        or (kind == "object" and isinstance(steps[1], int))
    ):
        return f"{first!r} is {in_words(kind)}", ""
    return None


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
        # Of several on one line one finding: they are mended in one go.
        found: dict[Place, list[tuple[str, Slot]]] = {}
        for leaf in supply.leaves():
            text, slot = (leaf.value.text, leaf.value.whole) if isinstance(leaf.value, Text) else ("", None)
            if slot is None or leaf.named_type not in _FREE_TEXT or not (slot.path or "").startswith("$.detail."):
                continue
            rule = supply.inspected.rule
            if _is_never_text(slot, inspection.samples_for(rule)):
                continue
            if slot.kind is None and not _is_limited(slot, rule.event_pattern):
                found.setdefault(supply.place_in_template(slot), []).append((text, slot))
        for place, given in found.items():
            texts = listed(dict.fromkeys(repr(text) for text, _ in given))
            paths = listed(dict.fromkeys(str(slot.path) for _, slot in given))
            what = f"{texts} puts the text of {paths}" if len(given) == 1 else f"{texts} put the texts of {paths}"
            advice = f"Write {listed(dict.fromkeys(str(slot) for _, slot in given))} without the quotes."
            yield Fault(f"{what} between quotes, in {supply.owner}", place, advice=advice)


def _fails_with_a_sample(supply: Supply, inspection: Inspection) -> bool:
    for sample in inspection.samples_for(supply.inspected.rule):
        if not sample.expected:
            continue
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
    return isinstance(value, list) and all(map(_is_harmless, value))


def _is_harmless(condition: Any) -> bool:
    """Whether all that meets a condition can stand between quotes: texts without awkward characters, numbers, booleans."""
    if isinstance(condition, Mapping):
        return "numeric" in condition or "cidr" in condition
    return not isinstance(condition, str) or not _AWKWARD.search(condition)


def _is_never_text(slot: Slot, samples: Sequence[Sample]) -> bool:
    """Whether there are sample events, and all have numbers or truth values at a path: they need no escaping."""
    found = [slot.find(sample.event.envelope) for sample in samples if sample.expected]
    return bool(found) and all(isinstance(each, bool | int | float) for each in found)


@CHECKS.add(
    "W9115",
    "What looks like a placeholder in the InputTemplate is one",
    why="EventBridge knows <name> only, with a name of InputPathsMap. Anything else reaches apps as it is written.",
    source=_TRANSFORM,
)
def _placeholders_are_such(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        transformer = inspected.transformer
        if transformer is None or transformer.form != "InputTransformer" or transformer.never is not None:
            continue
        template = transformer.text or ""
        for found in _LIKE_PLACEHOLDER.finditer(template):
            place = inspected.target.input_place.shifted(template.count("\n", 0, found.start()) + 1)
            message = f"{found[0]!r} in the InputTemplate of target {inspected.target.id!r} is no placeholder"
            name = re.sub(r"[^A-Za-z0-9]", "", re.split(r"[.\s]", found[0].rstrip(">} "))[-1]) or "name"
            advice = f"Give the path a name in InputPathsMap, and write <{name}>."
            yield Fault(message, place, "<name>, without blanks, with a name of InputPathsMap", advice)


@CHECKS.add(
    "W9116",
    "Each member of the input is there once",
    why="JSON takes a member that is there twice, and only one of its two values counts.",
    source=_TRANSFORM,
)
def _members_are_there_once(inspection: Inspection) -> Iterator[Fault]:
    for inspected in inspection.targets:
        transformer = inspected.transformer
        if (
            transformer is None
            or transformer.never is not None
            or transformer.form not in ("Input", "InputTransformer")
        ):
            continue
        text = transformer.text or ""
        twice: list[str] = []
        note = partial(_note_twice, twice=twice)
        json.loads(marked_text(transformer) if transformer.placeholders else text, object_pairs_hook=note)
        for name in dict.fromkeys(twice):
            offset = text.rfind(f'"{name}"')
            place = inspected.target.input_place.shifted(text.count("\n", 0, max(offset, 0)) + 1)
            yield Fault(f"the member {name!r} is twice in the input of target {inspected.target.id!r}", place)


def _note_twice(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice += [name for name in names if names.count(name) > 1]
    return dict(pairs)
