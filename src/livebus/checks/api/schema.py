"""
Checks of the GraphQL schema: what AppSync refuses when it is created.
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault, InvalidSchema, Place

CHECKS = Checks()


@CHECKS.add(
    "E9150",
    "AppSync takes the schema: types, directives, scalars, and the links of @aws_subscribe",
    why="AWS::AppSync::GraphQLSchema fails, and CloudFormation rolls the stack back.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/designing-your-schema.html",
)
def _accepted(inspection: Inspection) -> Iterator[Fault]:
    unread = set(_unread(inspection))
    for error in inspection.compilation.errors:
        if isinstance(error, InvalidSchema):
            yield from (fault for fault in error.faults if fault.place not in unread)


@CHECKS.add(
    "W9150",
    "The schema holds nothing that AppSync takes and passes over",
    why="AppSync reads schemas more leniently than GraphQL demands. Other tools refuse them, and what was meant does not happen.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/designing-your-schema.html",
)
def _heeded(inspection: Inspection) -> Iterator[Fault]:
    for api in inspection.compilation.line.apis.values():
        yield from api.schema.warnings


def _unread(inspection: Inspection) -> Iterator[Place]:
    """The places of schemas whose text could not be had: reading the template tells why."""
    told = {(fault.place.file, fault.place.line) for fault in inspection.reading_faults}
    schemas = inspection.resources.of_type("AWS::AppSync::GraphQLSchema")
    definitions = {schema.place("Definition") for schema in schemas if "Definition" in schema.properties}
    for api in inspection.application.apis:
        place = api.schema_place
        is_file = inspection.document.of_file(place.file) is None
        if not api.schema and not is_file and ((place.file, place.line) in told or place not in definitions):
            yield place
