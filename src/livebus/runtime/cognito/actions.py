"""
The user pools API as the runtime's AWS endpoint mounts it: an action's name and its request in, its answer out.

In: the template's pools, the signing keys, the user store, and the clock, ids and random bytes to work with.
Out: the answer as JSON members, or CognitoError, which the endpoint turns into ``__type``, ``message`` and a status.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from livebus.runtime.cognito import (
    account_recovery,
    administration,
    descriptions,
    groups,
    own_account,
    refresh,
    sign_in,
    sign_up,
)
from livebus.runtime.cognito.context import Action, Context
from livebus.runtime.cognito.directory import Directory
from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.parameters import check_parameters
from livebus.runtime.cognito.sign_ins import SignIns
from livebus.runtime.cognito.store import UserStore
from livebus.runtime.cognito.tokens import ALGORITHM, SigningKeys, TokenIssuer, issuer
from livebus.runtime.cognito.users import CONFIRMED
from livebus.template.application import UserPool

ACTIONS: Final[Mapping[str, Action]] = {
    **sign_in.ACTIONS,
    **refresh.ACTIONS,
    **sign_up.ACTIONS,
    **account_recovery.ACTIONS,
    **own_account.ACTIONS,
    **administration.ACTIONS,
    **groups.ACTIONS,
    **descriptions.ACTIONS,
}


def _unheard(line: str) -> None:
    """Lets a message go."""


class CognitoIdp:
    """Amazon Cognito user pools, for the pools of one application. One call at a time: it is not safe for threads."""

    def __init__(
        self,
        pools: Sequence[UserPool],
        keys: SigningKeys,
        users: UserStore,
        *,
        region: str,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        random_bytes: Callable[[int], bytes],
        notify: Callable[[str], None] = _unheard,
    ) -> None:
        """
        ``clock`` gives epoch seconds, ``new_id`` UUIDs, ``random_bytes`` n bytes that nobody can guess.

        ``notify`` gets one line for each message that Cognito would send by email or SMS: codes and temporary
        passwords. Without it they are lost, and only an administrator's calls can confirm a user.
        """
        self._keys = keys
        self._region = region
        self._directory = Directory(pools, users, clock)
        self._context = Context(
            directory=self._directory,
            issuer=TokenIssuer(keys, region, new_id),
            sign_ins=SignIns(new_id, random_bytes),
            clock=clock,
            new_id=new_id,
            random_bytes=random_bytes,
            notify=notify,
            simulation_secret=keys.secret(b"simulated users"),
        )

    def replace_pools(self, pools: Sequence[UserPool]) -> None:
        """Takes a reloaded template's pools. Users, sign-ins and pending challenges of kept pools stay."""
        self._directory.replace(pools)

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """
        Answers one request. ``body`` is the request's JSON object; times in the answer are epoch seconds.

        Raises CognitoError for everything that Cognito would refuse, and for actions that are not emulated.
        """
        known = ACTIONS.get(action)
        if known is None:
            raise CognitoError(
                "UnknownOperationException", f"The local runtime does not emulate cognito-idp's action {action!r}."
            )
        check_parameters(body, known.required)
        return known.run(self._context, body)

    def ensure_user(self, user_pool_id: str, name: str, password: str) -> None:
        """
        Sees that a user is there, confirmed, with this password: the one that the runtime itself offers.

        The password policy is for users; whoever starts the runtime may take any password. Raises CognitoError where
        the name cannot be a user's.
        """
        pool = self._directory.pool(user_pool_id)
        user = self._directory.find(pool, name)
        if user is None:
            self.call("AdminCreateUser", {"UserPoolId": user_pool_id, "Username": name, "MessageAction": "SUPPRESS"})
            user = self._directory.user(pool, name)
        self._context.set_password(pool, user, password, CONFIRMED)
        self._context.save()

    def tokens_without_password(self, user_pool_id: str, name: str) -> dict[str, Any]:
        """
        An AuthenticationResult for a user of a pool, at its first client: for the runtime's own page. Cognito has no such thing.

        Raises CognitoError where there is no such user, or the pool has no client.
        """
        pool = self._directory.pool(user_pool_id)
        user = self._directory.user(pool, name)
        if not pool.clients:
            raise CognitoError("ResourceNotFoundException", f"The user pool {user_pool_id} has no app client.")
        answer = sign_in.granted(self._context, pool, pool.clients[0], user)
        return dict(answer["AuthenticationResult"])

    def jwks(self, user_pool_id: str) -> dict[str, Any]:
        """The document at ``/<pool id>/.well-known/jwks.json``, or CognitoError for an unknown pool."""
        self._directory.pool(user_pool_id)
        return self._keys.jwks()

    def openid_configuration(self, user_pool_id: str, base_url: str) -> dict[str, Any]:
        """
        The document at ``/<pool id>/.well-known/openid-configuration``, or CognitoError for an unknown pool.

        ``jwks_uri`` lies at ``base_url``, where the runtime listens; the issuer stays AWS's, as in the tokens. There is
        no hosted UI and so there are no OAuth endpoints.
        """
        self._directory.pool(user_pool_id)
        return {
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "issuer": issuer(self._region, user_pool_id),
            "jwks_uri": f"{base_url.rstrip('/')}/{user_pool_id}/.well-known/jwks.json",
            "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
        }
