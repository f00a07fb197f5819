"""Each case of the suite against the local runtime, over HTTP and WebSocket."""

from __future__ import annotations

import pytest

from support.conformance import cases, subscriptions
from support.conformance.api import Api
from support.conformance.cases import Variant
from support.conformance.sockets import heard
from support.conformance.subscriptions import SubscriptionCase

VARIANTS = [variant for case in cases.read() for variant in case.variants]
SUBSCRIPTIONS = subscriptions.read()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_case(here: Api, variant: Variant) -> None:
    """What AWS's page says comes of it; or, where the case says that it is not emulated, what it says of the runtime."""
    answered = here.answer(variant)
    assert answered.differs(here=True) == []
    # A case that says "not emulated" while the runtime does it has to say so no longer.
    assert variant.here is None or answered.differs() != []


@pytest.mark.parametrize("case", SUBSCRIPTIONS, ids=lambda case: case.id)
def test_subscription(here: Api, case: SubscriptionCase) -> None:
    """The messages that the page says arrive do, others do not; what is invalidated ends."""
    assert heard(here, case).differs(case) == []
