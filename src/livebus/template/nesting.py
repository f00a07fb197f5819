"""
Nested stacks whose templates are at hand: where their templates are, and what their parent gives them.

In: a resource of one of the ``NESTED`` types, evaluated, and who opens templates. Out: the nested template's document, with
the values of its parameters; or nothing, where the template lies elsewhere.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from livebus.errors import Fault, InvalidTemplate, LivebusError, Place, did_you_mean, listed
from livebus.template.document import Document, read_document
from livebus.template.environment import Environment
from livebus.template.language_extensions import extended
from livebus.template.parameters import assumed
from livebus.template.properties import shown, text_of
from livebus.template.published import Published
from livebus.template.quotas import beyond_once_expanded
from livebus.template.serverless import expanded
from livebus.template.values import UNKNOWN, is_opaque, written
from livebus.template.yielded import Yielded

NESTED = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")

# CloudFormation documents no depth; that of the others is its quota for operations on nested stacks.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_DEPTH = 10
MAX_RESOURCES = 2_500
MAX_STACKS = 200
# Of the nested templates' texts, each counted as often as it is nested: each time it is evaluated anew.
MAX_CHARACTERS = 4 * 1024 * 1024

_LOCATIONS = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}


class OpenedTemplate(NamedTuple):
    """The name that places have for a template, relative to the outermost template's folder, and its text."""

    name: str
    text: str


# By what a template names it. Raises LivebusError where it is not at hand.
OpenTemplate = Callable[[str], OpenedTemplate]


@dataclass(slots=True)
class Nesting:
    """
    What the stacks of one template have in common: who opens templates, what was read of them, how many there still may be.

    ``yielded`` is the account of all their functions together, ``published`` what they give each other.
    """

    open: OpenTemplate
    yielded: Yielded = field(default_factory=Yielded)
    published: Published = field(default_factory=Published)
    stacks_left: int = MAX_STACKS
    resources_left: int = MAX_RESOURCES
    characters_left: int = MAX_CHARACTERS
    _documents: dict[str, Document | LivebusError] = field(default_factory=dict)

    def document(self, name: str) -> Document:
        """The document of a template by its location. Raises LivebusError where it is not at hand, or cannot be read."""
        if name not in self._documents:
            try:
                opened = self.open(name)
                self._documents[name] = read_document(opened.text, opened.name)
            except LivebusError as error:  # it is no less wrong the next time
                self._documents[name] = error
        found = self._documents[name]
        if isinstance(found, LivebusError):
            raise found
        return found

    def take(self, document: Document) -> None:
        """Count a stack that is to be read, before its transforms: ``is_spent`` tells whether that was too much."""
        self.stacks_left -= 1
        self.characters_left -= len(document.text)
        self.take_resources(document)

    def take_resources(self, document: Document, *, instead_of: Document | None = None) -> None:
        """Count a template's resources; ``instead_of`` is what it was before its transforms, and counted as."""
        self.resources_left -= _resource_count(document) - (_resource_count(instead_of) if instead_of else 0)

    @property
    def is_spent(self) -> bool:
        return min(self.stacks_left, self.resources_left, self.characters_left) < 0


def _resource_count(document: Document) -> int:
    resources = document.body.get("Resources")
    return len(resources) if isinstance(resources, dict) else 0


class NestedTemplate(NamedTuple):
    """A nested stack's template, and the values that its parent gives to its parameters."""

    document: Document
    parameters: Mapping[str, str]


def is_location(name: str) -> bool:
    """Whether a name is an URL or a place in S3, and no path beside the template."""
    return "://" in name


def located(folder: str, name: str) -> str:
    """A name that a template has for a file, as one that goes on from the outermost template's folder."""
    return name if not folder or is_location(name) or name.startswith("/") else posixpath.normpath(f"{folder}/{name}")


def folder_of(name: str) -> str:
    """The folder that a template's own names go on from."""
    return "" if is_location(name) else posixpath.dirname(name)


def find_template(
    nesting: Nesting, kind: str, location: Any, metadata: Any, folder: str, *, place: Callable[[str], Place]
) -> tuple[Document | None, list[Fault]]:
    """
    The document of a nested stack's template; None where it is not at hand, with faults where AWS would refuse it.

    ``location`` is the evaluated property, ``metadata`` the resource's: AWS CDK names the file there. ``place`` tells where a
    property stands.
    """
    member = _LOCATIONS[kind]
    if not isinstance(location, str) or location is UNKNOWN or not location:
        return None, []
    names = [_plain(located(folder, location))] if not is_opaque(location) else []
    asset = metadata.get("aws:asset:path") if isinstance(metadata, Mapping) else None
    if isinstance(asset, str) and asset and metadata.get("aws:asset:property", member) == member:
        names.append(_plain(located(folder, asset)))
    refused: LivebusError | None = None
    for name in names:
        try:
            return nesting.document(name), []
        except InvalidTemplate as error:
            return None, list(error.faults)
        except LivebusError as error:
            refused = refused or error
    if refused is None or is_location(names[0]):
        return None, []
    what = refused.faults[0]
    return None, [Fault(what.found, place(member), what.expected, what.advice)]


def _plain(name: str) -> str:
    """A path without steps that lead nowhere: it is what places of the template are called by."""
    return name if is_location(name) else posixpath.normpath(name)


def read_nested(
    document: Document, given: Any, environment: Environment, *, place: Callable[..., Place], name: str
) -> tuple[NestedTemplate, list[Fault]]:
    """
    A nested template, its transforms applied, with the values that the resource ``name`` gives to its parameters.

    Names that are not there, and values that are missing, are faults of the parent's. Raises InvalidTemplate where a transform
    would make more of it than CloudFormation takes.
    """
    if too_many := list(beyond_once_expanded(document)):
        raise InvalidTemplate(faults=too_many)
    declared = document.body.get("Parameters")
    declared = declared if isinstance(declared, dict) else {}
    values: dict[str, str] = {}
    faults: list[Fault] = []
    if given is not None and given is not UNKNOWN and not isinstance(given, Mapping):
        faults.append(Fault(f"Parameters of {name!r} is {shown(given)}", place("Parameters"), "an object"))
    for parameter, value in given.items() if isinstance(given, Mapping) else ():
        if parameter not in declared:
            meant = did_you_mean(parameter, declared) or f"The nested template has: {listed(declared)}."
            found = f"Parameters: [{parameter}] do not exist in the template"
            faults.append(Fault(found, place("Parameters", parameter), advice=meant))
            continue
        values[parameter] = _as_text(parameter, value)
    missing = [
        parameter
        for parameter, definition in declared.items()
        if isinstance(definition, dict) and definition.get("Default") is None and parameter not in values
    ]
    if missing and given is not UNKNOWN:
        found = f"Parameters: [{', '.join(missing)}] must have values"
        faults.append(Fault(found, place("Parameters"), advice=f"Give them in the Parameters of {name!r}."))
    return NestedTemplate(expanded(extended(document, environment, values)), values), faults


def _as_text(parameter: str, value: Any) -> str:
    """A value as CloudFormation hands it on: lists with commas; what could not be had as one that is not known."""
    if value is UNKNOWN:
        return assumed(parameter)
    if isinstance(value, list):
        return ",".join(map(written, value))
    return text_of(value) or ""
