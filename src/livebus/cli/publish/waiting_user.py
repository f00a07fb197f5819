"""
Who waits for the messages of what is published, with --wait: a user who signs in, or whoever a token is of.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from livebus.aws.session import Session
from livebus.errors import WrongUsage

if TYPE_CHECKING:
    from livebus.aws.publish.expected_delivery import SubscribingUser


def subscribing_user(arguments: Namespace, session: Session) -> SubscribingUser | Callable[[], str]:
    """
    Who subscribes: the one of --user, else whose token LIVEBUS_TOKEN holds, else the local runtime's own user. Raises
    LivebusError where that is nobody.
    """
    from livebus.aws.publish.expected_delivery import SubscribingUser

    runtime, name = session.runtime, arguments.user
    if name is None and (given := os.environ.get("LIVEBUS_TOKEN")):
        from livebus.aws.given_token import given_token

        token = given_token(given, "LIVEBUS_TOKEN")
        return lambda: token
    if name is None and runtime is not None and not runtime.user_name:
        raise WrongUsage(
            "--wait subscribes, and the application has no user pool",
            expected="a token in LIVEBUS_TOKEN, where an API key counts as one",
        )
    if runtime is not None and name in (None, runtime.user_name):
        return SubscribingUser(runtime.user_name, runtime.password)
    password = os.environ.get("LIVEBUS_PASSWORD")
    if not name or not password:
        raise WrongUsage(
            "--wait subscribes, and nobody is told who may",
            expected="--user NAME, and the password in LIVEBUS_PASSWORD; or a token in LIVEBUS_TOKEN",
            advice="--local has a user of its own.",
        )
    return SubscribingUser(name, password)
