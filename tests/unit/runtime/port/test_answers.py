"""What the port answers with."""

from __future__ import annotations

from livebus.runtime.aws_errors import HttpAnswer
from livebus.runtime.port.answers import MAX_BODY_BYTES, plain, response_of, too_large


def test_a_services_answer_is_sent_as_it_is() -> None:
    """Its status, its headers, its body."""
    response = response_of(HttpAnswer(418, {"x-amzn-requestid": "a"}, b"{}"))
    assert (response.status, response.headers["x-amzn-requestid"], response.body) == (418, "a", b"{}")


def test_a_refusal_is_a_line_of_text_with_its_reason() -> None:
    """Also where the path that it names holds half a character."""
    assert plain(404, "Nothing at /\ud800.").body == b"Not Found: Nothing at /?.\n"
    assert too_large().text == f"Request Entity Too Large: The body is larger than {MAX_BODY_BYTES} bytes.\n"


def test_a_header_more_is_another_answer() -> None:
    """The one that others may hold stays as it was."""
    answer = HttpAnswer(200, {"a": "1"}, b"")
    assert answer.with_header("b", "2") == HttpAnswer(200, {"a": "1", "b": "2"}, b"")
    assert answer == HttpAnswer(200, {"a": "1"}, b"")
