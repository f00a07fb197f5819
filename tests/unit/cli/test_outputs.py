"""The command outputs: arguments, words, exit codes and files, without a network."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from livebus.cli import outputs


def run(*arguments: str) -> int:
    return outputs.main(arguments)


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run("--help")
    assert raised.value.code == 0
    assert "livebus outputs --local --amplify public/amplify_outputs.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--api", "x"), "--api goes with --amplify FILE"),
        (("--user-pool", "x"), "--user-pool goes with --amplify FILE"),
        (("--force",), "--force goes with --amplify FILE"),
        (("--amplify", "x", "--json"), "--json goes without --amplify: that is JSON by itself"),
        (("--local", "--profile", "p"), "--local goes without --profile: its state file has it all"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run(*arguments)
    assert raised.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {message} (see livebus outputs --help)"


@pytest.mark.parametrize("form", [(), ("--json",), ("--amplify", "new.json")])
def test_no_runtime_is_one_line(
    form: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no file is left behind."""
    monkeypatch.chdir(tmp_path)
    assert run("--local", *form) == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "no runtime is running" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "1.4", "storage": {}}', "[" * 100_000, "\ud800"])
def test_another_file_stays(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told before anything is asked for: no runtime is running either."""
    monkeypatch.chdir(tmp_path)
    Path("there.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    before = Path("there.json").read_bytes()
    assert run("--local", "--amplify", "there.json") == 1
    assert Path("there.json").read_bytes() == before
    told = capsys.readouterr().err
    assert told.startswith("error: there.json")
    assert "no runtime" not in told


def test_a_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("public").mkdir()
    assert run("--local", "--amplify", "public", "--force") == 1
    expected = "error: public: 'public' is a folder; expected a file, such as amplify_outputs.json in it\n"
    assert capsys.readouterr().err == expected


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the stack comes to."""
    data = {"url": "https://x/graphql", "default_authorization_type": "API_KEY"}
    made = {"version": "1.4", "data": data}
    monkeypatch.setattr("livebus.aws.amplify.amplify_document", lambda session, chosen: made)
    monkeypatch.chdir(tmp_path)
    return made


def test_the_file_is_written_and_replaced(document: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Its name is the result; what it leads to is said beside. Nothing else is left in the folder."""
    document["custom"] = {"livebus": {}}
    assert run("--amplify", "out.json") == 0
    del document["custom"]
    assert run("--amplify", "out.json") == 0
    assert json.loads(Path("out.json").read_text()) == document
    assert [each.name for each in Path().iterdir()] == ["out.json"]
    told = "https://x/graphql as API_KEY; nobody signs in\n"
    assert capsys.readouterr() == ("out.json\n" * 2, told * 2)


def test_force_replaces_anything(document: dict[str, Any]) -> None:
    Path("out.json").write_text("{}")
    assert run("--amplify", "out.json") == 1
    assert run("--amplify", "out.json", "--force") == 0
    assert json.loads(Path("out.json").read_text()) == document


def test_a_link_stays_a_link(document: dict[str, Any]) -> None:
    """The file that it leads to is replaced."""
    Path("app").mkdir()
    Path("link.json").symlink_to("app/amplify_outputs.json")
    assert run("--amplify", "link.json") == 0
    assert Path("link.json").is_symlink()
    assert json.loads(Path("app/amplify_outputs.json").read_text()) == document


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.parametrize("flags", [(), ("--force",)], ids=["as it is", "forced"])
def test_what_is_no_file_is_never_replaced(
    flags: tuple[str, ...], document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe, as a device, stays what it is, also behind a link; and a link to itself is one line."""
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")
    Path("loop").symlink_to("loop")

    assert [run("--amplify", name, *flags) for name in ("pipe", "link", "loop")] == [1, 1, 1]
    assert Path("pipe").is_fifo()
    assert capsys.readouterr().err.splitlines() == [
        "error: pipe: 'pipe' is no regular file; expected a file, or - for stdout",
        "error: link: 'link' is no regular file; expected a file, or - for stdout",
        "error: loop: cannot write 'loop': Too many levels of symbolic links",
    ]


def test_what_cannot_be_written_is_told(document: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--amplify", "none/out.json") == 1
    assert capsys.readouterr().err == "error: none/out.json: cannot write 'none/out.json': No such file or directory\n"


def test_a_dash_is_stdout(document: dict[str, Any], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("--amplify", "-") == 0
    assert json.loads(capfdbinary.readouterr().out) == document
    assert list(Path().iterdir()) == []


def test_no_password_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The state of a runtime that tells of no stacks has the user's beside the Outputs."""
    given = {"EventBusName": "bus", "Password": "Passw0rd!"}
    monkeypatch.setattr("livebus.aws.session.Session.outputs", given)
    assert run("--json") == 0
    assert run() == 0
    assert capsys.readouterr().out == '{"EventBusName": "bus"}\nEventBusName  bus\n'
