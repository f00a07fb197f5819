"""
Signing up: SignUp, ConfirmSignUp, ResendConfirmationCode. There is no mail here: codes go to ``notify``.

https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from livebus.runtime.cognito.attributes import check_attributes, listed
from livebus.runtime.cognito.context import (
    SIGN_UP,
    Action,
    Answer,
    Context,
    Request,
    check_secret_hash,
    deliverable,
    simulated_delivery,
)
from livebus.runtime.cognito.directory import username_attribute
from livebus.runtime.cognito.errors import CognitoError, invalid_parameter, not_authorized, user_not_found
from livebus.runtime.cognito.passwords import check_policy
from livebus.runtime.cognito.pending import expired_code
from livebus.runtime.cognito.users import CONFIRMED, UNCONFIRMED, User
from livebus.template.application import UserPool, UserPoolClient


def new_user(
    context: Context, pool: UserPool, name: str, attributes: Mapping[str, str], *, status: str, exists: str
) -> User:
    """
    Makes a user, in the pool's record and not saved; a password has still to be set.

    Where the pool signs in with an attribute, ``name`` is that attribute and the username is a new id. Raises
    UsernameExistsException, with ``exists`` as its message where it is the username that is taken.
    """
    users = context.record(pool).users
    attribute = username_attribute(pool, name)
    given = dict(attributes)
    if attribute is not None:
        if given.setdefault(attribute, name) != name:
            found = f"User {attribute} should be empty or same as username, since username attribute is {attribute}"
            raise invalid_parameter(found)
        check_attributes({attribute: given[attribute]}, by_client=False)
    elif name in users:
        raise CognitoError("UsernameExistsException", exists)
    for alias in pool.username_attributes:
        if given.get(alias) and context.directory.find_by_alias(pool, given[alias]) is not None:
            raise CognitoError("UsernameExistsException", f"An account with the given {alias} already exists.")
    now = context.clock()
    sub = context.new_id()
    kept = {"sub": sub} | {key: value for key, value in given.items() if value}
    user = User(name if attribute is None else sub, kept, status, created=now, modified=now)
    users[user.username] = user
    return user


def sign_up(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    name = request["Username"]
    check_secret_hash(client, (name,), request.get("SecretHash"))
    if pool.admin_create_user_only:
        raise not_authorized("SignUp is not permitted for this user pool")
    password = request.get("Password")
    if password is None:
        # AWS allows this in pools with passwordless sign-in, which is not emulated.
        raise invalid_parameter("Password is required for this user pool.")
    attributes = listed(request.get("UserAttributes"))
    check_attributes(attributes, by_client=True)
    check_policy(pool, password)
    user = new_user(context, pool, name, attributes, status=UNCONFIRMED, exists="User already exists")
    context.set_password(pool, user, password, UNCONFIRMED)
    for attribute in ("email", "phone_number"):
        if attribute in user.attributes:
            user.attributes[f"{attribute}_verified"] = "false"
    context.save()
    answer: dict[str, Any] = {"UserConfirmed": False, "UserSub": user.sub}
    attribute_to_verify = deliverable(pool, user)
    if attribute_to_verify is not None:
        answer["CodeDeliveryDetails"] = context.send_code(pool, user, SIGN_UP, attribute_to_verify)
    else:
        context.notify(
            f"no code for {user.username}: the pool's AutoVerifiedAttributes name no address that the user has; "
            "AdminConfirmSignUp confirms without one"
        )
    return answer


def known_user(context: Context, pool: UserPool, client: UserPoolClient, request: Request) -> User | None:
    """
    The user whom a request without a sign-in means.

    None where there is none and the client prevents user existence errors; else UserNotFoundException.
    """
    name = request["Username"]
    check_secret_hash(client, (name,), request.get("SecretHash"))
    user = context.directory.find(pool, name)
    if user is None and not client.prevent_user_existence_errors:
        raise user_not_found("Username/client id combination not found.")
    return user


def confirm_sign_up(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    user = known_user(context, pool, client, request)
    if user is None:
        raise expired_code()
    check_unconfirmed(user)
    context.accept_code(pool, user, SIGN_UP, request["ConfirmationCode"])
    attribute = deliverable(pool, user)
    if attribute is not None:
        user.attributes[f"{attribute}_verified"] = "true"
    confirm(context, user)
    return {}


def check_unconfirmed(user: User) -> None:
    """Raises NotAuthorizedException where a user has been confirmed already."""
    if user.status != UNCONFIRMED:
        raise not_authorized(f"User cannot be confirmed. Current status is {user.status}")


def confirm(context: Context, user: User) -> None:
    """Makes a user CONFIRMED, and saves."""
    user.status = CONFIRMED
    user.modified = context.clock()
    context.save()


def resend_confirmation_code(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    user = known_user(context, pool, client, request)
    if user is None:
        return {"CodeDeliveryDetails": simulated_delivery(request["Username"])}
    if user.status != UNCONFIRMED:
        raise invalid_parameter("User is already confirmed.")
    attribute = deliverable(pool, user)
    if attribute is None:
        raise invalid_parameter("Auto verification not turned on.")
    return {"CodeDeliveryDetails": context.send_code(pool, user, SIGN_UP, attribute)}


ACTIONS: Final[Mapping[str, Action]] = {
    "SignUp": Action(sign_up, ("ClientId", "Username")),
    "ConfirmSignUp": Action(confirm_sign_up, ("ClientId", "Username", "ConfirmationCode")),
    "ResendConfirmationCode": Action(resend_confirmation_code, ("ClientId", "Username")),
}
