"""The keys that sign tokens, across restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.errors import LivebusError
from livebus.runtime.cognito.kept_keys import KEY_FILE, kept_signing_keys
from livebus.runtime.kept.state import StateFolder


def test_a_second_start_has_the_same_keys(tmp_path: Path) -> None:
    """A token of the first start is verified by the second."""
    folder = StateFolder(tmp_path)
    token = kept_signing_keys(folder).sign({"sub": "somebody"})
    found = kept_signing_keys(folder).verified(token)
    folder.close()

    assert found is not None
    assert found["sub"] == "somebody"
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """Nothing is made in its place: tokens that people hold would end without a word."""
    folder = StateFolder(tmp_path)
    folder.write(KEY_FILE, "no key")
    with pytest.raises(LivebusError) as refused:
        kept_signing_keys(folder)
    folder.close()

    assert KEY_FILE in str(refused.value)
