"""The parser of all commands: options that are typed, that stand in a variable, and in samconfig.toml."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path

import pytest

from livebus.cli import commands, flags, names
from livebus.cli.parser import Parser
from livebus.terminal import spelling


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def parser() -> Parser:
    made = Parser("publish")
    add = made.add_argument
    add("files", nargs="*")
    add("--rate", type=flags.above_zero)
    add("--engine", choices=("auto", "bulk"), default="auto")
    add("--set", action="append", default=[])
    add("--no-check", dest="check", action="store_false")
    add("--wait", nargs="?", const=10.0, type=flags.above_zero)
    add("--fail-file", metavar="FILE")
    add("--template", type=Path)
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--table", action="store_true")
    flags.add_destination(made)
    return made


def parsed(*arguments: str) -> Namespace:
    return parser().parse_args(arguments)


def samconfig(text: str, folder: str = ".") -> None:
    (Path(folder) / "samconfig.toml").write_text(f"[default.livebus_publish.parameters]\n{text}\n", encoding="utf-8")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    with pytest.raises(SystemExit) as raised:
        parsed(*arguments)
    assert raised.value.code == 2
    return capsys.readouterr().err.splitlines()


def test_a_flag_stands_above_a_variable_and_that_above_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then comes the default."""
    assert parsed().engine == "auto"
    samconfig('engine = "bulk"\nrate = 5')
    assert (parsed().engine, parsed().rate) == ("bulk", 5.0)
    monkeypatch.setenv("LIVEBUS_PUBLISH_RATE", "7")
    assert parsed().rate == 7.0
    assert parsed("--rate", "9").rate == parsed("--rate=9").rate == parsed("--ra", "9").rate == 9.0


def test_every_kind_of_option_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switches are true or false, lists may hold several, an optional value may be left out."""
    samconfig('set = ["A=1", "B=2"]\njson = true\nno_check = true\nwait = true\nlocal = false\nfail-file = "f"')
    found = parsed()
    assert (found.set, found.json, found.check, found.wait, found.local) == (["A=1", "B=2"], True, False, 10.0, False)
    monkeypatch.setenv("LIVEBUS_PUBLISH_SET", "C=3\nD=4")
    monkeypatch.setenv("LIVEBUS_PUBLISH_WAIT", "3")
    monkeypatch.setenv("LIVEBUS_PUBLISH_JSON", "no")
    found = parsed()
    assert (found.set, found.wait) == (["C=3", "D=4"], 3.0)


def test_what_is_typed_replaces_a_list_and_its_rivals() -> None:
    """--set is not added to what stands in the file; of --json and --table one can be meant."""
    samconfig('set = ["A=1"]\njson = true')
    found = parsed("--set", "B=2", "--table")
    assert (found.set, found.json, found.table) == (["B=2"], False, True)


def test_a_destination_has_a_variable_for_all_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's own stands above it."""
    monkeypatch.setenv("LIVEBUS_STACK_NAME", "all")
    assert parsed().stack_name == "all"
    monkeypatch.setenv("LIVEBUS_PUBLISH_STACK_NAME", "own")
    assert parsed().stack_name == "own"
    monkeypatch.setenv("LIVEBUS_RATE", "5")
    assert parsed().rate is None


def test_a_typed_destination_makes_the_other_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """--region means AWS where --local stands in a variable, and --local this machine where a region does."""
    monkeypatch.setenv("LIVEBUS_LOCAL", "1")
    made = parser()
    assert flags.destination(made, made.parse_args([]), ()).local is True
    aws = flags.destination(made, made.parse_args(["--region", "eu-west-1"]), ())
    assert (aws.local, aws.region) == (False, "eu-west-1")
    monkeypatch.delenv("LIVEBUS_LOCAL")
    monkeypatch.setenv("LIVEBUS_REGION", "eu-west-1")
    local = flags.destination(made, made.parse_args(["--local"]), ())
    assert (local.local, local.region) == (True, "")


def test_another_environment_has_its_own_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """--config-env, or its variable, chooses."""
    Path("samconfig.toml").write_text("[dev.livebus_publish.parameters]\nrate = 3\n")
    assert (parsed().rate, parsed("--config-env", "dev").rate) == (None, 3.0)
    monkeypatch.setenv("LIVEBUS_CONFIG_ENV", "dev")
    assert parsed().rate == 3.0


