"""Which engine sends: what starts fast for few, what sends much for many, boto3 for whatever else is configured."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.aws.direct import service_client
from livebus.aws.direct.reach import Address, NeedsBoto3, Reach
from livebus.aws.publish import boto3_engine
from livebus.aws.publish.blocking_engine import BlockingEngine
from livebus.aws.publish.boto3_engine import MOST_THREADS, Boto3Engine
from livebus.aws.publish.bulk_engine import BulkEngine
from livebus.aws.publish.engines import route
from livebus.errors import LivebusError
from livebus.publish.concurrency import MOST
from livebus.publish.signer import Credentials

REACH = Reach(
    Address(False, "127.0.0.1", 1, "/", "127.0.0.1:1", "http://127.0.0.1:1"),
    "eu-west-1",
    lambda: Credentials("k", "s", ""),
)


class Session:
    """As much of a session as is asked; ``needs`` is what the bulk engine does not speak."""

    def __init__(self, needs: str = "") -> None:
        self.asked: list[Any] = []
        self._needs = needs

    def reach(self, *given: str) -> Reach:
        self.asked.append(given)
        if self._needs:
            raise NeedsBoto3(self._needs)
        return REACH

    def client(self, service: str, **named: Any) -> Any:
        self.asked.append((service, named))
        return self

    def close(self) -> None:
        self.asked.append("close")


@pytest.mark.parametrize(("few", "engine", "most"), [(True, BlockingEngine, 1), (False, BulkEngine, MOST)])
@pytest.mark.parametrize("choice", ["auto", "bulk"])
def test_what_needs_no_boto3(choice: str, few: bool, engine: type, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bus is asked for on a connection that is kept, and closed at the end."""
    asked: list[Any] = []
    given: Any = Session()
    monkeypatch.setattr(service_client, "bus_exists", lambda *of: asked.append(of) or True)
    found = route(given, choice, few=few)
    assert (found.name, type(found.engine), found.most_concurrency) == ("bulk", engine, most)
    assert given.asked == [("events", "publish")]
    assert found.bus_exists("b") is True
    ((reach, bus, connection),) = asked
    assert (reach, bus) == (REACH, "b")
    assert found.close == connection.close


BOTO3 = ("events", {"max_pool_connections": MOST_THREADS, "parameter_validation": False})


@pytest.mark.parametrize(
    ("choice", "needs", "asked"), [("boto3", "", [BOTO3]), ("auto", "a proxy", [("events", "publish"), BOTO3])]
)
def test_what_needs_boto3(choice: str, needs: str, asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Because somebody wants it, or because of what is configured; with as many connections as threads."""
    given: Any = Session(needs)
    monkeypatch.setattr(boto3_engine, "bus_exists", lambda client, bus: (client, bus))
    found = route(given, choice, few=True)
    assert (found.name, type(found.engine), found.most_concurrency) == ("boto3", Boto3Engine, MOST_THREADS)
    assert given.asked == asked
    assert found.bus_exists("b") == (given, "b")
    found.close()
    assert given.asked[-1] == "close"


def test_what_the_bulk_engine_does_not_speak_is_told() -> None:
    """Where nothing else is wanted."""
    given: Any = Session("a proxy")
    with pytest.raises(LivebusError) as told:
        route(given, "bulk", few=False)
    assert str(told.value) == "the bulk engine does not speak a proxy. --engine boto3 does."
