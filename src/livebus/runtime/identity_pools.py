"""
Amazon Cognito identity pools: who signed in to a user pool, or a guest, gets credentials of one of the template's roles.

Identities are derived and not kept: a user's from the user, a guest's so that it can be told from an invented one. So
both outlive a restart, and a guest who signs in has the identity of the user from then on (AWS may keep the guest's).
https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from livebus.access import Principal, TokenRefused, TokenVerifier, evaluate
from livebus.access.role_session import RoleSession
from livebus.caller import COGNITO
from livebus.runtime.aws_errors import AwsError
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.runtime.temporary_credentials import TemporaryCredentials
from livebus.template import Environment
from livebus.template.application import AuthProvider, IdentityPool, RoleMapping, RoleRule

PROVIDER = "cognito-identity.amazonaws.com"
_ISSUER = f"https://{PROVIDER}"
_CREDENTIALS_SECONDS = 3600
_TOKEN_SECONDS = 600
_NO_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool."

Claims = Mapping[str, Any]


class IdentityPools:
    """``pools`` are those of the stacks at work, by id. ``keys`` sign the user pools' tokens and ours."""

    def __init__(
        self,
        keys: SigningKeys,
        credentials: TemporaryCredentials,
        environment: Environment,
        clock: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.pools: Mapping[str, IdentityPool] = {}
        self._keys = keys
        self._credentials = credentials
        self._environment = environment
        self._clock = clock
        self._random_bytes = random_bytes

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises AwsError."""
        handler = _ACTIONS.get(action)
        if handler is None:
            raise AwsError(
                "UnknownOperationException", f"cognito-identity:{action} is not emulated by the local runtime."
            )
        return handler(self, body)

    # --- actions ----------------------------------------------------------------------------------------------------

    def _get_id(self, body: Mapping[str, Any]) -> dict[str, Any]:
        pool = self._pool(_required(body, "IdentityPoolId"))
        login = self._login(pool, body)
        if login is None:
            self._check_guests(pool)
            return {"IdentityId": self._guest(pool)}
        return {"IdentityId": self._of_user(pool, login)}

    def _get_credentials(self, body: Mapping[str, Any]) -> dict[str, Any]:
        pool, login, identity_id = self._identity(body)
        role_arn = self._role(pool, login, str(body.get("CustomRoleArn") or ""))
        if not role_arn or not self._trusts(role_arn, pool, login):
            raise AwsError(
                "InvalidIdentityPoolConfigurationException",
                "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
            )
        session = self._issue(role_arn, pool, identity_id, login)
        told = {
            "AccessKeyId": session.access_key_id,
            "SecretKey": session.secret_access_key,
            "SessionToken": session.session_token,
            "Expiration": session.expires,
        }
        return {"IdentityId": identity_id, "Credentials": told}

    def _get_open_id_token(self, body: Mapping[str, Any]) -> dict[str, Any]:
        pool, login, identity_id = self._identity(body)
        now = int(self._clock())
        claims: dict[str, Any] = {
            "sub": identity_id,
            "aud": pool.identity_pool_id,
            "amr": list(_methods(login)),
            "iss": _ISSUER,
            "exp": now + _TOKEN_SECONDS,
            "iat": now,
        }
        return {"IdentityId": identity_id, "Token": self._keys.sign(claims)}

    def _describe(self, body: Mapping[str, Any]) -> dict[str, Any]:
        pool = self._pool(_required(body, "IdentityPoolId"))
        return {
            "IdentityPoolId": pool.identity_pool_id,
            "IdentityPoolName": pool.name,
            "AllowUnauthenticatedIdentities": pool.allow_unauthenticated,
            "AllowClassicFlow": pool.allow_classic_flow,
            "CognitoIdentityProviders": [
                {"ProviderName": each.name, "ClientId": each.client_id} for each in pool.providers
            ],
        }

    def assume(self, role_arn: str, name: str, token: str, seconds: int) -> RoleSession:
        """STS's AssumeRoleWithWebIdentity with a token of GetOpenIdToken (the classic flow). Raises AwsError."""
        claims = self._keys.verified(token)
        if claims is None or claims.get("iss") != _ISSUER:
            raise AwsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
        if self._clock() >= claims["exp"]:
            raise AwsError("ExpiredTokenException", "Token expired")
        pool = self.pools.get(str(claims["aud"]))
        methods = tuple(claims["amr"])
        context = {f"{PROVIDER}:aud": str(claims["aud"]), f"{PROVIDER}:sub": claims["sub"], f"{PROVIDER}:amr": methods}
        if pool is None or not pool.allow_classic_flow or not self._assumable(role_arn, context):
            raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
        is_guest = methods == ("unauthenticated",)
        return self._credentials.issue(
            role_arn,
            name or "web-identity",
            seconds,
            cognito_identity_pool_id=pool.identity_pool_id,
            cognito_identity_id=str(claims["sub"]),
            cognito_identity_auth_type="unauthenticated" if is_guest else "authenticated",
            **({} if is_guest else {"cognito_identity_auth_provider": _quoted(methods[1:])}),
        )

    # --- who asks ---------------------------------------------------------------------------------------------------

    def _pool(self, pool_id: str) -> IdentityPool:
        pool = self.pools.get(pool_id)
        if pool is None:
            raise AwsError("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        return pool

    def _identity(self, body: Mapping[str, Any]) -> tuple[IdentityPool, Claims | None, str]:
        """The pool of an identity, the login that it is asked for with, and the identity that this is of."""
        identity_id = _required(body, "IdentityId")
        for pool in self.pools.values():
            login = self._login(pool, body, others_pass=True)
            if self._is_guest(pool, identity_id):
                login = self._login(pool, body)
                if login is None:
                    self._check_guests(pool)
                    return pool, None, identity_id
                return pool, login, self._of_user(pool, login)
            if login is not None and self._of_user(pool, login) == identity_id:
                return pool, login, identity_id
        if body.get("Logins"):
            raise AwsError("NotAuthorizedException", _NO_MATCH)
        # A user's identity without the login cannot be told from one that never was: both are refused.
        raise AwsError("ResourceNotFoundException", f"Identity '{identity_id}' not found.")

    def _login(self, pool: IdentityPool, body: Mapping[str, Any], *, others_pass: bool = False) -> Claims | None:
        """
        The claims of the one login, verified; None for a guest.

        ``others_pass``: None too for a login that is none of this pool's.
        """
        logins = body.get("Logins") or {}
        if not isinstance(logins, Mapping) or not logins:
            return None
        name, token = next(iter(logins.items()))
        clients = {each.client_id for each in pool.providers if each.name == name}
        if not clients:
            if others_pass:
                return None
            raise AwsError("NotAuthorizedException", _NO_MATCH)
        region, _, pool_id = str(name).removeprefix("cognito-idp.").partition(".amazonaws.com/")
        provider = AuthProvider(COGNITO, user_pool_id=pool_id)
        try:
            claims = TokenVerifier(provider, self._keys.jwks(), region).verify(str(token), self._clock())
        except TokenRefused as refused:
            raise AwsError("NotAuthorizedException", f"Invalid login token. {refused.reason}") from None
        if claims.get("token_use") != "id":
            raise AwsError("NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect identity token.")
        if claims.get("aud") not in clients:
            raise AwsError("NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
        return {**claims, "provider": name}

    @staticmethod
    def _check_guests(pool: IdentityPool) -> None:
        if not pool.allow_unauthenticated:
            raise AwsError("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")

    # --- identities -------------------------------------------------------------------------------------------------

    def _of_user(self, pool: IdentityPool, login: Claims) -> str:
        return self._id(pool, _digest(f"user {pool.identity_pool_id} {login['provider']} {login['sub']}"))

    def _guest(self, pool: IdentityPool) -> str:
        chance = self._random_bytes(8).hex()
        return self._id(pool, chance + self._mark(pool, chance))

    def _is_guest(self, pool: IdentityPool, identity_id: str) -> bool:
        digits = identity_id.rpartition(":")[2].replace("-", "")
        return identity_id == self._id(pool, digits) and self._mark(pool, digits[:16]) == digits[16:]

    def _mark(self, pool: IdentityPool, chance: str) -> str:
        return _digest(f"guest {pool.identity_pool_id} {chance}")[:16]

    @staticmethod
    def _id(pool: IdentityPool, digits: str) -> str:
        region = pool.identity_pool_id.partition(":")[0]
        return f"{region}:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    # --- roles ------------------------------------------------------------------------------------------------------

    def _role(self, pool: IdentityPool, login: Claims | None, wished: str) -> str:
        """
        The ARN of the role that somebody gets; empty where there is none.

        https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html
        """
        if login is None:
            return pool.unauthenticated_role
        mapping = pool.role_mappings.get(f"{login['provider']}:{login['aud']}")
        if mapping is None:
            return pool.authenticated_role
        found = _by_token(login, wished) if mapping.uses_token else _by_rules(mapping, login)
        if not found and mapping.denies_if_ambiguous:
            raise AwsError("NotAuthorizedException", "Access to Identity is forbidden.")
        return found or pool.authenticated_role

    def _trusts(self, role_arn: str, pool: IdentityPool, login: Claims | None) -> bool:
        return self._assumable(role_arn, {f"{PROVIDER}:aud": pool.identity_pool_id, f"{PROVIDER}:amr": _methods(login)})

    def _assumable(self, role_arn: str, context: Mapping[str, str | tuple[str, ...]]) -> bool:
        role = self._credentials.roles.get(role_arn)
        principal = Principal("Federated", PROVIDER)
        return (
            role is not None
            and evaluate(
                role.trust, action="sts:AssumeRoleWithWebIdentity", resource=None, principal=principal, context=context
            ).allowed
        )

    def _issue(self, role_arn: str, pool: IdentityPool, identity_id: str, login: Claims | None) -> RoleSession:
        provider = {} if login is None else {"cognito_identity_auth_provider": _quoted(_methods(login)[1:])}
        return self._credentials.issue(
            role_arn,
            "CognitoIdentityCredentials",
            _CREDENTIALS_SECONDS,
            cognito_identity_pool_id=pool.identity_pool_id,
            cognito_identity_id=identity_id,
            cognito_identity_auth_type="unauthenticated" if login is None else "authenticated",
            **provider,
        )


def _required(body: Mapping[str, Any], member: str) -> str:
    value = body.get(member)
    if not isinstance(value, str) or not value:
        name = f"{member[0].lower()}{member[1:]}"
        found = f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        raise AwsError("ValidationException", f"1 validation error detected: {found}")
    return value


def _methods(login: Claims | None) -> tuple[str, ...]:
    """The ``amr`` of an identity: whether it is signed in, and where and as whom."""
    if login is None:
        return ("unauthenticated",)
    return ("authenticated", login["provider"], f"{login['provider']}:CognitoSignIn:{login['sub']}")


def _quoted(methods: tuple[str, ...]) -> str:
    """As ``ctx.identity.cognitoIdentityAuthProvider`` has it: ``"provider","provider:CognitoSignIn:sub"``."""
    return ",".join(f'"{each}"' for each in methods)


def _by_token(login: Claims, wished: str) -> str:
    roles = login.get("cognito:roles") or []
    if wished:
        return wished if wished in roles else ""
    return str(login.get("cognito:preferred_role") or (roles[0] if len(roles) == 1 else ""))


def _by_rules(mapping: RoleMapping, login: Claims) -> str:
    return next((rule.role_arn for rule in mapping.rules if _fits(rule, login.get(rule.claim))), "")


def _fits(rule: RoleRule, value: object) -> bool:
    """Whether a claim is as a rule wants it. A claim that is not there fits no rule; of a list one value is enough."""
    if value is None:
        return False
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    tests = {
        "Equals": lambda text: text == rule.value,
        "NotEqual": lambda text: text != rule.value,
        "StartsWith": lambda text: text.startswith(rule.value),
        "Contains": lambda text: rule.value in text,
    }
    return any(map(tests[rule.match_type], texts)) if rule.match_type in tests else False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_ACTIONS: Mapping[str, Callable[[IdentityPools, Mapping[str, Any]], dict[str, Any]]] = {
    "DescribeIdentityPool": IdentityPools._describe,
    "GetId": IdentityPools._get_id,
    "GetCredentialsForIdentity": IdentityPools._get_credentials,
    "GetOpenIdToken": IdentityPools._get_open_id_token,
}
