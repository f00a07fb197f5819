"""Requests that fail on purpose: which are hit, how each kind fails, and whether the events were taken."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.faults.injection import Faults, read_injections
from livebus.runtime.port import failing_requests
from livebus.runtime.port.aws_endpoint import AwsEndpoint
from livebus.runtime.port.failing_requests import failing


class Connection:
    """As much of a transport, and of its socket, as a reset needs."""

    def __init__(self, *, has_socket: bool = True) -> None:
        self.did: list[Any] = []
        self._has_socket = has_socket

    def get_extra_info(self, name: str) -> Any:
        return self if self._has_socket and name == "socket" else None

    def setsockopt(self, *option: Any) -> None:
        self.did.append(option)

    def abort(self) -> None:
        self.did.append("abort")


class Request:
    def __init__(self, target: str, transport: Connection | None) -> None:
        self.headers = {"X-Amz-Target": target} if target else {}
        self.transport = transport


class Bus:
    def __init__(self) -> None:
        self.taken: list[Mapping[str, Any]] = []

    def call(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.taken.append(body)
        return {"action": action}


RESET = [(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)), "abort"]


class Bench:
    def __init__(self, *faults: str, chance: float = 0.0, transport: Connection | None = None) -> None:
        self.bus = Bus()
        self.transport = transport
        self.faults = Faults(chance_of=lambda _seed: lambda: chance)
        self.faults.inject(read_injections(faults))

    def answer(self, target: str = "AWSEvents.PutEvents") -> HttpAnswer:
        aws = AwsEndpoint({"AWSEvents": self.bus}, {}, None, lambda: "request-1")
        request: Any = Request(target, self.transport)
        return asyncio.run(failing(self.faults, aws, request, b'{"Entries": []}'))


@pytest.mark.parametrize(
    ("fault", "status", "error_type", "message"),
    [
        ("throttle", 400, "ThrottlingException", "Rate exceeded"),
        ("error", 500, "InternalFailure", "The request processing has failed (--fault error)."),
        ("unavailable", 503, "ServiceUnavailable", "The request has failed (--fault unavailable)."),
    ],
)
def test_a_refusal_takes_no_events(fault: str, status: int, error_type: str, message: str) -> None:
    """In the words of AWS's common errors."""
    bench = Bench(fault)
    answer = bench.answer()
    assert (answer.status, json.loads(answer.body)) == (status, {"__type": error_type, "message": message})
    assert bench.bus.taken == []


@pytest.mark.parametrize(("fault", "taken"), [("reset", []), ("reset-after", [{"Entries": []}])])
def test_a_reset_comes_before_or_after_the_events_are_taken(fault: str, taken: list[object]) -> None:
    """The connection ends with RST, whatever has not been sent."""
    bench = Bench(fault, transport=Connection())
    with pytest.raises(ConnectionResetError):
        bench.answer()
    assert bench.transport is not None
    assert (bench.bus.taken, bench.transport.did) == (taken, RESET)


@pytest.mark.parametrize(("transport", "did"), [(None, None), (Connection(has_socket=False), ["abort"])])
def test_a_connection_that_is_gone_is_not_reset(transport: Connection | None, did: list[str] | None) -> None:
    """Nor one that has no socket of its own: it is ended all the same."""
    with pytest.raises(ConnectionResetError):
        Bench("reset", transport=transport).answer()
    assert (transport.did if transport else None) == did


@pytest.mark.parametrize("target", ["AWSEvents.PutRule", "", "awsevents.putevents"])
def test_only_put_events_fails(target: str) -> None:
    """Everything else goes its way, and draws nothing."""
    asked: list[str] = []
    bench = Bench("throttle")
    of_request: Callable[[], Any] = lambda: asked.append("drawn")  # noqa: E731
    object.__setattr__(bench, "faults", type("Drawn", (), {"of_request": staticmethod(of_request)})())
    assert bench.answer(target).status in (200, 400)
    assert asked == []


def test_what_no_fault_hits_is_answered() -> None:
    """As without faults."""
    bench = Bench("throttle=0.5", chance=0.5)
    answer = bench.answer()
    assert (answer.status, json.loads(answer.body)) == (200, {"action": "PutEvents"})
    assert bench.bus.taken == [{"Entries": []}]


@pytest.mark.parametrize(("faults", "status"), [(("slow=1,seconds=7",), 200), (("slow=1,seconds=7", "throttle"), 400)])
def test_a_slow_answer_waits_first(faults: tuple[str, ...], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds that it was told, whatever comes then."""
    waited: list[float] = []

    class Patient:
        @staticmethod
        async def sleep(seconds: float) -> None:
            waited.append(seconds)

    monkeypatch.setattr(failing_requests, "asyncio", Patient)
    assert (Bench(*faults).answer().status, waited) == (status, [7.0])
