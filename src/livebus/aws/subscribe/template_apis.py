"""
The GraphQL APIs of a template, for whoever talks to them: their Outputs and their schemas.

In: a template's path, or the text of one that was deployed. Out: for each API its logical id, the names of the Outputs that hold a URL of it, and its schema, as
far as the template can be read. What is wrong with it is for livebus validate to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLSchema

from livebus.aws.local_stack import values_of
from livebus.cdk_assembly import Source, parts_of
from livebus.cdk_templates import read_templates
from livebus.errors import LivebusError, Place
from livebus.files import Root, content, reason_of
from livebus.schema import parse_schema
from livebus.template import Environment
from livebus.template.application import Application
from livebus.template.document import read_document
from livebus.template.loading import read_application, read_stacks


@dataclass(frozen=True, slots=True)
class TemplateApi:
    """One API: ``outputs`` are the names of those that hold its GraphQLUrl or RealtimeUrl, ``text`` is its schema's."""

    logical_id: str
    outputs: tuple[str, ...]
    text: str
    place: Place

    def schema(self) -> GraphQLSchema:
        """Raises InvalidSchema."""
        return parse_schema(self.text, self.place).graphql


def read_template_apis(source: Source, values: Mapping[str, Mapping[str, str]] | None = None) -> Sequence[TemplateApi]:
    """
    Read a template, or an application's several. ``values`` are those of parameters, by the stack's name; of a template by itself
    the only stack's. Raises LivebusError where nothing of it can be read.
    """
    values = values or {}
    parts = parts_of(source)
    file, folder = parts.file, parts.folder
    root = Root.around(file)

    def named(name: str) -> str:
        root.demand(folder / name, name)
        return _read(folder / name)

    if parts.application is not None:
        stacks = read_templates(parts.application, named, values)
        return _apis(read_stacks(stacks, named, Environment(), {}, file=str(file)).application)
    environment = Environment(overrides=values_of(values, file))
    return _apis(read_application(read_document(_read(file), str(file)), named, environment, {}).application)


def read_deployed_apis(
    text: str, name: str, read: Callable[[str], str], values: Mapping[str, str] | None = None
) -> Sequence[TemplateApi]:
    """
    The same of a stack's own template, with the values of its parameters; ``read`` is called with the addresses of the files that
    `sam deploy` has stored.
    """
    environment = Environment(overrides=values or {})
    return _apis(read_application(read_document(text, name), read, environment, {}).application)


def _apis(application: Application) -> Sequence[TemplateApi]:
    return [
        TemplateApi(
            api.logical_id,
            tuple(name for name, value in application.outputs.items() if value in (api.graphql_url, api.realtime_url)),
            api.schema,
            api.schema_place,
        )
        for api in application.apis
    ]


def read_schema_file(file: Path) -> GraphQLSchema:
    """Read a schema. Raises LivebusError where it cannot be read, InvalidSchema where AppSync would refuse it."""
    return parse_schema(_read(file), Place(str(file))).graphql


def _read(file: Path) -> str:
    try:
        return content(file).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise LivebusError(f"cannot be read: {reason_of(error)}", Place(str(file))) from None
