"""
Finds names that nothing declares and calls that come back to their own function: what only resolved names can tell.

In: a :class:`~livebus.resolver.syntax.Syntax`. Out: faults with file, line and column, under the ids of AWS's linter where
it has a rule for them.
https://docs.aws.amazon.com/appsync/latest/devguide/supported-features.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from livebus.errors import Fault, Place
from livebus.resolver.modules import EXPORTS, MEMBERS, check_member, suggestion
from livebus.resolver.rules import NO_ASYNC_INSTEAD, arguments_of, called_method, fault
from livebus.resolver.syntax import FUNCTIONS, Syntax

_DEEPEST = 2  # members below what is imported: appsync.util.time

# Names of JavaScript and its hosts that AppSync's runtime does not have.
_NO_TIMERS = "Nothing waits in a resolver; AppSync calls the data source between request and response"
_NO_NETWORK = "Resolvers reach nothing but their data source"
GLOBALS_REFUSED: Mapping[str, tuple[str, str]] = {
    "Promise": ("no-promise", NO_ASYNC_INSTEAD),
    "queueMicrotask": ("no-promise", _NO_TIMERS),
    "setImmediate": ("no-promise", _NO_TIMERS),
    "setInterval": ("no-promise", _NO_TIMERS),
    "setTimeout": ("no-promise", _NO_TIMERS),
    "eval": ("no-eval", "Write the code out"),
    "Function": ("no-eval", "Write the function out"),
    "Date": ("no-undef", "Write util.time.nowISO8601() or another function of util.time"),
    "RegExp": ("no-undef", "Write util.matches(pattern, text)"),
    "Map": ("no-undef", "Write an object: {}"),
    "Set": ("no-undef", "Write an object or an array"),
    "Symbol": ("no-undef", "Write a string"),
    "Error": ("no-undef", "Write util.error(message, type)"),
    "Intl": ("no-undef", "Write util.time.nowFormatted(format, zone)"),
    "crypto": ("no-undef", "Write util.autoId()"),
    "fetch": ("no-undef", _NO_NETWORK),
    "XMLHttpRequest": ("no-undef", _NO_NETWORK),
    "require": ("no-undef", "Write import { util } from '@aws-appsync/utils'"),
    "process": ("no-undef", "Environment variables are in ctx.env"),
    "globalThis": ("no-undef", "Put values on ctx.stash"),
    "arguments": ("no-undef", "Write rest parameters: (...values)"),
    "atob": ("no-undef", "Write util.base64Decode(text)"),
    "btoa": ("no-undef", "Write util.base64Encode(text)"),
}
GLOBALS = (
    *EXPORTS,
    *("Array", "Boolean", "Infinity", "JSON", "Math", "NaN", "Number", "Object", "String", "console", "decodeURI"),
    *(
        "decodeURIComponent",
        "encodeURI",
        "encodeURIComponent",
        "isFinite",
        "isNaN",
        "parseFloat",
        "parseInt",
        "undefined",
    ),
)


# AWS's linter knows the types of receivers and refuses these on strings, arrays and Object. Without types we refuse the
# names that nothing else in the runtime has; the same methods are gone from the engine's prototypes.
_METHODS: Mapping[str, str] = {
    "apply": "Call the function itself",
    "bind": "Call the function itself",
    "call": "Call the function itself",
    "charCodeAt": "Compare with charAt()",
    "copyWithin": "Build a new array",
    "hasOwnProperty": "Write Object.hasOwn(object, name)",
    "localeCompare": "Compare with < and >",
    "matchAll": "Write util.matches(pattern, text)",
    "padEnd": "Join the strings with +",
    "padStart": "Join the strings with +",
    "repeat": "Join the strings with +",
    "search": "Write indexOf(text) or util.matches(pattern, text)",
    "toLocaleLowerCase": "Write toLowerCase()",
    "toLocaleUpperCase": "Write toUpperCase()",
}
# Static functions, and what has these: everything else of that name is not there.
_STATICS: Mapping[str, tuple[str, ...]] = {
    "Object": ("assign", "entries", "fromEntries", "groupBy", "hasOwn", "keys", "values"),
    "Array": ("isArray",),
    "String": ("raw",),
    "JSON": ("parse", "stringify"),
}
_ITERATORS = frozenset({"entries", "keys", "values"})  # of arrays; Object has its own


def check(syntax: Syntax, file: str) -> list[Fault]:
    """Every name and member that AppSync's runtime does not have, and every recursive call."""
    return [
        *_unknown_names(syntax, file),
        *_unknown_members(syntax, file),
        *_unknown_methods(syntax, file),
        *_recursion(syntax, file),
    ]


