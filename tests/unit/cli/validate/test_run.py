"""The verb validate: arguments, words and exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from livebus.cli import commands
from livebus.cli.validate import run as validate
from support.application import PROJECT, copied

SOUND = PROJECT / "tests" / "vectors" / "checks" / "sound.yaml"
HELLO = {"source": "sample.source", "detail-type": "message", "detail": {"msg": "hello"}}
WRONG = ("publish(msg: $msg)", "publsh(msg: $msg)")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def application(*changes: tuple[str, str], folder: str = ".") -> Path:
    """The sound template with changes, and one event that arrives, in a folder."""
    Path(folder, "events").mkdir(parents=True)
    text = SOUND.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    template = Path(folder, "template.yaml")
    template.write_text(text, encoding="utf-8")
    Path(folder, "events", "hello.json").write_text(json.dumps(HELLO), encoding="utf-8")
    return template


def run(*arguments: str) -> int:
    return validate.main(["--fast", *arguments])


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run("--json", *arguments)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, answer


def ids(answer: dict[str, Any], member: str = "findings") -> list[str]:
    return [found["id"] for found in answer[member]]


# --- what comes out -------------------------------------------------------------------------------------------------


def test_a_sound_template_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """The summary on stderr says it all; the way of its event is on stdout for whoever asks."""
    application()

    assert run() == 0
    assert capsys.readouterr() == ("", "0 errors, 0 warnings, 1 of 1 events arrive\n")
    assert run("--verbose") == 0
    assert capsys.readouterr() == (
        (
            "events/hello.json: arrives\n"
            "├─ event bus livebus\n"
            "└─ rule publish matches\n"
            '   ├─ variables {"msg": "hello"}\n'
            '   ├─ the mutation answers {"publish": "hello"}\n'
            '   └─ onPublish: AMAZON_COGNITO_USER_POOLS gets {"data": {"onPublish": "hello"}}\n'
        ),
        "0 errors, 0 warnings, 1 of 1 events arrive\n",
    )


def test_a_mistake_ends_with_1_and_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """file:line:col, the id, what was found; the advice on the next line."""
    application(WRONG)

    assert run() == 1
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("template.yaml:30:17  E91")
    assert "'publsh'" in first
    assert second.strip() == "Did you mean 'publish'?"


def test_a_mistake_in_a_json_template_is_told_where_its_text_begins(capsys: pytest.CaptureFixture[str]) -> None:
    """The operation's lines are escapes there, and no lines of the file."""
    import cfn_flip

    template = application(WRONG)
    text = json.dumps(json.loads(cfn_flip.to_json(template.read_text())), indent=1)
    Path("template.json").write_text(text)
    template.unlink()
    _, answer = run_json(capsys)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "GraphQLOperation" in line)

    assert line in [found["line"] for found in answer["findings"] if "publsh" in found["message"]]


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """With findings, events and what is ignored."""
    application()
    code, answer = run_json(capsys)

    assert (code, answer["findings"]) == (0, [])
    (event,) = answer["events"]
    assert (event["file"], event["index"], event["arrives"]) == ("events/hello.json", 0, True)
    assert event["steps"][-1]["received"] == {"data": {"onPublish": "hello"}}


def test_sarif_goes_to_a_file_beside_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A CI job shows the lines and uploads the file."""
    application(WRONG)

    assert run("--sarif", "out.sarif") == 1
    assert "E91" in capsys.readouterr().out
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"


def test_sarif_on_stdout_is_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but the log."""
    application()

    assert run("--sarif", "-") == 0
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"


def test_junit_goes_to_a_file_beside_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """It fails as the exit code does; - is stdout, alone."""
    application(WRONG)

    assert run("--junit", "out.xml") == 1
    assert "E91" in capsys.readouterr().out
    root = ET.parse("out.xml").getroot()
    assert int(root[0].get("failures", 0)) > 0

    assert run("--junit", "-") == 1
    assert ET.fromstring(capsys.readouterr().out).tag == "testsuites"


