"""Options that stand in variables and in samconfig.toml: their names, their order, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.errors import Fault, Place
from livebus.stack.samconfig import SamConfig
from livebus.stack.settings import (
    SHARED_VARIABLE,
    TABLE,
    VARIABLE,
    Setting,
    from_table,
    from_variables,
    misspelt_variables,
    table_of,
    variable,
)

COMMANDS = ("publish", "redrive list", "redrive publish")


def table(text: str) -> SamConfig:
    return SamConfig.read(text, "samconfig.toml")


def test_names_follow_from_the_command_and_the_option() -> None:
    """Of a verb with its command's; words are joined by underscores."""
    assert variable("publish", "rate") == "LIVEBUS_PUBLISH_RATE"
    assert variable("redrive publish", "stack_name") == "LIVEBUS_REDRIVE_PUBLISH_STACK_NAME"
    assert table_of("redrive publish") == "livebus_redrive_publish"


def test_a_commands_own_variable_stands_before_that_of_all_commands() -> None:
    """Only where a command is to go has one for all; an empty variable says nothing."""
    environ = {
        "LIVEBUS_REGION": "eu-west-1",
        "LIVEBUS_PUBLISH_REGION": "eu-central-1",
        "LIVEBUS_RATE": "5",
        "LIVEBUS_PUBLISH_BUS": "",
        "HOME": "/home/ada",
    }
    assert from_variables("publish", ["rate", "bus", "region"], environ) == (
        [
            Setting("region", "eu-central-1", Place("LIVEBUS_PUBLISH_REGION"), VARIABLE),
            Setting("region", "eu-west-1", Place("LIVEBUS_REGION"), SHARED_VARIABLE),
        ],
        [],
    )


def test_a_variable_of_no_option_is_a_fault() -> None:
    """Where it begins as the command's own do; another command's is another command's business."""
    environ = {"LIVEBUS_PUBLISH_RAET": "5", "LIVEBUS_LOCAL_PROT": "1", "LIVEBUS_TOKEN": "t"}
    assert from_variables("publish", ["rate"], environ) == (
        [],
        [
            Fault(
                "no option has this variable",
                Place("LIVEBUS_PUBLISH_RAET"),
                advice="Did you mean 'LIVEBUS_PUBLISH_RATE'?",
            )
        ],
    )


def test_a_variable_that_is_nearly_one_for_all_is_told() -> None:
    """Secrets are no options, and others may have variables of this beginning."""
    environ = {"LIVEBUS_STACKNAME": "x", "LIVEBUS_PASSWORD": "x", "LIVEBUS_COLOUR": "x", "LIVEBUS_PUBLISH_X": "x"}
    assert list(misspelt_variables(environ, COMMANDS)) == [
        "LIVEBUS_STACKNAME is not read. Did you mean 'LIVEBUS_STACK_NAME'?"
    ]


def test_a_table_has_its_values_with_their_lines() -> None:
    """Dashes are underscores; other tools' tables are not looked at."""
    config = table('[default.deploy.parameters]\nrate = 1\n[default.livebus_publish.parameters]\nfail-file = "f"\n')
    assert from_table("publish", ["rate", "fail_file"], config, "default", COMMANDS) == (
        [Setting("fail_file", "f", Place("samconfig.toml", 4), TABLE)],
        [],
    )


def test_what_a_table_says_in_vain_is_told() -> None:
    """A name that is no option's, a table that is no command's, and one of a command that has verbs."""
    config = table(
        "[default.livebus_publish.parameters]\nrat = 1\n"
        "[default.livebus_pubish.parameters]\nrate = 1\n"
        "[default.livebus_redrive.parameters]\nlocal = true\n"
    )
    settings, faults = from_table("publish", ["rate"], config, "default", COMMANDS)
    assert settings == []
    assert [str(fault) for fault in faults] == [
        "samconfig.toml:3: [default.livebus_pubish.parameters] is no command's. Did you mean 'livebus_publish'?",
        (
            "samconfig.toml:5: [default.livebus_redrive.parameters] is no command's. Each of its verbs has one: "
            "livebus_redrive_list, livebus_redrive_publish."
        ),
        "samconfig.toml:2: `livebus publish` has no option 'rat'. Did you mean 'rate'?",
    ]


@pytest.mark.parametrize(
    ("value", "level", "texts", "switch"),
    [
        (True, TABLE, ["true"], True),
        ("no", VARIABLE, ["no"], False),
        ("maybe", VARIABLE, ["maybe"], None),
        (2.5, TABLE, ["2.5"], None),
        (["a", 1], TABLE, ["a", "1"], None),
        ("a\nb", VARIABLE, ["a", "b"], None),
        ("a\nb", TABLE, ["a\nb"], None),
        ({"orderId": "ä"}, TABLE, ['{"orderId": "ä"}'], None),
    ],
)
def test_values_are_read_as_they_would_be_typed(value: Any, level: int, texts: list[str], switch: bool | None) -> None:
    """Several where it is a list, or a variable of several lines; a switch is yes, no, or neither."""
    setting = Setting("set", value, Place(), level)
    assert (setting.texts(), setting.switch()) == (texts, switch)
