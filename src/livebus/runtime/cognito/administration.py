"""
What an administrator does to users: the Admin actions and ListUsers.

On AWS these calls are signed; whether the runtime asks for a signature is the endpoint's business.
https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from livebus.runtime.cognito.account_recovery import send_recovery_code
from livebus.runtime.cognito.attributes import check_attributes, listed, remove_attribute, write_attributes
from livebus.runtime.cognito.context import Action, Answer, Context, Request
from livebus.runtime.cognito.errors import CognitoError, invalid_parameter
from livebus.runtime.cognito.own_account import remove_user
from livebus.runtime.cognito.pages import page
from livebus.runtime.cognito.passwords import check_policy, temporary_password
from livebus.runtime.cognito.sign_ins import revoke_all
from livebus.runtime.cognito.sign_up import check_unconfirmed, confirm, new_user
from livebus.runtime.cognito.users import CONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, User
from livebus.template.application import UserPool

_FILTER: Final = re.compile(r'\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
# What AWS documents as searchable; cognito:user_status is matched without regard to case there.
_SEARCHABLE: Final = frozenset(
    {
        "username",
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "cognito:user_status",
        "status",
        "sub",
    }
)


def named(context: Context, request: Request) -> tuple[UserPool, User]:
    """The pool and user that an Admin request names, or ResourceNotFoundException or UserNotFoundException."""
    pool = context.directory.pool(request["UserPoolId"])
    return pool, context.directory.user(pool, request["Username"])


def admin_create_user(context: Context, request: Request) -> Answer:
    pool = context.directory.pool(request["UserPoolId"])
    name, message_action = request["Username"], request.get("MessageAction")
    given = request.get("TemporaryPassword")
    if given is not None:
        check_policy(pool, given)
    password = given or temporary_password(pool, context.random_bytes)
    if message_action == "RESEND":
        user = context.directory.user(pool, name)
        if user.status != FORCE_CHANGE_PASSWORD:
            raise CognitoError(
                "UnsupportedUserStateException", f"Resend not possible. {name} status is not FORCE_CHANGE_PASSWORD"
            )
    else:
        attributes = listed(request.get("UserAttributes"))
        check_attributes(attributes, by_client=False)
        user = new_user(
            context, pool, name, attributes, status=FORCE_CHANGE_PASSWORD, exists="User account already exists"
        )
    context.set_password(pool, user, password, FORCE_CHANGE_PASSWORD)
    context.save()
    if message_action != "SUPPRESS":
        context.notify(f"temporary password {password} for {name}")
    return {"User": user.described()}


def admin_set_user_password(context: Context, request: Request) -> Answer:
    pool, user = named(context, request)
    check_policy(pool, request["Password"])
    status = CONFIRMED if request.get("Permanent") else FORCE_CHANGE_PASSWORD
    context.set_password(pool, user, request["Password"], status)
    context.save()
    return {}


def admin_reset_user_password(context: Context, request: Request) -> Answer:
    pool, user = named(context, request)
    send_recovery_code(context, pool, user)
    user.credential, user.status, user.modified = None, RESET_REQUIRED, context.clock()
    context.save()
    return {}


def admin_confirm_sign_up(context: Context, request: Request) -> Answer:
    _, user = named(context, request)
    check_unconfirmed(user)
    confirm(context, user)
    return {}


def admin_get_user(context: Context, request: Request) -> Answer:
    _, user = named(context, request)
    return user.described("UserAttributes")


def admin_delete_user(context: Context, request: Request) -> Answer:
    remove_user(context, *named(context, request))
    return {}


def admin_disable_user(context: Context, request: Request) -> Answer:
    # AWS documents that this also revokes the user's tokens.
    pool, user = named(context, request)
    user.enabled, user.modified = False, context.clock()
    revoke_all(context.record(pool), user)
    context.save()
    return {}


def admin_enable_user(context: Context, request: Request) -> Answer:
    _, user = named(context, request)
    user.enabled, user.modified = True, context.clock()
    context.save()
    return {}


def admin_user_global_sign_out(context: Context, request: Request) -> Answer:
    pool, user = named(context, request)
    revoke_all(context.record(pool), user)
    context.save()
    return {}


def admin_update_user_attributes(context: Context, request: Request) -> Answer:
    pool, user = named(context, request)
    write_attributes(context, pool, user, listed(request["UserAttributes"]), by_client=False)
    context.save()
    return {}


def admin_delete_user_attributes(context: Context, request: Request) -> Answer:
    _, user = named(context, request)
    names = request["UserAttributeNames"]
    check_attributes(dict.fromkeys(names, ""), by_client=False)
    for name in names:
        remove_attribute(user, name)
    user.modified = context.clock()
    context.save()
    return {}


def list_users(context: Context, request: Request) -> Answer:
    pool = context.directory.pool(request["UserPoolId"])
    wanted = _filter(request.get("Filter"))
    users = [user for user in context.record(pool).users.values() if wanted(user)]
    rows, token = page(users, request.get("Limit"), request.get("PaginationToken"))
    answer: dict[str, Any] = {"Users": [_row(user, request.get("AttributesToGet")) for user in rows]}
    if token is not None:
        answer["PaginationToken"] = token
    return answer


def _row(user: User, attributes: list[str] | None) -> Answer:
    row = user.described()
    if attributes is not None:
        row["Attributes"] = [each for each in row["Attributes"] if each["Name"] in attributes]
    return row


def _filter(text: str | None) -> Callable[[User], bool]:
    """Reads a filter: one attribute, ``=`` or ``^=`` (begins with), a quoted value. Empty text lets everybody through."""
    if not text:
        return lambda _user: True
    written = _FILTER.fullmatch(text)
    if written is None:
        raise invalid_parameter("Error while parsing filter.")
    name, operator, value = written[1], written[2], re.sub(r"\\(.)", r"\1", written[3])
    if name not in _SEARCHABLE:
        raise invalid_parameter(f"Invalid search attribute: {name}")
    if name == "cognito:user_status":
        value = value.upper()
    if operator == "^=":
        return lambda user: _searched(user, name).startswith(value)
    return lambda user: _searched(user, name) == value


def _searched(user: User, name: str) -> str:
    """What a filter on a name looks at."""
    if name == "username":
        return user.username
    if name == "status":
        return "Enabled" if user.enabled else "Disabled"
    if name == "cognito:user_status":
        return user.status
    return user.attributes.get(name, "")


_USER: Final = ("UserPoolId", "Username")

ACTIONS: Final[Mapping[str, Action]] = {
    "AdminCreateUser": Action(admin_create_user, _USER),
    "AdminSetUserPassword": Action(admin_set_user_password, (*_USER, "Password")),
    "AdminResetUserPassword": Action(admin_reset_user_password, _USER),
    "AdminConfirmSignUp": Action(admin_confirm_sign_up, _USER),
    "AdminGetUser": Action(admin_get_user, _USER),
    "AdminDeleteUser": Action(admin_delete_user, _USER),
    "AdminDisableUser": Action(admin_disable_user, _USER),
    "AdminEnableUser": Action(admin_enable_user, _USER),
    "AdminUserGlobalSignOut": Action(admin_user_global_sign_out, _USER),
    "AdminUpdateUserAttributes": Action(admin_update_user_attributes, (*_USER, "UserAttributes")),
    "AdminDeleteUserAttributes": Action(admin_delete_user_attributes, (*_USER, "UserAttributeNames")),
    "ListUsers": Action(list_users, ("UserPoolId",)),
}
