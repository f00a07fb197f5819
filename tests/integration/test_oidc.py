"""OPENID_CONNECT: an issuer that the runtime asks for its keys, and tokens that it signs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livebus.runtime.cognito.tokens import SigningKeys
from support.application import change, copied
from support.http import request
from support.issuer import Issuer, issuing
from support.running import RunningRuntime
from support.sockets import run, subscribed
from support.waiting import until

PROVIDERS = "      AdditionalAuthenticationProviders:\n"
OIDC = "        - AuthenticationType: OPENID_CONNECT\n          OpenIDConnectConfig:\n            Issuer: {issuer}\n"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as provider:
        yield provider


@pytest.fixture
def runtime(tmp_path: Path, start_runtime: Any, issuer: Issuer) -> RunningRuntime:
    template = copied(tmp_path / "app", (PROVIDERS, PROVIDERS + OIDC.format(issuer=issuer.url)))
    change(
        template.parent / "schema.graphql", "String @aws_cognito_user_pools", "String @aws_cognito_user_pools @aws_oidc"
    )
    running: RunningRuntime = start_runtime(template=template)
    return running


def status(runtime: RunningRuntime, token: str) -> int:
    headers = {"Authorization": token, "Content-Type": "application/json"}
    return request(runtime.port, "POST", "/graphql", body=b'{"query": "{ placeholder }"}', headers=headers).status


def test_a_token_of_the_issuer_subscribes(runtime: RunningRuntime, issuer: Issuer) -> None:
    """As soon as the issuer's keys are there, its users get messages."""
    until(lambda: status(runtime, issuer.token()) == 200, "the issuer's keys")

    async def check() -> Any:
        async with subscribed(str(runtime.outputs["RealtimeUrl"]), issuer.token()) as socket:
            runtime.put("to carol")
            return await socket.message()

    assert run(check()) == "to carol"


def test_other_tokens_are_refused(runtime: RunningRuntime, issuer: Issuer) -> None:
    """Another key, an end in the past, another issuer."""
    until(lambda: status(runtime, issuer.token()) == 200, "the issuer's keys")
    stranger = SigningKeys.generate().sign({"iss": issuer.url, "sub": "carol", "iat": 0, "exp": 2_000_000_000})
    late = issuer.token(exp=int(time.time()) - 60)
    elsewhere = issuer.token(iss="https://example.com")
    assert [status(runtime, token) for token in (stranger, late, elsewhere)] == [401, 401, 401]


def test_an_issuer_that_does_not_answer_is_told_of(tmp_path: Path, start_runtime: Any) -> None:
    """The runtime starts all the same, says so once, and serves everybody else."""
    nobody = "http://127.0.0.1:9"
    template = copied(tmp_path / "app", (PROVIDERS, PROVIDERS + OIDC.format(issuer=nobody)))
    runtime = start_runtime(template=template)
    line = runtime.wait_for_line(f"the keys of {nobody} cannot be had")
    assert "its tokens are refused" in line
    assert runtime.tokens()["TokenType"] == "Bearer"
