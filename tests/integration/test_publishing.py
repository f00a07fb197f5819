"""publish.py against a sink that fails in all the ways there are: each event accepted, or in the file of failed ones."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from livebus.aws.direct.reach import Reach, address
from livebus.aws.publish import blocking_engine, bulk_engine
from livebus.cli.publish import run as publish
from livebus.event.stream import StreamedEntry
from livebus.publish.dispatch import Dispatch, Limits
from livebus.publish.pace import Rate
from livebus.publish.request import Addressing, Item
from livebus.publish.sending import DirectFeed, Sending
from livebus.publish.signer import Credentials
from support.simulated_bus import Outcomes
from support.sink_process import EventSink
from support.waiting import until

PROJECT = Path(publish.__file__).parents[4]
SCRIPT = PROJECT / "scripts" / "publish.py"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Static credentials, no configuration, a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in tuple(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in {**KEYS, "AWS_CONFIG_FILE": str(tmp_path / "none")}.items():
        monkeypatch.setenv(name, value)


def events(count: int, *, size: int = 20) -> Path:
    path = Path("events.ndjson")
    pad = "x" * size
    with path.open("w") as file:
        for number in range(count):
            file.write(f'{{"Source":"my.app","DetailType":"Order","Detail":{{"n":{number},"pad":"{pad}"}}}}\n')
    return path


def run(sink: EventSink, *arguments: str | Path) -> int:
    flags = ("--endpoint-url", sink.url, "--bus", "orders", "--quiet")
    return publish.main([*flags, *map(str, arguments)], project=Path("/nowhere"))


def in_failed_file(path: Path) -> Counter[str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter(str(json.loads(json.loads(line)["Detail"])["n"]) for line in lines)


def missing(count: int, sink: EventSink, failed: Path) -> list[int]:
    """The numbers that were neither accepted nor failed."""
    known = {*sink.accepted(), *in_failed_file(failed)}
    return [number for number in range(count) if str(number) not in known]


@pytest.mark.parametrize(("engine", "count"), [("bulk", 200_000), ("boto3", 5_000)])
def test_nothing_is_lost_when_a_third_fails(
    engine: str, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Throttling, 5xx, resets before and after acceptance, half answers, slow ones, partial failures, final ones."""
    file = events(count)
    with EventSink(tmp_path, "--fail", "0.3", "--final", "0.001", "--seed", "5") as sink:
        code = run(sink, "--engine", engine, "--json", file)
        done = sink.stop()
        told = json.loads(capsys.readouterr().out)
        failed = in_failed_file(Path("events.ndjson.failed.ndjson"))
        assert missing(count, sink, Path("events.ndjson.failed.ndjson")) == []
    assert code == 3
    assert (told["published"] + told["failed"], told["failed"]) == (count, failed.total())
    assert told["rejected"]["NotAuthorizedForSourceException"] > 0
    assert {"ThrottlingException", "InternalFailure", "NoAnswer"} <= set(told["retried"])
    # What is accepted twice was accepted without an answer: at least once is what PutEvents allows to promise.
    twice = done["accepted"] - len(set(sink.accepted()))
    assert 0 < twice <= told["retried"]["NoAnswer"] + failed.total()
    assert not Path("events.ndjson.journal").exists()


