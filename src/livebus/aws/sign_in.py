"""
Signs a user of a Cognito user pool in, and keeps the token fresh.

In: a cognito-idp client, the app client's id, a user name and a password. Out: a token that is good for some minutes
more, whenever it is asked for.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from livebus.aws.deadline import CALL_SECONDS, within
from livebus.aws.refusal import code_and_message, unreachable
from livebus.aws.sign_in_flow import PASSWORD, PASSWORD_VERIFIER, SRP, SrpExchange, allowed_flows
from livebus.errors import Refused, Unreachable

# A connection or a subscription begins at once; a token that is good for a minute is good enough. Of a token that does
# not live for two minutes it is half its life.
MARGIN_SECONDS = 60.0
# The longest life of an access or id token: https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
LONGEST_SECONDS = 86_400
# What may be otherwise at the next attempt; Cognito's own codes, and botocore's where an answer has no body.
_PASSING = ("TooManyRequests", "LimitExceeded", "Throttl", "Internal", "Unavailable", "HTTP 5", "Timeout")

_ADVICE = {
    "UserNotConfirmedException": "Confirm the user: `aws cognito-idp admin-confirm-sign-up`.",
    "PasswordResetRequiredException": "Set a password: `aws cognito-idp admin-set-user-password --permanent`.",
    "UserNotFoundException": "Create the user: `aws cognito-idp admin-create-user`.",
    "InvalidParameterException": "The app client needs ALLOW_USER_SRP_AUTH or ALLOW_USER_PASSWORD_AUTH among its "
    "ExplicitAuthFlows; SRP also needs the user pool's id: an output UserPoolId, or --user-pool.",
    "ResourceNotFoundException": "See that the stack's output UserPoolClientId is that of this region.",
}
# What a sign-in may ask for beyond the password, in words.
_CHALLENGES = {
    "SMS_MFA": "a code that is sent by SMS",
    "EMAIL_OTP": "a code that is sent by email",
    "SMS_OTP": "a code that is sent by SMS",
    "SOFTWARE_TOKEN_MFA": "a code of an authenticator app",
    "SELECT_MFA_TYPE": "a choice of the second factor",
    "MFA_SETUP": "a second factor to be set up",
    "DEVICE_SRP_AUTH": "a device that Cognito remembers",
    "CUSTOM_CHALLENGE": "an answer to the pool's own challenge",
}


class _FlowNotEnabled(Refused):
    """The app client does not allow this way to sign in; it may allow another one."""


class IdentityProviderClient(Protocol):
    """As much of boto3's cognito-idp client as is used here."""

    def initiate_auth(self, **request: Any) -> Mapping[str, Any]: ...

    def respond_to_auth_challenge(self, **request: Any) -> Mapping[str, Any]: ...

    def describe_user_pool_client(self, **request: Any) -> Mapping[str, Any]: ...


