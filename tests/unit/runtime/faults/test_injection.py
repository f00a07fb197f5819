"""Failures on purpose: how they are written, and what they hit."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from livebus.cli import faults as verb
from livebus.errors import LivebusError
from livebus.runtime.faults.injection import KINDS, OF_TARGETS, Faults, Injection, read_injection, read_injections


def chance_of(seed: int | None) -> Callable[[], float]:
    return random.Random(seed).random


def switched_on(*texts: str) -> Faults:
    faults = Faults(chance_of=chance_of)
    faults.inject(read_injections(texts))
    return faults


@pytest.mark.parametrize(
    ("text", "injection", "shown"),
    [
        ("throttle=0.1", Injection("throttle", 0.1), "throttle=0.1"),
        ("reset", Injection("reset", 1.0), "reset=1"),
        ("reset-after=.5,seed=7", Injection("reset-after", 0.5, 7), "reset-after=0.5,seed=7"),
        ("slow=1,seconds=0.2", Injection("slow", 1.0, seconds=0.2), "slow=1,seconds=0.2"),
        ("target-error=1,target=App", Injection("target-error", 1.0, target="App"), "target-error=1,target=App"),
    ],
)
def test_faults_are_read_and_written(text: str, injection: Injection, shown: str) -> None:
    """What is shown can be read again."""
    assert read_injection(text) == injection
    assert str(injection) == shown
    assert read_injection(shown) == injection


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trottle=1", "no fault 'trottle'; expected one of throttle, error,"),
        ("", "no fault ''"),
        ("reset=2", "reset: the probability is '2'; expected a number from 0 to 1"),
        ("reset=nan", "reset: the probability is 'nan'"),
        ("reset=1,sed=7", "reset: no option 'sed=7'; expected one of seed=, seconds=, target=. Did you mean 'seed'?"),
        ("reset=1,seed=-1", "reset: the seed is '-1'; expected a whole number"),
        ("reset=1,seconds=1", "reset: seconds goes with slow"),
        ("slow=1,seconds=301", "slow: the seconds is '301'; expected a number from 0 to 300"),
        ("throttle=1,target=App", "throttle: target goes with target-throttle,"),
    ],
)
def test_mistakes_are_told(text: str, message: str) -> None:
    with pytest.raises(LivebusError) as refused:
        read_injection(text)
    assert message in str(refused.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(LivebusError) as refused:
        read_injections(["a", "reset=1", "b"])
    assert len(refused.value.faults) == 2


def test_nothing_hits_where_nothing_is_switched_on() -> None:
    assert Faults().of_request() == (0.0, None)
    assert Faults().failing_entries(10) == frozenset()
    assert Faults().of_attempt("App") is None
    assert not Faults().any_of_requests


def test_a_seed_hits_in_the_same_places() -> None:
    """Whatever else is switched on."""

    def hits(*texts: str) -> list[bool]:
        faults = switched_on("reset=0.3,seed=7", *texts)
        found = [faults.of_request()[1] for _ in range(50)]
        return [each is not None and each.kind == "reset" for each in found]

    assert hits() == hits("throttle=0.5,seed=1")
    assert 5 < sum(hits()) < 25


def test_waiting_comes_to_what_else_hits() -> None:
    """The waits of several add up; of those that fail the first one given does."""
    faults = switched_on("slow=1,seconds=0.5", "error=1", "slow=1", "throttle=1")
    assert faults.of_request() == (1.5, Injection("error", 1.0))


def test_entries_fail_by_themselves() -> None:
    faults = switched_on("partial=0.5,seed=3")
    failing = [faults.failing_entries(10) for _ in range(20)]
    assert 60 < sum(map(len, failing)) < 140
    assert not faults.any_of_requests
    assert switched_on("partial=1").failing_entries(3) == {0, 1, 2}


def test_a_target_can_be_named() -> None:
    faults = switched_on("target-error=1,target=App")
    assert faults.of_attempt("Other") is None
    assert faults.of_attempt("App") == Injection("target-error", 1.0, target="App")


def test_what_is_given_replaces_what_was() -> None:
    faults = switched_on("throttle=1", "partial=1", "target-error=1")
    assert [each.kind for each in faults.injections] == ["throttle", "partial", "target-error"]
    faults.inject(read_injections(["reset=1"]))
    assert [each.kind for each in faults.injections] == ["reset"]
    faults.inject([])
    assert faults.of_request() == (0.0, None)


def test_help_lists_all_faults(capsys: Any) -> None:
    with pytest.raises(SystemExit) as raised:
        verb.main(["--help"])
    assert raised.value.code == 0
    out = capsys.readouterr().out
    assert [name for name in KINDS if f"  {name} " not in out] == []
    assert len(OF_TARGETS) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--clear"], "the following arguments are required: --local"),
        (["--local", "--clear", "--fault", "reset"], "--clear goes alone: what is given replaces what was switched on"),
        (["--local", "--latency", "-1"], "'-1' is not a number of seconds from 0"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], message: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as raised:
        verb.main(arguments)
    assert raised.value.code == 2
    assert message in capsys.readouterr().err


def test_a_misspelt_fault_is_told_before_anything_is_asked(capsys: Any) -> None:
    assert verb.main(["--local", "--fault", "trottle=1"]) == 2
    assert capsys.readouterr().err.endswith("Did you mean 'throttle'?\n")
