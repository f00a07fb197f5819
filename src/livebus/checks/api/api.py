"""
Checks of the GraphQL API: that EventBridge reaches it and may sign for it, and that those who listen can come in.

In: an inspection. Out: faults at the API's settings, its keys and its user pools' clients.
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from livebus.access import Principal, evaluate
from livebus.caller import AWS_IAM, COGNITO, LAMBDA, OIDC, Mode
from livebus.checks.api.calls import modes_are_read
from livebus.checks.check import Checks
from livebus.checks.inspection import Inspection
from livebus.errors import Fault
from livebus.template.application import GraphQLApi
from livebus.template.policies import read_statements
from livebus.template.properties import Properties
from livebus.template.resource import Resource

CHECKS = Checks()

_TARGET = "https://docs.aws.amazon.com/eventbridge/latest/userguide/target-appsync.html"
_AUTHZ = "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html"
_REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"

_SETTINGS: dict[Mode, str] = {COGNITO: "UserPoolConfig", OIDC: "OpenIDConnectConfig", LAMBDA: "LambdaAuthorizerConfig"}
_APPSYNC = Principal("Service", "appsync.amazonaws.com")


# --- what is inspected ----------------------------------------------------------------------------------------------


def _targeted(inspection: Inspection) -> Iterator[tuple[GraphQLApi, Resource]]:
    """The APIs that rules target, each once."""
    apis = {target.api.logical_id: target.api for target in inspection.targets if target.api}
    for logical_id, api in apis.items():
        resource = inspection.resource(logical_id)
        if resource is not None:
            yield api, resource


def all_apis(inspection: Inspection) -> Iterator[tuple[GraphQLApi, Resource]]:
    for api in inspection.application.apis:
        resource = inspection.resource(api.logical_id)
        if resource is not None:
            yield api, resource


def providers(resource: Resource) -> Iterator[Properties]:
    """The default provider, which is the API itself, and the additional ones."""
    yield resource.properties
    yield from resource.properties.mappings("AdditionalAuthenticationProviders")


# --- EventBridge ----------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9140",
    "An API that a rule targets takes AWS_IAM",
    why="EventBridge signs with IAM and knows no other mode: AppSync answers 401 to each event.",
    source=_TARGET,
)
def _takes_iam(inspection: Inspection) -> Iterator[Fault]:
    for api, resource in _targeted(inspection):
        modes = [provider.mode for provider in api.providers]
        if AWS_IAM not in modes and modes_are_read(inspection, api):
            found = f"API {api.logical_id!r} takes {' and '.join(modes)} only, and a rule targets it"
            advice = "Add AuthenticationType: AWS_IAM to AdditionalAuthenticationProviders."
            yield Fault(found, resource.place("AuthenticationType"), "AWS_IAM among the modes", advice)


@CHECKS.add(
    "E9141",
    "An API that a rule targets is public",
    why="EventBridge does not reach private APIs: each event fails. The setting cannot be changed later, only replaced.",
    source=_TARGET,
)
def _is_public(inspection: Inspection) -> Iterator[Fault]:
    for api, resource in _targeted(inspection):
        if resource.properties.text("Visibility") == "PRIVATE":
            found = f"API {api.logical_id!r} is PRIVATE, and a rule targets it"
            yield Fault(found, resource.place("Visibility"), "GLOBAL", "Leave Visibility out.")


# --- ways in --------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9142",
    "The default user pool has a DefaultAction",
    why='AppSync refuses the API with "Invalid default effect type.", and the stack is rolled back.',
    source="https://docs.aws.amazon.com/appsync/latest/APIReference/API_UserPoolConfig.html",
)
def _default_action(inspection: Inspection) -> Iterator[Fault]:
    for _, resource in all_apis(inspection):
        config = resource.properties.mapping("UserPoolConfig")
        is_default = resource.properties.text("AuthenticationType") == COGNITO
        if is_default and "UserPoolId" in config and "DefaultAction" not in config:
            found = "the default user pool has no DefaultAction"
            yield Fault(found, config.place(), "ALLOW or DENY", "Add DefaultAction: ALLOW.")


@CHECKS.add(
    "E9143",
    "Additional user pools have no DefaultAction",
    why='CloudFormation refuses the API: "Encountered unsupported properties in {/AdditionalAuthenticationProviders/…}".',
    source=f"{_REFERENCE}/aws-properties-appsync-graphqlapi-cognitouserpoolconfig.html",
)
def _no_further_default_action(inspection: Inspection) -> Iterator[Fault]:
    for _, resource in all_apis(inspection):
        for item in resource.properties.mappings("AdditionalAuthenticationProviders"):
            config = item.mapping("UserPoolConfig")
            if "DefaultAction" in config:
                advice = "Remove it: only the default user pool has one."
                yield Fault("an additional user pool has a DefaultAction", config.place("DefaultAction"), advice=advice)


@CHECKS.add(
    "E9145",
    "UserPoolId is the id of a user pool",
    why="AppSync refuses the API, or every token: the pool is not found by another name.",
    source=f"{_REFERENCE}/aws-properties-appsync-graphqlapi-userpoolconfig.html",
)
def _pool_id(inspection: Inspection) -> Iterator[Fault]:
    resources = inspection.resources
    pools = resources.of_type("AWS::Cognito::UserPool")
    mistaken = {
        resources.attribute(pool, name): f"the {name} of {pool}"
        for pool in pools
        for name in ("Arn", "ProviderName", "ProviderURL")
    }
    mistaken |= {resources.ref(client): str(client) for client in resources.of_type("AWS::Cognito::UserPoolClient")}
    for _, resource in all_apis(inspection):
        for provider in providers(resource):
            config = provider.mapping("UserPoolConfig")
            if what := mistaken.get(config.text("UserPoolId")):
                advice = f"Write !Ref {pools[0].logical_id}." if pools else "Write !Ref and the pool's logical id."
                yield Fault(f"UserPoolId is {what}", config.place("UserPoolId"), "the id of a user pool", advice)


@CHECKS.add(
    "E9147",
    "OpenID Connect providers and Lambda authorizers are complete",
    why="AppSync refuses the API, and the stack is rolled back.",
    source=_AUTHZ,
)
def _complete(inspection: Inspection) -> Iterator[Fault]:
    for _, resource in all_apis(inspection):
        for provider in providers(resource):
            mode = provider.text("AuthenticationType")
            if mode == LAMBDA and "AuthorizerUri" not in provider.mapping("LambdaAuthorizerConfig"):
                found = "a Lambda authorizer has no AuthorizerUri"
                advice = "Add LambdaAuthorizerConfig with AuthorizerUri: the ARN of the function."
                yield Fault(found, provider.place("AuthenticationType"), advice=advice)
            issuer = provider.mapping("OpenIDConnectConfig").text("Issuer")
            if mode == OIDC and issuer and not re.match(r"https://[^\s/]", issuer):
                place = provider.mapping("OpenIDConnectConfig").place("Issuer")
                yield Fault(f"Issuer is {issuer!r}", place, "an https URL", "Write the iss of its tokens.")


@CHECKS.add(
    "W9141",
    "The settings of a provider are those of its mode",
    why="AppSync does not read the settings of other modes: those who were meant to come in by them cannot.",
    source=f"{_REFERENCE}/aws-resource-appsync-graphqlapi.html",
)
def _settings_of_mode(inspection: Inspection) -> Iterator[Fault]:
    for _, resource in all_apis(inspection):
        for mode, member, provider in _misplaced_settings(resource):
            found = f"{member} stands with {provider.text('AuthenticationType')}"
            advice = f"Write AuthenticationType: {mode}, or give the {member} a provider of its own."
            yield Fault(found, provider.place(member), mode, advice)


def _misplaced_settings(resource: Resource) -> Iterator[tuple[Mode, str, Properties]]:
    for provider in providers(resource):
        given = provider.text("AuthenticationType")
        for mode, member in _SETTINGS.items():
            if given and member in provider and given != mode:
                yield mode, member, provider


def modes_meant(inspection: Inspection, api: GraphQLApi) -> set[Mode]:
    """The modes whose settings an API has where they do not count."""
    resource = inspection.resource(api.logical_id)
    return {mode for mode, _, _ in _misplaced_settings(resource)} if resource else set()


# --- logging --------------------------------------------------------------------------------------------------------


@CHECKS.add(
    "E9146",
    "LogConfig is complete",
    why="AppSync refuses the API, and the stack is rolled back.",
    source="https://docs.aws.amazon.com/appsync/latest/APIReference/API_LogConfig.html",
)
def _log_config(inspection: Inspection) -> Iterator[Fault]:
    levels = ("NONE", "ERROR", "INFO", "DEBUG", "ALL")
    for _, resource in all_apis(inspection):
        if "LogConfig" not in resource.properties:
            continue
        config = resource.properties.mapping("LogConfig")
        for member in ("FieldLogLevel", "CloudWatchLogsRoleArn"):
            if member not in config.values:
                yield Fault(f"LogConfig has no {member}", config.place(), f"a {member}")
        level = config.text("FieldLogLevel")
        if level and level not in levels:
            yield Fault(f"FieldLogLevel is {level!r}", config.place("FieldLogLevel"), f"one of {', '.join(levels)}")


@CHECKS.add(
    "W9147",
    "AppSync may assume the role that it logs with",
    why="Without its log nobody learns of GraphQL errors: they travel in an HTTP 200, which EventBridge takes for success.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/monitoring.html",
)
def _log_role(inspection: Inspection) -> Iterator[Fault]:
    resources = inspection.resources
    roles = {resources.attribute(role, "Arn"): role for role in resources.of_type("AWS::IAM::Role")}
    for _, resource in all_apis(inspection):
        config = resource.properties.mapping("LogConfig")
        role = roles.get(config.text("CloudWatchLogsRoleArn"))
        if role is None or "AssumeRolePolicyDocument" not in role.properties:
            continue
        trust = read_statements(role.properties, "AssumeRolePolicyDocument")
        # Conditions hang on ids that are not known here.
        bare = [{name: value for name, value in each.items() if name != "Condition"} for each in trust]
        if not evaluate(bare, action="sts:AssumeRole", resource=None, principal=_APPSYNC, context={}).allowed:
            found = f"role {role.logical_id!r} does not trust appsync.amazonaws.com, and the API logs with it"
            advice = "Allow sts:AssumeRole to the principal Service: appsync.amazonaws.com."
            yield Fault(found, role.place("AssumeRolePolicyDocument"), advice=advice)


@CHECKS.add(
    "W9148",
    "The log holds no messages",
    why="With FieldLogLevel ALL each event is logged with its content and the callers' headers: that costs, and keeps "
    "what may be personal.",
    source="https://docs.aws.amazon.com/appsync/latest/devguide/monitoring.html",
)
def _verbose_log(inspection: Inspection) -> Iterator[Fault]:
    for _, resource in all_apis(inspection):
        config = resource.properties.mapping("LogConfig")
        if config.text("FieldLogLevel") == "ALL" and not config.flag("ExcludeVerboseContent"):
            found = "FieldLogLevel is 'ALL', without ExcludeVerboseContent"
            advice = "Write FieldLogLevel: ERROR and ExcludeVerboseContent: true."
            yield Fault(found, config.place("FieldLogLevel"), "ERROR", advice)
