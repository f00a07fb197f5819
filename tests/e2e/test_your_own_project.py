"""
docs/your-own-project.md, typed as written: outside of the clone, with Livebus from a wheel; and the hooks and the action that
other people's CI runs.

Each command of a ``sh`` block is run, or it is listed here with the reason why it is not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from support import template_tools
from support.application import change
from support.copies import PROJECT, copy_project
from support.installed import Installed
from support.processes import Program

PAGE = (PROJECT / "docs" / "your-own-project.md").read_text(encoding="utf-8")
PARCELS = PROJECT / "tests" / "support" / "parcels"
# Not run here, and why.
ELSEWHERE = {
    "cd shop": "the next commands are run there",
}
# Those that keep running until they are ended.
BESIDE = ("livebus local", "livebus subscribe")


@pytest.fixture(scope="session")
def shop(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's new application, written by the page's own command."""
    folder = tmp_path_factory.mktemp("own")
    (new,) = [command for command in commands() if command.startswith("livebus new")]
    ran(new, folder, installed.environment)
    return folder / "shop"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line]


def ran(command: str, folder: Path, environment: Mapping[str, str], code: int = 0) -> str:
    """What a command wrote, once it has ended with the code."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def tools(environment: Mapping[str, str]) -> dict[str, str]:
    """With the tests' own pytest, cfn-lint and pre-commit behind the installed command."""
    command, _, others = environment["PATH"].partition(os.pathsep)
    return {**environment, "PATH": os.pathsep.join((command, str(Path(sys.executable).parent), others))}


# --- the page ---------------------------------------------------------------------------------------------------------


def test_each_command_is_typed_as_it_is_written(installed: Installed, shop: Path) -> None:
    """One after another: the first ones anywhere, the others in the new application's folder."""
    environment = tools(installed.environment)
    folder = shop.parent
    with ExitStack() as running:
        for command in commands():
            if command == "cd shop":
                folder = shop
            if command in ELSEWHERE or command.startswith("livebus new"):
                continue
            if command.startswith(BESIDE):
                program = running.enter_context(Program(command.split(), cwd=folder, env=environment))
                program.wait_for("ready" if "local" in command.split() else "subscribed to")
                last = program
                continue
            if command.startswith("cfn-lint"):
                # The tests' cfn-lint stands in another environment than the wheel: the package is put beside it.
                assert ran(command, folder, {**environment, "PYTHONPATH": str(PROJECT / "src")}) == ""
                continue
            ran(command, folder, environment)
            if command.startswith("livebus publish"):
                assert last.wait() == 0
                event = json.loads((folder / "events" / "sample.json").read_text(encoding="utf-8"))
                assert json.loads(last.stdout.partition("\t")[2]) == event["detail"]


def test_the_test_on_the_page_passes(installed: Installed, shop: Path, tmp_path: Path) -> None:
    """In the application of the page, with the fixture that comes with the package."""
    (example,) = [block for block in blocks("python") if "livebus_line" in block]
    application = shutil.copytree(shop, tmp_path / "shop")
    (application / "tests" / "test_page.py").write_text(example, encoding="utf-8")
    python = installed.command.parent / "python"
    assert "1 passed" in ran(f"{python} -m pytest -q tests/test_page.py", application, installed.environment)


def test_the_files_for_cfn_lint_are_those_that_new_writes(shop: Path) -> None:
    """But for the module's docstring."""
    (lintrc,) = [block for block in blocks("yaml") if "append_rules" in block]
    (rules,) = [block for block in blocks("python") if "cfnlint" in block]
    assert lintrc == (shop / ".cfnlintrc").read_text(encoding="utf-8")
    assert (shop / "cfn_lint_rules" / "livebus_rules.py").read_text(encoding="utf-8").endswith(rules)


