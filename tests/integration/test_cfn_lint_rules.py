"""The checks in cfn-lint and in `sam validate --lint`, as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.application import PROJECT, change, copied
from support.template_tools import BIN, ran

WRONG = ("publishMsgFromEB(msg: $msg)\n", "publishMsgFromEb(msg: $msg)\n")
WRONG_ID = "E9103"


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A copy of the project's application, with its .cfnlintrc and the file of rules."""
    folder = tmp_path / "app"
    folder.mkdir()
    copied(folder)
    (folder / "scripts").mkdir()
    (folder / "scripts" / "cfn_lint_rules").symlink_to(PROJECT / "scripts" / "cfn_lint_rules")
    for name in (".cfnlintrc", "samconfig.toml"):
        (folder / name).write_bytes((PROJECT / name).read_bytes())
    (folder / "events").mkdir()
    (folder / "events" / "sample.json").write_bytes((PROJECT / "events" / "sample.json").read_bytes())
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """In a process that begins with nothing, as people run them."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
        stdin=subprocess.DEVNULL,
    )


def matches(folder: Path, *arguments: str, **environment: str) -> list[dict[str, Any]]:
    done = ran("cfn-lint", "--format", "json", *arguments, cwd=folder, env={**os.environ, **environment})
    assert done.stderr == ""
    found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return found


def places(found: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(each["Rule"]["Id"], each["Filename"], each["Location"]["Start"]["LineNumber"]) for each in found]


def line_of(file: Path, text: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def test_our_own_template_is_clean() -> None:
    """Both programs end with 0, with our rules among theirs."""
    assert "E9100: " in run(PROJECT, "cfn-lint", "--list-rules").stdout
    done = run(PROJECT, "cfn-lint")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    done = run(PROJECT, "sam", "validate", "--lint")
    assert done.returncode == 0, done.stderr


def test_cfn_lint_shows_our_findings_at_their_lines(application: Path) -> None:
    """Inside the block of the GraphQLOperation."""
    change(application / "template.yaml", *WRONG)
    (found,) = matches(application)

    line = line_of(application / "template.yaml", WRONG[1].strip())
    assert places([found]) == [(WRONG_ID, "template.yaml", line)]
    assert found["Location"]["Start"]["ColumnNumber"] == 17
    assert "Did you mean 'publishMsgFromEB'?" in found["Message"]
    assert found["Rule"]["Source"].startswith("https://docs.aws.amazon.com/")


def test_cfn_lint_shows_findings_of_other_files(application: Path) -> None:
    """In the schema, and in a sample event."""
    change(application / "schema.graphql", "@aws_cognito_user_pools @aws_sub", "@aws_cognito_user_pool @aws_sub")
    (application / "events" / "broken.json").write_text("{\n")

    found = places(matches(application))

    assert ("E9201", "events/broken.json", 2) in found
    assert ("schema.graphql", line_of(application / "schema.graphql", "user_pool @aws_sub")) in [
        (file, line) for _, file, line in found
    ]


def test_sam_validate_shows_them_too(application: Path) -> None:
    """It hands cfn-lint a text without a name: the files beside it are looked for in the working directory."""
    change(application / "template.yaml", *WRONG)
    done = ran("sam", "validate", "--lint", cwd=application)

    assert done.code == 1
    line = line_of(application / "template.yaml", WRONG[1].strip())
    assert f"[{WRONG_ID}: " in done.stdout
    assert f"matched {line}" in done.stdout
    assert "Traceback" not in done.stderr


def test_stdin_has_findings_too(application: Path) -> None:
    """From another folder's point of view, a template without a name."""
    change(application / "template.yaml", *WRONG)
    (application / ".cfnlintrc").write_text("append_rules: [scripts/cfn_lint_rules]\n")
    with (application / "template.yaml").open() as template:
        done = ran("cfn-lint", "--format", "parseable", cwd=application, stdin=template)

    assert f":{line_of(application / 'template.yaml', WRONG[1].strip())}:" in done.stdout
    assert WRONG_ID in done.stdout


def test_cfn_lint_s_own_suppression_works(application: Path) -> None:
    """By -i, and by the resource's Metadata."""
    change(application / "template.yaml", *WRONG)
    assert matches(application, "-i", WRONG_ID, "--template", "template.yaml") == []
    metadata = f"    Metadata: {{cfn-lint: {{config: {{ignore_checks: [{WRONG_ID}]}}}}}}\n"
    change(application / "template.yaml", "  PublishRule:\n", f"  PublishRule:\n{metadata}")
    assert matches(application) == []


