"""
Which GraphQL API of a stack is meant, and where it answers.

In: a stack's Outputs, and what a person named: an Output, an API's logical id, a URL, or nothing. Out: an
:class:`ApiAddress`. AppSync has two URLs for an API, one for queries and one for subscriptions; either gives the other:
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#handshake-details-to-establish-the-websocket-connection
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from livebus.errors import LivebusError, Unreachable, did_you_mean

GRAPHQL_URL = "GraphQLUrl"
REALTIME_URL = "RealtimeUrl"
CLIENT_ID = "UserPoolClientId"
POOL_ID = "UserPoolId"

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REALTIME_PATH = "/realtime"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html
_POOL_ID = re.compile(r"[\w-]{1,40}_[0-9a-zA-Z]{1,55}")
_CLIENT_SUFFIX = re.compile(r"(UserPool)?(Web|App)?ClientId$")
# An Output's name, and what a logical id ends in as well.
_CLIENT_OUTPUT = re.compile(r"(UserPool)?(Web|App)?ClientId$")
_CLIENT_SUFFIX = re.compile(r"(UserPool)?(Web|App)?Client(Id)?$")
# AWS documents [\w+]{1,128}; those that Cognito makes are of this form, which no name of an Output has.
_MADE_CLIENT_ID = re.compile(r"[0-9a-z]{20,128}")


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """Where one API answers: ``graphql_url`` (http, https) and ``realtime_url`` (ws, wss)."""

    graphql_url: str
    realtime_url: str

    @property
    def host(self) -> str:
        """The host that authorization names, with its port where it has one."""
        return urlsplit(self.graphql_url).netloc


def address(url: str) -> ApiAddress | None:
    """
    The address of the API that has this URL, of either kind; None where it is not the URL of an API.

    AppSync's own hosts differ in ``appsync-api`` and ``appsync-realtime-api``; at a custom domain ``/realtime`` follows
    the path. The local runtime takes both kinds at one path.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = parts.path.removesuffix(_REALTIME_PATH)
    if parts.scheme not in _SCHEMES or not parts.hostname or not path.endswith("/graphql"):
        return None
    secure = parts.scheme in ("https", "wss")
    host = parts.netloc.replace(".appsync-realtime-api.", ".appsync-api.")
    graphql = SplitResult("https" if secure else "http", host, path, "", "").geturl()
    realtime_host = host.replace(".appsync-api.", ".appsync-realtime-api.")
    is_custom_domain = realtime_host == host and parts.hostname not in _LOOPBACK
    realtime_path = path + _REALTIME_PATH if is_custom_domain else path
    realtime = SplitResult("wss" if secure else "ws", realtime_host, realtime_path, "", "").geturl()
    return ApiAddress(graphql, realtime)


def is_on_this_machine(api: ApiAddress) -> bool:
    """Whether it is the local runtime's."""
    return urlsplit(api.graphql_url).hostname in _LOOPBACK


def find_api(
    outputs: Mapping[str, str],
    owner: str,
    wanted: str = "",
    *,
    logical_ids: Mapping[str, Collection[str]] | None = None,
) -> ApiAddress:
    """
    The API that ``wanted`` names: a URL, an Output that holds one, a logical id (with ``logical_ids``: the Outputs that
    hold its URLs, by logical id), or the beginning of the Outputs of one API. Where nothing is named: the Outputs
    GraphQLUrl and RealtimeUrl, else the only API there is.

    ``owner`` is whose Outputs these are, in words. Raises Unreachable where there is no such API, LivebusError where
    there are several.
    """
    if "://" in wanted:
        found = address(wanted)
        if found is None:
            raise LivebusError(
                f"{wanted!r} is not the URL of a GraphQL API",
                expected="https://… or wss://…, with a path that ends in /graphql",
            )
        return found
    if not wanted:
        return _default(outputs, owner)
    for name in (wanted, *(logical_ids or {}).get(wanted, ())):
        found = address(outputs.get(name, ""))
        if found is not None:
            return found
    apis = _apis(outputs)
    beginning = [api for api, names in apis.items() if any(name.startswith(wanted) for name in names)]
    if len(beginning) == 1:
        return beginning[0]
    names = [name for group in apis.values() for name in group]
    if wanted in outputs:
        raise Unreachable(f"{owner}: the output {wanted!r} holds no URL of a GraphQL API", expected=_one_of(names))
    raise Unreachable(
        f"{owner} has no API {wanted!r}",
        expected=_one_of([*names, *(logical_ids or ())]),
        advice=did_you_mean(wanted, [*names, *(logical_ids or ())]),
    )


def names_of(outputs: Mapping[str, str], api: ApiAddress) -> list[str]:
    """The names of the Outputs that hold a URL of an API."""
    return _apis(outputs).get(api, [])