class SignIn:
    """
    One user's sign-in; ``member`` says which token is wanted. ``token()`` blocks: a coroutine calls it in a thread.

    With ``pool_id`` the password is proved (SRP) where the app client allows it, and sent otherwise; without, it is sent.
    ``tell`` hears what a person may want to know of that. ``new_password`` is asked when Cognito wants the temporary password replaced (NEW_PASSWORD_REQUIRED), at most once;
    without it such a sign-in fails. ``clock`` gives seconds, and goes on while the machine sleeps, as tokens age then,
    too. Refused is raised where another attempt would be refused again, Unreachable where it may not be.
    """

    def __init__(
        self,
        client: IdentityProviderClient,
        *,
        client_id: str,
        user_name: str,
        password: str,
        member: Literal["AccessToken", "IdToken"] = "AccessToken",
        pool_id: str = "",
        new_password: Callable[[], str] | None = None,
        tell: Callable[[str], object] = len,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._client_id = client_id
        self._user_name = user_name
        self._password = password
        self._member = member
        self._pool_id = pool_id
        self._flows: tuple[str, ...] = ()
        self._new_password = new_password
        self._tell = tell
        self._clock = clock
        self._tokens: Mapping[str, Any] = {}
        self._refresh_token = ""
        self._stale_from = 0.0
        self._lock = threading.Lock()

    def token(self) -> str:
        """Return a fresh token; sign in, refresh, or sign in anew as it takes. Raises Refused or Unreachable."""
        with self._lock:
            fresh = bool(self._tokens) and self._clock() < self._stale_from
            if not fresh and not self._refreshed():
                self._sign_in()
            return str(self._tokens[self._member])

    @property
    def flow(self) -> str:
        """Cognito's name of the flow that signed in; empty before."""
        return self._flows[0] if self._tokens and self._flows else ""

    def refresh_in(self) -> float:
        """In how many seconds the token is to be refreshed, so that there always is a fresh one. Below 0: now."""
        return self._stale_from - self._clock()

    def renew(self) -> None:
        """Forget the token: it was refused, whatever its age. The next one is new."""
        self._tokens = {}

    def _sign_in(self) -> None:
        answer = self._begun()
        if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            answer = self._replace_password(answer)
        challenge = answer.get("ChallengeName")
        if challenge:
            words = f" ({_CHALLENGES[challenge]})" if challenge in _CHALLENGES else ""
            raise Refused(
                f"sign-in of {self._user_name!r} asks for {challenge}{words}, which only an app can answer",
                advice="Use a user without it, or the token that an app got: --token-file, LIVEBUS_TOKEN.",
            )
        self._keep(answer)

    def _begun(self) -> Mapping[str, Any]:
        """Prove the password, or send it, as the app client allows: the tokens, or the next challenge."""
        flows = self._flows or allowed_flows(self._client, self._pool_id, self._client_id, self._tell)
        if not flows:
            raise Refused(
                f"the app client {self._client_id!r} lets nobody sign in with a password",
                expected="ALLOW_USER_SRP_AUTH or ALLOW_USER_PASSWORD_AUTH among its ExplicitAuthFlows",
                advice="Use the token that an app got: --token-file, LIVEBUS_TOKEN.",
            )
        for flow in flows:
            try:
                answer = self._with_srp() if flow == SRP else self._with_password()
            except _FlowNotEnabled:
                if flow == flows[-1]:
                    raise
            else:
                self._flows = (flow,)
                break
        return answer

    def _with_password(self) -> Mapping[str, Any]:
        parameters = {"USERNAME": self._user_name, "PASSWORD": self._password}
        return self._call(self._client.initiate_auth, AuthFlow=PASSWORD, AuthParameters=parameters)

    def _with_srp(self) -> Mapping[str, Any]:
        exchange = SrpExchange(self._pool_id, self._user_name, self._password, lambda: datetime.now(UTC))
        challenge = self._call(self._client.initiate_auth, AuthFlow=SRP, AuthParameters=exchange.parameters)
        if challenge.get("ChallengeName") != PASSWORD_VERIFIER:
            return challenge
        session = {"Session": challenge["Session"]} if challenge.get("Session") else {}
        return self._call(
            self._client.respond_to_auth_challenge,
            ChallengeName=PASSWORD_VERIFIER,
            ChallengeResponses=exchange.responses(challenge.get("ChallengeParameters") or {}),
            **session,
        )

    def _replace_password(self, challenge: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._new_password is None:
            raise Refused(
                f"sign-in of {self._user_name!r} asks for a new password in place of the temporary one",
                advice="Set one: `aws cognito-idp admin-set-user-password --permanent`.",
            )
        demanded = _demanded(challenge)
        if demanded:
            raise Refused(
                f"sign-in of {self._user_name!r} asks for a new password, and for {', '.join(demanded)}",
                advice="Set them: `aws cognito-idp admin-update-user-attributes`.",
            )
        password = self._new_password()
        # With aliases, the challenge wants the name that Cognito itself uses for the user.
        parameters = challenge.get("ChallengeParameters")
        named = parameters.get("USER_ID_FOR_SRP") if isinstance(parameters, Mapping) else None
        user_name = named or self._user_name
        answer = self._call(
            self._client.respond_to_auth_challenge,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge.get("Session", ""),
            ChallengeResponses={"USERNAME": user_name, "NEW_PASSWORD": password},
        )
        self._password = password
        return answer

    def _refreshed(self) -> bool:
        """Refresh the tokens; False where there is no refresh token, or it is not taken any more."""
        if not self._refresh_token:
            return False
        try:
            answer = within(
                CALL_SECONDS,
                lambda: self._client.initiate_auth(
                    ClientId=self._client_id,
                    AuthFlow="REFRESH_TOKEN_AUTH",
                    AuthParameters={"REFRESH_TOKEN": self._refresh_token},
                ),
                f"refresh the sign-in of {self._user_name!r}",
            )
        except ClientError as error:
            if _may_pass(error):
                raise unreachable(error, f"refresh the sign-in of {self._user_name!r}") from None
            # Expired, revoked, or a client with refresh token rotation: the password still signs in.
            self._refresh_token = ""
            return False
        except BotoCoreError as error:
            raise unreachable(error, f"refresh the sign-in of {self._user_name!r}") from None
        self._keep(answer)
        return True

    def _keep(self, answer: Mapping[str, Any]) -> None:
        self._tokens, life = self._checked(answer)
        # A refresh brings no new refresh token: the old one stays good.
        self._refresh_token = self._tokens.get("RefreshToken") or self._refresh_token
        self._stale_from = self._clock() + life - min(MARGIN_SECONDS, life / 2)

    def _checked(self, answer: Mapping[str, Any]) -> tuple[Mapping[str, Any], float]:
        """The tokens of an answer, and their life in seconds. Raises Unreachable: another answer may have them."""
        tokens = answer.get("AuthenticationResult")
        life = tokens.get("ExpiresIn") if isinstance(tokens, Mapping) else None
        token = tokens.get(self._member) if isinstance(tokens, Mapping) else None
        if not isinstance(tokens, Mapping) or not isinstance(token, str) or not token:
            missing = "AuthenticationResult" if not isinstance(tokens, Mapping) else self._member
            raise Unreachable(
                f"sign-in of {self._user_name!r} was answered without {missing}",
                advice="That is no answer of Cognito's: see what the endpoint URL is of.",
            )
        if type(life) is not int or not 0 < life <= LONGEST_SECONDS:
            raise Unreachable(
                f"sign-in of {self._user_name!r} was answered with a token whose ExpiresIn is {str(life)[:40]}",
                advice=f"Cognito's is a number of seconds from 300 to {LONGEST_SECONDS}: see what the endpoint URL is of.",
            )
        return tokens, float(life)

    def _call(self, operation: Callable[..., Mapping[str, Any]], **request: Any) -> Mapping[str, Any]:
        try:
            return within(
                CALL_SECONDS,
                lambda: operation(ClientId=self._client_id, **request),
                f"sign {self._user_name!r} in",
            )
        except ClientError as error:
            code, message = code_and_message(error)
            kind = Unreachable if _may_pass(error) else Refused
            if code == "InvalidParameterException" and "not enabled" in message:
                kind = _FlowNotEnabled
            raise kind(
                f"sign-in of {self._user_name!r} was refused: {code}: {message}", advice=_ADVICE.get(code, "")
            ) from None
        except BotoCoreError as error:
            raise unreachable(error, f"sign {self._user_name!r} in") from None


def _demanded(challenge: Mapping[str, Any]) -> list[str]:
    """The attributes that Cognito wants together with a new password: those that the pool requires and the user lacks."""
    try:
        names = json.loads(challenge.get("ChallengeParameters", {}).get("requiredAttributes") or "[]")
    except ValueError:
        return []
    return [str(name).removeprefix("userAttributes.") for name in names] if isinstance(names, list) else []


def _may_pass(error: ClientError) -> bool:
    code, _ = code_and_message(error)
    return any(word in code for word in _PASSING)
