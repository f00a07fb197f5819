"""The application that Livebus ships, as the package finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.cli import shipped

PROJECT = Path(__file__).parents[3]


def test_in_a_clone_it_is_what_lies_at_the_top() -> None:
    """One source: no copy that could differ."""
    expected = {name: (PROJECT / name).read_text(encoding="utf-8") for name in shipped.FILES}
    assert shipped.shipped() == expected


def test_a_clone_is_told_from_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the copy that a wheel has: where it is, there is no Makefile to name."""
    assert shipped.is_clone()
    package = tmp_path / "livebus"
    shipped.write(dict.fromkeys(shipped.FILES, ""), package / "shipped")
    monkeypatch.setattr(shipped.livebus, "__file__", str(package / "__init__.py"))
    assert not shipped.is_clone()


def test_a_wheels_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the package, where hatch puts it."""
    package = tmp_path / "livebus"
    shipped.write({name: f"# {name}" for name in shipped.FILES}, package / "shipped")
    monkeypatch.setattr(shipped.livebus, "__file__", str(package / "__init__.py"))
    assert shipped.shipped() == {name: f"# {name}" for name in shipped.FILES}


def test_a_file_that_is_there_is_left(tmp_path: Path) -> None:
    """Whatever is written over is lost."""
    (tmp_path / "template.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        shipped.write({"template.yaml": "shipped"}, tmp_path)
    assert (tmp_path / "template.yaml").read_text(encoding="utf-8") == "mine"
