"""
The exception tree: what can be wrong outside our own code, told so that the reader can mend it.

::

    LivebusError                    a user's mistake or the outside world's; one or more faults
    ├── InvalidTemplate             template.yaml, its parameters, or a file that it names
    │   ├── InvalidSchema           the GraphQL schema (schema.graphql or inline)
    │   ├── InvalidOperation        the rule target's GraphQLOperation against that schema
    │   ├── InvalidResolver         APPSYNC_JS code
    │   ├── InvalidMappingTemplate  a mapping template in VTL; ``reason`` begins in Apache Velocity's wording
    │   ├── InvalidTransformer      Input, InputPath or InputTransformer
    │   ├── InvalidEventPattern     a rule's EventPattern; ``reason`` is AWS's wording
    │   └── NotEmulated             sound on AWS, and not there in the local runtime: refused by its name
    ├── WrongUsage                  a flag names what is not there: the call itself was wrong
    ├── InvalidEvent                an event file, or an entry in it
    ├── ResolverError               a mapping template that raised an error, or that cannot be evaluated
    └── Unreachable                 an endpoint, a stack or a runtime that does not answer, or refuses
        └── Refused                 it answered no, and will do so again

Built-in exceptions that escape are our bugs, never the user's: no module raises them on purpose for bad input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where something was found: a file, a line and column (both counted from 1), a path inside a document.

    ``path`` is the way through the document: ``Resources/Rule/Properties/Targets/0`` in a template,
    ``$[3].detail`` in an event file. Any member may be missing.
    """

    file: str = ""
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        where = self.file
        if self.line is not None:
            where += f":{self.line}" if where else f"line {self.line}"
            if self.column is not None:
                where += f":{self.column}"
        if self.path:
            where = f"{where} ({self.path})" if where else self.path
        return where

    def shifted(self, line: int, column: int | None = None) -> Place:
        """The place of a line and column counted inside the text that begins at this place."""
        return replace(self, line=(self.line or 1) + line - 1, column=column)


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that is wrong: what was found, where, what was expected instead, and what to do next.

    ``not_emulated`` is what AWS takes and the local runtime has not: sound, and nothing that can be proved here. ``is_bound``: a
    bound of ours was met, and what lies beyond it was not looked at.
    """

    found: str
    place: Place = NOWHERE
    expected: str = ""
    advice: str = ""
    not_emulated: bool = False
    is_bound: bool = False

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{where}: {self.found}" if where else self.found
        if self.expected:
            text += f"; expected {self.expected}"
        if self.advice:
            text += f". {self.advice}" if not text.endswith((".", "!", "?")) else f" {self.advice}"
        return text


class _Comparing:
    """How much comparing of names is left, in pairs of characters."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


# One name is compared with so much at the most, and all names of one reading together: about a second's work. A
# template with a handful of misspelt names among AWS's 500 resources is far from it, one with thousands needs no
# suggestion for each.
_ONE_NAME = 2_000_000
_ALL_NAMES = 8_000_000
# What it costs to look at a name that is not compared, for its length.
_LOOK = 8

_comparing: ContextVar[_Comparing | None] = ContextVar("comparing", default=None)


@contextmanager
def bounded_suggestions() -> Iterator[None]:
    """
    One bound for all suggestions made inside, however many wrong names there are: past it none are made.

    An inner one is part of the outer one's.
    """
    if _comparing.get() is not None:
        yield
        return
    token = _comparing.set(_Comparing(_ALL_NAMES))
    try:
        yield
    finally:
        _comparing.reset(token)


def closest(name: str, known: Iterable[object], likeness: float = 0.6) -> str:
    """
    The nearest of the known names; empty where none is near, or where comparing them would go beyond the bound.

    ``likeness`` is difflib's, from 0 to 1. What is known and no text is passed over.
    """
    import difflib

    of_all = _comparing.get()
    left = min(_ONE_NAME, of_all.left) if of_all is not None else _ONE_NAME
    before, length, candidates = left, len(name), []
    for each in known if left > 0 else ():
        left -= _LOOK
        if isinstance(each, str) and 2 * min(length, len(each)) >= likeness * (length + len(each)):
            left -= length * len(each)
            candidates.append(each)
        if left <= 0:
            break
    if of_all is not None:
        of_all.left -= before - left
    # Some of the names only: the nearest of them may be far from the nearest of all.
    close = difflib.get_close_matches(name, candidates, n=1, cutoff=likeness) if left > 0 else []
    return close[0] if close else ""


