"""
Dataclasses that cost little to declare, and records, that are made for every event.

``dataclasses.dataclass`` writes and compiles six methods as soon as a frozen class is declared: half a millisecond for each of three
hundred classes, of which a command uses some, and of these most only for ``__init__``. ``dataclass`` here differs in that a method
is written when it is first looked for (decision 30). ``fields``, ``replace``, ``asdict`` and ``match`` take what it makes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, FrozenInstanceError, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

T = TypeVar("T")
Method = Callable[..., Any]

if TYPE_CHECKING:  # to a type checker it is the original
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - exported, to mypy
else:

    def dataclass(*, slots: bool, frozen: bool = False, eq: bool = True, unsafe_hash: bool = False) -> Method:
        """As ``dataclasses.dataclass``, for classes with slots and without order, ``InitVar`` and ``kw_only``."""
        if not slots:
            raise TypeError("a dataclass has slots here")

        def declared(given: type[T]) -> type[T]:
            given.__doc__ = given.__doc__ or given.__name__  # else the original finds out a signature to stand there
            made = dataclasses.dataclass(slots=True, init=False, repr=False, eq=False)(given)
            own = vars(made)
            for name, wanted in (("__init__", True), ("__repr__", True), ("__eq__", eq)):
                if wanted and name not in own:
                    setattr(made, name, _Unwritten(made, name))
            # An __eq__ in the class puts None there, which is no choice of its author's.
            if "__hash__" not in own or (own["__hash__"] is None and "__eq__" in vars(given)):
                if unsafe_hash or (eq and frozen):
                    made.__hash__ = _Unwritten(made, "__hash__")
                elif eq:
                    made.__hash__ = None
            if frozen:
                _freeze(made)
            return made

        return declared


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """
    As ``dataclass(frozen=True, slots=True)``, hashable by its members; but nothing stops a change at run time.

    A frozen dataclass sets each member through its descriptor, which costs several times what a plain one does, and an event passes
    a dozen of them. mypy refuses to change a record all the same; what is never to change has no other guard here.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class _Unwritten:
    """Stands for a method of a class until it is first looked for, and then puts it in its own place."""

    __slots__ = ("cls", "name")

    def __init__(self, cls: type, name: str) -> None:
        self.cls, self.name = cls, name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        method = _WRITERS[self.name](self.cls)
        method.__module__, method.__name__ = self.cls.__module__, self.name
        method.__qualname__ = f"{self.cls.__qualname__}.{self.name}"
        # Where two threads are here at once, either's will do.
        setattr(self.cls, self.name, method)
        return method.__get__(instance, owner)


def _initialiser(cls: Any) -> Method:
    frozen = "__setattr__" in vars(cls)
    names: dict[str, Any] = {"__missing": MISSING}
    parameters, body = ["self"], []
    for each in fields(cls):
        name, value = each.name, each.name
        if each.default is not MISSING:
            names[f"__default_{name}"] = each.default
            parameter, otherwise = f"{name}=__default_{name}", f"__default_{name}"
        elif each.default_factory is not MISSING:
            names[f"__make_{name}"] = each.default_factory
            parameter, otherwise = f"{name}=__missing", f"__make_{name}()"
            value = f"{otherwise} if {name} is __missing else {name}"
        else:
            parameter, otherwise = name, ""
        if each.init:
            parameters.append(parameter)
        elif otherwise:
            value = otherwise
        else:
            continue  # __post_init__ sets it
        if frozen:
            names[f"__set_{name}"] = getattr(cls, name).__set__
            body.append(f"__set_{name}(self, {value})")
        else:
            body.append(f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    return _compiled(parameters, body or ["pass"], names)


def _representation(cls: Any) -> Method:
    from reprlib import recursive_repr

    names = [each.name for each in fields(cls) if each.repr]

    def representation(self: object) -> str:
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({members})"

    return recursive_repr("...")(representation)


def _equality(cls: Any) -> Method:
    names = [each.name for each in fields(cls) if each.compare]
    test = f"return {_members('self', names)} == {_members('other', names)}"
    return _compiled(
        ["self", "other"], ["if other.__class__ is self.__class__:", f" {test}", "return NotImplemented"], {}
    )


def _hash(cls: Any) -> Method:
    names = [each.name for each in fields(cls) if (each.compare if each.hash is None else each.hash)]
    return _compiled(["self"], [f"return hash({_members('self', names)})"], {})


_WRITERS: Mapping[str, Callable[[type], Method]] = {
    "__init__": _initialiser,
    "__repr__": _representation,
    "__eq__": _equality,
    "__hash__": _hash,
}


def _members(of: str, names: Sequence[str]) -> str:
    """The text of a tuple of members."""
    return f"({''.join(f'{of}.{name}, ' for name in names)})"


def _compiled(parameters: Sequence[str], body: Sequence[str], names: dict[str, Any]) -> Method:
    """A function; its text has nothing but the names of members in it, ``names`` are what else it reads."""
    lines = "\n ".join(body)
    exec(f"def method({', '.join(parameters)}):\n {lines}", names)  # noqa: S102 - as dataclasses does
    method: Method = names["method"]
    return method


def _freeze(cls: Any) -> None:
    """Let nobody set or delete a member, as ``dataclasses`` does it; copies and pickles can still be made."""
    names = tuple(each.name for each in fields(cls))

    def __setattr__(self: object, name: str, value: object) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: object, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    def __getstate__(self: object) -> list[Any]:  # noqa: N807
        return [getattr(self, name) for name in names]

    def __setstate__(self: object, state: Sequence[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    cls.__setattr__, cls.__delattr__ = __setattr__, __delattr__
    cls.__getstate__, cls.__setstate__ = __getstate__, __setstate__
