"""
Data: the users, groups and sign-ins of one user pool, as they are kept between two starts.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

UNCONFIRMED: Final = "UNCONFIRMED"
CONFIRMED: Final = "CONFIRMED"
FORCE_CHANGE_PASSWORD: Final = "FORCE_CHANGE_PASSWORD"  # noqa: S105 - a status, no password
RESET_REQUIRED: Final = "RESET_REQUIRED"


@dataclass(frozen=True, slots=True)
class Credential:
    """What is kept of a password: SRP's salt and verifier, both hexadecimal."""

    salt: str
    verifier: str


@dataclass(slots=True)
class User:
    """
    A user. ``attributes`` always holds ``sub``; times are epoch seconds; ``groups`` is in the order of joining.

    ``username`` is what SRP calls USER_ID_FOR_SRP and tokens call username; where the pool signs in by email or phone
    number it is the sub. ``password_set`` is when the credential was made: a temporary one expires.
    """

    username: str
    attributes: dict[str, str]
    status: str
    created: float
    modified: float
    credential: Credential | None = None
    password_set: float = 0.0
    enabled: bool = True
    groups: list[str] = field(default_factory=list)

    @property
    def sub(self) -> str:
        return self.attributes["sub"]

    def attribute_list(self) -> list[dict[str, str]]:
        """The attributes in the API's form, sub first."""
        return [{"Name": name, "Value": value} for name, value in self.attributes.items()]

    def described(self, attributes: str = "Attributes") -> dict[str, Any]:
        """The user in the API's form; AdminGetUser calls the attributes ``UserAttributes``, lists ``Attributes``."""
        return {
            "Username": self.username,
            attributes: self.attribute_list(),
            "UserCreateDate": round(self.created, 3),
            "UserLastModifiedDate": round(self.modified, 3),
            "Enabled": self.enabled,
            "UserStatus": self.status,
        }


@dataclass(slots=True)
class Group:
    """A group. ``declared`` tells that the template has it, so that it goes when the template drops it."""

    name: str
    created: float
    modified: float
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None
    declared: bool = False

    def described(self, user_pool_id: str) -> dict[str, Any]:
        """The group in the API's form; members without a value are left out."""
        members = {
            "GroupName": self.name,
            "UserPoolId": user_pool_id,
            "Description": self.description,
            "RoleArn": self.role_arn,
            "Precedence": self.precedence,
            "LastModifiedDate": round(self.modified, 3),
            "CreationDate": round(self.created, 3),
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(slots=True)
class SignIn:
    """
    One sign-in, which lives as long as its refresh token. The token itself is not kept, only its SHA-256.

    ``origin_jti`` names it in every token that comes from it; ``spent`` are hashes that rotation has replaced.
    """

    origin_jti: str
    username: str
    client_id: str
    event_id: str
    auth_time: int
    expires: float
    token_hash: str
    revoked: bool = False
    spent: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PoolRecord:
    """Everything that is kept of one pool, by name: users by username, groups by name, sign-ins by origin_jti."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    sign_ins: dict[str, SignIn] = field(default_factory=dict)