def test_one_form_has_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """Two in one stream could be read by nobody."""
    application()
    with pytest.raises(SystemExit):
        run("--json", "--sarif", "-")
    with pytest.raises(SystemExit):
        run("--json", "--sarif", "-", "--junit", "-")
    assert [line.split(" (see")[0] for line in capsys.readouterr().err.splitlines()] == [
        "error: --json and --sarif - both want stdout",
        "error: --json and --sarif - and --junit - all want stdout",
    ]


def test_a_report_that_cannot_be_written_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With its place, and exit code 1."""
    application()

    assert run("--junit", "nowhere/out.xml") == 1
    assert "error: nowhere/out.xml: cannot write: No such file or directory" in capsys.readouterr().err


def test_quiet_shows_only_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout where nothing is."""
    application()

    assert run("--quiet") == 0
    assert capsys.readouterr().out == ""


# --- events ---------------------------------------------------------------------------------------------------------


def test_event_files_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Those in events/ are left out then."""
    application()
    Path("other.ndjson").write_text("\n".join([json.dumps(HELLO)] * 3))
    _, answer = run_json(capsys, "other.ndjson")

    assert [(event["file"], event["index"]) for event in answer["events"]] == [
        ("other.ndjson", each) for each in range(3)
    ]


def test_a_folder_stands_for_the_events_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """As `events/` does without any argument."""
    application()
    Path("more").mkdir()
    Path("more", "a.json").write_text(json.dumps(HELLO))
    _, answer = run_json(capsys, "more", "events/hello.json")

    assert [event["file"] for event in answer["events"]] == ["more/a.json", "events/hello.json"]


def test_only_events_directly_in_the_folder_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """Not those below it, nor files of another kind."""
    application()
    Path("events", "undelivered").mkdir()
    Path("events", "undelivered", "x.json").write_text("nope")
    Path("events", "README.md").write_text("nope")
    code, answer = run_json(capsys)

    assert (code, [event["file"] for event in answer["events"]]) == (0, ["events/hello.json"])


def test_an_event_that_does_not_arrive_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Even where it is the event that is wrong, and not the template."""
    application()
    Path("other.json").write_text(json.dumps({**HELLO, "source": "other"}))
    code, answer = run_json(capsys, "other.json", "--only", "E9100")

    assert (code, [event["arrives"] for event in answer["events"]]) == (1, [False])


@pytest.mark.parametrize("flag", [True, False])
def test_undelivered_events_must_not_arrive(capsys: pytest.CaptureFixture[str], *, flag: bool) -> None:
    """By a flag or by .livebus.toml; a folder stands for the files in it."""
    application()
    Path("held").mkdir()
    Path("held", "a.json").write_text(json.dumps({**HELLO, "source": "other"}))
    Path(".livebus.toml").write_text("" if flag else '[validate]\nundelivered = ["held"]\n')
    arguments = ["--undelivered", "held"] if flag else []
    code, answer = run_json(capsys, *arguments)
    assert code == 0
    assert [(event["expected"], event["arrives"]) for event in answer["events"]] == [(True, True), (False, False)]

    Path("held", "b.json").write_text(json.dumps(HELLO))
    code, _ = run_json(capsys, *arguments)
    assert code == 1


def test_a_file_that_is_no_event_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """One for each fault, with line and column; the other files are tried all the same."""
    application()
    Path("events", "broken.json").write_text('{"source": "x",\n  "detail-type" "y"}')
    code, answer = run_json(capsys)

    assert code == 1
    assert [(found["id"], found["file"], found["line"], found["column"]) for found in answer["findings"]] == [
        ("E9201", "events/broken.json", 2, 17)
    ]
    assert len(answer["events"]) == 1


