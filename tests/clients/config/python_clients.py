"""
boto3 and gql, pointed at the local runtime. ``outputs`` is what livebus local --outputs writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport


def aws_client(outputs: Mapping[str, str], service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=outputs["EndpointUrl"],
        region_name=outputs["Region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def subscription_transport(outputs: Mapping[str, str], token: str) -> AppSyncWebsocketsTransport:
    host = urlsplit(outputs["GraphQLUrl"]).netloc
    return AppSyncWebsocketsTransport(url=outputs["RealtimeUrl"], auth=AppSyncJWTAuthentication(host=host, jwt=token))
