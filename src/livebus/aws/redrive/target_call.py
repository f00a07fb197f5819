"""
Runs a rule's own mutation for a letter, so that no other rule sees the event again.

In: letters, an EventBridge client (what the target is today), a way to make signed requests. Out: outcomes. The call is
made with the caller's own IAM identity, which needs ``appsync:GraphQL`` on the mutation's field and
``events:ListTargetsByRule``; a resolver sees that identity, not EventBridge's.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from livebus.aws.redrive.redriving import NOT_SENDABLE, Redriven, refused
from livebus.aws.refusal import told_as_faults
from livebus.errors import LivebusError, Place, Unreachable, did_you_mean
from livebus.files import Root, content, read_text, reason_of
from livebus.redrive.letter import Letter, RuleArn
from livebus.redrive.mutation import Mutation, described_target, graphql_url, target_of
from livebus.template import Environment, load_application
from livebus.template.application import Target

MAX_ATTEMPTS = 5
_BASE_SECONDS = 0.2
# AppSync has not run the mutation: throttled, or not reached.
_NOT_RUN = (429, 503)

Targets = Callable[[RuleArn], Sequence[Target]]


class _NoAnswer(Unreachable):
    """A request went out, and no answer came."""


class TargetWay:
    """
    Letters to their own targets. ``post`` makes a signed request (URL and body in, status and body out), ``targets`` are a rule's, ``url_of`` an API's URL by its endpoint's ARN.

    An answer with GraphQL errors counts as failed, also beside data: then the mutation may have reached subscribers, and
    the letter stays all the same.
    """

    def __init__(
        self,
        post: Callable[[str, bytes], tuple[int, bytes]],
        targets: Targets,
        url_of: Callable[[str], str],
        *,
        target_id: str = "",
        sleep: Callable[[float], object] = time.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._post = post
        self._targets = targets
        self._url_of = url_of
        self._target_id = target_id
        self._sleep = sleep
        self._uniform = uniform
        self._mutations: dict[tuple[str, str], Mutation | LivebusError] = {}

    def send(self, letters: Sequence[Letter]) -> Iterator[Redriven]:
        for letter in letters:
            try:
                outcome = self._sent(letter)
            except (_NoAnswer, KeyboardInterrupt):
                yield refused(letter, "NoAnswer", "the mutation may have been run")
                raise
            yield outcome

    def request(self, letter: Letter) -> dict[str, Any]:
        """The API's ``url``, the ``query`` and the ``variables``. Raises LivebusError."""
        mutation = self._mutation(letter)
        url = self._url_of(letter.target_arn)
        if not url:
            raise LivebusError(
                f"the URL of the API {letter.target_arn} is not known", advice="Name it with --graphql-url."
            )
        return {"url": url, **mutation.request(letter)}

    def _mutation(self, letter: Letter) -> Mutation:
        rule = letter.rule
        if rule is None:
            raise LivebusError("the message has no RULE_ARN", advice="Use --to bus with --bus.")
        key = (rule.arn, letter.target_arn)
        found = self._mutations.get(key)
        if found is None:
            try:
                found = Mutation(target_of(letter, self._targets(rule), self._target_id), rule)
            except Unreachable:
                raise
            except LivebusError as error:
                found = error
            self._mutations[key] = found
        if isinstance(found, LivebusError):
            raise LivebusError(faults=found.faults)
        return found

    def _sent(self, letter: Letter) -> Redriven:
        try:
            request = self.request(letter)
        except Unreachable:
            raise
        except LivebusError as error:
            return refused(letter, NOT_SENDABLE, str(error.faults[0]))
        url = request.pop("url")
        body = json.dumps(request, ensure_ascii=False).encode()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                status, answer = self._post(url, body)
            except Unreachable as error:
                raise _NoAnswer(faults=error.faults) from None
            if status not in _NOT_RUN or attempt == MAX_ATTEMPTS:
                break
            self._sleep(self._uniform(0, _BASE_SECONDS * 2**attempt))
        return _outcome(letter, status, answer, url)


def _outcome(letter: Letter, status: int, answer: bytes, url: str) -> Redriven:
    try:
        content = json.loads(answer)
    except ValueError:
        content = None
    errors = content.get("errors") if isinstance(content, dict) else None
    told = _told(errors) or f"HTTP {status}"
    if status in (401, 403):
        # The next letter would be turned away as well.
        raise Unreachable(
            f"{url} refused the call: {told}",
            advice="This identity needs appsync:GraphQL on the mutation's field.",
        )
    if status != 200 or not isinstance(content, dict):
        return refused(letter, f"HTTP {status}", told)
    if errors:
        return refused(letter, "GraphQLError", told)
    if not content.get("data"):
        return refused(letter, "NoData", "AppSync answered without data")
    return Redriven(letter, accepted=True)


def _told(errors: Any) -> str:
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], Mapping):
        return ""
    kind, message = errors[0].get("errorType"), errors[0].get("message")
    return ": ".join(str(part) for part in (kind, message) if part)


def deployed_targets(client: Any) -> Targets:
    """A rule's targets as EventBridge has them today, asked for once per rule. Raises Unreachable."""

    def asked(rule: RuleArn) -> Sequence[Target]:
        with told_as_faults(f"read the targets of the rule {rule.name!r}"):
            # A rule has at most 5 targets: there is no second page.
            answer = client.list_targets_by_rule(Rule=rule.name, EventBusName=rule.bus)
        return [described_target(item) for item in answer.get("Targets") or ()]

    return asked


def template_targets(
    template: Path, values: Mapping[str, str] | None = None, given: Mapping[str, str] | None = None
) -> Targets:
    """
    A rule's targets as a template has them, by the rule's name: a mended operation that is not deployed yet.

    Parameters have the values that are ``given`` for them, all of which it has to declare, then those of ``values`` that are its own,
    else their defaults; ARNs are left out. Raises LivebusError where the template cannot be read.
    """
    try:
        text = content(template).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise LivebusError(f"cannot be read: {reason_of(error)}", Place(str(template))) from None
    root = Root.around(template)

    def named(name: str) -> str:
        root.demand(template.parent / name, name)
        return read_text(template.parent / name, name)

    application = load_application(
        text,
        file=str(template),
        read_file=named,
        environment=Environment(overrides=values or {}),
        parameters=given,
    )

    def found(rule: RuleArn) -> Sequence[Target]:
        rules = [each for each in application.rules if each.name == rule.name]
        if not rules:
            names = [each.name for each in application.rules]
            raise LivebusError(
                f"no rule {rule.name!r}", Place(str(template)), advice=did_you_mean(rule.name, names) or "Leave it out."
            )
        return [replace(target, arn="") for target in rules[0].targets]

    return found


def url_of(
    outputs: Mapping[str, str],
    *,
    local: bool,
    given: str = "",
    running: Callable[[str], str] = lambda _: "",
) -> Callable[[str], str]:
    """
    An API's URL by its endpoint's ARN: what is ``given``, the stack's own output, or AWS's form of it; in the local runtime what
    ``running`` tells of the ARN, "" where no stack has such an API.
    """

    def found(target_arn: str) -> str:
        if given:
            return given
        if outputs.get("GraphQLEndpointArn") == target_arn and outputs.get("GraphQLUrl"):
            return outputs["GraphQLUrl"]
        return running(target_arn) if local else graphql_url(target_arn)

    return found
