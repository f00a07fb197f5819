"""The gate: who may ask, by the headers that browsers set and pages cannot."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from livebus.runtime.port.callers import Gate


def refusal(
    gate: Gate,
    *,
    path: str = "/",
    hosts: Sequence[str] = ("localhost:4566",),
    origins: Sequence[str] = (),
    site: str = "",
    mode: str = "",
) -> str | None:
    return gate.refusal(path, hosts=hosts, origins=origins, fetch_site=site, fetch_mode=mode)


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://[::1]:1", "https://a.localhost", "http://127.8.9.1:3000"]
)
def test_pages_of_this_machine_and_programs_are_let_in(origin: str) -> None:
    """With a loopback origin, or none."""
    assert (refusal(Gate(), origins=[origin]), refusal(Gate())) == (None, None)


@pytest.mark.parametrize(
    "origin", ["https://example.com", "null", "", "http://[", "http://localhost.evil.example", "file://"]
)
def test_other_pages_are_not(origin: str) -> None:
    """Also where a good origin stands beside."""
    assert refusal(Gate(), origins=[origin]) == "Pages of this origin may not call; see --allow-origin."
    assert refusal(Gate(), origins=["http://localhost", origin]) is not None


def test_origins_can_be_let_in() -> None:
    """One by name, or all."""
    gate = Gate(["https://example.com"])
    assert refusal(gate, origins=["https://example.com"]) is None
    assert refusal(gate, origins=["https://example.org"]) is not None
    assert refusal(Gate(["*"]), origins=["https://example.org"]) is None


@pytest.mark.parametrize("hosts", [(), ("example.com",), ("localhost", "example.com"), ("127.0.0.1.nip.io",), ("",)])
def test_a_host_of_somebody_else_is_refused(hosts: tuple[str, ...]) -> None:
    """A name that points here is not ours; where other machines are served, names are not looked at."""
    assert refusal(Gate(), hosts=hosts) is not None
    assert refusal(Gate(check_host=False), hosts=hosts) is None


def test_cross_site_requests_without_an_origin_are_refused() -> None:
    """An image of a foreign page is; a link that somebody follows is not."""
    assert refusal(Gate(), site="cross-site", mode="no-cors") is not None
    assert refusal(Gate(), site="cross-site", mode="navigate") is None
    assert refusal(Gate(), site="same-origin", mode="cors") is None
    assert refusal(Gate(["*"]), site="cross-site", mode="no-cors") is None


def test_no_page_reaches_the_runtimes_own_paths() -> None:
    """Not even one of this machine, nor with ``--allow-origin '*'``."""
    gate = Gate(["*"])
    assert refusal(gate, path="/_livebus/faults", origins=["http://localhost"]) == "What lies here is not for browsers."
    assert refusal(gate, path="/_livebus/faults", site="none", mode="navigate") is not None
    assert refusal(gate, path="/_livebus/faults") is None
