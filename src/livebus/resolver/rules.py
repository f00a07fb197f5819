"""
What APPSYNC_JS forbids although it is JavaScript: one entry for each rule, found in the syntax tree.

In: a :class:`~livebus.resolver.syntax.Syntax`. Out: faults with file, line and column, and what to write instead. The
rules and their ids are those of AWS's linter (``@aws-appsync/eslint-plugin`` 2.0.2, set "recommended") where it has one,
the rest is from https://docs.aws.amazon.com/appsync/latest/devguide/supported-features.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from livebus.errors import Fault, Place
from livebus.resolver.syntax import FUNCTIONS, Syntax

_EXCERPT = 60  # characters of code that a fault quotes


@dataclass(frozen=True, slots=True)
class CodeRule:
    """
    Something that AppSync refuses: the node types that show it, what is said of it, and what to write instead.

    ``applies`` narrows the node types to the nodes that are refused; None means all of them.
    """

    id: str
    types: tuple[str, ...]
    message: str
    instead: str
    applies: Callable[[Syntax, Node], bool] | None = None


def _operator(*operators: str) -> Callable[[Syntax, Node], bool]:
    def applies(syntax: Syntax, node: Node) -> bool:
        operator = node.child_by_field_name("operator")
        return operator is not None and operator.type in operators

    return applies


def _has_child(*types: str) -> Callable[[Syntax, Node], bool]:
    def applies(syntax: Syntax, node: Node) -> bool:
        return any(child.type in types for child in node.children)

    return applies


def called_method(node: Node) -> tuple[Node | None, str]:
    """The receiver and the name of a method call; (None, "") for any other call."""
    callee = node.child_by_field_name("function")
    if callee is None or callee.type != "member_expression":
        return None, ""
    name = callee.child_by_field_name("property")
    return callee.child_by_field_name("object"), "" if name is None or name.text is None else name.text.decode()


def arguments_of(node: Node) -> list[Node]:
    arguments = node.child_by_field_name("arguments")
    if arguments is None or arguments.type != "arguments":
        return []
    return [child for child in arguments.named_children if child.type != "comment"]


def _constructs(syntax: Syntax, node: Node) -> bool:
    # A constructor that nothing declares is refused by its name, with better advice.
    constructor = node.child_by_field_name("constructor")
    if constructor is None or constructor.type != "identifier":
        return True
    return syntax.meaning(constructor) is not None


def _imports(syntax: Syntax, node: Node) -> bool:
    callee = node.child_by_field_name("function")
    return callee is not None and callee.type == "import"


def _sorts_with_argument(syntax: Syntax, node: Node) -> bool:
    return called_method(node)[1] == "sort" and bool(arguments_of(node))


# Methods of Array that take a function, by AWS's linter.
_TAKE_FUNCTIONS = frozenset(
    {
        *("every", "filter", "find", "findIndex", "findLast", "findLastIndex", "flatMap", "forEach", "map", "reduce"),
        *("reduceRight", "some", "sort"),
    }
)


def _passes_function(syntax: Syntax, node: Node) -> bool:
    if called_method(node)[1] in _TAKE_FUNCTIONS:
        return False
    return any(syntax.function_of(argument) is not None for argument in arguments_of(node))


def _returns_function(syntax: Syntax, node: Node) -> bool:
    if node.type == "arrow_function":
        body = node.child_by_field_name("body")
        return body is not None and body.type != "statement_block" and syntax.function_of(body) is not None
    return any(syntax.function_of(child) is not None for child in node.named_children)


def _reassigns_function(syntax: Syntax, node: Node) -> bool:
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        return value is not None and value.type == "identifier" and syntax.function_of(value) is not None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if right is not None and right.type == "identifier" and syntax.function_of(right) is not None:
        return True
    return left is not None and left.type == "identifier" and syntax.function_of(left) is not None


_CONTEXT_WRITERS = {
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
    "update_expression": "argument",
    "unary_expression": "argument",
    "for_in_statement": "left",
}


def _changes_context(syntax: Syntax, node: Node) -> bool:
    if node.type == "unary_expression" and not _operator("delete")(syntax, node):
        return False
    if node.type == "for_in_statement" and node.child_by_field_name("kind") is not None:
        return False
    target = node.child_by_field_name(_CONTEXT_WRITERS[node.type])
    if target is not None and target.type in ("member_expression", "subscript_expression"):
        target = target.child_by_field_name("object")
    if target is None or target.type != "identifier":
        return False
    declaration = syntax.meaning(target)
    return declaration is not None and declaration.kind == "parameter" and _is_context(syntax, declaration.node)


def _is_context(syntax: Syntax, parameter: Node) -> bool:
    """Whether a parameter is the first one of a handler."""
    holder = parameter.parent
    if holder is not None and holder.type == "formal_parameters":
        if holder.named_children[0] != parameter:
            return False
        holder = holder.parent
    if holder is None or holder.type not in FUNCTIONS:
        return False
    handlers = (syntax.exported_declaration(name) for name in ("request", "response"))
    return any(handler is not None and handler.function == holder for handler in handlers)


_NO_ASYNC = "Asynchronous code is not supported"
NO_ASYNC_INSTEAD = "AppSync calls the data source between request and response; write both without async"
_LOOP_INSTEAD = "Write for (const item of list), or an array method like map or filter"
_FUNCTION_NODES = tuple(sorted(FUNCTIONS))

RULES: tuple[CodeRule, ...] = (
    CodeRule("no-async", _FUNCTION_NODES, _NO_ASYNC, NO_ASYNC_INSTEAD, _has_child("async")),
    CodeRule("no-await", ("await_expression",), _NO_ASYNC, NO_ASYNC_INSTEAD),
    CodeRule("no-await", ("for_in_statement",), _NO_ASYNC, NO_ASYNC_INSTEAD, _has_child("await")),
    CodeRule("no-classes", ("class_declaration", "class"), "Classes are not supported", "Write objects and functions"),
    CodeRule("no-for", ("for_statement",), "for (…; …; …) is not supported", _LOOP_INSTEAD),
    CodeRule("no-while", ("while_statement", "do_statement"), "while and do are not supported", _LOOP_INSTEAD),
    CodeRule(
        "no-continue", ("continue_statement",), "continue is not supported", "Put the rest of the loop into an if"
    ),
    CodeRule("no-labels", ("labeled_statement",), "Labels are not supported", "Leave the loop with break or return"),
    CodeRule(
        "no-generators",
        ("generator_function", "generator_function_declaration"),
        "Generators are not supported",
        "Return a list",
    ),
    CodeRule("no-generators", ("method_definition",), "Generators are not supported", "Return a list", _has_child("*")),
    CodeRule("no-yield", ("yield_expression",), "yield is not supported", "Return a list"),
    CodeRule(
        "no-this", ("this", "super", "meta_property"), "this is not supported", "Name what you mean, or pass it along"
    ),
    CodeRule(
        "no-try",
        ("try_statement",),
        "try, catch and finally are not supported",
        "Test with if, and end with util.error",
    ),
    CodeRule("no-throw", ("throw_statement",), "throw is not supported", "Write util.error(message, type)"),
    CodeRule("no-regex", ("regex",), "Regex literals are not supported", "Write util.matches('pattern', text)"),
    CodeRule(
        "no-disallowed-unary-operators",
        ("update_expression",),
        "The operators ++ and -- are not supported",
        "Write count += 1 or count -= 1",
    ),
    CodeRule(
        "no-disallowed-unary-operators",
        ("unary_expression",),
        "The operator ~ is not supported",
        "Write -value - 1",
        _operator("~"),
    ),
    CodeRule(
        "no-in-operator",
        ("binary_expression",),
        "The operator in is not supported",
        "Write Object.hasOwn(object, name)",
        _operator("in"),
    ),
    CodeRule(
        "no-disallowed-binary-operators",
        ("binary_expression",),
        "The operator instanceof is not supported",
        "Test with typeof",
        _operator("instanceof"),
    ),
    CodeRule(
        "no-disallowed-re-assignment",
        tuple(_CONTEXT_WRITERS),
        "The context and its members are read-only",
        "Put values on ctx.stash, like ctx.stash.name = value",
        _changes_context,
    ),
    CodeRule(
        "no-function-passing",
        ("call_expression",),
        "Functions can only be passed to array methods like map, filter or reduce",
        "Call the function, and pass what it returns",
        _passes_function,
    ),
    CodeRule(
        "no-function-return",
        ("return_statement", "arrow_function"),
        "A function cannot return a function",
        "Return what it would have returned",
        _returns_function,
    ),
    CodeRule(
        "no-function-reassign",
        ("variable_declarator", "assignment_expression"),
        "Functions cannot be assigned again",
        "Call the function by its own name",
        _reassigns_function,
    ),
    CodeRule(
        "no-sort-argument",
        ("call_expression",),
        "sort() takes no function",
        "Sort keys that compare as you want, or let the client sort",
        _sorts_with_argument,
    ),
    CodeRule(
        "no-new",
        ("new_expression",),
        "Constructors are not supported",
        "Write literals, util.time and JSON",
        _constructs,
    ),
    CodeRule(
        "no-accessors",
        ("method_definition",),
        "Getters and setters are not supported",
        "Write a plain member",
        _has_child("get", "set"),
    ),
    CodeRule(
        "no-import", ("call_expression",), "import() is not supported", "Bundle other code into the file", _imports
    ),
    CodeRule("no-debugger", ("debugger_statement",), "debugger is not supported", "Write console.log(value)"),
)

_BY_TYPE: dict[str, list[CodeRule]] = {}
for _rule in RULES:
    for _type in _rule.types:
        _BY_TYPE.setdefault(_type, []).append(_rule)


def check(syntax: Syntax, file: str) -> list[Fault]:
    """Everything in a code file that one of the rules forbids."""
    return [
        fault(syntax, file, node, rule=rule.id, message=rule.message, instead=rule.instead)
        for node in syntax.nodes
        for rule in _BY_TYPE.get(node.type, ())
        if node.is_named and (rule.applies is None or rule.applies(syntax, node))
    ]


def excerpt(syntax: Syntax, node: Node) -> str:
    """The first line of a node's text, cut to a length that fits a message."""
    line, _, rest = syntax.source(node).partition("\n")
    return line if not rest and len(line) <= _EXCERPT else line[: _EXCERPT - 1].rstrip() + "…"


def fault(syntax: Syntax, file: str, node: Node, *, rule: str, message: str, instead: str) -> Fault:
    """A fault at a node, in the words of a rule."""
    found = f"{excerpt(syntax, node)!r}: {message} ({rule})"
    return Fault(found, Place(file, *syntax.position(node)), advice=instead)