def _unknown_names(syntax: Syntax, file: str) -> Iterator[Fault]:
    for node in syntax.nodes:
        if node.type not in ("identifier", "shorthand_property_identifier") or node.id in syntax.declaring:
            continue
        name = syntax.source(node)
        if syntax.meaning(node) is not None or name in GLOBALS:
            continue
        rule, instead = GLOBALS_REFUSED.get(name, ("no-undef", ""))
        known = [*GLOBALS, *syntax.declared_names()]
        advice = instead or suggestion(name, known)
        yield fault(syntax, file, node, rule=rule, message=f"{name} is not there", instead=advice)


def _unknown_members(syntax: Syntax, file: str) -> Iterator[Fault]:
    for node in syntax.nodes:
        if node.type != "member_expression":
            continue
        name = node.child_by_field_name("property")
        path = _module_path(syntax, node.child_by_field_name("object"))
        if name is None or path is None:
            continue
        if problem := check_member(path, syntax.source(name)):
            place = Place(file, *syntax.position(name))
            yield Fault(problem.found, place, problem.expected, problem.advice, problem.not_emulated)


def _module_path(syntax: Syntax, node: Node | None) -> str | None:
    """What an expression is of ``util``, ``extensions``, ``runtime`` or ``console``, like "util.time"; None for others."""
    names: list[str] = []
    while node is not None and node.type == "member_expression":
        name = node.child_by_field_name("property")
        if name is None or len(names) == _DEEPEST:
            return None
        names.insert(0, syntax.source(name))
        node = node.child_by_field_name("object")
    if node is None or node.type != "identifier":
        return None
    path = ".".join([*_imported(syntax, node), *names])
    return path if path in MEMBERS else None


def _imported(syntax: Syntax, identifier: Node) -> list[str]:
    """What AppSync's module or the globals call the value of an identifier; nothing for the module itself."""
    declaration = syntax.meaning(identifier)
    if declaration is None:
        return [syntax.source(identifier)]
    specifier = declaration.node.parent
    if declaration.kind != "import" or specifier is None:
        return ["?"]
    imported = specifier.child_by_field_name("name")
    return [] if imported is None else [syntax.source(imported)]


def _unknown_methods(syntax: Syntax, file: str) -> Iterator[Fault]:
    for node in syntax.nodes:
        if node.type != "call_expression":
            continue
        receiver, name = called_method(node)
        if receiver is None:
            continue
        instead = None
        if receiver.type == "identifier" and syntax.meaning(receiver) is None and syntax.source(receiver) in _STATICS:
            statics = _STATICS[syntax.source(receiver)]
            if name not in statics:
                instead = f"{syntax.source(receiver)} has {', '.join(statics)}"
        elif name in _ITERATORS and not arguments_of(node):
            instead = f"Write Object.{name}(value)"
        else:
            instead = _METHODS.get(name)
        if instead is not None:
            message = f"AppSync's runtime has no {name}()"
            yield fault(syntax, file, node, rule="no-disallowed-methods", message=message, instead=instead)


def _recursion(syntax: Syntax, file: str) -> Iterator[Fault]:
    """Calls by which a function comes back to itself, directly or by way of others."""
    calls: dict[int, dict[int, Node]] = {}  # caller → callee → the call
    names: dict[int, str] = {}
    for node in syntax.nodes:
        if node.type != "call_expression":
            continue
        callee = node.child_by_field_name("function")
        function = syntax.function_of(callee) if callee is not None and callee.type == "identifier" else None
        if callee is None or function is None:
            continue
        names[function.id] = syntax.source(callee)
        for caller in _enclosing_functions(node):
            calls.setdefault(caller.id, {}).setdefault(function.id, node)
    for caller_id, callees in calls.items():
        for callee_id, call in callees.items():
            path = _path(calls, callee_id, caller_id)
            if path is not None and caller_id in names:
                way = " → ".join(names[function] for function in (caller_id, *path))
                message = f"Recursive calls are not supported: {way}"
                instead = "Write the depth out that your data has"
                yield fault(syntax, file, call, rule="no-recursion", message=message, instead=instead)


def _enclosing_functions(node: Node) -> Iterator[Node]:
    parent = node.parent
    while parent is not None:
        if parent.type in FUNCTIONS:
            yield parent
        parent = parent.parent


def _path(calls: Mapping[int, Mapping[int, Node]], start: int, goal: int) -> list[int] | None:
    """The functions on the way from one to another, both included; None where there is none."""
    came_from: dict[int, int | None] = {start: None}
    queue = [start]
    for function in queue:
        if function == goal:
            way: list[int] = []
            step: int | None = function
            while step is not None:
                way.insert(0, step)
                step = came_from[step]
            return way
        for callee in calls.get(function, ()):
            if callee not in came_from:
                came_from[callee] = function
                queue.append(callee)
    return None
