"""Which addresses are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.template import Environment, load_application
from livebus.template.endpoints import address_of, is_loopback, unused_mappings


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host: str) -> None:
    """By its names and addresses."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example.com", "localhost.example.com", "0.0.0.0", "192.168.0.1", "::", "127.1"])
def test_other_machines(host: str) -> None:
    """What is not this machine's by itself is another's."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example", "http://127.0.0.1:1"),
        ("https://a.example/x/*?y=1", "http://127.0.0.1:1/x/*?y=1"),
        ("https://a.example/in/x", "http://localhost:2/b/x"),
        ("https://a.example/inner", "http://127.0.0.1:1/inner"),
        ("https://a.example/", "http://127.0.0.1:1/"),
        ("https://a.example?y", "http://127.0.0.1:1?y"),
        ("https://d.example/x", "http://127.0.0.1:3/x"),
        ("https://a.example.com/", ""),
        ("https://b.example/", ""),
        ("https://c.example/", ""),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:9/x"),
        ("http://[::1]:9/x", "http://[::1]:9/x"),
        ("http://LOCALHOST:9/x", "http://LOCALHOST:9/x"),
        ("http://127.0.0.1@evil.example/", ""),
        ("http://user@127.0.0.1/", ""),
        ("ftp://127.0.0.1/", ""),
        ("http://[::1/x", ""),
        ("http://127.0.0.1:99999/x", ""),
    ],
)
def test_addresses(url: str, address: str) -> None:
    """The longest that is mapped counts; nothing leads to another machine."""
    mapped = {
        "https://a.example": "http://127.0.0.1:1",
        "https://a.example/in/": "http://localhost:2/b",
        "https://b.example": "http://192.0.2.1",
        "https://d.example/": "http://127.0.0.1:3/",
        "https://c.example": "http://127.0.0.1@192.0.2.1/",
    }

    assert address_of(url, mapped) == address


def test_mappings_that_stand_for_nothing() -> None:
    """Each with the URL that it may have been meant for; one that an endpoint begins with is used."""
    file = Path(__file__).parents[2] / "foreign" / "api-destination-beside.yaml"
    application = load_application(
        file.read_text("utf-8"), file="t.yaml", read_file=lambda _: "", environment=Environment()
    )

    mapped = ["https://hooks.example.com", "https://hook.example.com/messages/*", "https://else"]
    assert unused_mappings(application, mapped) == [
        ("https://hook.example.com/messages/*", "https://hooks.example.com/messages/*"),
        ("https://else", ""),
    ]
