"""
What the template says of pools and clients, in the API's form.

Pools and clients are made by the template, so that there are no actions to create, change or delete them.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPool.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from livebus.runtime.cognito.context import Action, Answer, Context, Request
from livebus.runtime.cognito.pages import page
from livebus.template.application import UserPool, UserPoolClient


def describe_user_pool(context: Context, request: Request) -> Answer:
    pool = context.directory.pool(request["UserPoolId"])
    members: dict[str, Any] = {
        "Id": pool.user_pool_id,
        "Name": _name(pool),
        "Arn": pool.arn,
        "Policies": {"PasswordPolicy": {"MinimumLength": pool.password_minimum_length}},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": pool.admin_create_user_only},
        "EstimatedNumberOfUsers": len(context.record(pool).users),
        "LambdaConfig": {},
        "MfaConfiguration": "OFF",
    }
    if pool.username_attributes:
        members["UsernameAttributes"] = list(pool.username_attributes)
    if pool.auto_verified_attributes:
        members["AutoVerifiedAttributes"] = list(pool.auto_verified_attributes)
    return {"UserPool": members}


def list_user_pools(context: Context, request: Request) -> Answer:
    rows, token = page(list(context.directory.pools.values()), request.get("MaxResults"), request.get("NextToken"))
    answer: dict[str, Any] = {
        "UserPools": [{"Id": pool.user_pool_id, "Name": _name(pool), "LambdaConfig": {}} for pool in rows]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


def describe_user_pool_client(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client_of(request["UserPoolId"], request["ClientId"])
    members: dict[str, Any] = {
        "UserPoolId": pool.user_pool_id,
        "ClientName": client.logical_id or client.client_id,
        "ClientId": client.client_id,
        "AccessTokenValidity": client.access_token_validity,
        "IdTokenValidity": client.id_token_validity,
        "RefreshTokenValidity": client.refresh_token_validity,
        "TokenValidityUnits": dict.fromkeys(("AccessToken", "IdToken", "RefreshToken"), "seconds"),
        "ExplicitAuthFlows": sorted(client.auth_flows),
        "PreventUserExistenceErrors": "ENABLED" if client.prevent_user_existence_errors else "LEGACY",
        "EnableTokenRevocation": True,
        "AllowedOAuthFlowsUserPoolClient": False,
    }
    if client.secret is not None:
        members["ClientSecret"] = client.secret
    if client.refresh_token_rotation:
        members["RefreshTokenRotation"] = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    return {"UserPoolClient": members}


def list_user_pool_clients(context: Context, request: Request) -> Answer:
    pool = context.directory.pool(request["UserPoolId"])
    rows, token = page(pool.clients, request.get("MaxResults"), request.get("NextToken"))
    answer: dict[str, Any] = {"UserPoolClients": [_client_row(pool, client) for client in rows]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def _client_row(pool: UserPool, client: UserPoolClient) -> Answer:
    return {
        "ClientId": client.client_id,
        "UserPoolId": pool.user_pool_id,
        "ClientName": client.logical_id or client.client_id,
    }


def _name(pool: UserPool) -> str:
    # The template's UserPoolName does not reach us; AWS gives a pool without one a name made from its logical id.
    return pool.logical_id or pool.user_pool_id


ACTIONS: Final[Mapping[str, Action]] = {
    "DescribeUserPool": Action(describe_user_pool, ("UserPoolId",)),
    "ListUserPools": Action(list_user_pools, ("MaxResults",)),
    "DescribeUserPoolClient": Action(describe_user_pool_client, ("UserPoolId", "ClientId")),
    "ListUserPoolClients": Action(list_user_pool_clients, ("UserPoolId",)),
}
