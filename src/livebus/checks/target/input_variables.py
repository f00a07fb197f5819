"""
Checks of what a target's input gives to the operation's variables: each gets a value, and one that it can take.

In: an inspection. Out: faults at the lines of the input. Nothing here needs sample events: what is constant, what each
event has, and what quotes make of a value is known without them.
https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import get_named_type, get_nullable_type, is_input_object_type, is_leaf_type, is_list_type

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.checks.target.slots import Text, in_words
from livebus.checks.target.supplied import Leaf, Misfit, Supply, meet, supplies
from livebus.errors import Fault, closest, did_you_mean

CHECKS = Checks()

_TARGET = "https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html"
_SCALARS = "https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html"
_IN_200 = (
    "AppSync refuses the variables of each event inside an HTTP 200: nothing is retried, nobody receives anything."
)

_NUMERIC = ("Int", "Float", "Boolean", "AWSTimestamp")
_DATES = ("AWSDate", "AWSTime")  # an event's time is both at once
# What the members of an event look like, as far as a scalar may take one of them for something else.
_OF_EVENTS = {"$.version": "0", "$.account": "123456789012", "$.time": "2026-01-15T12:00:00Z"}


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
        if closest(name.lower(), ["detail_type", "detailtype"], 0.9):
            return "'detail-type' can be no GraphQL variable: name it with an InputTransformer."
        return f'Add an InputTransformer that gives {{"{name}": <{name}>}}.'
    if meant := closest(name, _spare(supply)):
        return f"Is {meant!r} meant to be {name!r}?"
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
            if found and _is_refused(leaf):
                slot, place = leaf.slots[0], supply.place_of_path(leaf.slots[0])
                advice = "Declare an input type with the fields that are needed, and pass these."
                if isinstance(leaf.value, Text):
                    advice, place = f"Write {slot} without quotes.", supply.place_in_template(slot)
                elif slot.kind == "string":
                    advice = f"Declare '${leaf.variable}' as String, or take another path."
                yield Fault(f"{found}, in {supply.owner}", place, str(leaf.type), advice)


def _misfit_of_kind(leaf: Leaf) -> str:
    """Why the kind of value that each event has there is not what the type is for; "" where it is, or is not known."""
    named = get_named_type(leaf.type)
    slot, is_text = leaf.slots[0], isinstance(leaf.value, Text)
    kind = "string" if is_text else slot.kind
    match kind:
        case "array":
            fits = is_list_type(get_nullable_type(leaf.type))
        case "object":
            fits = not is_leaf_type(named)
        case "string" if not is_text and named.name in (*_NUMERIC, *(_DATES if slot.path == "$.time" else ())):
            fits = False
        case "string":
            fits = not is_input_object_type(named)
        case _:
            fits = True
    quotes = " between quotes" if is_text else ""
    return "" if fits else f"{slot}{quotes} gives {in_words(kind)} to '${leaf.way}' of type {leaf.type}"


def _is_refused(leaf: Leaf) -> bool:
    """Whether the execution refuses what every event has there: its own coercion is asked, with a value of that kind."""
    slot = leaf.slots[0]
    if isinstance(leaf.value, Text):
        return is_input_object_type(get_named_type(leaf.type))
    value = _OF_EVENTS.get(
        str(slot.path), {"array": ["text"], "object": {"member": "text"}}.get(str(slot.kind), "text")
    )
    return any(isinstance(each, Misfit) and each.hard for each in meet(leaf.variable, leaf.way, leaf.type, value))


@CHECKS.add(
    "W9117",
    "What the input gives to a variable is of its type, and not only taken for it",
    why="AppSync's scalars take texts for numbers, and anything for a String: an object reaches apps as Java's text of it, "
    "and a text that is no number is refused inside an HTTP 200. GraphQL documents numbers, booleans and texts.",
    source=_SCALARS,
)
def _taken_for_it(inspection: Inspection) -> Iterator[Fault]:
    for supply in supplies(inspection):
        for leaf in supply.leaves():
            slot = leaf.slots[0]
            if isinstance(leaf.value, Text) and leaf.named_type in _NUMERIC:
                found = f"{leaf.value.text!r} gives a text to '${leaf.way}' of type {leaf.type}, in {supply.owner}"
                advice = f"Write {slot} without quotes."
                yield Fault(found, supply.place_in_template(slot), str(leaf.type), advice)
            elif (found := _misfit_of_kind(leaf)) and not _is_refused(leaf):
                advice = "Declare an input type with the fields that are needed, and pass these."
                yield Fault(f"{found}, in {supply.owner}", supply.place_of_path(slot), str(leaf.type), advice)
        for misfit in supply.misfits():
            if not misfit.hard:
                found = f"{_form(supply)} gives '${misfit.way}' what is no text: {misfit.reason}"
                yield Fault(found, supply.place_of(misfit.way.rpartition(".")[2] or misfit.variable))


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
            if closest(name, missing):
                continue  # told as a variable without a value
            found = f"no variable takes the member {name!r} of {_form(supply)}"
            names = ", ".join(f"${each}" for each in supply.types) or "no variables"
            unfed = [each for each in supply.types if each not in (supply.members or {})]
            advice = did_you_mean(name, unfed) or f"Declare ${name} in the operation, or leave the member out."
            yield Fault(found, supply.place_of(name), names, advice)


def _spare(supply: Supply) -> list[str]:
    """The members of the input that no variable takes."""
    return [name for name in supply.members or {} if name not in supply.types]


def _form(supply: Supply) -> str:
    if supply.transformer.form == "InputTransformer":
        return f"the InputTemplate of {supply.owner}"
    if supply.transformer.form == "event":
        return f"the event, which {supply.owner} gets as it is"
    return f"the {supply.transformer.form} of {supply.owner}"