@pytest.mark.parametrize("engine", ["bulk", "boto3"])
def test_a_throttling_service_loses_nothing(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two attempts suffice: what is throttled while others are accepted does not count."""
    file = events(3_000)
    with EventSink(tmp_path, "--limit", "300") as sink:
        assert run(sink, "--engine", engine, "--max-attempts", "2", file) == 0
        assert sink.stop()["accepted"] == 3_000
        assert sorted(map(int, sink.accepted())) == list(range(3_000))
    assert capsys.readouterr().out == ""


def test_credentials_are_renewed_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sink refuses what is not signed with the second ones, which come before the first request goes."""
    monkeypatch.setattr(bulk_engine, "RENEW_SECONDS", 0.01)
    given = iter([Credentials("OLD", "old"), Credentials("test", "test")])
    with EventSink(tmp_path, "--verify", "--latency-ms", "1") as sink:
        reach = Reach(
            address(sink.url, "events"), "us-east-1", lambda: next(given, Credentials("test", "test")), renewed=True
        )
        outcomes = Outcomes()
        engine = bulk_engine.BulkEngine(reach)
        assert engine._signer.credentials == Credentials("OLD", "old")
        begun = engine._signer.credentials
        items = (
            (number, StreamedEntry(b'{"Source":"a","DetailType":"b","Detail":"{}"}', 4, "e", number, 1))
            for number in range(50)
        )

        class Late(DirectFeed):
            """Has nothing before the credentials are new."""

            def take(self, count: int) -> Sequence[Item]:
                if engine._signer.credentials == begun:
                    asyncio.get_running_loop().call_later(0.002, self.ready)
                    return ()
                return super().take(count)

        dispatch = Dispatch(Limits(), outcomes, uniform=random.uniform)
        engine.run(Sending(Late(items), dispatch, Addressing(), ids=False))
    assert (len(outcomes.accepted_numbers), dispatch.hopeless) == (50, None)


def test_an_expired_token_in_the_middle_is_told_and_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the next step, exit code 1; what was accepted is not sent again."""
    file = events(2_000)
    with EventSink(tmp_path, "--verify") as sink:
        assert run(sink, "--count", "1500", "--max-time", "0.001", "--rate", "2000", file) == 4
        capsys.readouterr()
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        assert run(sink, "--count", "1500", "--no-bus-check", "--resume", file) == 1
        told = capsys.readouterr().err
        assert "cannot publish: InvalidSignatureException: the signature does not match" in told
        assert "--resume goes on with it" in told
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        assert run(sink, "--count", "1500", "--resume", file) == 0
        sink.stop()
        assert sorted(map(int, sink.accepted())) == list(range(1_500))


def test_another_order_or_input_cannot_be_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The numbers in the journal would mean other events."""
    file = events(2_000)
    with EventSink(tmp_path) as sink:
        assert run(sink, "--max-time", "0.001", "--rate", "2000", file) == 4
        capsys.readouterr()
        assert run(sink, "--resume", "--shuffle-seed", "1", file) == 2
        assert run(sink, file) == 2
        file.write_text(file.read_text().rsplit("\n", 2)[0])
        assert run(sink, "--resume", file) == 2
    first, second, third = capsys.readouterr().err.splitlines()
    assert "--repeat, --count, --shuffle-seed were 1 0 none, and are 1 0 1" in first
    assert "an earlier run with this journal did not end" in second
    assert "events.ndjson has changed, it had" in third


def test_a_bus_that_is_not_there_ends_a_stream_of_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found at the first event for it, among a million others."""
    lines = [f'{{"Source":"a","DetailType":"b","Detail":{{"n":{n}}},"EventBusName":"orders"}}\n' for n in range(3)]
    other = lines[0].replace("orders", "oders")
    Path("events.ndjson").write_text("".join([*lines, other]))
    pipe = subprocess.Popen(["cat", "events.ndjson"], stdout=subprocess.PIPE)
    assert pipe.stdout is not None
    with EventSink(tmp_path, "--bus", "orders") as sink, pipe:
        command = [sys.executable, str(SCRIPT), "--endpoint-url", sink.url, "-"]
        done = subprocess.run(command, stdin=pipe.stdout, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"the event bus 'oders' does not exist ({sink.url})" in done.stderr
    assert "so it ends here" in done.stderr


def test_many_events_have_no_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout; on stderr the first ten that failed, and the summary."""
    with EventSink(tmp_path, "--final", "0.1") as sink:
        assert publish.main(["--endpoint-url", sink.url, "--bus", "orders", str(events(1_500))], project=Path()) == 3
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines), lines[10]) == ("", 13, "error: further events that fail are counted")
    assert "of 1500 events were accepted" in lines[11]
    assert lines[12].startswith(f"published to orders ({sink.url}) in ")


def test_placeholders_are_new_in_each_event(tmp_path: Path) -> None:
    """One template, many events."""
    Path("t.json").write_text('{"Source":"a","DetailType":"b","Detail":{"n":"{{seq|number}}","id":"{{uuid}}"}}')
    with EventSink(tmp_path) as sink:
        assert run(sink, "--placeholders", "--repeat", "1200", "--shuffle-seed", "3", "t.json") == 0
        sink.stop()
        assert sorted(map(int, sink.accepted())) == list(range(1_200))


def start(sink: EventSink, *arguments: str) -> subprocess.Popen[bytes]:
    flags = ("--endpoint-url", sink.url, "--bus", "orders", "--quiet", "--no-bus-check")
    return subprocess.Popen([sys.executable, str(SCRIPT), *flags, *arguments], stderr=subprocess.PIPE)


