"""
Reads a whole mapping template: text, references and directives.

In: the template's text. Out: a :class:`~livebus.vtl.syntax.Tree`, or InvalidMappingTemplate with line and column. What a
directive swallows of the white space around it is Apache Velocity 1.7's way; ``#return`` is AppSync's own.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-programming-guide.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from livebus.vtl.expressions import ExpressionReader
from livebus.vtl.source import Source
from livebus.vtl.syntax import (
    Block,
    Break,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Interpolated,
    Literal,
    Load,
    Macro,
    MacroCall,
    Node,
    Property,
    Reference,
    Return,
    Set,
    Stop,
    Text,
    Tree,
)

_PLAIN = re.compile(r"[^$#\\]+")
_SLASHES = re.compile(r"\\+")
_RUNT = re.compile(r"\\*\$\\+!(\{?)([A-Za-z_][A-Za-z0-9_-]*)(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")
_NAME = r"@?[A-Za-z_][A-Za-z0-9_]*"
_DIRECTIVE = re.compile(rf"#(?:\{{({_NAME})\}}|({_NAME}))")
_SET = re.compile(r"[ \t]*#(?:set|\{set\})[ \t]*\(")
_PARENTHESIS = re.compile(r"[ \t\r\n]*\(")
_LINE_END = re.compile(r"[ \t]*(?:\r\n|\n|\r)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LINE_COMMENT = re.compile(r"##[^\r\n]*(?:\r\n|\n|\r)?")
_ENDS = ("else", "elseif", "end")
# What a backslash before it keeps from being a directive.
_KNOWN = frozenset((*_ENDS, "break", "define", "evaluate", "foreach", "if", "include", "literal", "macro", "parse"))
_KNOWN |= {"return", "set", "stop"}
# A dollar right before one of these is lost.
_AFTER_DOLLAR = re.compile(r"#(?:\*|\{?(?:set|if|foreach|macro|define|evaluate|literal)\}?[ \t\r\n]*\()")


def parse(text: str) -> Tree:
    """The syntax tree of a template. Raises InvalidMappingTemplate."""
    macros: dict[str, Macro] = {}
    return Tree(_Parser(Source(text), macros).whole(), macros)


class _Parser(ExpressionReader):
    def __init__(self, source: Source, macros: dict[str, Macro], nesting: int = 0) -> None:
        super().__init__(source, self._inside_string)
        self._macros = macros
        self._uncommented = -1  # where ## begins no comment
        self._nesting = nesting
        self._directives: dict[str, Callable[[int], Node]] = {
            "break": lambda at: Break(self._optional(), at),
            "define": self._define,
            "evaluate": self._evaluate,
            "foreach": self._foreach,
            "if": self._if,
            "include": lambda at: Load("include", self._arguments(), at),
            "literal": self._literal,
            "macro": self._macro,
            "parse": lambda at: Load("parse", self._arguments(), at),
            "return": lambda at: Return(self._optional(), at),
            "stop": self._stop,
        }

    def whole(self) -> Block:
        block = self._block()
        if self.source.position < len(self.source.text):
            raise self.source.encountered("the end of the template")
        return block

    def _inside_string(self, inner: Source) -> Block:
        return _Parser(inner, self._macros, self._nesting).whole()

    # --- blocks -----------------------------------------------------------------------------------------------------

    def _block(self) -> Block:
        """Everything up to a directive that ends a block, or to the end; the position is before that directive."""
        source = self.source
        nodes: list[Node] = []
        begun = True  # no text stands between here and what was read last: a #set swallows the spaces before it
        while source.position < len(source.text):
            at = source.at
            if begun and (match := _SET.match(source.text, source.position)):
                source.position = match.end()
                nodes.append(self._set(source.index(match.end() - len(match[0].lstrip()))))
                continue
            if match := _PLAIN.match(source.text, source.position):
                source.position = match.end()
                nodes.append(Text(match[0], at))
                begun = False
                continue
            if source.text[source.position] == "#" and self._at_end_of_block():
                return tuple(nodes)
            node = self._special(at)
            begun = not isinstance(node, Text)
            if node is not None:
                nodes.append(node)
        return tuple(nodes)

    def _at_end_of_block(self) -> bool:
        match = _DIRECTIVE.match(self.source.text, self.source.position)
        return match is not None and (match[1] or match[2]) in _ENDS

    def _special(self, at: int) -> Node | None:
        """What begins with ``$``, ``#`` or a backslash; None for a comment."""
        source = self.source
        if runt := _RUNT.match(source.text, source.position):
            # A backslash between $ and ! : Velocity prints the reference's root, whatever it means.
            source.position = runt.end()
            if runt[1]:
                self.expect("}")
            return Text(f"$!{runt[2]}", at)
        if (reference := self.reference_or_none()) is not None:
            self._after_reference(reference)
            return reference
        start = source.text[source.position]
        if start == "\\":
            return self._backslashes(at)
        if start == "#":
            return self._hash(at)
        source.position += 1
        self._not_last(start, at)
        return None if _AFTER_DOLLAR.match(source.text, source.position) else Text(start, at)

    def _after_reference(self, reference: Reference) -> None:
        """Right behind a property ``##`` is text: Apache Velocity begins no comment there."""
        is_property = bool(reference.steps) and isinstance(reference.steps[-1], Property)
        if (
            is_property
            and not reference.source.endswith("}")
            and self.source.text.startswith("##", self.source.position)
        ):
            self._uncommented = self.source.position

    def _not_last(self, letter: str, at: int) -> None:
        """Apache Velocity's lexer refuses a template that ends in ``$`` or ``#``."""
        source = self.source
        if source.whole is source and source.position == len(source.text):
            raise source.refuse(f"Encountered <EOF> after {letter!r}", at, "something behind it")

    def _backslashes(self, at: int) -> Node:
        """Backslashes before something that is no reference: each two are one before a directive, an odd one hides it."""
        source = self.source
        match = _SLASHES.match(source.text, source.position)
        assert match is not None, "a backslash stands here"
        slashes = match[0]
        source.position = match.end()
        directive = _DIRECTIVE.match(source.text, source.position)
        name = (directive[1] or directive[2]) if directive is not None else ""
        if directive is None or (name not in _KNOWN and name not in self._macros):
            if directive is None or len(slashes) % 2 == 0:
                return Text(slashes, at)
            source.position = directive.end()
            return Text(slashes + directive[0], at)
        half = slashes[: len(slashes) // 2]
        if len(slashes) % 2 == 0:
            return Text(slashes if name == "set" else half, at)
        source.position = directive.end()
        return Text(half + directive[0], at)

    def _hash(self, at: int) -> Node | None:
        source, start = self.source, self.source.position
        if self.next_is("#[["):
            end = source.text.find("]]#", source.position)
            if end < 0:
                raise source.refuse("#[[ without its end", at, "']]#'")
            text, source.position = source.text[source.position : end], end + 3
            return Text(text, at)
        if start == self._uncommented:
            source.position += 2
            return Text("##", at)
        if match := _LINE_COMMENT.match(source.text, start):
            source.position = match.end()
            return None
        if self.next_is("#*"):
            end = source.text.find("*#", source.position)
            source.position = end + 2 if end >= 0 else len(source.text)
            return None
        if match := _SET.match(source.text, start):
            source.position = match.end()
            return self._set(at)
        directive = _DIRECTIVE.match(source.text, start)
        if directive is None:
            source.position += 1
            self._not_last("#", at)
            return Text("#", at)
        source.position = directive.end()
        name = directive[1] or directive[2]
        with self.nested():
            read = self._directives.get(name)
            return self._macro_call(name, start, at) if read is None else read(at)

    # --- parentheses ------------------------------------------------------------------------------------------------

    def _open(self) -> bool:
        match = _PARENTHESIS.match(self.source.text, self.source.position)
        if match is None:
            return False
        self.source.position = match.end()
        return True

    def _must_open(self) -> None:
        if not self._open():
            raise self.source.encountered("'('")

    def _close(self) -> None:
        """A directive's last parenthesis takes the rest of its line with it, where nothing else stands there."""
        self.skip_space()
        self.expect(")")
        self._end_line()

    def _end_line(self) -> None:
        if match := _LINE_END.match(self.source.text, self.source.position):
            self.source.position = match.end()

    def _arguments(self) -> tuple[Expression, ...]:
        """The arguments of a directive, with spaces or commas between them; bare words are strings."""
        self._must_open()
        found: list[Expression] = []
        while True:
            self.skip_space()
            if found and self.next_is(","):
                self.skip_space()
            source, at = self.source, self.source.at
            operand = self.operand_or_none()
            if operand is None and (word := _WORD.match(source.text, source.position)):
                source.position = word.end()
                operand = Literal(word[0], at)
            if operand is None:
                self._close()
                return tuple(found)
            found.append(operand)

    def _optional(self) -> Expression | None:
        """The expression between a directive's parentheses; None without parentheses, or with nothing in them."""
        if not self._open():
            return None
        self.skip_space()
        value = None if self.source.text.startswith(")", self.source.position) else self.expression()
        self._close()
        return value

    def _single(self) -> Expression:
        self._must_open()
        value = self.expression()
        self._close()
        return value

    def _body(self) -> Block:
        block = self._block()
        self._end()
        return block

    def _word(self) -> str:
        """The word of the directive that ends a block, or nothing at the end of the template."""
        source = self.source
        directive = _DIRECTIVE.match(source.text, source.position)
        if directive is None:
            return ""
        source.position = directive.end()
        return directive[1] or directive[2]

    def _end(self) -> None:
        before = self.source.position
        if self._word() != "end":
            self.source.position = before
            raise self.source.encountered("'#end'")
        self._end_line()

    # --- directives -------------------------------------------------------------------------------------------------

    def _set(self, at: int) -> Node:
        self.skip_space()
        target = self.reference_or_none()
        if target is None:
            raise self.source.encountered("a reference")
        self.skip_space()
        self.expect("=")
        value = self.expression()
        self._close()
        return Set(target, value, at)

    def _if(self, at: int) -> Node:
        self._must_open()
        condition = self.expression()
        self._close()
        branches = [(condition, self._block())]
        otherwise: Block = ()
        while True:
            before = self.source.position
            word = self._word()
            if word == "elseif":
                self._must_open()
                condition = self.expression()
                self._close()
                branches.append((condition, self._block()))
                continue
            if word == "else":
                self._end_line()
                otherwise = self._block()
            else:
                self.source.position = before
            self._end()
            return If(tuple(branches), otherwise, at)

    def _evaluate(self, at: int) -> Node:
        value = self._single()
        if not isinstance(value, Reference | Interpolated) and not (
            isinstance(value, Literal) and isinstance(value.value, str)
        ):
            raise self.source.refuse("#evaluate() argument must be a string literal or reference", at)
        return Evaluate(value, at)

    def _foreach(self, at: int) -> Node:
        arguments = self._arguments()
        variable = arguments[0] if arguments else None
        if not isinstance(variable, Reference):
            raise self.source.refuse("Encountered #foreach without a variable", at, "#foreach($item in $items)")
        return Foreach(variable.root, arguments[2] if len(arguments) > 2 else None, self._body(), at)

    def _stop(self, at: int) -> Node:
        self._optional()
        return Stop(at)

    def _define(self, at: int) -> Node:
        arguments = self._arguments()
        variable = arguments[0] if arguments else None
        if not isinstance(variable, Reference):
            raise self.source.refuse("Encountered #define without a variable", at, "#define($name)")
        return Define(variable.root, self._body(), at)

    def _macro(self, at: int) -> Node:
        first, *others = self._arguments() or (None,)
        if not isinstance(first, Literal) or not isinstance(first.value, str):
            raise self.source.refuse("Encountered #macro without a name", at, "#macro(name $parameter)")
        parameters = tuple(each.root for each in others if isinstance(each, Reference))
        if len(parameters) != len(others):
            raise self.source.refuse("Encountered a parameter of #macro that is no variable", at, "#macro(name $a $b)")
        macro = Macro(first.value, parameters, self._body(), at)
        self._macros[macro.name] = macro
        return macro

    def _literal(self, at: int) -> Node:
        self._must_open()
        self._close()
        start = self.source.position
        self._block()
        end = self.source.position
        self._end()
        return Text(self.source.text[start:end], at)

    def _macro_call(self, name: str, start: int, at: int) -> Node:
        source = self.source
        arguments: tuple[Expression, ...] = ()
        if _PARENTHESIS.match(source.text, source.position):
            arguments = self._arguments()
        body = self._body() if name.startswith("@") else None
        return MacroCall(name.removeprefix("@"), arguments, body, source.text[start : source.position], at)
