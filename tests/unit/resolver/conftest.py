"""What the resolver's tests share: a way to resolve a field with code, context and services of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from livebus.operation import Resolution, Resolver, Services
from livebus.resolver import compile_resolver
from livebus.template.application import DataSource, PipelineFunction, ResolverConfig

NOW = 1_700_000_000.123  # 2023-11-14T22:13:20.123Z
NONE = DataSource("Nothing", "NONE")
VECTORS = Path(__file__).parents[2] / "vectors" / "resolvers"

Compile = Callable[..., Resolver]
Resolve = Callable[..., Resolution]
Evaluate = Callable[..., Any]


def services(ids: Iterator[str] | None = None, put_events: Any = None) -> Services:
    counted = ids if ids is not None else (f"id-{number}" for number in range(1, 10_000))
    return Services(NOW, lambda: next(counted), put_events)


def make(
    code: str,
    *functions: str,
    source: DataSource = NONE,
    variables: Mapping[str, str] | None = None,
    **limits: Any,
) -> Resolver:
    steps: Sequence[PipelineFunction] = [
        PipelineFunction(f"step{number}", f"f{number}", source, text, f"resolvers/step{number}.js")
        for number, text in enumerate(functions, 1)
    ]
    config = ResolverConfig(
        "Mutation", "publish", code, "resolvers/publish.js", None if steps else source, tuple(steps)
    )
    return compile_resolver(config, environment_variables=variables or {}, **limits)


def context(arguments: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {
        "arguments": dict(arguments or {}),
        "identity": None,
        "source": None,
        "request": {"headers": {"x-api-key": "da2-test"}, "domainName": None},
        "info": {
            "fieldName": "publish",
            "parentTypeName": "Mutation",
            "variables": {},
            "selectionSetList": [],
            "selectionSetGraphQL": "",
        },
        **members,
    }


@pytest.fixture
def compiled() -> Compile:
    """Compiles a resolver from code texts: the resolver's own, then the functions' of a pipeline."""
    return make


@pytest.fixture
def resolve() -> Resolve:
    """Compiles code and runs it once: ``resolve(code, *functions, arguments=…, put_events=…)``."""

    def resolve(
        code: str,
        *functions: str,
        arguments: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
        ids: Iterator[str] | None = None,
        put_events: Any = None,
        **options: Any,
    ) -> Resolution:
        resolver = make(code, *functions, **options)
        return resolver.run(context(arguments, **(members or {})), services(ids, put_events))

    return resolve


@pytest.fixture
def evaluate(resolve: Resolve) -> Evaluate:
    """Gives the value of a JavaScript expression in a response handler; ``ctx`` is there."""

    def evaluate(expression: str, **options: Any) -> Any:
        code = (
            f"export function request(ctx) {{ return {{}}; }}\nexport function response(ctx) {{ return {expression}; }}"
        )
        resolution = resolve(code, **options)
        assert resolution.error is None, resolution.error
        return resolution.value

    return evaluate


@pytest.fixture
def vector() -> Callable[[str], str]:
    """Reads a file of the resolver vectors."""
    return lambda name: (VECTORS / name).read_text(encoding="utf-8")
