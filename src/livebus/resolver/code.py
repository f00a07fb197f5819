"""
Turns one APPSYNC_JS code file into what the engine loads, or says everything that AppSync would refuse about it.

In: the text of the file. Out: a :class:`CodeFile`, or faults with file, line and column. The text stays as it is but for
its ``import`` and ``export`` words: it becomes the body of a function that the engine calls afresh for each handler, so
that no module variable outlives a handler; AWS does not document whether one does.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from livebus.errors import Fault, Place, closest
from livebus.resolver import names, rules
from livebus.resolver.modules import MODULES, check_import
from livebus.resolver.passing import Passing, passing
from livebus.resolver.plain import growth
from livebus.resolver.syntax import Syntax, bindings, syntax_error

MAX_CODE = 32_768  # characters
HANDLERS = ("request", "response")

_UNREADABLE = re.compile("[\0\ud800-\udfff]")

# The line of the engine above which a code file's first line stands: more lines than the engine's own script has, so
# that a frame of a stack trace tells whether it belongs to the code.
LINE_OFFSET = 2000


Position = tuple[int, int]  # line and column, both counted from 1


@dataclass(frozen=True, slots=True)
class CodeFile:
    """
    A code file that AppSync would take. ``factory`` is a JavaScript function that gives its handlers.

    ``growth`` says by how much a run multiplies its input, None for code that is not plain (:mod:`.plain`).
    ``passing`` is what both handlers come to without the engine, None for code that does more (:mod:`.passing`).
    ``console_calls`` are the places where it calls ``console``: first and last line and column of each.
    """

    file: str
    factory: str
    console_calls: tuple[tuple[Position, Position], ...]
    growth: int | None = None
    passing: Passing | None = None

    def call_position(self, position: Position) -> Position:
        """Where the call of ``console`` begins that the engine told by a place inside of it; AppSync logs the beginning."""
        around = [start for start, end in self.console_calls if start <= position <= end]
        return max(around, default=position)


def read_code(text: str, file: str) -> tuple[CodeFile | None, list[Fault]]:
    """The code file, or the faults because of which there is none."""
    # Inline code is padded with empty lines, so that its lines are the template's.
    if len(text.lstrip("\n")) > MAX_CODE:
        found = f"The code is {len(text):,} characters long"
        return None, [Fault(found, Place(file), f"at most {MAX_CODE:,}", "Keep large tables out of resolver code")]
    if unreadable := _UNREADABLE.search(text):
        before = text[: unreadable.start()]
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        return None, [Fault(f"{unreadable.group()!r} cannot stand in code", place, "UTF-8 text")]
    if error := syntax_error(text):
        message, line, column = error
        return None, [Fault(f"Syntax error: {message}", Place(file, line, column))]
    syntax = Syntax(text)
    if (unread := syntax.first_error()) is not None:
        # The engine reads more than the grammar of AppSync's day; what only one of the two takes is not passed on.
        found = f"Syntax error at {rules.excerpt(syntax, unread)!r}"
        return None, [Fault(found, Place(file, *syntax.position(unread)), "JavaScript of ES 2015 to 2022")]
    module = _Module(syntax, file)
    faults = [
        *module.faults,
        *rules.check(syntax, file),
        *names.check(syntax, file),
        *_missing_handlers(syntax, module.exports, file),
    ]
    if faults:
        return None, sorted(faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0))
    return CodeFile(file, module.factory(), _console_calls(syntax), growth(syntax), passing(syntax)), []


class _Module:
    """The imports and exports of a code file: ``exports`` from exported to local names."""

    def __init__(self, syntax: Syntax, file: str) -> None:
        self.faults: list[Fault] = []
        self.exports: dict[str, str] = {}
        self._syntax = syntax
        self._file = file
        self._imported: list[str] = []  # declarations, in JavaScript
        self._blanks: list[tuple[int, int]] = []  # what the engine must not see, in bytes
        for statement in syntax.root.named_children:
            if statement.type == "import_statement":
                self._read_import(statement)
            elif statement.type == "export_statement":
                self._read_export(statement)

    def factory(self) -> str:
        body = bytearray(self._syntax.text)
        for start, end in self._blanks:
            body[start:end] = bytes(byte if byte in b"\r\n" else 0x20 for byte in body[start:end])
        returned = ", ".join(f"{handler}: {self.exports[handler]}" for handler in HANDLERS)
        return "".join(
            (
                '($appsync) => {"use strict";',
                *self._imported,
                "{",  # a block of its own, so that no name of the code meets the parameter's
                "\n" * LINE_OFFSET,
                body.decode(),
                f"\n;return {{ {returned} }};}}}}",
            )
        )

    def _place(self, node: Node) -> Place:
        return Place(self._file, *self._syntax.position(node))

    def _read_import(self, statement: Node) -> None:
        syntax = self._syntax
        self._blanks.append((statement.start_byte, statement.end_byte))
        source = statement.child_by_field_name("source")
        module = syntax.source(source)[1:-1] if source is not None else ""
        names: list[tuple[str, str, Node]] = []  # imported name, local name, where
        for clause in (child for child in statement.named_children if child.type == "import_clause"):
            for child in clause.named_children:
                if child.type == "namespace_import":
                    names.append(("*", syntax.source(child.named_children[0]), child))
                elif child.type == "named_imports":
                    for specifier in child.named_children:
                        imported = specifier.child_by_field_name("name")
                        local = specifier.child_by_field_name("alias") or imported
                        if imported is not None and local is not None:
                            names.append((syntax.source(imported), syntax.source(local), specifier))
                else:
                    names.append(("default", syntax.source(child), child))
        problems = check_import(module, [name for name, _, _ in names])
        for position, problem in problems:
            node = statement if position is None else names[position][2]
            self.faults.append(
                Fault(problem.found, self._place(node), problem.expected, problem.advice, problem.not_emulated)
            )
        for imported_name, local_name, _ in names:
            member = "" if imported_name == "*" else f".{imported_name}"
            holder = f"$appsync.{MODULES[module]}" if MODULES.get(module) else "$appsync"
            self._imported.append(f"const {local_name}={holder}{member};")

    def _read_export(self, statement: Node) -> None:
        syntax = self._syntax
        declaration = statement.child_by_field_name("declaration")
        if declaration is not None and not any(child.type == "default" for child in statement.children):
            self._blanks.append((statement.start_byte, declaration.start_byte))
            declared = [declaration.child_by_field_name("name")]
            if declaration.type in ("lexical_declaration", "variable_declaration"):
                declared = [
                    name
                    for declarator in declaration.named_children
                    if declarator.type == "variable_declarator"
                    for name in bindings(declarator.child_by_field_name("name"))
                ]
            for name in declared:
                if name is not None:
                    self.exports[syntax.source(name)] = syntax.source(name)
            return
        self._blanks.append((statement.start_byte, statement.end_byte))
        clause = next((child for child in statement.named_children if child.type == "export_clause"), None)
        if clause is None or statement.child_by_field_name("source") is not None:
            found = f"{rules.excerpt(syntax, statement)!r}: AppSync takes the handlers by their names"
            advice = "Write export function request(ctx) and export function response(ctx)"
            self.faults.append(Fault(found, self._place(statement), advice=advice))
            return
        for specifier in clause.named_children:
            name = specifier.child_by_field_name("name")
            alias = specifier.child_by_field_name("alias") or name
            if name is not None and alias is not None:
                self.exports[syntax.source(alias)] = syntax.source(name)


def _missing_handlers(syntax: Syntax, exports: Mapping[str, str], file: str) -> list[Fault]:
    faults = []
    for handler in HANDLERS:
        expected = f"export function {handler}(ctx) {{ … }}"
        if handler in exports:
            declaration = syntax.exported_declaration(exports[handler])
            if declaration is not None and declaration.function is None:
                place = Place(file, *syntax.position(declaration.node))
                faults.append(Fault(f"{handler!r} is exported and is no function", place, expected))
            continue
        others = {name.lower(): name for name in exports if name not in HANDLERS}
        close = closest(handler, others)
        advice = f"Did you mean {others[close]!r} to be {handler!r}?" if close else ""
        faults.append(Fault(f"The code exports no {handler!r}", Place(file), expected, advice))
    return faults


def _console_calls(syntax: Syntax) -> tuple[tuple[Position, Position], ...]:
    places = []
    for node in syntax.nodes:
        if node.type == "call_expression":
            receiver, _ = rules.called_method(node)
            if receiver is not None and syntax.source(receiver) == "console":
                places.append((syntax.position(node), syntax.position(node.children[-1].children[-1])))
    return tuple(places)
