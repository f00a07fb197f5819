"""Data: user pools and identity pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from livebus.errors import Place


@dataclass(frozen=True, slots=True)
class UserPoolClient:
    """AWS::Cognito::UserPoolClient. Validity in seconds; ``auth_flows`` as in ExplicitAuthFlows."""

    client_id: str
    auth_flows: frozenset[str]
    secret: str | None = None
    access_token_validity: int = 3600
    id_token_validity: int = 3600
    refresh_token_validity: int = 30 * 86_400
    prevent_user_existence_errors: bool = False
    refresh_token_rotation: bool = False
    logical_id: str = ""


@dataclass(frozen=True, slots=True)
class UserPool:
    """
    AWS::Cognito::UserPool with its clients and groups.

    ``password_requires`` names kinds of characters: uppercase, lowercase, numeric, symbol.
    """

    user_pool_id: str
    arn: str
    logical_id: str
    clients: tuple[UserPoolClient, ...] = ()
    groups: tuple[str, ...] = ()
    username_attributes: tuple[str, ...] = ()
    auto_verified_attributes: tuple[str, ...] = ()
    password_minimum_length: int = 8
    password_requires: frozenset[str] = frozenset()
    username_case_sensitive: bool = True
    admin_create_user_only: bool = False
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A user pool whose users an identity pool takes: ``cognito-idp.REGION.amazonaws.com/POOL``, and the app client."""

    name: str
    client_id: str


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A rule that chooses a role by a claim of the token; ``match_type`` as the template names it."""

    claim: str
    match_type: str
    value: str
    role_arn: str


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """How one provider's users get their role: by the token's own claims, else by rules, the first that matches."""

    uses_token: bool
    denies_if_ambiguous: bool
    rules: tuple[RoleRule, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityPool:
    """
    AWS::Cognito::IdentityPool with what IdentityPoolRoleAttachment gives it.

    Roles are ARNs, empty where there is none; ``role_mappings`` are by ``PROVIDER:CLIENT``.
    """

    identity_pool_id: str
    logical_id: str
    name: str = ""
    allow_unauthenticated: bool = False
    allow_classic_flow: bool = False
    providers: tuple[IdentityProvider, ...] = ()
    authenticated_role: str = ""
    unauthenticated_role: str = ""
    role_mappings: Mapping[str, RoleMapping] = field(default_factory=dict)
    place: Place = Place()