def has_api(outputs: Mapping[str, str]) -> bool:
    """Whether one of the Outputs is the URL of an API."""
    return bool(_apis(outputs))


def find_client_id(
    outputs: Mapping[str, str],
    owner: str,
    api: ApiAddress,
    wanted: str = "",
    *,
    more: Callable[[], Mapping[str, str]] = dict,
) -> str:
    """
    The id of the app client with which the API's users sign in. ``wanted`` is an Output, a logical id, or the id itself.

    ``more`` tells of the stack's app clients by logical id, where no Output holds one.

    Where nothing is named and several Outputs hold one, it is that whose name begins as the names of the API's Outputs
    do (RewardsGraphQLUrl, RewardsUserPoolClientId); UserPoolClientId where none does. Raises Unreachable or LivebusError.
    """
    if wanted:
        if wanted in outputs:
            return outputs[wanted]
        if _MADE_CLIENT_ID.fullmatch(wanted):
            return wanted
        known = {**outputs, **more()}
        if wanted in known:
            return known[wanted]
        raise Unreachable(
            f"{owner} has no output {wanted!r}",
            expected=f"it among {', '.join(sorted(known)) or 'none'}",
            advice=did_you_mean(wanted, known),
        )
    clients = {name: outputs[name] for name in sorted(outputs) if _CLIENT_OUTPUT.search(name)}
    clients = clients or dict(sorted(more().items()))
    names = names_of(outputs, api)
    for client in clients:
        stem = _CLIENT_SUFFIX.sub("", client)
        if stem and any(name.startswith(stem) for name in names):
            return clients[client]
    if CLIENT_ID in clients:
        return clients[CLIENT_ID]
    if len(set(clients.values())) == 1:
        return next(iter(clients.values()))
    if clients:
        raise LivebusError(f"{owner} has several app clients", expected=f"--client with {_one_of([*clients])}")
    raise Unreachable(
        f"{owner} has no output {CLIENT_ID!r}",
        expected=f"it among {', '.join(sorted(outputs)) or 'none'}",
        advice="Add it to the template's Outputs, or name the app client with --client.",
    )


def find_pool_id(
    outputs: Mapping[str, str],
    client_id: str,
    wanted: str = "",
    *,
    more: Callable[[], Mapping[str, str]] = dict,
) -> str:
    """
    The id of the user pool that an app client belongs to. ``wanted`` is an Output, a logical id, or the id itself.

    ``more`` tells of the stack's user pools by logical id, where no Output holds one.

    Where nothing is named it is the Output whose name begins as that of the client's does (RewardsUserPoolClientId,
    RewardsUserPoolId), else the only one that holds an id; an empty string where none can be told.
    """
    if wanted:
        found = outputs.get(wanted, wanted)
        if not _POOL_ID.fullmatch(found):
            found = more().get(wanted, found)
        if not _POOL_ID.fullmatch(found):
            raise Unreachable(
                f"{wanted!r} is neither an output with a user pool's id nor such an id",
                expected="one as eu-west-1_AbCdEfGhI",
                advice=did_you_mean(wanted, outputs),
            )
        return found
    pools = {name: value for name, value in outputs.items() if name.endswith(POOL_ID) and _POOL_ID.fullmatch(value)}
    for name, value in outputs.items():
        pool = pools.get(_CLIENT_OUTPUT.sub("", name) + POOL_ID)
        if value == client_id and pool is not None:
            return pool
    candidates = pools or more()
    return next(iter(candidates.values())) if len(candidates) == 1 else ""


def _default(outputs: Mapping[str, str], owner: str) -> ApiAddress:
    if outputs.get(GRAPHQL_URL) and outputs.get(REALTIME_URL):
        return ApiAddress(outputs[GRAPHQL_URL], outputs[REALTIME_URL])
    apis = _apis(outputs)
    if not apis:
        raise Unreachable(
            f"{owner} has no output {GRAPHQL_URL!r}",
            expected=f"it among {', '.join(sorted(outputs)) or 'none'}",
            advice="Add it to the template's Outputs, or name the API's URL with --api.",
        )
    if len(apis) > 1:
        raise LivebusError(
            f"{owner} has {len(apis)} APIs", expected=f"--api with {_one_of([names[0] for names in apis.values()])}"
        )
    return next(iter(apis))


def _apis(outputs: Mapping[str, str]) -> dict[ApiAddress, list[str]]:
    """The APIs among the Outputs, each with the names of the Outputs that hold a URL of it."""
    found: dict[ApiAddress, list[str]] = {}
    for name, value in sorted(outputs.items()):
        api = address(value)
        if api is not None:
            found.setdefault(api, []).append(name)
    return found


def _one_of(names: Collection[str]) -> str:
    return " or ".join([", ".join([*names][:-1]), [*names][-1]]).removeprefix(" or ") if names else "none there is"
