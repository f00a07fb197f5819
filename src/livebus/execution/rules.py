"""
The rules for documents, in the words of graphql-java, which are AppSync's.

In: what graphql-core's rules find, while the types at that place are at hand. Out: a kind, which is one of
graphql-java's ValidationErrorType, a text, and the nodes whose places are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    VariableDefinitionNode,
    get_named_type,
    is_leaf_type,
    print_ast,
)
from graphql.utilities import type_from_ast
from graphql.validation import (
    ASTValidationRule,
    ExecutableDefinitionsRule,
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownOperationTypesRule,
    KnownTypeNamesRule,
    LoneAnonymousOperationRule,
    MaxIntrospectionDepthRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    SingleFieldSubscriptionsRule,
    UniqueArgumentNamesRule,
    UniqueDirectivesPerLocationRule,
    UniqueFragmentNamesRule,
    UniqueInputFieldNamesRule,
    UniqueOperationNamesRule,
    UniqueVariableNamesRule,
    ValidationContext,
    ValidationRule,
    VariablesAreInputTypesRule,
    VariablesInAllowedPositionRule,
)

from livebus.execution.literals import java_literal, wrong_type


@dataclass(frozen=True, slots=True)
class Worded:
    """What graphql-java says: the kind of error ("" for a text without one), the text, the nodes that are shown."""

    kind: str
    text: str
    nodes: Sequence[Node]

    def error(self) -> GraphQLError:
        return GraphQLError(self.text, list(self.nodes), extensions={"kind": self.kind})


# Units of graphql-core's: a comparison of two fields costs two.
COMPARISONS = 50_000

Word = Callable[[Sequence[Any], GraphQLError, ValidationContext], Worded]


class _RuleContext:
    """The context of one rule: what the rule reports goes on in other words."""

    def __init__(self, context: ValidationContext, word: Word) -> None:
        self._context = context
        self._word = word

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def report_error(self, error: GraphQLError) -> None:
        self._context.report_error(self._word(error.nodes or [], error, self._context).error())


def _worded(rule: type[Any], word: Word) -> type[ASTValidationRule]:
    """A rule of graphql-core that reports in graphql-java's words."""

    class Rule(rule):  # type: ignore[misc]
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(_RuleContext(context, word))

    Rule.__name__ = rule.__name__
    return Rule


class ArgumentsOfCorrectType(ValidationRule):
    """Literals fit their arguments and variables' defaults their types: one error for each argument, as in Java."""

    def enter_argument(self, node: ArgumentNode, *_args: Any) -> None:
        definition = self.context.get_argument()
        if definition is not None and (text := wrong_type(node, definition.type)):
            self.report_error(Worded("WrongType", text, [node]).error())

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: Any) -> None:
        if node.default_value is None:
            return
        type_ = type_from_ast(self.context.schema, node.type)
        if type_ is not None and wrong_type(ArgumentNode(name=node.variable.name, value=node.default_value), type_):
            text = f"Bad default value {java_literal(node.default_value)} for type {type_}"
            self.report_error(Worded("BadValueForDefaultArg", text, [node]).error())


class SelectionsOfObjects(ValidationRule):
    """Fields of objects have a selection, and leaves have none."""

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        type_ = self.context.get_type()
        if type_ is None:
            return
        selects = node.selection_set is not None and bool(node.selection_set.selections)
        if is_leaf_type(get_named_type(type_)):
            if node.selection_set is not None:
                text = f"Sub selection not allowed on leaf type {_java_type_name(type_)} of field {_name(node)}"
                self.report_error(Worded("SubSelectionNotAllowed", text, [node]).error())
        elif not selects:
            text = f"Sub selection required for type {_java_type_name(type_)} of field {_name(node)}"
            self.report_error(Worded("SubSelectionRequired", text, [node]).error())


class KnownFragments(ValidationRule):
    """Fragments that are spread are there. graphql-java shows the place of the spread, graphql-core the name's."""

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_args: Any) -> None:
        if self.context.get_fragment(_name(node)) is None:
            self.report_error(Worded("UndefinedFragment", f"Undefined fragment {_name(node)}", [node]).error())