def test_a_bus_is_chosen_for_events_that_name_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the Output EventBusName: the bus whose rule takes the event."""
    application(("  EventBusName:\n    Value: !Ref Bus\n", ""))
    code, answer = run_json(capsys)

    assert (code, answer["events"][0]["steps"][0]["bus"]) == (0, "livebus")


def test_the_stack_s_name_is_samconfig_s(capsys: pytest.CaptureFixture[str]) -> None:
    """An event may name the bus as it is called there; --stack-name goes before it."""
    application()
    Path("samconfig.toml").write_text('[default.global.parameters]\nstack_name = "orders"\n')
    Path("events", "hello.json").write_text(
        json.dumps({"Source": "sample.source", "DetailType": "x", "Detail": {"msg": "m"}, "EventBusName": "orders"})
    )

    assert run_json(capsys)[0] == 0
    assert run_json(capsys, "--stack-name", "other")[0] == 1


# --- which template -------------------------------------------------------------------------------------------------


def test_several_templates_are_tried_each_with_its_events(capsys: pytest.CaptureFixture[str]) -> None:
    """Findings and events of all of them are in one list."""
    good, bad = application(folder="good"), application(WRONG, folder="bad")
    code, answer = run_json(capsys, "--template", str(good), "--template", str(bad))

    assert code == 1
    assert {found["file"] for found in answer["findings"]} == {"bad/template.yaml"}
    assert [(event["template"], event["arrives"]) for event in answer["events"]] == [
        ("good/template.yaml", True),
        ("bad/template.yaml", False),
    ]


def test_a_json_template_works(capsys: pytest.CaptureFixture[str]) -> None:
    """As CDK synthesises it, with the schema and the code in assets of cdk.out."""
    import cfn_flip

    folder = Path("cdk.out")
    folder.mkdir()
    body = json.loads(cfn_flip.to_json((PROJECT / "template.yaml").read_text(encoding="utf-8")))
    bucket = "s3://cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    for logical_id, member, digest, file in (
        ("GraphQLSchema", "DefinitionS3Location", "aa11.graphql", "schema.graphql"),
        ("PublishResolver", "CodeS3Location", "bb22.js", "resolvers/publishMsgFromEB.js"),
    ):
        body["Resources"][logical_id]["Properties"][member] = {"Fn::Sub": f"{bucket}/{digest}"}
        shutil.copy(PROJECT / file, folder / f"asset.{digest}")
    (folder / "App.template.json").write_text(json.dumps(body))
    assets = {"files": {"aa11": {"source": {"path": "asset.aa11.graphql"}, "destinations": {}}}}
    (folder / "App.assets.json").write_text(json.dumps(assets))
    Path("hello.json").write_text(json.dumps(HELLO))
    code, answer = run_json(capsys, "--template", "cdk.out/App.template.json", "hello.json")

    assert (code, [found for found in answer["findings"] if found["severity"] != "info"]) == (0, [])


def test_faults_of_other_files_are_shown_where_they_lie(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema's path is given from here, not from the template."""
    copied(Path("app"))
    schema = Path("app", "schema.graphql")
    schema.write_text(schema.read_text().replace("String! @aws_iam", "Strin! @aws_iam"))
    code, answer = run_json(capsys, "--template", "app/template.yaml")

    assert code == 1
    assert ("app/schema.graphql", 14) in [(found["file"], found["line"]) for found in answer["findings"]]


def test_parameters_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    """As `sam deploy --parameter-overrides` would."""
    copied(Path("app"))
    Path("hello.json").write_text(json.dumps({**HELLO, "source": "my.app"}))
    arguments = ("--template", "app/template.yaml", "hello.json")

    assert run_json(capsys, *arguments)[0] == 1
    assert run_json(capsys, *arguments, "--set", "EventSource=my.app")[0] == 0


def test_yaml_that_does_not_parse_is_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """With its line."""
    Path("template.yaml").write_text("Resources:\n  A: [\n")

    assert run() == 1
    (line,) = [each for each in capsys.readouterr().out.splitlines() if each]
    assert line.startswith("template.yaml:3:1  E9100  not valid YAML: ")


# --- what is left out -----------------------------------------------------------------------------------------------


def test_a_finding_is_ignored_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """By a flag; it stays in the JSON, among what is suppressed."""
    application(("      MessageRetentionPeriod: 1209600\n", "      MessageRetentionPeriod: 60\n"))
    _, before = run_json(capsys)
    (found,) = before["findings"]
    code, after = run_json(capsys, "--ignore", f"{found['id']}:read every minute")

    assert (0, [], [found["id"]]) == (code, ids(after), ids(after, "suppressed"))


