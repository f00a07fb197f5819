"""
AWS STS: whose credentials these are, and other ones for roles of the stacks.

Whoever calls the local runtime without such is one and the same user of one account, who may assume what trusts the
account. Signatures are not checked here: no call of AWS's services does anything that the user could not.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from livebus.access import Principal, evaluate
from livebus.access.role_session import RoleSession
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.identity_pools import IdentityPools
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.template import Environment

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_LEAST_SECONDS, _MOST_SECONDS, _DEFAULT_SECONDS = 900, 43_200, 3600


class Sts:
    def __init__(self, environment: Environment, credentials: TemporaryCredentials, identities: IdentityPools) -> None:
        self._environment = environment
        self._credentials = credentials
        self._identities = identities

    def call(self, action: str, form: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises AwsError for the actions that are not emulated."""
        if action == "GetCallerIdentity":
            user_id = "AIDALOCALRUNTIME00000"
            return {"Arn": self._user, "UserId": user_id, "Account": self._environment.account}
        if action == "AssumeRole":
            return self._assume_role(form)
        if action == "AssumeRoleWithWebIdentity":
            arn, name, token = (
                str(form.get(member) or "") for member in ("RoleArn", "RoleSessionName", "WebIdentityToken")
            )
            return told(self._identities.assume(arn, name, token, _seconds(form)))
        raise AwsError("InvalidAction", f"sts:{action} is not emulated by the local runtime.")

    @property
    def _user(self) -> str:
        return self._environment.arn("iam", "user/local", regional=False)

    def _assume_role(self, form: Mapping[str, Any]) -> dict[str, Any]:
        arn, name = str(form.get("RoleArn") or ""), str(form.get("RoleSessionName") or "")
        if missing := [member for member in ("RoleArn", "RoleSessionName") if not form.get(member)]:
            found = f"Value null at '{missing[0][0].lower()}{missing[0][1:]}' failed to satisfy constraint: Member must not be null"
            raise AwsError("ValidationError", f"1 validation error detected: {found}")
        role = self._credentials.roles.get(arn)
        # What a role trusts is the account, or the user by name; a role that is not there is refused in the same words.
        user = Principal("AWS", self._user)
        if (
            role is None
            or not evaluate(role.trust, action="sts:AssumeRole", resource=None, principal=user, context={}).allowed
        ):
            raise AwsError(
                "AccessDenied",
                f"User: {self._user} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                403,
            )
        return told(self._credentials.issue(arn, name, _seconds(form)))


def told(session: RoleSession) -> dict[str, Any]:
    """Credentials and their user, as AssumeRole answers."""
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": datetime.fromtimestamp(session.expires, UTC),
        },
        "AssumedRoleUser": {"AssumedRoleId": f"AROALOCALRUNTIME00000:{session.name}", "Arn": session.arn},
    }


def _seconds(form: Mapping[str, Any]) -> int:
    given = str(form.get("DurationSeconds") or _DEFAULT_SECONDS)
    if not given.isdecimal() or not _LEAST_SECONDS <= int(given[:9]) <= _MOST_SECONDS:
        found = f"Value '{given[:20]}' at 'durationSeconds' failed to satisfy constraint"
        expected = f"Member must have value between {_LEAST_SECONDS} and {_MOST_SECONDS}"
        raise AwsError("ValidationError", f"1 validation error detected: {found}: {expected}")
    return int(given)
