"""Who calls, and roles that are assumed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from livebus.runtime.aws_errors import AwsError
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.runtime.identity_pools import IdentityPools
from livebus.runtime.sts import Sts
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.template import Environment
from livebus.template.application import Role

ROLE = "arn:aws:iam::123456789012:role/"
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole"}


@pytest.fixture
def sts() -> Sts:
    environment = Environment()
    credentials = TemporaryCredentials(lambda: 1000.0, bytes)
    credentials.roles = {
        f"{ROLE}deploy": Role("deploy", f"{ROLE}deploy", "D", ({**TRUST, "Principal": {"AWS": "123456789012"}},)),
        f"{ROLE}events": Role("events", f"{ROLE}events", "E", ({**TRUST, "Principal": {"Service": "events"}},)),
    }
    keys = SigningKeys.generate()
    return Sts(environment, credentials, IdentityPools(keys, credentials, environment, lambda: 1000.0, bytes))


def test_a_role_that_trusts_the_account_is_assumed(sts: Sts) -> None:
    """For an hour, or as long as is asked for."""
    form = {"RoleArn": f"{ROLE}deploy", "RoleSessionName": "me", "DurationSeconds": "900"}
    answer = sts.call("AssumeRole", form)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/deploy/me"
    assert answer["Credentials"]["Expiration"] == datetime.fromtimestamp(1900, UTC)


@pytest.mark.parametrize("name", ["events", "gone"])
def test_other_roles_are_not(sts: Sts, name: str) -> None:
    """In the words that AWS has for a role that does not trust and for one that is not there."""
    with pytest.raises(AwsError) as raised:
        sts.call("AssumeRole", {"RoleArn": f"{ROLE}{name}", "RoleSessionName": "me"})
    user = "arn:aws:iam::123456789012:user/local"
    told = f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {ROLE}{name}"
    assert (raised.value.error_type, raised.value.message) == ("AccessDenied", told)


@pytest.mark.parametrize(
    "form",
    [
        {"RoleSessionName": "me"},
        {"RoleArn": f"{ROLE}deploy"},
        {"RoleArn": f"{ROLE}deploy", "RoleSessionName": "me", "DurationSeconds": "5"},
    ],
)
def test_parameters_are_checked(sts: Sts, form: dict[str, str]) -> None:
    """What has to be there, and how long."""
    with pytest.raises(AwsError) as raised:
        sts.call("AssumeRole", form)
    assert raised.value.error_type == "ValidationError"


def test_who_calls_and_what_is_not_emulated(sts: Sts) -> None:
    """One user of one account."""
    assert sts.call("GetCallerIdentity", {})["Arn"] == "arn:aws:iam::123456789012:user/local"
    with pytest.raises(AwsError, match="sts:GetSessionToken is not emulated"):
        sts.call("GetSessionToken", {})
    with pytest.raises(AwsError, match="not a valid JWT"):
        sts.call("AssumeRoleWithWebIdentity", {"RoleArn": "r", "RoleSessionName": "me", "WebIdentityToken": "x"})
