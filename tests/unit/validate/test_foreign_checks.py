"""The ids of cfn-lint's rules, without importing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from livebus.validate.foreign_checks import foreign_ids


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    foreign_ids.cache_clear()
    yield
    foreign_ids.cache_clear()


def test_they_are_those_that_cfn_lint_has() -> None:
    """Compared with cfn-lint itself, which takes a second to load."""
    rules = pytest.importorskip("cfnlint.rules")
    folder = Path(rules.__file__).parent
    assert sorted(foreign_ids()) == sorted(rules.Rules.create_from_directory(str(folder)).keys())


def test_rules_of_ones_own_are_read(tmp_path: Path) -> None:
    """.cfnlintrc says where they are."""
    (tmp_path / "rules.py").write_text('class Mine:\n    id = "E9999"\n')
    (tmp_path / ".cfnlintrc").write_text("append_rules: [rules.py, livebus.lint]\n")
    assert "E9999" in foreign_ids()


def test_a_module_of_rules_may_have_any_ids(tmp_path: Path) -> None:
    """Nobody can tell which: then no id is refused."""
    (tmp_path / ".cfnlintrc").write_text("append_rules: [company.rules]\n")
    assert foreign_ids() == ()
