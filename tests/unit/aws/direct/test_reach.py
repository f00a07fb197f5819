"""How a service is reached: what the environment says, held against what botocore makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import botocore.session
import pytest

from livebus.aws.direct.botocore_reach import from_botocore
from livebus.aws.direct.reach import NeedsBoto3, Reach, address, from_environment
from livebus.errors import Unreachable

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
FULL = {**KEYS, "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in tuple(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def shown(reach: Reach) -> tuple[str, str, tuple[str, str, str], str]:
    return reach.address.url, reach.region, tuple(reach.credentials()), reach.ca_file


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"AWS_SESSION_TOKEN": "token"},
        {"AWS_DEFAULT_REGION": "us-gov-west-1"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_EVENTBRIDGE": "https://e.example:8443"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_CA_BUNDLE": "/some/ca.pem"},
        {"AWS_REGION": "eu-north-1"},
    ],
    ids=str,
)
def test_the_environment_says_what_botocore_says(
    more: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Address, region, credentials and certificates: as botocore's own client has them."""
    environment = {**FULL, **more, "AWS_CONFIG_FILE": str(tmp_path / "config")}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    reach = from_environment("events", environment)
    assert reach is not None
    session = botocore.session.Session()
    client = session.create_client("events", verify=False)
    keys = session.get_credentials().get_frozen_credentials()
    expected = (keys.access_key, keys.secret_key, keys.token or "")
    ca_file = session.get_config_variable("ca_bundle") or ""
    assert shown(reach) == (client.meta.endpoint_url, client.meta.region_name, expected, ca_file)
    assert shown(reach) == shown(from_botocore("events", "", doing="publish"))
    client.close()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        KEYS,
        {**FULL, "AWS_PROFILE": "dev"},
        {**FULL, "AWS_DEFAULT_PROFILE": "dev"},
        {**FULL, "AWS_USE_FIPS_ENDPOINT": "true"},
        {**FULL, "AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {**FULL, "HTTPS_PROXY": "http://proxy"},
        {**FULL, "AWS_DEFAULT_REGION": "cn-north-1"},
        {**FULL, "AWS_SECRET_ACCESS_KEY": ""},
    ],
    ids=str,
)
def test_what_the_environment_does_not_say_is_botocores(environment: dict[str, str]) -> None:
    """Profiles, other partitions, proxies: nothing is guessed."""
    assert from_environment("events", environment) is None


@pytest.mark.parametrize(
    "line", ["endpoint_url = http://x", "services = mine", "use_fips_endpoint = true", "ca_bundle = x"]
)
def test_a_configuration_that_may_matter_is_botocores(tmp_path: Path, line: str) -> None:
    """~/.aws/config may change where requests go; a region there does not, above it stands the environment's."""
    file = tmp_path / "config"
    environment = {**FULL, "AWS_CONFIG_FILE": str(file)}
    file.write_text("[default]\nregion = us-east-1\n")
    assert from_environment("events", environment) is not None
    file.write_text(f"[default]\n{line}\n")
    assert from_environment("events", environment) is None


def test_a_configuration_file_that_is_none() -> None:
    """/dev/null, as people write it, is an empty one: nothing of it is botocore's to say."""
    assert from_environment("events", {**FULL, "AWS_CONFIG_FILE": os.devnull}) is not None


def test_flags_stand_above_the_environment() -> None:
    """Region and endpoint."""
    reach = from_environment("events", FULL, region="us-west-2", endpoint_url="http://h:1")
    assert reach is not None
    assert shown(reach)[:2] == ("http://h:1", "us-west-2")


def test_a_profiles_credentials_are_botocores(tmp_path: Path) -> None:
    """Shared files, with the profile's region; what does not expire is not renewed."""
    (tmp_path / "config").write_text("[profile dev]\nregion = ap-southeast-2\n")
    (tmp_path / "credentials").write_text("[dev]\naws_access_key_id = A\naws_secret_access_key = B\n")
    reach = from_botocore("events", "dev", doing="publish")
    expected = ("https://events.ap-southeast-2.amazonaws.com", "ap-southeast-2", ("A", "B", ""), "")
    assert (shown(reach), reach.renewed) == (expected, False)


def test_another_partition_has_another_host(tmp_path: Path) -> None:
    """As botocore knows it."""
    (tmp_path / "config").write_text("[default]\nregion = cn-north-1\n")
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B\n")
    reach = from_botocore("events", "", doing="publish")
    assert reach.address.url == "https://events.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AWS_USE_FIPS_ENDPOINT", "FIPS endpoints"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "dual-stack endpoints"),
        ("https_proxy", "a proxy"),
    ],
)
def test_what_only_boto3_speaks_is_named(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bulk engine says so rather than leaving it out."""
    for each, value in {**FULL, name: "true"}.items():
        monkeypatch.setenv(each, value)
    with pytest.raises(NeedsBoto3, match=words):
        from_botocore("events", "", doing="publish")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "cannot set up events: You must specify a region. Pass --region"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "cannot publish: Unable to locate credentials. Run `aws configure`"),
    ],
)
def test_what_is_missing_is_one_line(found: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In botocore's words, with the next step."""
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Unreachable) as raised:
        from_botocore("events", "", doing="publish")
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:4566", (False, "127.0.0.1", 4566, "/", "127.0.0.1:4566")),
        (
            "https://events.eu-west-1.amazonaws.com",
            (True, "events.eu-west-1.amazonaws.com", 443, "/", "events.eu-west-1.amazonaws.com"),
        ),
        ("https://h:443/a/b", (True, "h", 443, "/a/b/", "h")),
        ("http://[::1]:80/", (False, "::1", 80, "/", "[::1]")),
    ],
)
def test_an_address_is_what_a_url_says(url: str, expected: tuple[object, ...]) -> None:
    """The Host header leaves the usual port out."""
    assert tuple(address(url, "events"))[:5] == expected


@pytest.mark.parametrize(
    "url", ["", "h", "ftp://h", "http://", "http://h:x", "http://h?x=1", "http://a b", "http://h\r\nX: y"]
)
def test_what_is_no_url_is_told(url: str) -> None:
    """Nothing of it gets into a request."""
    with pytest.raises(Unreachable, match="cannot set up events: Invalid endpoint: "):
        address(url, "events")


@pytest.mark.parametrize("url", ["http://h/a%20b", "http://h/a/../b", "http://h//", "http://user@h"])
def test_a_path_that_has_to_be_encoded_is_boto3s(url: str) -> None:
    """Only what is signed as it is sent."""
    with pytest.raises(NeedsBoto3):
        address(url, "events")
