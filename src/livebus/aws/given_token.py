"""
A token that somebody else got: an app, a browser, another program that signs in.

In: a file, or the token itself. Out: the token, as often as it is asked for. A file is read each time: whoever signs in may
have written a fresher one by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from livebus.errors import LivebusError, Place
from livebus.files import read_text

# A JSON Web Token, what an API's Lambda authorizer takes, or an API key: one word. It goes into a header.
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")


def given_token(text: str, origin: str) -> str:
    """The one token in a text. Raises LivebusError, in words that do not hold it."""
    token = text.strip().removeprefix("Bearer ").strip()
    if not _TOKEN.fullmatch(token):
        found = "there is no token" if not token else "it holds more than one word, or what is no ASCII"
        raise LivebusError(found, Place(origin), expected="one token, as Cognito gives it, and nothing else")
    return token


def token_of_file(file: Path) -> Callable[[], str]:
    """What reads the token. Raises LivebusError now and then, where there is none in the file."""
    return lambda: given_token(read_text(file, str(file)), str(file))
