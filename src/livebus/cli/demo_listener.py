"""
Who listens in a demo, and what lets them in: the runtime's user, an API key, or a token that was given.

In: a runtime, an event, a token. Out: the subscriber by the schema's links, and what it shows the API.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livebus.aws.blocking_call import blocking_call
from livebus.errors import InvalidEvent, LivebusError, Place, WrongUsage
from livebus.event.put_events import Refused

if TYPE_CHECKING:
    from livebus.aws.session import Session
    from livebus.caller import Mode
    from livebus.rehearsal.audience import DefaultSubscriber, Heard
    from livebus.runtime.server import Runtime
    from livebus.template.application import Application

# As long as the runtime gives a provider to answer.
KEYS_SECONDS = 10.0
_KEYS_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that somebody else got. ``origin`` says where it stands; one that ``is_named`` by a flag is the one to be used."""

    read: Callable[[], str]
    origin: str
    is_named: bool


def given_token_of(file: Path | None) -> GivenToken | None:
    """The token in a file, else that in LIVEBUS_TOKEN; None where there is neither. Raises LivebusError for what is none."""
    from livebus.aws.given_token import given_token, token_of_file

    text, name = os.environ.get("LIVEBUS_TOKEN", ""), "LIVEBUS_TOKEN"
    if file is None and not text:
        return None
    read = token_of_file(file) if file is not None else lambda: given_token(text, name)
    read()  # what is wrong with it is told before anything runs
    return GivenToken(read, str(file or name), file is not None)


async def token_of(
    runtime: Runtime,
    session: Session,
    logical_id: str,
    subscriber: DefaultSubscriber,
    given: GivenToken | None,
) -> tuple[Callable[[], str], str]:
    """What lets the subscriber in, and that in words: the token that is given, an API key, or the sign-in of the runtime's user."""
    from livebus.caller import API_KEY, COGNITO, OIDC

    mode = subscriber.caller.mode
    if mode not in (COGNITO, API_KEY):
        assert given is not None
        if mode == OIDC:
            await _issuers_keys(runtime, session.stack_name, logical_id)
        return given.read, f"nobody: {given.origin} has the token for {mode}"
    if mode == API_KEY:
        application = runtime.served.applications()[session.stack_name]
        key = next(api.api_keys[0] for api in application.apis if api.logical_id == logical_id)
        return (lambda: key), "nobody: the API takes its key"
    of_runtime = session.runtime
    assert of_runtime is not None
    user_name, password = of_runtime.user_name, of_runtime.password
    sign_in = await blocking_call(lambda: session.sign_in(session.api(logical_id), user_name, password))
    await blocking_call(sign_in.token)
    return sign_in.token, f"{runtime.outputs['UserName']}, with {sign_in.flow}"


async def _issuers_keys(runtime: Runtime, stack: str, logical_id: str) -> None:
    """Wait until the runtime has the keys of the API's OpenID Connect providers, or it is clear that it gets none: then it has told why."""
    apis = runtime.served.applications()[stack].apis
    issuers = [
        provider.issuer
        for api in apis
        for provider in api.providers
        if api.logical_id == logical_id and provider.issuer
    ]
    deadline = time.monotonic() + KEYS_SECONDS
    keys = runtime.served.oidc_keys
    # Whoever fetches them tells nobody.
    while any(keys.document(each) is None for each in issuers) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_KEYS_POLL_SECONDS)


