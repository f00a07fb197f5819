"""Files that commands write: all of one, or what was there stays."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from livebus.cli.written_file import write_whole

FULL = """
import resource, sys
from pathlib import Path
from livebus.cli.written_file import write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), "x" * 5000)
except OSError as error:
    print(error.strerror)
"""


def test_a_new_file_has_the_usual_mode_and_a_replaced_one_its_own(tmp_path: Path) -> None:
    """Nobody but its owner reads what only they could read before."""
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "new", "größe")
        (tmp_path / "own").write_text("long before")
        (tmp_path / "own").chmod(0o600)
        write_whole(tmp_path / "own", "now")
    finally:
        os.umask(before)
    assert [(tmp_path / name).read_text("utf-8") for name in ("new", "own")] == ["größe", "now"]
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "own")] == [0o644, 0o600]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new", "own"]


def test_a_link_leads_to_what_is_replaced(tmp_path: Path) -> None:
    """It stays a link."""
    (tmp_path / "file").write_text("before")
    (tmp_path / "link").symlink_to("file")
    write_whole(tmp_path / "link", "now")
    assert ((tmp_path / "file").read_text(), (tmp_path / "link").is_symlink()) == ("now", True)


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path) -> None:
    """And nothing half beside it."""
    (tmp_path / "file").write_text("before")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{FULL}", tmp_path / "file"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "File too large\n"
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "before")]


def test_a_device_takes_it_as_it_comes() -> None:
    """It is not replaced by a file."""
    write_whole(Path(os.devnull), "anything")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "file", "x")
