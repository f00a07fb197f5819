"""The page's files: from the package, with the token in the page, and nothing in them that makes markup of text."""

from __future__ import annotations

import gzip
import re

import pytest

from livebus.runtime.page.files import INDEX, StaticFiles, policy, takes_gzip

FILES = StaticFiles("the-token")
SCRIPTS = [name for name in FILES.names if name.endswith(".js")]


def text(name: str) -> str:
    found = FILES.get(name)
    assert found is not None
    return found.body.decode()


def test_the_page_carries_the_token() -> None:
    """It is in the page and in no other file; the page is never cached."""
    assert [name for name in FILES.names if "the-token" in text(name)] == [INDEX]
    page = FILES.get(INDEX)
    assert page is not None
    assert page.headers["Cache-Control"] == "no-store"


def test_files_have_types_and_tags() -> None:
    """Scripts are scripts, styles are styles; a tag follows the content."""
    kinds = {name.rpartition(".")[2]: FILES.get(name).headers["Content-Type"] for name in FILES.names}  # type: ignore[union-attr]
    assert kinds == {
        "css": "text/css; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml; charset=utf-8",
    }
    other = StaticFiles("another").get(INDEX)
    assert other is not None
    assert other.headers["ETag"] != FILES.get(INDEX).headers["ETag"]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_text_becomes_markup(name: str) -> None:
    """Elements are made by one module, of text nodes; nothing evaluates, nothing sets a style attribute."""
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style'|style:"
    )
    assert re.findall(forbidden, text(name)) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    """No file names another host, but for XML's namespace."""
    found = {name: re.findall(r"https?://(?!www\.w3\.org/2000/svg)[\w.]+", text(name)) for name in FILES.names}
    assert {name: hosts for name, hosts in found.items() if hosts} == {}


def test_every_import_is_there() -> None:
    """What a module imports is a file beside it."""
    from posixpath import dirname, join, normpath

    wanted = {
        normpath(join(dirname(name), target))
        for name in SCRIPTS
        for target in re.findall(r"from '([^']+)'", text(name))
    }
    assert wanted - set(FILES.names) == set()


def test_the_policy_lets_nothing_else_in() -> None:
    """Scripts and styles of this origin, sockets of this host, no frame around it."""
    headers = policy("127.0.0.1:1")
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self' ws://127.0.0.1:1 wss://127.0.0.1:1; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_page_is_small() -> None:
    """190 KB as it is written, comments and types and all; half of the modules have less than 200 lines."""
    lines = sorted(len(text(name).splitlines()) for name in SCRIPTS)
    assert sum(len(text(name).encode()) for name in FILES.names) <= 190 * 1024
    assert (lines[len(lines) // 2] < 200, lines[-1] <= 250) == (True, True)


def test_every_style_is_of_something() -> None:
    """A class that no module names styles nothing; the last word of composed ones is the runtime's: an outcome, a severity."""
    from_the_runtime = {"line-3", "line-4", "warning"}
    styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"/\*.*?\*/|url\(.*?\)", "", text("style.css"))))
    words = set(re.findall(r"[\w-]+", "".join(text(name) for name in (*SCRIPTS, INDEX))))
    assert styled - words - from_the_runtime == set()


def test_no_style_stands_twice() -> None:
    """One place for each selector, but for those that a narrower window changes."""
    wide = re.sub(r"^@container .*$", "", text("style.css").partition("/* Widths */")[0], flags=re.MULTILINE)
    selectors = re.findall(r"^([^@{}\n/][^{}\n]*?) \{|\} ([^@{}\n]+?) \{", wide, re.MULTILINE)
    found = [first or second for first, second in selectors]
    assert sorted({each for each in found if found.count(each) > 1} - {":root"}) == []


def test_less_goes_over_the_wire() -> None:
    """Gzipped they are the same files, 75 KB of them, each under a tag of its own; the page with its token stays as it is."""
    zipped = {name: FILES.zipped(name) for name in FILES.names}
    plain = {name: FILES.get(name) for name in FILES.names}
    assert all(zipped.values())
    bodies = {name: each.body if name == INDEX else gzip.decompress(each.body) for name, each in zipped.items() if each}
    assert bodies == {name: each.body for name, each in plain.items() if each}
    assert zipped[INDEX] is plain[INDEX]
    assert sum(len(each.body) for each in zipped.values() if each) <= 75 * 1024
    tags = [each.headers["ETag"] for each in (*zipped.values(), *plain.values()) if each and each is not plain[INDEX]]
    assert len(set(tags)) == len(tags) == 2 * (len(FILES.names) - 1)
    assert FILES.zipped("js/main.js") is FILES.zipped("js/main.js")
    assert FILES.zipped("js/none.js") is None


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("*", True),
        ("identity", False),
        ("br", False),
        ("x-gzip-like", False),
    ],
)
def test_who_takes_gzip(accepted: str, takes: bool) -> None:
    """As the header of the request says."""
    assert takes_gzip(accepted) is takes
