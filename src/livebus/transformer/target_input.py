"""
A target's input, compiled: from an event to the JSON object that becomes the GraphQL operation's variables.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-appsync.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import orjson

from livebus.event.envelope import Event
from livebus.transformer.input_template import Placeholder
from livebus.transformer.template_reader import ValueOf, text_of

# AppSync's quota of a request is 1 MB.
MAX_CHARACTERS = 1_048_576
_FEW_USES = 8
# Characters of a value that a message quotes.
LONGEST_QUOTATION = 80

Form = Literal["Input", "InputPath", "InputTransformer", "event"]


class NotTransformable(Exception):
    """
    An event's outcome: AWS takes such a target, and then never delivers this event to it.

    ``reason`` names the template, the placeholder and the place of the value, in a sentence.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TooLarge(NotTransformable):
    """What comes of an event is larger than any request that AppSync takes."""


class Transformer:
    """
    A target's input, compiled.

    ``form`` is the member of the target that decides, ``text`` its text (for InputTransformer the InputTemplate's),
    ``owner`` the words that messages call it by. ``placeholders`` are the uses of variables in the template, in
    the order of its text; ``paths`` maps every name of InputPathsMap to its JSONPath, used or not. ``keys`` are the
    names of the variables that each event gives, None where they depend on the event. ``never`` says why no event at
    all can be delivered, None where some can.
    """

    __slots__ = (
        "_grows",
        "_rendered",
        "_value",
        "_values",
        "form",
        "keys",
        "never",
        "owner",
        "paths",
        "placeholders",
        "text",
    )

    def __init__(
        self,
        form: Form,
        owner: str,
        value: Callable[[Event], Any],
        *,
        rendered: Callable[[Event], str] | None = None,
        values: Mapping[str, ValueOf] | None = None,
        text: str | None = None,
        placeholders: Sequence[Placeholder] = (),
        paths: Mapping[str, str] | None = None,
        keys: tuple[str, ...] | None = None,
        never: str | None = None,
    ) -> None:
        self._value = value
        # With few uses nothing grows: the event itself is a megabyte at the most.
        self._grows = len(placeholders) > _FEW_USES
        self._rendered = rendered
        self._values = values or {}
        self.form: Form = form
        self.owner = owner
        self.text = text
        self.placeholders = tuple(placeholders)
        self.paths = paths or {}
        self.keys = keys
        self.never = never

    def apply(self, event: Event) -> dict[str, Any]:
        """
        The variables for an event. Parts of it belong to the event or to the template: not to be changed.

        Raises :class:`NotTransformable` where AWS delivers nothing.
        """
        if self._grows:
            self._measure(event)
        value = self._value(event)
        if type(value) is dict:
            return value
        raise NotTransformable(f"{self.owner} gives {kind_of(value)}; AppSync takes a JSON object as variables")

    def rendered(self, event: Event) -> str:
        """
        The text that a target of any kind gets, as far as there is one: JSON, or the lines of a text template.

        Raises :class:`NotTransformable` where no text comes about.
        """
        if self._grows:
            self._measure(event)
        if self._rendered is not None:
            return self._rendered(event)
        return orjson.dumps(self._value(event)).decode()

    def payload(self, event: Event) -> bytes:
        """
        The JSON text that a target gets which takes any JSON value: the event as it stands, or what is made of it.

        A text template's result is a JSON string. Raises :class:`NotTransformable` where no JSON comes about.
        """
        if self.form == "event":
            return event.text
        text = self.rendered(event)
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            return orjson.dumps(text)
        return text.encode()

    def _measure(self, event: Event) -> None:
        """Raise TooLarge before a text of hundreds of megabytes is made: the same value may stand in it 1,500 times."""
        uses = Counter(placeholder.name for placeholder in self.placeholders)
        characters = sum(count * len(text_of(self._values[name](event))) for name, count in uses.items())
        if characters > MAX_CHARACTERS:
            raise TooLarge(f"{self.owner} gives more than {MAX_CHARACTERS:,} characters; AppSync takes 1 MB")

    def explain(self, event: Event) -> list[tuple[Placeholder, str]]:
        """Each placeholder with what stands for it in this event: a string as it is, else JSON, "" where it is missing."""
        return [(placeholder, text_of(self._values[placeholder.name](event))) for placeholder in self.placeholders]


def kind_of(value: Any) -> str:
    """A JSON value's kind with its article, and a short value itself: ``a string, "baz"``."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if value is None:
        return "null"
    kind = "a string" if isinstance(value, str) else "a boolean" if isinstance(value, bool) else "a number"
    text = orjson.dumps(value).decode()
    return kind if len(text) > LONGEST_QUOTATION else f"{kind}, {text}"
