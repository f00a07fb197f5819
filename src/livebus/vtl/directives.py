"""
Carries a template out: prints its text and its references, follows its directives.

In: a tree and an :class:`~livebus.vtl.evaluation.Evaluation`. Out: the text; or Returned, where ``#return`` ended the
template, or Halt, where an error did.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-programming-guide.html
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from livebus.errors import InvalidMappingTemplate
from livebus.vtl.budget import MAX_ITERATIONS, MAX_MACRO_DEPTH, MAX_OUTPUT, Budget, Exceeded
from livebus.vtl.evaluation import Evaluation
from livebus.vtl.expression_values import ExpressionValues, Place
from livebus.vtl.parser import parse
from livebus.vtl.scopes import Definition, Loop
from livebus.vtl.syntax import (
    Block,
    Break,
    Call,
    Define,
    Evaluate,
    Expression,
    Foreach,
    If,
    Load,
    Macro,
    MacroCall,
    Property,
    Reference,
    Return,
    Set,
    Stop,
    Text,
    Tree,
)
from livebus.vtl.values import text_of


class Stopped(Exception):
    """``#stop``."""


class Returned(Exception):
    """``#return``, with its value."""

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__()


class Broken(Exception):
    """``#break``: ends the nearest loop, macro or template, or the loop that it names."""

    def __init__(self, loop: Loop | None) -> None:
        self.loop = loop
        super().__init__()


class _Output:
    """A text in the making."""

    __slots__ = ("_budget", "_length", "_parts")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._parts: list[str] = []
        self._length = 0

    def write(self, text: str) -> None:
        self._length += len(text)
        self._budget.text(len(text))
        if self._length > MAX_OUTPUT:
            raise Exceeded(f"Transformation too large: more than {MAX_OUTPUT:,} characters")
        self._parts.append(text)

    def text(self) -> str:
        return "".join(self._parts)


