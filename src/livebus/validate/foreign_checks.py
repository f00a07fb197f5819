"""
Which ids the checks of others have: cfn-lint's rules, where it is installed.

cfn-lint takes a second to import, so its files are read instead: each rule stands in one, and says its id. Whoever appends
rules of their own to cfn-lint says so in .cfnlintrc.
https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/getting_started/rules.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from livebus.files import MAX_SETTINGS_BYTES, content, is_folder, is_there

_ID = re.compile(r'^ +id(?:: str)? = "([EWI]\d{4})"', re.MULTILINE)
_CONFIGURATIONS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")


@cache
def foreign_ids() -> tuple[str, ...]:
    """All of them; none where cfn-lint is not there, or nobody can tell what was appended to its rules."""
    found = find_spec("cfnlint")
    if found is None:
        return ()
    folders = [Path(each, "rules") for each in found.submodule_search_locations or ()]
    appended = _appended()
    if appended is None:
        return ()
    return tuple(sorted({each for folder in (*folders, *appended) for each in _ids_in(folder)}))


def _ids_in(path: Path) -> Iterator[str]:
    for file in path.rglob("*.py") if is_folder(path) else [path]:
        try:
            yield from _ID.findall(content(file).decode("utf-8", errors="replace"))
        except OSError:
            continue  # none of its ids can be told


def _appended() -> list[Path] | None:
    """What .cfnlintrc here appends to cfn-lint's rules; None where it is somebody's module, whose ids cannot be read."""
    import yaml  # cfn-lint's own dependency

    paths: list[Path] = []
    for name in _CONFIGURATIONS:
        try:
            document = yaml.safe_load(content(Path(name), most=MAX_SETTINGS_BYTES).decode())
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        given = document.get("append_rules") if isinstance(document, dict) else None
        for each in given if isinstance(given, list) else []:
            if is_there(Path(str(each))):
                paths.append(Path(str(each)))
            elif not str(each).startswith("livebus."):
                return None
    return paths