class MergeableFields(OverlappingFieldsCanBeMergedRule):
    """
    graphql-core's rule, on a tenth of its budget: it compares each field with each of the same name, where
    graphql-java's takes them once, and the whole budget is seconds in which nobody else is served.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = min(COMPARISONS, self.rule_context.remaining_complexity_budget)


class NoIntrospection(ValidationRule):
    """
    With introspection disabled ``__schema`` and ``__type`` count as fields that do not exist.

    AppSync answers with a validation error, whose words are not documented; ``__typename`` stays.
    """

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        if node.name.value in ("__schema", "__type"):
            self.report_error(_undefined_field([node], GraphQLError(""), self.context).error())


def _name(node: Any) -> str:
    """The name that a node is or has; "" for an operation without one."""
    match node:
        case SchemaDefinitionNode() | SchemaExtensionNode():
            return "schema"
        case NameNode(value=name):
            return name
        case VariableDefinitionNode(variable=variable):
            return variable.name.value
        case _:
            return node.name.value if node.name is not None else ""


def _java_type_name(type_: Any) -> str:
    """A type's name; a list or a non-null type has none in graphql-java and is printed as null."""
    return getattr(type_, "name", "null")


def _undefined_field(nodes: Sequence[Any], _error: GraphQLError, context: ValidationContext) -> Worded:
    parent = context.get_parent_type()
    return Worded("FieldUndefined", f"Field '{_name(nodes[0])}' in type '{parent}' is undefined", nodes[:1])


def _fragment_on_leaf(nodes: Sequence[Any], error: GraphQLError, _context: ValidationContext) -> Worded:
    inline = error.message.startswith("Fragment cannot")
    kind = "InlineFragmentTypeConditionInvalid" if inline else "FragmentTypeConditionInvalid"
    what = "Inline fragment" if inline else "Fragment"
    return Worded(kind, f"{what} type condition is invalid, must be on Object/Interface/Union", nodes[:1])


def _impossible_spread(nodes: Sequence[Any], _error: GraphQLError, context: ValidationContext) -> Worded:
    node, parent = nodes[0], context.get_parent_type()
    if isinstance(node, InlineFragmentNode):
        fragment, type_name = "Fragment", str(context.get_type())
    else:
        definition = context.get_fragment(_name(node))
        assert definition is not None
        fragment, type_name = f"Fragment {_name(node)}", definition.type_condition.name.value
    text = f"{fragment} cannot be spread here as objects of type {parent} can never be of type {type_name}"
    return Worded("InvalidFragmentType", text, nodes[:1])


def _no_root_type(nodes: Sequence[Any], _error: GraphQLError, _context: ValidationContext) -> Worded:
    return Worded("", f"Schema is not configured for {nodes[0].operation.value}s.", nodes[:1])


def _argument_or_directive(nodes: Sequence[Any], error: GraphQLError, _context: ValidationContext) -> Worded:
    if "on directive" in error.message:
        return Worded("UnknownDirective", f"Unknown directive argument {_name(nodes[0])}", nodes[:1])
    return Worded("UnknownArgument", f"Unknown field argument {_name(nodes[0])}", nodes[:1])


_required_argument = re.compile(r"\((\w+):\)").search


def _missing_argument(nodes: Sequence[Any], error: GraphQLError, _context: ValidationContext) -> Worded:
    match = _required_argument(error.message)
    name = match[1] if match else ""
    if isinstance(nodes[0], FieldNode):
        return Worded("MissingFieldArgument", f"Missing field argument {name}", nodes[:1])
    return Worded("MissingDirectiveArgument", f"Missing directive argument {name}", nodes[:1])


_mismatched_types = re.compile(r"of type '(.+)' used in position expecting type '(.+)'").search


def _variable_mismatch(nodes: Sequence[Any], error: GraphQLError, _context: ValidationContext) -> Worded:
    match = _mismatched_types(error.message)
    text = "Variable type doesn't match"
    if match:
        text = f"Variable type '{match[1]}' doesn't match expected type '{match[2]}'"
    return Worded("VariableTypeMismatch", text, nodes[-1:])


def _conflict(nodes: Sequence[Any], _error: GraphQLError, _context: ValidationContext) -> Worded:
    half = len(nodes) // 2
    return Worded("FieldsConflict", _conflict_reason(nodes[:half], nodes[half:]), (nodes[0], nodes[half]))


def _conflict_reason(left: Sequence[FieldNode], right: Sequence[FieldNode]) -> str:
    """The reason for a conflict between two fields, each followed by the fields below it that conflict."""
    one, other = left[0], right[0]
    key = one.alias.value if one.alias else one.name.value
    if one.name.value != other.name.value:
        return f"{key}: {one.name.value} and {other.name.value} are different fields"
    if sorted(map(print_ast, one.arguments or ())) != sorted(map(print_ast, other.arguments or ())):
        return f"{key}: they have differing arguments"
    if len(left) > 1:
        return f"{key}: ({_conflict_reason(left[1:], right[1:])})"
    return f"{key}: they return differing types"