@pytest.mark.parametrize("fail", ["0", "0.2"])
def test_nothing_is_lost_when_it_is_killed_and_resumed(fail: str, tmp_path: Path) -> None:
    """
    SIGKILL and SIGINT after random numbers of events, and --resume until done; twice goes at most what was in flight.

    The sink holds what comes after so many: a fast machine is not done by then, and a slow one has begun.
    """
    chance = random.Random(11)
    count = 60_000
    file, journal = str(events(count)), Path("events.ndjson.journal")
    kills = 0
    with EventSink(tmp_path, "--fail", fail, "--seed", "2") as sink:
        for attempt in range(30):
            resume = ["--resume"] if journal.exists() else []
            is_killed = attempt < 5
            if is_killed:
                sink.hold(chance.randrange(500, 8_000))
            with start(sink, *resume, file) as process:
                if is_killed:
                    until(lambda: sink.statistics().get("held"), "what the sink holds", 60)
                    kills += 1
                    process.send_signal(chance.choice((signal.SIGKILL, signal.SIGINT)))
                    sink.release()
                process.wait(60)
                told = process.stderr.read().decode() if process.stderr else ""
            assert "Traceback" not in told
            if process.returncode in (0, 3):
                break
            assert process.returncode in (-signal.SIGKILL, 130), told
        sink.stop()
        assert missing(count, sink, Path("events.ndjson.failed.ndjson")) == []
        twice = len(sink.accepted()) - len(set(sink.accepted()))
    assert kills == 5
    assert process.returncode in (0, 3), told
    assert not journal.exists()
    if fail == "0":
        assert twice <= kills * 512 * 10


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    """130, what was accepted so far, and the journal."""
    file = str(events(60_000))
    with EventSink(tmp_path, "--latency-ms", "20") as sink, start(sink, "--rate", "2000", file) as process:
        until_some_are_accepted(sink)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        told = process.stderr.read().decode() if process.stderr else ""
    assert "--resume goes on with it (journal: events.ndjson.journal)" in told
    assert "there may be more that was not read" in told


def until_some_are_accepted(sink: EventSink) -> None:
    until(lambda: sink.statistics().get("accepted", 0) > 100, "some events are accepted")


