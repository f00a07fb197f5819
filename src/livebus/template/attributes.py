"""
Ref and GetAtt of a template's resources when it runs locally: asked of ``return_values``, made up for types that do nothing here.

Names, ARNs and URLs are the same at every start.

Shapes follow the "Return values" part of each resource's page in the CloudFormation template reference. Where
CloudFormation makes up a name, we derive one from the stack's and the resource's names, so that it is stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from livebus.errors import did_you_mean
from livebus.template.environment import Environment
from livebus.template.properties import text_of
from livebus.template.resource_types import arn_parts, known_types
from livebus.template.return_values import ANSWERS, inert, is_arn

_STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
# What stands before the name of a nested stack's output.
_OUTPUTS = "Outputs."
# How alike a name has to be to an attribute's to count as misspelt.
_NEARLY = 0.8

# The longest names that the services take, where CloudFormation makes them up.
_LONGEST_NAMES = {
    "AWS::Cognito::UserPoolGroup": 128,
    "AWS::DynamoDB::GlobalTable": 255,
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::ApiDestination": 64,
    "AWS::Events::Archive": 48,
    "AWS::Events::Connection": 64,
    "AWS::Events::Rule": 64,
    "AWS::IAM::ManagedPolicy": 128,
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::Lambda::LayerVersion": 64,
    "AWS::SQS::Queue": 80,
}


class ResourceAttributes:
    """
    Answers Ref and GetAtt for the resources of one template.

    ``property_of`` gives a property of a resource with its functions evaluated, or None. ``primary_api`` tells the
    logical id of the API that has the path /graphql. ``outputs_of`` gives what a nested stack hands out; None where its template is
    not at hand.
    """

    def __init__(
        self,
        resources: Mapping[str, Any],
        environment: Environment,
        property_of: Callable[[str, str], Any],
        primary_api: Callable[[], str | None],
        outputs_of: Callable[[str], Mapping[str, str] | None] = lambda _: None,
    ) -> None:
        self._resources = resources
        self._environment = environment
        self._property_of = property_of
        self._primary_api = primary_api
        self._outputs_of = outputs_of
        self._known: dict[str, dict[str, Any]] = {}

    def ref(self, logical_id: str) -> Any:
        if self.type_of(logical_id) in _STACKS:
            return self._environment.nested(logical_id).stack_id
        return self._of(logical_id)[""]

    def get(self, logical_id: str, attribute: str) -> Any:
        outputs = self._outputs_of(logical_id)
        if outputs is not None:
            name = attribute.removeprefix(_OUTPUTS)
            if name == attribute:
                raise KeyError(attribute)
            return outputs[name]
        attributes = self._of(logical_id)
        kind = self.type_of(logical_id)
        if attribute not in attributes and (not is_known_type(kind) or _is_there_always(kind, attribute)):
            return self._inert(logical_id, attribute)
        return attributes[attribute]

    def _inert(self, logical_id: str, attribute: str) -> Any:
        """
        A resource that does nothing here still has to answer, or nothing that refers to it could be loaded.

        Raises KeyError for what is nearly one of the attributes that its type is known to have.
        """
        kind, name = self.type_of(logical_id), self._environment.physical_name(logical_id)
        given = self._property_of(logical_id, attribute)
        if given is not None:
            return given
        known = known_types().get(kind)
        if known and attribute not in known.attributes and did_you_mean(attribute, known.attributes, _NEARLY):
            raise KeyError(attribute)
        return self.arn(logical_id) if is_arn(attribute, kind) else f"{name}.{attribute}"

    def arn(self, logical_id: str) -> str:
        """The ARN of a resource that does nothing here: with the name that the template gives it, or one made up."""
        kind = self.type_of(logical_id)
        service, before = arn_parts(kind)
        given = (self.text_of(logical_id, member) for member in (f"{kind.rpartition('::')[2]}Name", "Name"))
        name = next(filter(None, given), None) or self._environment.physical_name(logical_id)
        return self._environment.arn(service, f"{before}{name}")

    def names(self, logical_id: str) -> Iterable[str]:
        outputs = self._outputs_of(logical_id)
        if outputs is not None:
            return (f"{_OUTPUTS}{name}" for name in outputs)
        known = None if is_known_type(self.type_of(logical_id)) else known_types().get(self.type_of(logical_id))
        if known is not None:
            return known.attributes
        return (name for name in self._of(logical_id) if name)

    def type_of(self, logical_id: str) -> str:
        return str(self._resources[logical_id].get("Type"))

    def _of(self, logical_id: str) -> dict[str, Any]:
        known = self._known.get(logical_id)
        if known is None:
            answer = ANSWERS.get(self.type_of(logical_id), inert)
            known = self._known[logical_id] = answer(self, logical_id, self._environment)
        return known

    def name(self, logical_id: str, member: str) -> str:
        """The name that the template gives a resource, or the one that CloudFormation would make up."""
        given = text_of(self._property_of(logical_id, member))
        longest = _LONGEST_NAMES.get(self.type_of(logical_id), 255)
        return given or self._environment.physical_name(logical_id, longest)

    def api_path(self, logical_id: str) -> str:
        """
        The path of an API's endpoint: /graphql for the first (of the first stack), under its own id for further ones.

        Some clients sign for /graphql whatever URL they dial, so that the first API has AWS's own path.
        """
        return (
            "/graphql"
            if self._environment.is_primary and logical_id == self._primary_api()
            else f"/{self._environment.derived(logical_id, 26)}/graphql"
        )

    def has(self, logical_id: str, member: str) -> bool:
        """Whether a resource has a property."""
        return self._property_of(logical_id, member) is not None

    def text_of(self, logical_id: str, member: str) -> str:
        """A property as text; empty where it is none."""
        return text_of(self._property_of(logical_id, member)) or ""


def is_known_type(kind: str) -> bool:
    return kind in ANSWERS


def _is_there_always(kind: str, attribute: str) -> bool:
    """Whether every resource of a type has the attribute: a table has a stream's ARN only with a stream."""
    known = known_types().get(kind)
    return known is not None and attribute in known.attributes and attribute != "StreamArn"