def _subscription(nodes: Sequence[Any], _error: GraphQLError, context: ValidationContext) -> Worded:
    operation = next(node for node in context.document.definitions if _is_around(node, nodes[0]))
    name = operation.name.value if isinstance(operation, OperationDefinitionNode) and operation.name else "null"
    text = f"Subscription operation '{name}' must have exactly one root field"
    return Worded("SubscriptionMultipleRootFields", text, [operation])


def _is_around(outer: Node, inner: Node) -> bool:
    return outer.loc is not None and inner.loc is not None and outer.loc.start <= inner.loc.start < outer.loc.end


def _named(kind: str, text: str) -> Word:
    """The words for a rule that reports a name; where two share it, the second is shown."""

    def word(nodes: Sequence[Any], _error: GraphQLError, _context: ValidationContext) -> Worded:
        node = nodes[-1] if kind.startswith("Duplicate") else nodes[0]
        return Worded(kind, text.format(_name(node)), [node])

    return word


def _directive(nodes: Sequence[Any], error: GraphQLError, _context: ValidationContext) -> Worded:
    if error.message.startswith("Unknown"):
        return Worded("UnknownDirective", f"Unknown directive {_name(nodes[0])}", nodes[:1])
    return Worded("MisplacedDirective", f"Directive {_name(nodes[0])} not allowed here", nodes[:1])


RULES: tuple[type[ASTValidationRule], ...] = (
    _worded(ExecutableDefinitionsRule, _named("NonExecutableDefinition", "The {} definition is not executable.")),
    _worded(KnownOperationTypesRule, _no_root_type),
    _worded(UniqueOperationNamesRule, _named("DuplicateOperationName", "There can be only one operation named '{}'")),
    _worded(
        LoneAnonymousOperationRule,
        _named("LoneAnonymousOperationViolation", "Anonymous operation with other operations."),
    ),
    _worded(SingleFieldSubscriptionsRule, _subscription),
    _worded(KnownTypeNamesRule, _named("UnknownType", "Unknown type {}")),
    _worded(FragmentsOnCompositeTypesRule, _fragment_on_leaf),
    _worded(
        VariablesAreInputTypesRule,
        lambda nodes, *_: Worded("NonInputTypeOnVariable", "Wrong type for a variable", nodes[:1]),
    ),
    SelectionsOfObjects,
    _worded(FieldsOnCorrectTypeRule, _undefined_field),
    _worded(UniqueFragmentNamesRule, _named("DuplicateFragmentName", "There can be only one fragment named '{}'")),
    KnownFragments,
    _worded(NoUnusedFragmentsRule, _named("UnusedFragment", "Unused fragment {}")),
    _worded(PossibleFragmentSpreadsRule, _impossible_spread),
    _worded(NoFragmentCyclesRule, lambda nodes, *_: Worded("FragmentCycle", "Fragment cycles not allowed", nodes[:1])),
    _worded(UniqueVariableNamesRule, _named("DuplicateVariableName", "There can be only one variable named '{}'")),
    _worded(NoUndefinedVariablesRule, _named("UndefinedVariable", "Undefined variable {}")),
    _worded(NoUnusedVariablesRule, _named("UnusedVariable", "Unused variable {}")),
    _worded(KnownDirectivesRule, _directive),
    _worded(
        UniqueDirectivesPerLocationRule,
        _named(
            "DuplicateDirectiveName",
            "Non repeatable directives must be uniquely named within a location. The directive '{}' is not unique.",
        ),
    ),
    _worded(KnownArgumentNamesRule, _argument_or_directive),
    _worded(UniqueArgumentNamesRule, _named("DuplicateArgumentNames", "There can be only one argument named '{}'")),
    ArgumentsOfCorrectType,
    _worded(ProvidedRequiredArgumentsRule, _missing_argument),
    _worded(VariablesInAllowedPositionRule, _variable_mismatch),
    _worded(MergeableFields, _conflict),
    _worded(UniqueInputFieldNamesRule, _named("WrongType", "There can be only one field named '{}' in an object")),
    _worded(
        MaxIntrospectionDepthRule,
        lambda nodes, *_: Worded("", "Maximum introspection depth exceeded", nodes[:1]),
    ),
)