def test_what_two_ignore_is_ignored_in_vain_by_neither(capsys: pytest.CaptureFixture[str]) -> None:
    """One of them takes the finding; of what the other names there was something all the same."""
    application(("      MessageRetentionPeriod: 1209600\n", "      MessageRetentionPeriod: 60\n"))
    _, before = run_json(capsys)
    (found,) = before["findings"]
    assert (
        run("--ignore", f"{found['id']}:r", "--ignore", f"{found['id'][:3]}:r", "--ignore", f"{found['id']}:other") == 0
    )
    assert "in vain" not in capsys.readouterr().err


def test_what_is_ignored_in_vain_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Of checks that have run, wherever it is asked for; the exit code is the same."""
    template = application()
    more = "Metadata: {Livebus: {Ignore: [{Id: W9101, Reason: r}]}}\n"
    template.write_text(template.read_text(encoding="utf-8") + more, encoding="utf-8")
    shutil.copy(template, "second.yaml")
    Path(".livebus.toml").write_text('[validate]\nignore = [{ id = "W9102", reason = "r" }]\n', encoding="utf-8")
    second = ("--template", "template.yaml", "--template", "second.yaml")

    # cfn-lint's are not judged without it, nor those of resolver code's types that nobody asked for.
    assert run(*second, "--ignore", "E9138:r", "--ignore", "W3002:r", "--ignore", "W9206:r") == 0
    assert [line for line in capsys.readouterr().err.splitlines() if "in vain" in line] == [
        "--ignore: E9138 is ignored in vain: nothing of it is found",
        ".livebus.toml: W9102 is ignored in vain: nothing of it is found",
        "template.yaml:162:31 (Metadata/Livebus/Ignore/0): W9101 is ignored in vain: nothing of it is found",
        "second.yaml:162:31 (Metadata/Livebus/Ignore/0): W9101 is ignored in vain: nothing of it is found",
    ]
    Path("second.yaml").write_text(template.read_text(encoding="utf-8").replace(*WRONG), encoding="utf-8")
    assert run(*second, "--ignore", "E9103:r", "--ignore", "E9138:r", "--only", "E91") == 1
    assert "in vain" not in capsys.readouterr().err
    run(*second, "--ignore", "E9103:r")
    assert "E9103" not in capsys.readouterr().err
    Path("second.yaml").write_text("[", encoding="utf-8")
    run(*second, "--ignore", "E9138:r")
    assert "in vain" not in capsys.readouterr().err


def test_a_finding_is_ignored_by_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    """By .livebus.toml, or by the resource's own Metadata."""
    short = ("      MessageRetentionPeriod: 1209600\n", "      MessageRetentionPeriod: 60\n")
    application(short)
    (found,) = run_json(capsys)[1]["findings"]
    Path(".livebus.toml").write_text(f'[validate]\nignore = [{{ id = "{found["id"]}", reason = "r" }}]\n')
    assert ids(run_json(capsys)[1], "suppressed") == [found["id"]]

    Path(".livebus.toml").unlink()
    metadata = f"    Metadata: {{Livebus: {{Ignore: [{{Id: {found['id']}, Reason: r}}]}}}}\n"
    text = Path("template.yaml").read_text()
    Path("template.yaml").write_text(text.replace("  Queue:\n", f"  Queue:\n{metadata}"))
    assert ids(run_json(capsys)[1], "suppressed") == [found["id"]]

    Path("template.yaml").write_text(text.replace("  Api:\n", f"  Api:\n{metadata}"))
    assert ids(run_json(capsys)[1]) == [found["id"]]


def test_metadata_without_a_reason_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """At its line."""
    application(("Resources:\n", "Metadata: {Livebus: {Ignore: [{Id: W9101}]}}\n\nResources:\n"))
    code, answer = run_json(capsys)

    assert (code, ids(answer)) == (1, ["E9203"])


def test_only_runs_some_checks(capsys: pytest.CaptureFixture[str]) -> None:
    """By ids or their beginnings; the events are tried all the same."""
    application(WRONG)
    code, answer = run_json(capsys, "--only", "W91,E9100")

    assert (code, answer["findings"]) == (1, [])


