"""
Every command called wrongly, or where there is nothing to work on: which exit code, one line that helps, and no traceback.

0 is done, 1 found or failed, 2 wrong usage. Nothing here reaches a runtime or AWS.
"""

from __future__ import annotations

import os
from argparse import Action
from importlib import import_module
from pathlib import Path

import pytest

from livebus.cli import commands, flags, names
from livebus.cli.parser import Parser

FAILED, USAGE = 1, 2
# What a command's parser demands first, so that what comes behind it is seen.
DEMANDED = {
    "new": ("DIR",),
    "publish": ("event.json",),
    "subscribe": ("--user", "ann"),
    "redrive show": ("id",),
    "redrive import": ("letters.ndjson",),
    "replay start": ("--from", "1h"),
    "replay cancel": ("one",),
    "faults": ("--local",),
}
EVENT = '{"Source": "a", "DetailType": "b", "Detail": {}}'
LETTER = '{"_livebus": {"attributes": {"RULE_ARN": "a"}}, "detail": {}}'
NO_STACK = "no stack is named; expected --stack-name, or stack_name in samconfig.toml"
NO_RUNTIME = "no runtime is running. Start it with `livebus local`"
NO_TEMPLATE = "no template here; expected template.yaml, template.yml, template.json"
# Of those that work on a stack or a runtime.
REACHING = [
    name
    for name in names.CALLABLE
    if name.split()[0] in {"publish", "subscribe", "outputs", "redrive", "replay", "faults"}
]
STACK_FIRST = (
    "publish",
    "outputs",
    "redrive list",
    "redrive show",
    "redrive publish",
    "redrive export",
    "redrive import",
    "redrive purge",
)
READING = [(*name.split(), "--template") for name in ("validate", "local", "demo")]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder but for what commands demand, and an environment that leads nowhere."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "LIVEBUS_"))]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)
    Path("event.json").write_text(EVENT, encoding="utf-8")
    Path("letters.ndjson").write_text(LETTER, encoding="utf-8")


def called(*argv: str) -> int:
    try:
        return commands.main(argv)
    except SystemExit as ended:
        return int(str(ended.code))


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The only line that was said; nothing is a result."""
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines)) == ("", 1), err
    assert lines[0].isprintable()
    return lines[0].removeprefix("error: ")


def parser_of(name: str) -> Parser:
    command, *verb = name.split()
    parser: Parser = import_module(commands.COMMANDS[command][0]).command_parser()
    choices = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    return choices[0][verb[0]] if verb else parser


def of_type(*types: object) -> list[tuple[str, str]]:
    found: list[tuple[str, Action]] = [(name, each) for name in names.CALLABLE for each in parser_of(name)._actions]
    return [(name, each.option_strings[-1]) for name, each in found if each.type in types and each.option_strings]


@pytest.mark.parametrize("name", names.CALLABLE)
def test_an_unknown_option_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of each command and verb, with the page that tells of those that there are."""
    assert called(*name.split(), *DEMANDED.get(name, ()), "--zzz") == USAGE
    assert one_line(capsys) == f"unrecognized arguments: --zzz (see livebus {name} --help)"


@pytest.mark.parametrize("name", STACK_FIRST)
def test_no_stack_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was looked for: the call, and the folder, say too little."""
    assert called(*name.split(), *DEMANDED.get(name, ())) == USAGE
    assert NO_STACK in one_line(capsys)


@pytest.mark.parametrize("name", REACHING)
def test_no_runtime_is_a_failure(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It was looked for, and is not there."""
    demanded = [each for each in DEMANDED.get(name, ()) if each not in ("--local", "--user", "ann")]
    assert called(*name.split(), *demanded, "--local") == FAILED
    assert NO_RUNTIME in one_line(capsys)


@pytest.mark.parametrize("name", ["validate", "local"])
def test_no_template_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was looked for is told, and what makes one."""
    assert called(name) == USAGE
    assert NO_TEMPLATE in one_line(capsys)


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nope.yaml", "'nope.yaml' is not there"),
        (".", "'.' is a folder; expected a file"),
        ("", "it is empty"),
        ("pipe", "'pipe' is a pipe; expected a regular file"),
        ("/dev/zero", "'/dev/zero' is a device; expected a regular file"),
        ("x" * 300, "File name too long"),
        ("event.json/t.yaml", "Not a directory"),
        ("a\x1b[31m\nb", r"\x1b[31m\nb' is not there"),
    ],
)
def test_a_template_that_cannot_be_one_is_wrong_usage(
    command: tuple[str, ...], path: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its own name, whatever is in it; a pipe is not waited for."""
    os.mkfifo("pipe")
    assert called(*command, path) == USAGE
    assert told in one_line(capsys)


@pytest.mark.parametrize("path", ["x" * 300, "pipe", "samconfig.toml", "/dev/zero"])
def test_an_odd_event_of_the_demo_is_wrong_usage(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe and a device are not read."""
    os.mkfifo("pipe")
    Path("samconfig.toml").mkdir()
    assert called("demo", path) == USAGE
    assert path in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1_000", "\u0663", " 5 ", "+5", "1e999", "9" * 5000, "", "x"])
@pytest.mark.parametrize(
    ("name", "option"), of_type(flags.at_least_one, flags.above_zero, flags.from_zero), ids=lambda part: part
)
def test_what_is_no_number_is_wrong_usage(
    name: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digits are ASCII, and of no more than has a use; a value of thousands of digits is not repeated."""
    assert called(*name.split(), *DEMANDED.get(name, ()), f"{option}={value}") == USAGE
    line = one_line(capsys)
    assert (line.startswith(f"argument {option}"), len(line) < 320) == (True, True)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("local", "--port", "70000"), "--port takes a number from 0 to 65535"),
        (("local", "--host", ""), "argument --host: it is empty"),
        (("local", "--user", ""), "argument --user: it is empty"),
        (("local", "--region", "a b"), "argument --region: 'a b' is no region, such as eu-west-1"),
        (("local", "--allow-origin", "app.example"), "argument --allow-origin: 'app.example' is no origin"),
        (("replay", "cancel", ""), "argument NAME: it is empty"),
        (("replay", "status", ""), "argument NAME: it is empty"),
        (("redrive", "export", "--output", ""), "argument --output: it is empty"),
        (("publish", "event.json", "--shuffle-seed", "1.5"), "argument --shuffle-seed: '1.5' is not a whole number"),
    ],
)
def test_a_value_that_is_none_is_wrong_usage(
    argv: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty one is a shell variable that is not set: never everything, or the folder that one stands in."""
    assert called(*argv) == USAGE
    assert told in one_line(capsys)


@pytest.mark.parametrize("name", ["new x", "validate", "local", "replay list", "outputs", "demo", "capacity"])
def test_a_folder_that_is_gone_is_wrong_usage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever stands in a folder that somebody else has deleted."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert called(*name.split()) == USAGE
    assert one_line(capsys) == "the folder that you stand in is gone; change into one that is there"


def test_a_samconfig_that_never_ends_is_not_read_for_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor waited for, where it is a pipe: commands that need nothing of it work."""
    os.mkfifo("samconfig.toml")
    assert called("capacity", "events/s=1") == 0
    assert "Cost in USD" in capsys.readouterr().out
