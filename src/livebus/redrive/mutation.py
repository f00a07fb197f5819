"""
A rule's target, as it is deployed, called with one letter: the variables of its GraphQLOperation.

In: a target as ListTargetsByRule (or a template) has it, once; then letters. Out: what AppSync is to be sent. The input
is transformed by the code that the local runtime uses. AWS keeps no ingestion time with a dead letter: the event's own
time stands in for ``<aws.events.event.ingestion-time>``.
https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from livebus.errors import LivebusError
from livebus.event.envelope import Event
from livebus.redrive.letter import Letter, RuleArn
from livebus.template.application import Target
from livebus.transformer import NotTransformable, compile_transformer

ENDPOINT = "endpoints/graphql-api/"


class Mutation:
    """
    A target's operation with its input compiled.

    Raises InvalidTransformer where the target's input cannot be compiled.
    """

    def __init__(self, target: Target, rule: RuleArn) -> None:
        self.target = target
        self._rule = rule
        self._transformer = compile_transformer(target, rule_name=rule.name, rule_arn=rule.arn)

    def request(self, letter: Letter) -> dict[str, Any]:
        """The GraphQL request for a letter. Raises LivebusError where the letter gives no variables."""
        envelope = letter.event()
        if envelope is None:
            raise LivebusError("the body is no event")
        event = Event(envelope, self._rule.bus, str(envelope.get("time", "")))
        try:
            variables = self._transformer.apply(event)
        except NotTransformable as error:
            raise LivebusError(str(error)) from None
        except (KeyError, TypeError, ValueError) as error:  # an envelope without the members that every event has
            what = (
                f"it has no {error}" if isinstance(error, KeyError) else "a member is of another kind than events have"
            )
            raise LivebusError(f"the body is no event: {what}") from None
        return {"query": self.target.graphql_operation, "variables": variables}


def described_target(description: Mapping[str, Any]) -> Target:
    """A target as ListTargetsByRule describes it."""
    transformer = description.get("InputTransformer")
    return Target(
        id=str(description["Id"]),
        arn=str(description["Arn"]),
        api="",
        graphql_operation=str((description.get("AppSyncParameters") or {}).get("GraphQLOperation") or ""),
        input=description.get("Input"),
        input_path=description.get("InputPath"),
        input_transformer=transformer,
    )


def target_of(letter: Letter, targets: Iterable[Target], target_id: str = "") -> Target:
    """
    The one target of the rule that a letter is about; ``target_id`` decides where several have its ARN.

    Targets without an ARN (a template's, which does not know the deployed one) may be any.

    Raises LivebusError: a letter that is run as another mutation than its own would be worse than one that stays.
    """
    found = [target for target in targets if target.arn in ("", letter.target_arn)]
    if target_id:
        found = [target for target in found if target.id == target_id]
    if not found:
        raise LivebusError(
            f"the rule has no target {target_id or letter.target_arn!r} any more",
            advice="Use --to bus, which goes by the rules as they are now.",
        )
    if len(found) > 1:
        names = ", ".join(target.id for target in found)
        raise LivebusError(
            f"targets {names} of the rule have the ARN {letter.target_arn}, and a dead letter does not say which it was",
            advice="Name one with --target-id.",
        )
    if not found[0].graphql_operation:
        raise LivebusError(f"target {found[0].id!r} runs no GraphQL operation", advice="Use --to bus.")
    return found[0]


def graphql_url(target_arn: str) -> str:
    """
    The URL of an API by its endpoint's ARN, whose last part is the label of its host name; empty for any other ARN.

    AWS does not document that it is; every sample shows it so.
    """
    parts = target_arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "appsync" or not parts[5].startswith(ENDPOINT):
        return ""
    suffix = "amazonaws.com.cn" if parts[1] == "aws-cn" else "amazonaws.com"
    return f"https://{parts[5].removeprefix(ENDPOINT)}.appsync-api.{parts[3]}.{suffix}/graphql"
