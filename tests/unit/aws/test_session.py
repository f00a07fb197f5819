"""Flags, samconfig.toml and the AWS configuration: which one counts. No call is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from livebus.aws.clients import ReachFlags
from livebus.aws.session import Session
from livebus.errors import LivebusError, Unreachable

SAMCONFIG = """
[default.global.parameters]
stack_name = "from-samconfig"
region = "eu-south-1"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a samconfig.toml, in an environment with a region of its own and no configuration files."""
    (tmp_path / "samconfig.toml").write_text(SAMCONFIG)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    return tmp_path


def test_a_flag_stands_above_samconfig_and_that_above_the_environment(folder: Path) -> None:
    """The region is looked for where `sam deploy` would: in that order."""
    assert Session(ReachFlags([folder], region="us-west-2")).where == "us-west-2"
    assert Session(ReachFlags([folder])).where == "eu-south-1"
    (folder / "samconfig.toml").unlink()
    assert Session(ReachFlags([folder])).where == "ap-south-1"


def test_the_stack_is_the_flags_or_samconfigs(folder: Path) -> None:
    """--stack-name stands above stack_name; without both there is none."""
    assert Session(ReachFlags([folder], stack_name="flag")).stack_name == "flag"
    assert Session(ReachFlags([folder])).stack_name == "from-samconfig"
    with pytest.raises(
        LivebusError, match=r"no stack is named; expected --stack-name, or stack_name in samconfig.toml"
    ):
        _ = Session(ReachFlags([folder / "elsewhere"])).stack_name


def test_the_first_folder_with_a_samconfig_counts(folder: Path) -> None:
    """The folder that one stands in comes before the project's."""
    assert Session(ReachFlags([folder / "empty", folder])).stack_name == "from-samconfig"
    nearer = folder / "nearer"
    nearer.mkdir()
    (nearer / "samconfig.toml").write_text('[default.deploy.parameters]\nstack_name = "nearer"\n')
    assert Session(ReachFlags([nearer, folder])).stack_name == "nearer"


def test_a_samconfig_that_cannot_be_read_is_told(folder: Path) -> None:
    """Bytes that are not UTF-8 are a fault with the file's name."""
    (folder / "samconfig.toml").write_bytes(b"\xff")
    with pytest.raises(LivebusError, match=r"samconfig.toml: cannot be read: "):
        _ = Session(ReachFlags([folder])).stack_name


@pytest.mark.parametrize("url", ["foo", "http://", "127.0.0.1:4566"])
def test_an_endpoint_that_is_no_url_is_told(folder: Path, url: str) -> None:
    """Before any call."""
    with pytest.raises(Unreachable, match="cannot set up events: Invalid endpoint: "):
        Session(ReachFlags([folder], endpoint_url=url)).client("events")


def test_apis_have_their_names_by_what_a_targets_arn_ends_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """On AWS that is in their URLs; where nobody may ask there are none, and no command ends for it."""
    url = "https://abcdef.appsync-api.eu-west-1.amazonaws.com/graphql"
    monkeypatch.setattr(Session, "apis", property(lambda _: {"Live": url}))
    assert Session(ReachFlags([])).api_names == {"abcdef": "Live"}

    def refused(_: Session) -> object:
        raise Unreachable("AccessDenied")

    monkeypatch.setattr(Session, "apis", property(refused))
    assert Session(ReachFlags([])).api_names == {}
