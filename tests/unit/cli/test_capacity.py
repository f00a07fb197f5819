"""livebus capacity: what it prints, how it ends, and that docs/capacity.md shows just that."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from livebus.capacity import INPUTS, figures
from livebus.cli import capacity

ROOT = Path(__file__).parents[3]


def test_both_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """The cost of the line and of all, then the quotas, the nearest first."""
    assert capacity.main(["events/s=10", "subscribers=100", "--region", "eu-central-1"]) == 0
    out = capsys.readouterr().out.splitlines()

    assert out[0] == "Cost in USD, for a month of 30 days"
    assert re.fullmatch(r"the line +5,313\.60 +205\.00", out[5])
    assert out[out.index("Quotas in eu-central-1, the nearest first") + 2].startswith("targets ")
    assert out[-1] == "Prices are those of us-east-1; eu-central-1 may be dearer."


def test_json_has_the_source_of_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    """And numbers that are not rounded."""
    assert capacity.main(["subscribers=10", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert answer["line"]["perMillionEvents"] == pytest.approx(25.0)
    assert answer["load"]["subscribers"] == 10
    assert answer["load"]["region"] == "us-east-1"
    assert [each["name"] for each in answer["costs"]] == [
        figures.EVENTS.name,
        figures.MUTATIONS.name,
        figures.MESSAGES.name,
        figures.CONNECTION_MINUTES.name,
        figures.WEBSOCKET_OPERATIONS.name,
        *(figure.name for figure in figures.PRICES[5:]),
    ]
    for each in [*answer["costs"], *answer["quotas"]]:
        assert each["source"].startswith("https://")
        assert each["known"] in ("verified", "documented", "unsure")


def test_a_load_beyond_a_quota_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """And stderr names the quotas, and those of them that are unsure."""
    assert capacity.main(["events/s=20k"]) == 1
    assert capsys.readouterr().err == (
        "warning: the load is beyond what AWS gives without being asked: "
        "AppSync's request tokens (unsure), PutEvents requests, messages to subscribers (unsure), invocations of targets\n"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["evnts/s=2"], "there is no 'evnts/s'. Did you mean 'events/s'?"),
        (["x=1"], "there is no 'x'. There are: events/s, peak/s, "),
        (["2000"], "'2000' is no load; expected NAME=VALUE, such as events/s=2000"),
        (["share=1.5"], "share=1.5; expected a number from 0 to 1; 2k is 2,000"),
        (["subscribers=1.5"], "subscribers=1.5; expected a whole number from 0; "),
        (["batch=11"], "batch=11; expected a whole number from 1 to 10; "),
        (["events/s=-1"], "events/s=-1; expected a number from 0; "),
        (["events/s=nan"], "events/s=nan; expected a number from 0; "),
        (["events/s=1e999"], "events/s=1e999; expected a number from 0; "),
        (["events/s="], "events/s=; expected a number from 0; "),
        (["batch=1 batch=2"], "'batch' is given twice"),
        (["peak/s=1", "events/s=2"], "peak/s=1 is below events/s=2, the average"),
        (["--region", "Frankfurt"], "'Frankfurt' is no region; expected one such as us-east-1"),
    ],
)
def test_what_is_no_load_is_told(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2, and nothing on stdout."""
    assert capacity.main(words) == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"error: {expected}")
    assert told.out == ""


def test_all_that_is_wrong_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    assert capacity.main(["a=1 b=2", "share=2", "--region", "x"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_every_figure_is_listed_with_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    """--figures needs no load."""
    assert capacity.main(["--figures"]) == 0
    out = capsys.readouterr().out
    for figure in (*figures.PRICES, *figures.OTHER_PRICES, *figures.QUOTAS):
        assert f"  {figure.name}: " in out
        assert figure.source in out


def test_help_tells_of_every_input(capsys: pytest.CaptureFixture[str]) -> None:
    """With its default."""
    with pytest.raises(SystemExit):
        capacity.main(["--help"])
    out = capsys.readouterr().out
    for each in INPUTS:
        assert re.search(rf"^  {each.name} .*\(default: .+\)", out, re.MULTILINE)


def test_the_page_shows_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command in docs/capacity.md with the output below it."""
    text = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
    shown = re.findall(r"```console\n\$ livebus capacity (.+)\n((?:.*\n)*?)```", text)
    assert shown
    for arguments, output in shown:
        capacity.main(shlex.split(arguments))
        assert output == capsys.readouterr().out


def test_it_starts_without_what_others_need() -> None:
    """No boto3, GraphQL or server is imported for a few sums."""
    code = "import sys; from livebus.cli import capacity; print(sorted({n.partition('.')[0] for n in sys.modules} & set(sys.argv[1:])))"
    heavy = ["aiohttp", "asyncio", "boto3", "botocore", "gql", "graphql", "quickjs", "yaml"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], cwd=ROOT / "src", capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
