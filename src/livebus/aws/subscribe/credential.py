"""
How a client shows AppSync what it has: a token of a user pool or of a Lambda authorizer, or an API key.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import re

from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncAuthentication, AppSyncJWTAuthentication

# As AppSync makes them. No JSON Web Token begins so.
_API_KEY = re.compile("da2-[a-z0-9]{26}")


def authentication(host: str, credential: str) -> AppSyncAuthentication:
    """The headers that a credential goes into: x-api-key for an API key, Authorization for any other."""
    if _API_KEY.fullmatch(credential):
        return AppSyncApiKeyAuthentication(host, credential)
    return AppSyncJWTAuthentication(host, credential)