def did_you_mean(name: str, known: Iterable[object], likeness: float = 0.6, *, prefix: str = "") -> str:
    """
    A question with the nearest of the known names, or nothing where none is near.

    ``likeness`` is difflib's, from 0 to 1; ``prefix`` stands before the name (``@`` for a directive).
    """
    close = closest(name, known, likeness)
    return f"Did you mean {prefix + close!r}?" if close else ""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names with commas between them, no more of them than people read; "none" where there is none."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more or "none"


# Of one kind. Nobody mends more than that before looking again.
MAX_TOLD = 1000


def told(faults: Iterable[Fault], place: Place = NOWHERE) -> list[Fault]:
    """The first faults, and one more that says so where there are others: they are not looked for any further."""
    found = list(islice(faults, MAX_TOLD + 1))
    if len(found) > MAX_TOLD:
        more = f"there are more than {MAX_TOLD:,} of these"
        found[MAX_TOLD:] = [Fault(more, place, advice="Mend the first ones; the others are told then.", is_bound=True)]
    return found


class LivebusError(Exception):
    """
    Something the user can mend. ``faults`` holds everything that was found, not the first thing only.

    A verb prints each fault on a line of its own and exits with 1 (or 2 where the call itself was wrong).
    """

    def __init__(
        self,
        found: str = "",
        place: Place = NOWHERE,
        *,
        expected: str = "",
        advice: str = "",
        faults: Iterable[Fault] = (),
    ) -> None:
        self.faults: Sequence[Fault] = tuple(faults) or (Fault(found, place, expected, advice),)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InvalidTemplate(LivebusError):
    """The template, one of its parameters, or a file that it names cannot be what the user meant."""


class InvalidSchema(InvalidTemplate):
    """
    The GraphQL schema is not one that AppSync accepts. Places are lines of the schema file.

    ``document`` is graphql-core's syntax tree where the text parses, and it is worth going on with.
    """

    document: Any = None


class InvalidOperation(InvalidTemplate):
    """A GraphQL operation does not fit its schema. Places are lines of the text that holds it."""


class InvalidResolver(InvalidTemplate):
    """APPSYNC_JS code that does not parse, lacks a handler, or uses what AppSync's runtime forbids."""


class InvalidMappingTemplate(InvalidTemplate):
    """
    A mapping template that does not parse. ``line`` and ``column`` count from 1 inside the template's own text.

    ``reason`` begins in the words of Apache Velocity, which AppSync passes on.
    """

    def __init__(self, reason: str, *, line: int, column: int, expected: str = "", place: Place | None = None) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(reason, place or Place(line=line, column=column), expected=expected)


class InvalidTransformer(InvalidTemplate):
    """What PutTargets refuses: an invalid JSONPath, an unknown placeholder, two of the three input forms."""


class InvalidEventPattern(InvalidTemplate):
    """
    An event pattern that EventBridge refuses.

    ``reason`` is AWS's wording without the leading "Event pattern is not valid. Reason: "; ``line`` and ``column``
    count from 1 inside the pattern's own text and are None where AWS gives none.
    """

    def __init__(
        self, reason: str, *, line: int | None = None, column: int | None = None, place: Place | None = None
    ) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(f"Event pattern is not valid. Reason: {reason}", place or Place(line=line, column=column))


class NotEmulated(InvalidTemplate):
    """Sound on AWS; the local runtime has no such thing and says so rather than leaving it out in silence."""

    def __init__(self, found: str, place: Place = NOWHERE, *, expected: str = "", advice: str = "") -> None:
        super().__init__(faults=[Fault(found, place, expected, advice, not_emulated=True)])


class WrongUsage(LivebusError):
    """A flag's value that can only be judged later than the call itself: a name of something that is not there."""


class InvalidEvent(LivebusError):
    """An event file that cannot be read as PutEvents entries or event envelopes."""


class ResolverError(LivebusError):
    """
    A mapping template ended in an error: its own ``$util.error``, or something that cannot be evaluated.

    ``message``, ``error_type``, ``data`` and ``error_info`` are members of the GraphQL error. ``line`` and ``column``
    count from 1 inside the template's own text; None where the fault is not at one place of it.
    """

    def __init__(
        self,
        message: str,
        error_type: str | None = None,
        data: object = None,
        error_info: object = None,
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.message = message
        self.error_type = error_type
        self.data = data
        self.error_info = error_info
        self.line = line
        self.column = column
        super().__init__(message, Place(line=line, column=column))


class Unreachable(LivebusError):
    """What should have answered did not, or refused: a runtime, an endpoint, a stack, a sign-in."""


class Refused(Unreachable):
    """An answer that another attempt would get again: a wrong password, a field that this user may not see."""