def test_a_path_counts_from_the_file_that_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As SAM CLI's do from where it is called: in the file's own folder it is the same."""
    samconfig('template = "infra/t.yaml"\nfail_file = "failed"')
    assert (parsed().template, parsed().fail_file) == (Path("infra/t.yaml"), "failed")
    (tmp_path / "events").mkdir()
    monkeypatch.chdir(tmp_path / "events")
    assert parsed().template.resolve() == tmp_path / "infra" / "t.yaml"


def test_what_is_wrong_is_told_with_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once: names, values, tables, variables."""
    samconfig('rat = 5\nwait = "soon"\nlocal = "maybe"\njson = true\ntable = true')
    with Path("samconfig.toml").open("a", encoding="utf-8") as file:
        file.write(
            "[default.livebus_pubish.parameters]\nrate = 1\n[default.livebus_redrive.parameters]\nlocal = true\n"
        )
    monkeypatch.setenv("LIVEBUS_PUBLISH_RATE", "no")
    monkeypatch.setenv("LIVEBUS_PUBLISH_RAET", "5")
    assert refused(capsys) == [
        "error: LIVEBUS_PUBLISH_RAET: no option has this variable. Did you mean 'LIVEBUS_PUBLISH_RATE'?",
        (
            "error: samconfig.toml:7: [default.livebus_pubish.parameters] is no command's. "
            "Did you mean 'livebus_publish'?"
        ),
        (
            "error: samconfig.toml:9: [default.livebus_redrive.parameters] is no command's. Each of its verbs has one: "
            "livebus_redrive_list, livebus_redrive_show, livebus_redrive_publish, livebus_redrive_export, "
            "livebus_redrive_import, livebus_redrive_purge."
        ),
        "error: samconfig.toml:2: `livebus publish` has no option 'rat'. Did you mean 'rate'?",
        "error: LIVEBUS_PUBLISH_RATE: --rate: 'no' is not a number above 0",
        "error: samconfig.toml:3: --wait: 'soon' is not a number above 0",
        "error: samconfig.toml:4: --local: 'maybe' is neither true nor false",
        "error: samconfig.toml:6: --table goes without another one that is set",
    ]


def test_help_is_there_whatever_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who looks for the right name must not be sent away."""
    samconfig("rat = 5")
    with pytest.raises(SystemExit) as raised:
        parsed("--help")
    assert raised.value.code == 0
    assert capsys.readouterr().out.startswith("usage: livebus publish ")


def test_a_file_without_tables_of_ours_is_not_read() -> None:
    """What else is wrong with it is told where it matters."""
    Path("samconfig.toml").write_text("= broken")
    assert parsed().engine == "auto"


def test_a_variable_that_is_nearly_one_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning: others may have variables of this beginning. Passwords are no options, and none of it."""
    monkeypatch.setenv("LIVEBUS_STACKNAME", "x")
    monkeypatch.setenv("LIVEBUS_PASSWORD", "x")
    monkeypatch.setenv("LIVEBUS_DEPLOYED_BY", "x")
    parsed()
    expected = "warning: LIVEBUS_STACKNAME is not read. Did you mean 'LIVEBUS_STACK_NAME'?\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("name", sorted(commands.COMMANDS))
def test_each_command_and_verb_can_be_set(name: str) -> None:
    """By the names that the tables have: those that may be typed, and no others."""
    made = import_module(commands.COMMANDS[name][0]).command_parser()
    verbs = [action for action in made._actions if isinstance(action.choices, dict)]
    found = [verb.settings for action in verbs for verb in action.choices.values()] or [made.settings]
    assert found == [each for each in names.CALLABLE if each.split()[0] == name]


def test_the_form_is_the_callers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Help, errors and advice name commands as they are called."""
    monkeypatch.setattr(spelling, "_form", "python scripts/{}.py")
    assert parser().prog == "python scripts/publish.py"
    assert refused(capsys, "--rate", "0") == [
        "error: argument --rate: '0' is not a number above 0 (see python scripts/publish.py --help)"
    ]
    with pytest.raises(SystemExit):
        import_module("livebus.cli.publish.run").main(["--help"])
    assert "python scripts/publish.py --local events/sample.json" in capsys.readouterr().out


def test_a_wrong_call_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong, and where the whole usage is; exit code 2."""
    with pytest.raises(SystemExit) as ended:
        Parser("publish").parse_args(["--nope"])

    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "error: unrecognized arguments: --nope (see livebus publish --help)\n")


def test_what_is_mistyped_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """An option, and one of several choices."""
    assert refused(capsys, "--jsn") == [
        "error: unrecognized arguments: --jsn. Did you mean '--json'? (see livebus publish --help)"
    ]
    [told] = refused(capsys, "--engine", "blk")
    assert told.endswith(". Did you mean 'bulk'? (see livebus publish --help)")


