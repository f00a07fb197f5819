"""The gate: who may ask, by the headers that browsers set and pages cannot."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from livebus.runtime.port.callers import Gate, host_name, is_local_host


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


NOT_THIS_HOST = "This host name is not one of this machine; see --host and --allow-origin."
NOT_THIS_ORIGIN = "Pages of this origin may not call; see --allow-origin."


def test_each_refusal_says_what_to_look_at() -> None:
    """The host before all else, then the runtime's own paths, then the page."""
    assert refusal(Gate(), hosts=["example.com"], origins=["https://example.com"], path="/_livebus/x") == NOT_THIS_HOST
    assert refusal(Gate(), origins=["https://example.com"], path="/_livebus/x") == "What lies here is not for browsers."
    assert refusal(Gate(), site="cross-site", mode="no-cors") == NOT_THIS_ORIGIN
    assert refusal(Gate(), site="cross-site", mode="") == NOT_THIS_ORIGIN


def test_a_cross_site_request_with_a_good_origin_is_let_in() -> None:
    """From localhost to 127.0.0.1 is another site, and this machine all the same."""
    assert refusal(Gate(), origins=["http://localhost:3000"], site="cross-site", mode="cors") is None


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("[::1]:4566", True),
        ("x.localhost:1", True),
        ("events.us-east-1.amazonaws.com", True),
        ("events.cn-north-1.amazonaws.com.cn:443", True),
        ("amazonaws.com.evil.example", False),
        ("notamazonaws.com", False),
        ("[", False),
    ],
)
def test_names_of_this_machine_and_of_aws(host: str, is_local: bool) -> None:
    """Clients may be told to sign for the real API's host, which is nobody else's."""
    assert is_local_host(host) is is_local


@pytest.mark.parametrize(
    ("host", "name"), [("Example.com:80", "example.com"), ("[::1]:80", "::1"), ("", ""), ("[", ""), (":80", "")]
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    """Without its port, in small letters; empty where there is none."""
    assert host_name(host) == name
