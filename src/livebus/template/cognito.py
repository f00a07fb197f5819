"""
User pools with their clients and groups, as an Application has them.

Properties follow AWS::Cognito::UserPool, UserPoolClient and UserPoolGroup.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html
"""

from __future__ import annotations

import re

from livebus.errors import did_you_mean
from livebus.template.application import UserPool, UserPoolClient
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.resources import Resources

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_DAY = 86_400
# What Cognito opens where ExplicitAuthFlows is left out.
_DEFAULT_AUTH_FLOWS = frozenset({"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"})
_AUTH_FLOWS = (
    "ADMIN_NO_SRP_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "CUSTOM_AUTH_FLOW_ONLY",
    "USER_PASSWORD_AUTH",
)
_PASSWORD_KINDS = {
    "RequireUppercase": "uppercase",
    "RequireLowercase": "lowercase",
    "RequireNumbers": "numeric",
    "RequireSymbols": "symbol",
}
_GROUP_NAME = re.compile(r"\S{1,128}")


def read_user_pools(resources: Resources) -> tuple[UserPool, ...]:
    pools = {resources.ref(pool): pool for pool in resources.of_type("AWS::Cognito::UserPool")}
    clients: dict[str, list[UserPoolClient]] = {pool_id: [] for pool_id in pools}
    groups: dict[str, list[str]] = {pool_id: [] for pool_id in pools}
    for resource in resources.of_type("AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolGroup"):
        if not resource.required("UserPoolId"):
            continue
        pool_id = resource.properties.text("UserPoolId")
        if pool_id not in pools:
            place = resource.place("UserPoolId")
            resources.warn(place, f"user pool {pool_id!r} is not in the template: {resource} does nothing here")
        elif resource.type == "AWS::Cognito::UserPoolClient":
            clients[pool_id].append(_client(resources, resource))
        else:
            resource.properties.matching("GroupName", _GROUP_NAME, "1 to 128 characters and no space")
            groups[pool_id].append(resources.ref(resource))
    return tuple(_pool(resources, pool, clients[pool_id], groups[pool_id]) for pool_id, pool in pools.items())


def _pool(resources: Resources, resource: Resource, clients: list[UserPoolClient], groups: list[str]) -> UserPool:
    properties = resource.properties
    password_policy = properties.mapping("Policies").mapping("PasswordPolicy")
    return UserPool(
        user_pool_id=resources.ref(resource),
        arn=resources.attribute(resource, "Arn"),
        logical_id=resource.logical_id,
        clients=tuple(clients),
        groups=tuple(groups),
        username_attributes=_chosen(properties, "UsernameAttributes", ("email", "phone_number")),
        auto_verified_attributes=_chosen(properties, "AutoVerifiedAttributes", ("email", "phone_number")),
        password_minimum_length=password_policy.number("MinimumLength", 8, 6, 99),
        password_requires=_required_kinds(properties, password_policy),
        username_case_sensitive=properties.mapping("UsernameConfiguration").flag("CaseSensitive", default=True),
        admin_create_user_only=properties.mapping("AdminCreateUserConfig").flag("AllowAdminCreateUserOnly"),
        place=resource.place(),
    )


def _required_kinds(properties: Properties, policy: Properties) -> frozenset[str]:
    """The kinds of characters that a password needs: all four where the template has no policy, as Cognito decides."""
    has_policy = "PasswordPolicy" in properties.mapping("Policies")
    return frozenset(kind for member, kind in _PASSWORD_KINDS.items() if policy.flag(member, default=not has_policy))


def _client(resources: Resources, resource: Resource) -> UserPoolClient:
    properties = resource.properties
    flows = _chosen(properties, "ExplicitAuthFlows", _AUTH_FLOWS)
    has_secret = properties.flag("GenerateSecret")
    errors = properties.text("PreventUserExistenceErrors", choices=("ENABLED", "LEGACY"))
    rotation = properties.mapping("RefreshTokenRotation").text("Feature", choices=("ENABLED", "DISABLED"))
    return UserPoolClient(
        client_id=resources.ref(resource),
        auth_flows=frozenset(flows) if "ExplicitAuthFlows" in properties else _DEFAULT_AUTH_FLOWS,
        secret=resources.attribute(resource, "ClientSecret") if has_secret else None,
        access_token_validity=_validity(properties, "AccessToken", "hours", 3600, least=300, most=_DAY),
        id_token_validity=_validity(properties, "IdToken", "hours", 3600, least=300, most=_DAY),
        refresh_token_validity=_validity(properties, "RefreshToken", "days", 30 * _DAY, least=3600, most=3650 * _DAY),
        prevent_user_existence_errors=errors == "ENABLED",
        refresh_token_rotation=rotation == "ENABLED",
        logical_id=resource.logical_id,
    )


def _validity(properties: Properties, token: str, unit: str, default: int, *, least: int, most: int) -> int:
    """How long a token is valid, in seconds; least and most are Cognito's, in seconds too."""
    seconds = _SECONDS[properties.mapping("TokenValidityUnits").text(token, unit, choices=tuple(_SECONDS)) or unit]
    member = f"{token}Validity"
    # 0 is not a time to Cognito: it takes its own default instead.
    value = properties.number(member, 0, 0, 315_360_000) * seconds
    if value and not least <= value <= most:
        properties.fault(f"{member} is {value} seconds", member, expected=f"{least} to {most} seconds")
    return value or default


def _chosen(properties: Properties, name: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    """A list of texts, each one of the choices."""
    texts = properties.texts(name)
    for index, text in enumerate(texts):
        if text not in choices:
            expected = f"one of {', '.join(choices)}"
            properties.fault(
                f"{name} holds {text!r}", name, index, expected=expected, advice=did_you_mean(text, choices)
            )
    return texts
