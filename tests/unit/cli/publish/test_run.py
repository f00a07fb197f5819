"""The verb publish: arguments, words and exit codes, without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from livebus.cli.publish import run as publish

ENTRY = {"Source": "my.app", "DetailType": "Hello", "Detail": {"msg": "hi"}}
PROJECT = Path(publish.__file__).parents[4]
SCRIPT = PROJECT / "scripts" / "publish.py"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, project: Path | None = None) -> int:
    return publish.main(arguments, project=project or Path.cwd())


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0 and shows whole commands."""
    with pytest.raises(SystemExit) as raised:
        run("--help")
    assert raised.value.code == 0
    assert "livebus publish --local events/sample.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: FILE"),
        (("-", "-"), "stdin (-) can be read once"),
        (("--local", "--region", "eu-west-1", "x"), "--local goes without --region: its state file has it all"),
        (("--bus", "", "x"), "argument --bus: it is empty"),
        (("--stack-name=", "x"), "argument --stack-name: it is empty"),
        (("--max-attempts", "0", "x"), "argument --max-attempts: '0' is not a whole number from 1"),
        (("--rate", "0", "x"), "argument --rate: '0' is not a number above 0"),
        (("--concurrency", "2000", "x"), "argument --concurrency: '2000' is more than 1000"),
        (("--wait", "x"), "argument --wait: 'x' is not a number of seconds; files stand before --wait"),
        (("x", "--plot", "y.png"), "--plot goes with --wait: it draws how long messages took to arrive"),
        (("--repeat", "2", "-"), "--repeat needs files: a stream can be read once"),
        (
            ("--resume", "-"),
            "--resume needs files, or the --journal of a stream that is given again from its beginning",
        ),
        (("--resume", "--no-journal", "x"), "--no-journal goes without --journal and --resume"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason stands on stderr, below the usage."""
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    assert raised.value.code == 2
    assert f"error: {message} (see livebus publish --help)" == capsys.readouterr().err.splitlines()[-1]


def test_faults_of_all_files_are_told_and_nothing_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 before anything else is looked at: there is no runtime here, and nobody asks for it."""
    Path("good.json").write_text(json.dumps(ENTRY))
    Path("bad.json").write_text('[{"Source": "aws.x", "DetailType": "y", "Detail": []}]')
    Path("empty").mkdir()
    assert run("--local", "missing.json", "good.json", "bad.json", "empty") == 2
    advice = "expected a source of your own. EventBridge refuses it, it is kept for AWS."
    assert capsys.readouterr().err.splitlines() == [
        "error: missing.json: no such file",
        f"error: bad.json:1:13 ($[0].Source): Source 'aws.x' begins with 'aws.'; {advice}",
        "error: bad.json:1:51 ($[0].Detail): Detail is an array; expected a JSON object",
        "error: empty: there is no event file in this folder (.json, .ndjson, .jsonl, .json.gz, .ndjson.gz, .jsonl.gz)",
    ]


def test_stdin_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Faults of stdin have a place too."""
    Path("input").write_text("nope")
    with Path("input").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert run("-") == 2
    assert capsys.readouterr().err == "error: stdin:1:1: not JSON: expecting value\n"


def test_stdin_is_left_alone_without_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop in a shell script keeps its input."""
    monkeypatch.setattr(sys, "stdin", None)
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("--dry-run", "e.json") == 0


def test_a_dry_run_tells_what_would_be_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """Entries, bytes and requests; no bus is looked for."""
    Path("e.json").write_text(json.dumps([ENTRY] * 12))
    assert run("--dry-run", "e.json") == 0
    assert capsys.readouterr() == ("", "sound: events 12, bytes 276, PutEvents requests 2; nothing was sent\n")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--repeat", "3"], "sound: events 36, bytes 828, PutEvents requests 4; nothing was sent\n"),
        (["--count", "5"], "sound: events 5, bytes 115, PutEvents requests 1; nothing was sent\n"),
        (["--repeat", "3", "--count", "25"], "sound: events 25, bytes 575, PutEvents requests 3; nothing was sent\n"),
    ],
)
def test_a_dry_run_counts_what_is_repeated(capsys: pytest.CaptureFixture[str], flags: list[str], told: str) -> None:
    """As many as would go out: each time that the files are published, and no more than --count."""
    Path("e.json").write_text(json.dumps([ENTRY] * 12))
    assert run("--dry-run", *flags, "e.json") == 0
    assert capsys.readouterr() == ("", told)


