"""
AppSync's GetGraphqlApi and ListApiKeys: where an API answers and with which keys, for tools that know it from its stack only.

In: the method and path of a request that is signed for AppSync. Out: an answer, None for every other operation of AppSync's.
https://docs.aws.amazon.com/appsync/latest/APIReference/API_GetGraphqlApi.html
https://docs.aws.amazon.com/appsync/latest/APIReference/API_ListApiKeys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from livebus.runtime.aws_errors import HttpAnswer
from livebus.template.application import AuthProvider, GraphQLApi

_PATH = re.compile(r"/v1/apis/(?P<id>[A-Za-z0-9_-]{1,128})(?P<keys>/apikeys)?")
_JSON = {"Content-Type": "application/json"}


def get_api(method: str, path: str, apis: Callable[[], Iterable[GraphQLApi]], request_id: str) -> HttpAnswer | None:
    """The answer to a call of AppSync's own API; None where it is another operation."""
    found = _PATH.fullmatch(path)
    if found is None or method != "GET":
        return None
    headers = {**_JSON, "x-amzn-RequestId": request_id}
    for api in apis():
        if api.api_id == found["id"]:
            # A key's id is the key itself. When it expires is not told: here none does.
            told = (
                {"apiKeys": [{"id": key} for key in api.api_keys]} if found["keys"] else {"graphqlApi": _described(api)}
            )
            return HttpAnswer(200, headers, orjson.dumps(told))
    body = {"message": f"GraphQL API {found['id']} not found."}
    return HttpAnswer(404, {**headers, "x-amzn-errortype": "NotFoundException"}, orjson.dumps(body))


def _described(api: GraphQLApi) -> dict[str, Any]:
    return {
        "name": api.name,
        "apiId": api.api_id,
        "arn": api.arn,
        "apiType": "GRAPHQL",
        "visibility": "GLOBAL",
        "introspectionConfig": "ENABLED" if api.introspection else "DISABLED",
        "queryDepthLimit": api.query_depth_limit,
        "resolverCountLimit": api.resolver_count_limit,
        "uris": {"GRAPHQL": api.graphql_url, "REALTIME": api.realtime_url},
        **_provider(api.default_provider),
        "additionalAuthenticationProviders": [_provider(each) for each in api.additional_providers],
    }


def _provider(provider: AuthProvider) -> dict[str, Any]:
    described: dict[str, Any] = {"authenticationType": provider.mode}
    if provider.user_pool_id:
        described["userPoolConfig"] = {
            "userPoolId": provider.user_pool_id,
            "awsRegion": provider.user_pool_id.partition("_")[0],
            "appIdClientRegex": provider.app_id_client_regex,
        }
    if provider.issuer:
        described["openIDConnectConfig"] = {"issuer": provider.issuer, "clientId": provider.client_id}
    return described