def test_a_stream_is_sent_as_it_comes_and_its_rest_is_kept(tmp_path: Path) -> None:
    """The first event is accepted while the stream goes on; at Ctrl-C what was read is in the file of failed events."""
    with EventSink(tmp_path) as sink:
        flags = ("--endpoint-url", sink.url, "--bus", "orders", "--rate", "1")
        command = [sys.executable, str(SCRIPT), *flags, "-"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for number in range(4):
                process.stdin.write(b'{"Source":"a","DetailType":"b","Detail":{"n":%d}}\n' % number)
            process.stdin.flush()
            assert process.stdout.readline().endswith(b"\ta\tb\n")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            process.stdin.close()
        sink.stop()
        accepted = set(sink.accepted())
    left = set(in_failed_file(Path("stdin.failed.ndjson")))
    assert accepted | left == {"0", "1", "2", "3"}
    assert left


def test_what_failed_can_be_published_again(tmp_path: Path) -> None:
    """The file of failed events is input; the first run ends with 3, the second one with 0."""
    file = events(500)
    with EventSink(tmp_path, "--final", "0.1") as sink:
        assert run(sink, file) == 3
    failed = Path("events.ndjson.failed.ndjson")
    expected = set(in_failed_file(failed))
    assert expected
    with EventSink(tmp_path) as sink:
        sink.log.unlink(missing_ok=True)
        assert run(sink, failed) == 0
        sink.stop()
    assert not Path("events.ndjson.failed.ndjson.failed.ndjson").exists()


@pytest.mark.parametrize("count", [3, 1_500], ids=["one connection", "event loop"])
def test_tls_with_a_bundle_of_ones_own(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_CA_BUNDLE is what is trusted."""
    file = events(count)
    with EventSink(tmp_path, "--tls", "CA", "--verify") as sink:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(sink.ca_file))
        assert run(sink, file) == 0
        assert sink.stop()["accepted"] == count


def test_a_certificate_that_is_not_trusted_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is sent."""
    with EventSink(tmp_path, "--tls", "CA") as sink:
        assert run(sink, events(3)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "certificate verify failed" in line


def test_one_event_with_static_credentials_imports_little(tmp_path: Path) -> None:
    """Neither boto3 nor asyncio, ssl or an HTTP library: that is what starts at once."""
    Path("e.json").write_text('{"Source":"a","DetailType":"b","Detail":{}}')
    heavy = (
        "boto3",
        "botocore",
        "asyncio",
        "ssl",
        "http.client",
        "aiohttp",
        "urllib.request",
        "difflib",
        "shutil",
        "gql",
    )
    code = (
        "import sys; from livebus.cli.publish import run as publish\n"
        "code = publish.main(sys.argv[1:])\n"
        f"print(code, sorted(name for name in {heavy!r} if name in sys.modules))"
    )
    with EventSink(tmp_path, "--verify") as sink:
        command = [sys.executable, "-c", code, "--endpoint-url", sink.url, "--bus", "orders", "--quiet", "e.json"]
        environment = {**KEYS, "PYTHONPATH": str(PROJECT / "src"), "AWS_CONFIG_FILE": "none"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("0 []\n", "")


def peak(sink: EventSink, lines: Iterator[bytes]) -> int:
    """The most memory of publish.py, in KiB, while it publishes these lines from a pipe."""
    # Not getrusage's: that includes what the process was before it became this program.
    code = (
        "import re, sys; from livebus.cli.publish import run as publish; from pathlib import Path\n"
        "code = publish.main(sys.argv[1:])\n"
        "print(code, re.search('VmHWM: *([0-9]+)', Path('/proc/self/status').read_text().replace('\\t', ' '))[1])"
    )
    flags = ("--endpoint-url", sink.url, "--bus", "orders", "--quiet", "--no-bus-check")
    command = [sys.executable, "-c", code, *flags, "--concurrency", "64", "-"]
    environment = {**KEYS, "PYTHONPATH": str(PROJECT / "src"), "AWS_CONFIG_FILE": "none"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for block in lines:
            process.stdin.write(block)
        process.stdin.close()
        code_and_size = process.stdout.read().split()
    assert code_and_size[0] == b"0"
    return int(code_and_size[1])


def stream(blocks: int) -> Iterator[bytes]:
    """So many blocks of 1 MB of events of 4 KB."""
    pad = b"x" * 4_000
    block = b'{"Source":"a","DetailType":"b","Detail":{"n":1,"pad":"%b"}}\n' % pad * 250
    return (block for _ in range(blocks))


def test_memory_does_not_grow_with_the_stream(tmp_path: Path) -> None:
    """Four times the input, the same memory, below 60 MB; a reader that is faster than the service waits."""
    with EventSink(tmp_path, "--latency-ms", "5") as sink:
        short, long = peak(sink, stream(40)), peak(sink, stream(160))
    assert long < 60 * 1024
    assert long < short + 16 * 1024  # of 120 MB more


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["{}", "nope"], "events.ndjson:2:1: not JSON"),
        (['{"Source":"a","DetailType":"b","Detail":[1]}'], "Detail is an array; expected a JSON object"),
        (['{"Source":"a","DetailType":"b","Detail":{"x":"' + "y" * 1_200_000 + '"}}'], "1048576"),
        (['{"Source":"a","DetailType":"' + "t" * 129 + '","Detail":{}}'], "has 129 characters; expected at most 128"),
        (['{"Source":"aws.x","DetailType":"t","Detail":{}}'], "begins with 'aws.'"),
    ],
    ids=["not JSON", "array", "1.2 MB", "long detail-type", "reserved source"],
)
def test_wrong_input_is_told_and_nothing_is_sent(
    lines: Sequence[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One clear line; exit code 2."""
    Path("events.ndjson").write_text("\n".join(lines))
    code = publish.main(["--endpoint-url", "http://127.0.0.1:9", "--bus", "b", "events.ndjson"], project=Path())
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert expected in err.replace(",", "").replace(" ", " ")
    assert all(line.startswith("error: ") for line in err.splitlines())


def test_a_few_events_wait_for_their_rate_and_for_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 events at 1,000 a second the second ten wait a hundredth of a second; the end comes with the last answer."""
    waited: list[float] = []
    begun = time.monotonic()
    # Time that goes on by waiting alone: a slow machine would else have waited already.
    clock = SimpleNamespace(sleep=waited.append, monotonic=lambda: begun + sum(waited), time=time.time)
    monkeypatch.setattr(blocking_engine, "time", clock)
    monkeypatch.setattr(Rate, "sent", lambda rate, entries, now: setattr(rate, "next", now + 0.01))
    with EventSink(tmp_path) as sink:
        assert run(sink, "--engine", "bulk", "--rate", "1000", events(20)) == 0
        assert sink.stop()["accepted"] == 20
    assert waited == [pytest.approx(0.01)]
