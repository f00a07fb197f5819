"""
Switches faults on and off while the runtime runs: ``GET`` and ``PUT /_livebus/faults``.

The body is ``{"failTargets": ["AppSync"], "latency": 0, "faults": ["throttle=0.1"]}``; a PUT replaces all of it. No
browser may ask, of whatever origin: a page that a developer has open must not break what is being developed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from livebus.errors import Fault, LivebusError, WrongUsage, did_you_mean
from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.faults.injection import Faults, Injection, read_injections

PATH = "/_livebus/faults"
_MEMBERS = ("failTargets", "latency", "faults")
_MOST_SECONDS = 300


class FaultControl:
    """``targets`` are the Ids of all targets that there are; ``tell`` prints a line for people."""

    def __init__(self, faults: Faults, targets: Callable[[], Iterable[str]], tell: Callable[[str], object]) -> None:
        self._faults = faults
        self._targets = targets
        self._tell = tell

    def call(self, method: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if "Origin" in headers or "Sec-Fetch-Site" in headers:
            return _answer(403, {"errors": ["faults are not switched by browsers"]})
        if method == "PUT":
            if headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
                return _answer(415, {"errors": ["the Content-Type has to be application/json"]})
            try:
                self._put(body)
            except LivebusError as error:
                return _answer(400, {"errors": [str(fault) for fault in error.faults]})
        elif method != "GET":
            return _answer(405, {"errors": ["faults take GET and PUT"]})
        return _answer(200, self.state())

    def state(self) -> dict[str, Any]:
        """What is switched on, in the form that a PUT takes."""
        return {
            "failTargets": sorted(self._faults.failing_targets),
            "latency": self._faults.latency,
            "faults": [str(each) for each in self._faults.injections],
        }

    def _put(self, body: bytes) -> None:
        try:
            wanted = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise LivebusError(f"not JSON: {error}") from None
        if not isinstance(wanted, dict):
            raise LivebusError("not a JSON object")
        faults = [
            Fault(
                f"unknown member {name!r}",
                expected=f"one of {', '.join(_MEMBERS)}",
                advice=did_you_mean(name, _MEMBERS),
            )
            for name in wanted
            if name not in _MEMBERS
        ]
        targets, texts = wanted.get("failTargets", []), wanted.get("faults", [])
        for name, value in (("failTargets", targets), ("faults", texts)):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                faults.append(Fault(f"{name} is {value!r}", expected="a list of texts"))
        latency = wanted.get("latency", 0)
        if not isinstance(latency, int | float) or isinstance(latency, bool) or not 0 <= latency <= _MOST_SECONDS:
            faults.append(Fault(f"latency is {latency!r}", expected=f"a number of seconds from 0 to {_MOST_SECONDS}"))
        if faults:
            raise LivebusError(faults=faults)
        injections = read_injections(texts)
        check_targets(targets, injections, self._targets())
        self._faults.failing_targets = frozenset(targets)
        self._faults.latency = float(latency)
        self._faults.inject(injections)
        self._tell(f"faults: {described(self.state())}")


def check_targets(failing: Iterable[str], injections: Iterable[Injection], targets: Iterable[str]) -> None:
    """Raise WrongUsage where a target is to fail that there is none of: nothing would, and a rehearsal would prove nothing."""
    known = list(targets)
    shown = ", ".join(map(repr, known)) or "none"
    faults = [
        Fault(f"no target {name!r}", expected=f"one of {shown}", advice=did_you_mean(name, known))
        for name in (*failing, *(each.target for each in injections if each.target))
        if name not in known
    ]
    if faults:
        raise WrongUsage(faults=faults)


def described(state: Mapping[str, Any]) -> str:
    """What is switched on, on one line."""
    told = [f"target {name} is down" for name in state["failTargets"]]
    told += [f"each delivery waits {state['latency']:g} s"] if state["latency"] else []
    return "; ".join([*told, *state["faults"]]) or "none"


def _answer(status: int, content: Mapping[str, Any]) -> HttpAnswer:
    return HttpAnswer(status, {"Content-Type": "application/json"}, orjson.dumps(content))
