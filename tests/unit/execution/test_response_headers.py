"""Headers that resolvers add to a response: the last of a name counts, what may not be set is ignored and told."""

from __future__ import annotations

import pytest

from livebus.execution.response_headers import MAX_CHARACTERS, ResponseHeaders


def test_the_last_of_a_name_counts() -> None:
    """Names are one in any case; the header is written as it was named last."""
    headers = ResponseHeaders()
    assert [headers.add("Cups", "1"), headers.add("leaf", "assam"), headers.add("cups", "2")] == ["", "", ""]
    assert list(headers.kept.values()) == [("cups", "2"), ("leaf", "assam")]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("", "1", "A response header without a name is ignored."),
        ("Vary", "1", "The response header 'Vary' is ignored: AppSync does not let resolvers set it."),
        (
            "content-length",
            "1",
            "The response header 'content-length' is ignored: AppSync does not let resolvers set it.",
        ),
        ("X-Amz-Cups", "1", "The response header 'X-Amz-Cups' is ignored: AppSync does not let resolvers set it."),
        ("x-amzn-cups", "1", "The response header 'x-amzn-cups' is ignored: AppSync does not let resolvers set it."),
        ("cups", None, "The response header 'cups' is ignored: its value is null."),
        ("cu ps", "1", "The response header 'cu ps' is ignored: it has characters that no header carries."),
        ("cups", "1\r\nleaf: 2", "The response header 'cups' is ignored: it has characters that no header carries."),
        ("cups", "\u8336", "The response header 'cups' is ignored: it has characters that no header carries."),
    ],
)
def test_what_is_ignored(name: str, value: str | None, reason: str) -> None:
    """AppSync's lists, and whatever would be no header or one more of them."""
    headers = ResponseHeaders()
    assert headers.add(name, value) == reason
    assert headers.kept == {}


def test_their_size_is_bounded() -> None:
    """4,096 characters of names and values, those counted that a later one replaces."""
    headers = ResponseHeaders()
    assert headers.add("cups", "x" * (MAX_CHARACTERS - 4)) == ""
    assert headers.add("cups", "") == (
        "The response header 'cups' is ignored: response headers have more than 4,096 characters."
    )
    assert headers.kept == {"cups": ("cups", "x" * 4092)}
