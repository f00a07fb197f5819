"""
``amplify_outputs.json``: what an app with Amplify reads to find its API and its users.

In: an API and the users who sign in to it, as a stack has them. Out: the document, as version 1.4 of Amplify's conventions has
it, and whether a document that is there is one of ours. Amplify has no member for a user pool's endpoint, nor for an address of
subscriptions of its own: for an API on this machine both stand in ``custom``, which Amplify leaves to the app.
https://docs.amplify.aws/react/reference/amplify_outputs/
https://docs.amplify.aws/react/build-a-backend/data/connect-to-existing-data-sources/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from livebus.errors import LivebusError
from livebus.stack.api_address import ApiAddress, is_on_this_machine

VERSION = "1.4"
USER_POOLS, API_KEY = "AMAZON_COGNITO_USER_POOLS", "API_KEY"
OWN = "livebus"
_OWN_MEMBERS = frozenset({"version", "auth", "data", "custom"})


@dataclass(frozen=True, slots=True)
class AmplifyApi:
    """
    An API as an app meets it. ``authorization_types`` are AppSync's names, its default first; ``api_key`` is empty where there
    is none.
    """

    address: ApiAddress
    region: str
    authorization_types: Sequence[str]
    api_key: str = ""


@dataclass(frozen=True, slots=True)
class AmplifyUsers:
    """Who signs in: a user pool with an app client, and an identity pool where there is one; ``has_guests`` is that one's."""

    user_pool_id: str
    client_id: str
    identity_pool_id: str = ""
    has_guests: bool = False

    @property
    def region(self) -> str:
        return self.user_pool_id.partition("_")[0]


def default_type(types: Sequence[str], wanted: str = "") -> str:
    """
    How the app's calls are let in where the app says nothing: as ``wanted``, else as users of a user pool where the API takes
    them (its own default is IAM where EventBridge calls it, and that is no app's), else the API's default.

    Raises LivebusError where the API does not take ``wanted``.
    """
    if wanted and wanted not in types:
        raise LivebusError(
            f"the API does not take {wanted}", expected=f"--authorization-type with {' or '.join(types)}"
        )
    return wanted or (USER_POOLS if USER_POOLS in types else types[0])


def amplify_outputs(api: AmplifyApi, users: AmplifyUsers | None, wanted_type: str = "") -> dict[str, Any]:
    """The document. ``users`` is None where nobody signs in. Raises as :func:`default_type`."""
    default = default_type(api.authorization_types, wanted_type)
    data: dict[str, Any] = {
        "url": api.address.graphql_url,
        "aws_region": api.region,
        "default_authorization_type": default,
        # The others: Amplify's own tools leave the default out, too.
        "authorization_types": [each for each in api.authorization_types if each != default],
    }
    if api.api_key:
        data["api_key"] = api.api_key
    document: dict[str, Any] = {"version": VERSION}
    if users is not None:
        document["auth"] = _auth(users)
    document["data"] = data
    if is_on_this_machine(api.address):
        parts = urlsplit(api.address.graphql_url)
        endpoint = f"{parts.scheme}://{parts.netloc}"
        document["custom"] = {OWN: {"endpoint": endpoint, "realtime_url": api.address.realtime_url}}
    return document


def is_own(document: object) -> bool:
    """Whether a document is one that :func:`amplify_outputs` may have made, with nothing in it that would be lost."""
    if not isinstance(document, Mapping) or not str(document.get("version", "")).startswith("1"):
        return False
    custom = document.get("custom", {})
    data = document.get("data", {})
    return (
        document.keys() <= _OWN_MEMBERS
        and isinstance(custom, Mapping)
        and custom.keys() <= {OWN}
        and isinstance(data, Mapping)
        and "model_introspection" not in data
    )


def _auth(users: AmplifyUsers) -> dict[str, Any]:
    auth: dict[str, Any] = {
        "aws_region": users.region,
        "user_pool_id": users.user_pool_id,
        "user_pool_client_id": users.client_id,
    }
    if users.identity_pool_id:
        auth |= {"identity_pool_id": users.identity_pool_id, "unauthenticated_identities_enabled": users.has_guests}
    return auth
