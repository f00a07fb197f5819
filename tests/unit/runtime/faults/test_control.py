"""Faults switched while the runtime runs: who may, and what is refused."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest

from livebus.errors import WrongUsage
from livebus.runtime.faults.control import FaultControl, check_targets
from livebus.runtime.faults.injection import Faults, Injection, read_injections

JSON = {"Content-Type": "application/json"}


class Control:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.faults = Faults(chance_of=lambda seed: random.Random(seed).random)
        self._control = FaultControl(self.faults, lambda: ["AppSync", "Other"], self.told.append)

    def call(self, method: str, content: Any = None, headers: dict[str, str] = JSON) -> tuple[int, Any]:
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        answer = self._control.call(method, headers, body)
        return answer.status, orjson.loads(answer.body)


@pytest.fixture
def control() -> Control:
    return Control()


def test_a_put_replaces_what_is_switched_on(control: Control) -> None:
    """And answers with what is on then, as a GET does; people are told."""
    wanted = {"failTargets": ["AppSync"], "latency": 0.5, "faults": ["throttle=0.5", "target-error=1,target=Other"]}
    assert control.call("PUT", wanted) == (200, wanted)
    assert control.faults.failing_targets == {"AppSync"}
    assert control.faults.injections == [Injection("throttle", 0.5), Injection("target-error", 1.0, target="Other")]
    assert control.call("GET") == (200, wanted)
    assert control.call("PUT", {}) == (200, {"failTargets": [], "latency": 0.0, "faults": []})
    told = "faults: target AppSync is down; each delivery waits 0.5 s; throttle=0.5; target-error=1,target=Other"
    assert control.told == [told, "faults: none"]


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost:3000"}, {"Sec-Fetch-Site": "none"}])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_browsers_are_refused(control: Control, headers: dict[str, str], method: str) -> None:
    """Of whatever origin: pages of this machine, too."""
    assert control.call(method, {"failTargets": ["AppSync"]}, {**JSON, **headers})[0] == 403
    assert control.faults.failing_targets == frozenset()


def test_only_json_is_taken(control: Control) -> None:
    """A form of a page cannot send it without asking first."""
    assert control.call("PUT", {}, {"Content-Type": "text/plain"})[0] == 415
    assert control.call("POST", {})[0] == 405
    assert control.call("PUT", {}, {"Content-Type": "application/json; charset=utf-8"})[0] == 200


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (b"{", 1),
        ([], 1),
        ({"failTarget": []}, 1),
        ({"failTargets": "AppSync", "faults": [1], "latency": True}, 3),
        ({"latency": -1}, 1),
        ({"faults": ["a=1", "b=1"]}, 2),
        ({"failTargets": ["AppSnc"], "faults": ["target-error=1,target=x"]}, 2),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(control: Control, content: Any, errors: int) -> None:
    """All of it at once."""
    control.call("PUT", {"failTargets": ["Other"]})
    status, answer = control.call("PUT", content)
    assert (status, len(answer["errors"])) == (400, errors)
    assert control.faults.failing_targets == {"Other"}


def test_a_misspelt_target_is_told_what_it_may_be(control: Control) -> None:
    assert control.call("PUT", {"failTargets": ["AppSnc"]})[1] == {
        "errors": ["no target 'AppSnc'; expected one of 'AppSync', 'Other'. Did you mean 'AppSync'?"]
    }


def test_targets_that_there_are_not_are_wrong_usage() -> None:
    """All at once, by flag or as a fault's option, with what there is."""
    with pytest.raises(WrongUsage) as raised:
        check_targets(["AppSnyc", "AppSync"], read_injections(["target-error=1,target=Bogus"]), ["AppSync"])
    assert [str(fault) for fault in raised.value.faults] == [
        "no target 'AppSnyc'; expected one of 'AppSync'. Did you mean 'AppSync'?",
        "no target 'Bogus'; expected one of 'AppSync'",
    ]
    check_targets(["AppSync"], (), ["AppSync"])
