"""The arguments of livebus publish: what they are without being typed, and which values mean nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from livebus.cli.publish.arguments import argument_parser


def parsed(*arguments: str) -> dict[str, Any]:
    return vars(argument_parser("Publish.").parse_args(arguments))


def test_nothing_typed_is_the_usual() -> None:
    """Every option, and what it is where it is left out."""
    options = parsed("a.json", "-")
    for name in ("template", "local", "stack_name", "region", "profile", "config_env", "no_color", "color"):
        options.pop(name, None)
    usual = {
        "files": ["a.json", "-"],
        "bus": None,
        "bus_check": True,
        "dry_run": False,
        "json": False,
        "quiet": False,
        "rate": None,
        "concurrency": None,
        "max_attempts": 5,
        "max_time": None,
        "engine": "auto",
        "count": 0,
        "repeat": 1,
        "shuffle_seed": None,
        "placeholders": False,
        "keep_going": False,
        "fail_file": None,
        "resume": False,
        "journal": None,
        "no_journal": False,
        "check": False,
        "wait": None,
        "plot": None,
        "field": None,
        "user": None,
    }
    assert {name: options[name] for name in usual} == usual


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        (("--bus", "b"), "bus", "b"),
        (("--no-bus-check",), "bus_check", False),
        (("--dry-run",), "dry_run", True),
        (("--json",), "json", True),
        (("--quiet",), "quiet", True),
        (("--rate", "0.5"), "rate", 0.5),
        (("--concurrency", "1000"), "concurrency", 1_000),
        (("--concurrency", "1"), "concurrency", 1),
        (("--max-attempts", "1"), "max_attempts", 1),
        (("--max-time", "1.5"), "max_time", 1.5),
        (("--engine", "bulk"), "engine", "bulk"),
        (("--engine", "boto3"), "engine", "boto3"),
        (("--count", "3"), "count", 3),
        (("--repeat", "3"), "repeat", 3),
        (("--shuffle-seed", "-3"), "shuffle_seed", -3),
        (("--placeholders",), "placeholders", True),
        (("--keep-going",), "keep_going", True),
        (("--fail-file", "f"), "fail_file", "f"),
        (("--resume",), "resume", True),
        (("--journal", "j"), "journal", "j"),
        (("--no-journal",), "no_journal", True),
        (("--check",), "check", True),
        (("--wait",), "wait", 10.0),
        (("--wait", "2"), "wait", 2.0),
        (("--plot", "p.png"), "plot", Path("p.png")),
        (("--field", "f"), "field", "f"),
        (("--user", "u"), "user", "u"),
    ],
)
def test_what_is_typed_is_read(typed: tuple[str, ...], name: str, value: object) -> None:
    """In its own type."""
    assert parsed("a.json", *typed)[name] == value


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("--concurrency", "1001"), "argument --concurrency: '1001' is more than 1000"),
        (("--concurrency", "0"), "argument --concurrency: '0' is not"),
        (("--wait", "b.json"), "argument --wait: 'b.json' is not a number of seconds; files stand before --wait"),
        (("--wait", "0"), "argument --wait: '0' is not a number of seconds; files stand before --wait"),
        (("--bus", ""), "argument --bus: "),
        (("--rate", "0"), "argument --rate: "),
        (("--max-attempts", "0"), "argument --max-attempts: "),
        (("--max-time", "0"), "argument --max-time: "),
        (("--engine", "curl"), "argument --engine: "),
        (("--count", "0"), "argument --count: "),
        (("--repeat", "0"), "argument --repeat: "),
        (("--shuffle-seed", "x"), "argument --shuffle-seed: "),
        (("--fail-file", ""), "argument --fail-file: "),
        (("--journal", ""), "argument --journal: "),
        (("--user", ""), "argument --user: "),
    ],
)
def test_values_that_mean_nothing_are_wrong_usage(
    typed: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the option by its name."""
    with pytest.raises(SystemExit) as ended:
        parsed("a.json", *typed)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_help_says_what_each_option_is_for() -> None:
    """Its groups, its words, and the defaults as they are."""
    told = argument_parser("Publish.").format_help()
    words = " ".join(told.split())
    assert words.startswith("usage: ")
    assert "how fast:" in told
    assert "what of it:" in told
    assert "what is left:" in told
    assert "what becomes of it: Both read the rules of the template." in words
    assert "Publish." in words
    for option in (
        "FILE a file or folder of events, or - for stdin",
        "--bus BUS the event bus, name or ARN (default: the entry's EventBusName, then the stack's)",
        "--no-bus-check send even if there is no such bus",
        "--dry-run check the files and send nothing",
        "--json print one JSON object on stdout instead of lines",
        "--quiet print failures only (and the JSON object)",
        "--rate N so many events a second (default: as fast as the service takes them)",
        "--concurrency N requests in flight (default: found by measuring)",
        "--max-attempts N how often an entry is sent at the most when it is throttled or fails inside AWS (default: 5)",
        "--max-time SECONDS give up after so long",
        "--engine {auto,boto3,bulk} what sends: boto3, or bulk (default: bulk where it can)",
        "--count N end after N events",
        "--repeat N publish the files N times",
        "--shuffle-seed SEED in a random order, the same for the same seed; each event among the next 10,000",
        "--placeholders fill {{seq}}, {{uuid}} and {{now}} in, new for each event",
        "--keep-going leave out what is no event, and tell its line, instead of ending",
        "--fail-file FILE receives what was not accepted, to be published again (default: FILE.failed.ndjson beside the first",
        "--resume go on with a run of the same files that was interrupted or killed",
        "--journal FILE where it is noted what is done (default: FILE.journal beside the first file, above 1,000 events)",
        "--no-journal note nothing; such a run cannot be resumed",
        "--check send nothing unless each event matches a rule",
        "--wait [SECONDS] subscribe before, and wait for what arrives, so long after the last one (default: 10)",
        "--plot FILE with --wait: draw how long messages took (PNG, SVG)",
        "--field FIELD the subscription field (default: what the rules' mutations feed, where that is one)",
        "--user NAME who subscribes, with the password in LIVEBUS_PASSWORD",
        "the template with the rules",
    ):
        assert option in words, words
