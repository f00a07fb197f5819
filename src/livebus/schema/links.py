"""
Which mutation feeds which subscription: ``@aws_subscribe(mutations: [...])``, and the older ``@aws_publish``.

In: a parsed schema. Out: the links both ways, and faults where a link leads nowhere or joins different types.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import DocumentNode, FieldDefinitionNode, StringValueNode, print_ast

from livebus.errors import did_you_mean
from livebus.schema.document import Reading, root_fields, strings_of

Links = Mapping[str, tuple[str, ...]]


def read_links(reading: Reading, document: DocumentNode) -> tuple[Links, Links]:
    """The subscription fields by mutation field, and the mutation fields by subscription field."""
    mutations = root_fields(document, "mutation")
    subscriptions = root_fields(document, "subscription")
    # Names in their order, each once: a list of twenty thousand would be looked through for each of them.
    by_mutation: dict[str, dict[str, None]] = {}
    by_subscription: dict[str, dict[str, None]] = {name: {} for name in subscriptions}

    def link(mutation: str, subscription: str, node: StringValueNode) -> None:
        fed = by_mutation.setdefault(mutation, {})
        if subscription not in fed:
            fed[subscription] = by_subscription[subscription][mutation] = None
            _check_types(reading, mutations[mutation], subscriptions[subscription], node)

    for name, field in subscriptions.items():
        for node in _named(field, "aws_subscribe", "mutations"):
            if node.value in mutations:
                link(node.value, name, node)
            else:
                _unknown(reading, node, "mutation", mutations)
    for name, field in mutations.items():
        for node in _named(field, "aws_publish", "subscriptions"):
            if node.value in subscriptions:
                link(name, node.value, node)
            else:
                _unknown(reading, node, "subscription", subscriptions)
    return _frozen(by_mutation), _frozen(by_subscription)


def _named(field: FieldDefinitionNode, directive_name: str, argument: str) -> list[StringValueNode]:
    return [
        value
        for directive in field.directives or ()
        if directive.name.value == directive_name
        for value in strings_of(directive, argument)
    ]


def _unknown(reading: Reading, node: StringValueNode, what: str, known: Mapping[str, FieldDefinitionNode]) -> None:
    reading.fault(
        f"there is no {what} {node.value!r} in this schema",
        node,
        expected=f"the name of a field of the {what} type",
        advice=did_you_mean(node.value, known),
    )


def _check_types(
    reading: Reading, mutation: FieldDefinitionNode, subscription: FieldDefinitionNode, node: StringValueNode
) -> None:
    """
    Compare the types on both ends: what the mutation returns is what the subscriber gets.

    Only the ``!`` may differ: a subscription is best left nullable, whatever its mutation promises.
    """
    returned, received = print_ast(mutation.type), print_ast(subscription.type)
    if returned.replace("!", "") != received.replace("!", ""):
        reading.fault(
            f"the subscription {subscription.name.value!r} is of type {received!r}, "
            f"and its mutation {mutation.name.value!r} returns {returned!r}",
            node,
            expected="one type on both",
            advice=f"Make the subscription's type {returned.removesuffix('!')!r}.",
        )


def _frozen(links: Mapping[str, Mapping[str, None]]) -> Links:
    return {name: tuple(others) for name, others in links.items() if others}