def test_no_runtime_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """--local without a runtime tells how to start one, and ends with 1."""
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("--local", "e.json") == 1
    expected = "error: no runtime is running. Start it with `livebus local`.\n"
    assert ("", expected) == capsys.readouterr()


def test_no_stack_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Without samconfig.toml and flags there is no bus to publish to."""
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("e.json") == 2
    expected = (
        "no stack is named; expected --stack-name, or stack_name in samconfig.toml. --local uses the local runtime."
    )
    assert ("", f"error: {expected}\n") == capsys.readouterr()


@pytest.mark.parametrize("arguments", [["--help"], ["--dry-run", "e.json"], ["bad.json"], ["--local", "e.json"]])
def test_boto3_is_imported_only_to_send(arguments: list[str]) -> None:
    """Help, a dry run, a bad file and a missing runtime don't pay for boto3's import."""
    Path("e.json").write_text(json.dumps(ENTRY))
    Path("bad.json").write_text("nope")
    code = (
        "import sys; from pathlib import Path; from livebus.cli.publish import run as publish\n"
        "try: publish.main(sys.argv[1:], project=Path())\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in ('boto3', 'botocore', 'gql', 'aiohttp', 'rich') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PROJECT / "src"), "PATH": ""},
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_file_of_failed_events_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    """It may hold what is not published yet."""
    Path("e.json").write_text(json.dumps(ENTRY))
    Path("f.ndjson").write_text("{}")
    assert run("--bus", "b", "--no-bus-check", "--fail-file", "f.ndjson", "e.json") == 2
    found = "f.ndjson: there is such a file: it may hold events that are not published yet."
    assert capsys.readouterr().err == f"error: {found} Publish or remove it, or name another one.\n"


def test_nothing_to_resume_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that ended leaves no journal: publishing all again has to be asked for."""
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("--bus", "b", "--no-bus-check", "--resume", "e.json") == 2
    advice = "A run that ended leaves none. Without --resume, all is published."
    assert capsys.readouterr().err == f"error: e.json.journal: there is no journal to resume. {advice}\n"


def test_a_journal_that_is_left_stops_a_new_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Else what that run has published would be published twice."""
    Path("e.json").write_text(json.dumps(ENTRY))
    Path("e.json.journal").write_text("{}")
    assert run("--bus", "b", "--no-bus-check", "e.json") == 2
    assert "e.json.journal: an earlier run with this journal did not end. Pass --resume" in capsys.readouterr().err


def test_an_event_that_no_rule_matches_stops_it_with_check(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check reads the template; nothing is sent, and the reason is told."""
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("--check", "--template", str(project / "template.yaml"), "e.json") == 2
    assert capsys.readouterr().err.startswith("error: e.json:1: the event matches no rule; rule 'publishMsgFromEB'")


def test_lines_that_are_no_events_are_left_out_with_keep_going(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is told with its line; the exit code is 3."""
    Path("e.ndjson").write_text(f"{json.dumps(ENTRY)}\nnope\n{json.dumps(ENTRY)}\n")
    assert run("--keep-going", "--dry-run", "e.ndjson") == 3
    assert capsys.readouterr().err.splitlines() == [
        "error: e.ndjson:2:1: not JSON: expecting value",
        "sound: events 2, bytes 46, PutEvents requests 1; nothing was sent",
    ]
