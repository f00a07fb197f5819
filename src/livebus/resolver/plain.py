"""
Tells plain code: code whose work is bounded by its input, whatever comes in.

The engine looks at its clock only between steps, and one step of it may be a join of four thousand million holes. Plain
code has no step of that kind: it reads arguments, puts them into objects and texts, compares, and calls those functions
of ``util`` that do little; it has no loop, no function of its own, no method of a list or a text. Handlers that pass
arguments through are plain. It runs in the process; what is not plain runs where it can be ended (:mod:`livebus.sandbox`).

In: a syntax tree. Out: by how much a run can multiply the size of its input, or None where the code is not plain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from tree_sitter import Node

from livebus.resolver.syntax import Syntax

# Of the input of a run, as JSON: what is larger runs outside of the process, too.
MAX_INPUT = 16 * 1024
# Input times growth is the most that a run has in hand at once: 4 MB.
MAX_GROWTH = 256
_MAX_NODES = 1_500

_FUNCTIONS = ("function_declaration", "arrow_function")
# What stands for itself, or only holds what stands inside it.
_NODES = frozenset(
    {
        "program", "import_statement", "import_clause", "named_imports", "import_specifier", "export_statement",
        "function_declaration", "formal_parameters", "statement_block", "return_statement", "if_statement",
        "else_clause", "empty_statement", "expression_statement", "parenthesized_expression", "lexical_declaration",
        "variable_declarator", "identifier", "object", "pair", "property_identifier", "shorthand_property_identifier",
        "shorthand_property_identifier_pattern", "object_pattern", "pair_pattern", "array", "string",
        "string_fragment", "escape_sequence", "number", "true", "false", "null", "undefined", "member_expression",
        "optional_chain", "subscript_expression", "unary_expression", "binary_expression", "ternary_expression",
        "spread_element", "template_string", "template_substitution", "call_expression", "arguments", "comment",
    }
)  # fmt: skip
_CALLS = frozenset(
    {
        "util.error", "util.appendError", "util.unauthorized", "util.autoId", "util.autoUlid", "util.autoKsuid",
        "util.authType", "util.time.nowISO8601", "util.time.nowEpochSeconds", "util.time.nowEpochMilliSeconds",
        "runtime.earlyReturn", "extensions.setSubscriptionFilter", "extensions.setSubscriptionInvalidationFilter",
        "extensions.invalidateSubscriptions", "console.log", "console.error",
    }
)  # fmt: skip
_ROOTS = ("util", "runtime", "extensions", "console")
# Names by which the engine calls what an object holds: as members they could be a built-in that never ends.
CALLED_BY_ENGINE = frozenset({"toString", "valueOf", "toJSON", "__proto__", "constructor", "prototype"})


def growth(syntax: Syntax) -> int | None:
    """By how much a run of both handlers multiplies its input at most; None for code that is not plain."""
    if len(syntax.nodes) > _MAX_NODES or not all(_is_plain(syntax, node) for node in syntax.nodes):
        return None
    handlers = [node for node in syntax.nodes if node.type in _FUNCTIONS]
    shared: dict[str, int] = {}
    top = sum(_weigh(syntax, node, shared) for node in syntax.root.named_children if not _holds_function(node))
    found = prod(top + max(1, _weigh(syntax, handler, dict(shared))) for handler in handlers)
    return found if found <= MAX_GROWTH else None


def _holds_function(node: Node) -> bool:
    return node.type in _FUNCTIONS or any(_holds_function(child) for child in node.named_children)


def _is_plain(syntax: Syntax, node: Node) -> bool:
    check = _CHECKS.get(node.type)
    if not node.is_named:
        return node.type not in ("in", "instanceof")
    return node.type in _NODES if check is None else check(syntax, node)


def _is_plain_function(syntax: Syntax, node: Node) -> bool:
    """A handler, not a helper: nothing else in the file calls it."""
    above = node.parent
    return above is not None and above.type in ("export_statement", "program") and _is_uncalled(syntax, node)


def _is_plain_arrow(syntax: Syntax, node: Node) -> bool:
    """A handler as well: ``export const request = (ctx) => …``, and no function inside of another or in a value."""
    held = node.parent
    declared = held.parent if held is not None and held.type == "variable_declarator" else None
    exported = declared.parent if declared is not None and declared.type == "lexical_declaration" else None
    if held is None or declared is None or exported is None or exported.type != "export_statement":
        return False
    return declared.children[0].type == "const" and _is_uncalled(syntax, held)


def _are_plain_parameters(_: Syntax, node: Node) -> bool:
    return all(child.type in ("identifier", "object_pattern") for child in node.named_children)


def _is_plain_call(syntax: Syntax, node: Node) -> bool:
    called = node.child_by_field_name("function")
    if called is None or syntax.source(called) not in _CALLS:
        return False
    root = called
    while root.type == "member_expression":
        root = root.named_children[0]
    # A name that the code gave to something else calls whatever that holds.
    declared = syntax.meaning(root)
    return declared is None or declared.kind == "import"


def _is_plain_subscript(syntax: Syntax, node: Node) -> bool:
    index = node.child_by_field_name("index")
    return index is not None and index.type in ("string", "number") and _may_be(syntax, index)


def _is_plain_pair(syntax: Syntax, node: Node) -> bool:
    key = node.child_by_field_name("key")
    return key is not None and key.type in ("property_identifier", "string", "number") and _may_be(syntax, key)


def _may_be(syntax: Syntax, key: Node) -> bool:
    text = syntax.source(key)
    return "\\" not in text and text.strip("\"'") not in CALLED_BY_ENGINE


def _is_plain_shorthand(syntax: Syntax, node: Node) -> bool:
    """``{name}`` holds what the code declares; a global of the engine is none of that."""
    return _may_be(syntax, node) and _is_known(syntax, node)


def _is_uncalled(syntax: Syntax, function: Node) -> bool:
    """Whether nothing in the file names a function: neither calls it nor hands it on."""
    name = function.child_by_field_name("name")
    return name is not None and name.type == "identifier" and not any(
        node.type == "identifier" and node.id != name.id and syntax.source(node) == syntax.source(name)
        for node in syntax.nodes
    )  # fmt: skip


def _is_known(syntax: Syntax, identifier: Node) -> bool:
    """Whether a name is one that the code declares, or a root of a call; no global of the engine."""
    if identifier.id in syntax.declaring:
        return True
    name = syntax.source(identifier)
    declared = syntax.meaning(identifier)
    if declared is not None and declared.kind != "import":
        return declared.kind != "function"
    above = identifier.parent
    if above is not None and above.type == "import_specifier":
        return name in _ROOTS
    # As the begin of a call: handing util.error on as a value is nothing that plain code does.
    while above is not None and above.type == "member_expression":
        identifier, above = above, above.parent
    return name in _ROOTS and above is not None and above.type == "call_expression"


_CHECKS: dict[str, Callable[[Syntax, Node], bool]] = {
    "arrow_function": _is_plain_arrow,
    "call_expression": _is_plain_call,
    "formal_parameters": _are_plain_parameters,
    "function_declaration": _is_plain_function,
    "identifier": _is_known,
    "pair": _is_plain_pair,
    "pair_pattern": _is_plain_pair,
    "property_identifier": _may_be,
    "shorthand_property_identifier": _is_plain_shorthand,
    "shorthand_property_identifier_pattern": _may_be,
    "subscript_expression": _is_plain_subscript,
}


def _weigh(syntax: Syntax, node: Node, weights: dict[str, int]) -> int:
    """How many times the input stands in what a piece of code makes at most; learns what each name holds."""
    if node.type == "identifier" and node.id not in syntax.declaring:
        name = syntax.source(node)
        return 0 if name in _ROOTS else weights.get(name, 1)
    if node.type == "shorthand_property_identifier":
        return weights.get(syntax.source(node), 1)
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        weight = 0 if value is None else max(1, _weigh(syntax, value, weights))
        weights.update(dict.fromkeys(_names(syntax, node.child_by_field_name("name")), weight))
        return weight
    return sum(_weigh(syntax, child, weights) for child in node.named_children)


def _names(syntax: Syntax, pattern: Node | None) -> list[str]:
    if pattern is None:
        return []
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        return [syntax.source(pattern)]
    return [name for child in pattern.named_children for name in _names(syntax, child)]


def are_plain(growths: Sequence[int | None]) -> bool:
    """Whether the code files of one resolver are plain together: each multiplies what the one before it gave."""
    known = [each for each in growths if each is not None]
    return len(known) == len(growths) and prod(known) <= MAX_GROWTH
