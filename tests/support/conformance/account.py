"""
The suite in an account: a stack, all cases, and the stack's end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.conformance.api import Api
from support.conformance.running import AWS_PYTHON, template_text
from support.conformance.stack import Stack
from support.conformance.suite import Answers, Suite

GRACE = 2.0  # seconds for messages that should not come, since AWS does not promise their order
PAUSE = 5.0


def ask_account(
    suite: Suite,
    session: Any,
    tell: Callable[[str], None],
    *,
    python: str = AWS_PYTHON,
    pause: float = PAUSE,
    grace: float = GRACE,
) -> Answers:
    """
    Deploy, ask, delete. ``session`` is boto3's, of the profile and region.

    Raises StackFailed where the stack is not made; in every case what was made is deleted, or named to ``tell``.
    """
    identity = session.client("sts").get_caller_identity()
    tell(f"account {identity['Account']}, region {session.region_name}")
    with Stack(session, template_text(suite, python), tell, pause=pause) as stack:
        # What AWS takes to settle messages, it takes to settle a table's index as well.
        api = Api(stack.outputs, session.resource("dynamodb").Table(stack.outputs["Table"]), settling=grace / 2)
        try:
            tell(f"asking {len(suite.variants) + len(suite.subscriptions)} cases")
            return suite.ask(api, grace=grace)
        finally:
            api.close()
