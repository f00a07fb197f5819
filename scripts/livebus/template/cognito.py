"""
User pools with their clients and groups, as an Application has them.

Properties follow AWS::Cognito::UserPool, UserPoolClient and UserPoolGroup.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livebus.template.application import UserPool, UserPoolClient
from livebus.template.resources import Resource, Resources

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
# What Cognito opens where ExplicitAuthFlows is left out.
_DEFAULT_AUTH_FLOWS = frozenset({"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"})


def read_user_pools(resources: Resources) -> tuple[UserPool, ...]:
    clients: dict[str, list[UserPoolClient]] = {}
    for resource in resources.of_type("AWS::Cognito::UserPoolClient"):
        if resources.required(resource, "UserPoolId"):
            clients.setdefault(str(resource.properties["UserPoolId"]), []).append(_client(resources, resource))
    groups: dict[str, list[str]] = {}
    for resource in resources.of_type("AWS::Cognito::UserPoolGroup"):
        if resources.required(resource, "UserPoolId"):
            name = str(resources.attributes.ref(resource.logical_id))
            groups.setdefault(str(resource.properties["UserPoolId"]), []).append(name)
    return tuple(_pool(resources, resource, clients, groups) for resource in resources.of_type("AWS::Cognito::UserPool"))


def _pool(
    resources: Resources,
    resource: Resource,
    clients: Mapping[str, list[UserPoolClient]],
    groups: Mapping[str, list[str]],
) -> UserPool:
    properties = resource.properties
    pool_id = str(resources.attributes.ref(resource.logical_id))
    password_policy = (properties.get("Policies") or {}).get("PasswordPolicy") or {}
    admin_create = properties.get("AdminCreateUserConfig") or {}
    return UserPool(
        user_pool_id=pool_id,
        arn=str(resources.attributes.get(resource.logical_id, "Arn")),
        logical_id=resource.logical_id,
        clients=tuple(clients.get(pool_id, ())),
        groups=tuple(groups.get(pool_id, ())),
        username_attributes=tuple(properties.get("UsernameAttributes") or ()),
        auto_verified_attributes=tuple(properties.get("AutoVerifiedAttributes") or ()),
        password_minimum_length=int(password_policy.get("MinimumLength", 8)),
        admin_create_user_only=_is_true(admin_create.get("AllowAdminCreateUserOnly")),
        place=resource.place(),
    )


def _client(resources: Resources, resource: Resource) -> UserPoolClient:
    properties = resource.properties
    units = properties.get("TokenValidityUnits") or {}
    flows = properties.get("ExplicitAuthFlows")
    rotation = properties.get("RefreshTokenRotation") or {}
    has_secret = _is_true(properties.get("GenerateSecret"))
    return UserPoolClient(
        client_id=str(resources.attributes.ref(resource.logical_id)),
        auth_flows=_DEFAULT_AUTH_FLOWS if flows is None else frozenset(flows),
        secret=str(resources.attributes.get(resource.logical_id, "ClientSecret")) if has_secret else None,
        access_token_validity=_seconds(properties.get("AccessTokenValidity"), units.get("AccessToken", "hours"), 3600),
        id_token_validity=_seconds(properties.get("IdTokenValidity"), units.get("IdToken", "hours"), 3600),
        refresh_token_validity=_seconds(
            properties.get("RefreshTokenValidity"), units.get("RefreshToken", "days"), 30 * 86_400
        ),
        prevent_user_existence_errors=properties.get("PreventUserExistenceErrors") == "ENABLED",
        refresh_token_rotation=rotation.get("Feature") == "ENABLED",
        logical_id=resource.logical_id,
    )


def _seconds(value: Any, unit: str, default: int) -> int:
    return default if value is None else int(value) * _SECONDS[unit]


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