def test_a_program_of_the_clone_names_its_own_form(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Usage, examples and errors say ``python scripts/NAME.py`` to whoever typed that; other words stay."""
    monkeypatch.setattr(spelling, "_form", "python scripts/{}.py")
    made = Parser("publish", epilog="livebus publish a.json\n\nlivebus subscribe --local\n\nlivebus is a tool")

    assert [line for line in made.format_help().splitlines() if line][-3:] == [
        "python scripts/publish.py a.json",
        "python scripts/subscribe.py --local",
        "livebus is a tool",
    ]
    with pytest.raises(SystemExit):
        made.parse_args(["--nope"])
    assert capsys.readouterr().err == "error: unrecognized arguments: --nope (see python scripts/publish.py --help)\n"


@pytest.mark.parametrize("width", [80, 40])
def test_help_is_as_wide_as_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow one wraps the texts of flags, and the paragraphs around them."""
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((width, 24)))
    monkeypatch.delenv("COLUMNS", raising=False)
    made = Parser("publish", description="a text that is longer than forty columns can hold in one line")
    made.add_argument("--flag", help="a text that is longer than forty columns can hold in one line")

    assert max(map(len, made.format_help().splitlines())) <= width


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize("name", sorted(commands.COMMANDS))
def test_no_help_is_wider_than_columns_demands(name: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal tells of itself: usage, headings, and what goes on below a second column; verbs have their own."""
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((200, 24)))
    monkeypatch.setenv("COLUMNS", str(columns))
    made: Parser = import_module(commands.COMMANDS[name][0]).command_parser()
    verbs = [verb for action in made._actions if isinstance(action.choices, dict) for verb in action.choices.values()]
    assert len(verbs) == len(names.VERBS.get(name, ()))

    shown = [line for each in (made, *verbs) for line in each.format_help().splitlines()]
    assert [line for line in shown if len(line) > columns] == []


def test_long_names_of_an_option_are_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are wider than the terminal; what they mean stands below, as for all others."""
    monkeypatch.setenv("COLUMNS", "40")
    made = Parser("publish")
    made.add_argument("--subscription", "--documents-of", metavar="FILE|TEXT", help="a whole subscription")

    # From Python 3.13 on the value stands behind the last name only.
    first = "--subscription FILE|TEXT," if sys.version_info < (3, 13) else "--subscription, --documents-of"
    assert made.format_help().splitlines()[-3:] == [
        f"  {first}",
        "    --documents-of FILE|TEXT" if sys.version_info < (3, 13) else "    FILE|TEXT",
        "                  a whole subscription",
    ]


def test_an_argument_that_is_no_text_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes that are no UTF-8 come as halves of surrogate pairs; a file may be called so, nothing else."""
    parser = Parser("validate")
    parser.add_argument("--name")
    parser.add_argument("--file", type=Path)

    assert parser.parse_args(["--file", "a\udcff"]).file == Path("a\udcff")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--name", "a\udcff"])

    assert ended.value.code == 2
    assert "argument --name: 'a\\udcff' is not UTF-8" in capsys.readouterr().err


def _once_only(made: Parser) -> list[str]:
    """The options that take one value, by a name that is typed."""
    return [
        action.option_strings[-1]
        for action in made._actions
        if type(action).__name__ == "_StoreAction" and action.option_strings and action.nargs in (None, "?")
    ]


@pytest.mark.parametrize("name", names.CALLABLE)
def test_an_option_of_one_value_is_typed_once(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of each command and verb: the first of two values would be lost in silence. The same one twice says nothing new."""
    command, *verb = name.split()
    made: Parser = import_module(commands.COMMANDS[command][0]).command_parser()
    choices = [action.choices for action in made._actions if isinstance(action.choices, dict)]
    options = _once_only(choices[0][verb[0]] if verb else made)
    assert options or name in ("faults", "new")
    for option in options:
        with pytest.raises(SystemExit) as ended:
            made.parse_args([*verb, option, "1", f"{option}=2"])
        assert ended.value.code == 2
        assert capsys.readouterr().err.startswith(f"error: {option} takes one value, and there are two: '1', '2'.")


def test_what_may_be_typed_again_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    """Lists, switches, the same value; what stands behind -- is no option. A second template is told where it can go."""
    assert parsed("--set", "A=1", "--set", "B=2").set == ["A=1", "B=2"]
    assert parsed("--local", "--local", "--rate", "5", "--rate=5", "--wait", "--wait").rate == 5.0
    assert parsed("--engine", "auto", "--", "--engine", "bulk").files == ["--engine", "bulk"]
    (told,) = refused(capsys, "--template", "a.yaml", "--template", "b.yaml")
    instead = "Several stacks run together from a cdk.out, or deployed into one runtime (`livebus local --empty`)."
    both = "error: --template takes one value, and there are two: 'a.yaml', 'b.yaml'."
    assert told == f"{both} {instead} Leave one out (see livebus publish --help)"