def listener_of(runtime: Runtime, stack: str, entry: dict[str, Any], token: GivenToken | None) -> tuple[str, Heard]:
    """
    Who would hear of the event, by the schema's links, and the logical id of the API: somebody who receives it, else who
    might. Raises LivebusError where nobody would.
    """
    from livebus.caller import API_KEY, AWS_IAM, COGNITO, LAMBDA, OIDC
    from livebus.data_source.in_memory import InMemorySources
    from livebus.rehearsal.audience import Heard
    from livebus.rehearsal.samples import SampleReader
    from livebus.rehearsal.stage import Stage

    line = runtime.served.line(stack)
    assert line is not None
    event = SampleReader(line.application, datetime.now(UTC)).event(entry)
    if isinstance(event, Refused):
        raise InvalidEvent(f"EventBridge refuses the event: {event.code}: {event.message}")
    services = replace(
        runtime.buses.services(),
        call=InMemorySources(line.application, now=time.time()).perform,
        put_events=lambda _, entries: {"FailedEntryCount": 0, "Entries": [{"EventId": "dry-run"}] * len(entries)},
    )
    without_keys = {api.logical_id for api in line.application.apis if not api.api_keys}
    with_token = (OIDC, LAMBDA) if token is not None else ()
    signed_in = (COGNITO, API_KEY)
    possible: tuple[Mode, ...] = (*with_token, *signed_in) if token and token.is_named else (*signed_in, *with_token)
    # Whom nobody can be here comes last: it is told of, where there is nobody else.
    stage = Stage(line, services, tuple(dict.fromkeys((*possible, OIDC, LAMBDA, AWS_IAM))))
    invocations = stage.rehearse(event, services).invocations
    found = [
        (invocation.target.api, each)
        for invocation in invocations
        for each in invocation.receptions
        if each.subscriber is not None
    ]
    # What a function or another server makes of it shows when it is asked: whoever may hear of it listens.
    found += [
        (invocation.target.api, Heard(subscriber.field, subscriber, None))
        for invocation in invocations
        if invocation.unproven
        for subscriber in stage.audiences[invocation.target.api].default_subscribers
        if not subscriber.required and subscriber.field in stage.fed_by(invocation)
    ]
    if not found:
        raise LivebusError(
            "the event would reach nobody: no rule matches it, or no subscription hears of its mutation",
            advice="`livebus validate` says why.",
        )
    modes = [(api, each, each.subscriber.caller.mode) for api, each in found if each.subscriber is not None]
    users = [
        (api, each)
        for mode in possible
        for api, each, its in modes
        if its == mode and not (mode == API_KEY and api in without_keys)
    ]
    if token is not None and token.is_named and not any(its in with_token for _, _, its in modes):
        fields = ", ".join(sorted({reception.field for _, reception in found}))
        raise WrongUsage(
            f"nobody subscribes with such a token here: {fields}", Place("--token-file"), advice="Leave it out."
        )
    if not users:
        raise _nobody(line.application, modes)
    # A filter of a resolver may let others have the message, and not this user.
    return max(users, key=lambda each: (each[1].payload is not None, each[1].arrives))


def _nobody(application: Application, modes: Sequence[tuple[str, Heard, str]]) -> LivebusError:
    """That all who would hear of the event come in by another way, and what goes on from here."""
    from livebus.caller import LAMBDA, OIDC

    fields = ", ".join(sorted({reception.field for _, reception, _ in modes}))
    apis = {api.logical_id: api for api in application.apis}
    providers = [each for name in {api for api, _, _ in modes} for each in apis[name].providers]
    functions = {function.arn: function.logical_id for function in application.functions}
    arns = [each.authorizer_arn for each in providers if each.mode == LAMBDA and each.authorizer_arn]
    lambdas = [functions.get(arn, arn) for arn in arns]
    issuers = [each.issuer for each in providers if each.mode == OIDC and each.issuer]
    whose = [*(f"one that the authorizer {name} lets in" for name in lambdas), *(f"one of {each}" for each in issuers)]
    advice = (
        f"`livebus demo --token-file FILE` subscribes with a token: {', or '.join(whose)}."
        if whose
        else "`livebus local --verbose`, and `livebus publish --local` beside it, show the event's way to the API."
    )
    return LivebusError(
        f"the demo signs in as a user of a user pool or with an API key, and none of these is for one: {fields}",
        advice=advice,
    )


def outputs_of(runtime: Runtime, stack: str) -> dict[str, list[str]]:
    """The names of the Outputs that hold a URL of an API, by the API's logical id."""
    application = runtime.served.applications()[stack]
    return {
        api.logical_id: [
            name for name, value in application.outputs.items() if value in (api.graphql_url, api.realtime_url)
        ]
        for api in application.apis
    }
