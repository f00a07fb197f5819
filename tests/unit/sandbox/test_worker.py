"""The sandbox's process: it answers as the engine does, is ended where it must be, and starts anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import livebus
from livebus.operation import Exceeded, Loading
from livebus.sandbox import Worker

CONTEXT = '{"arguments":{"n":[1,2,3]}}'


def loading(request: str, time_limit: float = 1.0) -> Loading:
    handlers = f"request: (ctx) => {{ {request} }}, response: (ctx) => ctx.result"
    return Loading(
        (f"($appsync) => {{ const {{util}} = $appsync; return {{ {handlers} }} }}",),
        '["NONE"]',
        "{}",
        time_limit,
        2**26,
    )


@pytest.fixture
def worker() -> Iterator[Worker]:
    found = Worker()
    yield found
    found.close()


def test_it_answers_as_the_engine_does(worker: Worker) -> None:
    """Outcomes, errors and questions are the engine's own texts; several resolvers share the process."""
    joins = loading("return { payload: ctx.args.n.join('-') }")
    asks = loading("return { payload: util.autoId() }")
    assert worker.run(joins, CONTEXT, 0.0, None) == '{"value":"1-2-3"}'
    assert worker.run(asks, CONTEXT, 0.0, None) == '{"ask":"id","question":null}'
    assert worker.run(asks, CONTEXT, 0.0, '{"id":["x"]}') == '{"value":"x"}'
    assert worker.run(joins, CONTEXT, 0.0, None) == '{"value":"1-2-3"}'


def test_it_finds_the_package_where_the_path_lacks_it(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    """As in cfn-lint's plugin, which takes our folder from the path again before the checks run."""
    folder = Path(livebus.__file__).parents[1].resolve()
    monkeypatch.setattr(sys, "path", [each for each in sys.path if Path(each).resolve() != folder])
    assert worker.run(loading("return { payload: 1 }"), CONTEXT, 0.0, None) == '{"value":1}'


def test_it_is_ended_in_the_middle_of_a_step_and_starts_anew(worker: Worker) -> None:
    """The join of a list of holes is one step of the engine."""
    endless = loading("const a = []; a.length = 4294967295; return { payload: a.join('') }", 0.2)
    with pytest.raises(Exceeded, match=r"^The code ran longer than 0\.2 s and was ended$"):
        worker.run(endless, CONTEXT, 0.0, None)
    assert worker.run(loading("return { payload: 1 }"), CONTEXT, 0.0, None) == '{"value":1}'


def test_the_time_is_that_of_all_runs_together(worker: Worker) -> None:
    """A resolution that asks again and again has one limit; the next one begins anew."""
    slow = loading("let c = 0; while (c < 3e6) { c += 1 } return { payload: util.autoId() }", 0.3)

    def ask_again_and_again() -> None:
        worker.run(slow, CONTEXT, 0.0, None)
        for _ in range(1_000):
            worker.run(slow, CONTEXT, 0.0, "{}")

    with pytest.raises(Exceeded, match=r"longer than 0\.3 s"):
        ask_again_and_again()
    quick = loading("return { payload: 1 }", 0.3)
    assert worker.run(quick, CONTEXT, 0.0, None) == '{"value":1}'


def test_memory_is_limited(worker: Worker) -> None:
    """As in the process."""
    greedy = loading("let a = []; for (let i = 0; i < 1e9; i++) { a.push('x' + i) } return { payload: 1 }", 20.0)
    with pytest.raises(Exceeded, match="more than 64 MB of memory"):
        worker.run(greedy, CONTEXT, 0.0, None)
