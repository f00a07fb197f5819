"""Who waits for what arrives: until the subscription stands, and has settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from livebus.aws.publish.expected_delivery import Delivery, SubscribingUser
from livebus.errors import Unreachable

NOBODY: Any = None


def delivery(listen: Callable[[Delivery], None], settling: float) -> Delivery:
    """One whose subscription does what a test wants, in the subscriber's thread."""

    class Told(Delivery):
        def _run(self) -> None:
            listen(self)

    return Told(NOBODY, SubscribingUser("u", "p"), NOBODY, cast(Any, NOBODY), settling=settling)


def test_it_enters_once_it_is_subscribed() -> None:
    """Without a time to settle at once."""
    waiting = delivery(lambda each: each._subscribed.set(), 0.0)

    with waiting as entered:
        assert entered is waiting


def test_what_ends_while_it_settles() -> None:
    """Is told at once, however long that would have taken."""

    def end(each: Delivery) -> None:
        each._subscribed.set()
        with each._changed:
            each._error = Unreachable("the subscription ended")
            each._changed.notify_all()

    with pytest.raises(Unreachable, match="the subscription ended"):
        delivery(end, 3_600.0).__enter__()
