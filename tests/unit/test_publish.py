"""The verb publish: arguments, words and exit codes, without a network."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import publish
from livebus import terminal
from livebus.aws.publisher import Result
from livebus.errors import Unreachable

ENTRY = {"Source": "my.app", "DetailType": "Hello", "Detail": {"msg": "hi"}}
SCRIPT = Path(publish.__file__)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class FakePublisher:
    """Gives the results that it was made with; raises what is an exception among them."""

    def __init__(self, *results: Result | BaseException) -> None:
        self._results = results

    def send(self, entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Result]]:
        for index, result in enumerate(self._results):
            if isinstance(result, BaseException):
                raise result
            yield index, result


def run(*arguments: str, project: Path | None = None) -> int:
    return publish.main(arguments, project=project or Path.cwd())


def items(count: int) -> list[publish.Item]:
    entry = {"Source": "my.app", "DetailType": "Hello\x1b", "Detail": "{}", "EventBusName": "bus"}
    return [publish.Item("e.json", index, entry) for index in range(count)]


def send(publisher: FakePublisher, count: int, **options: bool) -> int:
    arguments = Namespace(json=False, quiet=False)
    vars(arguments).update(options)
    return publish.send(items(count), publisher, "eu-west-1", arguments)


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0 and shows whole commands."""
    with pytest.raises(SystemExit) as raised:
        run("--help")
    assert raised.value.code == 0
    assert "python scripts/publish.py --local events/sample.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: FILE"),
        (("-", "-"), "stdin (-) can be read once"),
        (("--local", "--region", "eu-west-1", "x"), "--local goes without --region: its state file has it all"),
        (("--bus", "", "x"), "argument --bus: it is empty"),
        (("--stack-name=", "x"), "argument --stack-name: it is empty"),
        (("--max-attempts", "0", "x"), "argument --max-attempts: '0' is not a whole number from 1"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason stands on stderr, below the usage."""
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    assert raised.value.code == 2
    assert f"publish.py: error: {message}" == capsys.readouterr().err.splitlines()[-1]


def test_faults_of_all_files_are_told_and_nothing_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 before anything else is looked at: there is no runtime here, and nobody asks for it."""
    Path("good.json").write_text(json.dumps(ENTRY))
    Path("bad.json").write_text('[{"Source": "aws.x", "DetailType": "y", "Detail": []}]')
    assert run("--local", "missing.json", "good.json", "bad.json", ".") == 2
    advice = "expected a source of your own. EventBridge refuses it, it is kept for AWS."
    assert capsys.readouterr().err.splitlines() == [
        "error: missing.json: no such file",
        f"error: bad.json:1:13 ($[0].Source): Source 'aws.x' begins with 'aws.'; {advice}",
        "error: bad.json:1:51 ($[0].Detail): Detail is an array; expected a JSON object",
        "error: .: is a directory",
    ]


def test_stdin_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Faults of stdin have a place too."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"nope")))
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


def test_no_runtime_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """--local without a runtime tells how to start one, and ends with 1."""
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("--local", "e.json") == 1
    expected = "error: no runtime is running. Start it with `python scripts/local.py` (or `make local`).\n"
    assert ("", expected) == capsys.readouterr()


def test_no_stack_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Without samconfig.toml and flags there is no bus to publish to."""
    Path("e.json").write_text(json.dumps(ENTRY))
    assert run("e.json") == 1
    expected = (
        "no stack is named; expected --stack-name, or stack_name in samconfig.toml. --local uses the local runtime."
    )
    assert ("", f"error: {expected}\n") == capsys.readouterr()


def test_accepted_events_are_lines_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """EventId, source and detail-type, with control characters spelled out; the talk is on stderr."""
    assert send(FakePublisher(Result("id-0"), Result("id-1")), 2) == 0
    assert capsys.readouterr() == (
        "id-0\tmy.app\tHello\\x1b\nid-1\tmy.app\tHello\\x1b\n",
        "published 2 events to bus (eu-west-1)\n",
    )


def test_failed_events_are_told_and_end_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """File, index, code and message, one line each."""
    assert send(FakePublisher(Result("id-0"), Result("", "MalformedDetail", "Detail is malformed.")), 2) == 1
    assert capsys.readouterr() == (
        "id-0\tmy.app\tHello\\x1b\n",
        "error: e.json: event 1: MalformedDetail: Detail is malformed.\nerror: 1 of 2 events were accepted, 1 not\n",
    )


def test_quiet_prints_failures_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing at all when all went well."""
    assert send(FakePublisher(Result("id-0")), 1, quiet=True) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt(), 130), (Unreachable("gone"), 1)])
def test_json_tells_about_every_entry_even_when_it_ended_early(
    stop: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was accepted before Ctrl-C or a dead endpoint, and what was not."""
    publisher = FakePublisher(Result("id-0"), Result("", "InvalidArgument", "no"), stop)
    assert code == send(publisher, 3, json=True)
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "published": 1,
        "failed": 2,
        "entries": [
            {"file": "e.json", "index": 0, "eventId": "id-0"},
            {"file": "e.json", "index": 1, "errorCode": "InvalidArgument", "errorMessage": "no"},
            {
                "file": "e.json",
                "index": 2,
                "errorCode": "NotSent",
                "errorMessage": "the verb ended before it was accepted",
            },
        ],
    }
    assert err.splitlines()[-1] == "error: 1 of 3 events were accepted, 2 not; 1 of them were not answered or not sent"


def test_a_reader_that_goes_away_does_not_stop_the_publishing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`| head -1` ends the lines, not the work."""
    stopped: list[bool] = []

    def broken(line: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(terminal, "result", broken)
    monkeypatch.setattr(terminal, "stop_results", lambda: stopped.append(True))
    assert send(FakePublisher(Result("id-0"), Result("", "MalformedDetail", "no")), 2) == 1
    assert stopped == [True]
    assert capsys.readouterr().err.splitlines()[-1] == "error: 1 of 2 events were accepted, 1 not"


@pytest.mark.parametrize("arguments", [["--help"], ["--dry-run", "e.json"], ["bad.json"], ["--local", "e.json"]])
def test_boto3_is_imported_only_to_send(arguments: list[str]) -> None:
    """Help, a dry run, a bad file and a missing runtime don't pay for boto3's import."""
    Path("e.json").write_text(json.dumps(ENTRY))
    Path("bad.json").write_text("nope")
    code = (
        "import sys; from pathlib import Path; import publish\n"
        "try: publish.main(sys.argv[1:], project=Path())\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in ('boto3', 'botocore', 'gql', 'aiohttp', 'rich') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SCRIPT.parent), "PATH": ""},
    )
    assert done.stdout.splitlines()[-1] == "[]"
