"""
Data: temporary credentials of a role, and what whoever holds them may do with an API.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.access.policy import evaluate


@dataclass(frozen=True, slots=True)
class RoleSession:
    """
    A role that somebody has assumed. ``expires`` in epoch seconds.

    The members that begin with ``cognito`` are those of ``ctx.identity``: None where no identity pool was asked.
    """

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: float
    role_arn: str
    name: str
    cognito_identity_pool_id: str | None = None
    cognito_identity_id: str | None = None
    cognito_identity_auth_type: str | None = None
    cognito_identity_auth_provider: str | None = None

    @property
    def role_name(self) -> str:
        return self.role_arn.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """The ARN of the session: who calls, as STS and AppSync tell it."""
        _, partition, _, _, account, _ = self.role_arn.split(":", 5)
        return f"arn:{partition}:sts::{account}:assumed-role/{self.role_name}/{self.name}"


def allowed_fields(
    statements: Iterable[Mapping[str, Any]], api_arn: str, root_fields: Iterable[tuple[str, str]]
) -> frozenset[str]:
    """The fields of the root types, as "Type.field", for which a role's policies allow appsync:GraphQL."""
    known = tuple(statements)
    return frozenset(
        f"{type_name}.{field}"
        for type_name, field in root_fields
        if evaluate(
            known,
            action="appsync:GraphQL",
            resource=f"{api_arn}/types/{type_name}/fields/{field}",
            context={},
        ).allowed
    )
