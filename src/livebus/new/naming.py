"""
The names of a new application, checked: those that are typed, and those that follow from them.

In: the values of the flags. Out: a :class:`Naming`, or LivebusError with everything that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from livebus.errors import Fault, LivebusError, Place
from livebus.new.field import EventField, read_field
from livebus.schema.scalars import SCALARS

SAMPLE_SOURCE = "sample.source"
SAMPLE_STACK = "livebus"
SAMPLE_FIELD = EventField("msg", "String!", "String")
# A rule's name has 64 characters, and is made of this with "publish" before it.
_EVENT = re.compile(r"[A-Za-z][_0-9A-Za-z]{0,49}")
_STACK = re.compile(r"[A-Za-z][-A-Za-z0-9]{0,127}")
_TAKEN = frozenset({"Query", "Mutation", "Subscription", *SCALARS})
# Of one InputPathsMap.
MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Naming:
    """
    The names. ``event`` is the detail-type that the rule wants, empty for the sample's rule, which wants none; ``fields`` are
    those of the detail, none for the sample's one message.
    """

    event: str = ""
    source: str = SAMPLE_SOURCE
    stack_name: str = SAMPLE_STACK
    fields: tuple[EventField, ...] = ()

    @property
    def type(self) -> str:
        """The GraphQL type of what subscribers receive; the sample's is a text."""
        return self.event[0].upper() + self.event[1:] if self.event else "Message"

    @property
    def mutation(self) -> str:
        return f"publish{self.type}" if self.event else "publishMsgFromEB"

    @property
    def operation(self) -> str:
        """The operation's and the policy's name."""
        return self.mutation[0].upper() + self.mutation[1:]

    @property
    def subscription(self) -> str:
        return f"on{self.type}" if self.event else "onPublishMsgFromEb"

    @property
    def detail_type(self) -> str:
        """The detail-type of the sample event."""
        return self.event or "message"

    @property
    def test_name(self) -> str:
        """``order_placed``: what the test's names are made of."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.type).lower()


def read_naming(event: str, fields: Sequence[str], source: str, stack_name: str) -> Naming:
    """Check the names; empty ones are the sample's. Raises LivebusError with all that is wrong."""
    read, faults = _read_fields(fields)
    faults = [*_of_event(event), *faults, *_of_source(source)]
    if stack_name and not _STACK.fullmatch(stack_name):
        expected = "a letter, then letters, digits and -, 128 at the most"
        faults.append(Fault(f"{stack_name!r} can be no stack's name", Place("--stack-name"), expected))
    if faults:
        raise LivebusError(faults=faults)
    return Naming(event, source or SAMPLE_SOURCE, stack_name or SAMPLE_STACK, read)


def _of_event(event: str) -> Iterator[Fault]:
    if event and not _EVENT.fullmatch(event):
        expected = "a letter, then letters, digits and _, 50 at the most, such as OrderPlaced"
        yield Fault(f"{event!r} can be no GraphQL type", Place("--event"), expected)
    elif event and event[0].upper() + event[1:] in _TAKEN:
        yield Fault(f"{event!r} is a type already", Place("--event"), "a name of your own, such as OrderPlaced")


def _read_fields(texts: Sequence[str]) -> tuple[tuple[EventField, ...], list[Fault]]:
    fields: dict[str, EventField] = {}
    faults: list[Fault] = []
    for text in texts:
        found = read_field(text, Place("--field"))
        if isinstance(found, Fault):
            faults.append(found)
        elif found.name in fields:
            faults.append(Fault(f"there are two fields {found.name!r}", Place("--field")))
        else:
            fields[found.name] = found
    if len(texts) > MOST_FIELDS:
        faults.append(Fault(f"there are {len(texts)} fields", Place("--field"), f"{MOST_FIELDS} at the most"))
    return tuple(fields.values()), faults


def _of_source(source: str) -> Iterator[Fault]:
    if source and (len(source) > 256 or not source.isprintable() or source != source.strip()):
        yield Fault(f"{source!r} can be no source", Place("--source"), "up to 256 characters, such as my.shop")
    elif source.startswith("aws."):
        expected = "one that does not begin with aws., which is for AWS's own events"
        yield Fault(f"{source!r} is not yours", Place("--source"), expected)


def stack_name_of(folder: str) -> str:
    """The stack's name that a folder's makes: empty where it makes none."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder).strip("-")
    return name if _STACK.fullmatch(name) else ""