def test_warnings_fail_unless_lenient(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning is a finding; with --lenient it is told, and does not fail."""
    application(("      MessageRetentionPeriod: 1209600\n", "      MessageRetentionPeriod: 60\n"))

    assert run_json(capsys)[0] == 1
    assert run_json(capsys, "--lenient")[0] == 0


# --- usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--template", "templat.yaml"],
            "error: templat.yaml: 'templat.yaml' is not there. Did you mean 'template.yaml'?",
        ),
        (["helo.json"], "error: helo.json: 'helo.json' is not there. Looked in '.'."),
        (["--set", "x"], "error: --set takes Param=Value"),
        (["--only", "E3001", "--only", "W"], None),
        (["--only", "E9999"], "error: --only: there is no check 'E9999'. Did you mean 'E9199'? --list shows all."),
        (["--ignore", "W9999:x"], "error: --ignore: there is no check 'W9999'. Did you mean 'W9195'?"),
        (
            ["--only", "E3001"],
            "error: --only: nothing would be checked: E3001 is cfn-lint's, and --fast leaves cfn-lint out",
        ),
        (["--only", "E9109x"], "error: --only: there is no check 'E9109x'. --list shows all."),
        (
            ["--ignore", "W3002"],
            "error: --ignore: 'W3002' is ignored without a reason; expected a reason. Say why it is to be ignored.",
        ),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], message: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stderr, with the next step; the ids of cfn-lint's rules are ids of checks, too."""
    application()

    if message is None:
        assert run(*arguments) == 0
        return
    assert run(*arguments) == 2
    err = capsys.readouterr().err.splitlines()
    assert [message[:40]] == [line[:40] for line in err]


def test_a_configuration_that_is_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Every fault of it, and nothing is validated."""
    application()
    Path(".livebus.toml").write_text('[validate]\nignor = []\nignore = [{ id = "W9101" }]\n')

    assert run() == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "error: .livebus.toml (validate): unknown member 'ignor'; expected one of ignore, undelivered. Did you mean 'ignore'?",
        (
            "error: .livebus.toml (validate.ignore[0]): {'id': 'W9101'}; expected { id = \"W9101\", reason = \"why\" }. "
            "A reason is required."
        ),
    ]


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole commands, and the exit codes."""
    with pytest.raises(SystemExit) as raised:
        run("--help")
    assert raised.value.code == 0
    out = capsys.readouterr().out
    assert "livebus validate --fast --watch" in out
    assert "exit codes: 0 no errors" in out


# --- what there is to check -----------------------------------------------------------------------------------------


def test_the_checks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    assert run("--list") == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("E9100  error    References, conditions, parameters")


def test_a_check_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """What it is about, the source, and how to leave it out."""
    assert run("--explain", "e9100") == 0
    out = capsys.readouterr().out
    assert out.startswith("E9100 (error): References, conditions")
    assert "Source: https://docs.aws.amazon.com/" in out
    assert '--ignore "E9100:reason"' in out
    assert "Ignore: [{Id: E9100, Reason: …}]" in out


def test_an_unknown_check_is_told_with_the_one_meant(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2."""
    assert run("--explain", "E9l00") == 2
    assert "there is no check 'E9l00'. Did you mean 'E9100'?" in capsys.readouterr().err


# --- watching, cfn-lint, starting fast ------------------------------------------------------------------------------


def test_watch_validates_again_after_a_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed file, a new event file; Ctrl-C ends it with 0."""
    application()
    changes = [
        lambda: Path("events", "new.json").write_text(json.dumps(HELLO)),
        lambda: Path("template.yaml").write_text(Path("template.yaml").read_text().replace(*WRONG)),
    ]

    def sleep(_: float) -> None:
        if not changes:
            raise KeyboardInterrupt
        changes.pop(0)()

    monkeypatch.setattr(validate.time, "sleep", sleep)

    assert run("--quiet", "--watch") == 0
    summaries = [line for line in capsys.readouterr().err.splitlines() if "arrive" in line]
    assert [line.split(", ")[-1] for line in summaries] == [
        "1 of 1 events arrive",
        "2 of 2 events arrive",
        "0 of 2 events arrive",
    ]


def test_findings_of_cfn_lint_are_in_the_same_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Their ids are kept; what both tell of is told once; our rules do not run twice."""
    shutil.copy(PROJECT / ".cfnlintrc", ".cfnlintrc")
    Path("scripts").mkdir()
    Path("scripts", "cfn_lint_rules").symlink_to(PROJECT / "scripts" / "cfn_lint_rules")
    application(("QueryDepthLimit: 20", "QueryDepthLimit: !Ref Nothing"), WRONG)
    code = validate.main(["--json"])
    answer = json.loads(capsys.readouterr().out)

    assert code == 1
    found = [(each["id"], each["line"]) for each in answer["findings"]]
    assert len(set(found)) == len(found)
    assert [each for each in found if each[1] == 96] == [("E1020", 96)]
    assert 30 in [line for _, line in found]


def test_what_breaks_cfn_lint_does_not_hide_our_findings(capsys: pytest.CaptureFixture[str]) -> None:
    """Metadata that is a text ends cfn-lint with a traceback."""
    application(("Resources:\n", "Metadata: x\n\nResources:\n"), WRONG)
    code = validate.main(["--json"])
    answer = json.loads(capsys.readouterr().out)

    assert (code, {"E9103", "E9205"} <= set(ids(answer))) == (1, True)


def test_cfn_lint_and_boto3_are_imported_only_when_they_are_needed() -> None:
    """Neither with --fast, nor for --list."""
    application()
    code = (
        "import sys; from livebus.cli.validate import run as validate\n"
        "validate.main(sys.argv[1:])\n"
        "unwanted = ('boto3', 'botocore', 'cfnlint', 'joserfc', 'gql', 'aiohttp', 'rich', 'pytest')\n"
        "print(sorted(m for m in unwanted if m in sys.modules))"
    )
    for arguments in (["--fast", "--quiet"], ["--list"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": str(PROJECT / "src"), "PATH": os.environ["PATH"]},
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_our_own_application_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    """Its events arrive, and those of events/undelivered do not."""
    code, answer = run_json(
        capsys, "--template", str(PROJECT / "template.yaml"), "--undelivered", str(PROJECT / "events" / "undelivered")
    )

    assert code == 0
    assert [found for found in answer["findings"] if found["severity"] != "info"] == []
    assert {event["expected"] for event in answer["events"]} == {True, False}
    assert all(event["arrives"] == event["expected"] for event in answer["events"])


def assembly(**names: str) -> None:
    """A cloud assembly of AWS CDK in cdk.out, with sound templates, and their stacks' names by the templates' own."""
    application(folder="cdk.out")
    text = Path("cdk.out", "template.yaml").read_text("utf-8")
    artifacts = {}
    for template, name in names.items():
        Path("cdk.out", f"{template}.template.json").write_text(text, "utf-8")
        properties = {"templateFile": f"{template}.template.json", "stackName": name}
        environment = f"aws://1/{'eu-north-1' if template == 'A' else 'unknown-region'}"
        artifacts[template] = {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": properties,
        }
    Path("cdk.out", "cdk.out").write_text("{}")
    Path("cdk.out", "manifest.json").write_text(json.dumps({"artifacts": artifacts}))


@pytest.mark.parametrize("given", [("cdk.out",), ("--template", "cdk.out"), ("cdk.out", "cdk.out/events/hello.json")])
def test_every_stack_of_a_cdk_application(given: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its own events' outcome, and its stack as the manifest names it."""
    assembly(A="harbour", B="depot")

    assert run(*given) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "cdk.out/A.template.json: stack harbour, region eu-north-1 (manifest.json)",
        "cdk.out/B.template.json: stack depot (manifest.json)",
        "0 errors, 0 warnings, 2 of 2 events arrive",
    ]


@pytest.mark.parametrize(
    "given",
    [
        ("a/template.yaml", "b/template.yaml"),
        ("--template", "a/template.yaml", "b/template.yaml"),
        ("--template", "a/template.yaml", "--template", "b/template.yaml"),
    ],
    ids=" ".join,
)
def test_a_file_in_yaml_is_a_template(given: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Events are JSON; several are validated one after the other, with or without the flag."""
    application(folder="a")
    application(folder="b")

    code, answer = run_json(capsys, *given)
    assert (code, [each["file"] for each in answer["events"]]) == (0, ["a/events/hello.json", "b/events/hello.json"])


def test_a_template_that_is_not_there_is_no_event_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Though its name alone says what it is; so does a name as AWS CDK gives them."""
    application(folder="a")
    assert run("a/template.yaml", "none.yml", "App.template.json", "a/events/hello.json") == 2
    told = capsys.readouterr().err
    assert ("none.yml: 'none.yml' is not there" in told, "App.template.json" in told, "hello.json" in told) == (
        True,
        True,
        False,
    )


def test_the_stacks_of_an_application_are_proved_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the folder of cdk.json, with the events beside cdk.out; JSON and SARIF have each template's own path."""
    foreign = PROJECT / "tests" / "foreign"
    shutil.copytree(foreign / "assemblies" / "spelt-out-names", "cdk.out")
    Path("cdk.json").write_text("{}")
    Path("events").mkdir()
    shutil.copy(foreign / "events" / "hello.json", "events")

    assert run("--json", "--lenient", "--sarif", "s.sarif") == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert [(event["file"], event["arrives"]) for event in answer["events"]] == [("events/hello.json", True)]
    files = [found["file"] for found in answer["findings"]]
    assert files == ["cdk.out/Bus.template.json"] * 2
    (log,) = json.loads(Path("s.sarif").read_text("utf-8"))["runs"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in log["results"]]
    assert places == files
    assert said.err.splitlines()[0] == "cdk.out: stacks Api, Bus, Users, region eu-west-1 (manifest.json)"


def test_local_takes_one_of_several_stacks(capsys: pytest.CaptureFixture[str]) -> None:
    """Which ones there are is told; nothing is begun."""
    assembly(A="harbour", B="depot")

    assert commands.main(["local", "--port", "0", "--template", "cdk.out"]) == 2
    expected = (
        "error: 'cdk.out' has 2 stacks. Name the template of one: cdk.out/A.template.json, cdk.out/B.template.json."
    )
    assert capsys.readouterr().err.strip() == expected


@pytest.mark.parametrize(
    ("in_a_clone", "advice"),
    [(True, "`make setup` installs it"), (False, "`pip install cfn-lint`, or `pipx inject livebus cfn-lint`, adds it")],
)
def test_how_cfn_lint_is_had_is_told_for_where_livebus_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, in_a_clone: bool, advice: str
) -> None:
    """Outside of a clone there is no Makefile."""
    application()
    monkeypatch.setitem(sys.modules, "livebus.lint", None)
    monkeypatch.setattr("livebus.cli.shipped.is_clone", lambda: in_a_clone)

    assert validate.main([]) == 0
    assert capsys.readouterr().err.splitlines()[0] == (
        f"warning: cfn-lint is not installed, so its own rules are left out; {advice}"
    )


def test_what_was_named_and_is_not_there_is_told_before_a_template_that_nobody_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the folder of a CDK application there is no template, and no cdk.out before `cdk synth`."""
    assert run("cdk.out") == 2
    assert capsys.readouterr() == ("", "error: cdk.out: 'cdk.out' is not there. Looked in '.'.\n")
    Path("cdk.out").mkdir()
    assert run("cdk.out") == 2
    assert capsys.readouterr().err.startswith("error: no template here; ")


def test_a_bus_without_any_rule_is_no_fault_of_the_event_s(capsys: pytest.CaptureFixture[str]) -> None:
    """Such as a stack of the buses alone: another EventBusName would help only where another bus has a rule."""
    application()
    Path("buses.yaml").write_text("Resources: {Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}}\n")

    assert run("--template", "buses.yaml", "events/hello.json") == 1
    told = capsys.readouterr().out
    assert "hello.json is for the bus 'orders', on which there is no rule" in told
    assert ("Add a rule, or name the template that has one." in told, "EventBusName" in told) == (True, False)