def test_our_own_suppression_works_there_too(application: Path) -> None:
    """With its reason."""
    change(application / "template.yaml", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 60")
    (found,) = matches(application)
    # The queue has metadata for other tools already.
    others = "      checkov:\n        skip:\n          - id: CKV_AWS_27\n"
    ours = f"      Livebus: {{Ignore: [{{Id: {found['Rule']['Id']}, Reason: a test}}]}}\n"
    change(application / "template.yaml", others, f"{ours}{others}")

    assert matches(application) == []


def test_an_event_that_does_not_arrive_is_an_error_there(application: Path) -> None:
    """Where nothing else tells of it: what is ignored still does not work."""
    change(application / "template.yaml", *WRONG)
    metadata = f"    Metadata: {{Livebus: {{Ignore: [{{Id: {WRONG_ID}, Reason: a test}}]}}}}\n"
    change(application / "template.yaml", "  PublishRule:\n", f"  PublishRule:\n{metadata}")

    assert places(matches(application)) == [("E9202", "events/sample.json", 1)]


def test_the_module_can_be_named_instead_of_the_folder(application: Path) -> None:
    """`-a livebus.lint`, where the package is installed."""
    change(application / "template.yaml", *WRONG)
    (application / ".cfnlintrc").unlink()
    found = matches(
        application,
        "--template",
        "template.yaml",
        "--append-rules",
        "livebus.lint",
        PYTHONPATH=str(PROJECT / "src"),
    )

    assert [each["Rule"]["Id"] for each in found] == [WRONG_ID]


def test_rules_that_are_named_twice_run_once(application: Path) -> None:
    """The folder and the module: cfn-lint itself would end with a traceback."""
    change(application / "template.yaml", *WRONG)
    rules = f"append_rules: [scripts/cfn_lint_rules, {PROJECT}/scripts/cfn_lint_rules, livebus.lint]\n"
    (application / ".cfnlintrc").write_text(f"templates: [template.yaml]\n{rules}")

    found = matches(application, PYTHONPATH=str(PROJECT / "src"))

    assert [each["Rule"]["Id"] for each in found] == [WRONG_ID]


@pytest.mark.parametrize("missing", ["graphql", "quickjs", "tree_sitter"])
def test_an_interpreter_without_our_libraries_says_so(application: Path, missing: str) -> None:
    """One line, no traceback; cfn-lint's own rules run."""
    (application / "sitecustomize.py").write_text(f"import sys\nsys.modules[{missing!r}] = None\n")
    change(application / "template.yaml", "QueryDepthLimit: 20", "QueryDepthLimit: !Ref Nothing")
    environment = {**os.environ, "PYTHONPATH": str(application)}
    done = ran("cfn-lint", "--format", "parseable", cwd=application, env=environment)

    assert "Livebus's checks are left out here" in done.stderr
    assert "python scripts/validate.py" in done.stderr
    assert "Traceback" not in done.stderr
    assert "E1020" in done.stdout


def test_scripts_is_not_left_on_the_path(application: Path) -> None:
    """Its programs have names that others have too."""
    code = (
        "import sys; before = list(sys.path)\n"
        "from cfnlint.rules import Rules\n"
        "Rules.create_from_directory('scripts/cfn_lint_rules')\n"
        "print(sys.path == before)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=application, capture_output=True, text=True, check=True)

    assert done.stdout == "True\n"


def test_a_template_is_looked_at_once_for_all_rules(application: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rules there are; each new template anew."""
    from cfnlint.api import lint_file

    import livebus.lint

    calls: list[str | None] = []
    looked = livebus.lint._matches
    monkeypatch.setattr(livebus.lint, "_matches", lambda name, cfn: calls.append(name) or looked(name, cfn))
    monkeypatch.chdir(application)
    for _ in range(2):
        lint_file(Path("template.yaml"))

    assert calls == ["template.yaml", "template.yaml"]


def test_sams_own_api_is_not_refused_for_what_cfn_lint_does_not_know() -> None:
    """cfn-lint knows no attribute of AWS::Serverless::GraphQLApi; validate.py leaves that out and judges for itself."""
    template = "tests/vectors/checks/sound-serverless-api.yaml"
    done = run(PROJECT, "python", "scripts/validate.py", "--template", template, "events/sample.json", "--json")

    assert (done.returncode, json.loads(done.stdout)["findings"]) == (0, [])
