"""The subscriber against the runtime: several subscriptions, connections that end, tokens that age, slow readers."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from livebus.aws import local_runtime
from livebus.aws.sign_in import SignIn
from livebus.aws.subscribe.introspection import introspect
from livebus.aws.subscribe.subscriber import BUFFERED, Subscriber, Subscription, SubscriptionOperation
from livebus.errors import Refused, Unreachable
from livebus.realtime import RealtimeSettings
from livebus.runtime.appsync import realtime_session
from livebus.stack.api_address import ApiAddress
from livebus.subscribe.document import subscription_fields, write_document
from livebus.subscribe.message import Gap, Message
from support.application import copied
from support.running import USER, RunningRuntime
from support.sockets import run
from support.waiting import until

# The subscriber's time goes faster than the runtime's: an hour's token is old after a third of a second.
SPEED = 10_000
INTROSPECTED = {"Introspection": "ENABLED"}
SCHEMA = """
type Message @aws_iam @aws_cognito_user_pools { msg: String! }
type Query { placeholder: String }
type Mutation { publishMsgFromEB(msg: String!): Message @aws_iam }
type Subscription {
  onPublishMsgFromEb(msg: String): Message @aws_cognito_user_pools @aws_subscribe(mutations: ["publishMsgFromEB"])
  onNobody: String @aws_iam
}
"""
PUBLISH = """
export function request(ctx) { return { payload: { msg: ctx.args.msg } } }
export function response(ctx) { return ctx.result }
"""


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """The project's template with a message that is an object, and a subscription that can be filtered."""
    template = copied(
        tmp_path / "app",
        ("publishMsgFromEB(msg: $msg)\n", "publishMsgFromEB(msg: $msg) { msg }\n"),
    )
    (template.parent / "schema.graphql").write_text(SCHEMA)
    (template.parent / "resolvers" / "publishMsgFromEB.js").write_text(PUBLISH)
    return template


class Pool:
    """The runtime's Cognito, with the flows that were asked for."""

    def __init__(self, runtime: RunningRuntime) -> None:
        self._client = runtime.client("cognito-idp")
        self.flows: list[str] = []

    def initiate_auth(self, **request: Any) -> Any:
        self.flows.append(request["AuthFlow"])
        return self._client.initiate_auth(**request)

    def respond_to_auth_challenge(self, **request: Any) -> Any:
        return self._client.respond_to_auth_challenge(**request)


def signed_in(runtime: RunningRuntime, pool: Pool | None = None, **options: Any) -> SignIn:
    name, password = USER
    client_id = str(runtime.outputs["UserPoolClientId"])
    return SignIn(pool or Pool(runtime), client_id=client_id, user_name=name, password=password, **options)


def subscriber(runtime: RunningRuntime, sign_in: SignIn | None = None, **options: Any) -> Subscriber:
    url = str(runtime.outputs["RealtimeUrl"])
    token = (sign_in or signed_in(runtime)).token
    return Subscriber(realtime_url=url, host=urlsplit(url).netloc, token=token, **options)


def filtered(runtime_schema: Any, msg: str | None = None) -> SubscriptionOperation:
    filters = [] if msg is None else [("msg", msg)]
    document = write_document(runtime_schema, "onPublishMsgFromEb", filters)
    return SubscriptionOperation.parse(document.text, document.variables or None, document.name)


async def take(subscription: Subscription, count: int) -> list[tuple[str, str]]:
    taken = [await subscription.message() for _ in range(count)]
    return [(message.subscription, message.value["msg"]) for message in taken]


def schema_of(runtime: RunningRuntime) -> Any:
    api = ApiAddress(str(runtime.outputs["GraphQLUrl"]), str(runtime.outputs["RealtimeUrl"]))
    return introspect(api, runtime.tokens()["AccessToken"])


def test_several_subscriptions_share_a_connection(application: Path, start_runtime: Any) -> None:
    """Each has its own filter, typed by the schema that the API tells, and its own name."""
    runtime = start_runtime(template=application, parameters=INTROSPECTED)
    schema = schema_of(runtime)
    assert subscription_fields(schema) == ["onPublishMsgFromEb", "onNobody"]

    async def check() -> list[tuple[str, str]]:
        operations = [filtered(schema), filtered(schema, "red"), filtered(schema, "red"), filtered(schema, "blue")]
        async with subscriber(runtime).subscribe(*operations) as subscription:
            sessions = runtime.call(lambda: [len(api.sessions) for api in runtime.runtime.served.paths.values()])
            assert (sessions, runtime.subscribers()) == ([1], 4)
            await asyncio.to_thread(runtime.put, "red", "green", "blue")
            return await take(subscription, 6)

    red, blue = "onPublishMsgFromEb(msg=red)", "onPublishMsgFromEb(msg=blue)"
    assert sorted(run(check())) == sorted(
        [
            *(("onPublishMsgFromEb", msg) for msg in ("red", "green", "blue")),
            (red, "red"),
            (f"{red}#2", "red"),
            (blue, "blue"),
        ]
    )


