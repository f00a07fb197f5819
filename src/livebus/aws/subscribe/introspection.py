"""
An API's schema by introspection, for whoever has no file of it.

In: the API's GraphQL URL and a token. Out: graphql-core's schema. Where the API does not let itself be introspected (as this
project's own template has it), AppSync's refusal is told.
https://docs.aws.amazon.com/appsync/latest/devguide/configuring-graphql-introspection.html
"""

from __future__ import annotations

import asyncio
from typing import Any

from gql import Client
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportError, TransportQueryError
from graphql import GraphQLSchema, build_client_schema, get_introspection_query
from graphql import parse as parse_graphql

from livebus.aws.subscribe.credential import authentication
from livebus.errors import Unreachable
from livebus.stack.api_address import ApiAddress

SECONDS = 15
_ADVICE = "Give the schema with --schema FILE, or the whole subscription with --subscription."


def introspect(api: ApiAddress, token: str) -> GraphQLSchema:
    """Ask the API for its schema. Raises Unreachable where it does not tell."""
    return asyncio.run(_introspect(api, token))


async def _introspect(api: ApiAddress, token: str) -> GraphQLSchema:
    import aiohttp

    transport = AIOHTTPTransport(url=api.graphql_url, auth=authentication(api.host, token), timeout=SECONDS, ssl=True)
    doing = f"cannot ask {api.host} for its schema"
    try:
        async with Client(transport=transport, fetch_schema_from_transport=False) as session:
            answer: Any = await session.execute(parse_request())
    except TransportQueryError as error:
        words = "; ".join(str(each.get("message")) for each in error.errors or () if isinstance(each, dict))
        raise Unreachable(f"{doing}: {words or error}", advice=_ADVICE) from None
    except (TransportError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unreachable(f"{doing}: {str(error) or type(error).__name__}", advice=_ADVICE) from None
    return build_client_schema(answer)


def parse_request() -> Any:
    from gql import GraphQLRequest

    return GraphQLRequest(parse_graphql(get_introspection_query(descriptions=False)))
