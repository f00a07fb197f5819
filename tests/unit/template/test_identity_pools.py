"""Identity pools, as a template declares them."""

from __future__ import annotations

from livebus.template import Environment
from livebus.template.application import IdentityPool, IdentityProvider, RoleMapping, RoleRule
from livebus.template.document import read_document
from livebus.template.identity_pools import read_identity_pools
from livebus.template.resources import Resources

TEMPLATE = """
Resources:
  Pool:
    Type: AWS::Cognito::IdentityPool
    Properties:
      IdentityPoolName: people
      AllowUnauthenticatedIdentities: true
      CognitoIdentityProviders: [{ClientId: c, ProviderName: cognito-idp.us-east-1.amazonaws.com/us-east-1_p}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Pool
      Roles: {authenticated: arn:a, unauthenticated: arn:u}
      RoleMappings:
        one:
          IdentityProvider: provider:c
          Type: Rules
          AmbiguousRoleResolution: Deny
          RulesConfiguration: {Rules: [{Claim: group, MatchType: Equals, Value: x, RoleARN: arn:x}]}
  Other:
    Type: AWS::Cognito::IdentityPool
    Properties: {AllowUnauthenticatedIdentities: false, SamlProviderARNs: [arn:s]}
"""


def test_a_pool_has_its_providers_roles_and_rules() -> None:
    """The attachment's roles are the pool's; what is not emulated is told."""
    resources = Resources(read_document(TEMPLATE, "t"), Environment(), {})
    pool, other = read_identity_pools(resources)
    assert pool == IdentityPool(
        resources.ref(resources.of_type("AWS::Cognito::IdentityPool")[0]),
        "Pool",
        "people",
        allow_unauthenticated=True,
        providers=(IdentityProvider("cognito-idp.us-east-1.amazonaws.com/us-east-1_p", "c"),),
        authenticated_role="arn:a",
        unauthenticated_role="arn:u",
        role_mappings={"provider:c": RoleMapping(False, True, (RoleRule("group", "Equals", "x", "arn:x"),))},
        place=pool.place,
    )
    assert pool.identity_pool_id.startswith("us-east-1:")
    assert (other.authenticated_role, other.allow_unauthenticated) == ("", False)
    (fault,) = resources.all_faults
    assert (fault.not_emulated, "SamlProviderARNs" in fault.found) == (True, True)
