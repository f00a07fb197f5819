"""
One run of an operation: fields are authorized, resolved and completed, errors gathered.

In: a plan, the caller, the request and its coerced variables. Out: the response.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as member
from typing import Any, TypeAlias

from livebus.caller import Caller
from livebus.execution.planned import NULL_PARENT, PlannedField, TypedObject
from livebus.execution.response_headers import ERROR_TYPE as HEADER_ERROR_TYPE
from livebus.execution.response_headers import ResponseHeaders
from livebus.execution.responses import Error, GraphQLResponse, Path, path_list, resolver_error, result_error
from livebus.operation import (
    Answer,
    Call,
    GraphQLRequest,
    Publication,
    Resolution,
    ResolverError,
    Services,
    Told,
)

# What AppSync allows in one request where the API sets no limit of its own.
DEFAULT_RESOLVER_COUNT = 10_000
_MOST_HEADER_ERRORS = 20  # in one request; what else is ignored is ignored in silence
# In AppSync's words, where its 30 seconds are over.
_LATE = ("ExecutionTimeout", "Execution timed out.")
Allows = Callable[[Caller, str, str], bool]
FieldPath: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True)
class Memory:
    """
    What the passes of one request share: what resolvers came to, and what those that asked were told, by the field's path.

    A request whose resolvers ask is run in passes. A pass goes as far as it can, and ends with the calls that all fields it
    reached ask for; the next one has their answers. No resolver that has come to its end runs twice.
    """

    resolutions: dict[FieldPath, Resolution] = member(default_factory=dict)
    told: dict[FieldPath, Told] = member(default_factory=dict)

    def tell(self, calls: Sequence[tuple[FieldPath, Call]], answers: Sequence[Answer]) -> None:
        for (path, _), answer in zip(calls, answers, strict=True):
            self.told[path].setdefault("call", []).append({"result": answer.result, "error": answer.error})


class Run:
    """One run. ``fields`` and ``fail`` are called back by the completions of the plan's fields."""

    __slots__ = (
        "_allows",
        "_caller",
        "_denied",
        "_error_paths",
        "_errors",
        "_header_errors_left",
        "_identity",
        "_invalidations",
        "_logs",
        "_memory",
        "_request",
        "_request_context",
        "_resolvers_left",
        "_response_headers",
        "_services",
        "_variables",
        "calls",
    )

    def __init__(
        self,
        request: GraphQLRequest,
        variables: Mapping[str, Any],
        caller: Caller,
        services: Services,
        allows: Allows,
        *,
        resolver_count_limit: int = 0,
        memory: Memory | None = None,
    ) -> None:
        self._request = request
        self._variables = variables
        self._caller = caller
        self._identity = caller.identity
        self._services = services
        self._allows = allows
        self._resolvers_left = resolver_count_limit or DEFAULT_RESOLVER_COUNT
        self._request_context = {"headers": request.headers, "domainName": None}
        self._denied: set[PlannedField] = set()
        self._errors: list[Error] = []
        self._error_paths: set[tuple[str | int, ...]] = set()
        self._invalidations: list[Mapping[str, Any]] = []
        self._logs: list[str] = []
        self._response_headers: ResponseHeaders | None = None
        self._header_errors_left = _MOST_HEADER_ERRORS
        self._memory = memory
        # What has to be answered before the run can be made again to its end.
        self.calls: list[tuple[FieldPath, Call]] = []

    def allows(self, type_name: str, field_name: str) -> bool:
        """Whether the caller may see a field."""
        return self._allows(self._caller, type_name, field_name)

    def query(self, fields: tuple[PlannedField, ...]) -> GraphQLResponse:
        """Run a query."""
        data = self.fields(fields, None, None)
        return self._response(None if data is NULL_PARENT else data, ())

    def mutation(self, fields: tuple[PlannedField, ...]) -> GraphQLResponse:
        """
        Run a mutation: its fields one after another, until one nulls the whole response.

        Each field that has a value, or a null without an error, is published.
        """
        data: dict[str, Any] | None = {}
        publications: list[Publication] = []
        for field in fields:
            failures = len(self._errors)
            value = field.parent if field.name == "__typename" else self._field(field, None, (None, field.key))
            if self.calls:
                break
            if value is NULL_PARENT:
                data = None
                break
            assert data is not None
            data[field.key] = value
            if field.name != "__typename" and (value is not None or len(self._errors) == failures):
                publications.append(Publication(field.name, value if field.plain else published(field, value)))
        return self._response(data, tuple(publications))

    def fields(self, fields: tuple[PlannedField, ...], source: Mapping[str, Any] | None, parent: Path | None) -> Any:
        """The response's object for some fields of a source; NULL_PARENT where a null must take it along."""
        data: dict[str, Any] = {}
        whole = True
        for field in fields:
            if field.name == "__typename":
                data[field.key] = field.parent
                continue
            value = self._field(field, source, (parent, field.key))
            if value is NULL_PARENT:
                whole = False
            data[field.key] = value
        return data if whole else NULL_PARENT

    def fail(self, path: Path, message: str) -> None:
        """Note an error of a field's value, unless one stands at that place already."""
        if not self._error_paths or tuple(path_list(path)) not in self._error_paths:
            self._add(result_error(path, message))

    def _field(self, field: PlannedField, source: Mapping[str, Any] | None, path: Path) -> Any:
        if field.introspect is not None:
            return self._introspected(field, path)
        if field.admitted is not self._caller and not self._admits(field):
            return self._refuse(
                field, path, "Unauthorized", f"Not Authorized to access {field.name} on type {field.parent}"
            )
        if field.too_deep:
            return self._refuse(field, path, "QueryDepthLimitReached", "Query depth limit reached.")
        if field.resolver is None:
            return field.complete(self, field, None if source is None else source.get(field.name), path)
        refusal = self._spent()
        if refusal is not None:
            return self._refuse(field, path, *refusal)
        return self._resolved(field, source, path)

    def _admits(self, field: PlannedField) -> bool:
        """Whether the caller may see a field; asked once for each, whatever the length of a list."""
        if field in self._denied:
            return False
        if self._allows(self._caller, field.parent, field.name):
            field.admitted = self._caller
            return True
        self._denied.add(field)
        return False

    def _resolved(self, field: PlannedField, source: Mapping[str, Any] | None, path: Path) -> Any:
        resolution = self.resolve(field, source, path)
        if isinstance(resolution, Call):
            return None  # of a pass that is not the last one
        if resolution.appended:
            for error in resolution.appended:
                self._add_resolver_error(field, path, error)
        if resolution.error is not None:
            self._add_resolver_error(field, path, resolution.error)
            return None if field.nullable else NULL_PARENT
        return field.complete(self, field, resolution.value, path)

    def resolve(self, field: PlannedField, source: Mapping[str, Any] | None, path: Path) -> Resolution | Call:
        """Run a field's resolver on its ``ctx``, or take what it came to in an earlier pass."""
        assert field.resolver is not None
        memory, resolver = self._memory, field.resolver
        if memory is None:
            resolution = resolver.run(self._context(field, source), self._services)
            assert isinstance(resolution, Resolution), "a resolver that asks runs with a memory"
        else:
            key = tuple(path_list(path))
            if key not in memory.resolutions:
                told = memory.told.setdefault(key, {})
                found = resolver.run(self._context(field, source), self._services, told)
                if isinstance(found, Call):
                    if found.batch:
                        # The same field at the same level of this request, whichever item of a list it is of.
                        level = ".".join(step for step in key if isinstance(step, str))
                        found = replace(found, batch=f"{found.batch} {level} {len(memory.told[key].get('call', ()))}")
                    self.calls.append((key, found))
                    return found
                memory.resolutions[key] = found
            resolution = memory.resolutions[key]
        if resolution.invalidations:
            self._invalidations += resolution.invalidations
        if resolution.logs:
            self._logs += resolution.logs
        if resolution.response_headers:
            self._add_headers(field, path, resolution.response_headers)
        return resolution

    def _context(self, field: PlannedField, source: Mapping[str, Any] | None) -> dict[str, Any]:
        """The members of a field's ``ctx``."""
        return {
            "arguments": field.arguments.values(self._variables),
            "identity": self._identity,
            "source": source,
            "request": self._request_context,
            "info": {**field.info, "variables": self._request.variables},
        }

    def _introspected(self, field: PlannedField, path: Path) -> Any:
        assert field.introspect is not None
        if self._is_late():
            return self._refuse(field, path, *_LATE)
        return field.introspect(self._request.variables)

    def _is_late(self) -> bool:
        allowance = self._services.allowance
        return allowance is not None and not allowance.has_time()

    def _spent(self) -> tuple[str, str] | None:
        """Type and message of the error where the request may run no more resolvers; else one less is left."""
        if self._resolvers_left == 0:
            return "ResolverExecutionLimitReached", "Number of resolvers exceeds the configured limit."
        allowance = self._services.allowance
        if allowance is not None and not allowance.has_time():
            return _LATE
        self._resolvers_left -= 1
        return None

    def _refuse(self, field: PlannedField, path: Path, error_type: str, message: str) -> Any:
        """Null a field without asking its resolver."""
        self._add(resolver_error(path, message, error_type, field.locations))
        return None if field.nullable else NULL_PARENT

    def _add_resolver_error(self, field: PlannedField, path: Path, error: ResolverError) -> None:
        self._add(
            resolver_error(
                path,
                error.message,
                error.error_type,
                field.locations,
                data=selected(field, error.data),
                error_info=error.error_info,
            )
        )

    def _add_headers(self, field: PlannedField, path: Path, headers: tuple[tuple[str, str | None], ...]) -> None:
        if self._response_headers is None:
            self._response_headers = ResponseHeaders()
        for name, value in headers:
            reason = self._response_headers.add(name, value)
            if reason and self._header_errors_left > 0:
                self._header_errors_left -= 1
                self._add_resolver_error(field, path, ResolverError(reason, HEADER_ERROR_TYPE))

    def _add(self, error: Error) -> None:
        self._errors.append(error)
        self._error_paths.add(tuple(error["path"]))

    def _response(self, data: Any, publications: tuple[Publication, ...]) -> GraphQLResponse:
        return GraphQLResponse(
            data,
            tuple(self._errors) if self._errors else (),
            200,
            publications,
            tuple(self._invalidations) if self._invalidations else (),
            tuple(self._logs) if self._logs else (),
            () if self._response_headers is None else tuple(self._response_headers.kept.values()),
        )


def published(field: PlannedField, value: Any) -> Any:
    """
    A completed value keyed by field names instead of aliases, with ``__typename`` where the type varies.

    Of two aliases of one field the first counts; AWS does not document which one subscribers get.
    """
    match value:
        case list():
            return [published(field, item) for item in value]
        case TypedObject(type_name=name):
            return {"__typename": name, **_by_name(field.selections[name], value)}
        case dict():
            return _by_name(field.selections[field.named_type], value)
        case _:
            return value


def _by_name(fields: tuple[PlannedField, ...], value: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in fields:
        if field.name not in values:
            values[field.name] = value[field.key] if field.plain else published(field, value[field.key])
    return values


def selected(field: PlannedField, data: Any) -> Any:
    """An error's ``data``, restricted to what the request selects, as AppSync does before it shows it."""
    if not field.selections:
        return data
    match data:
        case list():
            return [selected(field, item) for item in data]
        case dict():
            name = str(data.get("__typename")) if field.abstract else field.named_type
            return {
                below.key: below.parent if below.name == "__typename" else selected(below, data.get(below.name))
                for below in field.selections.get(name, ())
            }
        case _:
            return None
