"""
Identity pools with the roles of those who come through them, as an Application has them.

Properties follow AWS::Cognito::IdentityPool and IdentityPoolRoleAttachment.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-identitypool.html
"""

from __future__ import annotations

from collections.abc import Mapping

from livebus.template.application import IdentityPool, IdentityProvider, RoleMapping, RoleRule
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.resources import Resources

_POOL = "AWS::Cognito::IdentityPool"
_ATTACHMENT = "AWS::Cognito::IdentityPoolRoleAttachment"
_MATCH_TYPES = ("Equals", "NotEqual", "StartsWith", "Contains")
_MOST_RULES = 25


def read_identity_pools(resources: Resources) -> tuple[IdentityPool, ...]:
    pools = {resources.ref(pool): pool for pool in resources.of_type(_POOL)}
    attached: dict[str, Properties] = {}
    for attachment in resources.of_type(_ATTACHMENT):
        if not attachment.required("IdentityPoolId"):
            continue
        pool_id = attachment.properties.text("IdentityPoolId")
        if pool_id in pools:
            attached[pool_id] = attachment.properties
        else:
            found = f"identity pool {pool_id!r} is not in the template: {attachment} does nothing here"
            resources.warn(attachment.place("IdentityPoolId"), found)
    return tuple(_pool(resources, pool_id, pool, attached.get(pool_id)) for pool_id, pool in pools.items())


def _pool(resources: Resources, pool_id: str, resource: Resource, attached: Properties | None) -> IdentityPool:
    properties = resource.properties
    resource.required("AllowUnauthenticatedIdentities")
    for member in ("OpenIdConnectProviderARNs", "SamlProviderARNs", "SupportedLoginProviders", "DeveloperProviderName"):
        if member in properties:
            properties.not_emulated(f"{member} of {resource} is not emulated: only user pools sign in here", member)
    roles = attached.map_of_texts("Roles") if attached is not None else {}
    return IdentityPool(
        identity_pool_id=pool_id,
        logical_id=resource.logical_id,
        name=resources.attribute(resource, "Name"),
        allow_unauthenticated=properties.flag("AllowUnauthenticatedIdentities"),
        allow_classic_flow=properties.flag("AllowClassicFlow"),
        providers=tuple(
            IdentityProvider(each.text("ProviderName").removeprefix("https://"), each.text("ClientId"))
            for each in properties.mappings("CognitoIdentityProviders")
        ),
        authenticated_role=roles.get("authenticated", ""),
        unauthenticated_role=roles.get("unauthenticated", ""),
        role_mappings=_role_mappings(attached) if attached is not None else {},
        place=resource.place(),
    )


def _role_mappings(attached: Properties) -> Mapping[str, RoleMapping]:
    """The mappings by provider: ``cognito-idp.REGION.amazonaws.com/POOL:CLIENT``."""
    mappings = attached.mapping("RoleMappings")
    found: dict[str, RoleMapping] = {}
    for key in mappings.values:
        mapping = mappings.mapping(key)
        rules = tuple(
            RoleRule(
                each.text("Claim"),
                each.text("MatchType", choices=_MATCH_TYPES),
                each.text("Value"),
                each.text("RoleARN"),
            )
            for each in mapping.mapping("RulesConfiguration").mappings("Rules")
        )
        if len(rules) > _MOST_RULES:
            mapping.fault(f"RoleMappings {key!r} has {len(rules)} rules", expected=f"at most {_MOST_RULES}")
        denies = mapping.text("AmbiguousRoleResolution", choices=("AuthenticatedRole", "Deny")) == "Deny"
        uses_token = mapping.text("Type", choices=("Token", "Rules")) == "Token"
        found[mapping.text("IdentityProvider") or key] = RoleMapping(uses_token, denies, rules)
    return found
