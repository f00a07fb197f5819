"""
Data: the syntax tree of a mapping template. Nothing here evaluates anything.

Every node that can fail knows ``at``, the index of its first character in the template's text. Names follow Apache
Velocity's guide: https://velocity.apache.org/engine/1.7/vtl-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# --- expressions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Property:
    """``.name`` of a reference."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """``.name(arguments)`` of a reference."""

    name: str
    arguments: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Index:
    """``[value]`` of a reference."""

    value: Expression
    at: int


Step = Property | Call | Index


@dataclass(frozen=True, slots=True)
class Reference:
    """
    ``$root.steps``, as it stands in the text in ``source``.

    ``quiet`` is ``$!``: nothing is printed where there is no value. ``escaped`` is an odd number of backslashes before
    it; ``backslashes`` is half of their number.
    """

    root: str
    steps: tuple[Step, ...]
    source: str
    at: int
    quiet: bool = False
    escaped: bool = False
    backslashes: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a truth value, a string in which nothing is replaced, or null (a word in a method's parentheses)."""

    value: str | int | float | bool | None
    at: int


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A string between double quotes, in which references and directives are carried out."""

    block: Block
    at: int


@dataclass(frozen=True, slots=True)
class ListLiteral:
    items: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class RangeLiteral:
    """``[first..last]``: whole numbers, both included, in either direction."""

    first: Expression
    last: Expression
    at: int


@dataclass(frozen=True, slots=True)
class MapLiteral:
    entries: tuple[tuple[Expression, Expression], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """``operator`` is one of ``|| && == != < > <= >= + - * / %``, also where the text has ``or``, ``eq`` and the like."""

    operator: str
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression
    at: int


Expression = Reference | Literal | Interpolated | ListLiteral | RangeLiteral | MapLiteral | Binary | Not

# --- what stands in a template --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Set:
    target: Reference
    value: Expression
    at: int


@dataclass(frozen=True, slots=True)
class If:
    """``branches`` are conditions with what they lead to; ``otherwise`` is what stands after ``#else``."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block
    at: int


@dataclass(frozen=True, slots=True)
class Foreach:
    """``values`` is None where the directive names nothing to go through."""

    variable: str
    values: Expression | None
    body: Block
    at: int


@dataclass(frozen=True, slots=True)
class Break:
    """Ends the nearest loop, macro, definition or template, or the loop whose scope it names."""

    scope: Expression | None
    at: int


@dataclass(frozen=True, slots=True)
class Stop:
    at: int


@dataclass(frozen=True, slots=True)
class Return:
    """AppSync's own ``#return``: ends the template with a value, None where it names none."""

    value: Expression | None
    at: int


@dataclass(frozen=True, slots=True)
class Define:
    variable: str
    body: Block
    at: int


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro's definition: it prints nothing, and counts in the whole template."""

    name: str
    parameters: tuple[str, ...]
    body: Block
    at: int


@dataclass(frozen=True, slots=True)
class MacroCall:
    """``#name(arguments)``, or ``#name`` alone. Where no macro has that name it is text: ``source``."""

    name: str
    arguments: tuple[Expression, ...]
    body: Block | None
    source: str
    at: int


@dataclass(frozen=True, slots=True)
class Evaluate:
    value: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Load:
    """``#include`` or ``#parse``: there is nothing that AppSync could load."""

    directive: str
    names: tuple[Expression, ...]
    at: int


Node = Text | Reference | Set | If | Foreach | Break | Stop | Return | Define | Macro | MacroCall | Evaluate | Load
Block = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole template: what stands in it, and its macros by name."""

    block: Block
    macros: Mapping[str, Macro] = field(default_factory=dict)
