"""
Reads the members of a request by type, with DynamoDB's words for what is not as its model says.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from livebus.dynamodb.attribute_values import wrong_shape
from livebus.dynamodb.errors import constraint, invalid, not_emulated

Request = Mapping[str, Any]
_LONGEST_SHOWN = 200


def text(request: Request, name: str) -> str:
    """A text that has to be there."""
    value = text_or_none(request, name)
    if value is None:
        raise invalid(
            f"1 validation error detected: Value null at '{_member(name)}' failed to satisfy constraint:"
            " Member must not be null"
        )
    return value


def text_or_none(request: Request, name: str) -> str | None:
    value = request.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong_shape()
    return value


def choice(request: Request, name: str, choices: Collection[str], default: str) -> str:
    """A text that is one of a few."""
    value = text_or_none(request, name)
    if value is None:
        return default
    if value not in choices:
        allowed = f"Member must satisfy enum value set: [{', '.join(choices)}]"
        raise constraint(_member(name), value[:_LONGEST_SHOWN], allowed)
    return value


def flag(request: Request, name: str, *, default: bool = False) -> bool:
    value = request.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise wrong_shape()
    return value


def whole(request: Request, name: str, least: int, most: int) -> int | None:
    """A whole number within bounds; None where there is none."""
    value = request.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_shape()
    if value < least:
        raise constraint(_member(name), str(value), f"Member must have value greater than or equal to {least}")
    if value > most:
        raise constraint(_member(name), str(value), f"Member must have value less than or equal to {most}")
    return value


def mapping(value: Any) -> Request:
    if not isinstance(value, Mapping):
        raise wrong_shape()
    return value


def mapping_or_none(request: Request, name: str) -> Request | None:
    value = request.get(name)
    return None if value is None else mapping(value)


def sequence(request: Request, name: str, least: int, most: int) -> Sequence[Any]:
    """A list with so many elements."""
    value = request.get(name)
    if value is None:
        value = []
    if not isinstance(value, list):
        raise wrong_shape()
    if len(value) < least:
        raise constraint(_member(name), "[]", f"Member must have length greater than or equal to {least}")
    if len(value) > most:
        raise constraint(
            _member(name), f"[{len(value)} elements]", f"Member must have length less than or equal to {most}"
        )
    return value


def mappings(request: Request, name: str, least: int, most: int) -> list[Request]:
    return [mapping(each) for each in sequence(request, name, least, most)]


def texts(request: Request, name: str, most: int) -> list[str]:
    found = sequence(request, name, 0, most)
    if not all(isinstance(each, str) for each in found):
        raise wrong_shape()
    return list(found)


def refuse_legacy(request: Request, *names: str) -> None:
    """Raises DynamoDBError where one of the parameters from before expressions is there."""
    for name in names:
        if request.get(name) is not None:
            raise not_emulated(f"The legacy parameter {name}")


def refuse_mixture(request: Request, legacy: Collection[str], expressions: Collection[str]) -> None:
    """Raises DynamoDBError where a request has parameters from before expressions and expressions."""
    old = [name for name in legacy if request.get(name) is not None]
    new = [name for name in expressions if request.get(name) is not None]
    if old and new:
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request:"
            f" Non-expression parameters: {{{', '.join(old)}}} Expression parameters: {{{', '.join(new)}}}"
        )


def _member(name: str) -> str:
    return name[:1].lower() + name[1:]
