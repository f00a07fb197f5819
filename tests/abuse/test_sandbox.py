"""Resolvers' code that would never end: whatever it does ends within its limit, and others are served."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from abuse.conftest import Attack, Attacked
from support.application import change, copied
from support.limited import run_limited

MONSTERS = {
    "holes": "const a = []; a.length = 4294967295; return { payload: a.join('') }",
    "search in holes": "const a = []; a.length = 4294967295; return { payload: `${a.indexOf(1)}` }",
    "an object that looks like a list": "return { payload: `${{ length: 1e15, toString: [].join }}` }",
    "backtracking": "return { payload: `${util.matches('(a+)+$', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')}` }",
    "long texts": (
        "let s = 'x'; for (const i of n(24)) { s += s } let c = 0;"
        " for (const i of n(9000)) { if (`${s}1` === `${s}2`) { c += 1 } } return { payload: `${c}` }"
    ),
    "a tree of one leaf": "let a = [1]; for (const i of n(40)) { a = [a, a] } return { payload: a }",
    "zones": (
        "let c = 0; for (const i of n(10000)) { c += util.time.parseFormattedToEpochMilliSeconds("
        "'2026-01-01 00:00', 'yyyy-MM-dd HH:mm', 'Europe/Berlin') } return { payload: `${c}` }"
    ),
    "ids": "let c = ''; for (const i of n(200000)) { c += util.autoId() } return { payload: c }",
    "sorting": (
        "let s = 'x'; for (const i of n(20)) { s += s } const a = n(20000).map((i) => s + i); a.sort();"
        " return { payload: a[0] }"
    ),
    "filters": (
        "const or = n(20).map((i) => ({ a: { eq: i } })); const and = n(20).map((i) => ({ or }));"
        " return { payload: `${util.transform.toSubscriptionFilter({ and })}` }"
    ),
}
CODE = """
import {{ util }} from '@aws-appsync/utils'
const n = (count) => 'x'.split('x').flatMap(() => []).concat(Array(count).fill(1).map((one, index) => index))
export function request(ctx) {{ {body} }}
export function response(ctx) {{ return ctx.result }}
"""
RUN = """
import sys, time
from dataclasses import replace
from livebus.operation import Services
from livebus.resolver import compile_resolver
from livebus.sandbox import Worker
from livebus.template.application import DataSource, ResolverConfig

config = ResolverConfig("Mutation", "m", CODE, "m.js", DataSource("None", "NONE"), ())
worker = Worker()
services = Services(1.0, lambda: "00000000-0000-4000-8000-000000000000", sandbox=worker)
context = {"arguments": {}, "identity": None, "source": None, "request": {"headers": {}}, "info": {}}
found = compile_resolver(config, time_limit=0.5).run(context, services)
worker.close()
print(found.error.message if found.error else found.value)
"""


@pytest.mark.parametrize("body", MONSTERS.values(), ids=MONSTERS.keys())
def test_whatever_a_resolver_does_ends(body: str) -> None:
    """Each ends with an error that names its limit, in seconds of a process that has 1.5 GB."""
    told = run_limited(f"CODE = {CODE.format(body=body)!r}\n{RUN}", cpu_seconds=30)
    assert "and was ended" in told or "too long" in told or "memory" in told, told


@pytest.fixture(scope="module")
def slow(attack: Attack, tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """A runtime whose resolver never ends by itself where the message asks for it."""
    template = copied(tmp_path_factory.mktemp("slow") / "application")
    change(
        template.parent / "resolvers" / "publishMsgFromEB.js",
        "return { payload: ctx.args.msg };",
        "const a = []; a.length = ctx.args.msg === 'slow' ? 4294967295 : 1; return { payload: `${ctx.args.msg}${a.join('')}` };",
    )
    return attack(template=template)


def test_a_resolver_that_never_ends_does_not_hold_the_runtime(slow: Attacked) -> None:
    """The event counts as delivered with an error, as on AWS, and the next one comes through."""
    assert [sorted(entry) for entry in slow.put("slow")] == [["EventId"]]
    slow.wait_for("The code ran longer than 1 s and was ended")
    assert [sorted(entry) for entry in slow.put("quick")] == [["EventId"]]


def test_sigterm_ends_it_all_the_same(slow: Attacked) -> None:
    """In the middle of ten events, each of which takes all the time that it may."""
    import threading
    from contextlib import suppress

    def put() -> None:
        with suppress(Exception):  # the connection goes with the runtime
            slow.put("slow", 10)

    putting = threading.Thread(target=put)
    before = slow.stderr.count("and was ended")
    putting.start()
    from support.waiting import until

    until(lambda: slow.stderr.count("and was ended") > before, "the first of them")
    slow.signal(signal.SIGTERM)
    assert slow.wait(60) == 0
    putting.join()


def test_nothing_of_the_sandbox_outlives_a_killed_runtime(attack: Attack, tmp_path: Path) -> None:
    """Its process ends with the pipe that leads to it."""
    template = copied(tmp_path / "application")
    change(template.parent / "resolvers" / "publishMsgFromEB.js", "ctx.args.msg", "[ctx.args.msg].join('')")
    runtime = attack(template=template)
    runtime.put()
    children = Path(f"/proc/{runtime.pid}/task/{runtime.pid}/children").read_text(encoding="ascii").split()
    assert len(children) == 1
    runtime.signal(signal.SIGKILL)
    runtime.wait()
    from support.waiting import until

    until(lambda: not Path(f"/proc/{children[0]}").exists(), "the end of the sandbox")