@pytest.mark.parametrize("has_livebus", [True, False])
def test_sam_validate_in_a_repository_of_others(shop: Path, tmp_path: Path, *, has_livebus: bool) -> None:
    """With Livebus its findings are among SAM's; where SAM's Python has none, a line says so and the rest is checked."""
    application = shutil.copytree(shop, tmp_path / "shop")
    change(application / "template.yaml", "$orderId: ID!", "$orderId: Int!")
    change(application / "template.yaml", "QueryDepthLimit: 20", "QueryDepthLimit: !Ref Nothing")
    if not has_livebus:
        (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['livebus'] = None\n", encoding="utf-8")
    paths = [str(PROJECT / "src") if has_livebus else str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    validate = ("validate", "--lint", "--region", "eu-west-1", "--template", "template.yaml")
    done = template_tools.ran("sam", *validate, cwd=application, env=environment)
    said = done.stdout + done.stderr
    assert done.code == 1, said
    assert "E1020" in said
    assert "Traceback" not in said
    assert ("E9105" in said) == has_livebus
    assert ("Livebus's checks are left out here, as 'livebus' is not installed" in said) == (not has_livebus)


def test_junit_and_json_are_written_in_another_repository(installed: Installed, tmp_path: Path) -> None:
    """One validation, both forms; what fails in one fails in the other."""
    parcels = shutil.copytree(PARCELS, tmp_path / "parcels")
    change(parcels / "infra" / "parcels.yml", "$kilos: Float!", "$kilos: String!")
    shown = ran(
        "livebus validate --fast --lenient --junit livebus.xml --json > livebus.json || exit 7",
        parcels,
        installed.environment,
        7,
    )
    assert "0 of 1 events arrive" in shown
    found = json.loads((parcels / "livebus.json").read_text(encoding="utf-8"))
    suites = {suite.get("name"): suite for suite in ET.parse(parcels / "livebus.xml").getroot()}
    failed = {case.get("name", "")[:5] for case in suites["livebus.checks"] if case.find("failure") is not None}
    assert failed == {each["id"] for each in found["findings"] if each["severity"] == "error"}
    assert suites["livebus.events"].get("failures") == "1"


# --- pre-commit -------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    own = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *own, *arguments], cwd=folder, check=True, capture_output=True)


def committed(folder: Path) -> Path:
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "all")
    return folder


def test_a_hook_s_command_passes_where_all_is_right(installed: Installed, shop: Path) -> None:
    """As each of them is written in .pre-commit-hooks.yaml."""
    for hook in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        assert hook["pass_filenames"] is False
        ran(hook["entry"], shop, installed.environment)


def test_the_hook_runs_in_a_repository_of_others(shop: Path, tmp_path: Path) -> None:
    """``pre-commit try-repo`` installs it from the repository, and it tells what is wrong with its line."""
    source = committed(copy_project(tmp_path / "livebus"))
    theirs = shutil.copytree(shop, tmp_path / "theirs")
    change(theirs / "template.yaml", "$orderId: ID!", "$orderId: Int!")
    committed(theirs)
    # Its environment is used once: pip need not compile what this one run does not import.
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"), "PIP_COMPILE": "0"}
    try_repo = f"{sys.executable} -m pre_commit try-repo {source} livebus-validate --all-files"
    failed = ran(try_repo, theirs, environment, 1)
    assert re.search(r"the template delivers its events\.+Failed", failed)
    assert re.search(r"template\.yaml:\d+.*E9105|E9105.*template\.yaml:\d+", failed), failed


# --- the action -------------------------------------------------------------------------------------------------------

ACTION = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))


def test_the_action_is_what_github_takes() -> None:
    """By the schema of schemastore.org, as check-jsonschema brings it; the page's workflow as well."""
    check = [sys.executable, "-m", "check_jsonschema"]
    action = [*check, "--builtin-schema", "vendor.github-actions", str(PROJECT / "action.yml")]
    subprocess.run(action, check=True, capture_output=True)


def test_the_page_uses_inputs_and_outputs_that_there_are() -> None:
    """And no expression stands in the text of a script, where it could be anything."""
    (workflow,) = [yaml.safe_load(block) for block in blocks("yaml") if "runs-on" in block]
    (job,) = workflow["jobs"].values()
    (used,) = [step for step in job["steps"] if step.get("id") == "livebus"]
    assert set(used["with"]) <= set(ACTION["inputs"])
    outputs = re.findall(r"steps\.livebus\.outputs\.(\w+)", json.dumps(job))
    assert set(outputs) == set(ACTION["outputs"])
    assert [step["run"] for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")] == []
    read = {name for step in ACTION["runs"]["steps"] for name in re.findall(r"inputs\.([\w-]+)", json.dumps(step))}
    assert read == set(ACTION["inputs"])


def test_the_action_s_own_script_validates(installed: Installed, tmp_path: Path) -> None:
    """Its last step, with what a workflow passes: words between quotes stay together, and nothing in them is run."""
    parcels = shutil.copytree(PARCELS, tmp_path / "parcels")
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp" / "livebus").symlink_to(installed.command.parents[1])
    step = ACTION["runs"]["steps"][-1]
    defaults = {name: each["default"] for name, each in ACTION["inputs"].items()}
    inputs = {
        **defaults,
        "template": "infra/parcels.yml",
        "arguments": "--fast --lenient --ignore 'W9101:$(touch run)'",
        "junit": "livebus.xml",
    }
    passed = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: str(inputs[found[1]]), value)
        for name, value in step["env"].items()
    }
    output = tmp_path / "output"
    environment = {
        **installed.environment,
        **passed,
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_OUTPUT": str(output),
    }
    ran(step["run"], parcels, environment)
    log = json.loads((parcels / "livebus.sarif").read_text(encoding="utf-8"))
    assert log["runs"][0]["properties"]["events"][0]["arrives"] is True
    assert output.read_text(encoding="utf-8") == "sarif=livebus.sarif\n"
    assert ET.parse(parcels / "livebus.xml").getroot().tag == "testsuites"
    assert not (parcels / "run").exists()
