"""Cloud assemblies of strangers: however many stacks they have, `livebus validate` ends, in bounded time and memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.limited import Ended, limited

RULE = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["a"]}}}


def written(folder: Path, templates: dict[str, Any], stacks: dict[str, str]) -> Path:
    """An assembly; ``stacks`` are the names of templates by the stacks'."""
    folder.mkdir()
    (folder / "cdk.out").write_text("{}")
    for name, template in templates.items():
        (folder / name).write_text(json.dumps(template))
    kind = "aws:cloudformation:stack"
    artifacts = {name: {"type": kind, "properties": {"templateFile": file}} for name, file in stacks.items()}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def validated(assembly: Path) -> Ended:
    """With cfn-lint: it looks at each template."""
    return limited("-m", "livebus", "validate", assembly, cwd=assembly.parent)


def test_a_chain_of_imports_in_the_worst_order(tmp_path: Path) -> None:
    """Each stack asks for what the next one exports; cfn-lint's rules are not read again for each of them."""
    count = 150
    templates = {
        f"{number}.json": {
            "Resources": {"R": RULE},
            "Outputs": {
                "O": {
                    "Value": {"Fn::ImportValue": f"e{number + 1}"} if number < count - 1 else "x",
                    "Export": {"Name": f"e{number}"},
                }
            },
        }
        for number in range(count)
    }

    ended = validated(written(tmp_path / "cdk.out", templates, {f"S{n}": f"{n}.json" for n in range(count)}))

    assert (ended.held, ended.code) == (True, 1), (ended.code, ended.cpu_seconds, ended.stderr[-2000:])
    assert "0 errors, 299 warnings" in ended.stderr


def test_a_large_template_that_many_stacks_name(tmp_path: Path) -> None:
    """It is read for one of them."""
    large = {f"R{n}": {**RULE, "Properties": {"EventPattern": {"source": ["a" * 1000]}}} for n in range(300)}
    stacks = {f"S{number}": "t.json" for number in range(300)}

    ended = validated(written(tmp_path / "cdk.out", {"t.json": {"Resources": large}}, stacks))

    assert (ended.held, ended.code) == (True, 1), (ended.code, ended.cpu_seconds, ended.stderr[-2000:])
    assert "stacks S0 (manifest.json)" in ended.stderr
    assert 'several stacks have the template "t.json": only the first of these' in ended.stdout
