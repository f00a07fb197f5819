"""
Why resources cannot be made, in CloudFormation's words where they are known.

In: what a template's reading and its compilation refuse. Out: a reason for each resource that has one. Where AWS's words
leave open what is wrong (a schema, a resolver's code), ours follow them. Which words are recorded and which are ours is
told in docs/fidelity.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from livebus.compilation import Compilation
from livebus.errors import Fault, InvalidEventPattern, InvalidTransformer, LivebusError, Place
from livebus.pattern import EventPattern, service_message
from livebus.template.loading import Reading
from livebus.template.resource import Resource
from livebus.template.resources import Resources
from livebus.template.text_places import INSIDE, fault_in_source

_FILE_MEMBERS = (
    "DefinitionS3Location",
    "CodeS3Location",
    "RequestMappingTemplateS3Location",
    "ResponseMappingTemplateS3Location",
)
_TARGET_ARN = re.compile(r"the Arn of target .* is '(?P<arn>[^']*)'")
_NO_FIELD = "No field named"
_SCHEMA = "Schema Creation Status is FAILED with details: Failed to parse schema document - ensure it's a valid SDL-formatted document."


@dataclass(frozen=True, slots=True)
class Failures:
    """``of`` are reasons by logical id; ``stack`` those that end the deployment as a whole."""

    of: Mapping[str, str]
    stack: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.of or self.stack)

    def with_reasons(self, of: Mapping[str, str]) -> Failures:
        """The same with reasons of resources that have none yet."""
        return Failures({**of, **self.of}, self.stack)


def failures(reading: Reading, compilation: Compilation, new_id: Callable[[], str]) -> Failures:
    """What keeps the resources of a template from being made. A template that cannot be read at all comes not here."""
    finder = _Finder(reading.resources)
    template = set(reading.resources.template_faults)
    of: dict[str, list[str]] = {}
    stack: list[str] = []
    unowned: list[str] = []
    for fault, words in _told(reading, compilation, template):
        owner = finder.owner(fault.place)
        shown = fault_in_source(reading.resources.whole, fault)
        if fault.of_another_stack:
            stack.append(f"{fault.found} Rollback requested by user.")
        elif owner is None:
            unowned.append(str(shown))
        else:
            of.setdefault(owner.logical_id, []).append(_reason(owner, fault, shown, words, new_id))
    if not of:
        # Beside a resource's own fault this is what follows from it: a resolver without its file exports nothing.
        stack += unowned
    return Failures({name: "\n".join(dict.fromkeys(reasons)) for name, reasons in of.items()}, tuple(stack))


def exists_already(resource: Resource, identifier: str, new_id: Callable[[], str]) -> str:
    """The reason of a resource whose name is taken by another stack's."""
    return (
        f"Resource of type '{resource.type}' with identifier '{identifier}' already exists."
        f" (RequestToken: {new_id()}, HandlerErrorCode: AlreadyExists)"
    )


def _told(reading: Reading, compilation: Compilation, template: set[Fault]) -> Iterator[tuple[Fault, str]]:
    """Each fault that is a resource's, and AWS's words for it where the exception has them."""
    for fault in reading.refusals:
        if fault not in template or fault.of_another_stack:
            yield fault, ""
    for archive in reading.application.archives:
        try:
            EventPattern(archive.event_pattern or '{"source": [{"exists": true}]}')
        except InvalidEventPattern as refusal:
            yield archive.pattern_refused(refusal).faults[0], service_message(str(archive.event_pattern), refusal)
    for error in compilation.errors:
        for fault in error.faults:
            yield fault, _service_words(error, fault, reading)


def _service_words(error: LivebusError, fault: Fault, reading: Reading) -> str:
    if isinstance(error, InvalidEventPattern):
        for rule in reading.application.rules:
            is_of_rule = fault.place.file == rule.pattern_place.file and fault.place.path.startswith(
                rule.pattern_place.path
            )
            if is_of_rule and rule.event_pattern is not None:
                return service_message(rule.event_pattern, error)
    return fault.found if isinstance(error, InvalidTransformer) else ""


def _reason(resource: Resource, fault: Fault, shown: Fault, words: str, new_id: Callable[[], str]) -> str:
    if resource.type in ("AWS::Events::Rule", "AWS::Events::Archive"):
        target = _TARGET_ARN.match(fault.found)
        if target:
            words = f"Parameter {target['arn']} is not valid. Reason: Provided Arn is not in correct format."
        if words:
            return _handler(
                f"{words} (Service: EventBridge, Status Code: 400, Request ID: {new_id()})", "InvalidRequest", new_id
            )
    if fault.found.startswith(_NO_FIELD):
        return _handler(
            f"{fault.found} (Service: AppSync, Status Code: 404, Request ID: {new_id()})", "NotFound", new_id
        )
    if resource.type == "AWS::AppSync::GraphQLSchema" and not fault.place.path.startswith("Resources/"):
        return f"{_SCHEMA}\n{shown}"
    if resource.type.startswith("AWS::AppSync::") and fault.place.file and not fault.place.path:
        words = f"The code contains one or more errors. (Service: AppSync, Status Code: 400, Request ID: {new_id()})"
        return f"{_handler(words, 'InvalidRequest', new_id)}\n{shown}"
    return f"Properties validation failed for resource {resource.logical_id} with message:\n{shown}"


def _handler(message: str, code: str, new_id: Callable[[], str]) -> str:
    return f'Resource handler returned message: "{message}" (RequestToken: {new_id()}, HandlerErrorCode: {code})'


class _Finder:
    """Finds the resource that a place belongs to, in the stack whose template or file it is of."""

    def __init__(self, resources: Resources) -> None:
        self._stacks = list(_stacks(resources, None))

    def owner(self, place: Place) -> Resource | None:
        own = next((each for each in self._stacks if each.file == place.file.partition(INSIDE)[0]), None)
        if own is not None:
            return own.owner(place) or own.holder
        return next((found for each in self._stacks if (found := each.by_file.get(place.file)) is not None), None)


def _stacks(resources: Resources, holder: Resource | None) -> Iterator[_OfStack]:
    yield _OfStack(resources, holder)
    for logical_id, nested in resources.nested.items():
        yield from _stacks(nested, resources.get(logical_id))


class _OfStack:
    """
    Finds a resource of one template: by a place's path, by the file that a resource names, by its line.

    ``holder`` is the resource that nests the stack: what is wrong beside its resources is this one's.
    """

    def __init__(self, resources: Resources, holder: Resource | None) -> None:
        self._resources = resources
        self.holder = holder
        self.file = resources.document.file
        self.by_file: dict[str, Resource] = {}
        self._own = resources.in_order()
        for resource in self._own:
            for member in _FILE_MEMBERS:
                location = resource.properties.values.get(member)
                if isinstance(location, str):
                    self.by_file.setdefault(resource.located(location), resource)

    def owner(self, place: Place) -> Resource | None:
        section, _, below = place.path.partition("/")
        if section == "Resources":
            return self._resources.get(below.split("/")[0])
        _, inside, path = place.file.partition(INSIDE)
        if inside:
            return self._resources.get(path.split("/")[1])
        return self._above(place.line) if place.line and not place.path else None

    def _above(self, line: int) -> Resource | None:
        """The resource that a line of the template is in: faults of inline code have no path."""
        begun = ((resource.place().line or 0, resource) for resource in self._own)
        return max(
            ((start, each) for start, each in begun if start <= line), key=lambda item: item[0], default=(0, None)
        )[1]
