"""
What each resolver and function of the APIs asks its data source for.

In: an inspection. Out: the parts that call a data source, each with what its request handler or template may return; and of
these the actions that DynamoDB's and other services' policies name.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livebus.checks.inspection import Inspection
from livebus.checks.requests.code import requests_of
from livebus.checks.requests.parts import Part
from livebus.template.application import DataSource, GraphQLApi, PipelineFunction, ResolverConfig, Table

# Operations of a resolver whose action has the same name.
_SAME = frozenset(("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"))
_WRITES = {"ConditionCheck": "ConditionCheckItem"}


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A resolver or a function with its data source, and the values that its request may be; none where the text tells nothing.

    In a template each value is a way through it, of which not every one may ever be taken: ``is_template``.
    """

    api: GraphQLApi
    part: ResolverConfig | PipelineFunction
    source: DataSource
    requests: tuple[Part, ...]
    is_template: bool


def asked(inspection: Inspection) -> Iterator[Asked]:
    """Every part that calls a data source, each once: a function may be a step of several pipelines."""
    for api in inspection.application.apis:
        seen: set[str] = set()
        for config in api.resolvers:
            for part in config.parts:
                if part.data_source is None or part.logical_id in seen:
                    continue
                seen.add(part.logical_id)
                template = part.templates.request if part.templates is not None else None
                if template is not None:
                    from livebus.checks.requests.templates import requests_in  # loads the parser of VTL

                    yield Asked(api, part, part.data_source, tuple(requests_in(template)), is_template=True)
                else:
                    found = tuple(requests_of(part.code, part.code_file)) if part.code else ()
                    yield Asked(api, part, part.data_source, found, is_template=False)


def table_of(inspection: Inspection, source: DataSource) -> Table | None:
    """The table of a data source, where the template makes it."""
    name = source.table.name if source.table is not None else ""
    return next((table for table in inspection.application.tables if table.name == name), None)


@dataclass(frozen=True, slots=True)
class Action:
    """An action on a resource (an ARN) that a role has to be allowed, and the request that asks for it."""

    name: str
    resource: str
    request: Part | None


def actions(inspection: Inspection, each: Asked) -> Iterator[Action]:
    """What a part does with its data source's role, as far as it is known."""
    source = each.source
    if source.type == "AWS_LAMBDA" and source.function_arn:
        yield Action("lambda:InvokeFunction", source.function_arn, None)
    elif source.type == "AMAZON_EVENTBRIDGE" and source.event_bus_arn:
        yield Action("events:PutEvents", source.event_bus_arn, None)
    elif source.type == "AMAZON_DYNAMODB" and source.table is not None:
        for request in each.requests:
            yield from _table_actions(inspection, source.table.name, request)


def _table_actions(inspection: Inspection, own: str, request: Part) -> Iterator[Action]:
    operation = request.text_of("operation")
    if operation in ("TransactGetItems", "TransactWriteItems"):
        for item in _transact_items(request):
            table = item.text_of("table")
            kind = item.text_of("operation") or ""
            if table is not None and (operation == "TransactGetItems" or kind):
                name = "GetItem" if operation == "TransactGetItems" else _WRITES.get(kind, kind)
                yield Action(f"dynamodb:{name}", _arn(inspection, table), request)
    elif operation in ("BatchGetItem", "BatchPutItem", "BatchDeleteItem"):
        tables = request.member("tables")
        name = "BatchGetItem" if operation == "BatchGetItem" else "BatchWriteItem"
        for table in (tables.members or {}) if tables is not None else ():
            yield Action(f"dynamodb:{name}", _arn(inspection, table), request)
    elif operation in _SAME:
        index = request.member("index")
        if index is None:
            if request.is_whole or operation not in ("Query", "Scan"):
                yield Action(f"dynamodb:{operation}", _arn(inspection, own), request)
        elif index.text is not None:
            yield Action(f"dynamodb:{operation}", f"{_arn(inspection, own)}/index/{index.text}", request)


def _transact_items(request: Part) -> Iterator[Part]:
    items = request.member("items") if request.is_helper else request.member("transactItems")
    for item in (items.items or ()) if items is not None else ():
        if not request.is_helper:
            yield item
            continue
        for name, inner in (item.members or {}).items():  # {putItem: {table, key, item}}
            operation = "ConditionCheck" if name == "conditionCheck" else f"{name[:1].upper()}{name[1:]}"
            yield Part(inner.place, members={**(inner.members or {}), "operation": Part(inner.place, text=operation)})


def _arn(inspection: Inspection, table: str) -> str:
    return inspection.environment.arn("dynamodb", f"table/{table}")
