"""``livebus new``: which files it writes, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.cli import new, shipped


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


def test_stdout_names_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Each file on a line, and nothing else in the folder; the stack is called as the folder is."""
    assert new.main(["below/shop", "--event", "OrderPlaced", "--source", "my.shop", "--field", "orderId:ID!"]) == 0
    out, err = capsys.readouterr()
    assert sorted(out.splitlines()) == files("below/shop")
    assert err == (
        "written to below/shop; there, `livebus demo` shows an event on its way, `sam deploy --guided` deploys it\n"
    )
    assert 'stack_name = "shop"' in Path("below/shop/samconfig.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_there_is_never_overwritten(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty folder as little as a file, or a link that leads nowhere."""
    shop = Path("shop")
    if kind == "folder":
        shop.mkdir()
    elif kind == "file":
        shop.write_text("mine", encoding="utf-8")
    else:
        shop.symlink_to("nowhere")
    assert new.main(["shop"]) == 2
    assert capsys.readouterr() == ("", "error: shop: 'shop' is there already. Name a folder that is not.\n")
    assert files(".") == (["shop"] if kind == "file" else [])


def test_names_that_cannot_be_are_told_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """All at once."""
    assert new.main(["shop", "--field", "order-id:ID!", "--field", "total:Money"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert files(".") == []


def test_a_half_written_application_does_not_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk leaves no folder that the next attempt would stumble over."""

    def full(texts: dict[str, str], folder: Path) -> None:
        (folder / "template.yaml").write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device", str(folder / "schema.graphql"))

    monkeypatch.setattr(shipped, "write", full)
    assert new.main(["shop"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert not Path("shop").exists()
