"""The runtime's own user has a name that its pool takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from livebus.runtime.cognito.directory import own_user_name, username_attribute
from livebus.template.application import UserPool

POOL = UserPool("eu-west-1_Names", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Names", "Names")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ((), ("subscriber", None)),
        (("email",), ("subscriber@example.com", "email")),
        (("phone_number",), ("+15555550100", "phone_number")),
        (("phone_number", "email"), ("subscriber@example.com", "email")),
    ],
)
def test_a_name_of_the_pools_kind(attributes: tuple[str, ...], expected: tuple[str, str | None]) -> None:
    """A pool whose usernames are emails or phone numbers refuses any other name, also that of the runtime's own user."""
    pool = replace(POOL, username_attributes=attributes)

    name = own_user_name(pool)

    assert (name, username_attribute(pool, name)) == expected
