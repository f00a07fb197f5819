"""
The two ways in which a password signs in: sent as it is (USER_PASSWORD_AUTH), or proved (USER_SRP_AUTH).

In: a cognito-idp client, and what it answers. Out: which ways the app client allows, and the answers to Cognito's
challenges. AWS describes the exchange, and not the arithmetic, which is in ``livebus.srp``.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolClient.html
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from livebus.aws.refusal import code_and_message
from livebus.errors import Unreachable

PASSWORD = "USER_PASSWORD_AUTH"  # noqa: S105 - Cognito's name of a flow
SRP = "USER_SRP_AUTH"
PASSWORD_VERIFIER = "PASSWORD_VERIFIER"  # noqa: S105 - Cognito's name of a challenge
# What a client has that names none; the names without ALLOW_ are an older form, whose clients may always use SRP.
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
_ALLOWED_BY = {SRP: "ALLOW_USER_SRP_AUTH", PASSWORD: "ALLOW_USER_PASSWORD_AUTH"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class DescribingClient(Protocol):
    """As much of boto3's cognito-idp client as is used here."""

    def describe_user_pool_client(self, **request: Any) -> Mapping[str, Any]: ...


def allowed_flows(
    client: DescribingClient, pool_id: str, client_id: str, tell: Callable[[str], object]
) -> tuple[str, ...]:
    """
    The flows to try, the first one first: SRP before the password itself, which then never leaves this machine.

    Without the pool's id there is no SRP, and nobody to ask. Where asking is not allowed both are tried, and ``tell`` hears
    why. Nothing where the app client lets nobody sign in with a password.
    """
    if not pool_id:
        return (PASSWORD,)
    try:
        answer = client.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    except (ClientError, BotoCoreError) as error:
        why = code_and_message(error)[0] if isinstance(error, ClientError) else type(error).__name__
        if why == "ResourceNotFoundException":  # not a client of this pool, whose name would go into the proof
            return (PASSWORD,)
        tell(f"cannot see which sign-in the app client allows ({why}): trying {SRP}, then {PASSWORD}")
        return (SRP, PASSWORD)
    enabled = set(answer["UserPoolClient"].get("ExplicitAuthFlows") or (_ALLOWED_BY[SRP],))
    if not any(name.startswith("ALLOW_") for name in enabled):
        enabled |= {_ALLOWED_BY[SRP], f"ALLOW_{PASSWORD}" if PASSWORD in enabled else ""}
    return tuple(flow for flow, name in _ALLOWED_BY.items() if name in enabled)


class SrpExchange:
    """
    One sign-in by SRP: what is sent first, and the answer to PASSWORD_VERIFIER.

    ``now`` is the time in UTC that the proof is made at.
    """

    def __init__(self, pool_id: str, user_name: str, password: str, now: Callable[[], datetime]) -> None:
        from livebus import srp

        self._pool_name = pool_id.partition("_")[2]
        self._user_name = user_name
        self._password = password
        self._now = now
        self._private = int.from_bytes(secrets.token_bytes(srp.PRIVATE_BYTES))

    @property
    def parameters(self) -> dict[str, str]:
        """AuthParameters of InitiateAuth."""
        from livebus import srp

        return {"USERNAME": self._user_name, "SRP_A": f"{srp.client_public(self._private):x}"}

    def responses(self, challenge: Mapping[str, str]) -> dict[str, str]:
        """ChallengeResponses for the ChallengeParameters of PASSWORD_VERIFIER. Raises Unreachable for what is none."""
        from livebus import srp

        try:
            user_id, block = challenge["USER_ID_FOR_SRP"], challenge["SECRET_BLOCK"]
            salt, public = int(challenge["SALT"], 16), int(challenge["SRP_B"], 16)
            secret_block = b64decode(block, validate=True)
        except (KeyError, ValueError) as error:
            raise Unreachable(f"the sign-in was answered by something that is not SRP: {error!r}") from None
        key = srp.client_session_key(
            public, self._private, pool_name=self._pool_name, user_id=user_id, password=self._password, salt=salt
        )
        if key is None:
            raise Unreachable("the sign-in was answered with an SRP_B that proves nothing")
        timestamp = timestamp_of(self._now())
        signature = srp.claim_signature(key, self._pool_name, user_id, secret_block, timestamp)
        return {
            "USERNAME": user_id,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": b64encode(signature).decode(),
            "TIMESTAMP": timestamp,
        }


def timestamp_of(now: datetime) -> str:
    """A time in UTC as Cognito takes it: in English, whatever the locale, and no zero before the day."""
    return f"{_DAYS[now.weekday()]} {_MONTHS[now.month - 1]} {now.day} {now:%H:%M:%S} UTC {now.year}"
