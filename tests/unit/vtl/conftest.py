"""What the tests of mapping templates share: a request's context, its time and its ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from livebus.operation import Services
from livebus.vtl import Evaluated, MappingTemplate

NOW = 1_700_000_000.123  # 2023-11-14T22:13:20.123Z

Evaluate = Callable[..., Evaluated]
Render = Callable[..., str]


def services() -> Services:
    ids = (f"{number:08x}-0000-4000-8000-000000000000" for number in range(1, 10_000))
    return Services(NOW, lambda: next(ids))


@pytest.fixture
def evaluate() -> Evaluate:
    """Evaluates a template: ``evaluate(text, args=…)``, further members of ``$ctx`` by name."""

    def evaluate(text: str, **members: Any) -> Evaluated:
        context: Mapping[str, Any] = {"args": {}, "stash": {}, **members}
        return MappingTemplate(text).evaluate(context, services())

    return evaluate


@pytest.fixture
def render() -> Render:
    """The text of a template."""

    def render(text: str, **members: Any) -> str:
        return MappingTemplate(text).render({"args": {}, "stash": {}, **members}, services())

    return render
