"""
Reads the members of a resolver's request: which there may be, which there have to be, of which type.

Null is read as though the member were not there: templates write ``$util.toJson($ctx.args.limit)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from livebus.dynamodb.appsync.errors import refused, unsupported

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "BOOLEAN"),
    (str, "STRING"),
    (int, "NUMBER"),
    (float, "NUMBER"),
    (list, "ARRAY"),
    (Mapping, "OBJECT"),
)


def kind_of(value: Any) -> str:
    """A JSON value's kind as AppSync's messages have it."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "NULL")


@dataclass(frozen=True, slots=True)
class Members:
    """An object of the request, and the path that leads to it (``$[condition]``)."""

    values: Mapping[str, Any]
    path: str = "$"

    def at(self, name: str | int) -> str:
        return f"{self.path}[{name}]"

    def allow(self, *names: str) -> None:
        """Raises DataSourceError where there is any other member."""
        for name in self.values:
            if name not in names:
                raise unsupported(self.at(name))

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def any(self, name: str) -> Any:
        """A member that has to be there."""
        value = self.values.get(name)
        if value is None:
            raise refused(f"Value for field '{self.at(name)}' not found.")
        return value

    def text(self, name: str) -> str:
        return self._of(name, str, "string")  # type: ignore[no-any-return]

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        return bool(self._of(name, bool, "boolean")) if self.has(name) else default

    def whole_or_none(self, name: str) -> int | None:
        """A whole number. JavaScript's are doubles."""
        if not self.has(name):
            return None
        value = self.any(name)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(self.at(name), "number", value)
        return value

    def object(self, name: str) -> Members:
        return Members(self._of(name, Mapping, "object"), self.at(name))

    def object_or_text(self, name: str) -> Members:
        """An object, or the JSON text of one: what util.transform returns."""
        value = self.any(name)
        if isinstance(value, str):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                raise self._wrong(self.at(name), "object", value) from None
        if not isinstance(value, Mapping):
            raise self._wrong(self.at(name), "object", value)
        return Members(value, self.at(name))

    def objects(self, name: str) -> list[Members]:
        """A list of objects."""
        return [self._object_at(f"{self.at(name)}[{place}]", each) for place, each in enumerate(self.list(name))]

    def list(self, name: str) -> Any:
        return self._of(name, list, "array")

    def each(self) -> Iterator[tuple[str, Members]]:
        """The members, objects all of them."""
        for name, value in self.values.items():
            yield name, self._object_at(self.at(name), value)

    def _object_at(self, path: str, value: Any) -> Members:
        if not isinstance(value, Mapping):
            raise self._wrong(path, "object", value)
        return Members(value, path)

    def _of(self, name: str, kind: type, called: str) -> Any:
        value = self.any(name)
        if not isinstance(value, kind):
            raise self._wrong(self.at(name), called, value)
        return value

    @staticmethod
    def _wrong(path: str, expected: str, value: Any) -> Exception:
        return refused(f"Expected JSON {expected} for field '{path}' but got a '{kind_of(value)}' instead.")
