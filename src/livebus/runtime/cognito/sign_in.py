"""
Signing in: InitiateAuth, RespondToAuthChallenge and their Admin forms, for passwords and SRP.

In: a client, AuthParameters or ChallengeResponses. Out: an AuthenticationResult, or the next challenge.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

import orjson

from livebus import srp
from livebus.runtime.cognito.attributes import write_attributes
from livebus.runtime.cognito.context import Action, Answer, Context, Request, check_secret_hash, required
from livebus.runtime.cognito.errors import CognitoError, invalid_parameter, not_authorized, user_not_found
from livebus.runtime.cognito.passwords import check_policy, matches, pool_name, simulated_credential
from livebus.runtime.cognito.pending import SESSION_SECONDS, Challenge, SrpExchange, session
from livebus.runtime.cognito.refresh import refresh_with_auth_flow
from livebus.runtime.cognito.users import CONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, UNCONFIRMED, User
from livebus.template.application import UserPool, UserPoolClient

# Cognito's default TemporaryPasswordValidityDays is 7.
TEMPORARY_PASSWORD_SECONDS: Final = 7 * 86_400
# AWS's flows without ExplicitAuthFlows: SRP, custom and refresh.
_DEFAULT_FLOWS: Final = frozenset({"ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"})
_NOT_EMULATED_FLOWS: Final = frozenset({"CUSTOM_AUTH", "USER_AUTH"})
# EEE MMM d HH:mm:ss z yyyy, in English; amplify-js and the mobile SDKs always say UTC.
_TIMESTAMP: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" (\d{1,2}) \d{2}:\d{2}:\d{2} [A-Z]{3,4} \d{4}"
)

Flow = Callable[[Context, UserPool, UserPoolClient, Mapping[str, str]], Answer]


def initiate_auth(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    return _initiate(context, pool, client, request, _PUBLIC_FLOWS)


def admin_initiate_auth(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client_of(request["UserPoolId"], request["ClientId"])
    return _initiate(context, pool, client, request, _ADMIN_FLOWS)


def _initiate(
    context: Context, pool: UserPool, client: UserPoolClient, request: Request, flows: Mapping[str, Flow]
) -> Answer:
    name = request["AuthFlow"]
    if name in _NOT_EMULATED_FLOWS:
        raise invalid_parameter(f"AuthFlow {name} is not emulated by the local runtime.")
    flow = flows.get(name)
    if flow is None:
        raise invalid_parameter("Initiate Auth method not supported.")
    _check_enabled(client, name)
    return flow(context, pool, client, request.get("AuthParameters") or {})


def _check_enabled(client: UserPoolClient, flow: str) -> None:
    """Raises InvalidParameterException where the client's ExplicitAuthFlows leave a flow out."""
    enabled = client.auth_flows or _DEFAULT_FLOWS
    # The names without ALLOW_ are the older form; a client that has only those may always use SRP and refresh.
    older = not any(name.startswith("ALLOW_") for name in enabled)
    if flow == "USER_PASSWORD_AUTH":
        allowed = bool(enabled & {"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"})
        message = "USER_PASSWORD_AUTH flow not enabled for this client"
    elif flow == "USER_SRP_AUTH":
        allowed = older or "ALLOW_USER_SRP_AUTH" in enabled
        message = "USER_SRP_AUTH is not enabled for the client."
    elif flow in ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"):
        # AWS documents that rotation and this flow exclude each other: GetTokensFromRefreshToken takes its place.
        allowed = (older or "ALLOW_REFRESH_TOKEN_AUTH" in enabled) and not client.refresh_token_rotation
        message = "REFRESH_TOKEN_AUTH flow not enabled for this client"
    else:
        allowed = bool(enabled & {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"})
        message = "Auth flow not enabled for this client"
    if not allowed:
        raise invalid_parameter(message)


def _known_user(context: Context, pool: UserPool, client: UserPoolClient, name: str) -> User | None:
    """The user who signs in. None where there is none and the client prevents user existence errors."""
    user = context.directory.find(pool, name)
    if user is None and not client.prevent_user_existence_errors:
        raise user_not_found()
    if user is not None and user.status == RESET_REQUIRED:
        raise CognitoError("PasswordResetRequiredException", "Password reset required for the user")
    return user


def _with_password(context: Context, pool: UserPool, client: UserPoolClient, parameters: Mapping[str, str]) -> Answer:
    name, password = required(parameters, "USERNAME"), required(parameters, "PASSWORD")
    check_secret_hash(client, (name,), parameters.get("SECRET_HASH"))
    user = _known_user(context, pool, client, name)
    # The same work for a user who is not there, so that the time does not tell.
    credential = user.credential if user is not None else None
    kept = credential or simulated_credential(pool.user_pool_id, name, context.simulation_secret)
    right = matches(kept, pool.user_pool_id, user.username if user is not None else name, password)
    if user is None or credential is None or not right:
        raise not_authorized()
    return _admit(context, pool, client, user)


def _with_srp(context: Context, pool: UserPool, client: UserPoolClient, parameters: Mapping[str, str]) -> Answer:
    name, given = required(parameters, "USERNAME"), required(parameters, "SRP_A")
    check_secret_hash(client, (name,), parameters.get("SECRET_HASH"))
    if len(given) > 1024 or not re.fullmatch("[0-9a-fA-F]+", given) or int(given, 16) % srp.N == 0:
        raise invalid_parameter("Invalid SRP_A")
    user = _known_user(context, pool, client, name)
    credential = user.credential if user is not None else None
    kept = credential or simulated_credential(pool.user_pool_id, name, context.simulation_secret)
    if user is not None:
        user_id = user.username
    else:
        digest = hmac.digest(context.simulation_secret, f"{pool.user_pool_id}\nid\n{name}".encode(), "sha256")
        user_id = str(UUID(bytes=digest[:16], version=4))
    private = int.from_bytes(context.random_bytes(srp.PRIVATE_BYTES))
    verifier = int(kept.verifier, 16)
    exchange = SrpExchange(
        client_id=client.client_id,
        user_id=user_id,
        username=user.username if user is not None and credential is not None else None,
        client_public=int(given, 16),
        server_public=srp.server_public(verifier, private),
        private=private,
        verifier=verifier,
    )
    block = b64encode(context.random_bytes(96)).decode()
    context.srp_exchanges.put(block, exchange, context.clock() + SESSION_SECONDS)
    return {
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeParameters": {
            "SALT": kept.salt,
            "SECRET_BLOCK": block,
            "SRP_B": f"{exchange.server_public:x}",
            "USERNAME": user_id,
            "USER_ID_FOR_SRP": user_id,
        },
    }


def _admit(context: Context, pool: UserPool, client: UserPoolClient, user: User) -> Answer:
    """What follows the right password: tokens, a challenge, or what stands in the user's way."""
    if not user.enabled:
        raise not_authorized("User is disabled.")
    if user.status == UNCONFIRMED:
        raise CognitoError("UserNotConfirmedException", "User is not confirmed.")
    if user.status != FORCE_CHANGE_PASSWORD:
        return granted(context, pool, client, user)
    now = context.clock()
    if user.password_set + TEMPORARY_PASSWORD_SECONDS <= now:
        raise not_authorized("Temporary password has expired and must be reset by an administrator.")
    key = urlsafe_b64encode(context.random_bytes(96)).decode()
    challenge = Challenge("NEW_PASSWORD_REQUIRED", client.client_id, user.username)
    context.challenges.put(key, challenge, now + SESSION_SECONDS)
    attributes = {name: value for name, value in user.attributes.items() if name != "sub"}
    return {
        "ChallengeName": challenge.name,
        "Session": key,
        "ChallengeParameters": {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": "[]",
            "userAttributes": orjson.dumps(attributes).decode(),
        },
    }


def granted(context: Context, pool: UserPool, client: UserPoolClient, user: User) -> Answer:
    """Sign a user in whom nothing is asked of any more."""
    now = context.clock()
    record = context.record(pool)
    sign_in, refresh_token = context.sign_ins.open(record, client, user, now)
    result = context.issuer.issue(pool, client, user, sign_in, groups=record.groups, now=now)
    context.save()
    return {"ChallengeParameters": {}, "AuthenticationResult": result | {"RefreshToken": refresh_token}}


def respond_to_auth_challenge(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    return _respond(context, pool, client, request)


def admin_respond_to_auth_challenge(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client_of(request["UserPoolId"], request["ClientId"])
    return _respond(context, pool, client, request)


def _respond(context: Context, pool: UserPool, client: UserPoolClient, request: Request) -> Answer:
    name = request["ChallengeName"]
    responses = request.get("ChallengeResponses") or {}
    if name == "PASSWORD_VERIFIER":
        return _password_verifier(context, pool, client, responses)
    if name == "NEW_PASSWORD_REQUIRED":
        return _new_password_required(context, pool, client, responses, request.get("Session"))
    raise invalid_parameter(f"Challenge {name} is not emulated by the local runtime.")


def _password_verifier(
    context: Context, pool: UserPool, client: UserPoolClient, responses: Mapping[str, str]
) -> Answer:
    name = required(responses, "USERNAME")
    block = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
    signature = required(responses, "PASSWORD_CLAIM_SIGNATURE")
    timestamp = required(responses, "TIMESTAMP")
    written = _TIMESTAMP.fullmatch(timestamp)
    if written is None:
        raise invalid_parameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
    waiting = context.srp_exchanges.take(block)
    if waiting is None or waiting.value.client_id != client.client_id:
        raise not_authorized("Invalid session for the user.")
    if waiting.deadline <= context.clock():
        raise not_authorized("Invalid session for the user, session is expired.")
    exchange = waiting.value
    check_secret_hash(client, (name, exchange.user_id), responses.get("SECRET_HASH"))
    user = context.record(pool).users.get(exchange.username) if exchange.username is not None else None
    key = srp.session_key(exchange.client_public, exchange.server_public, exchange.verifier, exchange.private)
    if key is None or user is None or context.directory.find(pool, name) is not user:
        raise not_authorized()
    expected = srp.claim_signature(key, pool_name(pool.user_pool_id), exchange.user_id, b64decode(block), timestamp)
    # Cognito writes the date anew before it signs, with no zero before the day: a client that pads it fails there.
    if written[1].startswith("0") or not hmac.compare_digest(b64encode(expected), signature.encode()):
        raise not_authorized()
    return _admit(context, pool, client, user)


def _new_password_required(
    context: Context,
    pool: UserPool,
    client: UserPoolClient,
    responses: Mapping[str, str],
    session_key: str | None,
) -> Answer:
    name, password = required(responses, "USERNAME"), required(responses, "NEW_PASSWORD")
    waiting = session(context.challenges, session_key, context.clock())
    challenge = waiting.value
    check_secret_hash(client, (name, challenge.username), responses.get("SECRET_HASH"))
    user = context.directory.find(pool, name)
    if user is None or (challenge.client_id, challenge.username) != (client.client_id, user.username):
        raise not_authorized("Invalid session for the user.")
    check_policy(pool, password, "does not conform to")
    prefix = "userAttributes."
    attributes = {key.removeprefix(prefix): value for key, value in responses.items() if key.startswith(prefix)}
    write_attributes(context, pool, user, attributes, by_client=True)
    waiting.used = True
    context.set_password(pool, user, password, CONFIRMED)
    return granted(context, pool, client, user)


_PUBLIC_FLOWS: Final[Mapping[str, Flow]] = {
    "USER_PASSWORD_AUTH": _with_password,
    "USER_SRP_AUTH": _with_srp,
    "REFRESH_TOKEN_AUTH": refresh_with_auth_flow,
    "REFRESH_TOKEN": refresh_with_auth_flow,
}
_ADMIN_FLOWS: Final[Mapping[str, Flow]] = {
    "ADMIN_USER_PASSWORD_AUTH": _with_password,
    "ADMIN_NO_SRP_AUTH": _with_password,
    "USER_SRP_AUTH": _with_srp,
    "REFRESH_TOKEN_AUTH": refresh_with_auth_flow,
    "REFRESH_TOKEN": refresh_with_auth_flow,
}

ACTIONS: Final[Mapping[str, Action]] = {
    "InitiateAuth": Action(initiate_auth, ("ClientId", "AuthFlow")),
    "AdminInitiateAuth": Action(admin_initiate_auth, ("UserPoolId", "ClientId", "AuthFlow")),
    "RespondToAuthChallenge": Action(respond_to_auth_challenge, ("ClientId", "ChallengeName")),
    "AdminRespondToAuthChallenge": Action(admin_respond_to_auth_challenge, ("UserPoolId", "ClientId", "ChallengeName")),
}
