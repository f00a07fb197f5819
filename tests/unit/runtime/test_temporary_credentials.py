"""Temporary credentials: what they look like, and how many are remembered."""

from __future__ import annotations

from itertools import count

import pytest

from livebus.runtime import temporary_credentials
from livebus.runtime.temporary_credentials import TemporaryCredentials

ROLE = "arn:aws:iam::123456789012:role/app"


@pytest.fixture
def credentials() -> TemporaryCredentials:
    numbers = count()
    return TemporaryCredentials(lambda: 1000.0, lambda size: bytes([next(numbers) % 256]) * size)


def test_keys_lead_to_their_session(credentials: TemporaryCredentials) -> None:
    """AWS's temporary keys begin with ASIA."""
    session = credentials.issue(ROLE, "me", 60, cognito_identity_id="id")
    assert (session.access_key_id[:4], len(session.access_key_id), session.expires) == ("ASIA", 20, 1060.0)
    assert credentials.find(session.access_key_id) == session
    assert session.cognito_identity_id == "id"
    assert credentials.find("ASIA0") is None


def test_the_oldest_are_forgotten(credentials: TemporaryCredentials, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound to what is remembered."""
    monkeypatch.setattr(temporary_credentials, "_MOST_SESSIONS", 2)
    sessions = [credentials.issue(ROLE, str(number), 60) for number in range(3)]
    found = [credentials.find(each.access_key_id) is not None for each in sessions]
    assert found == [False, True, True]
