"""
The table of what ``$util`` and ``$extensions`` have: a function's whole name, the kinds of its arguments, the function.

A function is found as Java finds a method: by its name and by arguments that fit. Where none fits the reference has no
value, and is printed as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livebus.vtl.evaluation import Evaluation
from livebus.vtl.methods.registry import KINDS
from livebus.vtl.values import Namespace

Function = Callable[..., Any]  # takes the evaluation and the arguments

_TABLE: dict[str, list[tuple[tuple[str, ...], Function]]] = {}
_NAMESPACES = {"util", "extensions"}


def function(name: str, *signatures: str) -> Callable[[Function], Function]:
    """
    Adds a function under a name like ``util.time.nowISO8601``.

    Each signature is the kinds of its arguments, with spaces between them; a function without any takes no arguments.
    """

    def add(body: Function) -> Function:
        _NAMESPACES.add(name.rpartition(".")[0])
        for signature in signatures or ("",):
            _TABLE.setdefault(name, []).append((tuple(signature.split()), body))
        return body

    return add


def invoke(name: str, arguments: list[Any], evaluation: Evaluation) -> Any:
    """The value of a function; None where there is none that takes these arguments."""
    evaluation.budget.spend()
    for kinds, body in _TABLE.get(name, ()):
        if len(kinds) == len(arguments) and all(
            KINDS[kind](argument) for kind, argument in zip(kinds, arguments, strict=True)
        ):
            for argument in arguments:
                if isinstance(argument, str):
                    evaluation.budget.each(argument)
            return body(evaluation, *arguments)
    return None


def namespace(name: str) -> Namespace | None:
    """The namespace of a name like ``util.time``."""
    return Namespace(name) if name in _NAMESPACES else None


def is_function(name: str) -> bool:
    return name in _TABLE


def functions() -> tuple[str, ...]:
    """The names of all functions."""
    return tuple(_TABLE)


def argument_counts(name: str) -> frozenset[int]:
    """With how many arguments a function may be called."""
    return frozenset(len(kinds) for kinds, _ in _TABLE.get(name, ()))
