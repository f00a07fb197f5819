"""
Compiles a target's Input, InputPath or InputTransformer, and finds everything for which PutTargets refuses it.

Where AWS's wording is recorded or reported, the faults begin with it.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from livebus.errors import Fault, InvalidTransformer, Place, closest
from livebus.event.envelope import Event
from livebus.template.application import Target
from livebus.transformer.input_template import JsonTemplate, TextTemplate, Unfit
from livebus.transformer.json_path import MISSING, Find, compile_path
from livebus.transformer.target_input import NotTransformable, Transformer, kind_of
from livebus.transformer.template_reader import PLACEHOLDER, Malformed, ValueOf

MAX_INPUT_LENGTH = 8192
MAX_TEMPLATE_LENGTH = 8192
MAX_PATHS = 100
MAX_KEY_LENGTH = 256
RESERVED_PREFIX = "AWS."

PREDEFINED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)

_KEY = re.compile(r"[A-Za-z0-9_\-]+")
# The order of members that AWS was recorded to give <aws.events.event>, with "detailType" for "detail-type".
_EVENT_MEMBERS = ("id", "account", "detailType", "time", "source", "region", "resources", "version")


def compile_transformer(target: Target, *, rule_name: str, rule_arn: str) -> Transformer:
    """
    Compile a target's input.

    Raises :class:`InvalidTransformer` with everything for which PutTargets refuses it.
    """
    forms: list[Callable[[], Transformer]] = []
    if (text := target.input) is not None:
        forms.append(lambda: _constant(target, text))
    if (path := target.input_path) is not None:
        forms.append(lambda: _path(target, path))
    if (members := target.input_transformer) is not None:
        forms.append(lambda: _transformer(target, members, rule_name, rule_arn))
    if not forms:
        return Transformer("event", f"The event, as target {target.id!r} gets it,", lambda event: event.envelope)
    if len(forms) == 1:
        return forms[0]()
    faults = [
        Fault(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target.id}.",
            target.input_place,
            advice="Keep the one you mean.",
        )
    ]
    for compile_form in forms:
        try:
            compile_form()
        except InvalidTransformer as invalid:
            faults += invalid.faults
    raise InvalidTransformer(faults=faults)


def _constant(target: Target, text: str) -> Transformer:
    place = target.input_place
    if len(text) > MAX_INPUT_LENGTH:
        raise InvalidTransformer(
            f"Input for target {target.id} has {len(text)} characters", place, expected=f"at most {MAX_INPUT_LENGTH}"
        )
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidTransformer(
            f"Input for target {target.id} is not a valid JSON text. ({error.msg}: "
            f"line {error.lineno}, column {error.colno} of {text[:80]!r})",
            place,
            advice="Write the JSON that the target is to get, quotes and all.",
        ) from None
    owner = f"Input of target {target.id!r}{_at(place)}"
    if not isinstance(value, dict):
        never = f"{owner} gives {kind_of(value)}; AppSync takes a JSON object as variables"
        return Transformer("Input", owner, lambda _: value, text=text, never=never)
    return Transformer("Input", owner, lambda _: value, text=text, keys=tuple(value))


def _path(target: Target, path: str) -> Transformer:
    owner = f"InputPath of target {target.id!r}"
    find = compile_path(path, target.input_place, owner)
    if isinstance(find, Fault):
        raise InvalidTransformer(faults=[find])
    owner += _at(target.input_place)

    def value(event: Event) -> Any:
        found = find(event.envelope)
        if found is MISSING:
            # AWS does not document what InputPath delivers where it finds nothing; we deliver nothing.
            raise NotTransformable(f"{owner} is {path!r}, and the event has nothing there")
        return found

    return Transformer("InputPath", owner, value, text=path)


def _transformer(target: Target, members: Mapping[str, Any], rule_name: str, rule_arn: str) -> Transformer:
    place = target.input_place
    template = members.get("InputTemplate")
    faults: list[Fault] = []
    finds = _paths_map(target, members.get("InputPathsMap"), faults)
    values = _predefined(rule_name, rule_arn) | {name: _on_envelope(find) for name, find in finds.items()}
    if not isinstance(template, str):
        faults.append(Fault(f"InputTemplate for target {target.id} is {template!r}", place, "a text"))
    elif not 1 <= len(template) <= MAX_TEMPLATE_LENGTH:
        faults.append(
            Fault(
                f"InputTemplate for target {target.id} has {len(template)} characters",
                place,
                f"1 to {MAX_TEMPLATE_LENGTH}",
            )
        )
    else:
        declared = members.get("InputPathsMap")
        paths = dict(declared) if isinstance(declared, Mapping) else {}
        unknown = _unknown_placeholders(target, template, [*paths, *PREDEFINED])
        faults += unknown.values()
        # Names without a value, for whatever reason, are known by now: the rest of the template is read all the same.
        values = dict.fromkeys([*unknown, *paths], _nothing) | values
        try:
            compiled = _template(target, template, values, paths)
        except InvalidTransformer as invalid:
            faults += invalid.faults
        if not faults:
            return compiled
    raise InvalidTransformer(faults=faults)


def _paths_map(target: Target, declared: object, faults: list[Fault]) -> dict[str, Find]:
    """The functions of InputPathsMap by name; what is wrong is added to ``faults``."""
    place = target.input_place
    owner = f"InputPathsMap of target {target.id!r}"
    finds: dict[str, Find] = {}
    if declared is None:
        return finds
    if not isinstance(declared, Mapping):
        faults.append(Fault(f"{owner} is {declared!r}", place, "a map from names to JSONPaths"))
        return finds
    if len(declared) > MAX_PATHS:
        faults.append(Fault(f"{owner} has {len(declared)} entries", place, f"at most {MAX_PATHS}"))
    for name, path in declared.items():
        if name.startswith(RESERVED_PREFIX):
            faults.append(Fault(f"{owner} has the key {name!r}", place, f"no key that begins with {RESERVED_PREFIX!r}"))
        elif len(name) > MAX_KEY_LENGTH:
            faults.append(
                Fault(f"{owner} has a key of {len(name)} characters, {name[:20]!r}…", place, f"1 to {MAX_KEY_LENGTH}")
            )
        elif not _KEY.fullmatch(name):
            faults.append(Fault(f"{owner} has the key {name!r}", place, "letters, digits, '-' and '_'"))
        find = compile_path(path, place, f"{owner}, key {name!r},")
        if isinstance(find, Fault):
            faults.append(find)
        else:
            finds[name] = find
    return finds


def _unknown_placeholders(target: Target, template: str, known: Sequence[str]) -> dict[str, Fault]:
    """A fault for each name that stands for nothing."""
    faults = {}
    for name in dict.fromkeys(found[1] for found in PLACEHOLDER.finditer(template)):
        if name not in known:
            close = closest(name, known)
            faults[name] = Fault(
                f"InputTemplate for target {target.id} contains invalid placeholder {name}.",
                target.input_place,
                f"a key of InputPathsMap or one of {', '.join(PREDEFINED)}",
                f"Did you mean <{close}>?" if close else f"Add {name} to InputPathsMap.",
            )
    return faults


def _template(target: Target, template: str, values: Mapping[str, ValueOf], paths: dict[str, str]) -> Transformer:
    owner = f"InputTemplate of target {target.id!r}{_at(target.input_place)}"
    if template.lstrip().startswith('"'):
        lines = TextTemplate(template, values, paths)
        reason = f"{owner} is text in quotes and gives a string; AppSync takes a JSON object as variables"
        return Transformer(
            "InputTransformer",
            owner,
            _refusal(reason),
            rendered=lines.text,
            values=values,
            text=template,
            placeholders=lines.placeholders,
            paths=paths,
            never=reason,
        )
    try:
        compiled = JsonTemplate(template, values, paths)
    except Malformed as error:
        if template.lstrip().startswith("{"):
            raise InvalidTransformer(
                f"Invalid InputTemplate for target {target.id} : line {error.line}, column {error.column}: {error.what}",
                target.input_place,
                advice="An InputTemplate that begins with '{' has to be JSON but for its placeholders.",
            ) from None
        # Recorded on AWS for "<list> text": PutTargets takes it, and nothing is ever delivered.
        reason = f"{owner} is neither JSON nor text in quotes: {error.what} (line {error.line}, column {error.column})"
        return Transformer(
            "InputTransformer", owner, _refusal(reason), values=values, text=template, paths=paths, never=reason
        )

    def value(event: Event) -> Any:
        try:
            return compiled.value(event)
        except Unfit as unfit:
            raise NotTransformable(_unfit_reason(owner, unfit)) from None

    never = None
    if compiled.keys is None and not template.lstrip().startswith("<"):
        never = f"{owner} gives no JSON object; AppSync takes a JSON object as variables"
    return Transformer(
        "InputTransformer",
        owner,
        value,
        values=values,
        text=template,
        placeholders=compiled.placeholders,
        paths=paths,
        keys=compiled.keys,
        never=never,
    )


def _predefined(rule_name: str, rule_arn: str) -> dict[str, ValueOf]:
    return {
        "aws.events.rule-arn": lambda _: rule_arn,
        "aws.events.rule-name": lambda _: rule_name,
        "aws.events.event.ingestion-time": lambda event: event.ingestion_time,
        "aws.events.event": _event_without_detail,
        "aws.events.event.json": lambda event: event.envelope,
    }


def _event_without_detail(event: Event) -> dict[str, Any]:
    envelope = event.envelope
    return {member: envelope["detail-type" if member == "detailType" else member] for member in _EVENT_MEMBERS}


def _nothing(event: Event) -> Any:
    return MISSING


def _on_envelope(find: Find) -> ValueOf:
    return lambda event: find(event.envelope)


def _refusal(reason: str) -> Callable[[Event], Any]:
    def refuse(event: Event) -> Any:
        raise NotTransformable(reason)

    return refuse


def _unfit_reason(owner: str, unfit: Unfit) -> str:
    placeholder = unfit.placeholder
    if placeholder is None:
        return f"{owner} is not JSON any more with the values of this event between its quotes"
    where = placeholder.path or "of the event"
    what = kind_of(unfit.value)
    if isinstance(unfit.value, str):
        character = next(each for each in unfit.value if each in '"\\' or each < " ")
        what = f"a string with {character!r} in it"
    return (
        f"{owner} has the placeholder {placeholder} between quotes (line {placeholder.line}, column "
        f"{placeholder.column}), and the value at {where} is {what}: EventBridge does not escape values, so the text is "
        f"not JSON any more. Write {placeholder} without quotes as the whole value"
    )


def _at(place: Place) -> str:
    return f" ({place})" if str(place) else ""
