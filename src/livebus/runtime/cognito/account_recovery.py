"""
A forgotten password: ForgotPassword sends a code (to ``notify``), ConfirmForgotPassword takes it and a new password.

https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from livebus.runtime.cognito.context import (
    RECOVERY,
    Action,
    Answer,
    Context,
    Request,
    recoverable,
    simulated_delivery,
)
from livebus.runtime.cognito.errors import invalid_parameter, not_authorized
from livebus.runtime.cognito.passwords import check_policy
from livebus.runtime.cognito.pending import expired_code
from livebus.runtime.cognito.sign_up import known_user
from livebus.runtime.cognito.users import CONFIRMED, FORCE_CHANGE_PASSWORD, User
from livebus.template.application import UserPool


def forgot_password(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    user = known_user(context, pool, client, request)
    if user is None:
        return {"CodeDeliveryDetails": simulated_delivery(request["Username"])}
    if not user.enabled:
        raise not_authorized("User is disabled.")
    if user.status == FORCE_CHANGE_PASSWORD:
        raise not_authorized("User password cannot be reset in the current state.")
    return {"CodeDeliveryDetails": send_recovery_code(context, pool, user)}


def send_recovery_code(context: Context, pool: UserPool, user: User) -> Answer:
    """Sends the code for a new password to a verified address. Raises InvalidParameterException without one."""
    attribute = recoverable(user)
    if attribute is None:
        raise invalid_parameter(
            "Cannot reset password for the user as there is no registered/verified email or phone_number"
        )
    return context.send_code(pool, user, RECOVERY, attribute)


def confirm_forgot_password(context: Context, request: Request) -> Answer:
    pool, client = context.directory.client(request["ClientId"])
    user = known_user(context, pool, client, request)
    if user is None:
        raise expired_code()
    check_policy(pool, request["Password"], "does not conform to")
    context.accept_code(pool, user, RECOVERY, request["ConfirmationCode"])
    context.set_password(pool, user, request["Password"], CONFIRMED)
    context.save()
    return {}


ACTIONS: Final[Mapping[str, Action]] = {
    "ForgotPassword": Action(forgot_password, ("ClientId", "Username")),
    "ConfirmForgotPassword": Action(confirm_forgot_password, ("ClientId", "Username", "ConfirmationCode", "Password")),
}