def test_each_refused_subscription_is_told(application: Path, start_runtime: Any) -> None:
    """In AppSync's words, and by its name; the sound one does not go on alone."""
    runtime = start_runtime(template=application, parameters=INTROSPECTED)
    operations = ["subscription { onNobody }", "subscription { onPublishMsgFromEb { msg } }", "subscription X { onX }"]

    async def check() -> None:
        async with subscriber(runtime).subscribe(*operations):
            pass

    with pytest.raises(Refused) as raised:
        run(check())
    assert [str(fault) for fault in raised.value.faults] == [
        (
            "AppSync refused the subscription onNobody: Unauthorized: "
            "Not Authorized to access onNobody on type Subscription"
        ),
        (
            "AppSync refused the subscription X: Validation error of type FieldUndefined: "
            "Field 'onX' in type 'Subscription' is undefined @ 'onX'"
        ),
    ]
    runtime.wait_for_subscribers(0)


def test_a_connection_at_the_end_of_its_life_is_taken_up_again(application: Path, start_runtime: Any) -> None:
    """All its subscriptions are back, and the gap stands between the messages before and after it."""
    runtime = start_runtime(template=application, parameters=INTROSPECTED, realtime=RealtimeSettings(lifetime=0.5))
    schema = schema_of(runtime)

    async def check() -> list[Message | Gap]:
        told: list[str] = []
        user = subscriber(runtime, lost=told.append)
        stopping = asyncio.Event()

        async def publish() -> None:
            while not stopping.is_set():
                await asyncio.to_thread(runtime.put, "tick")

        taken: list[Message | Gap] = []
        async with user.subscribe(filtered(schema), filtered(schema, "tick")) as subscription:
            publishing = asyncio.create_task(publish())
            names: set[str] = set()
            while len(names) < 2:
                taken.append(await anext(subscription))
                if any(isinstance(item, Gap) for item in taken) and isinstance(taken[-1], Message):
                    names.add(taken[-1].subscription)
            stopping.set()
            await publishing
        assert told[0] == next(item.reason for item in taken if isinstance(item, Gap))
        return taken

    taken = run(check())
    gap = next(item for item in taken if isinstance(item, Gap))
    before, after = taken[: taken.index(gap)], taken[taken.index(gap) + 1 :]
    assert "Connection lifetime exceeded" in gap.reason
    for messages in (before, after):
        assert {item.value["msg"] for item in messages if isinstance(item, Message)} <= {"tick"}
    assert [item.received_at <= gap.lost_at for item in before if isinstance(item, Message)] == [True] * len(before)
    assert isinstance(after[0], Message)
    assert gap.lost_at <= gap.back_at <= after[0].received_at + timedelta(seconds=1)


def test_a_token_is_refreshed_before_it_is_old(runtime: RunningRuntime) -> None:
    """With the refresh token, while nothing happens; the next connection has it ready."""
    pool = Pool(runtime)
    sign_in = signed_in(runtime, pool, clock=lambda: time.monotonic() * SPEED)

    async def check() -> tuple[str, str]:
        user = subscriber(
            runtime,
            sign_in,
            refresh_in=sign_in.refresh_in,
            sleep=lambda seconds: asyncio.sleep(seconds / SPEED),
        )
        first = sign_in.token()
        async with user.subscribe("subscription { onPublishMsgFromEb }"):
            await asyncio.to_thread(until, lambda: len(pool.flows) >= 3, "two refreshes")
        return first, sign_in.token()

    first, last = run(check())
    assert pool.flows[:3] == ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN_AUTH"]
    assert first != last


def test_what_is_not_taken_is_not_read(runtime: RunningRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes nothing holds AppSync up, not memory; the runtime ends that after a while, and the gap is told."""
    monkeypatch.setattr(realtime_session, "MAX_UNSENT_BYTES", 1_000_000)
    large = "x" * 60_000
    told = len(runtime.told)

    async def check() -> tuple[list[int], Gap]:
        lost = asyncio.Event()
        async with subscriber(runtime, lost=lambda reason: lost.set()).subscribe(
            "subscription { onPublishMsgFromEb }"
        ) as subscription:
            held = []
            while not lost.is_set():
                # One that is blocked does not see the end of its connection until someone takes what has come.
                await asyncio.to_thread(runtime.put, *[large] * 10)
                held.append(subscription.unread)
                if any("was dropped" in line for line in runtime.told[told:]):
                    break
            while not isinstance(item := await anext(subscription), Gap):
                pass
            return held, item

    held, gap = run(check())
    assert max(held) == BUFFERED
    assert gap.seconds >= 0


def test_a_schema_that_is_not_told(runtime: RunningRuntime) -> None:
    """An API without introspection, a token that is none, and nobody there: each says what to do instead."""
    outputs = runtime.outputs
    api = ApiAddress(str(outputs["GraphQLUrl"]), str(outputs["RealtimeUrl"]))
    for where, token in (
        (api, runtime.tokens()["AccessToken"]),
        (api, "nonsense"),
        (ApiAddress("http://127.0.0.1:1/graphql", "ws://127.0.0.1:1/graphql"), "t"),
    ):
        with pytest.raises(Unreachable, match=r"cannot ask 127\.0\.0\.1:\d+ for its schema: .*--schema FILE"):
            introspect(where, token)


def test_the_runtime_says_which_template_it_runs(application: Path, start_runtime: Any, tmp_path: Path) -> None:
    """In its state file, not among the Outputs: whoever finds the runtime finds the schemas."""
    start_runtime(template=application, state=tmp_path / ".livebus")
    found = local_runtime.find([tmp_path])
    assert found.template == str(application)
    assert ["TemplateFile" in outputs for outputs in found.stacks.values()] == [False]
