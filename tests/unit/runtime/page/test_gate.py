"""Who may ask the page's documents, and who gets which refusal."""

from __future__ import annotations

import pytest

from livebus.runtime.page.gate import TOKEN_HEADER, refusal_of_document, refusal_of_page

OWN = {"Host": "127.0.0.1:4566", TOKEN_HEADER: "secret", "Content-Type": "application/json"}


def status(method: str = "GET", **headers: str | None) -> int:
    """The status of a refusal, 200 where there is none; a header that is None is left out."""
    given = {**OWN, **{name.replace("_", "-"): value for name, value in headers.items()}}
    sent = {name: value for name, value in given.items() if value is not None}
    refused = refusal_of_document(method, sent, scheme="http", token="secret")
    return 200 if refused is None else refused.status


def test_the_page_itself_may_ask() -> None:
    """With the token, of this origin, for JSON."""
    assert status() == 200
    assert status("POST", Origin="http://127.0.0.1:4566", Sec_Fetch_Site="same-origin") == 200


@pytest.mark.parametrize("token", [None, "", "secre", "secret ", "Secret", "sécret"])
def test_without_the_token_nobody_may(token: str | None) -> None:
    """Loopback is not enough."""
    assert status(**{TOKEN_HEADER: token}) == 403


@pytest.mark.parametrize(
    "origin",
    ["http://127.0.0.1:3000", "http://localhost:4566", "https://127.0.0.1:4566", "null", "https://example.com"],
)
def test_another_origin_may_not_even_with_the_token(origin: str) -> None:
    """Another port of this machine is another origin, and so is another name of it."""
    assert status("POST", Origin=origin) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_other_sites_may_not(site: str) -> None:
    """Where the browser says who asks, it has to be the page."""
    assert status(Sec_Fetch_Site=site) == 403


@pytest.mark.parametrize("host", ["example.com", "events.us-east-1.amazonaws.com", "127.0.0.1.nip.io", ""])
def test_other_host_names_are_refused(host: str) -> None:
    """Also AWS's names, which clients may use for signed calls; for the files as for the documents."""
    assert status(Host=host) == 403
    assert refusal_of_page({"Host": host}) is not None


def test_methods_and_content_types() -> None:
    """Preflights get no leave, forms do not pass as JSON, and nothing but GET, POST and PUT is taken."""
    assert status("OPTIONS") == 403
    assert status("POST", Content_Type="text/plain") == 415
    assert status("POST", Content_Type="application/x-www-form-urlencoded") == 415
    assert status("DELETE") == 405
