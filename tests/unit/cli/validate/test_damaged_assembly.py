"""A cloud assembly of AWS CDK that is damaged, as `livebus validate` and `livebus local` tell of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from livebus.cli import commands
from livebus.cli.validate import run as validate

ASSEMBLIES = Path(__file__).parents[3] / "foreign" / "assemblies"
EVENT = {"Source": "sample.source", "DetailType": "d", "Detail": '{"msg": "x"}'}
LOCAL = ("local", "--port", "0")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an assembly of two stages, and an event that arrives in each."""
    shutil.copytree(ASSEMBLIES / "two-stages", tmp_path / "cdk.out")
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "event.json").write_text(json.dumps(EVENT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[tuple[str, str, Any]], list[Any]]:
    """The exit code, each finding's id, file and line, and whether the events arrive."""
    capsys.readouterr()
    code = validate.main(["--fast", "--json", *arguments])
    answer = json.loads(capsys.readouterr().out)
    return (
        code,
        [(each["id"], each["file"], each["line"]) for each in answer["findings"]],
        [each["arrives"] for each in answer["events"]],
    )


def test_a_damaged_stage_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Once, with its line, beside what is proved of the other stage; the local runtime does not begin with half of it."""
    assert found(capsys, "cdk.out") == (0, [], [True, True])
    manifest = Path("cdk.out", "assembly-Prod", "manifest.json")
    manifest.write_text("{")
    assert found(capsys, "cdk.out") == (1, [("E9207", "cdk.out/assembly-Prod/manifest.json", 1)], [True])
    assert found(capsys, "cdk.out/assembly-Beta", "events/event.json") == (0, [], [True])
    manifest.unlink()
    assert found(capsys, "cdk.out") == (1, [("E9207", "cdk.out/assembly-Prod/manifest.json", None)], [True])
    shutil.rmtree(manifest.parent)
    assert found(capsys, "cdk.out") == (1, [("E9207", "cdk.out/assembly-Prod", None)], [True])

    assert commands.main([*LOCAL, "cdk.out"]) == 1
    told = "error: cdk.out/assembly-Prod: 'cdk.out/assembly-Prod' is not there. Run `cdk synth` again.\n"
    assert capsys.readouterr() == ("", told)


def test_an_event_that_no_rule_matches_is_unproven_where_stacks_are_not_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies beyond a bound is a warning: its rules may match. Where all is read, the event is lost."""
    shutil.rmtree("cdk.out")
    shutil.copytree(ASSEMBLIES / "four-stacks", "cdk.out")
    Path("events", "event.json").write_text(json.dumps({**EVENT, "EventBusName": "elsewhere"}))
    code, findings, events = found(capsys, "cdk.out")
    assert (code, [each[0] for each in findings], events) == (1, ["E9190"], [False])
    monkeypatch.setattr("livebus.cdk_assembly._MOST_STACKS", 3)
    code, findings, events = found(capsys, "cdk.out")
    assert (code, [each for each in findings if each[0] != "I9100"], events) == (
        1,
        [("W9207", "cdk.out/manifest.json", 1)],
        [None],
    )
    assert found(capsys, "cdk.out", "--lenient")[0] == 0


@pytest.mark.parametrize(
    ("manifest", "fault"),
    [
        ("{", ":1:2: not JSON: expecting property name enclosed in double quotes"),
        ("", ":1:1: not JSON: expecting value"),
        ("[1]", ":1:1: the manifest is [1]; expected an object"),
        ("null", ":1:1: the manifest is null; expected an object"),
        ("{}", ":1:1: there is no stack in it; expected an artifact of the type aws:cloudformation:stack"),
        (None, ": 'cdk.out/manifest.json' is a folder; expected a file"),
    ],
)
@pytest.mark.parametrize("command", [("validate", "--fast"), LOCAL])
@pytest.mark.parametrize("is_named", [True, False])
def test_with_a_damaged_outermost_manifest_nothing_begins(
    manifest: str | None, fault: str, command: tuple[str, ...], is_named: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fault with its line and what to do, whoever asks, by name or where cdk.json lies."""
    Path("cdk.json").write_text("{}")
    path = Path("cdk.out", "manifest.json")
    path.unlink()
    if manifest is None:
        path.mkdir()
    else:
        path.write_text(manifest)

    assert commands.main([*command, *(["cdk.out"] if is_named else [])]) == 2
    assert capsys.readouterr() == ("", f"error: cdk.out/manifest.json{fault}. Run `cdk synth` again.\n")


@pytest.mark.parametrize("content", [None, "{"])
@pytest.mark.parametrize("name", ["four-stacks", "one"])
def test_a_template_of_an_assembly_that_cannot_be_read(
    content: str | None, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its folder in front, and one exit code: 1 of an assembly, however many stacks it has; 2 where it was named itself."""
    folder = Path("td", "cdk.out")
    shutil.copytree(ASSEMBLIES / "four-stacks", folder)
    if name == "one":
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["artifacts"] = {"Rules": manifest["artifacts"]["Rules"]}
        (folder / "manifest.json").write_text(json.dumps(manifest))
    template = folder / "Rules.template.json"
    template.unlink()
    if content is not None:
        template.write_text(content)

    for command in (("validate", "--fast"), LOCAL):
        assert commands.main([*command, str(folder)]) == 1
        said = "".join(capsys.readouterr())
        assert "td/cdk.out/Rules.template.json" in said
        assert said.count("Rules.template.json") == said.count("td/cdk.out/Rules.template.json")
        if content is None:
            assert commands.main([*command, str(template)]) == 2
            assert capsys.readouterr().err.startswith(f"error: {template}: '{template}' is not there.")


def test_watch_tells_of_a_manifest_that_is_being_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is proved of what was there before; when it is whole again, all is."""
    manifest = Path("cdk.out", "manifest.json")
    sound = manifest.read_text()
    changes = [lambda: manifest.write_text("{"), lambda: manifest.write_text(sound)]

    def sleep(_: float) -> None:
        if not changes:
            raise KeyboardInterrupt
        changes.pop(0)()

    monkeypatch.setattr(validate.time, "sleep", sleep)
    assert validate.main(["--fast", "--watch", "cdk.out"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("error", "0 errors"))]
    assert told == [
        "0 errors, 0 warnings, 2 of 2 events arrive",
        (
            "error: cdk.out/manifest.json:1:2: not JSON: expecting property name enclosed in double quotes. "
            "Run `cdk synth` again."
        ),
        "0 errors, 0 warnings, 2 of 2 events arrive",
    ]
