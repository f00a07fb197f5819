"""
What a signed-in user does to the own account: every action here is authorized by an access token.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from livebus.runtime.cognito.attributes import check_attributes, listed, remove_attribute, write_attributes
from livebus.runtime.cognito.context import MEDIUMS, Action, Answer, Context, Request
from livebus.runtime.cognito.errors import invalid_parameter, not_authorized, user_not_found
from livebus.runtime.cognito.passwords import check_policy, matches
from livebus.runtime.cognito.sign_ins import forget_all, is_open, revoke_all
from livebus.runtime.cognito.tokens import SCOPE, issuer
from livebus.runtime.cognito.users import CONFIRMED, User
from livebus.template.application import UserPool


def _caller(context: Context, request: Request) -> tuple[UserPool, User]:
    """
    The pool and user whom an access token stands for.

    Raises NotAuthorizedException where the token is not ours, no access token, expired, or its sign-in revoked, and
    UserNotFoundException where the user is gone. A disabled user's sign-ins are all revoked.
    """
    claims = context.issuer.keys.verified(request["AccessToken"])
    if claims is None or claims.get("token_use") != "access":
        raise not_authorized("Invalid Access Token")
    pool_id = str(claims.get("iss")).rpartition("/")[2]
    pool = context.directory.pools.get(pool_id)
    if pool is None or claims.get("iss") != issuer(context.issuer.region, pool_id):
        raise not_authorized("Invalid Access Token")
    if claims["exp"] <= context.clock():
        raise not_authorized("Access Token has expired")
    if SCOPE not in claims["scope"].split():
        raise not_authorized("Access Token does not have required scopes")
    record = context.record(pool)
    user = record.users.get(claims["username"])
    if user is None or user.sub != claims["sub"]:
        raise user_not_found()
    if not is_open(record, claims["origin_jti"]):
        raise not_authorized("Access Token has been revoked")
    return pool, user


def get_user(context: Context, request: Request) -> Answer:
    _, user = _caller(context, request)
    return {"Username": user.username, "UserAttributes": user.attribute_list()}


def update_user_attributes(context: Context, request: Request) -> Answer:
    pool, user = _caller(context, request)
    changed = write_attributes(context, pool, user, listed(request["UserAttributes"]), by_client=True)
    context.save()
    sent = [
        context.send_code(pool, user, attribute, attribute)
        for attribute in changed
        if attribute in pool.auto_verified_attributes
    ]
    return {"CodeDeliveryDetailsList": sent}


def delete_user_attributes(context: Context, request: Request) -> Answer:
    _, user = _caller(context, request)
    names = request["UserAttributeNames"]
    check_attributes(dict.fromkeys(names, ""), by_client=True)
    for name in names:
        remove_attribute(user, name)
    user.modified = context.clock()
    context.save()
    return {}


def get_user_attribute_verification_code(context: Context, request: Request) -> Answer:
    pool, user = _caller(context, request)
    attribute = _address(request)
    if not user.attributes.get(attribute):
        raise invalid_parameter(f"User does not have a {attribute}.")
    return {"CodeDeliveryDetails": context.send_code(pool, user, attribute, attribute)}


def verify_user_attribute(context: Context, request: Request) -> Answer:
    pool, user = _caller(context, request)
    attribute = _address(request)
    context.accept_code(pool, user, attribute, request["Code"])
    user.attributes[f"{attribute}_verified"] = "true"
    user.modified = context.clock()
    context.save()
    return {}


def _address(request: Request) -> str:
    attribute: str = request["AttributeName"]
    if attribute not in MEDIUMS:
        raise invalid_parameter(f"Attribute {attribute} cannot be verified; expected email or phone_number.")
    return attribute


def change_password(context: Context, request: Request) -> Answer:
    pool, user = _caller(context, request)
    previous, proposed = request.get("PreviousPassword"), request["ProposedPassword"]
    if user.credential is not None and (
        previous is None or not matches(user.credential, pool.user_pool_id, user.username, previous)
    ):
        raise not_authorized()
    check_policy(pool, proposed, "does not conform to")
    context.set_password(pool, user, proposed, CONFIRMED)
    context.save()
    return {}


def delete_user(context: Context, request: Request) -> Answer:
    pool, user = _caller(context, request)
    remove_user(context, pool, user)
    return {}


def remove_user(context: Context, pool: UserPool, user: User) -> None:
    """Takes a user and everything that is kept of the user's sign-ins away, and saves."""
    record = context.record(pool)
    forget_all(record, user)
    del record.users[user.username]
    context.save()


def global_sign_out(context: Context, request: Request) -> Answer:
    pool, user = _caller(context, request)
    revoke_all(context.record(pool), user)
    context.save()
    return {}


ACTIONS: Final[Mapping[str, Action]] = {
    "GetUser": Action(get_user, ("AccessToken",)),
    "UpdateUserAttributes": Action(update_user_attributes, ("AccessToken", "UserAttributes")),
    "DeleteUserAttributes": Action(delete_user_attributes, ("AccessToken", "UserAttributeNames")),
    "GetUserAttributeVerificationCode": Action(get_user_attribute_verification_code, ("AccessToken", "AttributeName")),
    "VerifyUserAttribute": Action(verify_user_attribute, ("AccessToken", "AttributeName", "Code")),
    "ChangePassword": Action(change_password, ("AccessToken", "ProposedPassword")),
    "DeleteUser": Action(delete_user, ("AccessToken",)),
    "GlobalSignOut": Action(global_sign_out, ("AccessToken",)),
}
