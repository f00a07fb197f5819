"""
What ``amplify_outputs.json`` says of a stack, asked of AWS or of the local runtime.

In: a session, and what a person named. Out: the document of :mod:`livebus.stack.amplify_outputs`. Which API, user pool and app
client are meant is told as for every other command; AppSync says how the API lets callers in, and which user pool it trusts.
https://docs.aws.amazon.com/appsync/latest/APIReference/API_GetGraphqlApi.html
https://docs.aws.amazon.com/appsync/latest/APIReference/API_ListApiKeys.html
https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_DescribeIdentityPool.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livebus.aws.refusal import told_as_faults
from livebus.aws.session import Session
from livebus.errors import LivebusError, Unreachable, did_you_mean
from livebus.stack.amplify_outputs import API_KEY, USER_POOLS, AmplifyApi, AmplifyUsers, amplify_outputs
from livebus.stack.api_address import ApiAddress
from livebus.stack.resources import CLIENT, IDENTITY_POOL, of_type

_IDENTITY_POOL_ID = re.compile(r"[\w-]+:[0-9a-f-]+")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person named, each by an Output, a logical id or itself; empty where nothing is named."""

    api: str = ""
    client: str = ""
    user_pool: str = ""
    identity_pool: str = ""
    authorization_type: str = ""


def amplify_document(session: Session, chosen: Chosen) -> dict[str, Any]:
    """
    The document of a stack.

    Raises LivebusError where there is no API or several, no such app client, user pool or identity pool or several, and where
    AWS does not tell.
    """
    address = session.api(chosen.api)
    described = _described(session, chosen.api, address)
    providers = [described, *described.get("additionalAuthenticationProviders", ())]
    types = [str(each["authenticationType"]) for each in providers]
    users = _users(session, chosen, address, providers) if _has_users(session, chosen, types) else None
    region = str(described["arn"]).split(":")[3]
    api = AmplifyApi(address, region, types, _api_key(session, str(described["apiId"])) if API_KEY in types else "")
    return amplify_outputs(api, users, chosen.authorization_type)


def _described(session: Session, wanted: str, address: ApiAddress) -> Mapping[str, Any]:
    """What AppSync says of the API: the one at the address, else (at a domain of its own) the one that is named, or the only one."""
    known = session.described_apis
    for api in known.values():
        if api["uris"]["GRAPHQL"] == address.graphql_url:
            return api
    if wanted in known:
        return known[wanted]
    if len(known) == 1:
        return next(iter(known.values()))
    raise Unreachable(
        f"{session.owner} has no API at {address.graphql_url}",
        expected=f"--api with {' or '.join(known) or 'an API of the stack, and it has none'}",
    )


def _has_users(session: Session, chosen: Chosen, types: list[str]) -> bool:
    """Whether somebody signs in: where the API takes users, where one is named, and where the stack has who could."""
    named = chosen.client or chosen.user_pool or chosen.identity_pool
    return bool(USER_POOLS in types or named or of_type(session.resources, CLIENT))


def _users(session: Session, chosen: Chosen, address: ApiAddress, providers: list[Mapping[str, Any]]) -> AmplifyUsers:
    client_id = session.client_id(address, chosen.client)
    trusted = [str(each["userPoolConfig"]["userPoolId"]) for each in providers if "userPoolConfig" in each]
    pool_id = session.pool_id(client_id, chosen.user_pool)
    if not chosen.user_pool and pool_id not in trusted and len(set(trusted)) == 1:
        # The API's own word counts more than a guess by names.
        pool_id = trusted[0]
    if not pool_id:
        pools = ", ".join(dict.fromkeys([*trusted, *session.pools])) or "none in the stack"
        raise LivebusError(
            f"{session.owner}: the user pool of the app client {client_id} cannot be told",
            expected=f"--user-pool with one of {pools}",
        )
    identity_pool_id = _identity_pool(session, chosen.identity_pool)
    return AmplifyUsers(
        pool_id, client_id, identity_pool_id, bool(identity_pool_id) and _lets_guests_in(session, identity_pool_id)
    )


def _identity_pool(session: Session, wanted: str) -> str:
    """The id of the identity pool that is meant; empty where the stack has none."""
    pools = dict(sorted(of_type(session.resources, IDENTITY_POOL).items()))
    if wanted:
        found = pools.get(wanted) or session.outputs.get(wanted, wanted)
        if not _IDENTITY_POOL_ID.fullmatch(found):
            raise Unreachable(
                f"{session.owner} has no identity pool {wanted!r}",
                expected=f"one of {', '.join(pools) or 'none'}, or an id as eu-west-1:0123abcd-…",
                advice=did_you_mean(wanted, pools),
            )
        return found
    if len(pools) > 1:
        raise LivebusError(
            f"{session.owner} has {len(pools)} identity pools", expected=f"--identity-pool with {' or '.join(pools)}"
        )
    return next(iter(pools.values()), "")


def _lets_guests_in(session: Session, identity_pool_id: str) -> bool:
    client = session.client("cognito-identity")
    with told_as_faults(f"ask Cognito for the identity pool {identity_pool_id!r}"):
        answer = client.describe_identity_pool(IdentityPoolId=identity_pool_id)
    return bool(answer["AllowUnauthenticatedIdentities"])


def _api_key(session: Session, api_id: str) -> str:
    """The API's key that is valid longest; empty where it has none. It identifies an app, and is in each of its pages."""
    client = session.client("appsync")
    with told_as_faults(f"ask AppSync for the API keys of {api_id!r}"):
        keys = client.list_api_keys(apiId=api_id).get("apiKeys") or ()
    return max(((int(each.get("expires", 0)), str(each["id"])) for each in keys), default=(0, ""))[1]