class Directives(ExpressionValues):
    """Carries one tree out, once."""

    def __init__(self, tree: Tree, evaluation: Evaluation, place: Place) -> None:
        super().__init__(evaluation, place)
        self._block = tree.block
        self._macros = dict(tree.macros)
        self._macro_depth = 0

    def run(self) -> str:
        output = _Output(self.budget)
        with suppress(Stopped, Broken):
            self._render(self._block, output)
        return output.text()

    def text(self, block: Block) -> str:
        output = _Output(self.budget)
        self._render(block, output)
        return output.text()

    def _render(self, block: Block, output: _Output) -> None:
        self.budget.enter()
        for node in block:
            self.at = node.at
            self.budget.spend()
            _RENDER[type(node)](self, node, output)
        self.budget.leave()

    def _render_until_break(self, block: Block, output: _Output, loop: Loop | None) -> bool:
        """Render what a ``#break`` may end: a loop's body (``loop``), or a macro's (None). Whether one ended it."""
        depth = self.budget.depth
        try:
            self._render(block, output)
        except Broken as broken:
            if broken.loop is not None and broken.loop is not loop:
                raise
            self.budget.depth = depth
            return True
        return False

    def _text(self, node: Text, output: _Output) -> None:
        output.write(node.text)

    def _reference(self, node: Reference, output: _Output) -> None:
        value = self.value(node)
        written = node.source
        if value is None and not node.steps and isinstance(argument := self.scope.argument(node.root), Reference):
            written = argument.source
        if node.escaped:
            output.write(node.backslashes + ("\\" + written if value is None else node.source))
        elif value is not None:
            output.write(node.backslashes + text_of(value, self.budget))
        else:
            output.write(node.backslashes * 2 + ("" if node.quiet else written))

    # --- #set -------------------------------------------------------------------------------------------------------

    def _set(self, node: Set, _output: _Output) -> None:
        value = self.value(node.value)
        target = node.target
        if target.steps:
            self._set_member(node, value)
        elif value is not None:
            self.scope.set(target.root, value)
        elif self.scope.get(target.root, self.value_in) is not None:
            # As Apache Velocity has it where nothing else is configured; AWS does not say.
            self.evaluation.place = self.place(node.at)
            self.evaluation.log("WARN", f"#set({target.source} = null) keeps the old value")

    def _set_member(self, node: Set, value: Any) -> None:
        owner = self.scope.get(node.target.root, self.value_in)
        for step in node.target.steps[:-1]:
            owner = None if owner is None else self.step(owner, step)
        last = node.target.steps[-1]
        if isinstance(last, Call) or owner is self.evaluation.context:
            return  # the context's own members are AppSync's
        if isinstance(last, Property):
            if isinstance(owner, dict):
                owner[last.name] = value
            return
        index = self.value(last.value)
        if isinstance(owner, dict):
            self.java(owner, "put", [index, value], last.at)
        elif isinstance(owner, list) and isinstance(index, int) and value is not None:
            self.java(owner, "set", [index + len(owner) if index < 0 else index, value], last.at)

    # --- #if, #foreach ----------------------------------------------------------------------------------------------

    def _if(self, node: If, output: _Output) -> None:
        for condition, block in node.branches:
            if self.truth(condition):
                self._render(block, output)
                return
        self._render(node.otherwise, output)

    def _foreach(self, node: Foreach, output: _Output) -> None:
        items = self._items(None if node.values is None else self.value(node.values))
        if not items:
            return
        scope = self.scope
        names = (node.variable, "foreach", "velocityCount", "velocityHasNext")
        before = {name: scope.get(name, self.value_in) for name in names}
        parent = before["foreach"]
        loop = Loop(len(items), parent if isinstance(parent, Loop) else None)
        for index, item in enumerate(items):
            if index == MAX_ITERATIONS:
                self.at = node.at
                raise Exceeded(f"#foreach goes through more than {MAX_ITERATIONS:,} items")
            loop.index = index
            for name, value in zip(names, (item, loop, index + 1, index + 1 < len(items)), strict=True):
                scope.set(name, value)
            if self._render_until_break(node.body, output, loop):
                break
        for name, value in before.items():
            scope.set(name, value)

    def _items(self, value: Any) -> list[Any]:
        found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        self.budget.spend(len(found))
        return list(found)

    def _break(self, node: Break, _output: _Output) -> None:
        loop = None if node.scope is None else self.value(node.scope)
        raise Broken(loop if isinstance(loop, Loop) else None)

    def _stop(self, _node: Stop, _output: _Output) -> None:
        raise Stopped

    def _return(self, node: Return, _output: _Output) -> None:
        raise Returned(None if node.value is None else self.value(node.value))

    # --- definitions and macros -------------------------------------------------------------------------------------

    def _definition(self, name: str, block: Block) -> Definition:
        scope = self.scope

        def render() -> str:
            before, self.scope = self.scope, scope
            output = _Output(self.budget)
            try:
                self._render_until_break(block, output, None)
            finally:
                self.scope = before
            return output.text()

        return Definition(name, render)

    def _define(self, node: Define, _output: _Output) -> None:
        self.scope.set(node.variable, self._definition(node.variable, node.body))

    def _macro(self, _node: Macro, _output: _Output) -> None:
        """Nothing: macros are known from the beginning of the template to its end."""

    def _macro_call(self, node: MacroCall, output: _Output) -> None:
        macro = self._macros.get(node.name)
        if macro is None:
            output.write(node.source)
            return
        if self._macro_depth == MAX_MACRO_DEPTH:
            raise Exceeded(f"Max calling depth of {MAX_MACRO_DEPTH} was exceeded in macro '{node.name}'")
        arguments: dict[str, Expression | Definition | None] = dict.fromkeys(macro.parameters)
        arguments.update(zip(macro.parameters, node.arguments, strict=False))
        if node.body is not None:
            arguments["bodyContent"] = self._definition("bodyContent", node.body)
        before = self.scope
        self.scope = before.inner(arguments)
        self._macro_depth += 1
        try:
            self._render_until_break(macro.body, output, None)
        finally:
            self.scope = before
            self._macro_depth -= 1

    # --- templates in templates -------------------------------------------------------------------------------------

    def _evaluate(self, node: Evaluate, output: _Output) -> None:
        value = self.value(node.value)
        if value is None:
            return
        written = text_of(value, self.budget)
        self.budget.spend(len(written))
        line, column = self.place(node.at)
        try:
            tree = parse(written)
        except InvalidMappingTemplate as invalid:
            at = f"#evaluate at velocity[line {line}, column {column}]"
            raise self.evaluation.fail(f"{at}: {invalid.reason}") from None
        self._macros |= tree.macros
        place, self.place = self.place, lambda _: (line, column)  # its own lines are not the template's
        try:
            self._render_until_break(tree.block, output, None)
        finally:
            self.place = place
            self.at = node.at

    def _load(self, node: Load, _output: _Output) -> None:
        names = ", ".join(f"'{text_of(self.value(name), self.budget)}'" for name in node.names)
        line, column = self.place(node.at)
        at = f"at velocity[line {line}, column {column}]"
        raise self.evaluation.fail(f"Unable to find resource {names or '#' + node.directive} {at}")


_RENDER: dict[type, Callable[[Directives, Any, _Output], None]] = {
    Text: Directives._text,
    Reference: Directives._reference,
    Set: Directives._set,
    If: Directives._if,
    Foreach: Directives._foreach,
    Break: Directives._break,
    Stop: Directives._stop,
    Return: Directives._return,
    Define: Directives._define,
    Macro: Directives._macro,
    MacroCall: Directives._macro_call,
    Evaluate: Directives._evaluate,
    Load: Directives._load,
}
