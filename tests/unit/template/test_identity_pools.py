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


def read(text: str) -> tuple[tuple[IdentityPool, ...], list[str], list[str]]:
    resources = Resources(read_document(text, "t"), Environment(), {})
    pools = read_identity_pools(resources)
    return pools, [str(fault) for fault in resources.all_faults], [str(each) for each in resources.warnings]


def test_an_attachment_of_a_pool_that_is_not_here_is_told() -> None:
    """With its place: it does nothing here, and is no fault."""
    text = TEMPLATE.replace("IdentityPoolId: !Ref Pool", "IdentityPoolId: us-east-1:elsewhere")
    pools, faults, warnings = read(text)
    assert [pool.role_mappings for pool in pools] == [{}, {}]
    assert len(faults) == 1
    line = 1 + text.splitlines().index("      IdentityPoolId: us-east-1:elsewhere")
    (warning,) = warnings
    assert warning.startswith(f"t:{line}:")
    assert warning.endswith(
        ": identity pool 'us-east-1:elsewhere' is not in the template: AWS::Cognito::IdentityPoolRoleAttachment 'Roles' does "
        "nothing here"
    )


def test_what_is_left_out_has_its_default() -> None:
    """No roles, no classic flow; a mapping without a provider has its key for one, and its rules come before the token."""
    text = """
Resources:
  Pool: {Type: AWS::Cognito::IdentityPool, Properties: {AllowUnauthenticatedIdentities: true, AllowClassicFlow: true}}
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties: {IdentityPoolId: !Ref Pool, Roles: {authenticated: arn:a}, RoleMappings: {key: {Type: Token}}}
  Bare: {Type: AWS::Cognito::IdentityPoolRoleAttachment}
  Second: {Type: AWS::Cognito::IdentityPool}
"""
    (pool, second), faults, _ = read(text)
    assert (pool.authenticated_role, pool.unauthenticated_role, pool.allow_classic_flow) == ("arn:a", "", True)
    assert pool.role_mappings == {"key": RoleMapping(True, False, ())}
    assert (second.allow_unauthenticated, second.allow_classic_flow, second.providers) == (False, False, ())
    assert [each.split(": ", 1)[1] for each in faults] == [
        "AWS::Cognito::IdentityPoolRoleAttachment 'Bare' has no IdentityPoolId",
        "AWS::Cognito::IdentityPool 'Second' has no AllowUnauthenticatedIdentities",
    ]


def test_rules_have_their_number() -> None:
    """25 of a mapping, and not one more."""
    rule = "{Claim: group, MatchType: Equals, Value: x, RoleARN: arn:x}"
    for count, told in ((25, 0), (26, 1)):
        pools, faults, _ = read(TEMPLATE.replace(f"[{rule}]", f"[{', '.join([rule] * count)}]"))
        assert len(pools[0].role_mappings["provider:c"].rules) == count
        found = [each.split(": ", 1)[1] for each in faults if "rules" in each]
        assert found == ["RoleMappings 'one' has 26 rules; expected at most 25"] * told


def test_what_is_not_one_of_the_choices_is_told() -> None:
    """How rules match, what becomes of who matches none, and where roles come from."""
    text = (
        TEMPLATE.replace("Equals", "Like")
        .replace("Resolution: Deny", "Resolution: Maybe")
        .replace("Type: Rules", "Type: Rule")
    )
    _, faults, _ = read(text)
    assert sorted(each.split(": ", 1)[1] for each in faults if "expected" in each) == [
        "AmbiguousRoleResolution is 'Maybe'; expected one of AuthenticatedRole, Deny",
        "MatchType is 'Like'; expected one of Equals, NotEqual, StartsWith, Contains",
        "Type is 'Rule'; expected one of Token, Rules. Did you mean 'Rules'?",
    ]
