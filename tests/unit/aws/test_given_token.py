"""A token that somebody else got."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.aws.given_token import given_token, token_of_file
from livebus.errors import LivebusError


def test_a_file_is_read_each_time(tmp_path: Path) -> None:
    """Whoever renews it is heard; white space and the scheme around it are not part of it."""
    file = tmp_path / "token"
    token = token_of_file(file)
    file.write_text("a.b.c\n")
    first = token()
    file.write_text("Bearer d.e.f\n")
    assert (first, token()) == ("a.b.c", "d.e.f")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" \n", "LIVEBUS_TOKEN: there is no token; expected one token, as Cognito gives it, and nothing else"),
        (
            "secret-a secret-b",
            (
                "LIVEBUS_TOKEN: it holds more than one word, or what is no ASCII; expected one token, as Cognito gives it, and "
                "nothing else"
            ),
        ),
        (
            "secret\x1b",
            (
                "LIVEBUS_TOKEN: it holds more than one word, or what is no ASCII; expected one token, as Cognito gives it, and "
                "nothing else"
            ),
        ),
    ],
)
def test_what_is_no_token_is_told_without_it(text: str, expected: str) -> None:
    """It goes into a header: one word, and never into a message."""
    with pytest.raises(LivebusError) as raised:
        given_token(text, "LIVEBUS_TOKEN")
    assert str(raised.value) == expected


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the nearest name, as files are."""
    (tmp_path / "token.txt").write_text("x")
    with pytest.raises(LivebusError, match=r"Did you mean 'token\.txt'"):
        token_of_file(tmp_path / "token.tx")()
